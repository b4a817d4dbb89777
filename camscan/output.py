"""Text made harmless, and files written whole or not at all: for everything that camscan writes for people."""

from __future__ import annotations

import contextlib
import io
import os
import re
import secrets
import stat
import sys
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, TextIO

from camscan.errors import OutputError

_SUSPECT = re.compile(r"[^ -~]")
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Control, format (bidirectional overrides, zero width), surrogate, line and paragraph separator."""


def visible(text: str, limit: int = 2000) -> str:
    """The text as one harmless line of at most ``limit`` characters: what would move a cursor or hide is shown as �."""
    if text.isascii() and text.isprintable() and len(text) <= limit:  # nearly every text
        return text
    cut = text if len(text) <= limit else text[: limit - 1] + "…"
    return _SUSPECT.sub(_replacement, cut)


def _replacement(match: re.Match[str]) -> str:
    return "\N{REPLACEMENT CHARACTER}" if unicodedata.category(match[0]) in _HIDDEN else match[0]


def check_writable(path: str | Path) -> None:
    """Raise OutputError now, before a scan is run, where ``path`` could not be written after it. '-' always can."""
    if str(path) == "-":
        return
    target = Path(path)
    with _explained(target):
        if _is_special(target):
            return
        temporary, descriptor = _create_beside(target.resolve())
        os.close(descriptor)
        temporary.unlink()


def write_atomically(path: str | Path, writer: Callable[[TextIO], None]) -> None:
    """Let ``writer`` fill the file with text, UTF-8: whole or not at all, and never half over an old one.

    '-' is standard output. Raises OutputError in one line; the old file, where there was one, is then as it was.
    """

    def write(stream: BinaryIO) -> None:
        # UTF-8 whatever the locale says: a cron job has none.
        text = io.TextIOWrapper(stream, encoding="utf-8", newline="")
        try:
            writer(text)
            text.flush()
        finally:
            text.detach()

    write_bytes_atomically(path, write)


def write_bytes_atomically(path: str | Path, writer: Callable[[BinaryIO], None]) -> None:
    """As :func:`write_atomically`, for what is no text."""
    target = Path(path)
    with _explained(target):
        if str(path) == "-":
            sys.stdout.flush()
            writer(sys.stdout.buffer)
            sys.stdout.buffer.flush()
        elif _is_special(target):
            with target.open("wb") as stream:
                writer(stream)
        else:
            _replace(target.resolve(), writer)


@contextlib.contextmanager
def _explained(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        where = "standard output" if str(target) == "-" else str(target)
        if isinstance(error, FileNotFoundError):
            raise OutputError(f"{where}: the directory {target.parent} does not exist; create it first") from error
        raise OutputError(f"{where}: cannot be written: {error.strerror or error}") from error


def _is_special(target: Path) -> bool:
    """Whether it is a device or a pipe, which is written to and not replaced. A directory raises OSError."""
    if target.is_dir():
        raise IsADirectoryError(0, "it is a directory; name a file in it")
    if target.exists() and not os.access(target, os.W_OK):
        raise PermissionError(0, "the file is read-only")
    return target.exists() and not target.is_file()


def _create_beside(target: Path) -> tuple[Path, int]:
    """A new empty file in the same directory (rename is only atomic there), with the rights of the old one."""
    temporary = target.with_name(f".{target.name[:100]}.{secrets.token_hex(6)}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    return temporary, descriptor


def _replace(target: Path, writer: Callable[[BinaryIO], None]) -> None:
    temporary, descriptor = _create_beside(target)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            writer(stream)
            stream.flush()
            os.fsync(stream.fileno())
        if target.exists():
            temporary.chmod(stat.S_IMODE(target.stat().st_mode))
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
