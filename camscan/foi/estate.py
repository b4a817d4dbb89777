"""What the answers are made of: numbers, and devices without anything that must not leave the council. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Unit:
    """One device, as far as anybody outside may hear of it. Every text is one of a few words of our own."""

    maker: str
    """``hikvision`` or ``dahua``."""
    sort: str
    """``cameras``, ``recorders`` or ``other``, as the headline counts it."""
    type: str
    """A key of ``questions.TYPES``."""
    place: str = ""
    """One of ``columns.SITE_TYPES``; empty if not recorded."""
    controller: str = ""
    """One of ``columns.CONTROLLERS``; likewise."""
    capabilities: frozenset[str] = frozenset()
    """Keys of ``questions.CAPABILITIES``."""
    bought: str = ""
    """Financial year, ``2019/20``; likewise."""
    pence: int | None = None
    """What it cost."""
    contract: int = 0
    """Which contract bought it: a number that means nothing elsewhere; 0 if not recorded."""
    site: int = 0
    """The number of its site."""
    planned: str = ""
    """Financial year of its planned removal."""
    removed: str = ""
    """Financial year of its removal, of a device that is gone."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """Totals: they are given whatever their size."""

    headline: str = ""
    """The sentence, as every other place has it."""
    cameras: int = 0
    recorders: int = 0
    other: int = 0
    systems: int = 0
    sites: int = 0
    without_site: int = 0
    possible: int = 0
    unknown: int = 0
    channels_not_read: int = 0
    in_scope: int = 0
    remaining: int = 0
    removed: int = 0
    """For the programme: devices in scope that were removed."""
    answering: int = 0
    """Those of them that still answer a scan, so that the headline counts them too."""
    with_dpia: int = 0
    """Devices whose row names an assessment."""
    dpias: int = 0
    """Different assessments that are named."""
    with_contract: int = 0
    contracts: int = 0
    is_scanned: bool = True
    addresses: int = 0
    addresses_asked: int = 0
    sites_listed: int = 0
    sites_scanned: int = 0
    """Those of the listed sites whose networks were all asked within 90 days."""
    last_scan: date | None = None

    @property
    def devices(self) -> int:
        """Devices of the two makers that are there."""
        return self.cameras + self.recorders + self.other


@dataclass(frozen=True, slots=True)
class Policy:
    """A text that speaks of such equipment."""

    title: str
    citation: str
    binds: str
    decides: bool
    """Whether it puts devices in scope for removal."""


@dataclass(frozen=True, slots=True)
class Estate:
    """All that the answers are made of."""

    day: date
    numbers: Numbers
    units: Sequence[Unit]
    """The devices that the headline counts."""
    gone: Sequence[Unit] = ()
    """Devices of the two makers that somebody removed."""
    policies: Sequence[Policy] = ()
    places: frozenset[str] = frozenset()
    """Kinds of place that the council has, as far as the site map and the register say."""
    controllers: frozenset[str] = frozenset()
    """The controllers of the sites."""
    organisation: str = ""
    definitions: tuple[str, ...] = ()
    """What the counts mean, a line each: ``device: …``."""
    version: str = ""
    """The version of camscan."""
