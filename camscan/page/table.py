"""A table for a page, which a spreadsheet can show too. Pure."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

Cell = str | int | Decimal | date | None
"""One value of a table; None is an empty cell."""


class Kind(enum.StrEnum):
    """How the cells of a column are written."""

    TEXT = "text"
    NUMBER = "number"
    """A whole number, aligned right."""
    POUNDS = "pounds"
    """A sum in pounds, aligned right."""
    DAY = "day"


@dataclass(frozen=True, slots=True)
class Head:
    """The heading of a column, and the kind of its cells."""

    name: str
    kind: Kind = Kind.TEXT


WIDE = 6
"""How many columns a table needs to have the whole width."""


@dataclass(frozen=True, slots=True)
class Table:
    """One table: no cell spans others, and the first column names the rows."""

    caption: str
    heads: tuple[Head, ...]
    rows: Sequence[Sequence[Cell]]
    """The cells, in the order of ``heads``."""
    total: Sequence[Cell] = field(default=())
    """The last row, which has the sums; empty if there is none."""
    note: str = ""
    """A sentence below the table."""
    by: int | None = None
    """The column by which the rows are grouped: a page shows its value once, above the rows that share it."""

    @property
    def shown(self) -> tuple[Head, ...]:
        """The headings that a page shows: without the column by which rows are grouped."""
        return tuple(head for place, head in enumerate(self.heads) if place != self.by)

    @property
    def marks(self) -> str:
        """Which of the shown columns hold numbers and days, as classes of the style sheet: ``n3 d9``."""
        letters = {Kind.NUMBER: "n", Kind.POUNDS: "n", Kind.DAY: "d"}
        kinds = [letters.get(head.kind, "") for head in self.shown]
        found = [f"{letter}{place}" for place, letter in enumerate(kinds, 1) if letter]
        return " ".join([*(["wide"] if len(kinds) > WIDE else []), *found])


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that a reader sees first."""

    name: str
    value: str
    note: str = ""
    """What the number means, in a few words."""
