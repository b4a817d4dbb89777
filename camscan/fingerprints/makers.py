"""The makers of ``makers.yaml`` alone, by any of their names: what a person wrote, or the name to show for a key."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping

from camscan.config import load_yaml
from camscan.fingerprints.database import built_in

_COMPANY = frozenset(
    {"co", "company", "corp", "corporation", "inc", "limited", "ltd", "plc", "technology", "technologies"}
)
"""Words that names of companies end in and that people leave out."""


def key_of(text: str) -> str | None:
    """The key of the maker that is called so, also by another of its names; None for a name that is no maker's."""
    known = _keys()
    words = _words(text)
    return known.get(" ".join(words)) or known.get(" ".join(_short(words)))


def name_of(key: str) -> str:
    """The name of the maker with this key; the key itself where it is none of camscan's."""
    return _names().get(key, key)


@functools.cache
def _names() -> Mapping[str, str]:
    entries = load_yaml(built_in() / "makers.yaml").entries()
    return {key: node.entries()["name"].text() for key, node in entries.items()}


@functools.cache
def _keys() -> Mapping[str, str]:
    """Names as :func:`key_of` looks them up -> key. A maker's own name beats another's alias."""
    entries = load_yaml(built_in() / "makers.yaml").entries()
    own = [(name, key) for key, node in entries.items() for name in (key, node.entries()["name"].text())]
    others = [
        (item.text(), key)
        for key, node in entries.items()
        if "aliases" in node.entries()
        for item in node.entries()["aliases"].items()
    ]
    found: dict[str, str] = {}
    for name, key in (*own, *others):
        words = _words(name.replace("_", " "))
        found.setdefault(" ".join(words), key)
        found.setdefault(" ".join(_short(words)), key)
    return found


def _words(name: str) -> list[str]:
    return re.findall(r"\w+", name.casefold())


def _short(words: list[str]) -> list[str]:
    while len(words) > 1 and words[-1] in _COMPANY:
        words = words[:-1]
    return words
