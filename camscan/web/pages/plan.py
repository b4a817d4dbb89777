"""The programme: what comes next, what is overdue, what has no date, and the state by site, maker and so on."""

from __future__ import annotations

from camscan.app.overview import DEFINITIONS
from camscan.web.page import Answer, Asked, Drawn, Page

_SECTIONS = ("progress", "due", "groups")
_MORE = {"draft": ("/plan/draft", "Draft a plan"), "policies": ("/plan/policies", "Policies")}
"""Page -> its address and its link."""


def show(asked: Asked) -> Answer:
    """Sections of the progress report: the same numbers everywhere."""
    kept = asked.desk.front()
    sections = [each for each in kept.front.report.sections if each.anchor in _SECTIONS]
    if not asked.visitor.may("sites"):
        sections = [each for each in sections if each.anchor == "progress"]
    values = {
        "kept": kept,
        "sections": sections,
        "definitions": DEFINITIONS,
        "links": [link for page, link in _MORE.items() if asked.visitor.may(page)],
        "saved": asked.number("saved", 0) if asked.has("saved") else None,
    }
    return Drawn("plan", "Plan", values)


PAGE = Page(path="/plan", title="Plan", show=show, place=4)
