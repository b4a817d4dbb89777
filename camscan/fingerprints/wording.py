"""The sentences of ``vocabulary.yaml`` that present facts to people, one for each kind of fact.

If a protocol has its own sentence (``protocol.sadp``), each of its facts has ``gives``, which says what was given in
it; every other fact has a sentence in ``says``. So a new probe brings its sentences with its words, in one place.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path

from camscan.dataclass import dataclass
from camscan.fingerprints.place import built_in_folder
from camscan.kept import load_yaml
from camscan.strict_yaml import Node

FILE = "vocabulary.yaml"
PROTOCOL = "protocol."
"""How words begin that hold the sentence of a protocol."""


@dataclass(frozen=True, slots=True)
class Wording:
    """The meaning of one word of the vocabulary, and the sentence that a person reads."""

    means: str
    says: str = ""
    """A sentence without its full stop; ``{value}`` is what the device said."""
    gives: str | None = None
    """A noun; empty if the sentence of the protocol says everything; None if there is none."""


@dataclass(frozen=True, slots=True)
class Words:
    """Every sentence, and the names of the makers."""

    facts: Mapping[str, Wording]
    makers: Mapping[str, str]
    """Key of ``makers.yaml`` -> the name that people know."""

    def protocol_sentence(self, name: str) -> str:
        """The sentence of a protocol; empty if it has none."""
        found = self.facts.get(f"{PROTOCOL}{name}")
        return found.means if found else ""

    def maker_name(self, key: str) -> str:
        """The name of a maker; its key if the database does not know it."""
        return self.makers.get(key, key)


def read_wording(node: Node) -> Wording:
    """Read one entry: its meaning alone, or its meaning with ``says`` or ``gives``.

    Raises ConfigError for anything else.
    """
    if not isinstance(node.value, Mapping):
        return Wording(node.text())
    parts = node.only("means", "says", "gives")
    if "means" not in parts:
        raise node.error("'means' is missing: what the word means")
    if "says" in parts and "gives" in parts:
        raise parts["gives"].error("a word has 'says' or 'gives', not both")
    says = parts["says"].text() if "says" in parts else ""
    if says.endswith("."):
        raise parts["says"].error("the sentence goes without its full stop: what it is a mark of may follow")
    return Wording(parts["means"].text(), says, parts["gives"].text() if "gives" in parts else None)


def load_words(overlays: Sequence[Path] = ()) -> Words:
    """The sentences of the built-in database and of the user's directories. Raises ConfigError with file and line."""
    return _load_words((built_in_folder(), *overlays))


@functools.cache
def _load_words(directories: tuple[Path, ...]) -> Words:
    facts: dict[str, Wording] = {}
    makers: dict[str, str] = {}
    for directory in directories:
        if (path := directory / FILE).is_file():
            facts |= {key: read_wording(node) for key, node in load_yaml(path).entries().items()}
        if (path := directory / "makers.yaml").is_file():
            named = {key: node.entries() for key, node in load_yaml(path).entries().items()}
            makers |= {key: members["name"].text() for key, members in named.items() if "name" in members}
    return Words(facts, makers)
