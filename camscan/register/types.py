"""Types that the register returns. They use only the standard library, so that naming one costs no start-up time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from camscan.asset import Asset, Change, Happening, RecordType
from camscan.dataclass import dataclass
from camscan.model import Completion, Coverage, Identification, Observation, Turn

OFFLINE_AFTER = 3
"""Misses in a row after which a device is called offline."""
REVIEWED_BY = "review"
"""The name under which a question is settled unless another is given: `camscan review`."""
TallyOf = Callable[[Sequence[Asset]], Mapping[str, float]]
"""Counts devices for the burn-down."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """The result of recording one report. Devices are named by asset number."""

    new: tuple[str, ...]
    """Devices that were seen for the first time."""
    returned: tuple[str, ...]
    """Known devices that the last scan of the same site and targets missed."""
    changed: tuple[str, ...]
    """Known devices with something new: an address, the firmware, the maker … A missing value is not a change."""
    devices: int
    """Number of devices in the report."""
    conflicts: tuple[Conflict, ...]
    """Contradictions that this report brought; a person should look at them."""
    recognised: tuple[str, ...] = ()
    """Devices that people or a recorder had entered before, and that were seen now for the first time."""
    happenings: tuple[Happening, ...] = ()
    """Everything that changed, as ``Register.happenings`` would return it for this scan alone."""
    outdated: tuple[str, ...] = ()
    """For evidence from elsewhere, such as an old file: devices that a scan has seen since, left unchanged."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The devices about which a report from somebody else may say something: it is trusted only for these."""

    sites: frozenset[str]
    """The names of its sites, in lower case; empty if only addresses count."""
    holds: Callable[[str], bool]
    """Whether an address is one of its own."""

    def is_own(self, site: str, ips: Iterable[str]) -> bool:
        """Whether a device of this site, which answered at these addresses when last seen, is within the bounds."""
        held = list(ips)
        if site and self.sites:
            return site.casefold() in self.sites
        return not held or any(map(self.holds, held))


@dataclass(frozen=True, slots=True)
class ListedDevice:
    """The result of recording one device of another system's list."""

    asset_id: str
    before: Identification
    """What was known about it before; for a new device, what the list hints at."""
    after: Identification
    ip_addresses: tuple[str, ...]
    """Its IP addresses as listed, the last heard first."""
    mac_addresses: tuple[str, ...]
    added: tuple[str, ...]
    """What earlier lists did not say, in a few words each: ``MAC 58:50:ed:1f:00:01``, ``CT-2, port 14``."""
    is_new: bool
    """Whether neither a scan nor a person nor a list had named it before."""


@dataclass(frozen=True, slots=True)
class RecordedList:
    """The result of recording a list of another system."""

    devices: tuple[ListedDevice, ...]
    left_out: Mapping[str, int]
    """Reason why devices of the list were not entered -> how many."""
    happenings: tuple[Happening, ...] = ()


@dataclass(frozen=True, slots=True)
class Conflict:
    """A contradiction about a device's identity that only a person can settle. Nothing was merged because of it."""

    asset_id: str
    kind: str
    """``shared-key``, ``key-elsewhere``, ``contradiction``, ``maker-changed`` or ``possible-duplicate``."""
    detail: str
    """One sentence for a person."""
    scan_id: str
    """The scan that reported it."""
    other: str = ""
    """Asset number of the other device; empty if there is none."""
    number: int = 0
    """The number that `camscan review keep` takes."""


@dataclass(frozen=True, slots=True)
class Review:
    """One question to a person: about one device, or about two that may be one."""

    asset_id: str
    other: str
    """Asset number of the other device; empty if there is none."""
    conflicts: tuple[Conflict, ...]
    """Every open conflict about them, oldest first."""


@dataclass(frozen=True, slots=True)
class SeenQuestion:
    """What a person had read before the decision. The decision is made only while all of it is still true."""

    conflicts: frozenset[int]
    """Numbers of the conflicts in the question."""
    revisions: Mapping[str, int]
    """For the rows in the question: asset number -> ``Asset.revision``."""


@dataclass(frozen=True, slots=True)
class SettledConflict:
    """The decision about a conflict."""

    asset_id: str
    other: str
    """Asset number of the other device; empty if there was none."""
    decision: str
    """``kept``, ``apart`` or ``merged``."""
    role: str
    """The role of the person who decided."""
    at: datetime


