"""What one scan knows so far, address by address. It grows with the devices that answer, not with the addresses asked.

It is bounded whatever anybody sends: facts of one address, bytes of one address, and bytes of all together.
"""

from __future__ import annotations

import functools
import itertools
from collections import Counter, defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import field, replace
from ipaddress import IPv4Address

from camscan import log
from camscan.addresses import number_in_subnet, sort_key
from camscan.dataclass import dataclass
from camscan.fingerprints import Database
from camscan.model import Attempt, Confidence, Identification, Outcome, Reply
from camscan.probes import Seen, as_unsolicited
from camscan.scan.host_record import (
    FACT,
    MOST_FACTS,
    HostRecord,
    Proof,
    identify_attempts,
    is_answer,
    of_others,
    ports_by_protocol,
    rebuild_record,
    reply_digest,
    size_of_attempt,
    without_facts,
)
from camscan.scan.seen import SeenSoFar

#: Outcomes worth keeping one by one. The others are only counted: a silent /16 must not fill the memory.
KEPT = frozenset({Outcome.ANSWERED, Outcome.NOT_SPOKEN, Outcome.MALFORMED, Outcome.OUT_OF_SCOPE, Outcome.BUG})

SHARED = 8
"""A MAC that answers ARP for more addresses in a row belongs to a router that answers for a whole range (RFC 1027)."""

MANY = 64
"""A MAC that answers ARP for more of the 256 addresses of a subnet (/24) answers there for others, wherever they are.

One that answers for a few in each of many subnets knows who is there, as a gateway before isolated ports does.
"""

#: Outcomes that prove that something lives at the address.
SIGNS_OF_LIFE = frozenset({Outcome.ANSWERED, Outcome.REFUSED, Outcome.CLOSED, Outcome.NOT_SPOKEN, Outcome.MALFORMED})
OWN_SHARE = 16 << 10
"""Bytes that any address may take, whatever the others took: the facts of an honest unit, and most of its replies."""
COMMON_SHARE = 32 << 20
"""Bytes that all addresses together may take beyond their own shares."""
MOST_PRESENT = 1 << 16
"""Addresses that are kept because an ICMP error named them."""
_NOTHING = Seen(facts={})
_MOST_NAMED = 5
"""Addresses that are named in one sentence."""


