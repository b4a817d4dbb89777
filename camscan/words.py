"""Numbers and lists, as in an English sentence. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from camscan.version import __version__


def count_text(number: int, one: str = "device", several: str = "") -> str:
    """A number with its noun: ``1 device``, ``1,200 devices``, ``2 entries`` (with ``several``)."""
    return f"{number:,} {one if number == 1 else several or plural_of(one)}"


def count_reason(number: int, why: str) -> str:
    """A number with the reason why something was left out: ``2 entries without an address``, ``1 packet cut short``.

    A reason begins with its own noun in the plural if it is not about entries of a list.
    """
    first, _, rest = why.partition(" ")
    if first in _COUNTED:
        return f"{count_text(number, _COUNTED[first], first)} {rest}"
    return f"{count_text(number, 'entry', 'entries')} {why}"


_COUNTED = {
    "addresses": "address",
    "conversations": "conversation",
    "devices": "device",
    "messages": "message",
    "neighbours": "neighbour",
    "packets": "packet",
    "replies": "reply",
}
"""Nouns with which a reason may begin -> their singular."""


def begin_sentence(number: int, one: str = "device") -> str:
    """A number at the beginning of a sentence: ``No device``, ``1 device``, ``1,200 devices``.

    Its verb is ``verb(number or 1, …)``.
    """
    return count_text(number, one) if number else f"No {one}"


def verb(number: int, one: str, several: str) -> str:
    """The form of the verb for a number: ``is`` or ``are``."""
    return one if number == 1 else several


def plural_of(one: str) -> str:
    """The plural of a noun: ``devices`` for ``device``, ``addresses`` for ``address``.

    :func:`count_text` takes irregular plurals.
    """
    return f"{one}es" if one.endswith("s") else f"{one}s"


def how_to_add(extra: str) -> str:
    """The advice if the libraries of an extra are missing. camscan is in no package index, so it names none."""
    wheel = f"camscan-{__version__}-py3-none-any.whl[{extra}]"
    return f"run `make install EXTRAS={extra}` in camscan's folder, or pip install '{wheel}' if you have the wheel"


def list_text(names: Sequence[str], last: str = "and") -> str:
    """A list of names in a sentence: ``a``, ``a and b``, ``a, b and c``; empty without names."""
    return f"{', '.join(names[:-1])} {last} {names[-1]}" if len(names) > 1 else "".join(names)


def percent_text(part: int, whole: int) -> str:
    """A share in words: 0 % is none, and 100 % is all: ``under 1 %``, ``99 %``. ``whole`` is not 0."""
    percent = round(100 * part / whole)
    if part and not percent:
        return "under 1 %"
    return f"{min(percent, 99) if part < whole else percent} %"
