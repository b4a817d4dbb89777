"""Reads the audit log: of one device or of all, and page by page. In plain SQL, so that it also serves a quick look."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from camscan.asset import Change
from camscan.register.plain_sql import AnyConnection, fetch
from camscan.register.stored import encode_moment, unescape_text
from camscan.register.types import LogQuery

_OF_DEVICES = "FROM change JOIN device ON device.id = change.device_id"
_LINE = f"""
    SELECT change.id, change.at, change.role, change.how, device.asset_id, change.column_name,
           change.old, change.new, change.because
    {_OF_DEVICES}
"""


def list_changes(connection: AnyConnection, asset_id: str | None = None, since: int = 0) -> list[Change]:
    """Lines of the audit log; see ``Register.changes``."""
    query = f"{_LINE} WHERE change.id > :since"
    wanted: dict[str, Any] = {"since": since}
    if asset_id is not None:
        query += " AND device.asset_id = :asset_id"
        wanted["asset_id"] = asset_id
    return [_decode_change(row) for row in fetch(connection, f"{query} ORDER BY change.id", **wanted)]


def read_log(connection: AnyConnection, wanted: LogQuery) -> tuple[list[Change], int]:
    """One page of the audit log; see ``Register.read_log``."""
    conditions = {
        "change.role = :role": wanted.role,
        "change.column_name = :column": wanted.column,
        "device.asset_id = :asset_id": wanted.asset_id,
        "change.at >= :since": encode_moment(wanted.since),
        "change.at < :before": encode_moment(wanted.before),
    }
    given = {condition: value for condition, value in conditions.items() if value}
    values = {condition.rpartition(":")[2]: value for condition, value in given.items()}
    found = f"WHERE {' AND '.join(['change.id > 0', *given])}"
    ((total,),) = fetch(connection, f"SELECT count(*) {_OF_DEVICES} {found}", **values)
    page = f"{_LINE} {found} ORDER BY change.id DESC LIMIT :most OFFSET :start"
    rows = fetch(connection, page, most=wanted.most, start=wanted.start, **values)
    return [_decode_change(row) for row in rows], total


def log_values(connection: AnyConnection) -> tuple[Sequence[str], Sequence[str]]:
    """The roles and columns in the audit log; see ``Register.log_values``."""
    roles = fetch(connection, "SELECT DISTINCT role FROM change ORDER BY role")
    columns = fetch(connection, "SELECT DISTINCT column_name FROM change ORDER BY column_name")
    return [unescape_text(row[0]) for row in roles], [row[0] for row in columns]


def _decode_change(row: Sequence[Any]) -> Change:
    number, at, role, how, asset_id, column, *texts = row
    old, new, because = map(unescape_text, texts)
    moment = datetime.fromisoformat(at)
    return Change(number, moment, unescape_text(role), unescape_text(how), asset_id, column, old, new, because)
