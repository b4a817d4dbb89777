"""What people entered: who (a role), when, the value before, and why."""

from __future__ import annotations

from dataclasses import replace

from camscan.app.timeline import describe_entry
from camscan.asset import Asset
from camscan.asset.columns import heading_of
from camscan.web.log_filter import read_log_filter
from camscan.web.page import Answer, Asked, Drawn, Page

_MOST = 50


def show(asked: Asked) -> Answer:
    """One page of the log, the newest first."""
    page = max(asked.number("page"), 1)
    wanted, wrong = read_log_filter(asked)
    wanted = replace(wanted, start=(page - 1) * _MOST, most=_MOST)
    with asked.desk.reading() as book:
        lines, total = book.read_log(wanted)
        roles, columns = book.log_values()
        devices = {row.asset_id: row for row in book.devices_by_number({each.asset_id for each in lines})}
    pages = max(-(-total // _MOST), 1)
    values = {
        "rows": [(each, describe_entry(each), _device_label(devices.get(each.asset_id))) for each in lines],
        "total": total,
        "roles": [(each, each, each == wanted.role) for each in roles],
        "columns": [(each, heading_of(each), each == wanted.column) for each in columns],
        "asset": asked.one("asset"),
        "since": asked.one("since"),
        "until": asked.one("until"),
        "trouble": wrong,
        "earlier": asked.link(page=page - 1) if page > 1 else "",
        "later": asked.link(page=page + 1) if page < pages else "",
        "file": asked.link(page=None).replace("/log", "/log/file", 1),
        "page": page,
        "pages": pages,
    }
    return Drawn("log", "Error: Log" if wrong else "Log", values)


def _device_label(row: Asset | None) -> str:
    """The council tag of the device; empty if it has none."""
    return row.entries.get("council_asset_tag", "") if row else ""


PAGE = Page(path="/log", title="Log", show=show, place=7)
