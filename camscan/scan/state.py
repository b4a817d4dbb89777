"""What one scan knows so far, address by address. Grows with the devices that answer, not with the addresses asked.

Bounded, whoever sends whatever: so many facts of one address, so many bytes of one address and of all together.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address

from camscan import log
from camscan.addresses import number_in_subnet
from camscan.fingerprints import Database
from camscan.identify import identify
from camscan.model import Attempt, Confidence, Identification, Observation, Outcome, Reply
from camscan.probes import Seen, catch_fault, unsolicited

#: Outcomes worth keeping one by one. The others are only counted: a silent /16 must not fill the memory.
KEPT = frozenset({Outcome.ANSWERED, Outcome.NOT_SPOKEN, Outcome.MALFORMED, Outcome.OUT_OF_SCOPE, Outcome.BUG})

SHARED = 8
"""A MAC that answers ARP for more addresses in a row belongs to a router that answers for a whole range (RFC 1027)."""

#: Outcomes that prove that something lives at the address.
SIGNS_OF_LIFE = frozenset({Outcome.ANSWERED, Outcome.REFUSED, Outcome.CLOSED, Outcome.NOT_SPOKEN, Outcome.MALFORMED})

MOST_FACTS = 2048
"""Facts kept of one address: each is weighed, a few times in a scan. A recorder with 256 channels tells a thousand."""
OWN_SHARE = 256 << 10
"""Bytes that any address may take, whatever the others took: more than an honest unit ever says."""
COMMON_SHARE = 64 << 20
"""Bytes that all addresses together may take beyond their own shares."""
_FACT = 400
"""Bytes that one fact takes besides its text, as measured."""
_MOST_NAMED = 5
"""Addresses that are named in one sentence."""


@dataclass(slots=True)
class HostRecord:
    """What is known of one address."""

    attempts: list[Attempt] = field(default_factory=list)
    facts: dict[str, dict[str, None]] = field(default_factory=dict)
    """key -> values, in the order in which they were seen."""
    identification: Identification | None = None
    """What the facts say; None where it has to be found again."""
    payloads: set[tuple[str, bytes]] = field(default_factory=set)
    """Replies already recorded: a device answers once per question and per interface, with the same bytes."""
    echoed: set[str] = field(default_factory=set)
    """Protocols in which a reply echoed the identifier of a question: others, in these, are not of this unit."""
    has_unsolicited: bool = False
    observed: int = 0
    """Facts kept, repetitions included."""
    size: int = 0
    """Bytes that all of it takes, about."""

    def add(self, attempt: Attempt) -> None:
        """Take in what an attempt says."""
        self.attempts.append(attempt)
        self.payloads.add((attempt.probe, attempt.payload))
        self.has_unsolicited |= not attempt.is_solicited
        self.observed += len(attempt.observations)
        for seen in attempt.observations:
            self.facts.setdefault(seen.key, {})[seen.value] = None
        if attempt.observations:
            self.identification = None

    @property
    def is_full(self) -> bool:
        """Whether nothing more that it says is read."""
        return self.observed >= MOST_FACTS


@dataclass(slots=True)
class ScanState:
    """Every address that gave a sign of life, and counts of everything else."""

    database: Database
    hosts: dict[str, HostRecord] = field(default_factory=dict)
    alive: set[str] = field(default_factory=set)
    """Addresses where something lives, whether or not it spoke a protocol that was asked."""
    unreachable: dict[str, int] = field(default_factory=dict)
    """Subnet (/24, /64) -> one bit for each of its addresses to which a router, or this machine, knows no way."""
    outcomes: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    arp_answers: defaultdict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    """MAC -> IPv4 addresses for which it answers ARP."""
    proxied: dict[str, str] = field(default_factory=dict)
    """Address -> MAC of the router that answers for it: that tells nothing of who lives there."""
    on_new: Callable[[Attempt], None] = lambda _attempt: None
    """Called with every attempt that is kept."""
    beyond_shares: int = 0
    """Bytes taken beyond the own shares, of all addresses."""
    cut: dict[str, None] = field(default_factory=dict)
    """Addresses that said more than is kept."""
    is_own: Callable[[str], bool] = lambda _ip: False
    """Whether an address is this machine's: that it refuses a connection tells nothing of a device."""

    def record(self, attempt: Attempt, *, is_echo: bool = False, is_sign_of_life: bool = True) -> bool:
        """Take note of an attempt; True where it brought something new.

        ``is_echo``: it repeats the identifier of a question, which the others of its protocol from there then must too.
        Without ``is_sign_of_life`` it does not show that anybody is there: a datagram can bear any address.
        """
        if attempt.outcome in SIGNS_OF_LIFE or (attempt.outcome is Outcome.BUG and attempt.payload):
            is_ours = attempt.outcome in {Outcome.REFUSED, Outcome.CLOSED} and self.is_own(attempt.ip)
            if is_sign_of_life and attempt.is_solicited and not is_ours:
                self.alive.add(attempt.ip)
        elif attempt.outcome is Outcome.UNREACHABLE:
            self.note_unreachable(attempt.ip)
        if attempt.outcome not in KEPT:
            self.outcomes[attempt.probe][attempt.outcome] += 1
            return False
        host = self.hosts.setdefault(attempt.ip, HostRecord())
        if attempt.payload and (attempt.probe, attempt.payload) in host.payloads:
            if not attempt.is_solicited or not self._upgrade(host, attempt):
                return False
        else:
            self.outcomes[attempt.probe][attempt.outcome] += 1
        attempt = self._beside_others(attempt, is_echo=is_echo)
        host = self.hosts[attempt.ip]
        kept = self._within_bounds(host, attempt)
        if kept is None:
            return False
        host.add(kept)
        _log(kept)
        self.on_new(kept)
        return True

    def note_unreachable(self, ip: str) -> None:
        """Take note that a router, or this machine, knows no way to an address."""
        subnet, number = number_in_subnet(ip)
        self.unreachable[subnet] = self.unreachable.get(subnet, 0) | 1 << number

    def _beside_others(self, attempt: Attempt, *, is_echo: bool) -> Attempt:
        """The attempt, without its facts where better ones of its protocol are known; worse ones lose theirs."""
        host = self.hosts[attempt.ip]
        same = [one for one in host.attempts if one.probe == attempt.probe]
        if is_echo and attempt.probe not in host.echoed:
            host.echoed.add(attempt.probe)
            self._set_aside(attempt.ip, same)
        elif attempt.probe in host.echoed and not is_echo:
            return _without_facts(attempt)
        elif not attempt.is_solicited:
            return _without_facts(attempt) if any(one.is_solicited for one in same) else attempt
        elif host.has_unsolicited:
            self._set_aside(attempt.ip, [one for one in same if not one.is_solicited])
        return attempt

    def _set_aside(self, ip: str, worse: Sequence[Attempt]) -> None:
        """Keep the replies, and none of the facts, of attempts that somebody else may have made."""
        host = self.hosts[ip]
        aside = {id(one) for one in worse if one.observations}
        if aside:
            attempts = [_without_facts(one) if id(one) in aside else one for one in host.attempts]
            self.hosts[ip] = _rebuilt(host, attempts)

    def _within_bounds(self, host: HostRecord, attempt: Attempt) -> Attempt | None:
        """The attempt, with as many of its facts as there is room for; None where there is none for its reply."""
        room = MOST_FACTS - host.observed
        if len(attempt.observations) > room:
            self.cut[attempt.ip] = None
            attempt = replace(attempt, observations=attempt.observations[:room])
        size = len(attempt.payload) + sum(_FACT + len(seen.value) for seen in attempt.observations)
        beyond = max(0, host.size + size - OWN_SHARE) - max(0, host.size - OWN_SHARE)
        if self.beyond_shares + beyond > COMMON_SHARE:
            self.cut[attempt.ip] = None
            return None
        self.beyond_shares += beyond
        host.size += size
        return attempt

    def is_full(self, ip: str) -> bool:
        """Whether nothing more that the address says is read: it has said more than any honest unit."""
        host = self.hosts.get(ip)
        if host is None or not (host.is_full or (host.size > OWN_SHARE and self.beyond_shares >= COMMON_SHARE)):
            return False
        self.cut[ip] = None
        return True

    def is_own_mac(self, ip: str, mac: str) -> bool:
        """Whether a MAC that answers ARP for an address is a sign of life there, and not a router's.

        Where it turns out to be a router's, what it said of earlier addresses is taken back.
        """
        if ":" in ip:  # routers answer for a range in IPv4 only
            return True
        number = int(IPv4Address(ip))
        answered = self.arp_answers[mac]
        answered.add(number)
        row = _row(answered, number)
        if len(row) <= SHARED:
            return True
        for address in map(str, map(IPv4Address, row)):
            if address not in self.proxied:
                self.proxied[address] = mac
                self._take_back(address, Reply("mac", mac.encode()))
        return False

    def _upgrade(self, host: HostRecord, attempt: Attempt) -> bool:
        """Forget the same reply as it came unasked, and maybe without its facts; False where it was known as asked."""
        told = attempt.probe, attempt.payload
        left = [one for one in host.attempts if one.is_solicited or (one.probe, one.payload) != told]
        if len(left) == len(host.attempts):
            return False
        self.hosts[attempt.ip] = _rebuilt(host, left)
        return True

    def _take_back(self, ip: str, reply: Reply) -> None:
        host = self.hosts.pop(ip, HostRecord())
        told = reply.probe, reply.payload
        attempts = [attempt for attempt in host.attempts if (attempt.probe, attempt.payload) != told]
        if not attempts:
            self.alive.discard(ip)
            return
        self.hosts[ip] = _rebuilt(host, attempts)

    def seen(self, ip: str) -> Seen:
        """What a probe may know of the address before it asks."""
        host = self.hosts.get(ip)
        if host is None:
            return Seen(facts={})
        if host.identification is None:
            host.identification = Identification()
            with catch_fault():  # the report weighs it again, and says so
                host.identification = identify(_observations(host.attempts), self.database)
        who = host.identification
        sure = who.confidence in {Confidence.CONFIRMED, Confidence.PROBABLE}
        return Seen(
            facts={key: tuple(values) for key, values in host.facts.items()},
            maker=who.maker if sure else None,
            confirmed=who.maker is not None and who.confidence is Confidence.CONFIRMED,
            complete=sure and None not in {who.maker, who.model, who.firmware, who.serial},
            no_camera=sure and who.is_camera_system is False,
            spoken=_spoken(host.attempts),
        )

    def has_answered_in(self, ip: str, probe: str) -> bool:
        """Whether the address has already answered in this protocol."""
        host = self.hosts.get(ip)
        return host is not None and any(
            attempt.probe == probe and attempt.outcome is Outcome.ANSWERED and attempt.is_solicited
            for attempt in host.attempts
        )

    def is_repetition(self, ip: str, payload: bytes, *, is_solicited: bool = True) -> bool:
        """Whether the address has sent these very bytes before, and as an answer if they may be one now."""
        host = self.hosts.get(ip)
        if host is None or not any(known == payload for _, known in host.payloads):
            return False
        return not (is_solicited and host.has_unsolicited)

    def unproven(self) -> list[str]:
        """Addresses that something was heard of, and nothing else shows that anybody is there."""
        return [
            ip
            for ip, host in self.hosts.items()
            if ip not in self.alive and any(attempt.payload for attempt in host.attempts)
        ]

    def is_unsolicited(self, ip: str) -> bool:
        """Whether nothing that the address said was asked for."""
        return not any(attempt.is_solicited for attempt in self.hosts[ip].attempts)

    def forget(self, ips: Iterable[str]) -> None:
        """Take addresses for nobody: what was said in their name makes no device."""
        for ip in ips:
            self.hosts.pop(ip, None)
            self.alive.discard(ip)

    def doubt(self, ips: Iterable[str]) -> None:
        """Take what was said in the name of these addresses for unsolicited: they did not say it again when asked."""
        for ip in ips:
            host = self.hosts[ip]
            self.hosts[ip] = _rebuilt(
                host, [one if not one.is_solicited else unsolicited(one) for one in host.attempts]
            )

    def has_answered(self, ip: str) -> bool:
        """Whether the address has answered a question; ARP and a reset are signs of life, not answers.

        An answer that could not be read is one too.
        """
        host = self.hosts.get(ip)
        return host is not None and any(map(_is_answer, host.attempts))

    def attempts(self) -> tuple[Attempt, ...]:
        """Every attempt that was kept, address by address, in the order of first reply."""
        return tuple(attempt for host in self.hosts.values() for attempt in host.attempts)

    def notes(self) -> Iterator[str]:
        """What was said and not kept, one sentence for each reason."""
        if self.cut:
            yield (
                f"{named(self.cut)} said more than is kept of one address ({MOST_FACTS:,} facts, or its share of "
                f"{COMMON_SHARE >> 20} MB in all): the rest was left unread"
            )


