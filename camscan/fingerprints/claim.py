"""Fills the texts that a rule claims with what its patterns took from a value. Pure."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import NamedTuple

_FIELD = re.compile(r"\{(\w+)(?:\|(\w+))?\}")

_NO_DIGITS = re.compile(r"[^0-9a-f]+")
_MAC_LENGTH = 12


class _Part(NamedTuple):
    """A piece of a claim: some text, then the text of a group through its filter."""

    before: str
    group: str
    filter: str | None
    """None if the text is taken as it is."""


@functools.lru_cache(maxsize=4096)
def _split_template(template: str) -> tuple[tuple[_Part, ...], str]:
    """The pieces of a claim, and what comes after the last."""
    parts: list[_Part] = []
    end = 0
    for found in _FIELD.finditer(template):
        parts.append(_Part(template[end : found.start()], found[1], found[2]))
        end = found.end()
    return tuple(parts), template[end:]


def fill_claim(template: str, groups: Mapping[str, str]) -> str:
    """The text of a claim; empty if a group that it needs is unset or blank."""
    if "{" not in template:
        return template
    parts, rest = _split_template(template)
    texts: list[str] = []
    for before, group, name in parts:
        text = _filter_text(groups.get(group, "").strip(), name) if name else groups.get(group, "").strip()
        if not text:
            return ""
        texts += (before, text)
    return ("".join(texts) + rest).strip()


def groups_of(template: str) -> list[str]:
    """The names of the groups that a claim needs."""
    return [part.group for part in _split_template(template)[0]]


def _filter_text(text: str, name: str) -> str:
    if name == "upper":
        return text.upper()
    if name == "lower":
        return text.lower()
    if name == "spaces":
        return text.replace("_", " ").replace("+", " ")
    if name == "mac":
        digits = _NO_DIGITS.sub("", text.lower())
        return ":".join([digits[at : at + 2] for at in range(0, 12, 2)]) if len(digits) == _MAC_LENGTH else ""
    return text
