"""What only a person can settle: the list of open questions."""

from __future__ import annotations

from camscan import app
from camscan.app.device_list import MOST, total_pages
from camscan.asset import Asset
from camscan.web.page import Answer, Asked, Drawn, Page


def show(asked: Asked) -> Answer:
    """One page of it, the oldest first."""
    with asked.desk.reading() as book:
        found = app.review.questions(book)
    pages = max(total_pages(len(found)), 1)
    page = min(max(asked.number("page"), 1), pages)
    values = {
        "rows": [
            (each.number, each.says, [(row.asset_id, _label(row)) for row in each.rows])
            for each in found[(page - 1) * MOST : page * MOST]
        ],
        "total": len(found),
        "page": page,
        "pages": pages,
        "earlier": asked.link(page=page - 1) if page > 1 else "",
        "later": asked.link(page=page + 1) if page < pages else "",
    }
    return Drawn("review", "To settle", values)


def _label(row: Asset) -> str:
    return row.entries.get("council_asset_tag") or row.asset_id


PAGE = Page(path="/review", title="To settle", show=show, place=6)
