"""What a recorder says about its channels: how many cameras may be connected to it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from camscan.asset.kinds import kind_of
from camscan.model import Observation

_MOST_CHANNELS = 1024
"""A number beyond this is not a count of channels."""
_COUNTED = (
    ("sadp.analog_channels", "sadp.digital_channels"),
    ("dhip.video_inputs", "dhip.remote_video_inputs"),
)
"""Analogue and network channels, as each protocol reports them."""
_LISTED = ("isapi.channel", "dahua_cgi.channel", "onvif.video_source")
"""The observation that there is one of for each channel, if a login was allowed to ask."""
_LISTED_KEYS = frozenset(_LISTED)
COUNTED_BY = _LISTED_KEYS.union(*_COUNTED)
"""The keys of all facts from which channels are counted."""


def count_channels(kind: str | None, seen: Sequence[Observation]) -> int | None:
    """For a recorder: how many channels it reports, at most; None if it reports none."""
    if not kind_of(kind).has_channels:
        return None
    told = {each.key: each.value for each in seen}
    counts = [sum(_read_count(told.get(key)) for key in pair) for pair in _COUNTED]
    counts += [sum(each.key == key for each in seen) for key in _LISTED]
    return max(counts) or None


def was_list_read(keys: Iterable[str]) -> bool:
    """Whether a login read the list of its channels, by the keys of what was seen: then no channel is unknown."""
    return not _LISTED_KEYS.isdisjoint(keys)


def _read_count(text: str | None) -> int:
    digits = (text or "").strip()
    # The length first: Python refuses to read a number of thousands of digits.
    is_number = len(digits) <= len(str(_MOST_CHANNELS)) and digits.isascii() and digits.isdecimal()
    number = int(digits) if is_number else 0
    return number if number <= _MOST_CHANNELS else 0
