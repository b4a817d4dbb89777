"""Finds the table in a spreadsheet, and its columns that camscan knows. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from camscan.asset.columns import BY_NAME, EDITABLE, PASSED_OVER, STATED, Column, column_of_heading
from camscan.asset.spelling import nearest_hint, plain_name
from camscan.errors import UsageError
from camscan.sheets import Line, Page
from camscan.sheets.guess import column_meant, guess_columns
from camscan.sheets.heading_words import (
    describe_empty_sites,
    describe_same,
    describe_split,
    first_of,
    fold_heading,
    on_one_line,
)
from camscan.sheets.make_and_model import split_column
from camscan.sheets.merged import fill_merged
from camscan.sheets.not_devices import device_rows, is_row_of_names
from camscan.sheets.stacked import whole_headings
from camscan.words import count_text

KEYS = ("asset_id", "council_asset_tag")
"""Columns that name the device of a row; the first one that the row has counts."""
_TELLING = frozenset({*KEYS, "stated_serial_number", "stated_mac_address", "stated_ip_address"})
"""Columns by which devices are told apart."""
LIST_FROM = 3
"""From how many known headings on a worksheet has a list of devices."""
_WITHOUT_NUMBERS = (
    "its column asset_id is missing, so only rows with a council tag were compared; "
    "export it again and keep that column"
)
_MAKE_AND_MODEL = frozenset({"stated_manufacturer", "stated_model"})
_QUANTITY = frozenset({"qty", "quantity", "no. of cameras", "no of cameras", "number of cameras", "no. off", "no off"})
_MOST_DIGITS = 6
_LIKE_A_HEADING = re.compile(r"[^\d]{1,60}|[^\d]{0,20}IPv?[46][^\d]{0,20}", re.IGNORECASE)
"""A text without a number: most rows have one in their first cells."""
_OF_ONE_UNIT = frozenset({"stated_serial_number", "stated_mac_address", "stated_ip_address"})
_HEADER_WITHIN = 30
"""Rows from the top in which a header is looked for."""


@dataclass(frozen=True, slots=True)
class FoundTable:
    """The table in a spreadsheet, with the columns that camscan knows."""

    page: str
    """Name of the worksheet; empty for a CSV."""
    header: int
    """Row number of the header."""
    places: Mapping[str, int]
    """Name of a column -> its index in a row, from 0."""
    lines: tuple[Line, ...]
    """The rows below the header that are not empty."""
    unknown: tuple[str, ...]
    """A sentence for each heading that is not a column of camscan."""
    notes: tuple[str, ...]
    guessed: frozenset[str] = frozenset()
    """Columns of somebody else's list that nobody mapped: a cell with a wrong value is left out, but not its row."""
    unread: tuple[str, ...] = ()
    """A sentence for each other list of devices, on this worksheet or another."""
    quantity: int | None = None
    """Index of the column that says how many devices a row is about; None if there is none."""

    @property
    def is_ours(self) -> bool:
        """Whether it is a table of camscan's own, and not somebody else's list."""
        return "asset_id" in self.places

    @property
    def lacks_numbers(self) -> bool:
        """Whether it is an export of camscan from which somebody deleted the column of the asset numbers."""
        return "revision" in self.places and not self.is_ours

    def quantity_of(self, line: Line) -> int:
        """How many devices a row is about, as it says; 1 if it does not."""
        text = (
            line.cells[self.quantity].strip() if self.quantity is not None and self.quantity < len(line.cells) else ""
        )
        return int(text) if text.isascii() and text.isdecimal() and len(text) < _MOST_DIGITS else 1

    def cell_text(self, line: Line, name: str) -> str:
        """The text of a cell; empty if the table has no such column, or the row is shorter."""
        place = self.places.get(name)
        return line.cells[place] if place is not None and place < len(line.cells) else ""


def parse_mapping(pairs: Iterable[str]) -> Mapping[str, str]:
    """Parse ``Their Heading=our_column`` texts. Returns heading -> column.

    Raises UsageError for a text of another form, or an unknown column.
    """
    found: dict[str, str] = {}
    for pair in pairs:
        theirs, equals, ours = pair.rpartition("=")
        if not equals or not theirs.strip() or not ours.strip():
            raise UsageError(f"'{pair}': write it as 'Their Heading=our_column'")
        name = plain_name(ours)
        name = STATED.get(name, name)
        column = BY_NAME.get(name)
        if column is None or not (column.is_editable or name in KEYS):
            names = list(dict.fromkeys((*KEYS, *(each.name for each in EDITABLE))))
            near = nearest_hint(name, names) or "; `camscan set --columns` lists them"
            raise UsageError(f"'{pair}': {ours.strip()} is not a column that people can edit{near}")
        if name in found.values():
            raise UsageError(f"'{pair}': another heading is already matched to {name}")
        found[fold_heading(theirs)] = name
    return found


