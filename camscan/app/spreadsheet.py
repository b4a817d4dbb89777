"""Spreadsheets of the register: written for people, and read back with their changes."""

from __future__ import annotations

import functools
import hashlib
import io
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from camscan import sheets, system
from camscan.app.assess import judge_assets, today_utc
from camscan.app.by_site import Batch, Devices
from camscan.app.two_processes import in_two_processes
from camscan.app.workspace import Workspace
from camscan.asset import GONE, Asset, Judgement, RecordType
from camscan.config import Config
from camscan.drafts import DraftRows
from camscan.errors import StaleError, UsageError
from camscan.output import visible
from camscan.plan.calendar import budget_year
from camscan.plan.standing import planned_day, removal_cost, removed_day
from camscan.register import Edit, NewRow, Register
from camscan.sheets import Extra, Rows, Sheet, Table, compare, heading, new_rows
from camscan.sheets.compare import Comparison
from camscan.sheets.file_kind import format_to_read
from camscan.sheets.heading import FoundTable
from camscan.sheets.new_rows import SortedRows
from camscan.sheets.table import (
    SHORT,
    VIEWS,
    Cost,
    describe_scope,
    finance_page,
    is_printed,
    lay_out,
    table_rows,
)

_LARGEST = 200 * 1024 * 1024
"""The largest file that is read, in bytes."""
_OF_THE_PROGRAMME = frozenset({"short", "costs"})
"""Views that only have the devices in scope, with the costs by year beside them."""
_SLAB, _MANY = 4000, 2000
"""Devices of a CSV that are in memory at a time, and from how many on a second process is worth its start."""
_PIECE = 1 << 16


# ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Import:
    """The changes in an edited spreadsheet, compared with the present register."""

    found: FoundTable
    """The table of the file."""
    assets: Mapping[str, Asset]
    """The devices as they were before, by asset id."""
    seen: int
    """The number of the last change in the log when this was compared."""
    compared: Comparison
    sorted: SortedRows
    """Its rows that name no device: which may be added, and which not."""
    add: bool
    """Whether these rows are to be added."""
    added: Sequence[str] = field(default=())
    """Asset numbers of the rows that were added."""

    @property
    def mark(self) -> str:
        """A mark of what it would write, which is equal if that is still the same."""
        return hashlib.sha256(repr(self.edits_and_rows()).encode("utf-8", "surrogatepass")).hexdigest()

    def edits_and_rows(self) -> tuple[list[Edit], list[NewRow]]:
        """The edits and new rows that it would write."""
        entries = [*self.compared.entries, *(self.sorted.filled if self.add else ())]
        edits = [Edit(entry.asset_id, entry.column, entry.new) for entry in entries]
        rows = []
        for each in self.sorted.new if self.add else ():
            own = dict(each.entries)
            recorder, channel = own.pop("recorder_asset_id", ""), own.pop("recorder_channel", "")
            kind = RecordType.BEHIND_RECORDER if recorder else RecordType.IMPORTED
            rows.append(NewRow(kind, own, recorder, int(channel) if recorder and channel else None))
        return edits, rows

    @property
    def is_partial(self) -> bool:
        """Whether something in the file was left out."""
        strangers = not self.add and bool(self.compared.strangers)
        unknown = bool(self.found.unknown) and not self.add
        left_out = self.compared.left_out or (self.add and self.sorted.left_out) or self.found.unread
        return bool(left_out or strangers or unknown)


@dataclass(frozen=True, slots=True)
class Limits:
    """What the person may not see or write: it is left out, with a line."""

    sees: Callable[[Asset], bool]
    hidden: Callable[[str], bool]
    """Whether a column may not be seen: it is not compared, so nothing can be found out by trying."""
    refused: Callable[[str, str], str]
    """Why this role may not write this value into a column; empty if it may."""


def read_sheet(
    file: Path, pairs: Sequence[str] = (), map_file: Path | None = None, *, piped: BinaryIO | None = None
) -> FoundTable:
    """Read the table of an .ods, .xlsx or .csv. Raises UsageError, with the file's name, for what cannot be used.

    ``pairs`` say which heading is which column (``Camera No=council_asset_tag``); ``map_file`` has more of them. A file
    called ``-`` is read from ``piped``.
    """
    theirs = (
        [*heading.mapping_lines(_read_content(map_file, piped).decode("utf-8-sig", "replace")), *pairs]
        if map_file
        else pairs
    )
    return read_sheet_content("" if str(file) == "-" else str(file), _read_content(file, piped), theirs)


