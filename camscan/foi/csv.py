"""The answers as a CSV for programs: one number on each line, with the tables one after another. Pure."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from decimal import Decimal
from typing import TextIO

from camscan.cells import all_harmless
from camscan.foi.answers import Part, about_pack, list_parts
from camscan.foi.pack import KeptBack, Pack, list_kept_back
from camscan.page.table import Cell

HEADER = ("status", "as_of", "table", "row", "measure", "value")
"""Columns of ``answers.csv``. New ones are only appended."""
KEPT_BACK_HEADER = (
    *("status", "table", "row", "number", "in_this_pack", "why", "exemption", "prejudice", "public_interest"),
    "draft_refusal",
)
"""Columns of ``suppression.csv``."""


def write_answers(pack: Pack, stream: TextIO) -> None:
    """Write the answers as UTF-8, RFC 4180: a line for each cell of each table, also for cells that are not numbers."""
    table = csv.writer(stream)
    table.writerow(HEADER)
    status, day = pack.marking, pack.estate.day.isoformat()
    for name, text in about_pack(pack):
        table.writerow(all_harmless((status, day, "About", name, "", text)))
    for part in list_parts(pack):
        table.writerows(all_harmless((status, day, *cells)) for cells in _part_lines(part))


def _part_lines(part: Part) -> Iterator[tuple[str, str, str, str]]:
    heads = part.table.heads
    for row in (*part.table.rows, *([part.table.total] if part.table.total else [])):
        for head, cell in zip(heads[1:], row[1:], strict=True):
            yield part.table.caption, str(row[0]), head.name, _cell_text(cell)


def _cell_text(cell: Cell) -> str:
    return f"{cell:.2f}" if isinstance(cell, Decimal) else str(cell)


def write_kept_back(pack: Pack, stream: TextIO) -> None:
    """Write what is withheld or proposed to be withheld. It has the true numbers, so it is never sent."""
    table = csv.writer(stream)
    table.writerow(KEPT_BACK_HEADER)
    table.writerows(all_harmless(_kept_back_row(pack, number)) for number in list_kept_back(pack))


def _kept_back_row(pack: Pack, each: KeptBack) -> tuple[str, ...]:
    words = each.refusal
    draft = (words.exemption, words.prejudice, words.interest, words.text) if words else ("", "", "", "")
    return (f"NOT FOR RELEASE; {pack.marking}", each.table, each.row, each.number, each.treatment, each.why, *draft)
