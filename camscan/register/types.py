"""What the register hands out. Standard library only, so that naming a type costs no start-up time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from camscan.asset import Asset, Change, Happening, RecordType
from camscan.dataclass import dataclass
from camscan.model import Completion, Coverage, Identification, Observation, Turn


@dataclass(frozen=True, slots=True)
class Recorded:
    """What recording one report did. Devices are named by asset id."""

    new: tuple[str, ...]
    """Seen for the first time."""
    returned: tuple[str, ...]
    """Known, and missed by the last scan of the same site and targets."""
    changed: tuple[str, ...]
    """Known, and with something new: an address, the firmware, the maker … Silence is not a change."""
    devices: int
    """All devices of the report."""
    conflicts: tuple[Conflict, ...]
    """Contradictions that this report brought; a person should look."""
    recognised: tuple[str, ...] = ()
    """Entered by people or told by a recorder before, and seen now for the first time."""
    happenings: tuple[Happening, ...] = ()
    """Everything that changed, as ``Register.happenings`` tells it of this scan alone."""
    outdated: tuple[str, ...] = ()
    """For evidence from elsewhere, such as an old file: devices that a scan has seen since, left unchanged."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Of whose devices a report may say something that somebody else made, and that is believed only so far."""

    sites: frozenset[str]
    """The names of its sites, in small letters; none where only addresses count."""
    holds: Callable[[str], bool]
    """Whether an address is one of its own."""

    def is_own(self, site: str, ips: Iterable[str]) -> bool:
        """Whether a device of this site, which answered at these addresses when last seen, is one of its own."""
        held = list(ips)
        if site and self.sites:
            return site.casefold() in self.sites
        return not held or any(map(self.holds, held))


@dataclass(frozen=True, slots=True)
class EnteredDevice:
    """What recording a list of another system did with one device of it."""

    asset_id: str
    before: Identification
    """What was known of it; of a new one, what the list hints at."""
    after: Identification
    ip_addresses: tuple[str, ...]
    """As listed, the last heard first."""
    mac_addresses: tuple[str, ...]
    added: tuple[str, ...]
    """What no list had said before, in a few words each: ``MAC 58:50:ed:1f:00:01``, ``CT-2, port 14``."""
    is_new: bool
    """No scan, no person and no list had it before."""


@dataclass(frozen=True, slots=True)
class Entered:
    """What recording a list of another system did."""

    devices: tuple[EnteredDevice, ...]
    left_out: Mapping[str, int]
    """Why devices of the list were not entered -> how many."""
    happenings: tuple[Happening, ...] = ()


@dataclass(frozen=True, slots=True)
class Conflict:
    """Something about a device's identity that only a person can settle. Nothing was merged because of it."""

    asset_id: str
    kind: str
    """``shared-key``, ``key-elsewhere``, ``contradiction``, ``maker-changed`` or ``possible-duplicate``."""
    detail: str
    """One sentence for a person."""
    scan_id: str
    """The scan that brought it up."""
    other: str = ""
    """Asset id of the other device that it is about; empty if there is none."""
    number: int = 0
    """The number that `camscan review keep` takes."""


@dataclass(frozen=True, slots=True)
class Review:
    """One question to a person: about one device, or about two that may be one."""

    asset_id: str
    other: str
    """Asset id of the other device; empty if there is none."""
    conflicts: tuple[Conflict, ...]
    """Everything that was brought up about them and is not settled, oldest first."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What somebody had before them who decides a question: it is decided only while all of that still holds."""

    conflicts: frozenset[int]
    """Numbers of those that the question is made of."""
    revisions: Mapping[str, int]
    """For the rows that it is about: asset id -> ``Asset.revision``."""


@dataclass(frozen=True, slots=True)
class Settled:
    """The result of a conflict."""

    asset_id: str
    other: str
    """Asset id of the other device that it was about; empty if there was none."""
    decision: str
    """``kept``, ``apart`` or ``merged``."""
    role: str
    """Who decided."""
    at: datetime


@dataclass(frozen=True, slots=True)
class Reidentified:
    """A device that is something else with another fingerprint database."""

    asset_id: str
    changes: tuple[tuple[str, str, str], ...]
    """What, from what, to what; empty text for none."""
    before: Identification
    after: Identification