@dataclass(slots=True)
class ScanState:
    """Every address that gave a sign of life, and counts of everything else."""

    database: Database
    hosts: dict[str, HostRecord] = field(default_factory=dict)
    alive: set[str] = field(default_factory=set)
    """Addresses where something lives, whether or not it spoke a protocol that was asked."""
    present: set[str] = field(default_factory=set)
    """Addresses where something may live: an ICMP error said so, which any router can send and anybody can forge. It
    counts as presence, and proves nothing that is said in the name of the address."""
    unreachable: dict[str, int] = field(default_factory=dict)
    """Subnet (/24, /64) -> one bit for each of its addresses to which a router, or this machine, has no route."""
    outcomes: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    arp_answers: defaultdict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    """MAC -> IPv4 addresses for which it answers ARP."""
    proxied: dict[str, str] = field(default_factory=dict)
    """Address -> MAC of the router that answers for it: that does not show that anybody lives there."""
    on_new: Callable[[Attempt], None] = lambda _attempt: None
    """Called with every attempt that is kept."""
    beyond_shares: int = 0
    """Bytes beyond the own shares, of all addresses."""
    cut: dict[str, None] = field(default_factory=dict)
    """Addresses that said more than is kept."""
    cut_off: dict[str, str] = field(default_factory=dict)
    """Addresses whose reply had no end, or came too slowly to wait for it -> which reply, and on which port."""
    is_own: Callable[[str], bool] = lambda _ip: False
    """Whether an address is this machine's: its refusal of a connection says nothing about a device."""

    def record(self, attempt: Attempt, *, proof: Proof = Proof.NONE, is_sign_of_life: bool = True) -> bool:
        """Record an attempt. Returns True if it brought something new.

        ``proof``: what shows that it is from this unit; the other replies of its protocol from there must then show the
        same. Without ``is_sign_of_life`` it does not show that anybody is there: a datagram can have any address.
        """
        if attempt.outcome in SIGNS_OF_LIFE or (attempt.outcome is Outcome.BUG and attempt.payload):
            is_ours = attempt.outcome in {Outcome.REFUSED, Outcome.CLOSED} and self.is_own(attempt.ip)
            if is_sign_of_life and attempt.is_solicited and not is_ours:
                self.alive.add(attempt.ip)
            elif attempt.outcome is Outcome.REFUSED and not is_ours:
                self.note_presence(attempt.ip)
        elif attempt.outcome is Outcome.UNREACHABLE:
            self.note_unreachable(attempt.ip)
        if attempt.outcome not in KEPT:
            self.outcomes[attempt.probe][attempt.outcome] += 1
            return False
        host = self.hosts.setdefault(attempt.ip, HostRecord())
        if attempt.payload and (attempt.probe, attempt.payload) in host.payloads:
            if not attempt.is_solicited or not self._replace_unsolicited(host, attempt):
                same = [one for one in host.attempts if (one.probe, one.payload) == (attempt.probe, attempt.payload)]
                return self._prove_again(host, attempt, proof, same)
        elif known := host.said_before(attempt):
            return self._prove_again(host, attempt, proof, [known])
        else:
            self.outcomes[attempt.probe][attempt.outcome] += 1
        attempt = self._beside_others(attempt, proof)
        host = self.hosts[attempt.ip]
        kept = self._within_bounds(host, attempt)
        if kept is None:
            return False
        host.add(kept)
        _log_attempt(kept)
        self.on_new(kept)
        return True

    def note_presence(self, ip: str) -> None:
        """Note that something may live at an address."""
        if len(self.present) < MOST_PRESENT:
            self.present.add(ip)

    def note_cut_off(self, ip: str, where: str) -> None:
        """Note a peer, and its port (``tcp/443``), that went on sending when no more was read."""
        ports = self.cut_off.get(ip, "").split(", ") if ip in self.cut_off else []
        if where not in ports:
            self.cut_off[ip] = ", ".join([*ports, where])

    def note_unreachable(self, ip: str) -> None:
        """Note that a router, or this machine, has no route to an address."""
        subnet, number = number_in_subnet(ip)
        self.unreachable[subnet] = self.unreachable.get(subnet, 0) | 1 << number

    def _prove_again(self, host: HostRecord, attempt: Attempt, proof: Proof, known: Sequence[Attempt]) -> bool:
        """Note that known replies came again, maybe with a better proof. Returns False: that says nothing new."""
        if attempt.is_solicited and proof > host.proof.get(attempt.probe, Proof.NONE):
            host.proof[attempt.probe] = proof
            others = [one for one in host.attempts if one.probe == attempt.probe and one not in known]
            self._set_aside(attempt.ip, others)
        return False

    def _beside_others(self, attempt: Attempt, proof: Proof) -> Attempt:
        """The attempt without its facts if better attempts of its protocol are known; worse ones lose theirs."""
        host = self.hosts[attempt.ip]
        same = [one for one in host.attempts if one.probe == attempt.probe]
        best = host.proof.get(attempt.probe, Proof.NONE)
        if proof > best:
            host.proof[attempt.probe] = proof
            # A unit says the same to a group and to a single sender, or more to the single one.
            self._set_aside(attempt.ip, same if best is Proof.NONE else of_others(same, attempt))
        elif proof < best and (proof is Proof.NONE or of_others(same, attempt)):
            return without_facts(attempt)
        elif not attempt.is_solicited:
            return without_facts(attempt) if any(one.is_solicited for one in same) else attempt
        elif host.has_unsolicited:
            self._set_aside(attempt.ip, [one for one in same if not one.is_solicited])
        return attempt

    def _set_aside(self, ip: str, worse: Sequence[Attempt]) -> None:
        """Keep the replies, but none of the facts, of attempts that somebody else may have made."""
        host = self.hosts[ip]
        aside = {id(one) for one in worse if one.observations}
        if aside:
            attempts = [without_facts(one) if id(one) in aside else one for one in host.attempts]
            self.hosts[ip] = rebuild_record(host, attempts)

    def _within_bounds(self, host: HostRecord, attempt: Attempt) -> Attempt | None:
        """The attempt with as much of its facts and its reply as there is space for; None if there is none."""
        room = max(0, OWN_SHARE - host.size) + max(0, COMMON_SHARE - self.beyond_shares)
        fitted, size = attempt, size_of_attempt(attempt)
        if size > room or len(attempt.observations) > MOST_FACTS - host.observed:
            self.cut[attempt.ip] = None
            fitted = _cut_attempt(attempt, MOST_FACTS - host.observed, room)
            if not fitted.observations and not fitted.payload and attempt.payload:
                return None
            size = size_of_attempt(fitted)
        self.beyond_shares += max(0, host.size + size - OWN_SHARE) - max(0, host.size - OWN_SHARE)
        host.size += size
        return fitted

    def is_full(self, ip: str) -> bool:
        """Whether nothing more from the address is read: it has said more than any honest unit."""
        host = self.hosts.get(ip)
        if host is None or not (host.is_full or (host.size > OWN_SHARE and self.beyond_shares >= COMMON_SHARE)):
            return False
        self.cut[ip] = None
        return True

    def is_own_mac(self, ip: str, mac: str) -> bool:
        """Whether a MAC that answers ARP for an address is a sign of life there, and not a router's.

        If it turns out to be a router's, its earlier answers for other addresses are removed.
        """
        if ":" in ip:  # routers answer for a range in IPv4 only
            return True
        number = int(IPv4Address(ip))
        answered = self.arp_answers[mac]
        answered.add(number)
        row = _neighbours_in_row(answered, number)
        subnet = answered.intersection(range(number & ~0xFF, (number | 0xFF) + 1))
        if len(row) <= SHARED and len(subnet) <= MANY:
            return True
        others = {number, *(row if len(row) > SHARED else ()), *(subnet if len(subnet) == MANY + 1 else ())}
        for address in map(str, map(IPv4Address, others)):
            if address not in self.proxied:
                self.proxied[address] = mac
                self._remove_reply(address, Reply("mac", mac.encode()))
        return False

    def _replace_unsolicited(self, host: HostRecord, attempt: Attempt) -> bool:
        """Forget the same reply as an unsolicited one, maybe without its facts. False if it was known as solicited."""
        told = attempt.probe, attempt.payload
        left = [one for one in host.attempts if one.is_solicited or (one.probe, one.payload) != told]
        if len(left) == len(host.attempts):
            return False
        self.hosts[attempt.ip] = rebuild_record(host, left)
        return True

    def _remove_reply(self, ip: str, reply: Reply) -> None:
        host = self.hosts.pop(ip, HostRecord())
        told = reply.probe, reply.payload
        attempts = [attempt for attempt in host.attempts if (attempt.probe, attempt.payload) != told]
        if not attempts:
            self.alive.discard(ip)
            return
        self.hosts[ip] = rebuild_record(host, attempts)

    def seen(self, ip: str) -> Seen:
        """What a probe may know about the address before it asks."""
        host = self.hosts.get(ip)
        if host is None:
            return _NOTHING
        if host.seen is None:
            host.seen = self._put_together(host)
        return host.seen

    def _put_together(self, host: HostRecord) -> Seen:
        return SeenSoFar(
            {key: tuple(values) for key, values in host.facts.items()},
            ports_by_protocol(host.attempts),
            functools.partial(self._identify, host, len(host.attempts)),
            may_be_complete=all(self.database.may_claim(claim, host.facts.keys()) for claim in ("serial", "firmware")),
        )

    def _identify(self, host: HostRecord, count: int | None = None) -> Identification:
        """Who the facts say that it is, or those of its first attempts: what a probe knows does not change later."""
        if count is not None and count < len(host.attempts):
            return identify_attempts(host.attempts[:count], self.database)
        if host.identification is None:
            host.identification = identify_attempts(host.attempts, self.database)
        return host.identification

    def has_answered_in(self, ip: str, probe: str) -> bool:
        """Whether the address has already answered in this protocol."""
        host = self.hosts.get(ip)
        return host is not None and any(
            attempt.probe == probe and attempt.outcome is Outcome.ANSWERED and attempt.is_solicited
            for attempt in host.attempts
        )

    def is_repetition(self, ip: str, payload: bytes, *, is_solicited: bool = True) -> bool:
        """Whether the address has sent these bytes before; as an answer, if they may be one now."""
        host = self.hosts.get(ip)
        if host is None or not any(known == payload for _, known in host.payloads):
            return False
        return not (is_solicited and host.has_unsolicited)

    def unproven_addresses(self) -> list[str]:
        """Addresses from which something was heard, without any other evidence that somebody is there."""
        return [
            ip
            for ip, host in self.hosts.items()
            if ip not in self.alive and any(attempt.payload for attempt in host.attempts)
        ]

    def is_unsolicited(self, ip: str) -> bool:
        """Whether everything that the address said was unsolicited."""
        return not any(attempt.is_solicited for attempt in self.hosts[ip].attempts)

    def forget(self, ips: Iterable[str]) -> None:
        """Forget addresses: what was said in their name makes no device."""
        for ip in ips:
            self.hosts.pop(ip, None)
            self.alive.discard(ip)

    def unproven_in(self, ip: str, among: Container[str]) -> list[str]:
        """The protocols among these in which something was said in the name of the address without its proof."""
        host = self.hosts.get(ip, HostRecord())
        said = dict.fromkeys(one.probe for one in host.attempts if one.payload and one.is_solicited)
        return [name for name in said if name in among and host.proof.get(name, Proof.NONE) < Proof.OWN]

    def has_proved(self, ip: str, name: str) -> bool:
        """Whether an address has proved that it speaks a protocol itself."""
        host = self.hosts.get(ip)
        return host is not None and host.proof.get(name) is Proof.OWN

    def proven_digests(self, ip: str) -> dict[str, list[str]]:
        """Protocol -> digests of the replies that the address has proved to be its own."""
        host = self.hosts[ip]
        return {
            name: [reply_digest(one.payload) for one in host.attempts if one.probe == name and one.is_solicited]
            for name, proof in host.proof.items()
            if proof is Proof.OWN
        }

    def is_disputed(self, ip: str) -> bool:
        """Whether the replies in the name of an address cannot all be of one unit: two makers, two serial numbers."""
        host = self.hosts.get(ip)
        return host is not None and (host.is_of_several or bool(self._identify(host).conflicts))

    def is_borne_out(self, ip: str, names: Container[str]) -> bool:
        """Whether an address that is alive names the same maker without the replies in these protocols."""
        told = [one for one in self.hosts[ip].attempts if one.probe not in names and one.observations]
        if ip not in self.alive or not told:
            return False
        found = identify_attempts(told, self.database)
        sure = found.confidence in {Confidence.CONFIRMED, Confidence.PROBABLE}
        return sure and found.maker is not None and found.maker == self.seen(ip).maker

    def doubt(self, ip: str, names: Container[str]) -> None:
        """Treat what was said in the name of an address in these protocols as unsolicited: it did not prove it."""
        host = self.hosts[ip]
        attempts = [as_unsolicited(one) if one.is_solicited and one.probe in names else one for one in host.attempts]
        self.hosts[ip] = rebuild_record(host, attempts)

    def is_there(self, ip: str) -> bool:
        """Whether something lives, or may live, at the address: then the rest is worth asking."""
        return ip in self.alive or ip in self.present

    def has_answered(self, ip: str) -> bool:
        """Whether the address has answered a question; ARP and a reset are signs of life, not answers.

        An answer that could not be read counts too.
        """
        host = self.hosts.get(ip)
        return host is not None and any(map(is_answer, host.attempts))

    def attempts(self) -> tuple[Attempt, ...]:
        """Every attempt that was kept, address by address, in the order of first reply."""
        return tuple(attempt for host in self.hosts.values() for attempt in host.attempts)

    def notes(self) -> Iterator[str]:
        """What was said and not kept, one sentence for each reason."""
        if self.cut_off:
            told = [f"{ip} ({where})" for ip, where in self.cut_off.items()]
            yield (
                f"{name_ips(told)} {'was' if len(told) == 1 else 'were'} cut off while answering, because the answer "
                f"had no end or came too slowly; only the beginning was read"
            )
        if self.cut:
            yield (
                f"{name_ips(self.cut)} sent more than camscan keeps of one address ({MOST_FACTS:,} facts, or its share "
                f"of {COMMON_SHARE >> 20} MB in all): the rest was not read"
            )


