"""What only a person can settle: the list of open questions."""

from __future__ import annotations

from camscan import app
from camscan.app.device_list import MOST, total_pages
from camscan.asset import Asset
from camscan.web.page import Answer, Asked, Drawn, Page


def show(asked: Asked) -> Answer:
    """One page of it, the oldest first."""
    page = max(asked.number("page"), 1)
    with asked.desk.reading() as book:
        found, total = app.review.questions(book, (page - 1) * MOST, MOST)
        pages = max(total_pages(total), 1)
        if page > pages:
            page = pages
            found, total = app.review.questions(book, (page - 1) * MOST, MOST)
    values = {
        "rows": [
            (each.number, each.findings, [(row.asset_id, _device_label(row)) for row in each.rows]) for each in found
        ],
        "total": total,
        "page": page,
        "pages": pages,
        "earlier": asked.link(page=page - 1) if page > 1 else "",
        "later": asked.link(page=page + 1) if page < pages else "",
    }
    return Drawn("review", "To settle", values)


def _device_label(row: Asset) -> str:
    return row.entries.get("council_asset_tag") or row.asset_id


PAGE = Page(path="/review", title="To settle", show=show, place=6)
