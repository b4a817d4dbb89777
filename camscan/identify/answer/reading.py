"""One way to read a text that a person found, with what every such reading needs. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from camscan.fingerprints import Database
from camscan.identify.explain import Line

OURS = ("hikvision", "dahua")
"""The makers that people ask about."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read the text."""

    kind: str
    """badge, maker, model, serial, mac, firmware, certificate, header or address."""
    about: str
    """What the text was read as, for a heading."""
    answer: str
    """The answer in sentences that can be read aloud."""
    lines: tuple[Line, ...]


def maker_name(key: str, database: Database) -> str:
    """The name of a maker; its key if no table has a name."""
    return database.makers[key].name if key in database.makers else key