def name_ips(ips: Iterable[str]) -> str:
    """The number of addresses, with the lowest of them: ``3 addresses (10.1.2.3, 10.1.2.4, 10.1.2.5)``.

    A text may say more after the address. The order does not depend on which answer came first.
    """
    listed = sorted(ips, key=lambda text: sort_key(text.partition(" ")[0]))
    if len(listed) == 1:
        return listed[0]
    shown = ", ".join(listed[:_MOST_NAMED]) + (" …" if len(listed) > _MOST_NAMED else "")
    return f"{len(listed):,} addresses ({shown})"


def _cut_attempt(attempt: Attempt, facts: int, room: int) -> Attempt:
    """The first facts of an attempt, as many as may be, and the beginning of its reply."""
    sizes = itertools.accumulate(FACT + len(seen.value) for seen in attempt.observations[:facts])
    kept = [size for size in sizes if size <= room]
    left = room - (kept[-1] if kept else 0)
    return replace(attempt, observations=attempt.observations[: len(kept)], payload=attempt.payload[:left])


def _log_attempt(attempt: Attempt) -> None:
    if log.is_on():
        log.event(attempt.outcome, attempt.ip, probe=attempt.probe, port=attempt.port, detail=attempt.detail)
        for seen in attempt.observations:
            log.detail("says", attempt.ip, key=seen.key, value=seen.value)


def _neighbours_in_row(numbers: Container[int], around: int) -> range:
    """The numbers in a row around one of them, at most SHARED on each side."""
    first = last = around
    while around - first < SHARED and first - 1 in numbers:
        first -= 1
    while last - around < SHARED and last + 1 in numbers:
        last += 1
    return range(first, last + 1)
