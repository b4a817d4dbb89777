"""How texts, times and JSON are stored in a column, in the same way in SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import String, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from camscan.register.stored import (
    MARK,
    decode_json,
    decode_moment,
    encode_json,
    encode_moment,
    escape_text,
    unescape_text,
)


def _unescape_text(value: str | None) -> str | None:
    return value if value is None or value[:1] != MARK else unescape_text(value)


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
        return encode_json

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[str | None], Any]:  # noqa: ARG002 - as above
        """The function that turns a JSON text into its value."""
        return decode_json
