"""How texts, times and JSON are stored in a column, in the same way in SQLite and PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    LargeBinary,
    String,
    Text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

from camscan.register.stored import MARK, decode_moment, encode_moment, escape_text, escape_texts, unescape_text


def _unescape_text(value: str | None) -> str | None:
    return value if value is None or value[:1] != MARK else unescape_text(value)


_to_json = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


def _from_json(value: str | None) -> Any:
    return None if value is None else json.loads(value)


class DeviceText(TypeDecorator[str]):
    """Any text. NUL and lone surrogates, which a database cannot hold, are kept as escapes after a SUB character."""

    impl = Text
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[str | None], str | None]:  # noqa: ARG002 - SQLAlchemy's signature
        """The function that escapes a text if necessary.

        It is given directly, because recordings and lists spend their time here.
        """
        return escape_text

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[str | None], str | None]:  # noqa: ARG002 - as above
        """The function that removes the escapes."""
        return _unescape_text


class Moment(TypeDecorator[datetime]):
    """A UTC time as a text that sorts, and that a person can read: ``2026-03-02T12:00:00.000000Z``."""

    impl = String(27)
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], str | None]:  # noqa: ARG002 - as above
        """The function that turns a time into its text."""
        return encode_moment

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[str | None], datetime | None]:  # noqa: ARG002 - as above
        """The function that turns a text into its time."""
        return decode_moment


class Json(TypeDecorator[Any]):
    """JSON as plain ASCII text. It also holds the texts that DeviceText has to escape."""

    impl = Text
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], str]:  # noqa: ARG002 - as above
        """The function that turns a value into its JSON text."""
        return _to_json

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[str | None], Any]:  # noqa: ARG002 - as above
        """The function that turns a JSON text into its value."""
        return _from_json


def column_encoder(column: TypeEngine[Any], dialect: Dialect) -> Callable[[Sequence[Any]], Sequence[Any]] | None:
    """The function that turns many values of such a column into their stored form; None if they are stored as given."""
    if isinstance(column, DeviceText):
        return escape_texts
    encode = column.dialect_impl(dialect).bind_processor(dialect)
    if encode is None or isinstance(column, LargeBinary):  # both drivers take bytes as they are
        return None
    return lambda values: list(map(encode, values))
