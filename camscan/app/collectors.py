"""The collectors of a register, for the people who look after the centre."""

from __future__ import annotations

import json
import re
import secrets
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from camscan.app import arrivals
from camscan.app.workspace import Workspace
from camscan.config import Config
from camscan.errors import UsageError
from camscan.parcel.keys import key_words
from camscan.report import scan_id_at
from camscan.store import open_store
from camscan.store.collectors import CODE_DAYS, Collector, Collectors, State
from camscan.store.database import Store
from camscan.store.errands import Errand, Errands
from camscan.store.parcels import Parcels
from camscan.version import __version__

_LONGEST = 200
_NOT_ASKED = {
    State.INVITED: "has not enrolled yet",
    State.WAITING: "is not approved yet",
    State.STOPPED: "was stopped, because two programs used its key",
    State.REVOKED: "was revoked",
}
"""Why a collector that is not approved cannot be asked for a scan."""
SILENT = timedelta(hours=2)
"""After this time without a request a collector counts as silent: three missed requests, and an hour more."""
SCANNING = timedelta(days=1)
"""The same limit while a collector scans, because it does not ask then."""

_YEAR = timedelta(days=365)
_PLAIN = re.compile(r"[A-Za-z](?:[A-Za-z0-9 ()'.-]*[A-Za-z0-9)])?")
"""A name that YAML takes as it is."""
_VERSION = re.compile(r"(\d{1,6})\.(\d{1,6})\.(\d{1,6})")
_DIGITS = 16


@dataclass(frozen=True, slots=True)
class CollectorState:
    """A collector, its parcels and its last errand."""

    collector: Collector
    parcels: Mapping[str, int]
    """State -> number of parcels from this collector."""
    errand: Errand | None = None
    """The last errand of this collector; None if it had none."""

    @property
    def words(self) -> str:
        """Its public key as six words; empty if it has none yet."""
        return key_words(self.collector.key) if self.collector.key else ""

    @property
    def what(self) -> str:
        """The sites and networks that it speaks for."""
        return ", ".join([*self.collector.sites, *map(str, self.collector.networks)])

    @property
    def version(self) -> str:
        """The version of its camscan, as it said; empty if it has never asked."""
        return str(self.collector.said.get("version", ""))

    @property
    def is_behind(self) -> bool:
        """Whether its camscan is older than this one."""
        own, ours = _version_numbers(self.version), _version_numbers(__version__)
        return own is not None and ours is not None and own < ours

    @property
    def spool(self) -> int:
        """Bytes of parcels that wait at the site, as the collector said."""
        text = str(self.collector.said.get("spool", ""))
        return int(text) if text.isascii() and text.isdecimal() and len(text) < _DIGITS else 0

    @property
    def trouble(self) -> str:
        """The problem that the collector reported, or why its last errand was refused or failed.

        Empty if there is none.
        """
        own = str(self.collector.said.get("error", ""))
        return own or (self.errand.why if self.errand and self.errand.state in {"refused", "failed"} else "")

    def is_silent(self, now: datetime) -> bool:
        """Whether it is approved, and has not asked for too long. A key whose parcels people carry never asks."""
        seen = self.collector.seen_at
        is_scanning = self.errand is not None and self.errand.state == "begun" and self.errand.ends_at > now
        if seen is None or not self.collector.is_approved:
            return False
        return now - seen > (SCANNING if is_scanning else SILENT) or seen - now > SILENT  # or by a clock that was wrong


def invite_collector(
    space: Workspace, name: str, sites: Sequence[str], role: str, now: datetime
) -> tuple[Collector, str]:
    """Add a collector for sites of camscan.yaml, with the code (32 hexadecimal digits) by which it enrols once.

    One that has not enrolled yet gets another code, and the one before is void. Raises ConfigError for an unknown site,
    UsageError for an impossible name.
    """
    own = name.strip()
    if not own or not own.isprintable() or len(own) > _LONGEST:
        raise UsageError("a collector needs a name of at most 200 characters, such as that of its school")
    known = [space.settings.site(site).name for site in sites]
    code = secrets.token_hex(16)
    with open_store(space.where) as store:
        before = Collectors(store).find_name(own)
        if before is None:
            return Collectors(store).invite(own, known, code, role, now), code
        if set(before.sites) == set(known) and Collectors(store).renew_code(before.number, code, role, now):
            return before, code
        raise UsageError(f"there already is a collector '{own}'; give this one another name")


def renew_code(space: Workspace, collector: Collector, role: str, now: datetime) -> str:
    """Make another code for a collector that has not enrolled; the one before is void. Raises UsageError if it has."""
    code = secrets.token_hex(16)
    with open_store(space.where) as store:
        if not Collectors(store).renew_code(collector.number, code, role, now):
            raise UsageError(f"{collector.name} does not need a code: it has enrolled, or was revoked")
    return code


