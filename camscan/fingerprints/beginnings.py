"""With what a value must begin to fit a pattern, as far as that can be read from the pattern. Pure."""

from __future__ import annotations

import re
from typing import NamedTuple

from camscan.fingerprints.entry import Condition

LONGEST_BEGINNING = 64
"""Characters of a beginning that are compared, at most."""
_ANY = frozenset("*?+{")
"""Signs after which the one before them may be missing, or come more often."""
_SIGN = r"(?:[A-Za-z0-9_ =:/<>,;\"'@!%&~`-]|\\[^\w\s?])"
_LITERAL = re.compile(rf"{_SIGN}+")
_CHOICE = re.compile(rf"\((?:\?:|\?P<\w+>)(?P<texts>{_SIGN}+(?:\|{_SIGN}+)*)\)")
_BRACKET = re.compile(r"\\.|\[\^?\]?(?:\\.|\[:\w+:\]|[^\]\\])*\]|.", re.DOTALL)


class Beginning(NamedTuple):
    """The text with which a fitting value begins; empty if it is not known."""

    text: str
    is_folded: bool
    """Whether the pattern takes capital and small letters alike; the text is in small letters then."""


_PLAIN, _FOLDED = "\n", "\r"
"""What stands before each beginning in one text: no beginning holds them."""
_UNKNOWN = [Beginning("", is_folded=False)]


def beginnings_of(condition: Condition) -> list[Beginning]:
    """A fitting value must begin with one of these. Patterns that are not plain give none."""
    text = condition.text
    is_folded = text.startswith("(?i)")
    text = text.removeprefix("(?i)")
    if condition.operator not in {"pattern", "search", "without"} or not text.startswith("^") or _has_choice(text):
        return _UNKNOWN
    first, end = _read_literal(text, 1)
    found = [first]
    choice = _CHOICE.match(text, end)
    if choice and text[choice.end() : choice.end() + 1] not in _ANY:
        found = [first + _is_plain(one) for one in re.split(r"(?<!\\)\|", choice["texts"])]
    cut = [one[: LONGEST_BEGINNING // 2] for one in found]
    return [Beginning(one.casefold() if is_folded else one, is_folded) for one in cut]


def with_beginnings(condition: Condition) -> Condition:
    """The condition, and what :func:`beginnings_of` says of it: in one text, for the cache."""
    found = beginnings_of(condition)
    mark = _FOLDED if found[0].is_folded else _PLAIN
    return condition._replace(
        begins="".join(f"{mark}{one.text}" for one in found) if all(one.text for one in found) else ""
    )


def known_beginnings(condition: Condition) -> list[Beginning]:
    """As :func:`beginnings_of`, which takes a while, where nobody has worked it out before."""
    if condition.begins is None:
        return beginnings_of(condition)
    if not condition.begins:
        return _UNKNOWN
    mark = condition.begins[0]
    return [Beginning(text, mark == _FOLDED) for text in condition.begins[1:].split(mark)]


def _read_literal(text: str, start: int) -> tuple[str, int]:
    """The signs without a meaning from there on, and where they end."""
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
