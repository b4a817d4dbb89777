"""Rows of a list that are not devices: repeated headings, sums, VAT, rules, and the notes below the list. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from camscan.asset.columns import BY_NAME
from camscan.sheets import Line
from camscan.words import count_text

_EDIT_MARKS = {"you may edit", "camscan's"}
_RULE = re.compile(r"[-=_:+*.\s]{2,}")
_SUM = re.compile(
    r"(?:grand |sub)?totals?\b(?! \w+ (?:hall|house|school))|sum of\b|count\b|number of (?:cameras|devices)\b",
    re.IGNORECASE,
)
_LOOSE_SUM = re.compile(
    r".{0,60}\b(?:grand |sub[ -]?)?totals?\s*[:=]?|sub[ -]totals?\b.*|(?:plus |add |\+ ?)?vat\b.{0,20}"
    r"|net(?: total| cost)?\s*:?|(?:carried|brought) forward\b.*|[bc]/f\b.*",
    re.IGNORECASE,
)
"""Texts that may also be the name of a device: a row with its serial number or address is one."""
_NOTES = re.compile(
    r"(?:notes?|key|legend|assumptions|exclusions|terms(?: and conditions)?|disclaimer|caveats|abbreviations)\s*[:.-]?"
    r"|(?:notes?|key|legend|n\.?b)\s*[:.]\s.*",
    re.IGNORECASE,
)


def device_rows(
    lines: Sequence[Line], header: Line, marks: Collection[int]
) -> tuple[tuple[Line, ...], tuple[str, ...]]:
    """The rows below the headings that may be devices, and a sentence for each sum, and for the notes below them.

    ``marks`` are the indexes of the columns with serial numbers and addresses. A list for printing may repeat its
    headings on every page.
    """
    marked = [at for at, line in enumerate(lines) if _has_mark(line, marks)]
    last = marked[-1] if marked else -1
    kept: list[Line] = []
    left: list[str] = []
    before = header.number
    for at, line in enumerate(lines):
        texts = [text for cell in line.cells if (text := cell.strip())]
        if line.cells == header.cells or not texts or _is_no_row(texts) or is_row_of_names(line):
            continue
        is_apart, before = line.number > before + 1, line.number
        if _SUM.match(texts[0]) or (_LOOSE_SUM.fullmatch(texts[0]) and not _has_mark(line, marks)):
            left.append(f"row {line.number}: '{texts[0][:40]}' is a sum, not a device; skipped")
        elif at > last and kept and (marked or is_apart) and _NOTES.fullmatch(texts[0]):
            rest = count_text(len(lines) - at, "row")
            left.append(f"row {line.number}: '{texts[0][:40]}' begins the notes below the list ({rest}); skipped")
            break
        else:
            kept.append(line)
    return tuple(kept), tuple(left)


def is_row_of_names(line: Line) -> bool:
    """Whether every cell is the name of a column, as camscan writes it."""
    cells = [cell.strip("\ufeff ") for cell in line.cells if cell.strip()]
    return bool(cells) and all(cell in BY_NAME for cell in cells)


def _has_mark(line: Line, marks: Collection[int]) -> bool:
    return any(place < len(line.cells) and line.cells[place].strip() for place in marks)


def _is_no_row(texts: Sequence[str]) -> bool:
    """Whether a row has only the marks of camscan's own export, or lines that somebody drew."""
    return _EDIT_MARKS.issuperset(texts) or (len(texts) > 1 and all(map(_RULE.fullmatch, texts)))
