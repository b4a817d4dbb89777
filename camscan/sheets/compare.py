"""Finds what an edited spreadsheet would change, by comparing each cell with what the export showed. Pure.

The row's ``revision`` and ``inherited``, and the audit log, say what the export showed; a cell that differs is an edit.
If the register has been changed since, the edit is stale. Without a revision, a cell that differs from the present
register is an edit, and an empty cell clears nothing.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from camscan.asset import Asset, Change, Judgement
from camscan.asset.columns import COLUMNS, NAMING, STATED, Column
from camscan.asset.entry import normalise
from camscan.asset.lifecycle import complete_entries
from camscan.asset.spelling import choice_of_words
from camscan.sheets import Line
from camscan.sheets.excel_damage import american_columns, check_cell, describe_damage
from camscan.sheets.faulty_cells import FaultyCell
from camscan.sheets.heading import FoundTable, columns_of
from camscan.sheets.named_recorder import why_not_connected
from camscan.sheets.row import SUMS, inherited_texts, loose_sum, read_sums
from camscan.sheets.their_cells import cell_meaning, day_of_number

_LONGEST_NUMBER = 15
"""Maximum digits of a revision. A longer number is not a revision, and a database could not store it."""
_PLACES = {column.name: place for place, column in enumerate(COLUMNS)}
_UNKNOWN = "asset_id {}: there is no such device in the register"


@dataclass(frozen=True, slots=True)
class Entry:
    """One cell that somebody edited."""

    row: int
    """Number of the row in the spreadsheet program."""
    asset_id: str
    column: str
    old: str
    """The value in the register."""
    new: str
    """The new value as it would be stored; empty clears the entry."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The result of comparing a spreadsheet with the register."""

    entries: tuple[Entry, ...]
    """The edits, in the order of the rows."""
    left_out: tuple[tuple[int, str], ...]
    """Row number and a sentence: which edit is not taken, and what would be right."""
    kept: tuple[tuple[int, str], ...]
    """Row number and a sentence: a value that a spreadsheet program damaged, and that the register keeps."""
    strangers: tuple[Line, ...]
    """Rows that do not name a device of the register."""
    rows: int
    american_dates: frozenset[str] = frozenset()
    """The columns whose dates have the month first."""


@dataclass(slots=True)
class _Result:
    entries: list[Entry] = field(default_factory=list)
    left_out: list[tuple[int, str]] = field(default_factory=list)
    kept: list[tuple[int, str]] = field(default_factory=list)
    strangers: list[Line] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ComparedRegister:
    """The parts of the register that a comparison needs."""

    assets: Mapping[str, Asset]
    changes: Mapping[tuple[str, str], Sequence[Change]]
    """Device and column -> its changes, oldest first."""
    tags: Mapping[str, str]
    """Council tag in lower case -> device."""
    judgements: Mapping[str, Judgement]
    gone: Mapping[str, str]
    """Device that was merged into another -> the device that was kept."""


def index_register(
    assets: Iterable[Asset],
    changes: Iterable[Change],
    judgements: Mapping[str, Judgement],
    gone: Mapping[str, str] | None = None,
) -> ComparedRegister:
    """The register, indexed by the names that a spreadsheet uses."""
    by_id = {asset.asset_id: asset for asset in assets}
    by_cell: defaultdict[tuple[str, str], list[Change]] = defaultdict(list)
    for change in changes:
        by_cell[change.asset_id, change.column].append(change)
    tags = {tag.casefold(): name for name, asset in by_id.items() if (tag := asset.entries.get("council_asset_tag"))}
    return ComparedRegister(by_id, by_cell, tags, judgements, gone or {})


def first_revision(found: FoundTable) -> int:
    """The lowest revision of any row: older changes are not needed."""
    return min((number for line in found.lines if (number := _row_revision(found, line)) is not None), default=0)


Refusal = Callable[[str, str], str]
"""Returns why the person who imports the table may not write a value into a column; empty if they may."""


def refuse_nothing(_column: str, _value: str) -> str:
    """The Refusal of a person who may write everything."""
    return ""


def compare_rows(
    found: FoundTable,
    register: ComparedRegister,
    today: date,
    *,
    overwrite: bool = False,
    refused: Refusal = refuse_nothing,
) -> Comparison:
    """Compare every row of the table with the register; ``overwrite`` also takes stale edits."""
    result = _Result()
    american_dates = american_columns(found, register.assets)
    for line, asset in _rows_with_device(found, register, result):
        row = _Row(found, line, asset, register, american_dates=american_dates, overwrite=overwrite)
        _take_row(row, result, today, refused)
    _check_across(result, register)
    return Comparison(
        tuple(result.entries),
        tuple(result.left_out),
        tuple(result.kept),
        tuple(result.strangers),
        len(found.lines),
        american_dates,
    )


