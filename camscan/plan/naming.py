"""Names that people, scans and the site map write: case is ignored, and the most frequent spelling is shown. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import TypeVar

_T = TypeVar("_T")


def group_by_name(items: Iterable[_T], names: Callable[[_T], Iterable[str]]) -> dict[str, list[_T]]:
    """Items under each of their names, in the order in which the names first occur; an item may have several.

    If two spellings are equally frequent, a name in mixed case comes before one in capitals or small letters.
    """
    groups: dict[str, list[_T]] = {}
    written: dict[str, Counter[str]] = {}
    for item in items:
        for name in names(item):
            folded = name.casefold()
            groups.setdefault(folded, []).append(item)
            written.setdefault(folded, Counter())[name] += 1
    return {_shown_name(written[folded]): group for folded, group in groups.items()}


def _shown_name(written: Counter[str]) -> str:
    return min(written, key=lambda name: (-written[name], name.isupper(), name.islower(), name))
