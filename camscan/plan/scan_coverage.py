"""How much of the estate the register's picture rests on: address by address, by the newest scan that asked it. Pure.

An address counts as asked when a scan of camscan's own asked it to the end. Listening, imports and logins ask nobody in
that sense; one address that was asked says nothing of its neighbours. What several scans asked in parts counts as their
sum; the oldest part decides how old the whole is. Dates are those of the scans, in whatever order they were recorded.
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
from camscan.net.span import Network, Span, common, merge, spans, without
from camscan.net.target import NARROWEST_IPV6, Targets, parse_targets

FRESH_DAYS = 90
"""Older answers say little of today; so long may a round of several scans take."""
_ANY = 1 << 128
_NO_NETWORK_ADDRESS = 31
"""IPv4 prefixes from here on have no network address and no broadcast address (RFC 3021)."""


class RecordedScan(Protocol):
    """What the register keeps of a scan."""

    @property
    def site(self) -> str:
        """Empty where it was of none."""

    @property
    def targets(self) -> tuple[str, ...]:
        """As they were named."""

    @property
    def finished_at(self) -> datetime:
        """When it ended."""

    @property
    def completion(self) -> Completion:
        """How it ended."""

    @property
    def coverage(self) -> Coverage:
        """What it asked."""


@dataclass(frozen=True, slots=True)
class NetworkAsked:
    """One network of a site, and since when all of it has been asked."""

    site: str
    network: str
    last_asked: date | None
    """The day of the oldest of its addresses' newest answers; None where some address was never asked."""
    addresses: int
    """That belong to the site and are not excluded."""
    asked: int
    """Of these: asked by any scan, however long ago."""

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
class Looked:
    """What the scans say of the networks of camscan.yaml, and of their own addresses."""

    sites: int
    """Sites of camscan.yaml that have networks."""
    fresh: int
    """Of these: every network asked within ``FRESH_DAYS`` days."""
    never: tuple[str, ...]
    """Of these: with a network that was never asked as a whole."""
    stale: tuple[str, ...]
    """Of these: with a network whose last answer is older."""
    addresses: int
    """Distinct addresses that were in scope of any scan."""
    unasked: int
    """Of these: never asked to the end, or with no way to them when they were asked last."""
    last: date | None
    """Of the newest scan."""
    networks: tuple[NetworkAsked, ...] = ()
    """Each network of the sites, in their order; one that is too wide to be swept is left out."""

    @property
    def percent(self) -> float | None:
        """Of the addresses, how many were asked; None where there are none. 100 is all, and 0 none."""
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
            "sites_scanned_recently": self.fresh,
            "sites_never_scanned": list(self.never),
            "sites_scanned_long_ago": list(self.stale),
            "addresses": self.addresses,
            "addresses_not_asked": self.unasked,
            "percent_asked": self.percent,
            "last_scan": self.last.isoformat() if self.last else None,
            "networks": [each.as_json() for each in self.networks],
        }


_LEAST = 0.1
"""Per cent that are said of few."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What one scan was to ask, and did."""

    day: date
    scope: list[Span]
    """Everything it was to ask; merged and sorted, as the others."""
    tried: list[Span]
    """Asked, as far as is known; of what an earlier camscan recorded, by its counts."""
    whole: list[Span]
    """Asked to the end beyond doubt."""
    unreached: list[Span]
    """No way led there."""


def measure_coverage(settings: Config, scans: Sequence[RecordedScan], today: date) -> Looked:
    """What the recorded scans covered."""
    asked = list_asked(scans)
    networks = tuple(each for site in settings.sites for each in site_networks(settings, site, asked))
    by_site = {site.name: [each.last_asked for each in networks if each.site == site.name] for site in settings.sites}
    sites = {name: days for name, days in by_site.items() if days}
    never = tuple(name for name, days in sites.items() if None in days)
    fresh = [name for name, days in sites.items() if all(day and (today - day).days <= FRESH_DAYS for day in days)]
    addresses, unasked = _count_addresses(asked)
    return Looked(
        sites=len(sites),
        fresh=len(fresh),
        never=never,
        stale=tuple(name for name in sites if name not in never and name not in fresh),
        addresses=addresses,
        unasked=unasked,
        last=max((scan.finished_at.date() for scan in scans), default=None),
        networks=networks,
    )


def list_asked(scans: Iterable[RecordedScan]) -> list[Asked]:
    """What the scans asked, the newest first."""
    return list(_list_asked(scans))


def site_networks(settings: Config, site: Site, asked: Sequence[Asked]) -> Iterator[NetworkAsked]:
    """Each network of a site: since when all of it that is the site's own and is not excluded has been asked."""
    return networks_asked(site.name, site.cidrs, (*settings.exclusions_of(site.name), *settings.borrowed(site)), asked)


