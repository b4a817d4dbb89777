"""The nouns of the register: one row and everything that belongs to it. Standard library only.

They are shared by the rooms that keep the register (register), plan with it (plan), and write it out (exports). A scan
writes what it saw, and people write their entries; neither changes the other's. ``columns.py`` says who owns each
column.
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
    """The device answered a scan."""
    BEHIND_RECORDER = "behind_recorder"
    """The device is a channel of a recorder, which no scan can reach."""
    MANUAL = "manual"
    """A person entered the device."""
    IMPORTED = "imported"
    """The device came from a spreadsheet or another register."""
    LISTED = "listed"
    """Another system lists the device, such as a DHCP server; it never answered a scan."""


WORKED_OUT = frozenset({RecordType.NETWORK, RecordType.LISTED})
"""Record types whose identification follows from evidence: nobody entered it."""


class Presence(enum.StrEnum):
    """Whether scans see a device; it never says what happened to the device (that is its :class:`Lifecycle`)."""

    SEEN = "seen"
    """The last scan that looked for the device saw it."""
    MISSED = "missed"
    """The last ``scans_missed`` scans that looked for the device did not see it."""
    OFFLINE = "offline"
    """The device was missed so often that it is probably switched off, moved or removed; a person should look."""
    UNREACHABLE_SCOPE = "unreachable_scope"
    """The whole subnet is silent, so nothing is known about the device; misses are not counted meanwhile."""
    NOT_SCANNED = "not_scanned"
    """No scan has ever seen the device: rows that people entered or imported, channels."""


class Lifecycle(enum.StrEnum):
    """The stage of a device between being found and being disposed of.

    A person enters it; it is ``found`` until then.
    """

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
"""The device is no longer installed: an answer from it is an alarm."""
CLOSED = GONE | {Lifecycle.NOT_OURS, Lifecycle.FALSE_POSITIVE}
"""Nothing remains to be done about the device."""


@dataclass(frozen=True, slots=True)
class Place:
    """What the site map says about where a device is."""

    name: str
    ref: str = ""
    """UPRN, or the council's own number of the building."""
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
        """The values for people's columns of a device, unless a person has entered other values for this device."""
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
    """One value that another system lists for a device."""

    value: str
    basis: str
    """The list and the system, with file and position: ``ARP table of core-1 (core.txt, line 12)``."""
    at: datetime
    """The time at which the other system knew it."""


LISTED_IN = {
    "switch_port": "switch_port",
    "vlan_or_subnet": "vlan",
    "network_zone": "network_zone",
    "internet_exposed": "internet_exposed",
}
"""People's column -> the value that other systems list for it."""
NOT_LISTED: Mapping[str, Elsewhere] = MappingProxyType({})


_LIFECYCLES = {each.value: each for each in Lifecycle}


