"""A table that a page shows, and that a spreadsheet can show as well. Pure."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

Cell = str | int | Decimal | date | None
"""None is an empty cell."""


class Kind(enum.StrEnum):
    """How the cells of a column are written."""

    TEXT = "text"
    NUMBER = "number"
    """A whole number; to the right."""
    POUNDS = "pounds"
    """To the right."""
    DAY = "day"


@dataclass(frozen=True, slots=True)
class Head:
    """The heading of a column, and what stands below it."""

    name: str
    kind: Kind = Kind.TEXT


WIDE = 6
"""Columns of a table that has the whole width."""


@dataclass(frozen=True, slots=True)
class Table:
    """One table: no cell of it spans others, and the first column names its rows."""

    caption: str
    heads: tuple[Head, ...]
    rows: Sequence[Sequence[Cell]]
    """Cells in the order of ``heads``."""
    total: Sequence[Cell] = field(default=())
    """The last row, which sums the others; empty for none."""
    note: str = ""
    """A sentence below it."""
    by: int | None = None
    """The column by which the rows are grouped: a page shows it once, above the rows that share it."""

    @property
    def shown(self) -> tuple[Head, ...]:
        """The headings of a page: without the column that it is grouped by."""
        return tuple(head for place, head in enumerate(self.heads) if place != self.by)

    @property
    def marks(self) -> str:
        """Which of the columns that a page shows hold numbers and days, as classes of the style sheet: ``n3 d9``."""
        letters = {Kind.NUMBER: "n", Kind.POUNDS: "n", Kind.DAY: "d"}
        kinds = [letters.get(head.kind, "") for head in self.shown]
        found = [f"{letter}{place}" for place, letter in enumerate(kinds, 1) if letter]
        return " ".join([*(["wide"] if len(kinds) > WIDE else []), *found])


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that is seen first."""

    name: str
    value: str
    note: str = ""
    """Meaning, in a few words."""
