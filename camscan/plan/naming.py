"""Names that people, scans and the site map write: case is ignored, and the most frequent spelling is shown. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import TypeVar

from camscan.asset.spelling import usual_spelling

_T = TypeVar("_T")


class Spellings:
    """The names that were written, and how often in which spelling."""

    def __init__(self) -> None:
        self._written: dict[str, Counter[str]] = {}

    def add(self, name: str) -> str:
        """Note one more use of a name. Returns the key of all its spellings."""
        key = name.casefold()
        self._written.setdefault(key, Counter())[name] += 1
        return key

    def shown(self, key: str) -> str:
        """The spelling that is shown for all."""
        return usual_spelling(self._written[key])


def group_by_name(items: Iterable[_T], names: Callable[[_T], Iterable[str]]) -> dict[str, list[_T]]:
    """Items under each of their names, in the order in which the names first occur; an item may have several."""
    groups: dict[str, list[_T]] = {}
    spellings = Spellings()
    for item in items:
        for name in names(item):
            groups.setdefault(spellings.add(name), []).append(item)
    return {spellings.shown(key): group for key, group in groups.items()}
