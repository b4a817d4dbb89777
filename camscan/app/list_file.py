"""A list of devices as a file, for people who may not see every column: a CSV in pieces, or a complete workbook."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import date

from camscan import sheets, vulnerabilities
from camscan.app import assess
from camscan.app.by_site import count_behind, read_by_site
from camscan.app.listing_lines import find_entered_twice
from camscan.app.spreadsheet import RegisterSheet
from camscan.app.workspace import Workspace
from camscan.asset import Asset, Judgement
from camscan.cells import all_harmless
from camscan.plan import make_judge
from camscan.plan.entered_twice import leave_duplicates_out
from camscan.policies import companies
from camscan.register import Register
from camscan.sheets.row import Setting, device_row
from camscan.sheets.table import VIEWS, without_traces

__all__ = ["csv_pieces", "make_workbook"]

_BATCH = 250
"""How many devices are in memory at a time."""


def make_workbook(
    space: Workspace, numbers: Sequence[str], suffix: str, *, view: str, without: Collection[str]
) -> bytes:
    """An .ods or .xlsx of these devices, without some columns. It is made whole, as its format wants it."""
    wanted = frozenset(numbers)
    with space.open(readonly=True) as book:
        found = read_by_site(book, space.settings, sees=lambda row: row.asset_id in wanted)
        made = RegisterSheet(found, space.settings, view, without=without, is_chosen=True)
        return b"".join(made.pieces(sheets.format_of_file(f"list{suffix}")))


def csv_pieces(space: Workspace, numbers: Sequence[str], *, view: str, without: Collection[str]) -> Iterator[bytes]:
    """Yield a CSV of these devices in this order, without some columns.

    A few hundred devices are read, judged and yielded at a time. The file begins with a byte order mark, without which
    Excel takes it for another encoding. Its rows are those of ``camscan register export``.
    """
    names = [column.name for column in VIEWS[view] if column.name not in without]
    yield codecs.BOM_UTF8 + _csv_lines([names])
    with space.open(readonly=True) as book:
        judged, around = _make_judge(book, space), _make_setting(book, space, assess.today_utc())
        for start in range(0, len(numbers), _BATCH):
            some = numbers[start : start + _BATCH]
            found = {each.asset_id: each for each in book.devices_by_number(some)}
            judgements = judged([*found.values()])
            texts = (device_row(found[each], judgements.get(each), around) for each in some if each in found)
            shown = (without_traces(text, without) for text in texts)
            yield _csv_lines([all_harmless([each[name] for name in names]) for each in shown])


def _csv_lines(rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def _make_judge(book: Register, space: Workspace) -> Callable[[Sequence[Asset]], Mapping[str, Judgement]]:
    settings = space.settings
    judge = make_judge(
        assess.load_rules(settings),
        settings.planning.formula,
        vulnerabilities.load_weaknesses(settings.overlays),
        assess.today_utc(),
    )
    apart = find_entered_twice(book.lines, book.lines_of_others())
    return lambda some: leave_duplicates_out(judge(some), apart)


def _make_setting(book: Register, space: Workspace, today: date) -> Setting:
    return Setting(companies.load_ownership(space.settings.overlays), today, count_behind(book))
