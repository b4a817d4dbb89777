"""What the removal costs, by phase and financial year."""

from __future__ import annotations

from camscan.web.page import Answer, Page, PageContent, PageRequest


def show(request: PageRequest) -> Answer:
    """Draw the section of the progress report about costs, with the same sums."""
    kept = request.desk.front()
    section = next(section for section in kept.front.report.sections if section.anchor == "costs")
    values = {
        "kept": kept,
        "section_of": section,
        "without": sum(line.without_cost for line in kept.front.facts.status.by_year),
        "has_list": request.visitor.may("devices"),
        "has_file": request.visitor.may("list_file"),
    }
    return PageContent("costs", "Costs", values)


PAGE = Page(path="/plan/costs", title="Costs", show=show, place=5)
