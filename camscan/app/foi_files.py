"""The files of a pack of answers: those that are sent, and those that never are."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TextIO

from camscan import sheets
from camscan.asset.columns import Kind
from camscan.cells import harmless_cell
from camscan.foi.answers import Part, about_pack, list_parts, pack_title
from camscan.foi.csv import write_answers, write_kept_back
from camscan.foi.pack import Pack
from camscan.foi.page import answers_page, readme_text
from camscan.output import visible
from camscan.page import Kind as PageKind
from camscan.page import Table
from camscan.page.table import Cell
from camscan.sheets.book import write_book

KEPT_BACK = "not-for-release"
"""The folder within that of a pack, for files that are never sent."""

# ── the workbook ─────────────────────────────────────────────────────────────────────────────────────────────────

_KINDS = {
    PageKind.TEXT: Kind.TEXT,
    PageKind.NUMBER: Kind.NUMBER,
    PageKind.POUNDS: Kind.MONEY,
    PageKind.DAY: Kind.DATE,
}
_WIDTHS = {PageKind.NUMBER: 14, PageKind.POUNDS: 16, PageKind.DAY: 16}
_FIRST, _LABEL = 50, 34
_LINE = 130
"""The most characters of all columns together: as much as a landscape page holds without being made smaller."""


def make_workbook(pack: Pack) -> bytes:
    """Make ``answers.ods``: a cover, a page of notes, and one table on each worksheet. It does not say who made it."""
    cover = sheets.Extra(
        "Read me first",
        _title_cell(pack, pack_title(pack)),
        (),
        (Kind.TEXT, Kind.TEXT),
        tuple((_cell_text(name), _cell_text(text)) for name, text in about_pack(pack)),
        widths=(_LABEL, _LINE - _LABEL),
    )
    notes = sheets.Extra(
        "Notes",
        _title_cell(pack, "Notes on the tables"),
        ("Table", "Note"),
        (Kind.TEXT, Kind.TEXT),
        tuple((_cell_text(part.name), _cell_text(note)) for part in list_parts(pack) for note in part.notes),
        widths=(_LABEL, _LINE - _LABEL),
    )
    pages = (cover, *(_make_sheet(pack, part) for part in list_parts(pack)), notes)
    content = io.BytesIO()
    write_book(sheets.Book(pack_title(pack), pack.marking, pages), content)
    return content.getvalue()


def _make_sheet(pack: Pack, part: Part) -> sheets.Extra:
    table = part.table
    rows = [*table.rows, *([table.total] if table.total else [])]
    return sheets.Extra(
        part.name,
        _title_cell(pack, table.caption),
        tuple(f"{head.name} (£)" if head.kind is PageKind.POUNDS else head.name for head in table.heads),
        tuple(_KINDS[head.kind] for head in table.heads),
        tuple(tuple(map(_cell_text, row)) for row in rows),
        bold=frozenset({len(rows) - 1} if table.total else ()),
        widths=_column_widths(table),
    )


def _column_widths(table: Table) -> tuple[int, ...]:
    """The width of each column: the columns of text share the room that numbers leave."""
    known = [_WIDTHS.get(head.kind, 0) for head in table.heads]
    texts = known.count(0)
    each = min(_FIRST, (_LINE - sum(known)) // texts)
    return tuple(width or each for width in known)


def _title_cell(pack: Pack, text: str) -> str:
    """A title for the first cell, which also says if the pack is a draft."""
    return _cell_text(text if pack.release else f"{text} ({pack.marking})")


def _cell_text(cell: Cell) -> str:
    return harmless_cell(visible(f"{cell:.2f}" if isinstance(cell, Decimal) else str(cell)))


# ── all files ────────────────────────────────────────────────────────────────────────────────────────────────────


def _workbook_bytes(writer: Callable[[TextIO], None]) -> bytes:
    text = io.StringIO(newline="")
    writer(text)
    return text.getvalue().encode()


_SENT: Mapping[str, Callable[[Pack], bytes]] = {
    "answers.html": lambda pack: answers_page(pack).encode(),
    "answers.ods": make_workbook,
    "answers.csv": lambda pack: _workbook_bytes(lambda stream: write_answers(pack, stream)),
    "README.txt": lambda pack: readme_text(pack).encode(),
}
_NOT_SENT: Mapping[str, Callable[[Pack], bytes]] = {
    "suppression.csv": lambda pack: _workbook_bytes(lambda stream: write_kept_back(pack, stream)),
    "comparison.txt": lambda pack: _comparison_text(pack).encode(),
}
NAMES = tuple(_SENT)
"""The names of the files that are sent."""


def files_to_send(pack: Pack) -> dict[str, bytes]:
    """Name -> contents of the files that are sent."""
    return {name: make(pack) for name, make in _SENT.items()}


def files_kept_back(pack: Pack) -> dict[str, bytes]:
    """Name with its folder -> contents of the files that are never sent."""
    return {f"{KEPT_BACK}/{name}": make(pack) for name, make in _NOT_SENT.items()}


def digest_of_files(files: Mapping[str, bytes]) -> str:
    """SHA-256 over the SHA-256 of each file, in their order: it shows whether files are those that were released."""
    found = hashlib.sha256()
    for content in files.values():
        found.update(hashlib.sha256(content).digest())
    return found.hexdigest()


def _comparison_text(pack: Pack) -> str:
    lines = [f"NOT FOR RELEASE; {pack.marking}", "", "Released earlier and compared with this pack:"]
    lines += [f"- {old.name}, by {old.role}" for old in pack.earlier] or ["- none"]
    lines += ["", "What can be worked out from them and this pack together:"]
    lines += [f"- {warned.text}." for warned in pack.warnings] or ["- nothing"]
    return "\n".join([*lines, ""])
