"""What a message says, in words: as much as the recipient is allowed to see. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from camscan.notify.message import KINDS, Item, Message
from camscan.output import visible
from camscan.words import count_text

TITLES = {"alarm": "Alarm", "trouble": "Trouble", "news": "News", "progress": "Progress", "test": "Test"}
FULL = "full"
_LONGEST = 300
"""Characters of one line."""
LEFT_OUT = "Addresses, models and serial numbers are left out on purpose."
NO_ANSWER = "Sent by camscan. Nobody reads replies to this message."


@dataclass(frozen=True, slots=True)
class Part:
    """A heading and its lines."""

    heading: str
    lines: Sequence[str]


def subject_line(message: Message) -> str:
    """One line: class and counts, and nothing else."""
    whose = f" ({visible(message.organisation, 80)})" if message.organisation else ""
    return f"camscan: {TITLES[message.about]}: {summary_phrase(message)}{whose}"


def summary_phrase(message: Message) -> str:
    """The counts as a phrase."""
    if not message.counts:
        return "how far the removal has got"
    return "; ".join(count_phrase(kind, number) for kind, number in message.counts.items())


def count_phrase(kind: str, number: int) -> str:
    """``2 new devices``."""
    return count_text(number, KINDS[kind].one, KINDS[kind].several)


def list_parts(message: Message, detail: str) -> list[Part]:
    """The items, kind by kind."""
    found = []
    for kind, number in message.counts.items():
        named = [item_line(item, detail) for item in message.items if item.kind == kind]
        found.append(Part(count_phrase(kind, number), named))
    if message.facts:
        found.append(Part("How far the removal has got", [f"{name}: {value}" for name, value in message.facts]))
    return found


def item_line(item: Item, detail: str) -> str:
    """One item: with ``full`` its sentence too, otherwise what anybody may see."""
    known = item.brief or ", ".join(word for word in (item.asset_id, item.site) if word) or "no known site"
    if detail == FULL and item.detail:
        where = f"{item.asset_id}, {item.site}" if item.asset_id and item.site else item.asset_id or item.site
        return visible(f"{where}: {item.detail}" if where else item.detail, _LONGEST)
    return visible(known, _LONGEST)


def closing_lines(message: Message, detail: str) -> list[str]:
    """The last lines: how many items are not named, how to read the rest, what was left out."""
    found = []
    if message.unnamed_count > 0:
        found.append(f"and {message.unnamed_count:,} more")
    if message.command:
        found.append(f"For the details, run: {message.command}")
    if detail != FULL and message.items:
        found.append(LEFT_OUT)
    return found


def time_of_message(message: Message) -> str:
    """``2 March 2026 at 19:32``."""
    return f"{message.at.day} {message.at:%B %Y at %H:%M}"
