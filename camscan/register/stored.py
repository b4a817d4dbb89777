"""How texts, times and JSON are stored in a column. Needs no database library."""

from __future__ import annotations

import functools
import json
import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any

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


encode_json = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode
"""A value as the text that is stored: plain ASCII."""


def decode_json(value: str | None) -> Any:
    """The value that is stored as JSON."""
    if value is None:
        return None
    try:
        found, end = _read_json(value)  # as json.loads does, which also looks for blanks around the value
    except ValueError:
        end = -1
    return found if end == len(value) else json.loads(value)


_read_json = json.JSONDecoder().raw_decode


def decode_truth(value: int | None) -> bool | None:
    """The truth value that is stored; SQLite has numbers for it."""
    return None if value is None else bool(value)


_MOMENTS = ("first_seen", "last_seen", "started_at", "finished_at", "settled_at", "seen_at", "at")
_DOCUMENTS = ("known", "entries", "state", "targets", "coverage", "counts", "facts")
_TRUTHS = ("provisional", "is_camera_system", "answers", "other")
DECODERS: Mapping[str, Callable[[Any], Any]] = {
    **dict.fromkeys(_MOMENTS, decode_moment),
    **dict.fromkeys(_DOCUMENTS, decode_json),
    **dict.fromkeys(_TRUTHS, decode_truth),
}
"""Column, in whichever table -> the function that decodes it. Texts of other columns may have escapes; numbers and
bytes are stored as they are. A test compares this with ``schema.py``."""

NUMBERS = frozenset(
    {
        *("id", "device_id", "recorder_id", "other_id", "state_id", "fact_id", "payload_id", "merged_into", "scan"),
        *("first_scan", "last_scan", "after_scan", "sightings", "devices", "channel", "channels", "position", "port"),
        *("certainty", "priority", "pence", "missed", "scans_missed", "revision"),
        *("digest", "evidence_digest", "content"),
    }
)
"""Columns, in whichever table, of numbers and bytes, which are stored as they are. A test compares this as well."""

_ENCODERS: Mapping[type, Callable[[Any], Any]] = {
    str: escape_text,
    datetime: encode_moment,
    dict: encode_json,
    list: encode_json,
    tuple: encode_json,
}
_AS_THEY_ARE = frozenset({int, float, bool, bytes, type(None)})


def encode(value: Any) -> Any:
    """A value as it is stored. Its type decides, because each column holds values of one type."""
    encoder = _ENCODERS.get(type(value))
    if encoder is not None:
        return encoder(value)
    return str.__str__(value) if isinstance(value, str) else value  # a word of an enumeration, without its class


def encode_column(values: Sequence[Any]) -> Sequence[Any]:
    """Many values of one column as they are stored."""
    types = set(map(type, values)) - _AS_THEY_ARE
    if not types:
        return values
    return escape_texts(values) if types == {str} else list(map(encode, values))


def decode_row(names: tuple[str, ...], values: Sequence[Any]) -> dict[str, Any]:
    """The values of a row by their columns, as Python has them. It is written for speed: lists read every row by it."""
    row = dict(zip(names, values, strict=True))
    coded, texts = _sort_columns(names)
    for name, decode in coded:
        row[name] = decode(row[name])
    try:
        is_marked = MARK in "".join(filter(None, texts(values)))
    except TypeError:  # a number where a text belongs: the database is damaged, or its query computes something
        is_marked = True
    if is_marked:  # hardly ever
        for name, value in row.items():
            if isinstance(value, str) and name not in DECODERS:
                row[name] = unescape_text(value)
    return row


@functools.lru_cache(maxsize=64)
def _sort_columns(
    names: tuple[str, ...],
) -> tuple[Sequence[tuple[str, Callable[[Any], Any]]], Callable[[Sequence[Any]], Sequence[Any]]]:
    """The columns that are decoded, each with its function; and what takes the texts of the others out of a row."""
    coded = [(name, DECODERS[name]) for name in names if name in DECODERS]
    texts = [place for place, name in enumerate(names) if name not in DECODERS and name not in NUMBERS]
    return coded, itemgetter(*texts, texts[0]) if texts else lambda _: ()  # of two places it always makes a tuple