def read_sheet_content(name: str, content: bytes, pairs: Sequence[str] = ()) -> FoundTable:
    """Read the table in the content of a file of that name; otherwise like :func:`read_sheet`."""
    try:
        sheet = format_to_read(name, content)
        return heading.find_table(sheet.read(content), heading.parse_mapping(pairs))
    except UsageError as error:
        raise UsageError(f"{name or file_name(Path('-'))}: {error}") from None


def file_name(file: Path) -> str:
    """The name of a file in messages and in the log."""
    return "standard input" if str(file) == "-" else str(file)


def _read_content(file: Path, piped: BinaryIO | None) -> bytes:
    if str(file) == "-" and piped:
        content = piped.read(_LARGEST + 1)
        if not content:
            raise UsageError("standard input is empty; name a file, or pipe one in")
        return content
    try:
        if file.stat().st_size > _LARGEST:
            raise UsageError(f"{file}: larger than {_LARGEST // 1024 // 1024} MB; is it the right file?")
        return file.read_bytes()
    except FileNotFoundError:
        raise UsageError(f"{file}: there is no such file; check the name and the folder") from None
    except OSError as error:
        raise UsageError(f"{file}: cannot be read: {system.why_not_read(error, file)}") from error


def compare_sheet(
    book: Register,
    found: FoundTable,
    settings: Config,
    *,
    overwrite: bool = False,
    add: bool = False,
    by_address: bool = False,
    limits: Limits | None = None,
) -> Import:
    """Compare the file with the register; nothing is written. ``by_address`` lets an IP address name a device."""
    # The log is read before the devices: an entry that somebody makes in between counts as unseen, and `take` notices.
    has_revisions = "revision" in found.places
    since = compare.first_revision(found) if has_revisions else 0
    changes = book.changes(since=since)
    assets = book.devices()
    newest = max((asset.revision for asset in assets), default=0)
    seen = max((change.number for change in changes), default=min(since, newest))
    merged, judgements = book.merged_rows(), judge_assets(assets, settings)
    if limits:
        found = _without_hidden(found, limits)
        assets = [asset for asset in assets if limits.sees(asset)]
        shown = {asset.asset_id for asset in assets}
        merged = {gone: kept for gone, kept in merged.items() if kept in shown}
    known = compare.index_register(assets, changes, judgements, merged)
    refused = limits.refused if limits else compare.refuse_nothing
    compared = compare.compare_rows(found, known, today_utc(), overwrite=overwrite, refused=refused)
    if compared.strangers and has_revisions:
        changes = book.changes()
    strangers = new_rows.sort_new_rows(found, compared, assets, changes, today_utc(), overwrite, by_address=by_address)
    if add:
        _refuse_to_add(found, compared, strangers)
    return Import(found, known.assets, seen, compared, strangers, add)


def _refuse_to_add(found: FoundTable, compared: Comparison, strangers: SortedRows) -> None:
    """Raise UsageError for a table whose rows are not added: it has none, or nothing distinguishes its devices."""
    if found.lacks_numbers:
        raise UsageError(
            "it is an export of camscan without its column asset_id, so devices of the register would be added again; "
            "export it again and keep that column"
        )
    if not compared.rows:
        raise UsageError("there are no rows below its headings; name the file that has them")
    if not strangers.has_key:
        raise UsageError(
            "none of the new rows has a council tag, serial number, MAC address or IP address, so devices could not "
            "be told apart; say which heading is which, such as --map"
            " 'Camera No=council_asset_tag'"
        )


def _without_hidden(found: FoundTable, limits: Limits) -> FoundTable:
    """The table without columns that may not be seen, except those that only camscan reads."""
    hidden = [name for name in found.places if limits.hidden(name)]
    places = {name: place for name, place in found.places.items() if name not in hidden}
    said = [f"{name}: your role may not see this column; it was skipped" for name in hidden]
    return replace(found, places=places, unknown=(*found.unknown, *said))


def take_sheet(
    space: Workspace,
    file: Path,
    found: FoundTable,
    *,
    role: str | None = None,
    overwrite: bool = False,
    add: bool = False,
    by_address: bool = False,
    because: str = "",
    limits: Limits | None = None,
    mark: str = "",
) -> Import:
    """Change the register as the file says. Returns what was changed and added.

    ``mark`` is that of the Import that somebody has looked at: raises StaleError if the file would now do something
    else.
    """
    acting = space.role(role)
    with space.open(editing=True, create=False) as book:
        work = compare_sheet(
            book, found, space.settings, overwrite=overwrite, add=add, by_address=by_address, limits=limits
        )
        if mark and work.mark != mark:
            raise StaleError("somebody has changed the register since; compare again")
        edits, rows = work.edits_and_rows()
        how = f"import of {'standard input' if str(file) == '-' else file.name}"
        _, added = book.take_import(edits, rows, seen=work.seen, role=acting, how=how, because=because)
    return replace(work, added=added)


# ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────────


class RegisterSheet:
    """A view of the register as a spreadsheet, and what was counted once it has been made.

    Of devices that somebody has chosen, a view of the programme leaves none out.
    """

    def __init__(
        self, devices: Devices, settings: Config, view: str, *, without: Collection[str] = (), is_chosen: bool = False
    ) -> None:
        self.rows = 0
        """Devices in it."""
        self.every = 0
        """How many devices were read."""
        self._in_scope = 0
        self._devices, self._view, self._without = devices, view, without
        self._has_all = is_chosen or view not in _OF_THE_PROGRAMME
        self._organisation = settings.organisation

    @property
    def scope(self) -> str:
        """How many of the devices of a short view are in scope, in words."""
        return describe_scope(self._in_scope, self.rows - self._in_scope)

    def pieces(self, sheet: Sheet, *, bom: bool = False) -> Iterator[bytes]:
        """The file: a CSV as it is made, a workbook when all of it is made. ``bom`` is of a CSV."""
        return self._csv(bom=bom) if sheet.suffix == ".csv" else self._workbook(sheet)

    def _workbook(self, sheet: Sheet) -> Iterator[bytes]:
        """Its rows wait on disk: how many there are, and what they cost, stands before them."""
        rows, costs = DraftRows(), list[Cost]()
        for some, judged in self._chosen():
            rows.add(table_rows(some, judged, self._devices.around, view=self._view, without=self._without))
            costs += map(_removal_cost, some) if self._view in _OF_THE_PROGRAMME else ()
        with tempfile.TemporaryFile() as made:
            sheet.write(self._lay_out(rows, [finance_page(costs)] if self._view in _OF_THE_PROGRAMME else []), made)
            made.seek(0)
            while piece := made.read(_PIECE):
                yield piece

    def _csv(self, *, bom: bool) -> Iterator[bytes]:
        """Yield the CSV. Both processors make a long one, because rows are independent."""
        yield self._csv_of([], bom=bom)
        for rows, judgements in self._slabs():
            half = functools.partial(self._lines, judgements=judgements)
            yield from in_two_processes(half, rows) if len(rows) >= _MANY else (half(rows),)

    def _slabs(self) -> Iterator[Batch]:
        """Some thousand of the devices at a time: so many that a second process is worth its start."""
        rows: list[Asset] = []
        judgements: dict[str, Judgement] = {}
        for some, judged in self._chosen():
            rows += some
            judgements |= judged
            if len(rows) >= _SLAB:
                yield rows, judgements
                rows, judgements = [], {}
        yield rows, judgements

    def _chosen(self) -> Iterator[Batch]:
        """The devices of the view, which are counted on the way."""
        for some, judged in self._devices.batches():
            self.every += len(some)
            shown = [row for row in some if self._has_all or is_printed(judged[row.asset_id])]
            self.rows += len(shown)
            self._in_scope += sum(judged[row.asset_id].in_scope == "yes" for row in shown)
            yield shown, judged

    def _lines(self, rows: Sequence[Asset], judgements: Mapping[str, Judgement]) -> bytes:
        found = table_rows(rows, judgements, self._devices.around, view=self._view, without=self._without)
        content = self._csv_of(list(found))
        for _ in range(2 if self._view == "short" else 1):  # without another header
            content = content.partition(b"\r\n")[2]
        return content

    def _csv_of(self, rows: Rows, *, bom: bool = False) -> bytes:
        stream = io.BytesIO()
        sheets.load_formats()[".csv"].write(self._lay_out(rows, (), bom=bom), stream)
        return stream.getvalue()

    def _lay_out(self, rows: Rows, extras: Sequence[Extra], *, bom: bool = False) -> Table:
        return lay_out(
            *(rows, self._devices.around, self.scope),
            view=self._view,
            organisation=self._organisation,
            now=datetime.now(UTC),
            extras=extras,
            bom=bom,
            without=self._without,
        )


def _removal_cost(asset: Asset) -> Cost:
    """The cost of a device in scope: in the year of its removal, or of the day that is planned for it."""
    day = removed_day(asset) if asset.lifecycle in GONE else planned_day(asset)
    return Cost(
        year=budget_year(day) if day else "",
        budget_code=visible(asset.entries.get("budget_code", "")),
        site=visible(asset.entry("site_name") or asset.site),
        pounds=removal_cost(asset),
    )


def count_columns(view: str) -> int:
    """How many columns a view has."""
    return len(SHORT) if view == "short" else len(VIEWS[view])
