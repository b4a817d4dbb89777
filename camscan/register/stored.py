"""How texts and times are stored in a column. Needs no database library."""

from __future__ import annotations

import functools
import re
import zlib
from collections.abc import Sequence
from datetime import UTC, datetime

MARK = "\x1a"
"""How a stored text begins that a database cannot hold unchanged; escapes follow."""
FAULTS = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError, zlib.error)
"""Exceptions that reading raises if a stored value is damaged."""
_UNSTORABLE = re.compile("[\x00\x1a\ud800-\udfff]")


def escape_text(value: str | None) -> str | None:
    """A text as it is stored."""
    if value is None or not _UNSTORABLE.search(value):
        return value
    return MARK + value.encode("unicode_escape").decode("ascii")


def escape_texts(values: Sequence[str | None]) -> Sequence[str | None]:
    """Many texts as they are stored; hardly any needs an escape."""
    return list(map(escape_text, values)) if any(map(_UNSTORABLE.search, filter(None, values))) else values


def unescape_text(text: str) -> str:
    """The stored text as the device wrote it."""
    return text if text[:1] != MARK else text[1:].encode("ascii").decode("unicode_escape")


@functools.lru_cache(maxsize=1024)  # a reply has a hundred facts with the same time
def encode_moment(value: datetime | None) -> str | None:
    """A time as it is stored: ``2026-03-02T12:00:00.000000Z``."""
    if value is None:
        return None
    utc = value if value.tzinfo is UTC else value.astimezone(UTC)
    return utc.isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def decode_moment(value: str | None) -> datetime | None:
    """The time that is stored. Raises ValueError or TypeError for anything else."""
    return None if value is None else datetime.fromisoformat(value)
