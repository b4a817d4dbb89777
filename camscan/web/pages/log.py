"""What people entered: who (a role), when, the value before, and why."""

from __future__ import annotations

from dataclasses import replace

from camscan.app.timeline import describe_entry
from camscan.asset import Asset
from camscan.asset.columns import heading_of
from camscan.web.log_filter import read_log_filter
from camscan.web.page import Answer, Page, PageContent, PageRequest

_MOST = 50


def show(request: PageRequest) -> Answer:
    """Draw one page of the log, the newest first."""
    page = max(request.query_number("page"), 1)
    wanted, wrong = read_log_filter(request)
    wanted = replace(wanted, start=(page - 1) * _MOST, most=_MOST)
    with request.desk.reading() as book:
        lines, total = book.read_log(wanted)
        roles, columns = book.log_values()
        devices = {row.asset_id: row for row in book.devices_by_number({line.asset_id for line in lines})}
    pages = max(-(-total // _MOST), 1)
    values = {
        "rows": [(line, describe_entry(line), _device_label(devices.get(line.asset_id))) for line in lines],
        "total": total,
        "roles": [(role, role, role == wanted.role) for role in roles],
        "columns": [(column, heading_of(column), column == wanted.column) for column in columns],
        "asset": request.query_value("asset"),
        "since": request.query_value("since"),
        "until": request.query_value("until"),
        "trouble": wrong,
        "earlier": request.link(page=page - 1) if page > 1 else "",
        "later": request.link(page=page + 1) if page < pages else "",
        "file": request.link(page=None).replace("/log", "/log/file", 1),
        "page": page,
        "pages": pages,
    }
    return PageContent("log", "Error: Log" if wrong else "Log", values)


def _device_label(row: Asset | None) -> str:
    """The council tag of the device; empty if it has none."""
    return row.entries.get("council_asset_tag", "") if row else ""


PAGE = Page(path="/log", title="Log", show=show, place=7)
