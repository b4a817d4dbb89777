"""The report as a page in one file."""

from __future__ import annotations

from camscan.briefing.nouns import Report
from camscan.page import render


def as_page(report: Report) -> str:
    """HTML: the same report gives the same text."""
    return render(
        "briefing/report.html",
        title=report.title,
        organisation=report.organisation,
        marking=report.marking,
        draft="",
        report=report,
    )
