"""The filter of the log, as it is written in an address."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from camscan.dates import read_day
from camscan.register import LogQuery
from camscan.web.page import PageRequest


def read_log_filter(request: PageRequest) -> tuple[LogQuery, list[str]]:
    """The filter in the query string, and what is wrong with it. A day that cannot be read is left out."""
    wrong: list[str] = []
    since, until = (_read_day(request.query_value(name), wrong) for name in ("since", "until"))
    wanted = LogQuery(
        role=request.query_value("role"),
        column=request.query_value("column"),
        asset_id=request.query_value("asset"),
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
