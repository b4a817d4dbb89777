"""Makes a report from facts: the first page, then section by section. Pure."""

from __future__ import annotations

from camscan.briefing import estate, findings, front, method, progress
from camscan.briefing.nouns import Facts, Level, Report
from camscan.dates import day_text

MARKINGS = {Level.FULL: "OFFICIAL-SENSITIVE", Level.SUMMARY: "OFFICIAL"}
"""Level of a report -> its protective marking."""
TITLE = "Removal of cameras and recorders: progress report"


def compose_report(facts: Facts, level: Level = Level.FULL, *, listed: bool | None = None) -> Report:
    """Make the report of these facts for readers of this level.

    ``listed`` sets whether a full report lists every device in scope; by default it lists up to ``estate.MOST_LISTED``.
    """
    if listed is None:
        listed = facts.status.total.in_scope <= estate.MOST_LISTED
    who = f", made by the {facts.role}" if facts.role else ""
    without = "" if level is Level.FULL else ". A summary, without sites and devices"
    return Report(
        title=TITLE,
        subtitle=f"As of {day_text(facts.day)}{who}{without}",
        organisation=facts.organisation,
        marking=MARKINGS[level],
        notices=tuple(front.list_notices(facts, level)),
        headline=facts.headline.text,
        says=tuple(front.state_sentences(facts)),
        figures=tuple(front.list_figures(facts)),
        sections=(
            progress.burndown_section(facts),
            progress.costs_section(facts, level),
            estate.groups_section(facts, level),
            progress.due_section(facts, level),
            findings.changes_section(facts, level),
            findings.unknowns_section(facts, level),
            method.policies_section(facts),
            *((estate.devices_section(facts, listed=listed),) if level is Level.FULL else ()),
            method.reading_section(facts, level),
        ),
    )
