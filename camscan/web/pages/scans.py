"""Every recorded scan, the newest first."""

from __future__ import annotations

from camscan.app.device_list import total_pages
from camscan.web.page import Answer, Asked, Drawn, Page

_MOST = 50


def show(asked: Asked) -> Answer:
    """One page of them."""
    with asked.desk.reading() as book:
        scans = book.scans()[::-1]
    pages = max(total_pages(len(scans)), 1)
    page = min(max(asked.number("page"), 1), pages)
    values = {
        "scans": scans[(page - 1) * _MOST : page * _MOST],
        "total": len(scans),
        "earlier": asked.link(page=page - 1) if page > 1 else "",
        "later": asked.link(page=page + 1) if page < pages else "",
        "page": page,
        "pages": pages,
    }
    return Drawn("scans", "Scans", values)


PAGE = Page(path="/scans", title="Scans", show=show, under="coverage")