def _rows_with_device(found: FoundTable, register: ComparedRegister, result: _Result) -> list[tuple[Line, Asset]]:
    """The rows that name a device, with each device once."""
    named: defaultdict[str, list[Line]] = defaultdict(list)
    for line in found.lines:
        name = found.cell_text(line, "asset_id").strip().upper()  # in upper case, as asset numbers are made
        tag = found.cell_text(line, "council_asset_tag").strip()
        if name and name not in register.assets:
            same = register.gone.get(name)
            told = f"{name} is a duplicate of {same}; edit that row" if same else _UNKNOWN.format(name)
            result.left_out.append((line.number, told))
        elif name or tag.casefold() in register.tags:
            named[name or register.tags[tag.casefold()]].append(line)
        else:
            result.strangers.append(line)
    kept = []
    for name, lines in named.items():
        if len({line.cells for line in lines}) == 1:
            kept.append((lines[0], register.assets[name]))
            continue
        rows = ", ".join(str(line.number) for line in lines)
        result.left_out += [(line.number, f"{name} is in rows {rows}, which differ; keep one") for line in lines]
    return sorted(kept, key=lambda each: each[0].number)


def _row_revision(found: FoundTable, line: Line) -> int | None:
    text = found.cell_text(line, "revision").strip()
    return int(text) if text.isdecimal() and len(text) <= _LONGEST_NUMBER else None


class _Row:
    """One row of the table, with its device."""

    def __init__(
        self,
        found: FoundTable,
        line: Line,
        asset: Asset,
        register: ComparedRegister,
        *,
        american_dates: Collection[str],
        overwrite: bool,
    ) -> None:
        self.found = found
        self.line = line
        self.asset = asset
        self.american_dates = american_dates
        self.overwrite = overwrite
        self.revision = _row_revision(found, line)
        self.shown = _shown_texts(found.cell_text(line, "inherited"))
        self._gone = register.gone
        self._changes = register.changes
        self._now: Mapping[str, str] | None = None
        self._judgement = register.judgements.get(asset.asset_id)

    def entry_at_export(self, column: str) -> str:
        """The person's entry at the time when the spreadsheet was written."""
        if self.revision is not None:
            for change in self._changes.get((self.asset.asset_id, column), ()):
                if change.number > self.revision:
                    return self.text_of_today(column, change.old)
        return self.asset.entries.get(column, "")

    def text_of_today(self, column: str, text: str) -> str:
        """The text of a cell.

        If it names a device that was merged into another, the name of the device that was kept.
        """
        return self._gone.get(text.strip(), text) if column in NAMING else text

    def inherited_texts(self, column: str) -> tuple[str, ...]:
        """Texts that the cell may have shown if nobody had entered anything."""
        if self._now is None:
            self._now = inherited_texts(self.asset, self._judgement)
        return tuple(filter(None, (self.shown.get(column), self._now.get(column))))


def _shown_texts(text: str) -> Mapping[str, str]:
    try:
        shown = json.loads(text) if text else {}
    except (ValueError, RecursionError):  # somebody's own words, or brackets without end
        return {}
    return {str(name): str(value) for name, value in shown.items()} if isinstance(shown, dict) else {}


class _EditLeftOut(Exception):  # noqa: N818 - an outcome of one cell
    """Raised for an edit that is not taken; the other edits of its row are."""


class _NotAnEdit(Exception):  # noqa: N818 - as above
    """Raised for a cell that is not an edit, although it differs."""


def _take_row(row: _Row, result: _Result, today: date, refused: Refusal) -> None:
    """Take the edits of one row: all that are possible, or none if one of them is wrong."""
    number = row.line.number
    edits, wrong = _row_edits(row, result, refused)
    _report_own_columns(row, result)
    if not wrong and edits:
        try:
            entries = complete_row_entries(edits, row.asset, today)
        except ValueError as error:
            wrong.append(str(error))
        else:
            wrong += [f"{each.column}: {why}" for each in entries if (why := refused(each.column, each.new))]
            result.entries += [] if wrong else entries
    if not wrong:
        return
    result.left_out += [(number, each) for each in wrong]
    others = [edit.column for edit in edits if not any(each.startswith(edit.column) for each in wrong)]
    if others:
        columns = ", ".join(others)
        result.left_out.append((number, f"the row's other edits were skipped too: {columns}"))


def complete_row_entries(entries: Sequence[Entry], asset: Asset, today: date) -> list[Entry]:
    """The entries of one row for one device, with those that the register adds itself: a removal gets its day.

    Raises ValueError with a sentence if they contradict each other.
    """
    done = complete_entries(asset.entries, {entry.column: entry.new for entry in entries}, today)
    row, made = entries[0].row, {entry.column for entry in entries}
    more = [
        Entry(row, asset.asset_id, name, held, value)
        for name, value in done.items()
        if name not in made and value != (held := asset.entries.get(name, ""))
    ]
    return sorted([*entries, *more], key=lambda each: _PLACES[each.column])  # as the log will store them


