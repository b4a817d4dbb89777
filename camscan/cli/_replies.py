"""Reads files of captured replies for several commands."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from camscan.cli._words import warn
from camscan.errors import UsageError
from camscan.output import visible
from camscan.words import count_text

if TYPE_CHECKING:
    from camscan.captures import BadLine

_FEW = 5
"""Maximum unreadable lines of one file that are named; further ones are counted."""
_LOOKED_AT = 4096


class UnreadableLines:
    """Unreadable lines of one file: the first few are named as they come, and the others are counted at the end.

    One line reports a file that is not text.
    """

    def __init__(self, name: str) -> None:
        """``name`` is the name of the file."""
        self._name = name
        self._is_binary = _is_binary(name)
        self.count = 0

    def add(self, line: BadLine) -> None:
        """Report one unreadable line."""
        self.count += 1
        why = f"{self._name}:{line.number}: {visible(line.why, _LOOKED_AT)}"
        if self._is_binary and self.count == 1:
            warn(f"{why}; the file is not text; name a file of captured replies, as `camscan capture` writes it")
        elif not self._is_binary and self.count <= _FEW:
            warn(why)

    def close(self) -> None:
        """Print how many more there were."""
        if self.count > _FEW and not self._is_binary:
            warn(f"{self._name}: {count_text(self.count - _FEW, 'more line')} that cannot be read")


def require_readable(files: Sequence[str]) -> None:
    """Check that every file can be read, before the first result is printed. Raises UsageError."""
    for name in files:
        path = Path(name)
        if name == "-":
            continue
        if path.is_dir():
            raise UsageError(f"{name}: it is a folder; name the files in it")
        if not path.exists():
            raise UsageError(f"{name}: there is no such file")
        if not os.access(path, os.R_OK):
            raise UsageError(f"{name}: cannot be read; check its permissions")


def _is_binary(name: str) -> bool:
    """Whether a file is plainly not text. Standard input is not checked, because it can be read only once."""
    if name == "-" or not Path(name).is_file():
        return False
    with Path(name).open("rb") as stream:
        return b"\0" in stream.read(_LOOKED_AT)


def read_lines(name: str) -> Iterator[str]:
    """The lines of a file or of standard input. Bytes that are not UTF-8 spoil their line, not the file."""
    if name == "-":
        yield from (line.decode("utf-8", "replace") for line in sys.stdin.buffer)
        return
    with Path(name).open(encoding="utf-8", errors="replace") as stream:
        yield from stream
