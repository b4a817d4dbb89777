"""Net changes that scans saw: a change that was reversed is left out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from camscan import app
from camscan.app import assess
from camscan.app.device_list import total_pages
from camscan.app.diff import Changes
from camscan.app.timeline import HAPPENED
from camscan.asset import Asset, Event, Happening
from camscan.errors import UsageError
from camscan.headline import is_of_video
from camscan.web.page import Answer, Page, PageContent, PageRequest

_DAYS = 90
"""How far back the page looks, in days, unless somebody names a day."""
_LAST = "last"
"""Used instead of a day: since the last round, or since the last scan if there was no round."""
_MOST = 50


def show(request: PageRequest) -> Answer:
    """Draw the changes since a day, the newest first; of one kind if the address names one."""
    since = request.query_value("since") or (assess.today_utc() - timedelta(days=_DAYS)).isoformat()
    is_last = since == _LAST
    kind, everything = request.query_value("kind"), request.query_value("everything") == "yes"
    trouble = ""
    try:
        told = app.diff.changes_since(request.desk.space, None if is_last else since)
    except UsageError:
        trouble = f"“{since[:40]}” is not a day: write it as 31 March 2027"
        since = (assess.today_utc() - timedelta(days=_DAYS)).isoformat()
        told = app.diff.changes_since(request.desk.space, since)
    kinds = (kind,) if kind in set(Event) else ()
    wanted = (
        change
        for change in told.select_changes(kinds=kinds, everything=True)
        if everything or _is_of_video(told, change)
    )
    found = sorted(wanted, key=lambda each: each.at, reverse=True)
    pages = max(total_pages(len(found)), 1)
    page = min(max(request.query_number("page"), 1), pages)
    rows = [_change_row(told, each) for each in found[(page - 1) * _MOST : page * _MOST]]
    values = {
        "rows": rows,
        "total": len(found),
        "since": "" if is_last else since,
        "is_last": is_last,
        "trouble": trouble,
        "kinds": [(each.value, HAPPENED[each], each.value == kind) for each in Event],
        "everything": everything,
        "earlier": request.link(page=page - 1) if page > 1 else "",
        "later": request.link(page=page + 1) if page < pages else "",
        "page": page,
        "pages": pages,
    }
    return PageContent("changes", "Error: Changes" if trouble else "Changes", values)


def _change_row(told: Changes, each: Happening) -> Mapping[str, object]:
    return {
        "at": each.at,
        "kind": HAPPENED[each.event],
        "number": each.asset_id,
        "name": _device_name(told.rows.get(each.asset_id), each.asset_id),
        "site": told.site(each),
        "detail": each.detail,
        "is_alarm": each.event is Event.REAPPEARED_AFTER_REMOVAL,
    }


def _is_of_video(told: Changes, each: Happening) -> bool:
    """Whether a change counts in the alarm of the front page. Changes of a network concern all devices."""
    row = told.rows.get(each.asset_id)
    return row is None or is_of_video(row)


def _device_name(row: Asset | None, number: str) -> str:
    """The council tag of a device, or its asset number."""
    return (row.entries.get("council_asset_tag") if row else "") or number


PAGE = Page(path="/changes", title="Changes", show=show, place=6)