def _row_edits(row: _Row, result: _Result, refused: Refusal) -> tuple[list[Entry], list[str]]:
    """The edits in a row's cells, and what is wrong with the other cells."""
    edits: list[Entry] = []
    wrong: list[str] = []
    found_by_tag = not row.found.cell_text(row.line, "asset_id").strip()
    for column in columns_of(row.found):
        if found_by_tag and (column.name == "council_asset_tag" or is_given_by_scan(row.asset, column.name)):
            continue
        try:
            edit = _cell_edit(row, column)
        except _EditLeftOut as outcome:
            result.left_out.append((row.line.number, f"{column.name}: {outcome}"))
        except _NotAnEdit as outcome:
            result.kept.append((row.line.number, f"{column.name}: {outcome}"))
        except ValueError as error:
            if column.name in row.found.guessed or isinstance(error, FaultyCell):
                result.left_out.append((row.line.number, f"{column.name}: {error}; this cell was skipped"))
            else:
                wrong.append(f"{column.name}: {error}")
        else:
            why = refused(column.name, edit.new) if edit else ""
            if why:
                result.left_out.append((row.line.number, f"{column.name}: {why}"))
            edits += [edit] if edit and not why else []
    return edits, wrong


def is_given_by_scan(asset: Asset, column: str) -> bool:
    """Whether nobody has filled in this stated column, and a scan gives its value already."""
    found = asset.identification
    told: Mapping[str, object] = {
        "stated_manufacturer": found.maker,
        "stated_model": found.model,
        "stated_serial_number": found.serial,
        "stated_device_type": found.kind,
        "stated_mac_address": asset.mac_addresses,
        "stated_ip_address": asset.ip_addresses,
    }
    return bool(told.get(column)) and column not in asset.entries


def _cell_edit(row: _Row, column: Column) -> Entry | None:
    """The edit in a cell; None if it has none. Raises ValueError for a text that the column cannot hold."""
    text = row.text_of_today(column.name, row.found.cell_text(row.line, column.name))
    text = day_of_number(column, text) if row.found.is_ours else cell_meaning(column, text)
    now = row.asset.entries.get(column.name, "")
    before = row.entry_at_export(column.name)
    shown = (before,) if before else row.inherited_texts(column.name)
    if not text.strip():
        if row.revision is None or not any(shown):
            return None
        if not before:
            raise _NotAnEdit(
                f"'{shown[0]}' comes from the site map or the scanner; to overrule it, enter another value"
            )
        new = ""
    else:
        if any(_is_same_value(column, text, each) for each in (*shown, now)):
            return None
        for each in filter(None, shown):
            if reason := describe_damage(column, text, each, american_dates=column.name in row.american_dates):
                raise _NotAnEdit(f"{reason}; '{each}' is kept")
        check_cell(column, text, american_dates=column.name in row.american_dates)
        new = normalise(column, text)
    if new == now:
        return None
    if before != now and not row.overwrite:
        raise _EditLeftOut(
            f"was '{before}' when this file was written and is '{now}' now; '{new}' was skipped (--overwrite takes it)"
        )
    return Entry(row.line.number, row.asset.asset_id, column.name, now, new)


def _is_same_value(column: Column, text: str, other: str) -> bool:
    if text == other:
        return True
    try:
        return normalise(column, text) == normalise(column, other)
    except ValueError:
        return text.strip() == other.strip()


def _report_own_columns(row: _Row, result: _Result) -> None:
    """Report edits of camscan's own columns, which are not taken."""
    stored = row.shown.get(SUMS, "")
    if not stored:
        return
    for name, expected in read_sums(stored).items():
        if name not in row.found.places:
            continue
        text = row.found.cell_text(row.line, name)
        if expected not in {loose_sum(text), loose_sum(choice_of_words(name, text))}:
            what = f"{name} is camscan's own column; '{text.strip()[:60]}' was skipped"
            if name in STATED:
                what += f". To correct it, fill in {STATED[name]}"
            result.left_out.append((row.line.number, what))


def _check_across(result: _Result, register: ComparedRegister) -> None:
    """Check several rows together: one label on two devices, or a recorder that is not one."""
    carries = dict(register.tags)
    tagged = [entry for entry in result.entries if entry.column == "council_asset_tag"]
    for entry in tagged:
        if entry.old and carries.get(entry.old.casefold()) == entry.asset_id:
            del carries[entry.old.casefold()]
    wrong: set[Entry] = set()
    for entry in tagged:
        other = carries.setdefault(entry.new.casefold(), entry.asset_id) if entry.new else entry.asset_id
        if other != entry.asset_id:
            wrong.add(entry)
            result.left_out.append((entry.row, f"council_asset_tag {entry.new} belongs to {other}; skipped"))
    for entry in result.entries:
        if entry.column == "recorder_asset_id" and (
            told := why_not_connected(entry.new, register.assets, entry.asset_id)
        ):
            wrong.add(entry)
            result.left_out.append((entry.row, told))
    result.entries = [entry for entry in result.entries if entry not in wrong]
    result.left_out.sort(key=lambda each: each[0])
