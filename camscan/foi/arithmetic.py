"""Finds which numbers can be computed from the sums that were given. Pure.

A sum says how many devices some categories hold together. Other sums follow by adding and subtracting (``Sums``).
Because no count is below zero, sometimes more follows (``is_undetermined``).
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

_STEPS = 4000
"""Maximum steps of a search before it gives up."""


class Sum(NamedTuple):
    """The number of devices in these categories together."""

    keys: frozenset[str]
    devices: int


class Sums:
    """Sums, and everything that follows from them by adding and subtracting.

    If two contradict, the first one counts.
    """

    def __init__(self, known: Iterable[Sum] = ()) -> None:
        self._rows: dict[str, tuple[dict[str, Fraction], Fraction]] = {}
        """Leading category -> the others with their factors, and the value: a matrix in echelon form."""
        for each in known:
            self.add_sum(each)

    def add_sum(self, known: Sum) -> None:
        """Add one sum."""
        factors, value = self._reduce_sum(known.keys, Fraction(known.devices))
        if not factors:
            return  # it follows from the others, or contradicts them
        lead = min(factors)
        scale = factors[lead]
        self._rows[lead] = ({key: factor / scale for key, factor in factors.items()}, value / scale)

    def value_of(self, keys: Iterable[str]) -> Fraction | None:
        """How many devices these categories hold together; None if that does not follow from the sums."""
        factors, value = self._reduce_sum(keys, Fraction(0))
        return None if factors else -value

    def _reduce_sum(self, keys: Iterable[str], value: Fraction) -> tuple[dict[str, Fraction], Fraction]:
        """The rest of a sum after everything that is known is subtracted from it."""
        factors = {key: Fraction(1) for key in keys}
        while True:
            lead = min((key for key in factors if key in self._rows), default=None)
            if lead is None:
                return factors, value
            row, known = self._rows[lead]
            scale = factors[lead]
            for key, factor in row.items():
                left = factors.get(key, Fraction(0)) - scale * factor
                if left:
                    factors[key] = left
                else:
                    factors.pop(key, None)
            value -= scale * known


def is_undetermined(key: str, sums: Sequence[Sum], some: Container[str] = ()) -> bool:
    """Whether a category may hold two different numbers of devices; those of ``some`` hold at least one.

    It is also False if a search of bounded length finds no second number, and True if the sums contradict each other.
    """
    search = _Search(sums, some)
    first = search.find_solution({})
    if first is None or key not in first:
        return True
    low, high = search.bounds[key]
    below = search.find_solution({key: (low, first[key] - 1)})
    return below is not None or search.find_solution({key: (first[key] + 1, high)}) is not None


_Bounds = dict[str, tuple[int, int]]


class _Search:
    """Finds numbers that fit all sums, by trying."""

    def __init__(self, sums: Sequence[Sum], some: Container[str]) -> None:
        self._sums = [each for each in sums if each.keys]
        most = max((each.devices for each in self._sums), default=0)
        keys = sorted({key for each in self._sums for key in each.keys})
        self.bounds: _Bounds = {key: (1 if key in some else 0, most) for key in keys}
        self._steps = 0

    def find_solution(self, within: _Bounds) -> Mapping[str, int] | None:
        """Numbers that fit all sums; None if there are none, or none were found."""
        self._steps = 0
        return self._fill_bounds({**self.bounds, **within})

    def _fill_bounds(self, bounds: _Bounds) -> Mapping[str, int] | None:
        self._steps += 1
        if self._steps > _STEPS or any(low > high for low, high in bounds.values()) or not self._tighten_bounds(bounds):
            return None
        loose = [key for key, (low, high) in bounds.items() if low < high]
        if not loose:
            return {key: low for key, (low, _) in bounds.items()}
        key = min(loose, key=lambda each: bounds[each][1] - bounds[each][0])
        low, high = bounds[key]
        for number in range(low, high + 1):
            found = self._fill_bounds({**bounds, key: (number, number)})
            if found is not None or self._steps > _STEPS:
                return found
        return None

    def _tighten_bounds(self, bounds: _Bounds) -> bool:
        """Narrow the bounds until nothing changes; False if they leave no number."""
        changed = True
        while changed:
            changed = False
            for each in self._sums:
                lows, highs = sum(bounds[key][0] for key in each.keys), sum(bounds[key][1] for key in each.keys)
                for key in each.keys:
                    low, high = bounds[key]
                    least, most = max(low, each.devices - highs + high), min(high, each.devices - lows + low)
                    if least > most:
                        return False
                    if (least, most) != (low, high):
                        bounds[key], changed = (least, most), True
                        lows, highs = lows + least - low, highs + most - high
        return True
