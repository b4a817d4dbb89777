"""Long texts that are put together on disk, so that memory does not grow with their length."""

from __future__ import annotations

import contextlib
import json
import tempfile
import weakref
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from camscan.errors import OutputError

_SMALL = 1 << 20
"""Bytes up to which a text stays in memory."""
_PIECE = 1 << 16


@contextlib.contextmanager
def _explain_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        where = tempfile.gettempdir()
        raise OutputError(
            f"a temporary file in {where} cannot be written: {error.strerror or error}; "
            "free some space, or name another folder in TMPDIR"
        ) from error


class Draft:
    """A text in UTF-8 that is written part by part, and then read in pieces, as often as wanted.

    A long one is in a temporary file without a name, which only this process can open; it is gone with the draft.
    """

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(_SMALL)  # noqa: SIM115 - as long as the draft
        self._length = 0
        self._reads = False
        weakref.finalize(self, self._file.close)

    def write(self, text: str) -> Span:
        """Add a text at the end; where it is. Raises OutputError, as where the disk is full."""
        content = text.encode()
        with _explain_errors():
            if self._reads:
                self._file.seek(self._length)
                self._reads = False
            span = Span(self, self._length, self._file.write(content))
        self._length += span.length
        return span

    def __iter__(self) -> Iterator[bytes]:
        """The whole text in pieces of up to 64 KB."""
        return self.pieces(0, self._length)

    def pieces(self, start: int, length: int) -> Iterator[bytes]:
        """A part of the text, by bytes, in pieces."""
        end = start + length
        while start < end:
            self._reads = True
            with _explain_errors():  # what was written may reach the disk only now
                self._file.seek(start)
                piece = self._file.read(min(_PIECE, end - start))
            start += len(piece)
            yield piece

    def lines(self) -> Iterator[str]:
        """Line by line, each with its end; the last one must have its end too."""
        rest = b""
        for piece in self:
            *whole, rest = (rest + piece).split(b"\n")
            for line in whole:
                yield f"{line.decode()}\n"


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a draft, which can be read as a text of its own."""

    draft: Draft
    start: int
    length: int
    """In bytes."""

    def __iter__(self) -> Iterator[bytes]:
        """The text in pieces."""
        return self.draft.pieces(self.start, self.length)


class DraftRows:
    """Rows of texts, written one by one, and gone through as often as wanted."""

    def __init__(self) -> None:
        self._draft = Draft()
        self._count = 0

    def add(self, rows: Iterable[Sequence[str]]) -> None:
        """Add rows at the end."""
        for cells in rows:
            self._draft.write(json.dumps(cells) + "\n")
            self._count += 1

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Sequence[str]]:
        return map(json.loads, self._draft.lines())


Text = str | Draft | Span
"""A text: in memory if it is short, else on disk."""


def pieces_of(text: Text) -> Iterable[bytes]:
    """The bytes of a text, in pieces that fit into memory."""
    return (text.encode(),) if isinstance(text, str) else text


def whole_text(text: Text) -> str:
    """All of a text in memory."""
    return b"".join(pieces_of(text)).decode()
