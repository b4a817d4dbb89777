"""The data of a report, and its text. Frozen nouns."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from camscan.asset import Grouping
from camscan.headline import Headline
from camscan.page import Figure, Table
from camscan.page.charts import Bars, Columns
from camscan.plan import Point, Row, Status
from camscan.plan.scan_coverage import ScannedNetworks


class Level(enum.StrEnum):
    """The readers of a report."""

    FULL = "full"
    """People who may know where the devices are."""
    SUMMARY = "summary"
    """The appendix of a paper that others may read: it does not say where a device is, or which device it is."""


@dataclass(frozen=True, slots=True)
class Device:
    """One device in scope, as the list shows it."""

    number: str
    """Its asset number."""
    tag: str
    site: str
    place: str
    """Where in the building it is; empty if not recorded."""
    maker: str
    model: str
    type: str
    priority: int | None
    standing: str
    """Its standing in the programme, in words."""
    planned: date | None
    seen: date | None
    """The day on which a scan last saw it."""


@dataclass(frozen=True, slots=True)
class ReturnedDevice:
    """A device that answers although its removal was recorded."""

    number: str
    site: str
    removed: date | None
    seen: date | None


@dataclass(frozen=True, slots=True)
class Question:
    """A question about the identity of a device that only a person can settle."""

    number: str
    other: str
    """The other device in the question; empty if there is none."""
    says: str


@dataclass(frozen=True, slots=True)
class Recorder:
    """A recorder with channels about which nothing is known."""

    number: str
    site: str
    unread: int
    """How many channels at most."""


@dataclass(frozen=True, slots=True)
class PolicyInUse:
    """A policy in use."""

    title: str
    decides: bool
    """Whether the devices that it covers are in scope."""
    binding_on: str
    basis: str
    """How well the citation is founded."""
    citation: str


@dataclass(frozen=True, slots=True)
class ScanAuthorisation:
    """An authorisation of the scans."""

    role: str
    begins: date
    expires: date
    networks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All data of a report, about one register on one day."""

    organisation: str
    role: str
    """The role that made it; empty if not recorded."""
    day: date
    """The day that the report describes."""
    version: str
    """The version of camscan."""
    databases: tuple[str, ...]
    """Editions of the fingerprints that the newest scans used."""
    headline: Headline
    status: Status
    points: tuple[Point, ...]
    looked: ScannedNetworks
    is_map_stale: bool
    """Whether camscan.yaml has places that the register does not know yet."""
    groups: Mapping[Grouping, Sequence[Row]]
    """Grouping -> the programme by site, maker …; names as people read them."""
    makers: frozenset[str]
    """Names of makers that camscan knows; any other maker's name is what somebody typed."""
    devices: Sequence[Device]
    """Every device in scope; empty if they are too many for a list."""
    returned: Sequence[ReturnedDevice]
    new_at: Mapping[str, int]
    """Site -> devices in scope that were first seen in the last ``RECENT`` days; an empty name for no known site."""
    corrected: Mapping[str, int]
    """What was corrected in those days -> how often."""
    questions: Sequence[Question]
    recorders: Sequence[Recorder]
    silent: Sequence[tuple[str, str]]
    """Networks that answered once, and in which nothing answers any more, each with its site."""
    by_hand: int
    """Devices in scope that no scan has ever seen."""
    policies: Sequence[PolicyInUse]
    is_decided: bool
    """Whether the council has decided which policies count."""
    formula: Sequence[str]
    """The removal priority, in sentences."""
    authorisations: Sequence[ScanAuthorisation]
    scans: int
    first_scan: date | None
    only_listed: int = 0
    """Devices of the register that other systems list, and that never answered a scan."""


STANDINGS: Mapping[str, str] = {
    "removed": "Removed",
    "closed": "Closed",
    "accepted_risk": "Accepted risk",
    "blocked": "Held up",
    "overdue": "Overdue",
    "planned": "Planned",
    "no_date": "No date",
}
"""Standing of a device in the programme (``camscan.plan.standing.Standing``) -> the words for it."""
RECENT = 90
"""Days that count as recent: for what is new, corrected, due, or scanned."""


@dataclass(frozen=True, slots=True)
class Exhibit:
    """A table, with the chart above it if there is one."""

    name: str
    """A short name, for its worksheet and its anchor."""
    table: Table
    chart: Columns | Bars | None = None
    is_folded: bool = False
    """Whether the table is folded away until a person opens it: the chart shows the same."""


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the report."""

    anchor: str
    title: str
    says: tuple[str, ...]
    """Paragraphs of the section."""
    points: tuple[str, ...] = ()
    """A list below the paragraphs."""
    exhibits: tuple[Exhibit, ...] = ()
    is_wide: bool = False
    """Whether it is printed across the page."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A box that a reader must see first."""

    word: str
    """``Alarm`` or ``Note``."""
    title: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """The text of a report."""

    title: str
    subtitle: str
    organisation: str
    marking: str
    notices: tuple[Notice, ...]
    headline: str
    says: tuple[str, ...]
    """The first page in sentences that can be read aloud."""
    figures: tuple[Figure, ...]
    sections: tuple[Section, ...]
