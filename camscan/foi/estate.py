"""The data behind the answers: numbers, and devices without anything that must stay within the council. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Unit:
    """What anybody outside the council may learn about one device. Every text is one of a few words of our own."""

    maker: str
    """``hikvision`` or ``dahua``."""
    sort: str
    """``cameras``, ``recorders`` or ``other``, as the headline counts it."""
    type: str
    """A key of ``questions.TYPES``."""
    place: str = ""
    """One of ``columns.SITE_TYPES``; empty if not recorded."""
    controller: str = ""
    """One of ``columns.CONTROLLERS``; empty if not recorded."""
    capabilities: frozenset[str] = frozenset()
    """Keys of ``questions.CAPABILITIES``."""
    bought: str = ""
    """Financial year, ``2019/20``; empty if not recorded."""
    pence: int | None = None
    """Its price in pence; None if not recorded."""
    contract: int = 0
    """A number for the contract that bought it, which means nothing elsewhere; 0 if not recorded."""
    site: int = 0
    """A number for its site; 0 if not recorded."""
    planned: str = ""
    """Financial year of its planned removal; empty if it has none."""
    removed: str = ""
    """Financial year of its removal; empty if it was not removed."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """Totals, which are given whatever their size."""

    headline: str = ""
    """The headline sentence, as it is everywhere else."""
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
    """Devices in scope that were removed, for the programme."""
    answering: int = 0
    """Removed devices that still answer a scan, so that the headline counts them too."""
    with_dpia: int = 0
    """Devices whose row names an impact assessment."""
    dpias: int = 0
    """How many different assessments are named."""
    with_contract: int = 0
    contracts: int = 0
    is_scanned: bool = True
    addresses: int = 0
    addresses_asked: int = 0
    sites_listed: int = 0
    sites_scanned: int = 0
    """Listed sites whose networks were all asked within 90 days."""
    last_scan: date | None = None

    @property
    def devices(self) -> int:
        """How many devices of the two makers are installed."""
        return self.cameras + self.recorders + self.other


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy that covers such equipment."""

    title: str
    citation: str
    binds: str
    decides: bool
    """Whether it puts devices in scope for removal."""


@dataclass(frozen=True, slots=True)
class Estate:
    """All data for the answers."""

    day: date
    numbers: Numbers
    units: Sequence[Unit]
    """The devices that the headline counts."""
    gone: Sequence[Unit] = ()
    """Devices of the two makers that were removed."""
    policies: Sequence[Policy] = ()
    places: frozenset[str] = frozenset()
    """Kinds of place that the council has, by the site map and the register."""
    controllers: frozenset[str] = frozenset()
    """The controllers of the sites."""
    organisation: str = ""
    definitions: tuple[str, ...] = ()
    """What the counts mean, one line each: ``device: …``."""
    version: str = ""
    """The version of camscan."""
