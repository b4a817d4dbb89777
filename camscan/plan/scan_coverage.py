"""How much of the estate the scans have covered: address by address, by the newest scan that asked it. Pure.

An address counts as asked if one of camscan's own scans asked it completely. Listening, imports and logins do not
count, and asking one address says nothing about its neighbours. Parts that several scans asked are added up; the oldest
part determines the age of the whole. The dates are those of the scans, in whatever order they were recorded.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Protocol

from camscan.config import Config
from camscan.config.site import Site
from camscan.dataclass import dataclass
from camscan.errors import TargetError
from camscan.model import Completion, Coverage
from camscan.net.span import Network, Span, common_spans, merge_spans, spans, subtract_spans
from camscan.net.target import NARROWEST_IPV6, Targets, parse_targets

FRESH_DAYS = 90
"""Older answers say little about today; a round of several scans may take this long."""
_ANY = 1 << 128
_NO_NETWORK_ADDRESS = 31
"""IPv4 prefixes of this length or more have no network address and no broadcast address (RFC 3021)."""


class RecordedScan(Protocol):
    """What the register keeps of a scan."""

    @property
    def site(self) -> str:
        """Empty if it was of no site."""

    @property
    def targets(self) -> tuple[str, ...]:
        """The targets, as they were named."""

    @property
    def finished_at(self) -> datetime:
        """When the scan ended."""

    @property
    def completion(self) -> Completion:
        """How the scan ended."""

    @property
    def coverage(self) -> Coverage:
        """What the scan asked."""


@dataclass(frozen=True, slots=True)
class NetworkAsked:
    """One network of a site, and since when all of it has been asked."""

    site: str
    network: str
    last_asked: date | None
    """The day of the oldest among the newest answers of its addresses; None if some address was never asked."""
    addresses: int
    """Addresses that belong to the site and are not excluded."""
    asked: int
    """How many of these any scan has asked, however long ago."""

    def as_json(self) -> Mapping[str, Any]:
        """For ``--json``."""
        return {
            "site": self.site,
            "network": self.network,
            "last_asked": self.last_asked.isoformat() if self.last_asked else None,
            "addresses": self.addresses,
            "asked": self.asked,
        }


@dataclass(frozen=True, slots=True)
class ScannedNetworks:
    """What the scans covered, of the networks in camscan.yaml and of their own addresses."""

    sites: int
    """Sites of camscan.yaml that have networks."""
    fresh_sites: int
    """How many of these had every network asked within ``FRESH_DAYS`` days."""
    never_asked: tuple[str, ...]
    """Those with a network that was never asked as a whole."""
    stale_sites: tuple[str, ...]
    """Those with a network whose last answer is older."""
    addresses: int
    """Distinct addresses that were in scope of any scan."""
    unasked: int
    """How many of these were never asked completely, or had no route when they were asked last."""
    last: date | None
    """The day of the newest scan."""
    networks: tuple[NetworkAsked, ...] = ()
    """Each network of the sites, in their order; one that is too large to be swept is left out."""

    @property
    def percent(self) -> float | None:
        """The percentage of the addresses that were asked; None without addresses. 100 is all, and 0 none."""
        if not self.addresses:
            return None
        asked = self.addresses - self.unasked
        found = round(100 * asked / self.addresses, 1)
        if self.unasked and asked:
            return min(max(found, _LEAST), 100 - _LEAST)
        return found

    def as_json(self) -> Mapping[str, Any]:
        """For ``--json``."""
        return {
            "sites": self.sites,
            "sites_scanned_recently": self.fresh_sites,
            "sites_never_scanned": list(self.never_asked),
            "sites_scanned_long_ago": list(self.stale_sites),
            "addresses": self.addresses,
            "addresses_not_asked": self.unasked,
            "percent_asked": self.percent,
            "last_scan": self.last.isoformat() if self.last else None,
            "networks": [network.as_json() for network in self.networks],
        }


_LEAST = 0.1
"""The percentage that is given for few addresses."""


@dataclass(frozen=True, slots=True)
class AskedAddresses:
    """What one scan was to ask, and what it did ask."""

    day: date
    scope: list[Span]
    """Everything it was to ask; merged and sorted, like the other lists."""
    tried: list[Span]
    """What it asked, as far as is known; for a scan of an earlier camscan, by its counts."""
    complete: list[Span]
    """What it certainly asked completely."""
    unreached: list[Span]
    """Addresses without a route."""


def measure_coverage(settings: Config, scans: Sequence[RecordedScan], today: date) -> ScannedNetworks:
    """What the recorded scans covered."""
    asked = list_asked(scans)
    networks = tuple(network for site in settings.sites for network in site_networks(settings, site, asked))
    by_site = {
        site.name: [network.last_asked for network in networks if network.site == site.name] for site in settings.sites
    }
    sites = {name: days for name, days in by_site.items() if days}
    never = tuple(name for name, days in sites.items() if None in days)
    fresh = [name for name, days in sites.items() if all(day and (today - day).days <= FRESH_DAYS for day in days)]
    addresses, unasked = _count_addresses(asked)
    return ScannedNetworks(
        sites=len(sites),
        fresh_sites=len(fresh),
        never_asked=never,
        stale_sites=tuple(name for name in sites if name not in never and name not in fresh),
        addresses=addresses,
        unasked=unasked,
        last=max((scan.finished_at.date() for scan in scans), default=None),
        networks=networks,
    )


def list_asked(scans: Iterable[RecordedScan]) -> list[AskedAddresses]:
    """What the scans asked, the newest first."""
    return list(_list_asked(scans))


def site_networks(settings: Config, site: Site, asked: Sequence[AskedAddresses]) -> Iterator[NetworkAsked]:
    """Each network of a site, and since when all of it that belongs to the site and is not excluded has been asked."""
    return networks_asked(
        site.name, site.cidrs, (*settings.exclusions_of(site.name), *settings.networks_of_others(site)), asked
    )


def networks_asked(
    site: str, networks: Iterable[Network], left_out: Iterable[Network], asked: Sequence[AskedAddresses]
) -> Iterator[NetworkAsked]:
    """Each network that can be swept, and since when all of it, except ``left_out``, has been asked."""
    holes = spans(left_out)
    for network in networks:
        own = list(subtract_spans(_host_spans(network), holes))
        if not own or (network.version == 6 and network.prefixlen < NARROWEST_IPV6):  # noqa: PLR2004 - IP version
            continue
        left, last = own, None
        for scan in asked:
            if any(common_spans(left, scan.complete)):
                left, last = list(subtract_spans(left, scan.complete)), scan.day
                if not left:
                    break
        yield NetworkAsked(
            site=site,
            network=str(network),
            last_asked=None if left else last,
            addresses=_count_in_spans(own),
            asked=_count_in_spans(own) - _count_in_spans(left),
        )


def all_asked_since(networks: Iterable[NetworkAsked]) -> date | None:
    """Since when all of these networks have been asked; None if some never were, or there are none."""
    days = [network.last_asked for network in networks]
    return min((day for day in days if day), default=None) if None not in days else None


def asked_spans(scan: RecordedScan) -> list[Span]:
    """The addresses that a scan was to ask; none for an import or for listening."""
    targets = _parse_targets(scan)
    return list(subtract_spans(targets.spans, _parse_spans(scan.coverage.left_out))) if targets else []


def _parse_targets(scan: RecordedScan) -> Targets | None:
    if not scan.coverage.is_search:
        return None
    try:
        return parse_targets(scan.targets, limit=_ANY)
    except TargetError:  # the names of files, say
        return None


def _list_asked(scans: Iterable[RecordedScan]) -> Iterator[AskedAddresses]:
    """The newest first. Older scans that asked the same addresses say nothing more and are left out."""
    known = set()
    for scan in sorted(scans, key=lambda scan: scan.finished_at, reverse=True):
        covered = scan.coverage
        counts = (covered.not_tried, covered.unreachable)
        key = (scan.targets, covered.left_out, covered.unfinished, covered.unreached, counts, scan.completion)
        if covered.is_search and key not in known:
            known.add(key)
            yield _asked_by_scan(scan)


def _asked_by_scan(scan: RecordedScan) -> AskedAddresses:
    covered = scan.coverage
    scope, targets = merge_spans(asked_spans(scan)), _parse_targets(scan)
    unfinished, unreached = _parse_spans(covered.unfinished), _parse_spans(covered.unreached)
    missing = (
        covered.not_tried
        + covered.unreachable
        - _count_in_spans(common_spans(scope, merge_spans([*unfinished, *unreached])))
    )
    is_doubtful = missing > 0 or (scan.completion is Completion.INTERRUPTED and not unfinished)
    left_out = merge_spans([*_parse_spans(covered.left_out), *unfinished, *unreached])
    return AskedAddresses(
        day=scan.finished_at.date(),
        scope=scope,
        tried=_cut_last_addresses(list(subtract_spans(scope, unfinished)), missing),
        # With the network and broadcast addresses of the targets: two halves of a network are all of it.
        complete=list(subtract_spans(targets.covering, left_out)) if targets and not is_doubtful else [],
        unreached=unreached,
    )


def _cut_last_addresses(found: list[Span], missing: int) -> list[Span]:
    """Without the last addresses: if only their number was kept, they are the ones that were not asked."""
    kept = list(found)
    while kept and missing > 0:
        last = kept.pop()
        size = last.last - last.first + 1
        if size > missing:
            kept.append(Span(last.version, last.first, last.last - missing))
        missing -= size
    return kept


def _count_addresses(asked: Sequence[AskedAddresses]) -> tuple[int, int]:
    """How many distinct addresses were in scope, and how many of these were not asked, by the newest answer of each."""
    scope = merge_spans(span for scan in asked for span in scan.scope)
    open_, reached = scope, 0
    for scan in asked:
        answered = list(common_spans(open_, scan.tried))
        if answered:
            reached += _count_in_spans(subtract_spans(answered, scan.unreached))
            open_ = list(subtract_spans(open_, scan.tried))
    total = _count_in_spans(scope)
    return total, total - reached


def _host_spans(network: Network) -> list[Span]:
    """The addresses of a network that a scan asks: all but its network address and its broadcast address."""
    first, last = int(network.network_address), int(network.broadcast_address)
    if network.version == 4 and network.prefixlen < _NO_NETWORK_ADDRESS:  # noqa: PLR2004 - IP version
        first, last = first + 1, last - 1
    return [Span(network.version, first, last)]


def _parse_spans(texts: Iterable[str]) -> list[Span]:
    return spans(map(ipaddress.ip_network, texts))


def _count_in_spans(found: Iterable[Span]) -> int:
    return sum(span.last - span.first + 1 for span in found)
