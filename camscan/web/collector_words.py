"""The states of collectors, errands and parcels, in words for a page."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from camscan.app.collectors import CollectorState
from camscan.dates import moment_text
from camscan.store.collectors import Collector, State
from camscan.store.errands import OVER, Errand
from camscan.store.parcels import LOST, RECORDED, REFUSED, WAITING, ArrivedParcel
from camscan.store.quota import day_end
from camscan.version import __version__
from camscan.words import count_text

_MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Condition:
    """A state: one word for a tag, its colour, and a sentence."""

    word: str
    colour: str
    says: str
    is_urgent: bool = False
    """Whether a person has to do something."""


_STATES: Mapping[State, Condition] = {
    State.STOPPED: Condition("Stopped", "red", "Two programs used its key: somebody has a copy", is_urgent=True),
    State.REVOKED: Condition("Revoked", "grey", "Nothing more from it is recorded"),
    State.WAITING: Condition("Waits for approval", "yellow", "Compare its six words, and approve it", is_urgent=True),
}


def collector_condition(each: CollectorState, now: datetime) -> Condition:
    """The state of a collector, in words."""
    one = each.collector
    if one.state in _STATES:
        return _STATES[one.state]
    if one.state is State.INVITED:
        return _condition_of_invited(one, now)
    if each.is_silent(now):
        return Condition("Silent", "orange", "It has not asked for work for too long", is_urgent=True)
    if one.seen_at is None:
        return Condition("Trusted", "green", "Its parcels come as files")
    return Condition("Approved", "green", "It asks, scans and sends")


def _condition_of_invited(one: Collector, now: datetime) -> Condition:
    if one.code_ends_at is None or one.code_ends_at < now:
        return Condition("Code too old", "orange", "Make a new code: it has not enrolled", is_urgent=True)
    return Condition("Has not enrolled", "blue", f"Its code may be used until {moment_text(one.code_ends_at)}")


def waiting_text(each: CollectorState, full: Collection[bytes], now: datetime) -> str:
    """A sentence about how many parcels wait, where, and why if its day is full; empty if none does."""
    here = each.parcels.get(WAITING, 0)
    until = f" until {moment_text(day_end(now))}, because its day is full" if each.collector.key in full else ""
    texts = [f"{count_text(here, 'parcel')} here{until}"] if here else []
    texts += [f"{_size_text(each.spool)} at the site"] if each.spool else []
    return ", ".join(texts)


def _size_text(count: int) -> str:
    return f"{count / _MEGABYTE:,.1f} MB" if count >= _MEGABYTE else f"{max(1, round(count / 1024)):,} KB"


def as_sentence(text: str) -> str:
    """The text with a capital at its beginning, unless it begins with the name of a file, like ``collector.yaml``."""
    if "." in text.split(" ", 1)[0].rstrip(".:"):
        return text
    return f"{text[:1].upper()}{text[1:]}"


def version_text(each: CollectorState) -> str:
    """The version of camscan that the collector has, and whether it is older than this one."""
    if not each.version:
        return ""
    return f"{each.version}, older than {__version__} here" if each.is_behind else each.version


_LATE = "It was not done in time"
_ERRANDS: Mapping[str, tuple[str, str]] = {
    "waiting": ("Waits", "The collector has not asked yet"),
    "accepted": ("Accepted", "It begins when its own file allows it"),
    "begun": ("Begun", "It is scanning"),
    "done": ("Done", ""),
    "refused": ("Refused", "The collector's own file does not allow it"),
    "failed": ("Failed", "The collector could not do it"),
    "expired": ("Time over", _LATE),
}
_COLOURS: Mapping[str, str] = {
    "Waits": "grey",
    "Accepted": "blue",
    "Begun": "blue",
    "Done": "green",
    "Refused": "red",
    "Failed": "red",
    "Time over": "orange",
    WAITING: "yellow",
    RECORDED: "green",
    REFUSED: "red",
    LOST: "orange",
}


def errand_condition(each: Errand, sender: Collector, now: datetime) -> Condition:
    """The state of a request to a collector for a scan, in words."""
    if each.state not in OVER and not sender.is_approved:
        return Condition("Not done", "grey", f"The collector was {sender.state.value} before")
    if each.state not in OVER and each.ends_at < now:
        return Condition("Time over", "orange", as_sentence(each.why) or _LATE)
    word, says = _ERRANDS.get(each.state, ("Unknown", each.state))
    return Condition(word, _COLOURS.get(word, "grey"), as_sentence(each.why) or says)


def parcel_condition(
    each: ArrivedParcel, sender: Collector | None, full: Collection[bytes], now: datetime
) -> Condition:
    """The state of a parcel and the reasons for it; ``full`` has the keys whose day is full."""
    says = " ".join(_parcel_reasons(each, sender, full, now))
    return Condition(each.state.capitalize(), _COLOURS.get(each.state, "grey"), says)


def _parcel_reasons(
    each: ArrivedParcel, sender: Collector | None, full: Collection[bytes], now: datetime
) -> Sequence[str]:
    if each.state == RECORDED:
        left = count_text(each.dropped, "reply", "replies")
        return [f"{left} left out: its key may not speak for their senders."] if each.dropped else []
    if each.state == LOST:
        return ["Its file was lost here; its collector sends it again."]
    if each.state == WAITING and (sender is None or not sender.is_approved):
        return ["Its key is not approved."]
    if each.state == WAITING and each.key in full:
        return [
            "Its collector's day is full: it has sent as much as is recorded in a day.",
            f"Recording continues on {moment_text(day_end(now))}.",
        ]
    why = as_sentence(each.why).rstrip(".")
    tried = [f"Tried {count_text(each.tries, 'time')}."] if each.tries and each.state == WAITING else []
    return [*tried, *([f"{why}."] if why else ["It is recorded in a moment."] if not each.tries else [])]
