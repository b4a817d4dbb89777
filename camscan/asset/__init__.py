"""The nouns of the register: one row and all that belongs to it. Standard library only.

Shared by the rooms that keep it (register), work on it (plan), and write it out (exports). Who owns what is fixed: a
scan writes what it saw, people write their entries, and neither touches the other's. ``columns.py`` says whose
column is which.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import field
from datetime import date, datetime
from types import MappingProxyType

from camscan.dataclass import dataclass
from camscan.model import Identification

NOTHING: Mapping[str, str] = MappingProxyType({})


class RecordType(enum.StrEnum):
    """How camscan knows that a device exists."""

    NETWORK = "network"
    """It answered a scan."""
    BEHIND_RECORDER = "behind_recorder"
    """A channel of a recorder, which no scan can reach."""
    MANUAL = "manual"
    """Somebody entered it."""
    IMPORTED = "imported"
    """It came from a spreadsheet or another register."""
    LISTED = "listed"
    """Another system lists it, such as a DHCP server; it never answered a scan."""


WORKED_OUT = frozenset({RecordType.NETWORK, RecordType.LISTED})
"""What such a device is said to be was worked out from evidence: nobody entered it."""


class Presence(enum.StrEnum):
    """Whether scans see a device; never what happened to it (that is its :class:`Lifecycle`)."""

    SEEN = "seen"
    """Seen by the last scan that looked where it is."""
    MISSED = "missed"
    """Not by the last ``scans_missed`` scans that looked."""
    OFFLINE = "offline"
    """Missed so often that it is probably switched off, moved or gone; a person should look."""
    UNREACHABLE_SCOPE = "unreachable_scope"
    """Its whole subnet is silent, so nothing is known about it; misses are not counted meanwhile."""
    NOT_SCANNED = "not_scanned"
    """No scan has ever seen it: rows by hand, from spreadsheets, behind recorders."""


class Lifecycle(enum.StrEnum):
    """Where a device stands between being found and being disposed of. A person's word, ``found`` until then."""

    FOUND = "found"
    CONFIRMED = "confirmed"
    PLANNED = "planned"
    ORDERED = "ordered"
    REMOVED = "removed"
    DISPOSED = "disposed"
    ACCEPTED_RISK = "accepted_risk"
    NOT_OURS = "not_ours"
    FALSE_POSITIVE = "false_positive"


GONE = frozenset({Lifecycle.REMOVED, Lifecycle.DISPOSED})
"""It is no longer installed: an answer from it is an alarm."""
CLOSED = GONE | {Lifecycle.NOT_OURS, Lifecycle.FALSE_POSITIVE}
"""Nothing remains to be done about it."""


@dataclass(frozen=True, slots=True)
class Place:
    """What the site map says of where a device is."""

    name: str
    ref: str = ""
    """UPRN or the council's own number of the building."""
    type: str = ""
    """One of ``columns.SITE_TYPES``."""
    sensitivity: str = ""
    """``1`` (council-critical) … ``4`` (low); empty if not recorded."""
    controller: str = ""
    owner_service: str = ""
    network_zone: str = ""
    vlan: str = ""
    """The VLAN of the subnet."""
    subnet: str = ""
    """The CIDR of the site map that holds the device's address."""

    def entries(self) -> Mapping[str, str]:
        """What it says of a device's people columns, where no person has said otherwise for this device."""
        vlan = f"{self.subnet} (VLAN {self.vlan})" if self.vlan else self.subnet
        said = {
            "site_name": self.name,
            "uprn": self.ref,
            "site_type": self.type,
            "site_sensitivity": self.sensitivity,
            "controller": self.controller,
            "owner_service": self.owner_service,
            "network_zone": self.network_zone,
            "vlan_or_subnet": vlan,
        }
        return {name: value for name, value in said.items() if value}


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """One thing that another system lists of a device."""

    value: str
    basis: str
    """Which list of which system, with file and position: ``ARP table of core-1 (core.txt, line 12)``."""
    at: datetime
    """When that system knew it."""


