"""The programme: what comes next, what is late, what has no date, and how it stands by site, maker and so on."""

from __future__ import annotations

from camscan.app.overview import DEFINITIONS
from camscan.web.page import Answer, Asked, Drawn, Page

_SECTIONS = ("progress", "due", "groups", "policies")


def show(asked: Asked) -> Answer:
    """Sections of the progress report: the same numbers everywhere."""
    kept = asked.desk.front()
    sections = [each for each in kept.front.report.sections if each.anchor in _SECTIONS]
    if not asked.visitor.may("sites"):
        sections = [each for each in sections if each.anchor == "progress"]
    return Drawn("plan", "Plan", {"kept": kept, "sections": sections, "definitions": DEFINITIONS})


PAGE = Page(path="/plan", title="Plan", show=show, place=4)
