"""How much of the estate was looked at, and what no scan can see."""

from __future__ import annotations

from camscan.briefing.coverage import coverage_by_site
from camscan.briefing.front import coverage_sentence
from camscan.web.page import Answer, Asked, Drawn, Page


def show(asked: Asked) -> Answer:
    """The section of the progress report about what is not known, and every site that was not scanned lately."""
    kept = asked.desk.front()
    section = next(each for each in kept.front.report.sections if each.anchor == "unknown")
    looked = kept.front.facts.looked
    values = {
        "kept": kept,
        "section_of": section,
        "picture": coverage_by_site(kept.front.facts),
        "may_import": asked.visitor.reads_lists and not asked.desk.setting.is_read_only,
        "says": coverage_sentence(kept.front.facts),
        "never": looked.never_asked,
        "stale": looked.stale_sites,
        "strangers": kept.front.facts.headline.strangers,
    }
    return Drawn("coverage", "Coverage", values)


PAGE = Page(path="/coverage", title="Coverage", show=show, place=8)
