"""How any text, a time and JSON are stored in a column, the same in SQLite and PostgreSQL."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    String,
    Text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from camscan.register.texts import MARK, unescape_text

_UNSTORABLE = re.compile("[\x00\x1a\ud800-\udfff]")


def _escape_text(value: str | None) -> str | None:
    if value is None or not _UNSTORABLE.search(value):
        return value
    return MARK + value.encode("unicode_escape").decode("ascii")


def _unescape_text(value: str | None) -> str | None:
    return value if value is None else unescape_text(value)


@functools.lru_cache(maxsize=1024)  # a reply has a hundred facts of one moment
def _encode_moment(value: datetime | None) -> str | None:
    if value is None:
        return None
    utc = value if value.tzinfo is UTC else value.astimezone(UTC)
    return utc.isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def _decode_moment(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value)


def _to_json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def _from_json(value: str | None) -> Any:
    return None if value is None else json.loads(value)


class DeviceText(TypeDecorator[str]):
    """Any text, also what a database cannot hold: NUL and lone surrogates are kept as escapes after a SUB character."""

    impl = Text
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[str | None], str | None]:  # noqa: ARG002 - SQLAlchemy's signature
        """Escape where needed. This and the next are given directly: recordings and lists spend their time here."""
        return _escape_text

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[str | None], str | None]:  # noqa: ARG002 - as above
        """Undo the escape."""
        return _unescape_text


class Moment(TypeDecorator[datetime]):
    """A UTC time as text that sorts and that a person can read: ``2026-03-02T12:00:00.000000Z``."""

    impl = String(27)
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], str | None]:  # noqa: ARG002 - as above
        """To text."""
        return _encode_moment

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[str | None], datetime | None]:  # noqa: ARG002 - as above
        """To a time."""
        return _decode_moment


class Json(TypeDecorator[Any]):
    """JSON in plain ASCII text: also holds what DeviceText has to escape."""

    impl = Text
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], str]:  # noqa: ARG002 - as above
        """To JSON."""
        return _to_json

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[str | None], Any]:  # noqa: ARG002 - as above
        """From JSON."""
        return _from_json
