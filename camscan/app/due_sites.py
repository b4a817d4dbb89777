"""Decides which sites an unattended run scans: interrupted scans come first, then the sites that waited longest.

A site is scanned again after ``every`` days. Half a day early counts as due, so that a nightly run is not put off by a
night because the last one took until after midnight.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from camscan.app.round import LIMIT
from camscan.config import Config, Site
from camscan.model import Completion
from camscan.register import StoredScan
from camscan.scan.journal import interrupted_runs

SLACK = timedelta(hours=12)
_AHEAD = timedelta(hours=1)
"""A scan that is further in the future was recorded by a wrong clock, and does not count."""


@dataclass(frozen=True, slots=True)
class DueSites:
    """The sites to be scanned now, and those that are not."""

    sites: tuple[str, ...] = ()
    """The sites in the order in which they are to be scanned."""
    begun: tuple[str, ...] = ()
    """The sites with an interrupted scan."""
    waiting: tuple[str, ...] = ()
    """Sites that are due, and may not be scanned at this hour."""
    too_large: tuple[tuple[str, int], ...] = ()
    """Sites that are due, and so large that a person must confirm the number of addresses."""


def find_due_sites(config: Config, scans: Sequence[StoredScan], place: Path, now: datetime) -> DueSites:
    """Find the sites that are due at that moment. ``place`` is the folder with the journals of interrupted scans."""
    begun = _interrupted_sites(config, place, now)
    waits = {site.name: _last_complete_scan(site, scans, now) for site in config.sites if site.cidrs}
    never = datetime.min.replace(tzinfo=UTC)
    wanted = [
        site
        for site in config.sites
        if site.name in waits and (site.name in begun or _is_site_due(site, config, waits[site.name], now))
    ]
    wanted.sort(key=lambda site: (site.name not in begun, waits[site.name] or never))
    large = [(site.name, count) for site in wanted if (count := _address_count(site)) > LIMIT]
    shut = [site.name for site in wanted if not config.is_run_open(now) or config.waits_for_hour(site.cidrs, now)]
    left_out = {*(name for name, _ in large), *shut}
    sites = tuple(site.name for site in wanted if site.name not in left_out)
    return DueSites(sites, tuple(name for name in sites if name in begun), tuple(shut), tuple(large))


def _is_site_due(site: Site, config: Config, last: datetime | None, now: datetime) -> bool:
    return last is None or now - last >= timedelta(days=site.every or config.run.every) - SLACK


def _last_complete_scan(site: Site, scans: Iterable[StoredScan], now: datetime) -> datetime | None:
    """When the last complete scan of all the site's networks began; scans in the future do not count."""
    networks = {str(network) for network in site.cidrs}
    began = [
        scan.started_at
        for scan in scans
        if scan.site.casefold() == site.name.casefold()
        and scan.completion is not Completion.INTERRUPTED
        and scan.coverage.is_search
        and networks & set(scan.targets)
        and not _was_left_out(networks, scan)
        and scan.started_at - now <= _AHEAD
    ]
    return max(began, default=None)


def _was_left_out(networks: Iterable[str], scan: StoredScan) -> bool:
    """Whether a network was not among the targets. A network that is too wide to be swept never counts as left out."""
    return any(":" not in network and network not in scan.targets for network in networks)


def _interrupted_sites(config: Config, place: Path, now: datetime) -> set[str]:
    names = {site.name.casefold(): site.name for site in config.sites}
    heads = [run.head for run in interrupted_runs(place) if not run.is_stale(now)]
    found = {head.sites[0].casefold() for head in heads if len(head.sites) == 1 and not head.targets}
    return {names[name] for name in found if name in names}


def _address_count(site: Site) -> int:
    return sum(network.num_addresses for network in site.cidrs if network.version == 4)  # noqa: PLR2004 - IP version; wide IPv6 networks are not swept
