"""What the removal costs, by phase and financial year."""

from __future__ import annotations

from camscan.web.page import Answer, Asked, Drawn, Page


def show(asked: Asked) -> Answer:
    """The section of the progress report: the same sums everywhere."""
    kept = asked.desk.front()
    section = next(each for each in kept.front.report.sections if each.anchor == "costs")
    values = {
        "kept": kept,
        "section_of": section,
        "without": sum(line.without_cost for line in kept.front.facts.status.by_year),
        "has_list": asked.visitor.may("devices"),
        "has_file": asked.visitor.may("list_file"),
    }
    return Drawn("costs", "Costs", values)


PAGE = Page(path="/plan/costs", title="Costs", show=show, place=5)