def mapping_lines(text: str) -> list[str]:
    """The pairs in a mapping file, one on each line; empty lines and lines that begin with # are left out."""
    return [line for line in map(str.strip, text.splitlines()) if line and not line.startswith("#")]


def find_table(pages: Sequence[Page], theirs: Mapping[str, str]) -> FoundTable:
    """Find the table: its header is the row with the most known headings. Raises UsageError if there is none."""
    page, at = _find_header(pages, theirs)
    written = header = whole_headings(page, at, lambda text: _our_column(text, theirs) or column_meant(text))
    is_ours = any(_our_column(cell, {}) == "asset_id" for cell in header.cells)
    lines, others = (page.lines[at + 1 :], ()) if is_ours else _split_lists(page, at, header, theirs)
    if not is_ours and _MAKE_AND_MODEL.isdisjoint(_column_names(header, theirs)):
        header, lines = split_column(header, lines, mapped=theirs)
    guesses: Mapping[int, str] = {} if is_ours else _guess_headings(header, theirs)
    rest, left = device_rows(lines, header, _mark_columns(header, guesses, theirs))
    places, unknown, again = _place_columns(header, guesses, theirs, rest)
    _complain_of_missing(places, theirs, header)
    if "asset_id" not in places:  # somebody else's list: what it says about a device is what a person stated
        places = {STATED.get(name, name) if STATED.get(name) not in places else name: at for name, at in places.items()}
    if "revision" in places and "asset_id" not in places:
        others = (*others, _WITHOUT_NUMBERS)
    rest, once = fill_merged(rest, page.merged, places)
    return FoundTable(
        page.name,
        header.number,
        places,
        rest,
        unknown,
        (
            *page.notes,
            *(() if is_ours else (*left, *describe_empty_sites(rest, places, header))),
            *once,
            *describe_split(written, header),
            *_describe_guesses(header, guesses, theirs),
        ),
        frozenset() if is_ours else _columns_read_leniently(header, places, theirs),
        (*others, *again, *filter(None, (_describe_unread(each, theirs) for each in pages if each is not page))),
        next((place for place, cell in enumerate(header.cells) if fold_heading(cell) in _QUANTITY), None),
    )


def _describe_guesses(header: Line, guesses: Mapping[int, str], theirs: Mapping[str, str]) -> tuple[str, ...]:
    """A sentence for each guess, and what to do if one is wrong."""
    said = tuple(
        f"'{on_one_line(header.cells[place])}' is taken for {name}: {BY_NAME[name].heading}"
        for place, name in sorted(guesses.items())
        if _our_column(header.cells[place], theirs) != name
    )
    return (*said, "If a guess is wrong, correct it with --map 'Their heading=our_column'") if said else ()


def _place_columns(
    header: Line, guesses: Mapping[int, str], theirs: Mapping[str, str], rows: Sequence[Line]
) -> tuple[dict[str, int], tuple[str, ...], tuple[str, ...]]:
    """The columns: name -> index; a sentence for each heading that is not one; and one for each that is there again.

    Raises UsageError if two headings are the same column of camscan.
    """
    is_ours = any(_our_column(cell, {}) == "asset_id" for cell in header.cells)
    places: dict[str, int] = {}
    unknown: list[str] = []
    again: list[str] = []
    for place, text in enumerate(header.cells):
        name = guesses.get(place, "") or _our_column(text, theirs)
        if not is_ours and (twin := _place_of_same(text, place, guesses, theirs)) is not None:
            is_repeated = fold_heading(text) == fold_heading(header.cells[twin])
            (again if is_repeated else unknown).append(describe_same(text, place, header.cells[twin], twin))
        elif name in places:
            raise UsageError(f"row {header.number}: two columns are called {name}; delete one")
        elif name:
            places[name] = place
        elif is_ours and plain_name(text) in PASSED_OVER:
            continue
        elif text.strip() or any(line.cells[place : place + 1] not in {(), ("",)} for line in rows):
            unknown.append(_unknown_heading(on_one_line(text), place, theirs))
    return places, first_of(unknown), first_of(again)


