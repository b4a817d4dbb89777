"""What the register knows about the devices that a report may be about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from typing import Any

from camscan.asset import RecordType
from camscan.dataclass import dataclass
from camscan.identify.keys import Key, Marks, known_type
from camscan.model import Identification, Report
from camscan.register.record.notes import PLACE, SHARED
from camscan.register.site_lookup import FindPlace


@dataclass(slots=True)
class KnownDevice:
    """A stored device, with everything that recording needs."""

    row: Mapping[Any, Any]
    found: Identification
    keys: set[Key] = field(default_factory=set)
    notes: set[Key] = field(default_factory=set)
    """Keys of the kinds in ``notes.py``."""
    addresses: dict[tuple[str, str], int] = field(default_factory=dict)
    """(kind, value) -> number of the last scan."""
    positions: dict[tuple[str, str], int] = field(default_factory=dict)
    """(kind, value) -> its position among the addresses of the last sighting that showed it."""
    wire: set[str] = field(default_factory=set)
    """MAC addresses that the network ever showed for the device."""
    entries: Mapping[str, str] | None = None
    """What people entered; None if nobody has entered anything."""

    @property
    def id(self) -> int:
        """Number of its row, which is valid only within this database."""
        return int(self.row["id"])

    @property
    def asset_id(self) -> str:
        """Its asset number."""
        return str(self.row["asset_id"])

    @property
    def last_scan(self) -> int:
        """Number of the last scan that saw the device; 0 if none has."""
        return int(self.row["last_scan"] or 0)

    @property
    def first_scan(self) -> int:
        """Number of the first scan that saw the device; 0 if none has."""
        return int(self.row["first_scan"] or 0)

    @property
    def places(self) -> set[str]:
        """Addresses at which the device may answer without a name, as a person said."""
        return {note.value for note in self.notes if note.kind == PLACE}

    @property
    def was_shared(self) -> set[str]:
        """Keys, as ``kind|value``, that the device once claimed together with another device."""
        return {note.value for note in self.notes if note.kind == SHARED}

    @property
    def marks(self) -> Marks:
        """The marks of the device: its keys, the MAC addresses that the network showed, and those that it named."""
        wire = frozenset(self.wire)
        last = self.last_scan
        named = {value for (kind, value), scan in self.addresses.items() if kind == "mac" and scan == last}
        return Marks(frozenset(self.keys), wire, frozenset(named - wire), *known_type(self.found))

    @property
    def is_only_listed(self) -> bool:
        """Whether other systems list the device, and it never answered a scan."""
        return self.last_scan == 0 and str(self.row["record_type"]) == RecordType.LISTED.value

    @property
    def elsewhere(self) -> Mapping[str, Mapping[str, Any]]:
        """What other systems list about the device, as it is stored."""
        found: Mapping[str, Mapping[str, Any]] = self.row["known"].get("elsewhere", {})
        return found

    @property
    def current_ips(self) -> list[str]:
        """The addresses on which the device answered when it was last seen."""
        return [value for kind, value in self.addresses if kind == "ip" and self.answered_on(value)]

    def answered_on(self, ip: str) -> bool:
        """Whether it answered on the address when last seen.

        If it is only listed: whether the last list has the address.
        """
        last = self.last_scan
        if self.is_only_listed:
            last = max((scan for (kind, _), scan in self.addresses.items() if kind == "ip"), default=0)
        return last > 0 and self.addresses.get(("ip", ip)) == last


@dataclass(frozen=True, slots=True)
class Stored:
    """What was read from the register before a report is recorded."""

    rows: Sequence[KnownDevice]
    """Every device that shares a strong key or an address with the report; the last seen comes first."""
    burnt: frozenset[Key]
    """Keys of the report that several devices of an earlier report claimed: they do not recognise a device any more."""
    unseen: Mapping[str, Sequence[KnownDevice]]
    """Address -> rows that people made with it and that no scan has seen."""
    find_place: FindPlace

    def is_here(self, report: Report, known: KnownDevice, ips: Iterable[str]) -> bool:
        """Whether the device answered on one of the addresses when last seen, in the same network."""
        return any(known.answered_on(ip) and self.is_same_network(report, known, ip) for ip in ips)

    def was_named(self, report: Report, known: KnownDevice, ips: Iterable[str]) -> bool:
        """Whether a person said that this device answers there."""
        return any(ip in known.places and self.is_same_network(report, known, ip) for ip in ips)

    def is_same_network(self, report: Report, known: KnownDevice, ip: str) -> bool:
        """Whether the address is in the same network.

        An address of the site map is one place; any other may exist at every site.
        """
        site = report.site
        return not site or known.row["site"] in {"", site} or self.find_place("", [ip]) is not None
