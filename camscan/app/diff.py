"""Finds what changed in the estate between scans, or since a day."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from camscan.app import assess
from camscan.app.devices import device_site, find_devices
from camscan.app.workspace import Workspace
from camscan.asset import Asset, Happening
from camscan.config import Config
from camscan.dates import start_of_day
from camscan.errors import OptionError
from camscan.model import Completion
from camscan.register import Register, StoredScan

_FEW = 2_000
"""So many changed devices are read completely. The line of a device takes a fifth of its memory."""


@dataclass(frozen=True, slots=True)
class Round:
    """A completed run over several sites."""

    began: datetime
    sites: Sequence[str]
    """The sites in the order in which they were scanned."""


@dataclass(frozen=True, slots=True)
class Changes:
    """The changes in the register since ``start``."""

    start: str | datetime | None
    """A scan's id or a moment; None if there is no scan before the last."""
    happenings: Sequence[Happening]
    rows: Mapping[str, Asset]
    """Asset number -> device, for those to which something happened; with the facts of its line if that is kept."""
    subnets: Mapping[str, str]
    """Subnet -> site, by the site map."""
    round: Round | None = None
    """The round that it covers; None if somebody asked for another time."""

    def site(self, each: Happening) -> str:
        """The site of a change: that of the device, or that of a subnet, by its scan or by the site map."""
        row = self.rows.get(each.asset_id)
        if row is not None:
            return device_site(row)
        cidr, _, site = (each.old or each.new).partition(" at ")
        return site or self.subnets.get(cidr, "")

    def is_of_cameras(self, each: Happening) -> bool:
        """Whether a change concerns video surveillance: only devices that are known to be something else do not."""
        row = self.rows.get(each.asset_id)
        return row is None or row.identification.is_camera_system is not False

    def select_changes(
        self, *, site: str | None = None, kinds: Collection[str] = (), everything: bool = False
    ) -> list[Happening]:
        """The changes at a site and of these kinds.

        With ``everything`` also those of devices outside video surveillance.
        """
        return [
            happening
            for happening in self.happenings
            if (not kinds or happening.event in kinds)
            and (everything or self.is_of_cameras(happening))
            and (site is None or self.site(happening).casefold() == site.strip().casefold())
        ]


def changes_since(space: Workspace, since: str | None = None, site: str | None = None) -> Changes:
    """The changes since a day (2027-03-31), after the scan of this id, or by default since the last complete round.

    The last complete round counts from before its first scan. If there was no round over several sites, the changes are
    those of the last scans of different sites, or of the last scan alone if it has no site.

    Raises OptionError for a ``since`` that is neither, UsageError for an unknown site.
    """
    with space.open(readonly=True) as book:
        scans = book.scans()
        start, covered = _last_round(scans) if since is None else (_parse_start(scans, since), None)
        found = book.happenings(start)
        rows = _read_devices(book, space.settings, {each.asset_id for each in found} - {""})
        places = book.sites()
        subnets = {place.subnet: place.name for place in places}
        told = Changes(start, found, {row.asset_id: row for row in rows}, subnets, covered)
        known = {name.casefold() for name in (*(place.name for place in places), *map(told.site, found))}
        if site is not None and site.strip().casefold() not in known:
            find_devices(book, (), site)
    return told


def _read_devices(book: Register, settings: Config, asset_ids: Collection[str]) -> Iterable[Asset]:
    """The devices with these asset numbers; many are read from their lines, if the listing is up to date."""
    if len(asset_ids) > _FEW:
        from camscan.app.by_site import has_lines  # noqa: PLC0415 - loading it takes longer than reading a few devices
        from camscan.app.listing_lines import decode_outlines  # noqa: PLC0415 - as above

        if has_lines(book, settings):
            return (row for _, row in decode_outlines(book.lines_of(asset_ids)))
    return book.devices_by_number(asset_ids)


def _last_round(scans: Sequence[StoredScan]) -> tuple[str | None, Round | None]:
    """The scan before the last complete round (None before the first), and that round.

    If each of its sites was scanned by itself since, these scans replace the round: there is none to name then.
    """
    ends = [place for place, scan in enumerate(scans) if _ends_scan(scan)]
    if not ends:
        return _before_last_scans(scans), None
    last = scans[ends[-1]].turn
    own = [place for place, scan in enumerate(scans) if last and scan.turn and scan.turn.round == last.round]
    wanted = {scans[place].site for place in own}
    for place in reversed(range(own[-1] + 1, len(scans))):
        wanted.discard(scans[place].site)
        if not wanted:
            return scans[place - 1].scan_id, None
    covered = Round(scans[own[0]].started_at, list(dict.fromkeys(scans[place].site for place in own)))
    return (scans[own[0] - 1].scan_id if own[0] else None), covered


def _before_last_scans(scans: Sequence[StoredScan]) -> str | None:
    """The scan before the last scans of different sites, which are scanned one by one, for example by collectors.

    They end at the first scan of a site, which finds nothing but new devices: if that is the last scan, or if the last
    scan has no site, it is before the last scan alone. None if there is no such scan.
    """
    place, sites, first = len(scans), {""}, dict[str, int]()
    for number, scan in enumerate(scans):
        first.setdefault(scan.site.casefold(), number)
    while place and (site := scans[place - 1].site.casefold()) not in sites and first[site] < place - 1:
        sites.add(site)
        place -= 1
    place = min(place, len(scans) - 1)
    return scans[place - 1].scan_id if place > 0 else None


def _ends_scan(scan: StoredScan) -> bool:
    return scan.turn is not None and not scan.turn.left and scan.completion is not Completion.INTERRUPTED


def _parse_start(scans: Sequence[StoredScan], since: str) -> str | datetime:
    """The scan's id or the moment in a text."""
    if since in {scan.scan_id for scan in scans}:
        return since
    try:
        day = assess.parse_past_day(since)
    except ValueError:
        raise OptionError(f"--since {since} is not a day, such as 2027-03-31, or the id of a recorded scan") from None
    return start_of_day(day)