LISTED_IN = {
    "switch_port": "switch_port",
    "vlan_or_subnet": "vlan",
    "network_zone": "network_zone",
    "internet_exposed": "internet_exposed",
}
"""People's column -> the thing that other systems list for it."""
NOWHERE: Mapping[str, Elsewhere] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Asset:
    """One row of the register: one device (or one channel of a recorder), over all scans and all entries."""

    asset_id: str
    """Minted once, never reused."""
    record_type: RecordType
    identification: Identification
    """The last known value of each member; of a row by hand, what people stated."""
    ip_addresses: tuple[str, ...] = ()
    """The addresses of the last sighting; the first is primary."""
    mac_addresses: tuple[str, ...] = ()
    open_ports: tuple[str, ...] = ()
    past_ip_addresses: tuple[str, ...] = ()
    """Held before, and no longer at the last sighting."""
    past_mac_addresses: tuple[str, ...] = ()
    site: str = ""
    """Where the last scan saw it, by its ``--site`` or by the site map; people's ``site_name`` overrides it."""
    provisional: bool = False
    """Nothing that it reports is unique to one unit, so the row represents what was found at an address."""
    presence: Presence = Presence.NOT_SCANNED
    scans_missed: int = 0
    first_seen: datetime | None = None
    """None if no scan has seen it."""
    last_seen: datetime | None = None
    last_scan: str = ""
    """The id of the last scan that saw it; empty if none has."""
    sightings: int = 0
    """Number of scans that saw it."""
    hints: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    """What it says of itself and its place: ``hostname``, ``location_hint``, ``mac_source``."""
    channels: int | None = None
    """For a recorder: the number of channels that it reports; None if it reports none."""
    recorder_asset_id: str = ""
    """For a channel: its recorder."""
    channel: int | None = None
    """For a channel: its number, from 1."""
    place: Place | None = None
    entries: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    """What people entered, by column name; a column that nobody filled is absent."""
    revision: int = 0
    """Number of the last change that a person made to it; 0 for none. Counts over the whole register."""
    elsewhere: Mapping[str, Elsewhere] = field(default_factory=lambda: NOWHERE)
    """What other systems list of it: ``mac``, ``ip``, ``hostname``, ``switch_port``, ``vlan``, ``network_zone``,
    ``internet_exposed``; ``heard`` is the last list that had it."""
    is_back: bool = False
    """For a device that a person recorded as removed: whether a scan has seen it since."""

    @property
    def lifecycle(self) -> Lifecycle:
        """Its lifecycle."""
        return Lifecycle(self.entries.get("lifecycle_status", Lifecycle.FOUND))

    def entry(self, column: str) -> str:
        """The value of a people's column; empty if there is none.

        The person's entry, else the site map's value, else what another system lists.
        """
        own = self.entries.get(column)
        if own is not None:
            return own
        return (self.place.entries().get(column, "") if self.place else "") or self.listed(column)

    def listed(self, column: str) -> str:
        """What another system lists for a people's column; empty if none does."""
        found = self.elsewhere.get(LISTED_IN.get(column, ""))
        return found.value if found else ""

    def day(self, column: str) -> date | None:
        """The date in a people's column; None if there is none."""
        text = self.entry(column)
        return date.fromisoformat(text) if text else None


@dataclass(frozen=True, slots=True)
class Ruling:
    """What one policy says of one device."""

    policy: str
    """Its id: ``uk-hcws386`` …"""
    matches: bool | None
    """None if it is not known, because the maker or what the rule asks for is unknown."""
    reason: str
    """One sentence that a councillor can read: which policy, why, and whom it binds."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What follows for one device from policies, weaknesses and the council's formula on one day. Never stored."""

    rulings: tuple[Ruling, ...] = ()
    """The ruling of every policy in use, in their order."""
    in_scope: str = "unknown"
    """``yes``, ``no`` or ``unknown``: whether removal is to be planned; a person's entry decides before any rule."""
    in_scope_reason: str = ""
    """In a few words: the decision, or what is missing."""
    would_match: tuple[str, ...] = ()
    """Policies that speak of the device, where no decision of the council's was recorded: its scope is unknown then."""
    priority: int | None = None
    """1 (first) … 4; None if it is out of scope."""
    score: float = 0.0
    """What the priority was made from: higher is more pressing."""
    priority_reason: str = ""
    """The formula with this device's figures in it."""
    weaknesses: tuple[str, ...] = ()
    """``CVE-2021-36260 affected, exploited`` …, the most pressing first; repaired ones are left out."""

    @property
    def scope_line(self) -> str:
        """The whole answer in one line: ``In scope: local decision of 12 May 2026, minute 114``."""
        word = "Not in scope" if self.in_scope == "no" else "In scope"
        known = "" if self.in_scope != "unknown" or self.would_match else "not known; "
        return f"{word}: {known}{self.in_scope_reason}"


@dataclass(frozen=True, slots=True)
class Change:
    """One line of the audit log: one column of one row, by one role."""

    number: int
    """Counts up over the whole register; ``Asset.revision`` is the last of its row."""
    at: datetime
    role: str
    """A role, no name."""
    how: str
    """The command, or the file that it came from."""
    asset_id: str
    column: str
    old: str
    """Empty if it held nothing."""
    new: str
    because: str = ""


class Event(enum.StrEnum):
    """What may happen to a device between two scans; volatile things (times, scan ids) never do."""

    NEW = "new"
    RETURNED = "returned"
    MISSED = "missed"
    OFFLINE = "offline"
    MOVED_IP = "moved_ip"
    MOVED_SITE = "moved_site"
    IDENTITY_CONFLICT = "identity_conflict"
    FIRMWARE_CHANGED = "firmware_changed"
    MAKER_CHANGED = "maker_changed"
    CAPABILITY_CHANGED = "capability_changed"
    RECORDER_ADDED_CAMERA = "recorder_added_camera"
    RECORDER_DROPPED_CAMERA = "recorder_dropped_camera"
    COVERAGE_LOST = "coverage_lost"
    COVERAGE_RESTORED = "coverage_restored"
    CONFIRMED_REMOVED = "confirmed_removed"
    REAPPEARED_AFTER_REMOVAL = "reappeared_after_removal"


@dataclass(frozen=True, slots=True)
class Happening:
    """One event: what, to which row, and from what to what."""

    event: Event
    asset_id: str
    """Empty for what concerns a whole subnet."""
    old: str
    new: str
    detail: str
    """One sentence for a person."""
    at: datetime
    scan_id: str
    """The scan that showed it; empty for what a person entered."""


class Grouping(enum.StrEnum):
    """What a table of the programme goes by."""

    SITE = "site"
    MAKER = "maker"
    CAPABILITY = "capability"
    CONTROLLER = "controller"
    SERVICE = "service"
