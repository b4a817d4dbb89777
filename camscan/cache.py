"""Remembers the results of pure functions by their inputs, within a number of bytes.

For pure functions only: the same key gives the same answer as computing it again, so nothing that one device says can
change the result for another. Forgetting an answer costs only time.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Hashable, Iterable
from typing import Generic, TypeVar

_Key = TypeVar("_Key", bound=Hashable)
_Value = TypeVar("_Value")

ENTRY = 200
"""Bytes that an entry takes besides its contents, as measured: its place in the table, a tuple, a small object."""
_LARGEST_SHARE = 8
"""An entry that takes more than this share of the space is not kept: one flood must not push everything else out."""


_LONGEST = 128
_MOST = 1024
"""Results of a function that are remembered, and characters of the texts: 1 MB at most, if it returns no more."""


def remember_short(function: Callable[..., _Value]) -> Callable[..., _Value]:
    """Let a pure function of one or two texts remember its latest results. Those of long texts are not remembered.

    Most of what one unit says, its neighbour of the same model says too. Nobody may change a result.
    """
    known = functools.lru_cache(_MOST)(function)

    @functools.wraps(function)
    def remembered(*texts: str | bytes) -> _Value:
        if len(texts[0]) > _LONGEST or len(texts[-1]) > _LONGEST:
            return function(*texts)
        return known(*texts)

    return remembered


class Cache(Generic[_Key, _Value]):
    """The latest answers. ``most`` is in bytes, by the sizes that are given with them.

    There are two halves. When the newer half is full, the older is dropped; an entry that is asked for again moves to
    the newer half.
    """

    __slots__ = ("_half", "_newer", "_older", "_size")

    def __init__(self, most: int) -> None:
        self._half = most // 2
        self._newer: dict[_Key, tuple[_Value, int]] = {}
        self._older: dict[_Key, tuple[_Value, int]] = {}
        self._size = 0

    def get(self, key: _Key) -> _Value | None:
        """The answer; None if it is no longer known."""
        found = self._newer.get(key)
        if found is None:
            found = self._older.get(key)
            if found is None:
                return None
            self._enter(key, found)
        return found[0]

    def keep(self, key: _Key, value: _Value, size: int) -> None:
        """Keep an answer that takes about ``size`` bytes, including its key."""
        if size * _LARGEST_SHARE <= self._half:
            self._enter(key, (value, size))

    def _enter(self, key: _Key, entry: tuple[_Value, int]) -> None:
        if self._size + entry[1] > self._half:
            self._older, self._newer, self._size = self._newer, {}, 0
        if key not in self._newer:
            self._size += entry[1]
        self._newer[key] = entry

    def clear(self) -> None:
        """Forget every answer."""
        self._newer, self._older, self._size = {}, {}, 0

    @property
    def size(self) -> int:
        """About how many bytes the kept answers take."""
        return self._size + sum(size for _, size in self._older.values())


def size_of_texts(texts: Iterable[str]) -> int:
    """Bytes that the texts take in memory."""
    return sum(map(sys.getsizeof, texts))
