"""Tables of counts with one dimension. Pure."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

NO_LOTS: frozenset[tuple[int, int]] = frozenset()


class Stance(enum.StrEnum):
    """Whether a row may be withheld."""

    COUNTED = "counted"
    """The row may be withheld."""
    ZERO = "zero"
    """The row says "none", which reveals nobody; it may only be merged with others."""
    OPEN = "open"
    """The row is never withheld: it says what is not recorded, or "none" where there can be none."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the number of devices in one category, or in several that were merged."""

    keys: frozenset[str]
    """The categories of the row."""
    label: str
    devices: int
    stance: Stance = Stance.COUNTED
    priced: int = 0
    """How many of the devices have a known price."""
    pence: int = 0
    """The sum of the known prices, in pence."""
    lots: frozenset[tuple[int, int]] = NO_LOTS
    """Contract and site of the devices with a price."""
    is_withheld: bool = False
    is_price_withheld: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """One question with a row for each category."""

    id: str
    title: str
    definition: str
    rows: tuple[Row, ...]
    total: int
    """How many devices the table is about."""
    is_partition: bool = True
    """Whether every device is in exactly one row."""
    is_ordered: bool = False
    """Whether neighbouring rows belong together, as years do."""
    is_total: bool = False
    """Whether its numbers are totals, which are never withheld."""
    has_prices: bool = False
    is_of_gone: bool = False
    """Whether the table is about removed devices."""
    shows_none: bool = True
    """Whether a row that says "none" is always shown."""
    original: Mapping[str, int] = field(default_factory=dict)
    """Category -> its number of devices before rows were withheld or merged."""

    @property
    def lowest(self) -> int:
        """The lowest number that a reader knows a withheld row can have."""
        return 1 if self.shows_none else 0

    @property
    def priced(self) -> int:
        """How many devices have a known price."""
        return sum(row.priced for row in self.rows)

    @property
    def pence(self) -> int:
        """The sum of the known prices, in pence."""
        return sum(row.pence for row in self.rows)


def make_table(
    id_: str,
    title: str,
    definition: str,
    rows: Iterable[Row],
    *,
    is_ordered: bool = False,
    is_total: bool = False,
    has_prices: bool = False,
    is_of_gone: bool = False,
    shows_none: bool = True,
) -> Table:
    """Make a table in which every device is in one row."""
    known = tuple(rows)
    return Table(
        id=id_,
        title=title,
        definition=definition,
        rows=known,
        total=sum(row.devices for row in known),
        is_ordered=is_ordered,
        is_total=is_total,
        has_prices=has_prices,
        is_of_gone=is_of_gone,
        shows_none=shows_none,
        original={key: row.devices for row in known for key in row.keys},
    )


def merge_rows(rows: Iterable[Row], label: str) -> Row:
    """Merge several rows into one."""
    known = list(rows)
    return Row(
        keys=frozenset(key for row in known for key in row.keys),
        label=label,
        devices=sum(row.devices for row in known),
        priced=sum(row.priced for row in known),
        pence=sum(row.pence for row in known),
        lots=frozenset(lot for row in known for lot in row.lots),
    )


def table_with_rows(known: Table, rows: Iterable[Row]) -> Table:
    """The table with other rows."""
    return replace(known, rows=tuple(rows))
