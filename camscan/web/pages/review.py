"""The list of open questions that only a person can settle."""

from __future__ import annotations

from camscan import app
from camscan.app.device_list import MOST, total_pages
from camscan.asset import Asset
from camscan.web.page import Answer, Page, PageContent, PageRequest


def show(request: PageRequest) -> Answer:
    """Draw one page of the open questions, the oldest first."""
    page = max(request.query_number("page"), 1)
    with request.desk.reading() as book:
        found, total = app.review.list_questions(book, (page - 1) * MOST, MOST)
        pages = max(total_pages(total), 1)
        if page > pages:
            page = pages
            found, total = app.review.list_questions(book, (page - 1) * MOST, MOST)
    values = {
        "rows": [
            (each.number, each.findings, [(row.asset_id, _device_label(row)) for row in each.rows]) for each in found
        ],
        "total": total,
        "page": page,
        "pages": pages,
        "earlier": request.link(page=page - 1) if page > 1 else "",
        "later": request.link(page=page + 1) if page < pages else "",
    }
    return PageContent("review", "To settle", values)


def _device_label(row: Asset) -> str:
    return row.entries.get("council_asset_tag") or row.asset_id


PAGE = Page(path="/review", title="To settle", show=show, place=6)
