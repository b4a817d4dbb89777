"""Proposes what to withhold so that no small number is given, and no total reveals it. A person decides. Pure.

If every device is in one row of a table, the table's total is always given. So at least two rows are withheld, whose
sum is not small and leaves more than one possibility for each. If that would be more than a third of the table, rows
are merged instead, and nothing is withheld.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from camscan.foi.questions import NONE_KNOWN, NOT_RECORDED
from camscan.foi.tables import Row, Stance, Table, merge_rows, table_with_rows
from camscan.words import list_text

_THIRD = 3
_PAIR = 2


def propose_withholding(table: Table, threshold: int) -> Table:
    """The table with rows withheld or merged; numbers from ``threshold`` on are not small.

    It is unchanged if nothing is small, if there are no devices at all, or if a total gives the number anyway.
    """
    if table.is_total or not table.total:
        return table
    return _of_partition(table, threshold) if table.is_partition else _of_overlapping(table, threshold)


# ── every device in one row ──────────────────────────────────────────────────────────────────────────────────────


def _of_partition(table: Table, threshold: int) -> Table:
    countable = [row for row in table.rows if row.stance is Stance.COUNTED]
    hidden = [row for row in countable if row.devices < threshold]
    if not hidden or not any(row.devices for row in countable):
        return table
    rest = sorted((row for row in countable if row.devices >= threshold), key=lambda row: row.devices)
    while rest and not _is_safe_to_hide(hidden, threshold, table.lowest):
        hidden.append(rest.pop(0))
    if _is_safe_to_hide(hidden, threshold, table.lowest) and _THIRD * len(hidden) <= _count_rows(table):
        chosen = frozenset[str]().union(*(row.keys for row in hidden))
        return table_with_rows(table, (replace(row, is_withheld=row.keys <= chosen) for row in table.rows))
    return _years_merged(table, threshold) if table.is_ordered else _merge_hidden(table, hidden)


def _is_safe_to_hide(hidden: Sequence[Row], threshold: int, lowest: int) -> bool:
    """Whether nothing follows from the sum of the hidden rows, which a reader gets from the total.

    It is not safe if all are equal: a reader who knows this rule, which is public, would know that each is as large as
    it can be.
    """
    total = sum(row.devices for row in hidden)
    differ = len({row.devices for row in hidden}) >= _PAIR
    return differ and total >= threshold and total > len(hidden) * lowest


def _count_rows(table: Table) -> int:
    """How many rows count devices; the row for what is not recorded does not."""
    return sum(NOT_RECORDED not in row.keys for row in table.rows)


def _merge_hidden(table: Table, hidden: Sequence[Row]) -> Table:
    """Merge the hidden rows, together with rows that say none, so that nobody knows which of them has any devices."""
    chosen = [row for row in table.rows if row in hidden or row.stance is Stance.ZERO]
    if len(chosen) < _PAIR:
        return table  # a single row: the total gives it
    label = f"{list_text([_short_label(row.label) for row in chosen])}, together"
    return _replace_rows(table, chosen, merge_rows(chosen, label[:1].upper() + label[1:]))


def _short_label(label: str) -> str:
    """A label as it is within a sentence."""
    words = label.partition(":")[0]
    return words if words[1:2].isupper() or " NHS" in words else words[:1].lower() + words[1:]


def _replace_rows(table: Table, chosen: Sequence[Row], row: Row) -> Table:
    """The table with one row in place of several, at the place of the first."""
    first = table.rows.index(chosen[0])
    before = [other for other in table.rows[:first] if other not in chosen]
    return table_with_rows(table, (*before, row, *(other for other in table.rows[first:] if other not in chosen)))


def _years_merged(table: Table, threshold: int) -> Table:
    """The table with neighbouring years merged until no group is small."""
    runs: list[list[Row]] = [[]]
    for row in (each for each in table.rows if each.stance is Stance.COUNTED):
        if sum(member.devices for member in runs[-1]) >= threshold:
            runs.append([])
        runs[-1].append(row)
    if len(runs) > 1 and sum(row.devices for row in runs[-1]) < threshold:
        runs[-2:] = [[*runs[-2], *runs[-1]]]
    others = [row for row in table.rows if row.stance is not Stance.COUNTED]
    if sum(row.devices for row in runs[-1]) < threshold:  # there are no others: nobody learns which years
        return table_with_rows(table, [merge_rows(runs[0], "All years together"), *others])
    years = [merge_rows(run, f"{run[0].label} to {run[-1].label}") if run[1:] else run[0] for run in runs]
    return table_with_rows(table, [*years, *others])


# ── a device in several rows ─────────────────────────────────────────────────────────────────────────────────────


def _of_overlapping(table: Table, threshold: int) -> Table:
    """Withhold rows of what devices support.

    How many support any of it follows from the total and from the last row.
    """
    countable = sorted((row for row in table.rows if row.stance is Stance.COUNTED), key=lambda row: row.devices)
    hidden = [row for row in countable if row.devices < threshold]
    if not hidden:
        return table
    hidden += countable[len(hidden) : len(hidden) + max(0, _PAIR - len(hidden))]
    none = next(row for row in table.rows if row.keys == {NONE_KNOWN})
    any_ = table.total - none.devices
    if len(hidden) >= _PAIR and any_ >= _PAIR and _THIRD * len(hidden) <= len(table.rows) - 1:
        return table_with_rows(table, (replace(row, is_withheld=row in hidden) for row in table.rows))
    chosen = [row for row in table.rows if row is not none]
    label = f"One or more of these: {list_text([_short_label(row.label) for row in chosen], 'or')}"
    one = replace(merge_rows(chosen, label), devices=any_, is_withheld=any_ < threshold)
    return table_with_rows(table, [one, replace(none, is_withheld=one.is_withheld)])


# ── prices ───────────────────────────────────────────────────────────────────────────────────────────────────────


def without_single_prices(table: Table) -> Table:
    """The table without prices of withheld rows, and without a price that one contract for one site cost.

    This is always done, whatever is accepted: the table gives the total instead. If one price is left out, at least two
    are.
    """
    if not table.has_prices:
        return table
    priced = [row for row in table.rows if row.priced]
    hidden = [row for row in priced if row.is_withheld or len(row.lots) == 1]
    visible = sorted((row for row in priced if row not in hidden), key=lambda row: row.pence)
    if len(hidden) == 1 and visible:
        hidden.append(visible[0])
    return table_with_rows(table, (replace(row, is_price_withheld=row in hidden) for row in table.rows))