def _place_of_same(text: str, place: int, guesses: Mapping[int, str], theirs: Mapping[str, str]) -> int | None:
    """The index of the column that was taken for what this heading means too; None without one, or if it was mapped."""
    if place in guesses or fold_heading(text) in theirs or not text.strip():
        return None
    meant = _our_column(text, theirs)
    meant = STATED.get(meant, meant) or column_meant(text)
    return next((at for at, name in guesses.items() if name == meant and at != place), None) if meant else None


def _mark_columns(header: Line, guesses: Mapping[int, str], theirs: Mapping[str, str]) -> frozenset[int]:
    """The indexes of the columns with serial numbers and addresses."""
    names = {place: guesses.get(place, "") or _our_column(cell, theirs) for place, cell in enumerate(header.cells)}
    return frozenset(place for place, name in names.items() if STATED.get(name, name) in _OF_ONE_UNIT)


def _split_lists(
    page: Page, at: int, header: Line, theirs: Mapping[str, str]
) -> tuple[tuple[Line, ...], tuple[str, ...]]:
    """The rows of the list below the headings, without repeated headings; and a sentence for each other list there."""
    own = _column_names(header, theirs)
    above = next((place for place, line in enumerate(page.lines[: max(at - 1, 0)]) if _is_header(line, theirs)), None)
    kept: list[Line] = []
    others: list[str] = []
    if above is not None and _column_names(page.lines[above], theirs) == own:
        kept = [line for line in page.lines[above + 1 : at] if not _is_header(line, theirs)]
    elif above is not None:
        others = [_other_list(page.lines[above], at - above - 1)]
    for place, line in enumerate(page.lines[at + 1 :], at + 1):
        if not _is_header(line, theirs):
            kept.append(line)
        elif _column_names(line, theirs) != own:
            others.append(_other_list(line, len(page.lines) - place - 1))
            break
    return tuple(kept), tuple(others)


def _other_list(header: Line, rows: int) -> str:
    count = count_text(rows, "row")
    return (
        f"row {header.number} has the headings of another list ({count}), which was not read: "
        "save it as a file of its own for import"
    )


def _is_header(line: Line, theirs: Mapping[str, str]) -> bool:
    """Whether most cells of a row are known headings. Most rows are not, which their first cells show."""
    texts = [cell for cell in line.cells if cell.strip()]
    if len(texts) < LIST_FROM or not all(map(_LIKE_A_HEADING.fullmatch, texts[:LIST_FROM])):
        return False
    if not any(_our_column(text, theirs) or column_meant(text) for text in texts[:2]):
        return False
    known = len(_column_names(line, theirs))
    return known >= LIST_FROM and known * 2 > len(texts)


def _column_names(line: Line, theirs: Mapping[str, str]) -> dict[str, int]:
    """The columns that the headings of a row mean: name -> index."""
    guesses = _guess_headings(line, theirs)
    names = {place: guesses.get(place, "") or _our_column(cell, theirs) for place, cell in enumerate(line.cells)}
    return {STATED.get(name, name): place for place, name in names.items() if name}


def _describe_unread(page: Page, theirs: Mapping[str, str]) -> str:
    """A sentence about a worksheet that was not read; empty if it has no list of devices.

    A list has several known headings, one of which tells devices apart, and rows below them.
    """
    best = _best_header([page], theirs)
    if best is None:
        return ""
    header = page.lines[best[2]]
    names = {name for cell in header.cells if (name := _our_column(cell, theirs))}
    names = {STATED.get(name, name) for name in (*names, *_guess_headings(header, theirs).values())}
    rows, _ = device_rows(
        page.lines[best[2] + 1 :], header, _mark_columns(header, _guess_headings(header, theirs), theirs)
    )
    if not rows or len(names) < LIST_FROM or _TELLING.isdisjoint(names):
        return ""
    if page.is_hidden:
        return f"the sheet '{page.name}' is hidden, and was not read"
    number = count_text(len(rows), "row")
    return (
        f"the sheet '{page.name}' has a list too ({number}), and was not read: save it as a file of its own for import"
    )


