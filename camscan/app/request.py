"""Decides what is scanned, and whether it may be: targets, scope, authorisation, pace. Nothing is sent from here."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from datetime import UTC, datetime
from pathlib import Path

from camscan import fingerprints
from camscan.config import Config, find_config
from camscan.dataclass import dataclass
from camscan.errors import NothingToAskError, ScopeError, UsageError
from camscan.net.interface import find, interfaces, require_link
from camscan.net.pace import PACES, Pace
from camscan.net.scope import PRIVATE, Scope
from camscan.net.span import Network, common_spans, spans, subtract_spans
from camscan.net.target import NARROWEST_IPV6, Targets, parse_targets
from camscan.probes import Probe
from camscan.probes import load as load_probes
from camscan.scan.journal import key_of_run as journal_key
from camscan.scan.plan import Plan

EVERYTHING = -1
"""Used instead of a number of addresses, to confirm any number."""
IPV6 = 6


@dataclass(frozen=True, slots=True)
class Request:
    """The request for a scan."""

    targets: Sequence[str]
    site: str = ""
    pace: str = ""
    max_pps: float | None = None
    interface: str | None = None
    listen_for: float = 0.0
    """Seconds to listen without sending anything; 0 for a scan that asks."""
    config: Path | None = None
    confirm_count: int | None = None
    overlays: Sequence[Path] = ()
    ports: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    ask_groups: bool = False
    """Whether groups are asked on the links of the targets, even if their subnets are not completely in scope."""
    keep_strangers: bool = False
    """Whether devices that answer and were not named are recorded."""
    keep_journal: bool = False
    """Whether the devices' replies are kept in a file, so that a parcel can be made of it."""
    is_confirmed: bool = False
    """Whether the number of addresses was confirmed in another way."""
    until: datetime | None = None
    """The latest end, even if an authorisation lasts longer; None if there is none."""
    is_alone: bool = False
    """Whether camscan.yaml is ignored, as for the demo."""


@dataclass(frozen=True, slots=True)
class PreparedScan:
    """A scan that is ready to run: everything that can be wrong in the request has been found."""

    config: Config
    plan: Plan
    scope: Scope
    pace: Pace
    interface: str | None
    database: fingerprints.Database
    probes: Mapping[str, Probe]
    notes: tuple[str, ...] = ()
    """What the configuration prevents the scan from seeing."""
    until: datetime | None = None
    """When the scan must end; None if it need not."""
    why_until: str = ""
    """What ends then, for a sentence that continues with the time."""

    @property
    def key(self) -> str:
        """A key that is equal for two runs that ask the same."""
        spans = [(span.version, span.first, span.last) for span in self.plan.targets.all_spans]
        return journal_key(spans, self.plan.site, sorted(self.plan.ports.items()), self.plan.listen_for)


def prepare_request(
    request: Request, *, config: Config | None = None, database: fingerprints.Database | None = None
) -> PreparedScan:
    """Check the complete request before anything is sent. Raises UsageError in one line that says what to do.

    ``config`` and ``database`` are used instead of those that the request names, if they are loaded already.
    """
    config = config or (Config() if request.is_alone else find_config(request.config))
    probes = load_probes()
    config.require_probes(probes)
    confirmed = EVERYTHING if request.is_confirmed else request.confirm_count
    asked = targets_in_scope(request.targets, request.site, config, confirmed)
    site = config.site(request.site).name if request.site else _common_site(asked.targets, config)
    interface = request.interface or config.interface
    if interface:
        find(interface, interfaces())
    require_link(asked.targets.networks, interface)
    pace = PACES[request.pace or (config.site(site).pace if site else "") or config.pace or "gentle"]
    now = datetime.now(UTC)
    until, why_until = _window_end(request, config, asked.targets, now)
    return PreparedScan(
        config=config,
        plan=Plan(
            targets=asked.targets,
            site=site,
            pace=pace.name,
            ports={**config.ports, **request.ports},
            listen_for=request.listen_for,
            ask_groups=request.ask_groups,
            keep_strangers=request.keep_strangers,
        ),
        scope=Scope(asked.targets.networks, excluded=config.exclusions_of(site), authorised=config.authorised(now)),
        pace=pace.with_max_pps(request.max_pps) if request.max_pps else pace,
        interface=interface,
        database=database or fingerprints.load_database([*config.overlays, *request.overlays]),
        probes=probes,
        notes=asked.notes,
        until=until,
        why_until=why_until,
    )


