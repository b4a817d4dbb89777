"""What people entered: who (a role), when, what stood there before, and why."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from camscan.app.timeline import entered
from camscan.asset import Asset
from camscan.asset.columns import heading_of
from camscan.dates import read_day
from camscan.register import LogWanted
from camscan.web.page import Answer, Asked, Drawn, Page

_MOST = 50


def show(asked: Asked) -> Answer:
    """One page of it, the newest first."""
    wrong: list[str] = []
    since, until = (_day(asked.one(name), wrong) for name in ("since", "until"))
    role, column, page = asked.one("role"), asked.one("column"), max(asked.number("page"), 1)
    wanted = LogWanted(
        role=role,
        column=column,
        asset_id=asked.one("asset"),
        since=_midnight(since) if since else None,
        before=_midnight(until + timedelta(days=1)) if until else None,
        start=(page - 1) * _MOST,
        most=_MOST,
    )
    with asked.desk.reading() as book:
        lines, total = book.log(wanted)
        roles, columns = book.log_values()
        devices = {row.asset_id: row for row in book.named({each.asset_id for each in lines})}
    pages = max(-(-total // _MOST), 1)
    values = {
        "rows": [(each, entered(each), _label(devices.get(each.asset_id))) for each in lines],
        "total": total,
        "roles": [(each, each, each == role) for each in roles],
        "columns": [(each, heading_of(each), each == column) for each in columns],
        "asset": asked.one("asset"),
        "since": asked.one("since"),
        "until": asked.one("until"),
        "trouble": wrong,
        "earlier": asked.link(page=page - 1) if page > 1 else "",
        "later": asked.link(page=page + 1) if page < pages else "",
        "page": page,
        "pages": pages,
    }
    return Drawn("log", "Error: Log" if wrong else "Log", values)


def _label(row: Asset | None) -> str:
    """What stands on the device; empty where nobody has said."""
    return row.entries.get("council_asset_tag", "") if row else ""


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


PAGE = Page(path="/log", title="Log", show=show, place=7)
