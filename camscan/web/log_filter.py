"""The filter of the log, as it stands in an address."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from camscan.dates import read_day
from camscan.register import LogWanted
from camscan.web.page import Asked


def log_wanted_of(asked: Asked) -> tuple[LogWanted, list[str]]:
    """What the query string asks for, and what is wrong with it: a day that is none is left out."""
    wrong: list[str] = []
    since, until = (_day(asked.one(name), wrong) for name in ("since", "until"))
    wanted = LogWanted(
        role=asked.one("role"),
        column=asked.one("column"),
        asset_id=asked.one("asset"),
        since=_midnight(since) if since else None,
        before=_midnight(until + timedelta(days=1)) if until else None,
    )
    return wanted, wrong


def _day(text: str, wrong: list[str]) -> date | None:
    if not text:
        return None
    try:
        return read_day(text)
    except ValueError as error:
        wrong.append(str(error))
        return None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
