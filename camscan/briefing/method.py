"""Why devices are in scope, and how to read the report. Pure."""

from __future__ import annotations

from camscan.briefing.nouns import Exhibit, Facts, Level, Section
from camscan.dates import day_text
from camscan.page import Head, Kind, Table
from camscan.plan import DEFINITIONS
from camscan.words import count_text

_STANDINGS = (
    "removed: a person recorded that it was removed or disposed of; a device that is only not seen is not removed",
    "planned: its date is the day of this report or later",
    "overdue: its date has passed, and no removal is recorded",
    "no date: nobody has set one",
    "held up: something prevents it, and somebody entered what",
    "accepted risk: the council decided to keep it, for a time or until another decision",
    "not seen: the last scans that looked for it did not see it; the other numbers include it",
)
_READING = "How to read this report"
_LIMITS = (
    (
        "The maker of a device is confirmed if the device said so in a protocol that only this maker's devices "
        "speak, or several strong marks agree. It is probable if a mark could be copied. A maker that is only "
        "possible never counts as known."
    ),
    "Silence is not absence: an address that does not answer may be unused, switched off, or behind a firewall.",
    "camscan asks read-only questions. It never guesses a password and never looks at a picture.",
    "Vulnerabilities and policies are those that this version of camscan knows. camscan gives no legal advice.",
)


def policies_section(facts: Facts) -> Section:
    """The policies in use, and the removal priority."""
    decided = (
        "The council's decision sets the scope. The policies say what laws, statements and the council say about a "
        "device, and whom they bind."
    )
    open_ = (
        "No decision of the council is recorded. The policies say what others say about the devices. Nothing is in "
        "scope until the council decides."
    )
    says = (
        decided if facts.is_decided else open_,
        ("The removal priority, from 1 (first) to 4, is worked out like this:"),
    )
    titles = ("Policy", "Decides the scope", "Whom it binds", "How well founded", "Source")
    yes = "yes" if facts.is_decided else "would"
    rows = [
        (_begun_on(policy.title), yes if policy.decides else "no", policy.binding_on, policy.basis, policy.citation)
        for policy in facts.policies
    ]
    found = (Exhibit("Policies", Table("Policies in use", tuple(map(Head, titles)), rows)),) if rows else ()
    return Section("policies", "Why these devices, and in which order", says, tuple(facts.formula), found)


def reading_section(facts: Facts, level: Level) -> Section:
    """Definitions, method, limits, and who authorised the scans."""
    who = f"Made by the {facts.role}" if facts.role else "Made"
    editions = " and ".join(facts.databases)
    edition = f" Edition {editions} of its fingerprints recognised the devices." if editions else ""
    first = f", the first on {day_text(facts.first_scan)}" if facts.first_scan else ""
    scans = f"It rests on {count_text(facts.scans, 'scan')}{first}." if facts.scans else "No scan is recorded."
    says = (
        f"{who} with camscan {facts.version} from the asset register, as of {day_text(facts.day)}.{edition} {scans}",
        "The same register gives the same report.",
    )
    points = (*map(_begun_on, (*DEFINITIONS, *_STANDINGS)), *_LIMITS)
    if level is Level.SUMMARY or not facts.authorisations:
        return Section("reading", _READING, says, points)
    heads = (Head("Role"), Head("From", Kind.DAY), Head("Until", Kind.DAY), Head("Networks", Kind.NUMBER))
    rows = [
        (authorisation.role, authorisation.begins, authorisation.expires, authorisation.networks)
        for authorisation in facts.authorisations
    ]
    return Section(
        "reading", _READING, says, points, (Exhibit("Authorisations", Table("Who allowed the scans", heads, rows)),)
    )


def _begun_on(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"