def draft_file(settings: Config, collector: Collector, address: str, now: datetime) -> str:
    """A collector.yaml to begin with: the collector's sites, with their networks in camscan.yaml, for a year.

    The site decides what remains of it. ``address`` is the centre's; empty if camscan.yaml does not say it.
    """
    known = {site.name.casefold(): site for site in settings.sites}
    lines = [
        f"centre: {address or 'https://cameras.example.gov.uk'}",
        "allowed_by: Site manager              # a role, not a name",
        f"until: {(now + _YEAR).date()}                     # the last day",
        "window: 19:00-06:00                   # hours; leave it out for any",
        "scans_a_day: 4                        # of each site, at most",
        "sites:",
    ]
    for name in collector.sites:
        site = known.get(name.casefold())
        networks = ", ".join(map(str, site.cidrs)) if site else ""
        plain = name if _PLAIN.fullmatch(name) else json.dumps(name)
        lines += [f"- name: {plain}", f"  networks: [{networks}]"]
    return "\n".join(lines) + "\n"


def code_in_groups(code: str) -> str:
    """A code as it is shown: ``0f3a-…``, in groups of four."""
    return "-".join(textwrap.wrap(code, 4))


def code_end(now: datetime) -> datetime:
    """When a code that is made now expires."""
    return now + timedelta(days=CODE_DAYS)


def list_collectors(space: Workspace) -> list[CollectorState]:
    """Every collector of a workspace, in the order in which they came."""
    if not space.has_store:
        return []
    with open_store(space.where) as store:
        return list_collector_states(store)


def list_collector_states(store: Store) -> list[CollectorState]:
    """Every collector of a store that is open, in the order in which they came."""
    parcels, errands = Parcels(store).counts(), Errands(store).latest()
    return [
        CollectorState(collector, parcels.get(collector.key, {}) if collector.key else {}, errands.get(collector.key))
        for collector in Collectors(store).all()
    ]


def find_collector_state(store: Store, number: int) -> CollectorState | None:
    """The collector of this number; None if there is none."""
    return next((state for state in list_collector_states(store) if state.collector.number == number), None)


def errands_of(store: Store, collector: Collector) -> list[Errand]:
    """The errands of a collector, the newest first."""
    return Errands(store).of_key(collector.key)[::-1] if collector.key else []


def find_collector(space: Workspace, name: str) -> CollectorState:
    """The collector of this name. Raises UsageError if there is none."""
    found = list_collectors(space)
    for each in found:
        if each.collector.name.casefold() == name.strip().casefold():
            return each
    names = ", ".join(each.collector.name for each in found[:5]) or "none yet"
    raise UsageError(f"there is no collector '{name}'; the collectors are: {names}")


def approve_collector(space: Workspace, collector: Collector, role: str) -> None:
    """Trust a collector from now on. Raises UsageError if it has not enrolled, or its key must never be used again."""
    if not collector.key:
        raise UsageError(f"{collector.name} has not enrolled yet; approve it when it has, and you have its six words")
    with open_store(space.where) as store:  # somebody may have revoked it since it was read, or it was stopped
        if Collectors(store).set_state(collector.number, State.APPROVED, role, of={State.WAITING, State.APPROVED}):
            return
        state = next(each.state for each in Collectors(store).all() if each.number == collector.number)
    raise UsageError(f"{collector.name} is {state}, and its key is not used again; add a new collector")


def revoke_collector(space: Workspace, collector: Collector, role: str) -> None:
    """Stop trusting a collector, and refuse its requests."""
    with open_store(space.where) as store:
        Collectors(store).set_state(collector.number, State.REVOKED, role)


def replay_parcels(space: Workspace, now: datetime) -> tuple[int, int]:
    """Record the kept parcels that the register does not have.

    Returns how many there were, and how many were recorded.
    """
    with open_store(space.where) as store:
        found = arrivals.replay_files(space, store, now)
        return found, arrivals.record_arrivals(space, store).recorded


def ask_for_scan(space: Workspace, collector: Collector, site: str | None, within: timedelta) -> Errand:
    """Ask a collector to scan a site. It does so when it polls, if its own files allow it. Raises UsageError.

    If the same errand already waits, from a person or because the site was due, that one counts.
    """
    if not collector.is_approved:
        raise UsageError(f"{collector.name} {_NOT_ASKED[collector.state]}, so it is not asked for a scan")
    own = {each.casefold(): each for each in collector.sites}
    wanted = site or (collector.sites[0] if len(collector.sites) == 1 else "")
    if site and wanted.casefold() not in own:
        raise UsageError(f"{collector.name} does not scan '{site}'; it has: {', '.join(collector.sites) or 'no sites'}")
    if not wanted:
        raise UsageError(
            f"which site? {collector.name} has: {', '.join(collector.sites) or 'none'}; name it with --site"
        )
    now = datetime.now(UTC)
    errand = Errand(
        id=scan_id_at(now), key=collector.key, site=own[wanted.casefold()], made_at=now, ends_at=now + within
    )
    with open_store(space.where) as store:
        errands = Errands(store)
        for each in errands.due(collector.key, now):
            if each.site == errand.site:
                return each
        errands.keep(errand)
    return errand


def _version_numbers(version: str) -> tuple[int, ...] | None:
    """A version such as ``0.1.0`` as numbers, for comparing; None for other texts, or the version of a developer."""
    found = _VERSION.fullmatch(version)
    return tuple(map(int, found.groups())) if found else None
