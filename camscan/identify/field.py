"""Model, firmware, serial, MAC and other fields: chooses the best of several answers, and reports contradictions."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import NamedTuple

from camscan import decode
from camscan.model import Match
from camscan.net.text import UNREADABLE
from camscan.protocols import LAST, TYPED, rank_of

LONGEST = 256
"""Maximum characters of a field: the longest real text has 60, and an index of PostgreSQL takes 2,700 bytes at most.

A longer text stays in the evidence only.
"""
_SHORTEST_MODEL = 3
"""Dahua recorders may answer "31" as their model."""
HASHES = "dahua"
"""The maker whose newer firmware sends a hash in place of the serial number."""


class Answer(NamedTuple):
    """One text for one field, and how good it is."""

    text: str
    certainty: float
    because: str
    fingerprint: str
    rank: tuple[bool, float, int]
    """Comparable: a greater tuple is better."""


_RANK = attrgetter("rank")


def list_answers(matches: Iterable[Match], key: str) -> list[Answer]:
    """Every usable text that the matches claim for a field, the best first."""
    return _rank_answers([(match, text) for match in matches if (text := match.claims.get(key))], key)


def every_answer(matches: Iterable[Match], keys: Collection[str]) -> dict[str, list[Answer]]:
    """The answers for several fields."""
    claimed: dict[str, list[tuple[Match, str]]] = {key: [] for key in keys}
    for match in matches:
        for key, text in match.claims.items():
            if key in claimed and text:
                claimed[key].append((match, text))
    return {key: _rank_answers(found, key) for key, found in claimed.items()}


def _rank_answers(claimed: Sequence[tuple[Match, str]], key: str) -> list[Answer]:
    if not claimed:  # most fields, of most replies
        return []
    usable = _USABLE.get(key, _is_usable)
    found = []
    for match, text in claimed:
        if len(text) <= LONGEST and (usable(text) or (key == "serial" and is_serial_of(match))):
            is_not_typed, quality = _rank_of_source(match.keys)
            rank = is_not_typed, match.certainty, quality
            found.append(Answer(text, match.certainty, match.because, match.fingerprint, rank))
    if len(found) > 1:
        found.sort(key=_RANK, reverse=True)
    return found


@functools.lru_cache(maxsize=4096)
def _rank_of_source(keys: tuple[str, ...]) -> tuple[bool, int]:
    """Whether nobody typed the text, and how good its protocol is: a greater tuple is better."""
    return TYPED.isdisjoint(keys), -min(map(rank_of, keys), default=LAST)


def _is_usable(text: str) -> bool:
    return not decode.is_placeholder(text)


def is_plain(text: str) -> bool:
    """Whether all characters are visible and ASCII, apart from those that stand for a broken one (U+FFFD)."""
    known = text.replace(UNREADABLE, "")
    return known.isascii() and known.isprintable()


def is_serial(text: str) -> bool:
    """Whether a text may be a serial number: neither a placeholder nor the hash that some firmware sends instead.

    Nor one with a hidden or foreign character, which would look like another unit's number.
    """
    return is_plain(text) and not decode.is_placeholder(text) and not decode.is_hash(text)


def is_serial_of(match: Match) -> bool:
    """Whether a mark holds a serial number. It may look like a hash if the mark names another maker than Dahua."""
    text = match.claims.get("serial", "")
    is_foreign = match.claims.get("maker", HASHES) != HASHES
    return is_serial(text) or (is_foreign and decode.is_hash(text) and not decode.is_placeholder(text))


def _is_model(text: str) -> bool:
    return len(text) >= _SHORTEST_MODEL and not decode.is_placeholder(text)


def is_mac(text: str) -> bool:
    """Whether a MAC address belongs to one unit: it is not multicast, and not zeros."""
    digits = text.replace(":", "")
    return len(digits) == 12 and digits[1] in "02468ace" and digits != "0" * 12  # noqa: PLR2004 - 6 bytes


def is_global_mac(text: str) -> bool:
    """Whether a MAC address belongs to one unit and was assigned by its maker, not made up by software."""
    return is_mac(text) and text[1] in "048c"


_USABLE: Mapping[str, Callable[[str], bool]] = {"serial": is_serial, "model": _is_model, "mac": is_mac}


def best_answer(found: Sequence[Answer], key: str) -> Answer | None:
    """The answer to report: the best, or one that agrees with it and says more (a build date, a full serial)."""
    if not found:
        return None
    chosen = found[0]
    for other in found[1:]:
        if other.text != chosen.text and other.rank[0] and _says_more(key, chosen.text, other.text):
            chosen = other
    return chosen


def _says_more(key: str, chosen: str, other: str) -> bool:
    if key == "firmware":
        ours, theirs = decode.decode_firmware(chosen), decode.decode_firmware(other)
        return bool(ours and theirs and ours.version == theirs.version and not ours.build and theirs.build)
    if key == "serial":
        full = decode.hikvision_serial(other)
        return full is not None and chosen != other and chosen in {full.short, other[-len(chosen) :]}
    return False


def list_conflicts(found: Sequence[Answer], chosen: Answer, key: str, floor: float) -> list[str]:
    """A sentence for every other answer of at least ``floor`` certainty that does not agree with the chosen one."""
    told: dict[str, str] = {}
    for other in found:
        if other.text == chosen.text:  # nearly always
            continue
        if other.certainty >= floor and other.rank[0] and not _values_agree(key, chosen.text, other.text):
            told.setdefault(other.text, f"{key}: {chosen.text} ({chosen.because}) or {other.text} ({other.because})")
    return list(told.values())


def _values_agree(key: str, one: str, other: str) -> bool:
    if key == "firmware":
        ours, theirs = decode.decode_firmware(one), decode.decode_firmware(other)
        if ours and theirs:
            return ours.version.casefold() == theirs.version.casefold() and (
                ours.build == theirs.build or not ours.build or not theirs.build
            )
    if key == "serial":
        return _says_more(key, one, other) or _says_more(key, other, one) or one.casefold() == other.casefold()
    return _plain_model(one) == _plain_model(other)


def same_model(one: str, other: str) -> bool:
    """Whether two texts name one model, or one is the beginning of the other: some protocols cut the end off."""
    ours, theirs = _plain_model(one), _plain_model(other)
    return ours.startswith(theirs) or theirs.startswith(ours)


def _plain_model(text: str) -> str:
    """A model without what does not distinguish two models: case, Dahua's sales prefixes, spaces."""
    return text.casefold().removeprefix("dhi-").removeprefix("dh-").replace(" ", "").replace("_", "-")
