"""Files of captured replies, as several commands read them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from camscan.errors import UsageError


def readable(files: Sequence[str]) -> None:
    """Every file can be read, before the first result is printed. Raises UsageError."""
    for name in files:
        path = Path(name)
        if name == "-":
            continue
        if path.is_dir():
            raise UsageError(f"{name}: it is a directory; name the files in it")
        if not path.exists():
            raise UsageError(f"{name}: there is no such file")
        if not os.access(path, os.R_OK):
            raise UsageError(f"{name}: cannot be read; check its permissions")


def lines(name: str) -> Iterator[str]:
    """The lines of a file or of standard input. Bytes that are not UTF-8 spoil their line, not the file."""
    if name == "-":
        yield from (line.decode("utf-8", "replace") for line in sys.stdin.buffer)
        return
    with Path(name).open(encoding="utf-8", errors="replace") as stream:
        yield from stream
