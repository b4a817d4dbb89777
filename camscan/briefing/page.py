"""The report as a page in one file."""

from __future__ import annotations

from camscan.briefing.nouns import Report
from camscan.page import render_page


def render_report(report: Report) -> str:
    """The report as HTML. The same report always gives the same text."""
    return render_page(
        "briefing/report.html",
        title=report.title,
        organisation=report.organisation,
        marking=report.marking,
        draft="",
        report=report,
    )
