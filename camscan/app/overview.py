"""The progress of the programme.

It is read if it was counted before; otherwise it is counted, and kept in the register.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from camscan.app import assess
from camscan.app.edition import settings_hash
from camscan.app.json_values import from_plain, to_json_value
from camscan.app.workspace import Workspace
from camscan.dataclass import dataclass
from camscan.errors import BusyError, RegisterError
from camscan.headline import Headline
from camscan.plan import DEFINITIONS, describe_formula
from camscan.plan.burndown import Point
from camscan.plan.scan_coverage import ScannedNetworks
from camscan.plan.status import NOT_SAID, Status
from camscan.register.address import address_of
from camscan.register.glance import ListingState, is_writable_now, read_at_a_glance

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from camscan.app.listing_lines import ListedDevice
    from camscan.config import Config
    from camscan.register import Register

__all__ = ["DEFINITIONS", "NOT_SAID", "Overview", "count_lines", "describe_formula", "load_overview"]

PROGRAMME = "programme"
"""The name under which the register keeps it."""


@dataclass(frozen=True, slots=True)
class Overview:
    """The progress of the programme today."""

    day: date
    status: Status
    points: tuple[Point, ...]
    """The burn-down, month by month."""
    looked: ScannedNetworks
    """How much of the estate was looked at."""
    headline: Headline
    """The counts of devices of the two makers, whatever was decided about them."""
    is_map_stale: bool


def load_overview(space: Workspace) -> Overview | None:
    """The overview from kept counts; None if all devices must be counted, because nothing can be kept."""
    now, basis = assess.today_utc(), settings_hash(space.settings)

    def decode_overview(seen: ListingState) -> Overview | None:
        kept = seen.find_document(PROGRAMME, now)
        return None if kept is None else from_plain(Overview, kept)

    if address_of(space.where) is None:
        return read_at_a_glance(space.where, basis, now, decode_overview) or _count_listing(space, now)
    return (
        _read_on_server(space, now, count=False)
        or _count_listing(space, now)
        or _read_on_server(space, now, count=True)
    )


def _read_on_server(space: Workspace, now: date, *, count: bool) -> Overview | None:
    """The overview from the lines of a register on a server, if they are up to date: that needs no permission to write.

    With ``count`` it is counted from the lines if no counts are kept.
    """
    with space.open(readonly=True) as book:
        if not book.has_listing:
            return None
        list_by(book, space.settings)
        basis = book.counting_basis()
        kept = book.read_counted(PROGRAMME, basis) if basis else None
        if kept is not None:
            return from_plain(Overview, kept)
        return _count_estate(book, space.settings, now) if basis and count else None


def _count_listing(space: Workspace, now: date) -> Overview | None:
    """Bring the listing up to date, count it and keep the result, if that can be done at once and upgrades nothing."""
    if not may_list(space):
        return None
    try:
        with space.open(editing=True, create=False) as book:
            book.list_now()
            basis = book.counting_basis()
            found = _count_estate(book, space.settings, now)
            book.keep_counted(PROGRAMME, to_json_value(found), basis)
            return found
    except (BusyError, RegisterError):
        return None  # a program that only reads reports what is wrong, if it matters


def may_list(space: Workspace) -> bool:
    """Whether the listing may be written now.

    The register has today's version, and no other program is writing to it.
    """
    path = Path(space.where)
    if address_of(space.where) is None and (path.is_symlink() or not path.is_file() or not is_writable_now(path)):
        return False
    with space.open(readonly=True) as book:
        return book.has_listing and book.is_free


def list_by(book: Register, settings: Config) -> None:
    """Give the register the rules for judging devices, so that it knows whether its lines are up to date."""
    from camscan.app.listing_lines import make_lister  # noqa: PLC0415 - of no use where it was counted already

    book.list_by(make_lister(settings))


def _count_estate(book: Register, settings: Config, now: date) -> Overview:
    from camscan.app.listing_lines import read_estate  # noqa: PLC0415 - of no use where it was counted already

    estate = read_estate(book)
    return count_lines(estate.devices, estate.twice, book, settings, now)


def is_map_stale(book: Register, settings: Config) -> bool:
    """Whether camscan.yaml has places that the register does not know yet."""
    return bool(set(settings.places()) - set(book.sites()))


def count_lines(
    devices: Iterable[ListedDevice], twice: Collection[str], book: Register, settings: Config, now: date
) -> Overview:
    """Count the progress from every device as its line tells it on that day; ``twice`` are entered twice."""
    from camscan import plan  # noqa: PLC0415 - as above
    from camscan.plan.estate_count import HeadlineCount  # noqa: PLC0415 - as above
    from camscan.plan.scan_coverage import measure_coverage  # noqa: PLC0415 - as above
    from camscan.policies import companies  # noqa: PLC0415 - as above

    scans = book.scans()
    tallies = [(scan.finished_at, counts) for scan, counts in book.tallies()]
    status, programme = plan.StatusCount(now, len(twice)), plan.PlanCount(now)
    headline = HeadlineCount(scans, companies.load_ownership(settings.overlays), twice)
    for device in devices:
        headline.add(device.asset)
        status.add(device.asset, device.judgement)
        programme.add(device.asset, device.judgement)
    return Overview(
        now,
        status.status,
        plan.make_burndown(tallies, programme.plan, now, assess.scope_mark(settings)),
        measure_coverage(settings, scans, now),
        headline.headline(settings.places() or book.sites()),
        is_map_stale(book, settings),
    )
