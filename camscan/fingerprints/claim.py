"""The texts that a rule claims, filled with what its patterns took from a value. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

_FIELD = re.compile(r"\{(\w+)(?:\|(\w+))?\}")

_MAC_LENGTH = 12


def fill_claim(template: str, groups: Mapping[str, str]) -> str:
    """The text of a claim; empty if a group that it needs is unset or blank."""
    if "{" not in template:
        return template
    parts: list[str] = []
    end = 0
    for found in _FIELD.finditer(template):
        text = _filter_text(groups.get(found[1], "").strip(), found[2])
        if not text:
            return ""
        parts += [template[end : found.start()], text]
        end = found.end()
    return ("".join(parts) + template[end:]).strip()


def _filter_text(text: str, name: str | None) -> str:
    if name == "upper":
        return text.upper()
    if name == "lower":
        return text.lower()
    if name == "spaces":
        return text.replace("_", " ").replace("+", " ")
    if name == "mac":
        digits = re.sub(r"[^0-9a-f]", "", text.lower())
        return ":".join(digits[at : at + 2] for at in range(0, 12, 2)) if len(digits) == _MAC_LENGTH else ""
    return text
