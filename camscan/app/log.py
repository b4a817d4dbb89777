"""Turns the log on: to a file or a stream, as text or as JSON, with text of devices made harmless."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, TextIO

from camscan import system
from camscan.errors import OutputError
from camscan.log import LOGGER, Layout
from camscan.output import create_file, is_taken, open_existing

_SQLITE = b"SQLite format 3\0"
"""The beginning of a register: nothing may be appended to it (sqlite.org/fileformat.html, 1.3)."""
_LONGEST = 300
"""The most characters of a value; the report has the rest."""
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"})
"""Control, format (bidirectional overrides, zero width), surrogate, private, unassigned; line and paragraph separators,
and every blank but the plain one."""
_PLAIN = re.compile(r"[\w.:/+%@-]+", re.ASCII)
_SUSPECT = re.compile(r"[^ -~]")


@contextlib.contextmanager
def logging_to(
    where: str | Path | Callable[[], TextIO],
    layout: Layout = Layout.TEXT,
    *,
    detailed: bool = False,
    warn: Callable[[str], None] = lambda _sentence: None,
) -> Iterator[None]:
    """Log to a file that only its owner can read, or to the stream that ``where()`` returns. A file is continued.

    ``detailed`` logs every question too. ``warn`` is called once if the log can no longer be written. Raises
    OutputError for a file that cannot be written, or that is a link or not a regular file.
    """
    stream = None if callable(where) else _open_log(Path(where))
    handler = _Handler(where if callable(where) else lambda: stream or io.StringIO(), str(where), warn)
    handler.setFormatter(_AsJson() if layout is Layout.JSON else _AsText())
    level, propagates = LOGGER.level, LOGGER.propagate
    LOGGER.addHandler(handler)
    LOGGER.setLevel(logging.DEBUG if detailed else logging.INFO)
    LOGGER.propagate = False
    try:
        yield
    finally:
        LOGGER.removeHandler(handler)
        LOGGER.setLevel(level)
        LOGGER.propagate = propagates
        if stream:
            with contextlib.suppress(OSError):
                stream.close()


def _open_log(file: Path) -> TextIO:
    """Open the file, never through a link: somebody else may have made one for a run with more rights."""
    try:
        is_taken(file)
        try:
            stream: BinaryIO = open_existing(file, write=True)
        except FileNotFoundError:
            stream = os.fdopen(create_file(file), "wb", buffering=0)
        if os.fstat(stream.fileno()).st_nlink > 1 or _is_register(stream):
            stream.close()
            raise OutputError(f"{file}: the log needs a file of its own; name another one")
    except OSError as error:
        if isinstance(error, FileNotFoundError):
            raise OutputError(f"{file}: {system.missing_folder(file.parent)}") from error
        why = "it is a link" if file.is_symlink() else system.why_not_read(error, file)
        raise OutputError(f"{file}: the log cannot be written: {why}") from error
    return io.TextIOWrapper(stream, encoding="utf-8", errors="backslashreplace", write_through=True)


def _is_register(stream: BinaryIO) -> bool:
    return stream.readable() and stream.read(len(_SQLITE)) == _SQLITE


class _Handler(logging.Handler):
    """Writes lines, and warns once if that fails: a full disk must not cost a scan."""

    def __init__(self, stream: Callable[[], TextIO], name: str, warn: Callable[[str], None]) -> None:
        super().__init__()
        self._stream = stream
        self._name = name
        self._warn = warn
        self._failed = False

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line at once, so that nothing is lost if the program is killed."""
        if self._failed:
            return
        stream = self._stream()
        try:
            stream.write(self.format(record) + "\n")
            stream.flush()
        except OSError as error:
            self._failed = True
            self._warn(f"{self._name}: logging stopped: {error.strerror or error}")


class _AsText(logging.Formatter):
    """Writes ``2027-03-31T09:00:00.123Z 10.1.2.3 answered probe=rtsp port=554``."""

    def format(self, record: logging.LogRecord) -> str:
        facts = " ".join(f"{name}={_quote_value(value)}" for name, value in _facts_of(record).items())
        return " ".join(
            part for part in (_time_text(record), _quote_value(_address_text(record)), record.msg, facts) if part
        )


class _AsJson(logging.Formatter):
    """Writes one object on each line; every character that is not plain ASCII is escaped."""

    def format(self, record: logging.LogRecord) -> str:
        facts = {
            name: value if isinstance(value, int) else _cut_text(value) for name, value in _facts_of(record).items()
        }
        return json.dumps(
            {"at": _time_text(record), "ip": _cut_text(_address_text(record)), "what": record.msg, **facts}
        )


def _facts_of(record: logging.LogRecord) -> Mapping[str, object]:
    """The facts of a record that are not empty."""
    facts: Mapping[str, object] = getattr(record, "facts", {})
    return {name: value for name, value in facts.items() if value not in {None, ""}}


def _address_text(record: logging.LogRecord) -> str:
    return str(getattr(record, "ip", ""))


def _time_text(record: logging.LogRecord) -> str:
    return f"{datetime.fromtimestamp(record.created, UTC):%Y-%m-%dT%H:%M:%S}.{int(record.msecs):03}Z"


def _cut_text(value: object) -> str:
    text = str(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _quote_value(value: object) -> str:
    """A plain word unchanged; anything else in quotes, with every character that is not plain escaped."""
    text = _cut_text(value)
    if _PLAIN.fullmatch(text):
        return text
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{_SUSPECT.sub(_escape_match, quoted)}"'


def _escape_match(match: re.Match[str]) -> str:
    character = match[0]
    if unicodedata.category(character) not in _HIDDEN:
        return character
    return character.encode("unicode_escape").decode("ascii")
