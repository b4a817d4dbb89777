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
