"""The nouns of the database: a condition, a fingerprint as written, a fingerprint as matched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from camscan.dataclass import dataclass
from camscan.errors import ConfigError

CLAIMS = frozenset(
    {"maker", "brand", "model", "firmware", "serial", "mac", "kind", "camera", "series", "generation", "form"}
    | {"resolution", "build"}
)
"""What a fingerprint may claim, besides ``capability.<name>``."""

GRADES = frozenset({"solid", "fair", "weak", "reported"})
"""How well a capability is founded."""

WEAK = 0.5
"""A mark below this certainty is weak: weak marks together never say more than "possible"."""

OEM_LIMIT = 0.45
"""Highest certainty that a brand name or a model prefix alone may have."""

FAMILIES = {"favicon": "http", "login401": "http", "upnp": "ssdp"}
"""Protocols with the same source as another protocol are not a second piece of evidence."""


ALONE = frozenset({"absent", "without"})
"""Operators that require something to be absent: one for each key, and never the only condition of a rule."""


class Condition(NamedTuple):
    """One condition on a value."""

    operator: str
    """``pattern`` (anchored), ``search``, ``contains``, ``equals``, ``absent``, or ``without`` (no value may match)."""
    text: str
    begins: str | None = None
    """The possible beginnings of a matching value, as ``beginnings`` writes them; None if they are not known yet."""


class Rule(NamedTuple):
    """A fingerprint as it is matched: everything that the compiled cache holds."""

    id: str
    when: tuple[tuple[str, tuple[Condition, ...]], ...]
    """Every key must match one of its conditions."""
    then: tuple[tuple[str, str], ...]
    certainty: float
    family: str

    @property
    def needs_decision(self) -> bool:
        """Whether it depends on what identification has decided: any ``id.*`` key."""
        return any(key.startswith("id.") for key, _ in self.when)


class Section(NamedTuple):
    """One block of ``oui.yaml``: prefixes with the same claims."""

    id: str
    then: tuple[tuple[str, str], ...]
    certainty: float


@dataclass(frozen=True, slots=True)
class Example:
    """Facts that a fingerprint must, or must not, match."""

    see: tuple[tuple[str, str], ...]
    then: Mapping[str, str]
    line: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A fingerprint as it is written, with its file and line."""

    rule: Rule
    file: str
    line: int
    source: str
    note: str
    examples: tuple[Example, ...]
    counterexamples: tuple[Example, ...]

    @property
    def id(self) -> str:
        """The id of the fingerprint."""
        return self.rule.id


@dataclass(frozen=True, slots=True)
class Maker:
    """A company that builds devices: a key of ``makers.yaml``."""

    key: str
    name: str
    aliases: tuple[str, ...] = ()
    group: str = ""
    """The key of the company that owns it; empty if it is independent."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A mistake in a database file."""

    file: str
    line: int
    id: str
    """The id of the fingerprint; empty if the file itself is wrong."""
    message: str

    @classmethod
    def from_error(cls, error: ConfigError, name: str = "") -> Problem:
        """The problem for an error in a file, about the fingerprint with that id."""
        return cls(error.file, error.line, name, error.message)

    def __str__(self) -> str:
        """The problem in the form that editors and people read."""
        name = f"{self.id}: " if self.id else ""
        return f"{self.file}:{self.line}: {name}{self.message}"
