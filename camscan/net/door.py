"""The door: every packet of a scan passes it, in scope, at the pace, and with one connection to a device at a time."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import ipaddress
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import TracebackType
from typing import Self
from weakref import WeakValueDictionary

from camscan import log
from camscan.model import Outcome
from camscan.net.allowance import Allowance, HeldBytes
from camscan.net.backoff import Backoff, Strain
from camscan.net.conversation import Conversation, Gate, Talk
from camscan.net.datagram import DatagramPort
from camscan.net.host import Answer
from camscan.net.interface import Interface, attached_interface, find, interfaces, unresolved_cap
from camscan.net.pace import LANE_BURST, Pace, Throttle, Turnstile, jittered
from camscan.net.resolving import QUESTIONS, Resolving
from camscan.net.route import diverted_spans, routes
from camscan.net.scope import Scope
from camscan.net.span import Span, SpanSet, canonical, merge_spans, spans, subtract_spans
from camscan.net.system import AIM, AIM_GENTLY, READS_AHEAD, SYNS, Source, affordable, neighbours_lost, zone_name
from camscan.net.target import Targets
from camscan.net.tcp import Connection, Obstacle, TooManyBytes, Wire, outcome_of
from camscan.net.timing import Timing
from camscan.net.tls import legacy_context

_GRACE = 0.25
"""Seconds after the deadline at which a conversation is cut: reading stops by itself before, and keeps what it has."""
_GREETING = 2
"""Packets that the kernel spends on a neighbour before our first one: its own ARP question, an answer to theirs."""
_LENT = 0.6
"""Share of the pace that a raw sweep gets while it runs."""
_REST_LATE = 0.2
"""Fraction by which the pause between two connections to a device may be longer, so that camscan wakes less often."""
_READING_PAUSE = 0.015
"""Seconds for which answers to datagrams gather at a slow pace."""
_FEW = 500
"""Packets a second that are so few that what the system adds at times fills a tenth of a second: ``AIM_GENTLY``."""
_ENOUGH = 50
"""Connections after which it is known whether packets are lost on the way."""

_LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))  # RFC 1122, RFC 4291


class Door:
    """Scope and pace of one run, with its sockets. Use with ``async with``.

    Nothing is sent to an address that ``scope`` does not allow, whoever asks.
    """

    def __init__(self, scope: Scope, pace: Pace, *, interface: str | None = None) -> None:
        """``interface`` names the only interface to send from. UsageError if there is none of that name."""
        self.scope = scope
        self.pace = pace
        self.sent: Counter[str] = Counter()
        """What was sent: ``packets`` (for TCP, as the system counts), ``connections``, ``requests``, ``datagrams`` …"""
        found = interfaces()
        self.interfaces = (replace(find(interface, found), chosen=True),) if interface else found
        """Interfaces from which packets may be sent."""
        self.unresolved_cap = unresolved_cap()
        """How many attached addresses may wait for ARP at once; the door keeps to it by itself."""
        self._only = self.interfaces[0] if interface else None
        links = [one for one in self.interfaces if not one.loopback]
        own = spans(ipaddress.ip_network(address.ip) for one in links for address in one.addresses)
        self._own = {str(address.ip) for one in links for address in one.addresses}
        self._routes = routes()
        attached = SpanSet(subtract_spans((span for one in links for span in self.neighbourhood(one)), own))
        self._is_attached = functools.lru_cache(maxsize=4096)(attached.__contains__)  # 45 times for each address
        self._resolving = Resolving(self.unresolved_cap)
        self._overflows = neighbours_lost()
        self.timing = Timing(pace)
        """What is known about the way to each subnet."""
        self._aim = pace.packets * (AIM_GENTLY if pace.packets <= _FEW else AIM)
        self._packets = Throttle(self._aim)
        self._connections = Throttle(pace.connections, burst=LANE_BURST)
        self._datagrams = Throttle(pace.datagrams, burst=LANE_BURST)
        self._held = HeldBytes()
        self._turnstile = Turnstile(
            *(self._packets, self._connections, self._datagrams), rest_late=_REST_LATE * pace.gap
        )
        self.backoff = Backoff(self._slow_down)
        """How far below its pace the run is."""
        self._in_flight = asyncio.Semaphore(affordable(pace.in_flight))
        self._gates: WeakValueDictionary[str, Gate] = WeakValueDictionary()
        self._kept: dict[str, Gate] = {}
        self._ports: list[DatagramPort] = []
        self._context = legacy_context()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for port in self._ports:
            port.close()

    def host(self, ip: str) -> Conversation:
        """The address behind the door, for TCP. All callers share its connections and budget."""
        key = ip if "%" in ip else _plain_address(ip)
        gate = self._gates.get(key)
        if gate is None:
            gate = self._gates[key] = Gate()
        if not gate.answers.samples and (seconds := self.timing.answer(key)) is not None:
            gate.answers.observe(seconds)
        return Conversation(key, gate, self._hold_conversation, self.pace, self._context, self.sent)

    def datagrams(
        self,
        on_reply: Callable[[bytes, str, int], None],
        on_error: Callable[[str, int, Outcome], None] = lambda _ip, _port, _outcome: None,
        on_group: Callable[[bytes, str, int], None] | None = None,
    ) -> DatagramPort:
        """Open UDP sockets that pass every reply to ``on_reply(payload, ip, port)``, and ICMP errors to ``on_error``.

        Datagrams to a joined group go to ``on_group``, if it is given: anybody may send there, under any address. All
        are called from the event loop and must not block. The port closes with the door, if not before.
        """

        def on_heard(payload: bytes, ip: str, port: int) -> None:
            if self.on_link(ip):
                self._resolving.settle(ip)
            self.timing.note_answer(ip)
            log.detail("heard by UDP", ip, port=port, bytes=len(payload))
            on_reply(payload, ip, port)

        port = DatagramPort(
            self.scope,
            on_heard,
            on_group or on_heard,
            on_error,
            self._admit_datagram,
            self._source_for,
            self._interface_name,
            lambda ip: None if self.on_link(ip) else self.backoff,
            lambda ip: self.is_own(ip) or canonical(ip).is_loopback,
            self._pause_reading if self.pace.packets <= _FEW and not READS_AHEAD else None,
        )
        self._ports.append(port)
        return port

    def attached(self, targets: Targets) -> tuple[Interface, ...]:
        """Interfaces with a subnet that contains some of the targets; also the loopback, if targets are on it."""
        wanted = SpanSet(targets.all_spans)
        return tuple(one for one in self.interfaces if any(wanted.touches(subnet) for subnet in one.subnets))

    def neighbourhood(self, interface: Interface) -> list[Span]:
        """The addresses that ARP or neighbour discovery finds on an interface, with our own; none on a tunnel."""
        networks = [address.network for address in interface.addresses if interface.resolves]
        four = [network for network in networks if isinstance(network, ipaddress.IPv4Network)]
        six = [network for network in networks if isinstance(network, ipaddress.IPv6Network)]
        near = (
            subtract_spans(
                spans([network]), diverted_spans(network, interface.name, self._routes, only=self._only is not None)
            )
            for network in four
        )
        return merge_spans([*spans(six), *(span for part in near for span in part)])

    def on_link(self, ip: str) -> bool:
        """Whether ARP or neighbour discovery finds the address: attached, and neither this machine's nor loopback."""
        return self._is_attached(ip)

    def is_routed(self, ip: str) -> bool:
        """Whether the address is behind a router: neither attached, nor this machine's, nor loopback."""
        return not (self.on_link(ip) or self.is_own(ip) or canonical(ip).is_loopback)

    def is_own(self, ip: str) -> bool:
        """Whether the address is this machine's, apart from loopback."""
        return ip.partition("%")[0] in self._own

    def link_of(self, ip: str) -> int:
        """Index of the interface on whose IPv4 link the address is; 0 if it is on none."""
        if ":" in ip or not self.on_link(ip):
            return 0
        found = attached_interface(ip, self.interfaces)
        return found.index if found else 0

    def leaves_at_once(self, ip: str) -> bool:
        """Whether a datagram to the address is sent at once, without waiting for ARP or neighbour discovery."""
        return not self.on_link(ip) or self._resolving.knows(ip)

    def note_resolved(self, *ips: str) -> None:
        """Note that these attached addresses are known to answer (an ARP sweep found them)."""
        self._resolving.settle(*ips)
        self._packets.charge(_GREETING * len(ips))

    @contextlib.contextmanager
    def lend_pace(self) -> Iterator[Callable[[], float]]:
        """Packets per second that camscan-link may send for this run; the door sends so many fewer meanwhile."""
        rate = self._aim * _LENT
        self._packets.lend(rate)
        try:
            yield lambda: rate * self.backoff.factor
        finally:
            self._packets.lend(-rate)

    def local(self) -> list[Span]:
        """Addresses that never leave this machine: its own, and all of 127.0.0.0/8, which no routing table lists."""
        own = (ipaddress.ip_network(address.ip) for one in self.interfaces for address in one.addresses)
        return spans([*own, *_LOOPBACK])

    @property
    def unread_counts(self) -> Counter[str]:
        """Sender -> datagrams that were not read, because it sent too many."""
        return sum((port.ration.unread for port in self._ports), Counter[str]())

    def is_flooded(self, ip: str) -> bool:
        """Whether more came from an address than is read from one sender."""
        return any(ip in port.ration.unread for port in self._ports)

    @property
    def overflowed(self) -> bool:
        """Whether the kernel's neighbour table has been full since the door opened: attached hosts may be missed."""
        return neighbours_lost() > self._overflows

    def _source_for(self, ip: str) -> Source:
        """The source of packets to ``ip``; link-local IPv6 needs an interface even if none was named."""
        if self._only is None:
            if ":" in ip and "%" not in ip and (link := attached_interface(ip, self.interfaces)) and not link.loopback:
                return Source(zone=link.index)
            return Source()
        own = self._only.source_for(canonical(ip))
        return Source(str(own.ip) if own else "", self._only.name, self._only.index)

    def _interface_name(self, index: int) -> str:
        return zone_name(index, next((one.name for one in self.interfaces if one.index == index), ""))

    def _slow_down(self, factor: float) -> None:
        for throttle in (self._packets, self._connections, self._datagrams):
            throttle.slow(factor)

    def _pause_reading(self, read_on: Callable[[], None]) -> None:
        self._turnstile.call_rested(_READING_PAUSE, read_on)

    async def _resolve_address(self, ip: str) -> None:
        if await self._resolving.enter(ip):
            self._packets.charge(QUESTIONS)

    async def _admit_datagram(self, ip: str, size: int) -> None:
        if ip and self.on_link(ip):
            await self._resolve_address(ip)
        await self._turnstile.take(self._datagrams)
        if ip:
            self.timing.note_question(ip)
        self.sent["packets"] += 1
        self.sent["datagrams"] += 1
        self.sent["bytes"] += size

    async def _hold_conversation(self, ip: str, gate: Gate, port: int, talk: Talk, packets: int) -> Answer:
        """Hold one TCP conversation when it is this address's turn. Every way in which it can end is an Answer."""
        if not self.scope.allows(ip):
            log.event("not asked", ip, port=port, why="out of scope")
            return Answer(port, Outcome.OUT_OF_SCOPE)
        async with gate.lock:
            if gate.connections >= self.pace.connections_per_device or gate.requests >= self.pace.requests_per_device:
                return Answer(port, Outcome.NOT_TRIED, detail="this device has been asked as much as the pace allows")
            await self._turnstile.rest(gate.free_at - time.monotonic())
            if self.on_link(ip):
                await self._resolve_address(ip)
            async with self._in_flight:
                takes_longest = self._is_there(ip, gate) and (gate.hung or gate.filtered > 0)
                await self._turnstile.take(self._connections, 1 + packets, is_urgent=takes_longest)
                gate.connections += 1
                try:
                    answer, established = await self._connect_and_talk(ip, gate, port, talk, 1 + packets)
                finally:
                    gate.free_at = time.monotonic() + jittered(self.pace.gap, self.pace.jitter)
            self._account_packets(ip, gate, answer, established=established)
            log.detail("asked by TCP", ip, port=port, outcome=answer.outcome, detail=answer.detail)
            return answer

    async def _connect_and_talk(self, ip: str, gate: Gate, port: int, talk: Talk, taken: int) -> tuple[Answer, bool]:
        """Make a connection for which ``taken`` packets are reserved; its Answer, and whether it was established."""
        began = time.monotonic()
        allowance = Allowance(self._packets, taken, self._held)
        try:
            connection = Connection(ip, self._source_for(ip), allowance.grow)
        except OSError as error:
            allowance.settle(0)
            outcome, detail = outcome_of(error)
            return Answer(port, outcome, detail=detail), False
        reset = True  # unless the conversation ends by itself
        connected = False
        try:
            await connection.open(port, self._wait_to_connect(ip, gate))
            connected = True
            gate.requests += 1
            stands = time.monotonic()
            deadline = min(began + self.pace.exchange_timeout, stands + max(0.0, gate.patience))
            answer = await self._hold_talk(connection, gate, port, talk, deadline)
            reset = answer.has_hung
            gate.patience -= time.monotonic() - stands
            if answer.has_hung:  # the time for all remaining questions together
                gate.patience = min(gate.patience, self.pace.answer_timeout / 2)
        except OSError as error:
            outcome, detail = outcome_of(error)
            why = connection.why_not(error)
            if why is Obstacle.FIREWALL and outcome is Outcome.REFUSED:
                outcome, detail = Outcome.UNREACHABLE, "a firewall refuses it"
            answer = Answer(
                *(port, outcome),
                detail=detail,
                is_barred=why is Obstacle.FIREWALL,
                is_hearsay=why is not Obstacle.PEER,
            )
        finally:
            wire = connection.close(reset=reset)
            allowance.settle(wire.packets or (allowance.taken if connected else SYNS))
            self.sent["packets"] += allowance.taken
        self._learn_from(ip, gate, answer, wire, time.monotonic() - began, connected=connected)
        return answer, connected

    def _wait_to_connect(self, ip: str, gate: Gate) -> float:
        """Seconds to wait for the answer to a SYN.

        No second SYN is sent if a firewall has dropped those to other ports.

        A firewall dropped them if the device is there. If packets are lost on the way as well, more than one port must
        show it.
        """
        is_lossless = not self.sent["repeated"] and self.sent["connections"] >= _ENOUGH
        if not self._is_there(ip, gate) or self.backoff.doubtful or gate.filtered < (1 if is_lossless else 2):
            return self.timing.connect(ip, gate.round_trip)
        return self.timing.connect_promptly(ip, gate.round_trip)

    def _is_there(self, ip: str, gate: Gate) -> bool:
        return gate.round_trip.samples > 0 or (self.on_link(ip) and self._resolving.knows(ip))

    async def _hold_talk(self, connection: Connection, gate: Gate, port: int, talk: Talk, deadline: float) -> Answer:
        try:
            async with asyncio.timeout(max(0.0, deadline - time.monotonic()) + _GRACE):
                return await talk(connection, deadline)
        except TimeoutError:
            gate.hung = True
            if not connection.head:
                return Answer(port, Outcome.TIMED_OUT, has_hung=True)
            return _cut_off_answer(port, connection, "it took too long")
        except TooManyBytes as error:
            gate.hung = True
            return _cut_off_answer(port, connection, error.strerror or str(error))
        except OSError as error:
            return Answer(port, Outcome.CLOSED, detail=(error.strerror or str(error)).lower())

    def _learn_from(self, ip: str, gate: Gate, answer: Answer, wire: Wire, took: float, *, connected: bool) -> None:
        """Learn from a connection how long the way is, and whether packets are lost on it."""
        if connected or answer.outcome is Outcome.REFUSED:
            self.backoff.note(Strain.LOSS, wire.repeated > 0)
            self.sent["repeated"] += wire.repeated
            if not wire.repeated and (seconds := wire.round_trip if connected else took):
                self.timing.note_connection(ip, seconds, gate.round_trip)
        elif answer.port in gate.open:
            self.backoff.note(Strain.LOSS, 1)
        elif answer.outcome is Outcome.TIMED_OUT:
            gate.filtered += 1
        if not self.on_link(ip):  # if it is there, a full table of neighbours is the usual reason, and is waited for
            self.backoff.note(Strain.LOCAL, answer.outcome is Outcome.NOT_TRIED)
        if connected:
            gate.open.add(answer.port)

    def _account_packets(self, ip: str, gate: Gate, answer: Answer, *, established: bool) -> None:
        self.sent["connections"] += 1
        self.sent["requests"] += established
        if answer.outcome not in {Outcome.TIMED_OUT, Outcome.UNREACHABLE, Outcome.NOT_TRIED} or established:
            self._kept[ip] = gate  # a device: its budget is kept for the whole run; a silent address needs no memory
            if self.on_link(ip):
                self._resolving.settle(ip)


def _cut_off_answer(port: int, connection: Connection, why: str) -> Answer:
    """The answer for a peer whose reply had not begun when it was cut off; its first bytes are kept."""
    return Answer(*(port, Outcome.MALFORMED, connection.head), detail=f"cut off: {why}", has_hung=True, is_cut_off=True)


def _plain_address(ip: str) -> str:
    """One spelling for each address, so that one device has one gate. A text that is not an address is unchanged."""
    try:
        return str(canonical(ip))
    except ValueError:
        return ip