@dataclass(frozen=True, slots=True)
class StoredObservation:
    """One observation and the run of sightings over which it held."""

    observation: Observation
    """``seen_at`` is when it was first seen in this run of sightings."""
    first_scan: str
    last_scan: str
    current: bool
    """Whether the device's last sighting still showed it."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """One device as one scan saw it."""

    scan_id: str
    identification: Identification
    ip_addresses: tuple[str, ...]
    mac_addresses: tuple[str, ...]
    open_ports: tuple[str, ...]
    first_seen: datetime
    last_seen: datetime


@dataclass(frozen=True, slots=True)
class StoredScan:
    """One recorded scan."""

    scan_id: str
    started_at: datetime
    finished_at: datetime
    completion: Completion
    site: str
    targets: tuple[str, ...]
    pace: str
    version: str
    database: str
    coverage: Coverage
    devices: int
    turn: Turn | None = None
    """None if it was a run of its own."""
    is_late: bool = False
    """Whether it was recorded after a newer one of the same addresses: then it says nothing of presence."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One entry that a person wants to make."""

    asset_id: str
    column: str
    """One of the people's columns of ``camscan.asset.columns``."""
    value: str
    """As ``asset.entry.normalise`` gives it; empty clears the entry."""


@dataclass(frozen=True, slots=True)
class Undone:
    """What taking back an import came to."""

    how: str
    """``import of team.csv``."""
    role: str
    """Who had imported it."""
    at: datetime
    changes: tuple[Change, ...]
    gone: tuple[str, ...]
    """Devices that it had added and that are no more."""
    kept: tuple[tuple[str, str], ...]
    """Device and a sentence: what stays, and why."""


@dataclass(frozen=True, slots=True)
class NewRow:
    """A device that no scan has seen, as a person enters it."""

    record_type: RecordType
    """Anything but ``network``."""
    entries: Mapping[str, str]
    """People's columns, normalised."""
    recorder_asset_id: str = ""
    """For a channel: its recorder."""
    channel: int | None = None


class Group(NamedTuple):
    """The devices of the listing that stand alike."""

    in_scope: str
    standing: str
    presence: str
    answers: bool
    """Whether they answer although somebody entered that they are gone."""
    devices: int
    pence: int
    """What is known about their cost."""


@dataclass(frozen=True, slots=True)
class Lister:
    """Who judges devices for the listing, which the register keeps and does not understand. May raise ConfigError."""

    edition: Callable[[], str]
    """A hash of the settings and tables that judging goes by: with another, every line is made anew."""
    day: Callable[[], date]
    """The day for which it judges; the column ``until`` of a line says how long it holds."""
    lines: Callable[[Sequence[Asset], date], Sequence[Mapping[str, Any]]]
    """The line of each device on that day: every column of the table ``listing`` but ``device_id``."""
    apart: Callable[[Iterable[Mapping[str, Any]]], Collection[str]]
    """From all the lines: asset ids of those that are in no count, because another row represents the device."""
    count: Callable[[Sequence[Group], Callable[[Sequence[str]], tuple[int, int]]], Mapping[str, float]]
    """What is kept of a scan for the burn-down; the function: standings -> how many systems and sites."""


@dataclass(frozen=True, slots=True)
class Where:
    """One condition on the listing."""

    column: str
    values: Sequence[Any]
    """Any of these; None for an empty cell."""
    is_not: bool = False
    """None of these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """Which lines of the listing are wanted, and in which order."""

    where: Sequence[Where] = ()
    text: str = ""
    """Every word of it occurs in the line, in any case."""
    within: Sequence[str] = ()
    """Columns in which the words are searched; if none is named, all that can be searched."""
    sites: Collection[str] | None = None
    """Only devices of these sites, by their names; None for all."""
    order: str = "asset_id"
    """A column with an index."""
    descending: bool = False
    start: int = 0
    most: int = 50
    total: int | None = None
    """How many fit in all, where that is known already: counting takes longer than reading a page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogWanted:
    """Which lines of the audit log are wanted, newest first; what is empty is not asked for."""

    role: str = ""
    column: str = ""
    asset_id: str = ""
    since: datetime | None = None
    before: datetime | None = None
    start: int = 0
    most: int = 50


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a register has got."""

    scan: int
    """The highest number of a scan."""
    change: int
    """The number of a line of the audit log."""
    conflicts: int
    settled: str
    """When the last conflict was settled; empty for never."""
    turn: int
    """Counts how often lines of the listing were written; 0 if there is none."""
