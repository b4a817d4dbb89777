"""How much of the estate the register's picture rests on."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from camscan.config import Config
from camscan.errors import TargetError
from camscan.model import Coverage
from camscan.net.span import Span, spans, without
from camscan.net.target import parse_targets

FRESH_DAYS = 90
"""Older scans say little of today."""
_ANY = 1 << 128


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
    def coverage(self) -> Coverage:
        """What it asked."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What the newest scans say of the networks of camscan.yaml, and of their own addresses."""

    sites: int
    """Sites of camscan.yaml that have networks."""
    fresh: int
    """Of these: every network scanned within ``FRESH_DAYS`` days."""
    never: tuple[str, ...]
    """Of these: with a network that no scan covered."""
    stale: tuple[str, ...]
    """Of these: with a network whose newest scan is older."""
    addresses: int
    """In scope of the newest scan of each place."""
    unasked: int
    """Of these: not tried, or with no way to them."""
    last: date | None
    """Of the newest scan."""

    @property
    def percent(self) -> float | None:
        """Of the addresses, how many were asked; None where there are none."""
        return round(100 * (self.addresses - self.unasked) / self.addresses, 1) if self.addresses else None

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
        }


def looked(settings: Config, scans: Sequence[RecordedScan], today: date) -> Looked:
    """What the recorded scans, oldest first, covered."""
    newest: dict[ipaddress.IPv4Network | ipaddress.IPv6Network, date] = {}
    by_site: dict[str, date] = {}
    last_of: dict[tuple[str, tuple[str, ...]], RecordedScan] = {}
    for scan in scans:
        day = scan.finished_at.date()
        by_site[scan.site.casefold()] = day
        last_of[scan.site, scan.targets] = scan
        for network in _networks(scan.targets):
            newest[network] = day
    never, stale, fresh = [], [], 0
    sites = [site for site in settings.sites if site.cidrs]
    for site in sites:
        named = by_site.get(site.name.casefold())
        days = [_scanned(cidr, newest, named) for cidr in site.cidrs]
        if None in days:
            never.append(site.name)
        elif any((today - day).days > FRESH_DAYS for day in days if day):
            stale.append(site.name)
        else:
            fresh += 1
    return Looked(
        sites=len(sites),
        fresh=fresh,
        never=tuple(never),
        stale=tuple(stale),
        addresses=sum(scan.coverage.addresses for scan in last_of.values()),
        unasked=sum(scan.coverage.not_tried + scan.coverage.unreachable for scan in last_of.values()),
        last=scans[-1].finished_at.date() if scans else None,
    )


def asked_spans(scan: RecordedScan) -> tuple[Span, ...]:
    """The addresses that a scan was to ask; none of an import or of listening, which ask nobody."""
    if not scan.coverage.is_search:
        return ()
    try:
        targets = parse_targets(scan.targets, limit=_ANY)
    except TargetError:
        return ()
    return tuple(without(targets.spans, spans(map(ipaddress.ip_network, scan.coverage.left_out))))


def _networks(targets: Iterable[str]) -> Iterable[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    """Those of a scan's targets that are networks; ranges and single addresses cover no network of a site."""
    for target in targets:
        try:
            yield ipaddress.ip_network(target)
        except ValueError:
            continue


def _scanned(
    cidr: ipaddress.IPv4Network | ipaddress.IPv6Network,
    newest: Mapping[ipaddress.IPv4Network | ipaddress.IPv6Network, date],
    named: date | None,
) -> date | None:
    """When a network was last scanned: with its site, or as part of a wider network."""
    wider = cidr
    days = [named] if named else []
    while True:
        if wider in newest:
            days.append(newest[wider])
        if not wider.prefixlen:
            return max(days, default=None)
        wider = wider.supernet()
