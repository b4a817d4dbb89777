"""What one scan knows so far, address by address. Grows with the devices that answer, not with the addresses asked."""

from __future__ import annotations

import ipaddress
from collections import Counter, defaultdict
from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Address

from camscan import log
from camscan.fingerprints import Database
from camscan.identify import identify
from camscan.model import Attempt, Confidence, Identification, Observation, Outcome, Reply
from camscan.probes import Seen, catch_fault

#: Outcomes worth keeping one by one. The others are only counted: a silent /16 must not fill the memory.
KEPT = frozenset({Outcome.ANSWERED, Outcome.NOT_SPOKEN, Outcome.MALFORMED, Outcome.OUT_OF_SCOPE, Outcome.BUG})

SHARED = 8
"""A MAC that answers ARP for more addresses in a row belongs to a router that answers for a whole range (RFC 1027)."""

#: Outcomes that prove that something lives at the address.
SIGNS_OF_LIFE = frozenset({Outcome.ANSWERED, Outcome.REFUSED, Outcome.CLOSED, Outcome.NOT_SPOKEN, Outcome.MALFORMED})


@dataclass(slots=True)
class Entry:
    """What is known of one address."""

    attempts: list[Attempt] = field(default_factory=list)
    facts: dict[str, list[str]] = field(default_factory=dict)
    identification: Identification | None = None
    """What the facts say; None where it has to be found again."""
    payloads: set[tuple[str, bytes]] = field(default_factory=set)
    """Replies already recorded: a device answers once per question and per interface, with the same bytes."""


@dataclass(slots=True)
class Ledger:
    """Every address that gave a sign of life, and counts of everything else."""

    database: Database
    entries: dict[str, Entry] = field(default_factory=dict)
    alive: set[str] = field(default_factory=set)
    """Addresses where something lives, whether or not it spoke a protocol that was asked."""
    unreachable: dict[str, int] = field(default_factory=dict)
    """Subnet (/24, /64) -> one bit for each of its addresses to which a router, or this machine, knows no way."""
    outcomes: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    owned: defaultdict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    """MAC -> IPv4 addresses for which it answers ARP."""
    proxied: dict[str, str] = field(default_factory=dict)
    """Address -> MAC of the router that answers for it: that tells nothing of who lives there."""
    on_new: Callable[[Attempt], None] = lambda _attempt: None
    """Called with every attempt that is kept."""

    def record(self, attempt: Attempt) -> bool:
        """Take note of an attempt; True where it brought something new."""
        if attempt.outcome in SIGNS_OF_LIFE or (attempt.outcome is Outcome.BUG and attempt.payload):
            self.alive.add(attempt.ip)
        elif attempt.outcome is Outcome.UNREACHABLE:
            subnet, number = place(attempt.ip)
            self.unreachable[subnet] = self.unreachable.get(subnet, 0) | 1 << number
        if attempt.outcome not in KEPT:
            self.outcomes[attempt.probe][attempt.outcome] += 1
            return False
        entry = self.entries.setdefault(attempt.ip, Entry())
        if attempt.payload and (attempt.probe, attempt.payload) in entry.payloads:
            return False
        entry.payloads.add((attempt.probe, attempt.payload))
        self.outcomes[attempt.probe][attempt.outcome] += 1
        entry.attempts.append(attempt)
        _log(attempt)
        for seen in attempt.observations:
            values = entry.facts.setdefault(seen.key, [])
            if seen.value not in values:
                values.append(seen.value)
        if attempt.observations:
            entry.identification = None
        self.on_new(attempt)
        return True

    def owns(self, ip: str, mac: str) -> bool:
        """Whether a MAC that answers ARP for an address is a sign of life there; what it was till now is taken back."""
        number = int(IPv4Address(ip))
        owned = self.owned[mac]
        owned.add(number)
        row = _row(owned, number)
        if len(row) <= SHARED:
            return True
        for address in map(str, map(IPv4Address, row)):
            if address not in self.proxied:
                self.proxied[address] = mac
                self._forget(address, Reply("mac", mac.encode()))
        return False

    def _forget(self, ip: str, reply: Reply) -> None:
        entry = self.entries.pop(ip, Entry())
        told = reply.probe, reply.payload
        attempts = [attempt for attempt in entry.attempts if (attempt.probe, attempt.payload) != told]
        if not attempts:
            self.alive.discard(ip)
            return
        facts: dict[str, list[str]] = {}
        for seen in _observations(attempts):
            facts.setdefault(seen.key, []).append(seen.value)
        unique = {key: list(dict.fromkeys(values)) for key, values in facts.items()}
        self.entries[ip] = Entry(attempts, unique, payloads=entry.payloads)

    def seen(self, ip: str) -> Seen:
        """What a probe may know of the address before it asks."""
        entry = self.entries.get(ip)
        if entry is None:
            return Seen(facts={})
        if entry.identification is None:
            entry.identification = Identification()
            with catch_fault():  # the report identifies it again, and says so
                entry.identification = identify(_observations(entry.attempts), self.database)
        who = entry.identification
        sure = who.confidence in {Confidence.CONFIRMED, Confidence.PROBABLE}
        return Seen(
            facts={key: tuple(values) for key, values in entry.facts.items()},
            maker=who.maker if sure else None,
            confirmed=who.maker is not None and who.confidence is Confidence.CONFIRMED,
            complete=sure and None not in {who.maker, who.model, who.firmware, who.serial},
            no_camera=sure and who.is_camera_system is False,
            spoken=_spoken(entry.attempts),
        )

    def answered(self, ip: str, probe: str) -> bool:
        """Whether the address has already answered in this protocol."""
        entry = self.entries.get(ip)
        return entry is not None and any(
            attempt.probe == probe and attempt.outcome is Outcome.ANSWERED for attempt in entry.attempts
        )

    def repeated(self, ip: str, payload: bytes) -> bool:
        """Whether the address has sent these very bytes before."""
        entry = self.entries.get(ip)
        return entry is not None and any(known == payload for _, known in entry.payloads)

    def spoke(self, ip: str) -> bool:
        """Whether the address has answered a question; ARP and a reset are signs of life, not answers.

        An answer that could not be read is one too.
        """
        entry = self.entries.get(ip)
        return entry is not None and any(map(_is_answer, entry.attempts))

    def attempts(self) -> tuple[Attempt, ...]:
        """Every attempt that was kept, address by address, in the order of first reply."""
        return tuple(attempt for entry in self.entries.values() for attempt in entry.attempts)


