"""The log as a file: what fits the filter of the page before it."""

from __future__ import annotations

from camscan import app
from camscan.app.log_file import log_pieces
from camscan.errors import UsageError
from camscan.web.log_filter import log_wanted_of
from camscan.web.page import Answer, Asked, Download, Page


def show(asked: Asked) -> Answer:
    """The file, piece by piece."""
    wanted, wrong = log_wanted_of(asked)
    if wrong:
        raise UsageError(wrong[0])
    name = f"log-{app.assess.today_utc().isoformat()}-OFFICIAL-SENSITIVE.csv"
    return Download(name, log_pieces(asked.desk.space, wanted), "text/csv; charset=utf-8")


PAGE = Page(path="/log/file", title="Log as a file", show=show, under="log")
