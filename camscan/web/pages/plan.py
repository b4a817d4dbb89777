"""The programme: what comes next, what is overdue, what has no date, and the state by site, maker and so on."""

from __future__ import annotations

from camscan.app.overview import DEFINITIONS
from camscan.web.page import Answer, Page, PageContent, PageRequest

_SECTIONS = ("progress", "due", "groups")
_MORE = {"draft": ("/plan/draft", "Draft a plan"), "policies": ("/plan/policies", "Policies")}
"""Page -> its address, and the words of the link to it."""


def show(request: PageRequest) -> Answer:
    """Draw sections of the progress report, with the same numbers."""
    kept = request.desk.front()
    sections = [section for section in kept.front.report.sections if section.anchor in _SECTIONS]
    if not request.visitor.may("sites"):
        sections = [section for section in sections if section.anchor == "progress"]
    values = {
        "kept": kept,
        "sections": sections,
        "definitions": DEFINITIONS,
        "links": [link for page, link in _MORE.items() if request.visitor.may(page)],
        "saved": request.query_number("saved", 0) if request.has_query("saved") else None,
    }
    return PageContent("plan", "Plan", values)


PAGE = Page(path="/plan", title="Plan", show=show, place=4)
