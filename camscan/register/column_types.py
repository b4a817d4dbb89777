"""How any text, a time and JSON are stored in a column, the same in SQLite and PostgreSQL."""

from __future__ import annotations

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


def _unescape_text(value: str | None) -> str | None:
    return value if value is None else unescape_text(value)


def _decode_moment(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value)


def _from_json(value: str | None) -> Any:
    return None if value is None else json.loads(value)


class DeviceText(TypeDecorator[str]):
    """Any text, also what a database cannot hold: NUL and lone surrogates are kept as escapes after a SUB character."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Escape where needed."""
        if value is None or not _UNSTORABLE.search(value):
            return value
        return MARK + value.encode("unicode_escape").decode("ascii")

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[str | None], str | None]:  # noqa: ARG002 - as above
        """Undo the escape. Given directly, since lists of all devices spend their time here."""
        return _unescape_text


class Moment(TypeDecorator[datetime]):
    """A UTC time as text that sorts and that a person can read: ``2026-03-02T12:00:00.000000Z``."""

    impl = String(27)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - as above
        """To text."""
        if value is None:
            return None
        utc = value if value.tzinfo is UTC else value.astimezone(UTC)
        return utc.isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[str | None], datetime | None]:  # noqa: ARG002 - as above
        """To a time."""
        return _decode_moment


class Json(TypeDecorator[Any]):
    """JSON in plain ASCII text: also holds what DeviceText has to escape."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str:  # noqa: ARG002 - as above
        """To JSON."""
        return json.dumps(value, separators=(",", ":"))

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[str | None], Any]:  # noqa: ARG002 - as above
        """From JSON."""
        return _from_json
