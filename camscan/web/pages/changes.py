"""Net changes that scans saw: a change that was reversed is left out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from camscan import app
from camscan.app import assess
from camscan.app.device_list import total_pages
from camscan.app.diff import Changes
from camscan.app.listing import is_of_video
from camscan.app.timeline import HAPPENED
from camscan.asset import Asset, Event, Happening
from camscan.errors import UsageError
from camscan.web.page import Answer, Asked, Drawn, Page

_DAYS = 90
"""How far back the page looks, in days, unless somebody names a day."""
_LAST = "last"
"""Stands for a day: since the last round, or since the last scan if there was no round."""
_MOST = 50


def show(asked: Asked) -> Answer:
    """The changes since a day, the newest first; of one kind if one is asked for."""
    since = asked.one("since") or (assess.today_utc() - timedelta(days=_DAYS)).isoformat()
    is_last = since == _LAST
    kind, everything = asked.one("kind"), asked.one("everything") == "yes"
    trouble = ""
    try:
        told = app.diff.changes_since(asked.desk.space, None if is_last else since)
    except UsageError:
        trouble = f"“{since[:40]}” is not a day: write it as 2027-03-31"
        since = (assess.today_utc() - timedelta(days=_DAYS)).isoformat()
        told = app.diff.changes_since(asked.desk.space, since)
    kinds = (kind,) if kind in set(Event) else ()
    wanted = (
        each for each in told.select_changes(kinds=kinds, everything=True) if everything or _is_of_video(told, each)
    )
    found = sorted(wanted, key=lambda each: each.at, reverse=True)
    pages = max(total_pages(len(found)), 1)
    page = min(max(asked.number("page"), 1), pages)
    rows = [_change_row(told, each) for each in found[(page - 1) * _MOST : page * _MOST]]
    values = {
        "rows": rows,
        "total": len(found),
        "since": "" if is_last else since,
        "is_last": is_last,
        "trouble": trouble,
        "kinds": [(each.value, HAPPENED[each], each.value == kind) for each in Event],
        "everything": everything,
        "earlier": asked.link(page=page - 1) if page > 1 else "",
        "later": asked.link(page=page + 1) if page < pages else "",
        "page": page,
        "pages": pages,
    }
    return Drawn("changes", "Error: Changes" if trouble else "Changes", values)


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
    """Counts as the alarm of the front page does. Changes of a network concern all devices."""
    row = told.rows.get(each.asset_id)
    return row is None or is_of_video(row)


def _device_name(row: Asset | None, number: str) -> str:
    """The council tag of a device, or its asset number."""
    return (row.entries.get("council_asset_tag") if row else "") or number


PAGE = Page(path="/changes", title="Changes", show=show, place=6)
