"""What has changed, and what is not known. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from camscan.briefing.front import answering_clause
from camscan.briefing.nouns import RECENT, Exhibit, Facts, Level, Section
from camscan.briefing.progress import NO_SITE
from camscan.dates import day_text
from camscan.page import Head, Kind, Table
from camscan.words import begin_sentence, count_text, verb

_SAYS = (
    "A small number means little if few places were scanned. A scan of the network does not find analogue cameras, "
    "cameras behind a recorder, or devices that are switched off."
)
_MOST = 100
"""Maximum rows in a list of open questions."""


def changes_section(facts: Facts, level: Level) -> Section:
    """What answers after its removal, what is new, what was corrected, and what a person has to settle."""
    began = day_text(facts.day - timedelta(days=RECENT))
    back, new, open_ = len(facts.status.answers_after_removal), sum(facts.new_at.values()), len(facts.questions)
    seen = f"{begin_sentence(new)} in scope {verb(new or 1, 'was', 'were')} seen for the first time since {began}."
    if facts.first_scan is not None and facts.first_scan >= facts.day - timedelta(days=RECENT):
        seen += " The first scan was in this time, so everything it found counts as new."
    needs = verb(open_, "needs", "need")
    waits = f"{count_text(open_, 'question')} about the identity of devices {needs} a person's decision"
    corrected = [f"{number:,} {what}" for what, number in facts.corrected.items() if number]
    says = (
        f"{answering_clause(back)}." if back else "No removed device answers.",
        seen,
        f"{waits} (camscan review)." if open_ else "No question about the identity of a device is open.",
        f"Corrected since {began}: {'; '.join(corrected)}." if corrected else f"Nothing was corrected since {began}.",
    )
    return Section(
        "changes", "What has changed", says, (), tuple(_change_exhibits(facts)) if level is Level.FULL else ()
    )


def _change_exhibits(facts: Facts) -> Iterator[Exhibit]:
    if facts.returned:
        yield Exhibit(
            "Back after removal",
            Table(
                "Devices that answer after their removal",
                (Head("Device"), Head("Site"), Head("Removed on", Kind.DAY), Head("Last seen", Kind.DAY)),
                [(device.number, device.site or NO_SITE, device.removed, device.seen) for device in facts.returned],
            ),
        )
    if facts.new_at:
        counts = sorted(facts.new_at.items(), key=lambda item: (-item[1], item[0]))
        yield Exhibit(
            "New",
            Table(
                f"Seen for the first time in the last {RECENT} days",
                (Head("Site"), Head("New devices in scope", Kind.NUMBER)),
                [(site or NO_SITE, number) for site, number in counts],
            ),
        )
    if facts.questions:
        rest = len(facts.questions) - _MOST
        yield Exhibit(
            "To settle",
            Table(
                "Questions that only a person can settle",
                (Head("Device"), Head("And"), Head("What was found")),
                [(question.number, question.other, question.says) for question in facts.questions[:_MOST]],
                note=f"and {rest:,} more: camscan review" if rest > 0 else "",
            ),
        )


def unknowns_section(facts: Facts, level: Level) -> Section:
    """The limits of the report, and what nobody has looked at."""
    found = tuple(_unknown_exhibits(facts)) if level is Level.FULL else ()
    return Section("unknown", "What is not known", (_SAYS,), tuple(_open_sentences(facts)), found)


def _open_sentences(facts: Facts) -> Iterator[str]:
    """Each open point as a sentence."""
    looked, unknown, scope = facts.looked, facts.headline.unknown, facts.status.scope_unknown
    if unknown:
        yield (
            f"{count_text(unknown)} {verb(unknown, 'was', 'were')} found, but nothing shows who built "
            f"{verb(unknown, 'it', 'them')}. A person should inspect {verb(unknown, 'it', 'them')}."
        )
    if facts.headline.possible:
        possible = facts.headline.possible
        yield f"{count_text(possible)} may be by Hikvision or Dahua. This is possible, but not certain."
    if scope:
        yield f"It is not known whether {count_text(scope)} {verb(scope, 'is', 'are')} in scope."
    if facts.recorders:
        unread, many = sum(recorder.unread for recorder in facts.recorders), len(facts.recorders)
        yield (
            f"Up to {count_text(unread, 'channel')} of {count_text(many, 'recorder')} in scope "
            f"{verb(unread, 'was', 'were')} not read, so the cameras behind them are not known."
        )
    if facts.by_hand:
        yield (
            f"{count_text(facts.by_hand)} in scope {verb(facts.by_hand, 'is', 'are')} known only from people's "
            f"entries: no scan has seen"
            f" {verb(facts.by_hand, 'it', 'them')}."
        )
    if facts.only_listed:
        yield (
            f"{count_text(facts.only_listed)} {verb(facts.only_listed, 'is', 'are')} known only from what other "
            f"systems list, such as DHCP leases: {verb(facts.only_listed, 'it', 'they')} never answered a scan."
        )
    if looked.sites:
        never, stale = len(looked.never_asked), len(looked.stale_sites)
        yield f"{begin_sentence(never, 'site')} {verb(never or 1, 'was', 'were')} never scanned completely."
        if stale:
            yield f"{count_text(stale, 'site')} {verb(stale, 'was', 'were')} not scanned completely in {RECENT} days."
    if facts.silent:
        many = len(facts.silent)
        them = verb(many, "it", "them")
        yield f"{count_text(many, 'network')} answered before, but nothing in {them} answers any more."


def _unknown_exhibits(facts: Facts) -> Iterator[Exhibit]:
    since = facts.day - timedelta(days=RECENT)
    networks = [each for each in facts.looked.networks if each.last_asked is None or each.last_asked < since]
    if networks:
        numbers = (Head("Addresses", Kind.NUMBER), Head("Never asked", Kind.NUMBER))
        yield Exhibit(
            "Not scanned",
            Table(
                f"Networks not scanned completely in the last {RECENT} days",
                (Head("Site"), Head("Network"), *numbers, Head("All asked on", Kind.DAY)),
                [
                    (each.site, each.network, each.addresses, each.addresses - each.asked, each.last_asked or "never")
                    for each in networks
                ],
            ),
        )
    if facts.recorders:
        lines = sorted(facts.recorders, key=lambda each: (-each.unread, each.number))
        yield Exhibit(
            "Channels not read",
            Table(
                "Recorders with channels that were not read",
                (Head("Recorder"), Head("Site"), Head("Channels not read, at most", Kind.NUMBER)),
                [(each.number, each.site or NO_SITE, each.unread) for each in lines],
            ),
        )
    if facts.silent:
        rows = [(network, site or NO_SITE) for network, site in facts.silent]
        heads = (Head("Network"), Head("Site"))
        yield Exhibit("Silent networks", Table("Networks that have fallen silent", heads, rows))
