"""Finds how a value must begin to match a pattern, if the pattern shows it. Pure."""

from __future__ import annotations

import re
from typing import NamedTuple

from camscan.fingerprints.entry import Condition
from camscan.patterns import late

LONGEST_BEGINNING = 64
"""Maximum characters of a beginning that are compared."""
_ANY = frozenset("*?+{")
"""Signs after which the previous character may be missing, or come more often."""
_SIGN = r"(?:[A-Za-z0-9_ =:/<>,;\"'@!%&~`-]|\\[^\w\s?])"
_LITERAL = late(rf"{_SIGN}+")
_CHOICE = late(rf"\((?:\?:|\?P<\w+>)(?P<texts>{_SIGN}+(?:\|{_SIGN}+)*)\)")
_BRACKET = late(r"\\.|\[\^?\]?(?:\\.|\[:\w+:\]|[^\]\\])*\]|.", re.DOTALL)


class Beginning(NamedTuple):
    """The text with which a matching value begins; empty if it is not known."""

    text: str
    is_folded: bool
    """Whether the pattern matches upper and lower case alike; the text is then in lower case."""


_PLAIN, _FOLDED = "\n", "\r"
"""The characters before each beginning when all are in one text: no beginning contains them."""
_UNKNOWN = [Beginning("", is_folded=False)]


def beginnings_of(condition: Condition) -> list[Beginning]:
    """The possible beginnings of a matching value. Patterns that are not plain have none."""
    text = condition.text
    is_folded = text.startswith("(?i)")
    text = text.removeprefix("(?i)")
    if condition.operator not in {"pattern", "search", "without"} or not text.startswith("^") or _has_choice(text):
        return _UNKNOWN
    first, end = _read_literal(text, 1)
    found = [first]
    choice = _CHOICE.match(text, end)
    if choice and text[choice.end() : choice.end() + 1] not in _ANY:
        found = [first + _is_plain(one) for one in _LITERAL.findall(choice["texts"])]
    cut = [one[: LONGEST_BEGINNING // 2] for one in found]
    return [Beginning(one.casefold() if is_folded else one, is_folded) for one in cut]


def with_beginnings(condition: Condition) -> Condition:
    """The condition, with the result of :func:`beginnings_of` as one text for the cache."""
    found = beginnings_of(condition)
    mark = _FOLDED if found[0].is_folded else _PLAIN
    return condition._replace(
        begins="".join(f"{mark}{one.text}" for one in found) if all(one.text for one in found) else ""
    )


def known_beginnings(condition: Condition) -> list[Beginning]:
    """The beginnings in a condition; if it has none yet, those of :func:`beginnings_of`, which takes a while."""
    if condition.begins is None:
        return beginnings_of(condition)
    if not condition.begins:
        return _UNKNOWN
    mark = condition.begins[0]
    return [Beginning(text, mark == _FOLDED) for text in condition.begins[1:].split(mark)]


def _read_literal(text: str, start: int) -> tuple[str, int]:
    """The characters without a special meaning from a position on, and where they end."""
    found = _LITERAL.match(text, start)
    if not found:
        return "", start
    taken, end = found[0], found.end()
    if text[end : end + 1] in _ANY:
        taken = re.sub(rf"{_SIGN}$", "", taken)
        end = start + len(taken)
    return _is_plain(taken), end


def _is_plain(signs: str) -> str:
    return re.sub(r"\\(.)", r"\1", signs)


def _has_choice(text: str) -> bool:
    """Whether the pattern as a whole is a choice between several."""
    depth = 0
    for sign in _BRACKET.findall(text):
        depth += (sign == "(") - (sign == ")")
        if sign == "|" and not depth:
            return True
    return False
