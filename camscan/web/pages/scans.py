"""Every recorded scan, the newest first."""

from __future__ import annotations

from camscan.app.device_list import total_pages
from camscan.web.page import Answer, Page, PageContent, PageRequest

_MOST = 50


def show(request: PageRequest) -> Answer:
    """Draw one page of the list of scans."""
    with request.desk.reading() as book:
        scans = book.scans()[::-1]
    pages = max(total_pages(len(scans)), 1)
    page = min(max(request.query_number("page"), 1), pages)
    values = {
        "scans": scans[(page - 1) * _MOST : page * _MOST],
        "total": len(scans),
        "earlier": request.link(page=page - 1) if page > 1 else "",
        "later": request.link(page=page + 1) if page < pages else "",
        "page": page,
        "pages": pages,
    }
    return PageContent("scans", "Scans", values)


PAGE = Page(path="/scans", title="Scans", show=show, under="coverage")
