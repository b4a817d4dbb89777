"""What a report is made from, and what it says. Frozen nouns."""

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
from camscan.plan.scan_coverage import Looked


class Level(enum.StrEnum):
    """For whom it is."""

    FULL = "full"
    """Whoever may know where the devices are."""
    SUMMARY = "summary"
    """The appendix of a paper that others may read: nothing in it says where a device is, or which."""


@dataclass(frozen=True, slots=True)
class Device:
    """One device in scope, as the list shows it."""

    number: str
    """Its asset id."""
    tag: str
    site: str
    place: str
    """Where in the building; empty if not recorded."""
    maker: str
    model: str
    type: str
    priority: int | None
    standing: str
    """In words."""
    planned: date | None
    seen: date | None
    """The day of the last sighting by a scan."""


@dataclass(frozen=True, slots=True)
class Returned:
    """A device that answers although somebody entered that it is gone."""

    number: str
    site: str
    removed: date | None
    seen: date | None


@dataclass(frozen=True, slots=True)
class Question:
    """What about the identity of a device only a person can settle."""

    number: str
    other: str
    """The other device that it is about; empty if there is none."""
    says: str


@dataclass(frozen=True, slots=True)
class Recorder:
    """A recorder with channels of which nothing is known."""

    number: str
    site: str
    unread: int
    """At most."""


@dataclass(frozen=True, slots=True)
class Ruler:
    """A policy in use."""

    title: str
    decides: bool
    """Whether what it speaks of is in scope."""
    binding_on: str
    basis: str
    """How well the citation is founded."""
    citation: str


@dataclass(frozen=True, slots=True)
class Leave:
    """Who allowed the scans."""

    role: str
    begins: date
    expires: date
    networks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that a report says, of one register on one day."""

    organisation: str
    role: str
    """Who made it; empty if not recorded."""
    day: date
    """The day for which it holds."""
    version: str
    """The version of camscan."""
    databases: tuple[str, ...]
    """Editions of the fingerprints by which the newest scans judged."""
    headline: Headline
    status: Status
    points: tuple[Point, ...]
    looked: Looked
    is_map_stale: bool
    """Whether camscan.yaml has places that the register does not know yet."""
    groups: Mapping[Grouping, Sequence[Row]]
    """The programme by site, maker …; names as people read them."""
    makers: frozenset[str]
    """Names of makers that camscan knows; any other name of a maker is what somebody typed."""
    devices: Sequence[Device]
    returned: Sequence[Returned]
    new_at: Mapping[str, int]
    """Site -> devices in scope that were first seen in the last ``RECENT`` days; empty name for no known site."""
    corrected: Mapping[str, int]
    """What was corrected in those days -> how often."""
    questions: Sequence[Question]
    recorders: Sequence[Recorder]
    silent: Sequence[tuple[str, str]]
    """Networks that answered once, and of which nothing answers any more, each with its site."""
    by_hand: int
    """Devices in scope that no scan has ever seen."""
    rulers: Sequence[Ruler]
    is_decided: bool
    """Whether the council said what decides."""
    formula: Sequence[str]
    """The removal priority, in sentences."""
    leaves: Sequence[Leave]
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
"""Where a device stands (``camscan.plan.standing.Standing``) -> in words."""
RECENT = 90
"""Days that count as recent: for what is new, corrected, due, or scanned."""


@dataclass(frozen=True, slots=True)
class Exhibit:
    """A table, and the chart above it where there is one."""

    name: str
    """Short: the name of its worksheet, and of its anchor."""
    table: Table
    chart: Columns | Bars | None = None
    is_folded: bool = False
    """Whether the table opens when somebody asks for it: the chart shows the same."""


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the report."""

    anchor: str
    title: str
    says: tuple[str, ...]
    """Paragraphs."""
    points: tuple[str, ...] = ()
    """A list below them."""
    exhibits: tuple[Exhibit, ...] = ()
    is_wide: bool = False
    """Whether it is printed across."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What is to be seen first."""

    word: str
    """``Alarm`` or ``Note``."""
    title: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """What is said."""

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