def _window_end(request: Request, config: Config, targets: Targets, now: datetime) -> tuple[datetime | None, str]:
    """When the scan must end, and what ends then. Raises ScopeError if that is in the past."""
    allowed = config.authorised_until(targets.networks, now)
    if request.until is None or (allowed and allowed <= request.until):
        return allowed, "the authorisation ended"
    if request.until <= now:
        raise ScopeError(f"the window of the run closed at {config.clock(request.until):%H:%M}")
    return request.until, "the window of the run closed"


@dataclass(frozen=True, slots=True)
class InScope:
    """Targets that may be scanned now."""

    targets: Targets
    """The targets, without what is excluded."""
    notes: tuple[str, ...]
    """What is left out, one sentence each."""


def targets_in_scope(texts: Sequence[str], site: str, config: Config, confirm_count: int | None) -> InScope:
    """The targets, which may be scanned now. Raises ScopeError if they may not; EVERYTHING confirms any number.

    Allowed are the networks of the named site, or of every site and authorisation if camscan.yaml has sites; if it has
    none, every private range and what is authorised. Without texts, the targets are the site's networks, without those
    parts that belong to another site.
    """
    chosen = config.site(site) if site else None  # raises an error for a site that does not exist
    wide = [one for one in chosen.cidrs if _is_too_wide(one)] if chosen and not texts else []
    named = list(texts) or [str(one) for one in (chosen.cidrs if chosen else ()) if one not in wide]
    if not named and chosen:
        raise NothingToAskError(
            f"the site {chosen.name} has no networks in camscan.yaml that can be scanned; name addresses"
        )
    if not named:
        raise UsageError("no target: name addresses to scan, such as 10.1.2.0/24, or a --site from camscan.yaml")
    if confirm_count == EVERYTHING:
        targets = parse_targets(named, limit=sys.maxsize)
    else:
        targets = parse_targets(named, confirm_count=confirm_count)
    now = datetime.now(UTC)
    heard = [one for one in wide if _may_be_heard(one, config, now)]
    if chosen and not texts:
        targets = _without_networks(replace(targets, only_heard=tuple(spans(heard))), config.networks_of_others(chosen))
    config.require_authorised(targets.networks, now, private=PRIVATE)
    authorised = config.authorised(now)
    if chosen:
        estate = chosen.cidrs
    elif config.sites:
        estate = (*config.scope_networks(), *authorised)
    else:
        estate = targets.networks
    Scope(estate, authorised=authorised).require(targets)
    left = _without_networks(targets, config.exclusions_of(site))
    if not left.spans:
        all_of_it = f"{', '.join(named)}: all of it"
        raise NothingToAskError(f"{all_of_it} is under exclusions in camscan.yaml; nothing is left to ask")
    notes = _list_notes(wide, heard, targets.count - left.count)
    return InScope(left, tuple(notes))


def _without_networks(targets: Targets, networks: Iterable[Network]) -> Targets:
    """The targets that are in none of the networks."""
    gone = spans(networks)
    swept, heard = subtract_spans(targets.spans, gone), subtract_spans(targets.only_heard, gone)
    return replace(targets, spans=tuple(swept), only_heard=tuple(heard))


def _list_notes(wide: Sequence[Network], heard: Sequence[Network], excluded: int) -> Iterator[str]:
    """What is not asked, one sentence each."""
    for one in wide:
        how = (
            "devices there that answer a question to a group are found; list the others"
            if one in heard
            else "list its addresses"
        )
        yield f"{one} was not swept: it is too large to be tried address by address; {how}"
    if excluded:
        yield f"{excluded:,} addresses were not asked: camscan.yaml excludes them"


def _may_be_heard(network: Network, config: Config, now: datetime) -> bool:
    """Whether the groups of a network that cannot be swept may be asked: it is on one link, and nothing forbids it."""
    try:
        config.require_authorised([network], now, private=PRIVATE)
    except ScopeError:
        return False
    allowed = Scope((network,), authorised=config.authorised(now)).covers(network)
    return allowed and not network.is_link_local


def _is_too_wide(network: Network) -> bool:
    return network.version == IPV6 and network.prefixlen < NARROWEST_IPV6


def _common_site(targets: Targets, config: Config) -> str:
    """The one site that all targets belong to by the site map; empty if there is none, or several."""
    found = set()
    for span in targets.spans:
        inside = [site for site in config.sites if not list(subtract_spans([span], spans(site.cidrs)))]
        deepest = [site for site in inside if not any(common_spans([span], spans(config.networks_of_others(site))))]
        found.add(deepest[0].name if deepest else "")
    return found.pop() if len(found) == 1 else ""
