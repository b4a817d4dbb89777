"""The log as a file, with the filter of the page of the log."""

from __future__ import annotations

from camscan import app
from camscan.app.log_file import log_pieces
from camscan.errors import UsageError
from camscan.web.log_filter import read_log_filter
from camscan.web.page import Answer, Download, Page, PageRequest


def show(request: PageRequest) -> Answer:
    """Return the log as a file, piece by piece."""
    wanted, wrong = read_log_filter(request)
    if wrong:
        raise UsageError(wrong[0])
    name = f"log-{app.assess.today_utc().isoformat()}-OFFICIAL-SENSITIVE.csv"
    return Download(name, log_pieces(request.desk.space, wanted), "text/csv; charset=utf-8")


PAGE = Page(path="/log/file", title="Log as a file", show=show, under="log")
