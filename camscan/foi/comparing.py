"""Compares a pack with all that were released before: what a reader of all of them could learn. Pure.

Numbers of several packs can be subtracted from each other. That shows how few devices were added or removed in between;
and, if nothing changed, what one of the packs withheld. The officer is warned before either happens.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from camscan.dates import day_text
from camscan.foi.arithmetic import Sum, Sums, is_undetermined
from camscan.foi.tables import Stance, Table
from camscan.words import count_text, list_text


@dataclass(frozen=True, slots=True)
class GivenRow:
    """One row of a released table."""

    keys: tuple[str, ...]
    """The categories; if a device is in several rows, merged rows are a category of their own."""
    label: str
    devices: int | None
    """Number of devices; None if it was withheld."""
    priced: int | None = None
    pence: int | None = None
    """Their cost; None if it was withheld, or the table has none."""
    is_open: bool = False
    """Whether the row says what is not recorded."""


@dataclass(frozen=True, slots=True)
class GivenTable:
    """One released table."""

    id: str
    title: str
    total: int
    is_partition: bool
    lowest: int
    rows: tuple[GivenRow, ...]
    priced: int | None = None
    pence: int | None = None
    """The cost of all rows together; None if the table has no prices."""
    is_of_gone: bool = False


@dataclass(frozen=True, slots=True)
class ReleasedPack:
    """A pack that somebody released."""

    reference: str
    day: date
    """The day whose state it describes."""
    tables: tuple[GivenTable, ...]
    role: str = ""
    digest: str = ""
    """SHA-256 of its answers, by which a file can be recognised as this pack."""

    @property
    def name(self) -> str:
        """Its name in warnings."""
        return f"{self.reference} ({day_text(self.day)})"


class Disclosure(enum.StrEnum):
    """What a reader with the earlier packs could learn."""

    CHANGE = "change"
    """How few devices were added or removed."""
    PRICE = "price"
    """What a few devices cost."""
    EARLIER = "earlier"
    """What an earlier pack withheld."""
    THIS = "this"
    """What this pack withholds."""
    LINK = "link"
    """That the same few devices are in several tables."""


@dataclass(frozen=True, slots=True)
class PackWarning:
    """A warning for the officer: what a reader could learn, in one sentence."""

    table: str
    """Id of the table; empty for several tables together."""
    keys: frozenset[str]
    learnt: Disclosure
    pack: str
    """Name of the earlier pack."""
    text: str


def given_table(table: Table) -> GivenTable:
    """A table as a reader sees it."""
    rows = tuple(
        GivenRow(
            keys=tuple(sorted(row.keys)) if table.is_partition else ("+".join(sorted(row.keys)),),
            label=row.label,
            devices=None if row.is_withheld else row.devices,
            priced=row.priced if table.has_prices and not row.is_price_withheld else None,
            pence=row.pence if table.has_prices and not row.is_price_withheld else None,
            is_open=row.stance is Stance.OPEN,
        )
        for row in table.rows
    )
    return GivenTable(
        table.id,
        table.title,
        table.total,
        table.is_partition,
        table.lowest,
        rows,
        priced=table.priced if table.has_prices else None,
        pence=table.pence if table.has_prices else None,
        is_of_gone=table.is_of_gone,
    )


def compare_packs(tables: Sequence[Table], released: Sequence[ReleasedPack], threshold: int) -> tuple[PackWarning, ...]:
    """Every warning, table by table; ``released`` may be in any order.

    If something follows from several earlier packs, there is one warning, which names the newest of them.
    """
    newest_first = sorted(released, key=lambda pack: pack.day, reverse=True)
    found: list[PackWarning] = []
    for table in tables:
        olds = [(pack, old) for pack in newest_first for old in pack.tables if old.id == table.id]
        if olds:
            found += _Comparison(table, olds, threshold).list_warnings()
    return tuple(_fold_warnings([*found, *_linked_tables(found, tables)]))


def _fold_warnings(found: Iterable[PackWarning]) -> Iterator[PackWarning]:
    """One warning for the same thing, however many packs reveal it."""
    alike: dict[tuple[str, frozenset[str], Disclosure], list[PackWarning]] = {}
    for disclosure in found:
        alike.setdefault((disclosure.table, disclosure.keys, disclosure.learnt), []).append(disclosure)
    for first, *others in alike.values():
        more = f"; the same follows from {count_text(len(others), 'other pack')}" if others else ""
        yield replace(first, text=f"{first.text}{more}")


def _linked_tables(found: Sequence[PackWarning], tables: Sequence[Table]) -> Iterator[PackWarning]:
    """Warnings about the same few devices in several tables of two packs, which together describe the devices."""
    titles = {table.id: table.title for table in tables if not table.is_of_gone}
    for pack in dict.fromkeys(disclosure.pack for disclosure in found):
        changed = {
            disclosure.table
            for disclosure in found
            if disclosure.pack == pack and disclosure.learnt is Disclosure.CHANGE
        }
        names = [title for id_, title in titles.items() if id_ in changed]
        if len(names) > 1:
            text = (
                f"{list_text(names)}: each shows in which row a few devices changed since {pack}; together they "
                f"describe these devices"
            )
            yield PackWarning("", frozenset(), Disclosure.LINK, pack, text)


_Pair = tuple[ReleasedPack, GivenTable]


class _Comparison:
    """One table, and the same table in each earlier pack."""

    def __init__(self, table: Table, olds: Sequence[_Pair], threshold: int) -> None:
        self._table, self._new = table, given_table(table)
        self._olds, self._threshold = olds, threshold
        everything = [self._new, *(old for _, old in olds)]
        self._keys = frozenset(key for each in everything for row in each.rows for key in row.keys)
        labels = [(row.keys[0], row.label) for each in everything for row in each.rows if len(row.keys) == 1]
        self._labels = dict(reversed(labels))
        self._open = frozenset(key for each in everything for row in each.rows if row.is_open for key in row.keys)
        self._ours = _table_sums(self._new, self._keys)
        self._theirs = [each for _, old in olds for each in _table_sums(old, self._keys)]
        # Whether a number follows depends on which rows were added up, not on how many devices they hold.
        self._before = Sums(_distinct_sums(self._theirs))
        self._together = Sums(_distinct_sums([*self._ours, *self._theirs]))

    def list_warnings(self) -> Iterator[PackWarning]:
        """All warnings about the table, with the newest pack first."""
        for pack, old in self._olds:
            yield from self._changed_counts(pack, old)
            yield from self._changed_prices(pack, old)
            yield from self._revealed_now(pack, old)
        yield from self._revealed_together()

    def _make_warning(self, keys: Iterable[str], learnt: Disclosure, pack: str, text: str) -> PackWarning:
        text = f"{self._table.title}, {self._name_keys(keys)}: {text}"
        return PackWarning(self._table.id, frozenset(keys), learnt, pack, text)

    def _name_keys(self, keys: Iterable[str]) -> str:
        return f"'{list_text(sorted(self._labels.get(key, key) for key in keys))}'"

    # ── what changed ─────────────────────────────────────────────────────────────────────────────────────────

    def _changed_counts(self, pack: ReleasedPack, old: GivenTable) -> Iterator[PackWarning]:
        """Warnings about rows, and about withheld rows together, whose number is in both packs."""
        ours, theirs = Sums(self._ours), Sums(_table_sums(old, self._keys))
        sets = dict.fromkeys(
            keys for each in (self._new, old) for keys in (*_row_sets(each), _hidden_keys(each)) if keys - self._open
        )
        for keys in sets:
            now, then = ours.value_of(keys), theirs.value_of(keys)
            if now is not None and then is not None and 0 < abs(now - then) < self._threshold:
                text = f"{now} here and {then} in {pack.name}; the difference is {count_text(int(abs(now - then)))}"
                yield self._make_warning(keys, Disclosure.CHANGE, pack.name, text)

    def _changed_prices(self, pack: ReleasedPack, old: GivenTable) -> Iterator[PackWarning]:
        theirs = {row.keys: row for row in old.rows}
        pairs = [(row, theirs[row.keys]) for row in self._new.rows if row.keys in theirs]
        whole = GivenRow((), "", None, self._new.priced, self._new.pence), GivenRow((), "", None, old.priced, old.pence)
        for row, other in (*pairs, whole):
            if row.pence is None or other.pence is None or row.priced is None or other.priced is None:
                continue
            gap = abs(row.priced - other.priced)
            if 0 < gap < self._threshold and row.pence != other.pence:
                text = f"the cost here minus the cost in {pack.name} is what {count_text(gap)} cost"
                yield self._make_warning(row.keys or ["all together"], Disclosure.PRICE, pack.name, text)

    # ── what was withheld ────────────────────────────────────────────────────────────────────────────────────

    def _revealed_now(self, pack: ReleasedPack, old: GivenTable) -> Iterator[PackWarning]:
        """Warnings about numbers that an earlier pack withheld or merged, and that this pack reveals."""
        both = _distinct_counts([*_table_sums(old, self._keys), *self._ours])
        for key in sorted(self._concealed_keys(old)):
            if self._before.value_of([key]) is not None:
                continue  # it was public before
            if self._together.value_of([key]) is not None or not is_undetermined(key, both, _withheld_nonzero(old)):
                text = f"{pack.name} does not give it; with this pack it can be worked out, if it has not changed since"
                yield self._make_warning([key], Disclosure.EARLIER, pack.name, text)

    def _revealed_together(self) -> Iterator[PackWarning]:
        """Warnings about numbers that this pack withholds or merges, and that the earlier packs reveal."""
        alone = Sums(self._ours)
        true = _distinct_counts([*self._ours, *(each for each in self._theirs if self._still_holds(each))])
        packs = [pack.name for pack, _ in self._olds]
        names = packs[0] if len(packs) == 1 else f"the {len(packs)} earlier packs"
        for key in sorted(self._concealed_keys(self._new)):
            if alone.value_of([key]) is not None:
                continue
            if self._together.value_of([key]) is not None or not is_undetermined(
                key, true, _withheld_nonzero(self._new)
            ):
                text = f"this pack does not give it; with {names} it can be worked out, if it has not changed since"
                yield self._make_warning([key], Disclosure.THIS, packs[0], text)

    def _still_holds(self, known: Sum) -> bool:
        """Whether an earlier sum is still true."""
        original: Mapping[str, int] = self._table.original
        return sum(original.get(key, 0) for key in known.keys) == known.devices

    def _concealed_keys(self, table: GivenTable) -> frozenset[str]:
        """Categories whose number a table does not give by itself: they are withheld, or merged with others."""
        if table.is_partition:
            concealed = (row for row in table.rows if row.devices is None or len(row.keys) > 1)
            return frozenset(key for row in concealed for key in row.keys)
        shown = {key for row in table.rows if row.devices is not None for key in row.keys}
        return frozenset(key for key in self._keys - shown if "+" not in key)


def _distinct_sums(sums: Iterable[Sum]) -> list[Sum]:
    """One sum for each set of categories: the first."""
    found: dict[frozenset[str], Sum] = {}
    for each in sums:
        found.setdefault(each.keys, each)
    return list(found.values())


def _distinct_counts(sums: Iterable[Sum]) -> list[Sum]:
    return list(dict.fromkeys(sums))


def _table_sums(table: GivenTable, keys: frozenset[str]) -> list[Sum]:
    """The sums in a table. A category that the table does not name has no devices."""
    own = frozenset(key for row in table.rows for key in row.keys)
    found = [Sum(frozenset(row.keys), row.devices) for row in table.rows if row.devices is not None]
    if table.is_partition:
        found.append(Sum(own, table.total))
        found += [Sum(frozenset({key}), 0) for key in sorted(keys - own)]
    return found


def _withheld_nonzero(table: GivenTable) -> frozenset[str]:
    """Categories that are withheld and are not zero: a "none" would have been shown."""
    return _hidden_keys(table) if table.lowest else frozenset()


def _row_sets(table: GivenTable) -> list[frozenset[str]]:
    return [frozenset(row.keys) for row in table.rows if row.devices is not None]


def _hidden_keys(table: GivenTable) -> frozenset[str]:
    return frozenset(key for row in table.rows if row.devices is None for key in row.keys)