def _log(attempt: Attempt) -> None:
    if log.is_on():
        log.event(attempt.outcome, attempt.ip, probe=attempt.probe, port=attempt.port, detail=attempt.detail)
        for seen in attempt.observations:
            log.detail("says", attempt.ip, key=seen.key, value=seen.value)


def place(ip: str) -> tuple[str, int]:
    """The subnet of an address (/24, /64), and its number there; of an IPv6 address, the low sixteen bits."""
    if ":" not in ip:
        subnet, _, number = ip.rpartition(".")
        return subnet, int(number)
    plain = ip.partition("%")[0]
    return str(ipaddress.ip_network((plain, 64), strict=False)), int(ipaddress.ip_address(plain)) & 0xFFFF


def _row(numbers: Container[int], around: int) -> range:
    """Those in a row around one of them, at most SHARED on each side."""
    first = last = around
    while around - first < SHARED and first - 1 in numbers:
        first -= 1
    while last - around < SHARED and last + 1 in numbers:
        last += 1
    return range(first, last + 1)


def subnet_of(ip: str) -> str:
    """The subnet of an address (/24, /64) in CIDR notation."""
    subnet, _ = place(ip)
    return subnet if ":" in ip else f"{subnet}.0/24"


def _spoken(attempts: Iterable[Attempt]) -> dict[str, tuple[int, ...]]:
    ports: defaultdict[str, dict[int, None]] = defaultdict(dict)
    for attempt in attempts:
        if attempt.outcome is Outcome.ANSWERED:
            ports[attempt.probe][attempt.port] = None
    return {probe: tuple(numbers) for probe, numbers in ports.items()}


def _is_answer(attempt: Attempt) -> bool:
    read = attempt.outcome is Outcome.ANSWERED
    unread = bool(attempt.payload) and attempt.outcome in {Outcome.MALFORMED, Outcome.BUG}
    return (read or unread) and attempt.probe != "mac"


def _observations(attempts: Iterable[Attempt]) -> list[Observation]:
    return [seen for attempt in attempts for seen in attempt.observations]
