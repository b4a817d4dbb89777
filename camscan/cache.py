"""What was worked out before, kept by what it was worked out from, within a number of bytes.

For pure functions only: whoever asks with the same key is given the same answer as if it were worked out anew, so
nothing that one device says can change what is said of another. It can only be forgotten, which costs time.
"""

from __future__ import annotations

import sys
from collections.abc import Hashable, Iterable
from typing import Generic, TypeVar

_Key = TypeVar("_Key", bound=Hashable)
_Value = TypeVar("_Value")

ENTRY = 200
"""Bytes that an entry takes besides what it holds, as measured: its place in the table, a tuple, a small object."""
_LARGEST_SHARE = 8
"""What takes more than this part of the room is not kept: one flood must not push everything else out."""


class Cache(Generic[_Key, _Value]):
    """The latest answers. ``most`` is in bytes, by the sizes that are given with them.

    There are two halves. Where the newer is full, the older is thrown away; what is asked for again moves to the newer.
    """

    __slots__ = ("_half", "_newer", "_older", "_size")

    def __init__(self, most: int) -> None:
        self._half = most // 2
        self._newer: dict[_Key, tuple[_Value, int]] = {}
        self._older: dict[_Key, tuple[_Value, int]] = {}
        self._size = 0

    def get(self, key: _Key) -> _Value | None:
        """The answer; None where it is not known any more."""
        found = self._newer.get(key)
        if found is None:
            found = self._older.get(key)
            if found is None:
                return None
            self._enter(key, found)
        return found[0]

    def keep(self, key: _Key, value: _Value, size: int) -> None:
        """Keep an answer that takes about ``size`` bytes, its key included."""
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
        """Bytes that the kept answers take, about."""
        return self._size + sum(size for _, size in self._older.values())


def size_of_texts(texts: Iterable[str]) -> int:
    """Bytes that the texts take in memory."""
    return sum(map(sys.getsizeof, texts))
