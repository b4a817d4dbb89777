"""Puts together the entries in the files of one source: which belong to one device, and a Device for each. Pure.

Entries with the same MAC address belong to one device; without a MAC address, those with the same IP address. A MAC
address that is listed with many IP addresses belongs to a router that answers for others, and not to a single device.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import PurePath

from camscan.fingerprints import Database
from camscan.identify import make_device
from camscan.identify.keys import is_virtual_router
from camscan.ingest.source import Document, Entry, Host, Item, LeftOut, Problem, Source
from camscan.model import LISTED, Attempt, Device, Fact, Observation, Outcome
from camscan.probes import as_unsolicited
from camscan.words import count_reason, count_text

MOST = 100_000
"""The most devices of one import. This bounds memory; a county has fewer."""
STANDARD_INPUT = "standard input"
"""The name of a document that is not a file."""
_ADDRESSES = 8
"""A MAC address with at least this many IP addresses answers for others."""
_ENTRIES = 8
"""How many entries of one device are kept: the newest."""
_PROBLEMS = 20
"""How many broken parts are named one by one."""
_TEXT = 300
"""How many bytes of the text of an entry are kept."""
_GROUP_BIT = 0x01
"""The bit in the first octet that marks a MAC address of a group (IEEE 802)."""


@dataclass(frozen=True, slots=True)
class SeenEntry:
    """An entry, and where it comes from."""

    entry: Entry
    host: str
    """The equipment whose table has it: by its prompt, or else by the name of the file; empty for standard input."""
    basis: str
    """The table and its file, as the basis of facts: ``ARP table of core-1 (core.txt)``."""
    when: datetime


@dataclass(slots=True)
class Box:
    """The entries about one device."""

    mac: str = ""
    seen: list[SeenEntry] = field(default_factory=list)
    count: int = 0
    """The number of all its entries, including those that are not kept."""
    distinct_ips: set[str] = field(default_factory=set)
    """Its different IP addresses; no more are kept than show that they are too many for one device."""

    def add(self, seen: SeenEntry) -> None:
        """Add an entry. Of many entries, the newest are kept."""
        self.count += 1
        if seen.entry.ip and len(self.distinct_ips) <= _ADDRESSES:
            self.distinct_ips.add(seen.entry.ip)
        self.seen.append(seen)
        if len(self.seen) > _ENTRIES * 2:
            self.seen = sorted(self.seen, key=lambda each: each.when)[-_ENTRIES:]

    @property
    def ips(self) -> tuple[str, ...]:
        """The IP addresses of the device, the one that was heard last first."""
        newest = sorted(self.seen, key=lambda each: each.when, reverse=True)
        return tuple(dict.fromkeys(each.entry.ip for each in newest if each.entry.ip))


@dataclass(slots=True)
class Findings:
    """The contents of all files of one source."""

    source: Source
    zones: Mapping[str, str] = field(default_factory=dict)
    """VLAN -> kind of its network, at the site of the files."""
    entries: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    """Reason for which entries were left out -> how many."""
    problems: list[str] = field(default_factory=list)
    """The first broken parts, one line each, with file and position."""
    broken_count: int = 0
    """The number of all broken parts."""
    attempts: list[Attempt] = field(default_factory=list)
    """The attempts of a source in which devices describe themselves."""
    files: list[str] = field(default_factory=list)
    """A line for each file: its form, and its date."""
    oldest: datetime | None = None
    newest: datetime | None = None
    _by_mac: dict[str, Box] = field(default_factory=dict)
    _by_ip: dict[str, Box] = field(default_factory=dict)
    _on_port: Counter[tuple[str, str] | None] = field(default_factory=Counter)
    """(switch, port) -> the number of MAC addresses there."""
    _is_full: bool = False

    def read_document(self, document: Document) -> None:
        """Read one file completely."""
        if document.form is None:
            raise ValueError("open_document says the form")
        self.files.append(f"{document.name}: {document.form.title}")
        self.take_items(document.form.read(document), document.name, document.as_of)

    def take_items(self, items: Iterable[Item], name: str, as_of: datetime) -> None:
        """Take all items of a file, or of a system that was asked; ``name`` is the name that a person gave it."""
        host = ""
        for item in items:
            match item:
                case Entry():
                    self._take_entry(item, name, as_of, host)
                case Attempt():
                    self.entries += 1
                    self._widen_dates(item.seen_at)
                    self.attempts.append(item)
                case LeftOut():
                    self.entries += item.count
                    self.left_out[item.why] += item.count
                case Problem():
                    self._note_problem(name, item)
                case Host():
                    host = item.name or host

    def _note_problem(self, name: str, problem: Problem) -> None:
        self.broken_count += 1
        if len(self.problems) < _PROBLEMS:
            where = f"{name}, {problem.place}" if problem.place else name
            self.problems.append(f"{where}: {problem.why}")

    def _take_entry(self, entry: Entry, name: str, as_of: datetime, host: str) -> None:
        self.entries += 1
        if entry.mac and (why := why_not_a_unit(entry.mac)):
            self.left_out[why] += 1
            return
        if not entry.mac and not entry.ip:
            self.left_out["without an address"] += 1
            return
        key, boxes = (entry.mac, self._by_mac) if entry.mac else (entry.ip, self._by_ip)
        box = boxes.get(key)
        if box is None:
            if len(self._by_mac) + len(self._by_ip) >= MOST:
                if not self._is_full:
                    self._note_problem(name, Problem(entry.place, f"more than {MOST:,} devices; split the file"))
                self._is_full = True
                return
            box = boxes[key] = Box(entry.mac)
        when = entry.seen_at or as_of
        self._widen_dates(when)
        short = replace(entry, text=entry.text[:_TEXT])
        seen = SeenEntry(short, host or _file_stem(name), self._basis_of(name, host), when)
        port = _port_of(seen)
        if port and not any(_port_of(each) == port for each in box.seen):
            self._on_port[port] += 1
        box.add(seen)

    def _basis_of(self, name: str, host: str) -> str:
        of = f"{self.source.noun} of {host}" if host else self.source.noun
        return of if host in {PurePath(name).stem, name} else f"{of} ({PurePath(name).name})"

    def _widen_dates(self, when: datetime) -> None:
        self.oldest = min(self.oldest or when, when)
        self.newest = max(self.newest or when, when)

    def devices(self, database: Database) -> Iterator[tuple[Device, list[Attempt]]]:
        """The listed devices, each with the entries about it."""
        macs: dict[str, str] = {}
        for box in self._by_mac.values():
            if len(box.distinct_ips) > _ADDRESSES:
                self.left_out[f"of a MAC address with more than {_ADDRESSES} addresses, as a router has"] += box.count
                continue
            named = [self._by_ip.pop(ip) for ip in box.ips if ip in self._by_ip]
            macs |= dict.fromkeys(box.ips, box.mac)
            yield self._make_device(
                replace(box, seen=[*box.seen, *(each for one in named for each in one.seen)]), database
            )
        for ip, box in self._by_ip.items():
            if ip not in macs:
                yield self._make_device(box, database)

    def _make_device(self, box: Box, database: Database) -> tuple[Device, list[Attempt]]:
        newest = sorted(box.seen, key=lambda each: each.when, reverse=True)[:_ENTRIES]
        chosen = self._nearest_port(newest)
        attempts = [self._entry_attempt(each, box.mac, has_port=each is chosen) for each in newest]
        found = make_device(attempts, database)
        return replace(found, ip_addresses=box.ips, mac_addresses=(box.mac,) if box.mac else ()), attempts

    def _nearest_port(self, seen: Sequence[SeenEntry]) -> SeenEntry | None:
        """The port to which the device is connected.

        Of all ports that list it, the one with the fewest others, then the newest.
        """
        ports = [each for each in seen if _port_of(each)]
        return min(ports, key=lambda each: self._on_port[_port_of(each)], default=None)

    def _entry_attempt(self, seen: SeenEntry, mac: str, *, has_port: bool) -> Attempt:
        entry, probe = seen.entry, f"{LISTED}{self.source.name}"
        facts = [Fact("listed.in", seen.basis), *([Fact("listed.mac", mac)] if mac else [])]
        if has_port:
            others = self._on_port[_port_of(seen)] - 1
            facts += [Fact("listed.port_shared", str(others))] if others > 0 else []
            named = any(fact.key == "listed.switch" for fact in entry.facts)
            facts += [Fact("listed.switch", seen.host)] if seen.host and not named else []
        # An uplink lists all devices of the next switch: that does not show where this one is.
        facts += [fact for fact in entry.facts if has_port or fact.key not in _OF_PORT]
        zone = next(
            (self.zones[fact.value] for fact in facts if fact.key == "listed.vlan" and fact.value in self.zones), ""
        )
        facts += [Fact("listed.zone", zone)] if zone and all(fact.key != "listed.zone" for fact in facts) else []
        was_heard = self.source.hears if entry.was_heard is None else entry.was_heard
        facts += [Fact("listed.heard", "yes")] if was_heard else []
        told = tuple(Observation(entry.ip, 0, probe, key, value, seen.when) for key, value in dict.fromkeys(facts))
        text = entry.text.encode("utf-8", "replace")
        where = f"{seen.basis}, {entry.place}"
        attempt = Attempt(probe, entry.ip, 0, Outcome.ANSWERED, told, where, text, seen.when)
        return as_unsolicited(attempt)

    def broken_part_lines(self) -> Iterator[str]:
        """The broken parts, one line each; of many, the first and how many more there are."""
        yield from self.problems
        if self.broken_count > len(self.problems):
            yield f"and {count_text(self.broken_count - len(self.problems), 'more part')} that cannot be read"

    @property
    def notes(self) -> tuple[str, ...]:
        """Lines about the files that a person should know, one for each matter."""
        left = [f"left out: {count_reason(number, why)}" for why, number in self.left_out.most_common()]
        return (*self.files, *self.broken_part_lines(), *left)


def _file_stem(name: str) -> str:
    return "" if name == STANDARD_INPUT else PurePath(name).stem


_OF_PORT = frozenset({"listed.port", "listed.switch", "listed.poe", "listed.poe_class"})


def _port_of(seen: SeenEntry) -> tuple[str, str] | None:
    """The switch, and the port at which it lists the device; None if it lists none. A table may name many switches."""
    told = {fact.key: fact.value for fact in seen.entry.facts}
    port, switch = told.get("listed.port", ""), told.get("listed.switch", "")
    return (f"{seen.basis} {switch}", port) if port else None


def why_not_a_unit(mac: str) -> str:
    """Why a MAC address cannot belong to a single unit, in words for counting; empty if it can."""
    if int(mac[:2], 16) & _GROUP_BIT:
        return "of groups, not of one device"
    return "of a pair of routers that share a MAC address" if is_virtual_router(mac) else ""
