"""The conditions of one key, compiled as one RE2 set, which finds the conditions that a value matches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import re2

from camscan.fingerprints.beginnings import LONGEST_BEGINNING, Beginning, known_beginnings
from camscan.fingerprints.entry import Condition

_SET_MEMORY = 256 << 20
"""RE2's limit for one set of patterns, not what it uses: a set of 500 takes about 1 MB."""


class Index:
    """The conditions of one key, compiled when a value may first match one of them."""

    __slots__ = ("_beginnings", "_conditions", "_equal", "_folded", "_patterns", "_set")

    def __init__(self) -> None:
        self._conditions: dict[Condition, int] = {}
        self._equal: dict[str, int] = {}
        self._patterns: list[tuple[int, str]] | None = None
        """Number and text; None if the conditions have not been examined."""
        self._set: Any = None
        self._beginnings: tuple[str, ...] = ("",)
        """A value that begins with none of these matches no pattern: most values of most keys need not be examined."""
        self._folded: tuple[str, ...] = ()
        """Beginnings in lower case, for patterns that match upper and lower case."""

    def add_condition(self, condition: Condition) -> int:
        """Add a condition. Returns its number within this key."""
        return self._conditions.setdefault(condition, len(self._conditions))

    def may_fit(self, value: str) -> bool:
        """Whether the value may match a condition. It is quick, and never wrong when it says no."""
        if self._patterns is None:
            self._patterns = self._sort_conditions()
        return (
            value.startswith(self._beginnings)
            or (bool(self._folded) and value[:LONGEST_BEGINNING].casefold().startswith(self._folded))
            or value in self._equal
        )

    def fitting_conditions(self, value: str) -> list[int]:
        """Numbers of the conditions that the value matches."""
        if self._patterns is None:
            self._patterns = self._sort_conditions()
        patterns = self._patterns
        if patterns and self._set is None:
            self._set = _compile_set([text for _, text in patterns])
        found = [patterns[at][0] for at in self._set.Match(value.encode(errors="replace")) or ()] if patterns else []
        if value in self._equal:
            found.append(self._equal[value])
        return found

    def _sort_conditions(self) -> list[tuple[int, str]]:
        """The patterns among the conditions. Also notes how a value must begin to match one of them."""
        beginnings: list[Beginning] = []
        patterns: list[tuple[int, str]] = []
        for condition, number in self._conditions.items():
            if condition.operator == "equals":
                self._equal[condition.text] = number
            elif condition.operator != "absent":
                # 'without' is a pattern like any other here: the rule requires that no value of the key matches it.
                patterns.append(
                    (number, re2.escape(condition.text) if condition.operator == "contains" else condition.text)
                )
                beginnings += known_beginnings(condition)
        if all(one.text for one in beginnings):
            self._beginnings = tuple({one.text for one in beginnings if not one.is_folded})
            self._folded = tuple({one.text for one in beginnings if one.is_folded})
        return patterns


def _compile_set(texts: Sequence[str]) -> Any:
    """Compile a set of these patterns.

    It takes ten times as long as everything else here, so it is made only when needed.
    """
    options = re2.Options()
    options.max_mem = _SET_MEMORY
    options.log_errors = False
    options.never_capture = True
    patterns = re2.Set.SearchSet(options)
    for text in texts:
        patterns.Add(text)
    patterns.Compile()
    return patterns