def named(ips: Iterable[str]) -> str:
    """So many addresses, the first of them by name: ``3 addresses (10.1.2.3, 10.1.2.4, 10.1.2.5)``."""
    listed = list(ips)
    if len(listed) == 1:
        return listed[0]
    shown = ", ".join(listed[:_MOST_NAMED]) + (" …" if len(listed) > _MOST_NAMED else "")
    return f"{len(listed):,} addresses ({shown})"


def _rebuilt(host: HostRecord, attempts: Iterable[Attempt]) -> HostRecord:
    """The record of these attempts alone; every reply that was ever recorded stays known."""
    fresh = HostRecord(payloads=host.payloads, echoed=host.echoed, size=host.size)
    for attempt in attempts:
        fresh.add(attempt)
    return fresh


def _without_facts(attempt: Attempt) -> Attempt:
    return replace(attempt, observations=(), is_solicited=False)


def _log(attempt: Attempt) -> None:
    if log.is_on():
        log.event(attempt.outcome, attempt.ip, probe=attempt.probe, port=attempt.port, detail=attempt.detail)
        for seen in attempt.observations:
            log.detail("says", attempt.ip, key=seen.key, value=seen.value)


def _row(numbers: Container[int], around: int) -> range:
    """Those in a row around one of them, at most SHARED on each side."""
    first = last = around
    while around - first < SHARED and first - 1 in numbers:
        first -= 1
    while last - around < SHARED and last + 1 in numbers:
        last += 1
    return range(first, last + 1)


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
