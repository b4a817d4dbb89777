"""The first page: alarms, the headline, sentences to be read aloud, and the numbers. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise

from camscan.briefing.nouns import RECENT, Facts, Level, Notice
from camscan.dates import day_text
from camscan.page import Figure
from camscan.page.render import pounds_text
from camscan.plan.standing import Counts, Standing
from camscan.words import count_text, list_text, percent_text, verb

_FEW = 5
"""Maximum devices that an alarm names."""
_STANDINGS = (
    (Standing.PLANNED, "{} a future date", "has", "have"),
    (Standing.OVERDUE, "{} overdue", "is", "are"),
    (Standing.NO_DATE, "{} no date yet", "has", "have"),
    (Standing.BLOCKED, "{} held up", "is", "are"),
    (Standing.ACCEPTED_RISK, "{} kept by decision", "is", "are"),
)


def list_notices(facts: Facts, level: Level) -> Iterator[Notice]:
    """What a reader must see first; alarms come before all else."""
    status = facts.status
    back = len(status.answers_after_removal)
    if back:
        lines = [
            f"{device.number}{f' at {device.site}' if device.site else ''}, entered as removed"
            f"{f' on {day_text(device.removed)}' if device.removed else ''}"
            f"{f', last seen on {day_text(device.seen)}' if device.seen else ''}"
            for device in facts.returned[:_FEW]
        ]
        lines += [f"and {back - _FEW:,} more, in “What has changed”"] if back > _FEW else []
        title = answering_clause(back)
        yield Notice("Alarm", title, tuple(lines) if level is Level.FULL else ())
    if not facts.is_decided:
        title = "no decision of the council is recorded, so nothing is in scope yet"
        would = status.would_match
        lines = [f"{count_text(would)} would match the policies in use."] if would else []
        yield Notice("Note", title, tuple(lines))
    if facts.is_map_stale:
        yield Notice("Note", "some sites in camscan.yaml are not in the register yet; the next scan adds them")


def answering_clause(back: int) -> str:
    """How many devices answer after their removal: a clause without its full stop."""
    was = verb(back, "it was", "they were")
    return f"{count_text(back)} {verb(back, 'answers', 'answer')} although somebody entered that {was} removed"


def state_sentences(facts: Facts) -> Iterator[str]:
    """The state of the programme in sentences that can be read aloud."""
    status = facts.status
    total = status.total
    if not total.in_scope:
        yield "No device is in scope for removal."
    else:
        gone = (
            f"{total.removed:,} {verb(total.removed, 'is', 'are')} removed"
            if total.removed
            else "None of them is removed"
        )
        yield (
            f"{count_text(total.in_scope)} {verb(total.in_scope, 'is', 'are')} in scope for removal, "
            f"{_where_text(status.in_scope)}. {gone}, and "
            f"{total.remaining:,} {verb(total.remaining, 'remains', 'remain')}."
        )
    if total.remaining:
        parts = [
            phrase.format(f"{total.standings[each]:,} {verb(total.standings[each], one, many)}")
            for each, phrase, one, many in _STANDINGS
            if total.standings[each]
        ]
        yield f"Of those that remain, {list_text(parts)}."
        yield from _end_sentences(facts)
    if total.unconfirmed:
        yield (
            f"{total.unconfirmed:,} of those that remain {verb(total.unconfirmed, 'was', 'were')} not seen by the "
            "last scans. Nobody has recorded their removal, so they count as remaining."
        )
    yield from _cost_sentences(facts)
    left = status.scope_unknown - status.would_match
    if left:
        scope = f"It is not known whether {count_text(left)} {verb(left, 'is', 'are')} in scope"
        if status.unknown_maker == left:
            yield f"{scope}, because {verb(left, 'its', 'their')} maker is not known."
        else:
            yield f"{scope}; the maker of {status.unknown_maker:,} of them is not known."
    yield coverage_sentence(facts)


def _end_sentences(facts: Facts) -> Iterator[str]:
    """When the plan ends: the last month in which fewer devices remain than before."""
    steps = [after for before, after in pairwise(facts.points) if before.planned != after.planned]
    if facts.status.total.standings[Standing.PLANNED] and steps and steps[-1].day >= facts.day:
        yield f"According to the plan, the last device with a date is removed by {day_text(steps[-1].month.last)}."


def _cost_sentences(facts: Facts) -> Iterator[str]:
    lines = facts.status.by_year
    cost, without = sum(line.cost for line in lines), sum(line.without_cost for line in lines)
    if cost:
        rest = f". No cost is entered yet for {without:,} of these devices" if without else ""
        yield f"Removing and replacing what remains is estimated to cost {pounds_text(Decimal(cost))}{rest}."


def coverage_sentence(facts: Facts) -> str:
    """How much of the estate the report is based on, in a sentence."""
    looked = facts.looked
    if looked.last is None:
        return "No scan is recorded: everything was entered by people."
    if looked.percent is None:
        asked = "camscan itself has not asked any address"
    else:
        asked = f"scans have asked {looked.percent:g} % of the {looked.addresses:,} addresses given to them"
    sites = ""
    if looked.sites:
        of_sites = f"{looked.fresh_sites:,} of {count_text(looked.sites, 'site')}"
        sites = f", and {of_sites} were scanned completely within {RECENT} days"
    return f"Coverage: {asked}{sites}; the newest scan ended on {day_text(looked.last)}."


def list_figures(facts: Facts) -> Iterator[Figure]:
    """The numbers of the first page. What remains is the sum of the five numbers after it."""
    status, looked = facts.status, facts.looked
    total = status.total
    yield Figure("In scope", f"{total.in_scope:,}", _where_text(status.in_scope) if total.in_scope else "")
    yield Figure("Removed", f"{total.removed:,}", _share_text(total.removed, total.in_scope))
    yield Figure("Remaining", f"{total.remaining:,}", "the sum of the next five")
    yield Figure("Planned", f"{total.standings[Standing.PLANNED]:,}", "have a future date")
    yield Figure("Overdue", f"{total.standings[Standing.OVERDUE]:,}", "their date has passed")
    yield Figure("No date", f"{total.standings[Standing.NO_DATE]:,}", "nobody has set one")
    yield Figure("Held up", f"{total.standings[Standing.BLOCKED]:,}", "something prevents it")
    yield Figure("Accepted risk", f"{total.standings[Standing.ACCEPTED_RISK]:,}", "kept by decision")
    percent = f"{looked.percent:g} %" if looked.percent is not None else "none"
    yield Figure(
        "Coverage", percent, f"of {looked.addresses:,} addresses given to scans" if looked.addresses else "no scan"
    )
    yield Figure("Unknown maker", f"{status.unknown_maker:,}", "scope not known")


def _where_text(counts: Counts) -> str:
    sites = f" at {count_text(counts.sites, 'site')}" if counts.sites else ""
    if counts.without_site == counts.devices:
        without = "; no site is known"
    else:
        without = f"; the site of {counts.without_site:,} is not known" if counts.without_site else ""
    return f"in {count_text(counts.systems, 'system')}{sites}{without}"


def _share_text(part: int, whole: int) -> str:
    return f"{percent_text(part, whole)} of those in scope" if whole else ""
