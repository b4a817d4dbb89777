"""The progress report, as ``camscan report`` writes it: a page that stands alone, or a workbook."""

from __future__ import annotations

from camscan import app
from camscan.app.report import Level, make_report
from camscan.errors import UsageError
from camscan.web.outgoing import MARKING
from camscan.web.page import Answer, Asked, Download, Drawn, Page, Refused

_TYPES = {".html": "text/html; charset=utf-8", ".ods": "application/vnd.oasis.opendocument.spreadsheet"}
_LEVELS = (
    (Level.FULL, "Full", "Everything. It says where your security equipment is."),
    (Level.SUMMARY, "Summary", "An appendix that others may read: nothing in it says where a device is, or which."),
)


def show(asked: Asked) -> Answer:
    """The choices; with a format in the address, the file."""
    suffix = f".{asked.one('format')}"
    if suffix not in _TYPES:
        return _choices_page(asked)
    level = Level.SUMMARY if asked.one("level") == Level.SUMMARY else Level.FULL
    if level is Level.FULL and not _sees_all(asked):
        raise Refused("The full report says where each device is; your role may have the summary")
    # Without a day, the saved counts are read and brought up to date first; if read-only, everything is judged again.
    on = asked.one("on") or (app.assess.today_utc().isoformat() if asked.desk.setting.is_read_only else None)
    try:
        content, _ = make_report(asked.desk.space, suffix, level, on=on, devices=asked.one("devices") == "yes")
    except UsageError as error:
        text = str(error)
        return _choices_page(asked, f"{text[:1].upper()}{text[1:]}")
    marked = f"-{MARKING}" if level is Level.FULL else ""
    return Download(f"report-{app.assess.today_utc().isoformat()}{marked}{suffix}", content, _TYPES[suffix])


def _sees_all(asked: Asked) -> bool:
    return asked.visitor.sees_identifiers and asked.visitor.may("devices") and asked.visitor.sites is None


def _choices_page(asked: Asked, error: str = "") -> Drawn:
    levels = _LEVELS if _sees_all(asked) else _LEVELS[1:]
    values = {"levels": levels, "error": error, "on": asked.one("on"), "has_devices": len(levels) > 1}
    title = "Progress report"
    return Drawn("report", f"Error: {title}" if error else title, values, 422 if error else 200)


PAGE = Page(path="/exchange/report", title="Progress report", show=show, under="exports", seconds=120)
