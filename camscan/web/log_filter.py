"""The filter of the log, as it is written in an address."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from camscan.dates import read_day
from camscan.register import LogWanted
from camscan.web.page import Asked


def read_log_filter(asked: Asked) -> tuple[LogWanted, list[str]]:
    """The filter in the query string, and what is wrong with it. A day that cannot be read is left out."""
    wrong: list[str] = []
    since, until = (_read_day(asked.one(name), wrong) for name in ("since", "until"))
    wanted = LogWanted(
        role=asked.one("role"),
        column=asked.one("column"),
        asset_id=asked.one("asset"),
        since=_start_of_day(since) if since else None,
        before=_start_of_day(until + timedelta(days=1)) if until else None,
    )
    return wanted, wrong


def _read_day(text: str, wrong: list[str]) -> date | None:
    if not text:
        return None
    try:
        return read_day(text)
    except ValueError as error:
        wrong.append(str(error))
        return None


def _start_of_day(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