@dataclass(frozen=True, slots=True)
class Reidentified:
    """A device that is something else with another fingerprint database."""

    asset_id: str
    changes: tuple[tuple[str, str, str], ...]
    """Name, old value and new value of each change; an empty text for no value."""
    before: Identification
    after: Identification


@dataclass(frozen=True, slots=True)
class StoredObservation:
    """One observation, and the run of sightings over which it held."""

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
    """The place of the scan in its round; None if it was a run of its own."""
    is_late: bool = False
    """Whether it was recorded after a newer scan of the same addresses: then it says nothing about presence."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One entry that a person wants to make."""

    asset_id: str
    column: str
    """One of the people's columns of ``camscan.asset.columns``."""
    value: str
    """The value as ``asset.entry.normalise`` returns it; empty clears the entry."""


@dataclass(frozen=True, slots=True)
class UndoneImport:
    """The result of undoing an import."""

    how: str
    """The import as the log names it: ``import of team.csv``."""
    role: str
    """The role of the person who had imported it."""
    at: datetime
    changes: tuple[Change, ...]
    gone: tuple[str, ...]
    """Devices that the import had added and that are deleted now."""
    kept: tuple[tuple[str, str], ...]
    """Device, and a sentence that says what is kept and why."""


@dataclass(frozen=True, slots=True)
class NewRow:
    """A device that no scan has seen, as a person enters it."""

    record_type: RecordType
    """Any type but ``network``."""
    entries: Mapping[str, str]
    """People's columns, normalised."""
    recorder_asset_id: str = ""
    """For a channel: the asset number of its recorder."""
    channel: int | None = None


class Group(NamedTuple):
    """Devices of the listing with the same scope, standing and presence."""

    in_scope: str
    standing: str
    presence: str
    answers: bool
    """Whether they answer although their removal was recorded."""
    devices: int
    pence: int
    """The known part of their cost, in pence."""


@dataclass(frozen=True, slots=True)
class Lister:
    """Judges devices for the listing. The register stores the result and does not interpret it.

    May raise ConfigError.
    """

    edition: Callable[[], str]
    """A hash of the settings and tables that decide the judgement: if it changes, every line is made again."""
    day: Callable[[], date]
    """The day for which devices are judged; the column ``until`` of a line says how long the line is valid."""
    lines: Callable[[Sequence[Asset], date], Sequence[Mapping[str, Any]]]
    """The line of each device on that day: every column of the table ``listing`` but ``device_id``."""
    apart: Callable[[Iterable[Mapping[str, Any]]], Collection[str]]
    """From all the lines: asset numbers of those that are not counted, because another row represents the device."""
    count: Callable[[Sequence[Group], Callable[[Sequence[str]], tuple[int, int]]], Mapping[str, float]]
    """The counts that a scan stores for the burn-down; the function: standings -> how many systems and sites."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition on the listing."""

    column: str
    values: Sequence[Any]
    """The line has one of these values; None for an empty cell."""
    is_not: bool = False
    """The line has none of the values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingQuery:
    """Which lines of the listing are wanted, and in which order."""

    where: Sequence[Condition] = ()
    text: str = ""
    """Every word of it is in the line, in upper or lower case."""
    within: Sequence[str] = ()
    """Columns in which the words are searched; if none is named, all that can be searched."""
    sites: Collection[str] | None = None
    """Only devices of these sites, by their names; None for all."""
    order: str = "asset_id"
    """The column by which lines are sorted; it has an index."""
    descending: bool = False
    start: int = 0
    most: int = 50
    total: int | None = None
    """How many lines match in all, if that is known already: counting takes longer than reading a page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogQuery:
    """Which lines of the audit log are wanted, newest first. An empty member does not filter."""

    role: str = ""
    column: str = ""
    asset_id: str = ""
    since: datetime | None = None
    before: datetime | None = None
    start: int = 0
    most: int = 50


@dataclass(frozen=True, slots=True)
class ChangeMark:
    """How far a register has got."""

    scan: int
    """The highest number of a scan."""
    change: int
    """The highest number of a line of the audit log."""
    conflicts: int
    settled: str
    """When the last conflict was settled; empty for never."""
    turn: int
    """Counts how often lines of the listing were written; 0 if there is no listing."""