def _find_header(pages: Sequence[Page], theirs: Mapping[str, str]) -> tuple[Page, int]:
    """The row with the most headings, and its page: a hidden one only if no other has any.

    Raises UsageError if no row has any.
    """
    best = _best_header([page for page in pages if not page.is_hidden], theirs) or _best_header(pages, theirs)
    if len(pages) == 1 and _is_cover(pages[0]):
        raise UsageError(
            "it is the sheet 'Read me first' of a register: a spreadsheet program saves only the open sheet as CSV; "
            "open the sheet 'Register' and save again, or save as .ods or .xlsx"
        )
    if not any(cell.strip() for page in pages for line in page.lines for cell in line.cells):
        raise UsageError("it is empty; save it again, or name another file")
    if best is None:
        raise UsageError(
            "none of its rows has known headings; name them with --map 'Their heading=our_column' "
            "(`camscan set --columns` lists ours)"
        )
    return best[1], best[2]


def _best_header(pages: Sequence[Page], theirs: Mapping[str, str]) -> tuple[int, Page, int] | None:
    """How many headings are known in the row with the most, its page, and its index there."""
    best: tuple[int, Page, int] | None = None
    for page in pages:
        for at, line in enumerate(page.lines[:_HEADER_WITHIN]):
            names = {name for cell in line.cells if (name := _our_column(cell, theirs))}
            known = len(names) + len({*names, *_guess_headings(line, theirs).values()})  # our own names count more
            is_lone = len(names) <= 1 and sum(bool(cell.strip()) for cell in line.cells) == 1 and len(page.lines) > 1
            # The names of the columns are below the headings for people, and are more certain.
            if (
                known
                and (best is None or known > best[0] or (known == best[0] and is_row_of_names(line)))
                and not (is_lone and not theirs and not is_row_of_names(line))
            ):
                best = (known, page, at)
    return best


def _is_cover(page: Page) -> bool:
    """Whether a page is the cover that comes before the register in a workbook of camscan."""
    begins = [line.cells[0].strip() if line.cells else "" for line in page.lines[:_HEADER_WITHIN]]
    return {"Marking", "Written", "Devices"} <= {*begins} and "asset_id" not in begins


def _columns_read_leniently(header: Line, places: Mapping[str, int], theirs: Mapping[str, str]) -> frozenset[str]:
    """The columns whose heading is neither our own name nor mapped."""
    return frozenset(
        name
        for name, place in places.items()
        if plain_name(header.cells[place]) not in BY_NAME and fold_heading(header.cells[place]) not in theirs
    )


def _guess_headings(line: Line, theirs: Mapping[str, str]) -> dict[int, str]:
    """Index -> column, for the headings of other people; headings that somebody mapped are not guessed."""
    mapped = {place: name for place, cell in enumerate(line.cells) if (name := theirs.get(fold_heading(cell)))}
    rest = ["" if place in mapped or fold_heading(cell) in theirs else cell for place, cell in enumerate(line.cells)]
    own = {name for cell in rest if (name := plain_name(cell)) in BY_NAME}
    taken = {STATED.get(name, name) for name in (*mapped.values(), *own)}
    return {
        place: name
        for place, name in guess_columns(rest).items()
        if name not in taken and plain_name(rest[place]) not in BY_NAME
    }


def _our_column(text: str, theirs: Mapping[str, str]) -> str:
    """The name of the column that a heading means; empty if it is none of ours."""
    return theirs.get(fold_heading(text)) or column_of_heading(text.strip("\ufeff"))


def _unknown_heading(text: str, place: int, theirs: Mapping[str, str]) -> str:
    if not text:
        return f"column {place + 1} has no heading; skipped"
    near = "" if theirs else nearest_hint(plain_name(text), list(BY_NAME))
    return f"'{text}' is not a column of the register{near or '; skipped'}"


def _complain_of_missing(places: Mapping[str, int], theirs: Mapping[str, str], header: Line) -> None:
    missing = [f"'{heading}'" for heading, name in theirs.items() if name not in places]
    if missing:
        there = ", ".join(f"'{cell.strip()[:40]}'" for cell in header.cells[:_HEADER_WITHIN] if cell.strip())
        raise UsageError(f"it has no heading {', '.join(missing)}; its headings are {there}")


def columns_of(found: FoundTable) -> list[Column]:
    """The columns of the table that people may edit, in the register's order."""
    return [column for column in EDITABLE if column.name in found.places]
