"""Stage 7, events: what a sighting changes about a device. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from camscan.asset import Event, Presence
from camscan.fingerprints.wording import load_words
from camscan.model import Confidence, Report
from camscan.register import events, knowledge
from camscan.register.record.conflicts import NewConflict
from camscan.register.record.entry import Entry
from camscan.register.record.presence import Removal

_AWAY = frozenset({Presence.MISSED, Presence.OFFLINE, Presence.UNREACHABLE_SCOPE})


def list_news(
    report: Report, entries: Iterable[Entry], removals: Mapping[int, Removal], noted: Iterable[NewConflict]
) -> list[events.Draft]:
    """Events for the changes that a report brings, and for the questions that a person is asked for the first time."""
    drafts = [draft for each in entries for draft in _news_of(each, report, removals.get(each.id))]
    for each in noted:
        asked = each.question
        drafts.append(events.Draft(Event.IDENTITY_CONFLICT, asked.device, asked.asset_id, "", "", asked.detail))
    return drafts


def _news_of(entry: Entry, report: Report, removal: Removal | None) -> Iterable[events.Draft]:
    def make_draft(event: Event, old: str, new: str, detail: str) -> events.Draft:
        return events.Draft(event, entry.id, entry.asset_id, old, new, detail)

    device, known = entry.device, entry.known
    if known is None:
        yield make_draft(Event.NEW, "", ", ".join(device.ip_addresses), _describe_entry(entry))
        return
    is_alarm = removal is not None and not removal.may_follow(report) and _is_alarm(entry, removal)
    if removal and is_alarm:
        where = ", ".join(device.ip_addresses)
        detail = f"was recorded as {removal.status}, and answers at {where}"
        yield make_draft(Event.REAPPEARED_AFTER_REMOVAL, removal.status, where, detail)
    if entry.is_first_sighting:
        return
    before = Presence(entry.old["presence"])
    if before in _AWAY and entry.old["scans_missed"] and not is_alarm:  # for a removed device, no miss was reported
        was = before if before is not Presence.UNREACHABLE_SCOPE else Presence.MISSED
        detail = f"answers again after {_times_text(entry.old['scans_missed'])}"
        yield make_draft(Event.RETURNED, was.value, Presence.SEEN.value, detail)
    move = knowledge.find_move(known.addresses, known.last_scan, device)
    if move:
        yield make_draft(*move)
    old_site = entry.old["site"]
    if old_site and entry.site and old_site != entry.site and (move or not entry.is_on_map):
        yield make_draft(Event.MOVED_SITE, old_site, entry.site, f"was at {old_site}, is at {entry.site}")
    for each in knowledge.find_differences(known.found, entry.identification):
        yield make_draft(*each)


def _is_alarm(entry: Entry, removal: Removal) -> bool:
    """Whether a removed device raises an alarm: when it first answers, and when it answers after it had been silent."""
    told = entry.old["known"].get("told", {}).get(Event.REAPPEARED_AFTER_REMOVAL)
    return bool(entry.old["presence"] != Presence.SEEN or told != removal.change)


def _times_text(count: int) -> str:
    return "one scan that missed it" if count == 1 else f"{count} scans that missed it"


def _describe_entry(entry: Entry) -> str:
    found = entry.device.identification
    maker = load_words().maker_name(found.maker) if found.maker else "unknown maker"
    sure = "possibly" if found.maker and found.confidence is Confidence.POSSIBLE else ""
    words = [sure, maker, found.model or "", f"at {', '.join(entry.device.ip_addresses)}"]
    return " ".join(word for word in words if word)
