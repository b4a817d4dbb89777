"""Tables of counts with one dimension. Pure."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

NO_LOTS: frozenset[tuple[int, int]] = frozenset()


class Stance(enum.StrEnum):
    """Whether a row may be withheld."""

    COUNTED = "counted"
    """It may."""
    ZERO = "zero"
    """It says "none", which tells of nobody; it may only be merged with others."""
    OPEN = "open"
    """Never: it says what is not recorded, or "none" where there can be none."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: so many devices of one category, or of several that were merged."""

    keys: frozenset[str]
    """The categories."""
    label: str
    devices: int
    stance: Stance = Stance.COUNTED
    priced: int = 0
    """The number of devices with a known price."""
    pence: int = 0
    """Their prices together."""
    lots: frozenset[tuple[int, int]] = NO_LOTS
    """For the priced devices: contract and site."""
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
    """Devices that the table is about."""
    is_partition: bool = True
    """Whether every device is in exactly one row."""
    is_ordered: bool = False
    """Whether neighbours belong together: years."""
    is_total: bool = False
    """Whether its numbers are totals, which are never withheld."""
    has_prices: bool = False
    is_of_gone: bool = False
    """Whether it is about devices that are gone."""
    shows_none: bool = True
    """Whether a row that says "none" is always shown."""
    original: Mapping[str, int] = field(default_factory=dict)
    """Devices of each category, whatever happened to its row."""

    @property
    def lowest(self) -> int:
        """What a reader knows at least of a withheld row."""
        return 1 if self.shows_none else 0

    @property
    def priced(self) -> int:
        """Devices with a known price."""
        return sum(row.priced for row in self.rows)

    @property
    def pence(self) -> int:
        """What they cost together."""
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
    """A table in which every device is in one row."""
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
    """One row for several."""
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
