"""Every collector and how it stands: those that wait for a person first."""

from __future__ import annotations

from datetime import UTC, datetime

from camscan import app
from camscan.app.collectors import Standing
from camscan.app.device_list import total_pages
from camscan.web.collector_words import condition_of, sentence, version_text, waiting_text
from camscan.web.page import Answer, Asked, Drawn, Page

_MOST = 50


def show(asked: Asked) -> Answer:
    """One page of them."""
    now = datetime.now(UTC)
    found = sorted(app.collectors.list_standings(asked.desk.store), key=lambda each: _order(each, now))
    pages = max(total_pages(len(found)), 1)
    page = min(max(asked.number("page"), 1), pages)
    rows = found[(page - 1) * _MOST : page * _MOST]
    keys = {each.collector.key for each in rows if each.parcels}
    full = app.arrivals.keys_of_full_days(asked.desk.space, asked.desk.store, keys)
    values = {
        "rows": [
            (each, condition_of(each, now), waiting_text(each, full, now), version_text(each), sentence(each.trouble))
            for each in rows
        ],
        "total": len(found),
        "urgent": sum(condition_of(each, now).is_urgent for each in found),
        "behind": sum(each.is_behind and each.collector.is_approved for each in found),
        "may_add": asked.visitor.may("add_collector", send=True) and not asked.desk.setting.is_read_only,
        "earlier": asked.link(page=page - 1) if page > 1 else "",
        "later": asked.link(page=page + 1) if page < pages else "",
        "page": page,
        "pages": pages,
    }
    return Drawn("collectors", "Collectors", values)


def _order(each: Standing, now: datetime) -> tuple[bool, bool, str]:
    condition = condition_of(each, now)
    return not condition.is_urgent, condition.word == "Revoked", each.collector.name.casefold()


PAGE = Page(path="/collectors", title="Collectors", show=show, under="coverage")
