"""The collectors of a register, as whoever runs the centre looks after them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from camscan.app import arrivals
from camscan.app.workspace import Workspace
from camscan.errors import UsageError
from camscan.parcel.keys import words_of
from camscan.report import scan_id_at
from camscan.store import open_store
from camscan.store.collectors import CODE_DAYS, Collector, Collectors, State
from camscan.store.errands import Errand, Errands
from camscan.store.parcels import Parcels

_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Standing:
    """A collector, and what a person should know about it."""

    collector: Collector
    parcels: Mapping[str, int]
    """State -> how many it sent."""
    errand: Errand | None = None
    """What it was asked for last."""

    @property
    def words(self) -> str:
        """Its key, for people; empty where it has none yet."""
        return words_of(self.collector.key) if self.collector.key else ""

    @property
    def what(self) -> str:
        """What it speaks for."""
        return ", ".join([*self.collector.sites, *map(str, self.collector.networks)])


def invite_collector(
    space: Workspace, name: str, sites: Sequence[str], role: str, now: datetime
) -> tuple[Collector, str]:
    """A new collector for sites of camscan.yaml, and the code (32 hexadecimal digits) by which it enrols once.

    Raises ConfigError for an unknown site, UsageError for a name that cannot be.
    """
    own = name.strip()
    if not own or not own.isprintable() or len(own) > _LONGEST:
        raise UsageError("a collector needs a name of at most 200 characters, such as that of its school")
    known = [space.settings.site(site).name for site in sites]
    code = secrets.token_hex(16)
    with open_store(space.where) as store:
        if Collectors(store).named(own):
            raise UsageError(f"there is a collector '{own}' already; name this one otherwise")
        return Collectors(store).invite(own, known, code, role, now), code


def code_end(now: datetime) -> datetime:
    """How long a code that is made now may be used."""
    return now + timedelta(days=CODE_DAYS)


def list_collectors(space: Workspace) -> list[Standing]:
    """Every collector, in the order in which they came."""
    if not space.has_store:
        return []
    with open_store(space.where) as store:
        parcels, errands = Parcels(store), Errands(store)
        return [
            Standing(each, parcels.count(each.key), next(reversed(errands.of_key(each.key)), None))
            for each in Collectors(store).all()
        ]


def find_collector(space: Workspace, name: str) -> Standing:
    """The collector of this name. Raises UsageError where there is none."""
    found = list_collectors(space)
    for each in found:
        if each.collector.name.casefold() == name.strip().casefold():
            return each
    names = ", ".join(each.collector.name for each in found[:5]) or "none yet"
    raise UsageError(f"there is no collector '{name}'; known are: {names}")


def approve_collector(space: Workspace, collector: Collector, role: str) -> None:
    """Believe it from now on. Raises UsageError where it has not enrolled yet."""
    if not collector.key:
        raise UsageError(f"{collector.name} has not enrolled yet; approve it when it has, and you have its six words")
    with open_store(space.where) as store:
        Collectors(store).set_state(collector.number, State.APPROVED, role)


def revoke_collector(space: Workspace, collector: Collector, role: str) -> None:
    """Believe it no longer, and refuse it."""
    with open_store(space.where) as store:
        Collectors(store).set_state(collector.number, State.REVOKED, role)


def replay(space: Workspace, now: datetime) -> tuple[int, int]:
    """Take the kept parcels again that the register does not have: how many there were, and how many were recorded."""
    with open_store(space.where) as store:
        found = arrivals.replay_files(space, store, now)
        return found, arrivals.record_arrivals(space, store).recorded


def ask_for_scan(space: Workspace, collector: Collector, site: str | None, within: timedelta) -> Errand:
    """Ask it to scan a site; it does when it polls, if its own files allow that. Raises UsageError."""
    if not collector.is_approved:
        raise UsageError(f"{collector.name} is not approved, so it is asked for nothing")
    own = {each.casefold(): each for each in collector.sites}
    wanted = site or (collector.sites[0] if len(collector.sites) == 1 else "")
    if wanted.casefold() not in own:
        raise UsageError(
            f"which site? {collector.name} has: {', '.join(collector.sites) or 'none'}; name it with --site"
        )
    now = datetime.now(UTC)
    errand = Errand(
        id=scan_id_at(now), key=collector.key, site=own[wanted.casefold()], made_at=now, ends_at=now + within
    )
    with open_store(space.where) as store:
        Errands(store).keep(errand)
    return errand
