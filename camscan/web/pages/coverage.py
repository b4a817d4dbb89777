"""How much of the estate was scanned, and what no scan can see."""

from __future__ import annotations

from camscan.briefing.coverage import coverage_by_site
from camscan.briefing.front import coverage_sentence
from camscan.web.page import Answer, Page, PageContent, PageRequest


def show(request: PageRequest) -> Answer:
    """Draw the report's section about what is not known, and every site that was not scanned lately."""
    kept = request.desk.front()
    section = next(section for section in kept.front.report.sections if section.anchor == "unknown")
    looked = kept.front.facts.looked
    values = {
        "kept": kept,
        "section_of": section,
        "picture": coverage_by_site(kept.front.facts),
        "may_import": request.visitor.reads_lists and not request.desk.setting.is_read_only,
        "says": coverage_sentence(kept.front.facts),
        "never": looked.never_asked,
        "stale": looked.stale_sites,
        "strangers": kept.front.facts.headline.strangers,
    }
    return PageContent("coverage", "Coverage", values)


PAGE = Page(path="/coverage", title="Coverage", show=show, place=8)
