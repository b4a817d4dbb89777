"""Facts to a report: the first page, then section by section. Pure."""

from __future__ import annotations

from camscan.briefing import estate, findings, front, method, progress
from camscan.briefing.nouns import Facts, Level, Report
from camscan.dates import spoken

MARKINGS = {Level.FULL: "OFFICIAL-SENSITIVE", Level.SUMMARY: "OFFICIAL"}
"""What a report is marked with."""
TITLE = "Removal of cameras and recorders: progress report"


def compose(facts: Facts, level: Level = Level.FULL, *, listed: bool | None = None) -> Report:
    """What is said of these facts, for these readers.

    ``listed`` says whether a full report lists every device in scope; by default, up to ``estate.MOST_LISTED`` of them.
    """
    if listed is None:
        listed = len(facts.devices) <= estate.MOST_LISTED
    who = f", made by the {facts.role}" if facts.role else ""
    without = "" if level is Level.FULL else ". A summary, without sites and devices"
    return Report(
        title=TITLE,
        subtitle=f"As of {spoken(facts.day)}{who}{without}",
        organisation=facts.organisation,
        marking=MARKINGS[level],
        notices=tuple(front.notices(facts, level)),
        headline=facts.headline.text,
        says=tuple(front.sentences(facts)),
        figures=tuple(front.figures(facts)),
        sections=(
            progress.burn_down(facts),
            progress.costs(facts, level),
            estate.groups(facts, level),
            progress.due(facts, level),
            findings.changes(facts, level),
            findings.unknowns(facts, level),
            method.policies(facts),
            *((estate.devices(facts, listed=listed),) if level is Level.FULL else ()),
            method.reading(facts, level),
        ),
    )
