"""Every collector and its state: those that wait for a person come first."""

from __future__ import annotations

from datetime import UTC, datetime

from camscan import app
from camscan.app.collectors import CollectorState
from camscan.app.device_list import total_pages
from camscan.web.collector_words import as_sentence, collector_condition, version_text, waiting_text
from camscan.web.page import Answer, Page, PageContent, PageRequest

_MOST = 50


def show(request: PageRequest) -> Answer:
    """Draw one page of the list of collectors."""
    now = datetime.now(UTC)
    found = sorted(app.collectors.list_collector_states(request.desk.store), key=lambda each: _sort_key(each, now))
    pages = max(total_pages(len(found)), 1)
    page = min(max(request.query_number("page"), 1), pages)
    rows = found[(page - 1) * _MOST : page * _MOST]
    keys = {row.collector.key for row in rows if row.parcels}
    full = app.arrivals.keys_of_full_days(request.desk.space, request.desk.store, keys)
    values = {
        "rows": [
            (
                row,
                collector_condition(row, now),
                waiting_text(row, full, now),
                version_text(row),
                as_sentence(row.trouble),
            )
            for row in rows
        ],
        "total": len(found),
        "urgent": sum(collector_condition(each, now).is_urgent for each in found),
        "behind": sum(each.is_behind and each.collector.is_approved for each in found),
        "may_add": request.visitor.may("add_collector", send=True) and not request.desk.setting.is_read_only,
        "earlier": request.link(page=page - 1) if page > 1 else "",
        "later": request.link(page=page + 1) if page < pages else "",
        "page": page,
        "pages": pages,
    }
    return PageContent("collectors", "Collectors", values)


def _sort_key(each: CollectorState, now: datetime) -> tuple[bool, bool, str]:
    condition = collector_condition(each, now)
    return not condition.is_urgent, condition.word == "Revoked", each.collector.name.casefold()


PAGE = Page(path="/collectors", title="Collectors", show=show, under="coverage")
