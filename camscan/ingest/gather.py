"""What files of one source say, put together: which entries are of one device, and a Device of each. Pure.

Entries with the same MAC address are of one device; without one, those with the same IP address. A MAC address that is
listed with many IP addresses is a router's, which answers for others: it does not belong to a single device.
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
from camscan.ingest.source import Document, Entry, Host, Item, Passed, Problem, Source
from camscan.model import LISTED, Attempt, Device, Fact, Observation, Outcome
from camscan.probes import as_unsolicited
from camscan.words import counted

MOST = 100_000
"""Devices of one import: what bounds memory. A county has fewer."""
STANDARD_INPUT = "standard input"
"""The name of a document that is not a file."""
_ADDRESSES = 8
"""IP addresses of one MAC address from which on it answers for others."""
_ENTRIES = 8
"""Entries of one device that are kept, the newest."""
_PROBLEMS = 20
"""Broken parts that are named one by one."""
_TEXT = 300
"""Bytes of an entry that are kept as it stood."""
_GROUP_BIT = 0x01
"""Of the first octet: the MAC address is that of a group (IEEE 802)."""


@dataclass(frozen=True, slots=True)
class Seen:
    """An entry, and where it comes from."""

    entry: Entry
    host: str
    """Whose table it stands in: by its prompt, else by the name of the file; empty for standard input."""
    basis: str
    """``ARP table of core-1 (core.txt)``."""
    when: datetime


@dataclass(slots=True)
class Box:
    """What is listed of one device."""

    mac: str = ""
    seen: list[Seen] = field(default_factory=list)
    count: int = 0
    """All its entries, also those that are not kept."""
    many: set[str] = field(default_factory=set)
    """Its addresses, as far as they are needed to know that they are too many for one device."""

    def add(self, seen: Seen) -> None:
        """Take an entry; of many, the newest are kept."""
        self.count += 1
        if seen.entry.ip and len(self.many) <= _ADDRESSES:
            self.many.add(seen.entry.ip)
        self.seen.append(seen)
        if len(self.seen) > _ENTRIES * 2:
            self.seen = sorted(self.seen, key=lambda each: each.when)[-_ENTRIES:]

    @property
    def ips(self) -> tuple[str, ...]:
        """Its addresses, the one that was last heard first."""
        newest = sorted(self.seen, key=lambda each: each.when, reverse=True)
        return tuple(dict.fromkeys(each.entry.ip for each in newest if each.entry.ip))


@dataclass(slots=True)
class Gathered:
    """Everything that the files of one source say."""

    source: Source
    zones: Mapping[str, str] = field(default_factory=dict)
    """VLAN -> kind of its network, of the site that the files are of."""
    entries: int = 0
    passed: Counter[str] = field(default_factory=Counter)
    """Why entries were left out -> how many."""
    problems: list[str] = field(default_factory=list)
    """The first broken parts, one line each, with file and position."""
    broken: int = 0
    """All broken parts."""
    attempts: list[Attempt] = field(default_factory=list)
    """Of a source in which devices speak themselves."""
    files: list[str] = field(default_factory=list)
    """A line for each file: its form, and as of when it is taken."""
    oldest: datetime | None = None
    newest: datetime | None = None
    _by_mac: dict[str, Box] = field(default_factory=dict)
    _by_ip: dict[str, Box] = field(default_factory=dict)
    _on_port: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(switch, port) -> MAC addresses there."""
    _is_full: bool = False

    def add(self, document: Document) -> None:
        """Read one file to its end."""
        if document.form is None:
            raise ValueError("open_document says the form")
        self.files.append(f"{document.name}: {document.form.title}")
        self.hear(document.form.read(document), document.name, document.as_of)

    def hear(self, items: Iterable[Item], name: str, as_of: datetime) -> None:
        """Take everything that one file says, or one system that was asked; ``name`` is how a person named it."""
        host = ""
        for item in items:
            match item:
                case Entry():
                    self._take(item, name, as_of, host)
                case Attempt():
                    self.entries += 1
                    self._date(item.seen_at)
                    self.attempts.append(item)
                case Passed():
                    self.entries += item.count
                    self.passed[item.why] += item.count
                case Problem():
                    self._note(name, item)
                case Host():
                    host = item.name or host

    def _note(self, name: str, problem: Problem) -> None:
        self.broken += 1
        if len(self.problems) < _PROBLEMS:
            where = f"{name}, {problem.place}" if problem.place else name
            self.problems.append(f"{where}: {problem.why}")

    def _take(self, entry: Entry, name: str, as_of: datetime, host: str) -> None:
        self.entries += 1
        if entry.mac and (why := not_a_unit(entry.mac)):
            self.passed[why] += 1
            return
        if not entry.mac and not entry.ip:
            self.passed["without an address"] += 1
            return
        key, boxes = (entry.mac, self._by_mac) if entry.mac else (entry.ip, self._by_ip)
        box = boxes.get(key)
        if box is None:
            if len(self._by_mac) + len(self._by_ip) >= MOST:
                if not self._is_full:
                    self._note(name, Problem(entry.place, f"more than {MOST:,} devices; split the file"))
                self._is_full = True
                return
            box = boxes[key] = Box(entry.mac)
        when = entry.seen_at or as_of
        self._date(when)
        basis = self._basis(name, host)
        for port in (fact.value for fact in entry.facts if fact.key == "listed.port"):
            if not any(_port_of(each) == (basis, port) for each in box.seen):
                self._on_port[basis, port] += 1
        box.add(Seen(replace(entry, text=entry.text[:_TEXT]), host or _stem(name), basis, when))

    def _basis(self, name: str, host: str) -> str:
        of = f"{self.source.noun} of {host}" if host else self.source.noun
        return of if host in {PurePath(name).stem, name} else f"{of} ({PurePath(name).name})"

    def _date(self, when: datetime) -> None:
        self.oldest = min(self.oldest or when, when)
        self.newest = max(self.newest or when, when)

    def devices(self, database: Database) -> Iterator[tuple[Device, list[Attempt]]]:
        """A device of everything that is listed of one, with the entries that say so."""
        macs: dict[str, str] = {}
        for box in self._by_mac.values():
            if len(box.many) > _ADDRESSES:
                self.passed[f"of a MAC address with more than {_ADDRESSES} addresses, as a router has"] += box.count
                continue
            named = [self._by_ip.pop(ip) for ip in box.ips if ip in self._by_ip]
            macs |= dict.fromkeys(box.ips, box.mac)
            yield self._device(replace(box, seen=[*box.seen, *(each for one in named for each in one.seen)]), database)
        for ip, box in self._by_ip.items():
            if ip not in macs:
                yield self._device(box, database)

    def _device(self, box: Box, database: Database) -> tuple[Device, list[Attempt]]:
        newest = sorted(box.seen, key=lambda each: each.when, reverse=True)[:_ENTRIES]
        chosen = self._port(newest)
        attempts = [self._attempt(each, box.mac, has_port=each is chosen) for each in newest]
        found = make_device(attempts, database)
        return replace(found, ip_addresses=box.ips, mac_addresses=(box.mac,) if box.mac else ()), attempts

    def _port(self, seen: Sequence[Seen]) -> Seen | None:
        """Where it hangs: of the ports behind which it is listed, the one with the fewest others, then the newest."""
        ports = [each for each in seen if _port_of(each)]
        return min(ports, key=lambda each: self._on_port[_port_of(each)], default=None)

    def _attempt(self, seen: Seen, mac: str, *, has_port: bool) -> Attempt:
        entry, probe = seen.entry, f"{LISTED}{self.source.name}"
        facts = [Fact("listed.in", seen.basis), *([Fact("listed.mac", mac)] if mac else [])]
        if has_port:
            others = self._on_port[_port_of(seen)] - 1
            facts += [Fact("listed.port_shared", str(others))] if others > 0 else []
            named = any(fact.key == "listed.switch" for fact in entry.facts)
            facts += [Fact("listed.switch", seen.host)] if seen.host and not named else []
        # Behind an uplink stands every device of the next switch: that says nothing of where this one is.
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

    def broken_lines(self) -> Iterator[str]:
        """The broken parts, one line each; of many, the first and how many more there are."""
        yield from self.problems
        if self.broken > len(self.problems):
            yield f"and {counted(self.broken - len(self.problems), 'more part')} that cannot be read"

    @property
    def notes(self) -> tuple[str, ...]:
        """One line for each thing that a person should know of the files."""
        left = [f"left out: {number:,} {why}" for why, number in self.passed.most_common()]
        return (*self.files, *self.broken_lines(), *left)


def _stem(name: str) -> str:
    return "" if name == STANDARD_INPUT else PurePath(name).stem


_OF_PORT = frozenset({"listed.port", "listed.switch", "listed.poe", "listed.poe_class"})


def _port_of(seen: Seen) -> tuple[str, str]:
    """The table and the port behind which it lists the device; empty where it lists none."""
    port = next((fact.value for fact in seen.entry.facts if fact.key == "listed.port"), "")
    return (seen.basis, port) if port else ()  # type: ignore[return-value]  # compared and counted only


def not_a_unit(mac: str) -> str:
    """Why a MAC address is of no single unit, in words that are counted; empty where it may be."""
    if int(mac[:2], 16) & _GROUP_BIT:
        return "of groups, not of one device"
    return "of a pair of routers that share it" if is_virtual_router(mac) else ""