def networks_asked(
    site: str, networks: Iterable[Network], left_out: Iterable[Network], asked: Sequence[Asked]
) -> Iterator[NetworkAsked]:
    """Each network that can be swept, and since when all of it, without what is ``left_out``, has been asked."""
    holes = spans(left_out)
    for network in networks:
        own = list(without(_host_spans(network), holes))
        if not own or (network.version == 6 and network.prefixlen < NARROWEST_IPV6):  # noqa: PLR2004 - IP version
            continue
        left, last = own, None
        for each in asked:
            if any(common(left, each.whole)):
                left, last = list(without(left, each.whole)), each.day
                if not left:
                    break
        yield NetworkAsked(
            site=site,
            network=str(network),
            last_asked=None if left else last,
            addresses=_count_in_spans(own),
            asked=_count_in_spans(own) - _count_in_spans(left),
        )


def whole_since(networks: Iterable[NetworkAsked]) -> date | None:
    """Since when all of these networks have been asked; None where some never were, or there are none."""
    days = [each.last_asked for each in networks]
    return min((day for day in days if day), default=None) if None not in days else None


def asked_spans(scan: RecordedScan) -> list[Span]:
    """The addresses that a scan was to ask; none of an import or of listening, which ask nobody."""
    targets = _parse_targets(scan)
    return list(without(targets.spans, _parse_spans(scan.coverage.left_out))) if targets else []


def _parse_targets(scan: RecordedScan) -> Targets | None:
    if not scan.coverage.is_search:
        return None
    try:
        return parse_targets(scan.targets, limit=_ANY)
    except TargetError:  # the names of files, say
        return None


def _list_asked(scans: Iterable[RecordedScan]) -> Iterator[Asked]:
    """The newest first; of scans that asked the same, the older ones say nothing more and are left out."""
    known = set()
    for scan in sorted(scans, key=lambda scan: scan.finished_at, reverse=True):
        covered = scan.coverage
        counts = (covered.not_tried, covered.unreachable)
        key = (scan.targets, covered.left_out, covered.unfinished, covered.unreached, counts, scan.completion)
        if covered.is_search and key not in known:
            known.add(key)
            yield _asked_by_scan(scan)


def _asked_by_scan(scan: RecordedScan) -> Asked:
    covered = scan.coverage
    scope, targets = merge(asked_spans(scan)), _parse_targets(scan)
    unfinished, unreached = _parse_spans(covered.unfinished), _parse_spans(covered.unreached)
    missing = covered.not_tried + covered.unreachable - _count_in_spans(common(scope, merge([*unfinished, *unreached])))
    is_doubtful = missing > 0 or (scan.completion is Completion.INTERRUPTED and not unfinished)
    left_out = merge([*_parse_spans(covered.left_out), *unfinished, *unreached])
    return Asked(
        day=scan.finished_at.date(),
        scope=scope,
        tried=_cut_last_addresses(list(without(scope, unfinished)), missing),
        # With the network and broadcast addresses of the targets: two halves of a network are the whole of it.
        whole=list(without(targets.covering, left_out)) if targets and not is_doubtful else [],
        unreached=unreached,
    )


def _cut_last_addresses(found: list[Span], missing: int) -> list[Span]:
    """Without the last addresses: where only their number was kept, they are those that were not asked any more."""
    kept = list(found)
    while kept and missing > 0:
        last = kept.pop()
        size = last.last - last.first + 1
        if size > missing:
            kept.append(Span(last.version, last.first, last.last - missing))
        missing -= size
    return kept


def _count_addresses(asked: Sequence[Asked]) -> tuple[int, int]:
    """How many distinct addresses were in scope, and how many of these were not asked, by the newest answer of each."""
    scope = merge(span for each in asked for span in each.scope)
    open_, reached = scope, 0
    for each in asked:
        answered = list(common(open_, each.tried))
        if answered:
            reached += _count_in_spans(without(answered, each.unreached))
            open_ = list(without(open_, each.tried))
    total = _count_in_spans(scope)
    return total, total - reached


def _host_spans(network: Network) -> list[Span]:
    """The addresses of a network that a scan asks: without its network address and its broadcast address."""
    first, last = int(network.network_address), int(network.broadcast_address)
    if network.version == 4 and network.prefixlen < _NO_NETWORK_ADDRESS:  # noqa: PLR2004 - IP version
        first, last = first + 1, last - 1
    return [Span(network.version, first, last)]


def _parse_spans(texts: Iterable[str]) -> list[Span]:
    return spans(map(ipaddress.ip_network, texts))


def _count_in_spans(found: Iterable[Span]) -> int:
    return sum(span.last - span.first + 1 for span in found)
