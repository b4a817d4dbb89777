"""The progress report, as ``camscan report`` writes it: a page that stands alone, or a workbook."""

from __future__ import annotations

from camscan import app
from camscan.app.report import Level, make_report
from camscan.errors import UsageError
from camscan.web.outgoing import MARKING
from camscan.web.page import Answer, Download, NotAllowed, Page, PageContent, PageRequest

_TYPES = {".html": "text/html; charset=utf-8", ".ods": "application/vnd.oasis.opendocument.spreadsheet"}
_LEVELS = (
    (Level.FULL, "Full", "Everything. It says where your security equipment is."),
    (Level.SUMMARY, "Summary", "An appendix that others may read: nothing in it says where a device is, or which."),
)


def show(request: PageRequest) -> Answer:
    """Draw the choices; if the address names a format, return the file."""
    suffix = f".{request.query_value('format')}"
    if suffix not in _TYPES:
        return _choices_page(request)
    level = Level.SUMMARY if request.query_value("level") == Level.SUMMARY else Level.FULL
    if level is Level.FULL and not _sees_all(request):
        raise NotAllowed("The full report says where each device is; your role may have the summary")
    # Without a day, the saved counts are read and brought up to date first. In read-only mode, everything is judged
    # again.
    on = request.query_value("on") or (
        app.assess.today_utc().isoformat() if request.desk.setting.is_read_only else None
    )
    try:
        content, _ = make_report(
            request.desk.space, suffix, level, on=on, devices=request.query_value("devices") == "yes"
        )
    except UsageError as error:
        text = str(error)
        return _choices_page(request, f"{text[:1].upper()}{text[1:]}")
    marked = f"-{MARKING}" if level is Level.FULL else ""
    return Download(f"report-{app.assess.today_utc().isoformat()}{marked}{suffix}", content, _TYPES[suffix])


def _sees_all(request: PageRequest) -> bool:
    return request.visitor.sees_identifiers and request.visitor.may("devices") and request.visitor.sites is None


def _choices_page(request: PageRequest, error: str = "") -> PageContent:
    levels = _LEVELS if _sees_all(request) else _LEVELS[1:]
    values = {"levels": levels, "error": error, "on": request.query_value("on"), "has_devices": len(levels) > 1}
    title = "Progress report"
    return PageContent("report", f"Error: {title}" if error else title, values, 422 if error else 200)


PAGE = Page(path="/exchange/report", title="Progress report", show=show, under="exports", seconds=120)
