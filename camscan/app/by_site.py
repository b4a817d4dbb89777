"""The devices of the register, judged, some hundreds at a time: by site and address for exports of any length.

That needs the listing, which has the order and knows which rows stand for the same device. Where it cannot be brought
up to date (see ``streaming``), every device is read at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from camscan import vulnerabilities
from camscan.app.assess import judge_assets, load_rules, today_utc
from camscan.app.devices import device_site, no_device_at, require_at_site
from camscan.app.listing_lines import DECODED, ListedDevice, ListedEstate, decode_outlines, find_entered_twice
from camscan.app.overview import list_by, may_list
from camscan.app.workspace import Workspace
from camscan.asset import Asset, Judgement
from camscan.config import Config
from camscan.errors import BusyError, RegisterError
from camscan.plan import make_judge
from camscan.plan.entered_twice import entered_twice, leave_duplicates_out
from camscan.policies import companies
from camscan.register import Register
from camscan.sheets.row import Setting, make_setting
from camscan.sheets.table import sort_devices

__all__ = ["Batch", "Devices", "has_lines", "list_first", "read_by_site", "read_complete"]

Batch = tuple[Sequence[Asset], Mapping[str, Judgement]]
"""Some devices in their order, and what follows for each, by asset id."""
_Judge = Callable[[Sequence[Asset]], Mapping[str, Judgement]]


@dataclass(frozen=True, slots=True)
class Devices:
    """Devices by site and address, those of no site last."""

    around: Setting
    """What their rows are made against, of the whole register."""
    batches: Callable[[], Iterator[Batch]]
    """Reads them again each time. Raises RegisterError for a row that cannot be read."""


def list_first(space: Workspace) -> None:
    """Bring the listing up to date, where that can be done at once and upgrades nothing."""
    if not space.has_register or is_listed(space) or not may_list(space):
        return
    try:
        with space.open(editing=True, create=False) as book:
            book.list_now()
    except (BusyError, RegisterError):
        return  # the command that reads the register next reports what is wrong


def is_listed(space: Workspace) -> bool:
    """Whether the listing is up to date."""
    with space.open(readonly=True) as book:
        return has_lines(book, space.settings)


def has_lines(book: Register, settings: Config) -> bool:
    """The same of an open register."""
    if not book.has_listing:
        return False
    list_by(book, settings)
    return book.is_listed()


def read_by_site(
    book: Register,
    settings: Config,
    *,
    on: date | None = None,
    site: str | None = None,
    sees: Callable[[Asset], bool] | None = None,
) -> Devices:
    """Every device of an open register, or of a site, judged as of a day (today); ``sees`` limits them further.

    Raises UsageError for a site that has none.
    """
    if has_lines(book, settings):
        return _read_in_batches(book, settings, on or today_utc(), site, sees)
    every = book.devices()
    rows = [row for row in every if sees(row)] if sees else every
    return devices_of(require_at_site(rows, site) if site is not None else rows, settings, on or today_utc(), every)


def read_complete(book: Register, settings: Config, on: date) -> ListedEstate:
    """Every device of an open register, complete, in the order in which they were first found, judged as of a day.

    Some hundreds are in memory at a time, if the listing is up to date.
    """
    if not has_lines(book, settings):
        rows = book.devices()
        judgements = judge_assets(rows, settings, on)
        return ListedEstate(entered_twice(rows), (ListedDevice(row, judgements[row.asset_id]) for row in rows))
    twice = find_entered_twice(book.lines, book.lines_of_others())
    return ListedEstate(twice, _judge_each(book.in_batches(), _make_judge(settings, on), twice))


def _judge_each(
    batches: Iterable[Sequence[Asset]], judge: _Judge, twice: Mapping[str, Asset]
) -> Iterator[ListedDevice]:
    for rows in batches:
        judged = leave_duplicates_out(judge(rows), twice)
        yield from (ListedDevice(row, judged[row.asset_id]) for row in rows)


def _make_judge(settings: Config, on: date) -> _Judge:
    weaknesses = vulnerabilities.load_weaknesses(settings.overlays)
    return make_judge(load_rules(settings), settings.planning.formula, weaknesses, on)


def devices_of(rows: Sequence[Asset], settings: Config, on: date, every: Sequence[Asset] | None = None) -> Devices:
    """These devices, of all that the register has (``every``; these)."""
    judgements = judge_assets(rows, settings, on, every=every)
    known = companies.load_ownership(settings.overlays)
    around = make_setting(rows if every is None else every, known, on)
    batch = sort_devices(rows), judgements
    return Devices(around, lambda: iter([batch]))


def _read_in_batches(
    book: Register, settings: Config, on: date, site: str | None, sees: Callable[[Asset], bool] | None
) -> Devices:
    only = _numbers_at_site(book, site, sees) if site is not None or sees else None
    judge = _make_judge(settings, on)
    twice = find_entered_twice(book.lines, book.lines_of_others())

    def batches() -> Iterator[Batch]:
        for rows in book.by_site(only):
            seen = [row for row in rows if sees(row)] if sees else rows
            yield seen, leave_duplicates_out(judge(seen), twice)

    known = companies.load_ownership(settings.overlays)
    return Devices(Setting(known, on, count_behind(book)), batches)


def count_behind(book: Register) -> Mapping[str, int]:
    """Asset id of each recorder -> rows of the register that are behind it."""
    return Counter(
        recorder
        for _, each in decode_outlines(book.lines_of_others())
        if (recorder := each.entries.get("recorder_asset_id") or each.recorder_asset_id)
    )


def _numbers_at_site(book: Register, site: str | None, sees: Callable[[Asset], bool] | None) -> Container[int]:
    """The numbers of the devices that are wanted. Raises UsageError for a site that has none."""
    wanted = None if site is None else site.strip().casefold()
    found, sites = set(), set()
    for number, row in decode_outlines(book.lines(only=DECODED)):
        if sees is None or sees(row):
            sites.add(name := device_site(row))
            if wanted is None or name.casefold() == wanted:
                found.add(number)
    if site is not None and not found:
        raise no_device_at(site, sites)
    return found