@dataclass(frozen=True, slots=True)
class Asset:
    """One row of the register: one device (or one channel of a recorder), over all scans and all entries."""

    asset_id: str
    """The asset number: made once, never used again."""
    record_type: RecordType
    identification: Identification
    """The last known value of each member; for a row by hand, what people stated."""
    ip_addresses: tuple[str, ...] = ()
    """The addresses of the last sighting; the first is primary."""
    mac_addresses: tuple[str, ...] = ()
    open_ports: tuple[str, ...] = ()
    past_ip_addresses: tuple[str, ...] = ()
    """Addresses that the device held before, but not at its last sighting."""
    past_mac_addresses: tuple[str, ...] = ()
    site: str = ""
    """The site where the last scan saw it, by ``--site`` or by the site map; people's ``site_name`` overrides it."""
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
    """What the device says about itself and its place: ``hostname``, ``location_hint``, ``mac_source``."""
    channels: int | None = None
    """For a recorder: the number of channels that it reports; None if it reports none."""
    recorder_asset_id: str = ""
    """For a channel: the asset number of its recorder."""
    channel: int | None = None
    """For a channel: its number, from 1."""
    place: Place | None = None
    entries: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    """What people entered, by column name; a column that nobody filled is absent."""
    revision: int = 0
    """Number of the last change that a person made to the row; 0 for none. It counts over the whole register."""
    elsewhere: Mapping[str, Elsewhere] = field(default_factory=lambda: NOT_LISTED)
    """What other systems list about the device: ``mac``, ``ip``, ``hostname``, ``switch_port``, ``vlan``,
    ``network_zone``, ``internet_exposed``; ``heard`` is the last list that had it."""
    is_back: bool = False
    """For a device that a person recorded as removed: whether a scan has seen it since."""

    @property
    def lifecycle(self) -> Lifecycle:
        """The lifecycle that a person entered; ``found`` if nobody has."""
        entered = self.entries.get("lifecycle_status", "found")
        return _LIFECYCLES.get(entered) or Lifecycle(entered)

    def entry(self, column: str) -> str:
        """The value of a people's column; empty if there is none.

        It is the person's entry, otherwise the site map's value, otherwise what another system lists.
        """
        own = self.entries.get(column)
        if own is not None:
            return own
        return (self.place.entries().get(column, "") if self.place else "") or self.listed_value(column)

    def listed_value(self, column: str) -> str:
        """What another system lists for a people's column; empty if none does."""
        found = self.elsewhere.get(LISTED_IN.get(column, ""))
        return found.value if found else ""

    def date_of(self, column: str) -> date | None:
        """The date in a people's column; None if there is none."""
        text = self.entry(column)
        return date.fromisoformat(text) if text else None


@dataclass(frozen=True, slots=True)
class Ruling:
    """What one policy says about one device."""

    policy: str
    """Its id: ``uk-hcws386`` …"""
    matches: bool | None
    """Whether the policy covers the device; None if the maker, or what the rule depends on, is not known."""
    reason: str
    """One sentence that a councillor can read: which policy, why, and whom it binds."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """The result of policies, vulnerabilities and the council's formula for one device on one day. Never stored."""

    rulings: tuple[Ruling, ...] = ()
    """The ruling of every policy in use, in their order."""
    in_scope: str = "unknown"
    """Whether removal is to be planned: ``yes``, ``no`` or ``unknown``. A person's entry comes before any rule."""
    in_scope_reason: str = ""
    """The decision, or what is missing, in a few words."""
    would_match: tuple[str, ...] = ()
    """Policies that cover the device, if the council has not recorded a decision: its scope is unknown then."""
    priority: int | None = None
    """1 (first) … 4; None if it is out of scope."""
    score: float = 0.0
    """The score from which the priority follows: a higher score is more urgent."""
    priority_reason: str = ""
    """The formula with this device's figures in it."""
    weaknesses: tuple[str, ...] = ()
    """The most urgent first: ``CVE-2021-36260 affected, exploited`` …; fixed ones are left out."""

    @property
    def scope_line(self) -> str:
        """Scope and reason in one line: ``In scope: local decision of 12 May 2026, minute 114``."""
        word = "Not in scope" if self.in_scope == "no" else "In scope"
        known = "" if self.in_scope != "unknown" or self.would_match else "not known; "
        return f"{word}: {known}{self.in_scope_reason}"


@dataclass(frozen=True, slots=True)
class Change:
    """One line of the audit log: one column of one row, by one role."""

    number: int
    """Number of the line, over the whole register. ``Asset.revision`` is the last number of its row."""
    at: datetime
    role: str
    """A role, never a name."""
    how: str
    """The command or the file from which the change came."""
    asset_id: str
    column: str
    old: str
    """The old text; empty if there was none."""
    new: str
    because: str = ""


class Event(enum.StrEnum):
    """What may happen to a device between two scans. Values that always change (times, scan ids) are not events."""

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
    """One event: what happened, to which row, with the old and the new value."""

    event: Event
    asset_id: str
    """Asset number; empty for an event of a whole subnet."""
    old: str
    new: str
    detail: str
    """One sentence for a person."""
    at: datetime
    scan_id: str
    """The scan that showed it; empty for what a person entered."""


class Grouping(enum.StrEnum):
    """What the rows of a programme table are grouped by."""

    SITE = "site"
    MAKER = "maker"
    CAPABILITY = "capability"
    CONTROLLER = "controller"
    SERVICE = "service"
