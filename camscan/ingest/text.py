"""Reads text as other systems write it and people paste it, line by line, in any encoding and of any length.

A line longer than :data:`LONGEST` is cut, so that no file takes more memory than a line and a block. Escape sequences
and prompts of terminals are removed. Pure, except for reading the stream.
"""

from __future__ import annotations

import codecs
import itertools
import re
from collections.abc import Iterable, Iterator
from typing import BinaryIO, NamedTuple

from camscan.net.text import UNREADABLE

LONGEST = 16384
"""How many characters of a line are read."""
_BLOCK = 65536
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SAMPLE = 512
"""How many bytes at the beginning show whether text is UTF-16 without a mark, or has single bytes."""
_HALF = 0.4
"""From this share of NULs in every other byte, the text is UTF-16."""
_ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]{0,32}[ -/]{0,8}[@-~]|\][^\x07\x1b]{0,256}(?:\x07|\x1b\\)|[@-Z\\-_=>])")
"""Colours, cursor movements and window titles (ECMA-48)."""
_LEFT = re.compile(r"\x1b\[(\d{1,3})D")
"""The cursor moves left: so Huawei and Comware erase the prompt of their pager."""
_PAGER = re.compile(
    r"^(?:<?-{2,4} ?\(?more(?: \d{1,3}%)?\)? ?-{2,4}>?(?:, next page:[^\n]*?Control-C)?|---\(more(?: \d{1,3}%)?\)---"
    r"|Press any key to continue(?: \(Q to quit\))?|-- \[Q quit\|D dump\|(?:right|down|enter)[^\]]*\])[ \t]*",
    re.IGNORECASE,
)
"""The prompt that a switch's terminal prints at the end of a page, before the next line of the table."""
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f\x80-\x9f\u2028\u2029\ufeff]")
"""Control characters, and the byte order mark, which may be inside a file that was joined from several."""


class Line(NamedTuple):
    """One line of a file."""

    number: int
    """The number of the line, from 1."""
    text: str
    """The text without line break, escape sequences and control characters; tabs remain."""
    is_cut: bool = False
    """Whether the line was longer than :data:`LONGEST`."""


def encoding_of(head: bytes) -> tuple[str, int]:
    """The encoding of a file by its first bytes, and how many of these are a byte order mark."""
    for mark, name in _BOMS:
        if head.startswith(mark):
            return name, len(mark)
    sample = head[: _SAMPLE & ~1]
    half = len(sample) // 2
    if half and sample[1::2].count(0) > _HALF * half and sample[::2].count(0) < _HALF * half:
        return "utf-16-le", 0
    if half and sample[::2].count(0) > _HALF * half and sample[1::2].count(0) < _HALF * half:
        return "utf-16-be", 0
    return "utf-8", 0


def text_of(payload: bytes) -> str:
    """The text of a line: UTF-8, or else the Windows code page of Western Europe, which accepts nearly all bytes."""
    try:
        return payload.decode("utf-8")
    except UnicodeDecodeError:
        return payload.decode("cp1252", "replace")


def read_lines(head: bytes, stream: BinaryIO) -> Iterator[Line]:
    """The lines of a file whose beginning ``head`` was read already; in UTF-8, UTF-16 or a Windows code page."""
    encoding, mark = encoding_of(head)
    only_returns = b"\r" in head and b"\n" not in head and encoding == "utf-8"
    blocks = _read_blocks(head[mark:], stream)
    if encoding != "utf-8":
        blocks = _decode_blocks(blocks, encoding)
    for number, (payload, is_cut) in enumerate(_split_lines(blocks, b"\r" if only_returns else b"\n"), 1):
        text = visible_text(text_of(payload))
        yield Line(number, text[:LONGEST], is_cut or len(text) > LONGEST)


def visible_text(text: str) -> str:
    """A line as a person saw it on the screen: without colours, pager prompts and overwritten text."""
    if text.isascii() and text.isprintable():
        return _PAGER.sub("", text) if text[:1] in "-<P" else text
    text = _LEFT.sub(lambda found: "\x08" * int(found[1]), text) if "\x1b" in text else text
    text = _ESCAPES.sub("", text).rstrip("\r")
    if "\x08" in text:
        text = _without_backspaces(text)
    if "\r" in text:
        parts = [part for part in text.split("\r") if part.strip()]
        text = parts[-1] if parts else ""
    return _CONTROLS.sub("", _PAGER.sub("", text)).replace(UNREADABLE, "?")


def _without_backspaces(text: str) -> str:
    """The text without erased characters.

    Some terminals erase a prompt with backspaces, some overwrite it with blanks.
    """
    kept: list[str] = []
    for letter in text:
        if letter != "\x08":
            kept.append(letter)
        elif kept:
            kept.pop()
    return "".join(kept)


def _read_blocks(head: bytes, stream: BinaryIO) -> Iterator[bytes]:
    yield head
    while block := stream.read(_BLOCK):
        yield block


def blocks_as_utf8(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The blocks of a file, in UTF-8 if they were in UTF-16, which PowerShell writes into files; else unchanged."""
    first, rest = b"", iter(blocks)
    while len(first) < _SAMPLE and (more := next(rest, b"")):
        first += more
    encoding, mark = encoding_of(first)
    whole = itertools.chain([first[mark:] if encoding != "utf-8" else first], rest)
    yield from whole if encoding == "utf-8" else _decode_blocks(whole, encoding)


def _decode_blocks(blocks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    for block in blocks:
        yield decoder.decode(block).encode("utf-8", "replace")
    yield decoder.decode(b"", final=True).encode("utf-8", "replace")


def _split_lines(blocks: Iterable[bytes], end: bytes) -> Iterator[tuple[bytes, bool]]:
    """The lines without their ends, and whether each was cut."""
    held, is_cut = b"", False
    longest = LONGEST * 4  # the most bytes of a character of UTF-8
    for block in blocks:
        first, *others = block.split(end)
        held += first if len(held) <= longest else b""
        for other in others:
            yield held[:longest], is_cut or len(held) > longest
            held, is_cut = other, False
        if len(held) > longest:
            held, is_cut = held[: longest + 1], True
    if held:
        yield held[:longest], is_cut
