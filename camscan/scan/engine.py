"""From targets to a Report: who is asked what, when, and in which order.

Every address travels the same road, gentlest question first, and leaves it as soon as nothing can be added::

    sweep      datagram questions to every address (on an attached subnet: only to those that answer ARP)
    wheel      wait for answers; ask the silent protocols once more, in their other form
    interview  the addresses that are alive (routed: all of them): TCP conversations, one at a time per device

Multicast and broadcast questions go out beside the sweep. A lazy iterator feeds a fixed number of slots.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from uuid import uuid4

from camscan import log
from camscan.fingerprints import Database
from camscan.identify import device, merge
from camscan.model import Attempt, Completion, Device, Outcome, Reply, Report
from camscan.net.backoff import Strain
from camscan.net.datagram import DatagramPort
from camscan.net.door import Door
from camscan.net.interface import Interface
from camscan.net.neighbour import Neighbours
from camscan.net.target import Targets
from camscan.probes import Probe, catch_fault, load, read, read_datagram
from camscan.report import report_of
from camscan.scan import multicast
from camscan.scan.checkpoint import Checkpoint
from camscan.scan.coverage import Tally, cover, eased
from camscan.scan.discovery import Reach
from camscan.scan.state import Ledger
from camscan.scan.tcp import Interviewer, each

CORE = ("sadp", "dhip", "wsd")
"""Datagram protocols that every address is asked: together they name model and firmware of both makers."""

KNOCK = ("dhip",)
"""What an attached address is asked that may not exist: the shortest, as it waits for ARP in the kernel's memory."""

ROUNDS, UNMET = 2, -1
"""How often a silent protocol is asked by datagram: one may be lost, and old units want another form."""

SLOTS = 4096
"""Addresses under way at once."""

SMALL = 1024
"""Up to this many addresses, the secondary datagram protocols are asked even where nothing shows a sign of life."""

REPLIES_PER_ADDRESS = 64
"""Datagrams read from one address in one scan: a device that floods us is not listened to for ever."""

GRAIN = 0.01
"""Seconds between two looks at a wheel on which nothing is due."""

TICK = 0.2
"""Seconds between two reports of progress."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What one scan is to do."""

    targets: Targets
    site: str = ""
    pace: str = "gentle"
    ports: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """probe -> TCP ports that replace its defaults."""
    listen_for: float = 0.0
    """Seconds to listen without sending anything; 0 asks actively."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a scan has come, for a progress bar."""

    done: int
    total: int
    alive: int
    answered: int


@dataclass(slots=True)
class Scan:
    """One run. ``await run()`` once; ``stop()`` ends it early and keeps what was found."""

    door: Door
    plan: Plan
    database: Database
    on_progress: Callable[[Progress], None] = lambda _progress: None
    probes: Mapping[str, Probe] = field(default_factory=load)
    earlier: Checkpoint = field(default_factory=Checkpoint)
    """Where an unfinished run of the same scan got to."""
    on_done: Callable[[str], None] = lambda _ip: None
    """Called with every address that is finished with; one that is heard late may come twice."""
    ledger: Ledger = field(init=False)
    tally: Tally = field(init=False)
    reach: Reach = field(init=False)
    interviewer: Interviewer = field(init=False)
    _stopped: asyncio.Event = field(default_factory=asyncio.Event)
    _wheel: list[tuple[float, str, int]] = field(default_factory=list)
    """A heap of (when, address, rounds asked; UNMET, and then 0, while it is not known whether it answers ARP)."""
    _unheard: set[str] = field(default_factory=set)
    """Addresses under way that had answered nothing when they were asked again."""
    _met: set[str] = field(default_factory=set)
    """Living addresses that had their interview, or have it now."""
    _slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(SLOTS))
    _interviews: asyncio.Queue[str | None] = field(default_factory=asyncio.Queue)
    """Who is next, at most SLOTS; None where nobody comes any more."""
    _interviewers: list[asyncio.Task[None]] = field(default_factory=list)
    """As many as there was work for at once: at most as many as connections may be open."""
    _idle: int = 0
    _swept: bool = False
    _heard: Counter[str] = field(default_factory=Counter)
    _last_multicast: float = float("-inf")
    _last_asked: float = float("-inf")
    """When an address was first asked by datagram; it has as long to answer as one that is asked over TCP."""
    _neighbours: Neighbours = field(default_factory=Neighbours)

    def __post_init__(self) -> None:
        self.ledger = Ledger(self.database)
        self.tally = Tally()
        self.interviewer = Interviewer(self.door, self.probes, self.ledger, self.plan.ports, self._read)
        self.reach = Reach(
            *(self.door, self.plan.targets, self.tally, self._on_mac, self.ledger.alive.add),
            finished=list(self.earlier.finished),
        )
        self._met = self.earlier.restore(self.ledger, self.tally, self.plan.targets)

    def stop(self) -> None:
        """End the scan early; the report says so."""
        self._stopped.set()

    async def run(self) -> Report:
        """Ask, listen, merge."""
        started = datetime.now(UTC)
        work = asyncio.create_task(self._listen() if self.plan.listen_for else self._ask_everyone())
        stopped = asyncio.create_task(self._stopped.wait())
        try:
            await asyncio.wait({work, stopped}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            interrupted = not work.done()
            stopped.cancel()
            work.cancel()
            await asyncio.wait({work, stopped})
        if not interrupted:
            work.result()  # a bug of ours is raised here, not hidden
        return self._report(started, interrupted=interrupted)

    # ── sweep: datagrams to every address ────────────────────────────────────────────────────────────────────

    async def _ask_everyone(self) -> None:
        async with self.door.datagrams(self._on_datagram, self._on_icmp) as port, asyncio.TaskGroup() as group:
            ticker = group.create_task(self._tick())
            links, wait = self.reach.links(), 2 * self.door.pace.tail
            asking = [
                group.create_task(self._multicast(port)),
                *(group.create_task(multicast.ask_layer2(one, wait, self._hear, self.tally)) for one in links),
                group.create_task(self._sweep(port)),
                group.create_task(self._turn_wheel(port, group)),
            ]
            await asyncio.gather(*asking)
            await asyncio.gather(*self._interviewers)  # nobody comes any more
            await self._ask_stragglers(port)
            if self.door.backoff.doubtful:
                await self._ask_once_more(port)
            end = max(self._last_multicast + self.door.pace.tail, self._last_asked + self.door.pace.answer_timeout)
            await asyncio.sleep(end - time.monotonic())
            await self._ask_stragglers(port)
            ticker.cancel()

    async def _sweep(self, port: DatagramPort) -> None:
        """Ask every address once by datagram and hand it to the wheel."""
        async with contextlib.aclosing(self.reach.addresses()) as addresses:
            async for ip in addresses:
                await self._slots.acquire()
                self.tally.asked += 1
                met = self.door.met(ip)
                await self._ask_by_datagram(port, ip, CORE if met else KNOCK, 0 if met else UNMET)
                self._last_asked = time.monotonic()
                heapq.heappush(self._wheel, (self._last_asked + self.door.timing.settle(ip), ip, 1 if met else UNMET))
        self._swept = True

    async def _turn_wheel(self, port: DatagramPort, group: asyncio.TaskGroup) -> None:
        """Send each address on once its answers have had time to come."""
        while self._wheel or not self._swept:
            if not self._wheel or (early := self._wheel[0][0] - time.monotonic()) > 0:
                await asyncio.sleep(min(early, GRAIN) if self._wheel else GRAIN)
                continue
            _, ip, rounds = heapq.heappop(self._wheel)
            nobody = self._nobody_there(ip)
            if nobody and rounds:  # the kernel goes on asking for its MAC: the first question may be lost
                heapq.heappush(self._wheel, (time.monotonic() + self._neighbours.asked_for(ip), ip, 0))
            elif rounds in {UNMET, 0} and not nobody:
                await self._ask_by_datagram(port, ip, CORE, 0)
                heapq.heappush(self._wheel, (time.monotonic() + self.door.timing.settle(ip), ip, 1))
            elif nobody or (rounds == ROUNDS and self.reach.is_silent(ip, self.ledger.alive)):
                self._release(ip)
            elif rounds < ROUNDS and not self.ledger.seen(ip).complete:
                if not self.ledger.spoke(ip):
                    self._unheard.add(ip)
                await self._ask_by_datagram(port, ip, [*CORE, *self._secondary(ip)], 1)
                heapq.heappush(self._wheel, (time.monotonic() + self._before_interview(ip), ip, ROUNDS))
            else:
                await self._interviews.put(ip)
                if self._interviews.qsize() > self._idle and len(self._interviewers) < self.door.pace.in_flight:
                    self._interviewers.append(group.create_task(self._interview_all(port)))
        for _ in self._interviewers:
            await self._interviews.put(None)

    def _before_interview(self, ip: str) -> float:
        """Seconds: who has begun to answer may finish; who lives and is silent is asked over TCP, and still heard."""
        settle = self.door.timing.settle(ip)
        return settle if self.ledger.spoke(ip) else 0.0 if ip in self.ledger.alive else settle / 2

    def _release(self, ip: str) -> None:
        self.tally.done += 1
        if self.door.timing.quick(ip):
            self.door.backoff.note(Strain.LOSS, ip in self._unheard)
        self._unheard.discard(ip)
        if ip in self.ledger.alive and (interface := self.door.link_of(ip)):
            self._neighbours.done(ip, interface)
        self._slots.release()
        self.on_done(ip)

    async def _ask_by_datagram(self, port: DatagramPort, ip: str, names: Iterable[str], rounds: int) -> None:
        """Put each protocol's question of this round to one address, unless it has answered in that protocol."""
        for name in names:
            questions = [question for question in self.probes[name].datagrams if question.unicast]
            if self.ledger.answered(ip, name) or not questions:
                continue
            question = questions[min(max(rounds, 0) if name in CORE else 0, len(questions) - 1)]
            outcome = await port.send(question.payload(uuid4()), ip, question.port)
            if outcome is not None and not self.reach.says_nothing(ip, outcome):
                self.ledger.record(Attempt(name, ip, question.port, outcome))
            elif rounds == 0 or name not in CORE:
                self.tally.datagrams[name] += 1

    def _nobody_there(self, ip: str) -> bool:
        """Whether the address is on an attached link, has been sent to, and did not answer even ARP."""
        if ":" in ip or not self.door.on_link(ip):
            return False
        self._meet(ip)
        return not (ip in self.ledger.alive or ip in self.ledger.proxied or self._neighbours.assumes(ip))

    def _meet(self, ip: str) -> None:
        """Take an attached unit's MAC from the kernel, which had to ask for it."""
        known = self.ledger.answered(ip, "mac") or not self.door.on_link(ip)
        if not known and (mac := self._neighbours.mac(ip, lives=ip in self.ledger.alive)):
            self._on_mac(ip, mac)

    # ── interviews: TCP conversations, one at a time per device ──────────────────────────────────────────────

    async def _interview_all(self, port: DatagramPort) -> None:
        self._idle += 1
        while (ip := await self._interviews.get()) is not None:
            self._idle -= 1
            unknown = ip not in self.ledger.alive
            await self.interviewer.interview(ip)
            if unknown and ip in self.ledger.alive:  # a refusal tells of life: now the rest is worth asking
                await self._ask_by_datagram(port, ip, self._secondary(ip), 0)
            self._met |= {ip} & self.ledger.alive
            self._release(ip)
            self._idle += 1

    def _secondary(self, ip: str) -> list[str]:
        """The datagram protocols that only some units speak, where something lives; on a small scan, everywhere."""
        if ip not in self.ledger.alive and self.plan.targets.count > SMALL:
            return []
        seen = self.ledger.seen(ip)
        return [
            name for name, probe in self.probes.items() if probe.datagrams and name not in CORE and probe.wants(seen)
        ]

    async def _ask_once_more(self, port: DatagramPort) -> None:
        """Put every question again that a living device has not answered: many of them were lost."""
        for ip in self._living():
            if not self.ledger.seen(ip).complete:
                await self._ask_by_datagram(port, ip, [*CORE, *self._secondary(ip)], ROUNDS)
                self._last_asked = time.monotonic()
        await asyncio.sleep(self.door.pace.settle)
        left = [ip for ip in self._living() if not self.ledger.seen(ip).complete]
        await each(left, self.interviewer.ask_again, self.door.pace.in_flight)

    def _living(self) -> list[str]:
        return [ip for ip in self.ledger.alive if ip in self.plan.targets and self.door.scope.allows(ip)]

    async def _ask_stragglers(self, port: DatagramPort) -> None:
        """Interview whoever only became known after its turn: by a late answer, or by one to a group."""
        late = [ip for ip in self._living() if ip not in self._met]
        self._met.update(late)

        async def ask(ip: str) -> None:
            await self._ask_by_datagram(port, ip, CORE, 0)
            await asyncio.sleep(self.door.timing.settle(ip))
            self._meet(ip)
            await self.interviewer.interview(ip)
            self.on_done(ip)

        await each(late, ask, self.door.pace.in_flight)

    # ── groups, broadcast, listening ─────────────────────────────────────────────────────────────────────────

    async def _multicast(self, port: DatagramPort) -> None:
        """Put every group and broadcast question on the attached links, with time to answer between rounds."""
        interfaces = self.door.attached(self.plan.targets)
        if not interfaces:
            self.tally.note(multicast.NOT_ATTACHED)
        for interface in interfaces:
            multicast.join(port, interface, self.probes, self.tally)
        await asyncio.gather(*(self._ask_groups(port, interface) for interface in interfaces))

    async def _ask_groups(self, port: DatagramPort, interface: Interface) -> None:
        await self.reach.acquainted(interface)
        async for _ in multicast.ask_in_rounds(port, interface, self.probes, self.tally):
            self._last_multicast = time.monotonic()
            await asyncio.sleep(self.door.pace.settle)

    async def _listen(self) -> None:
        """Hear what devices say of themselves, and send nothing."""
        async with self.door.datagrams(self._on_datagram, self._on_icmp) as port, asyncio.TaskGroup() as group:
            ticker = group.create_task(self._tick())
            for interface in self.door.attached(self.plan.targets):
                multicast.join(port, interface, self.probes, self.tally)
            for interface in self.reach.links():
                group.create_task(multicast.overhear(interface, self.plan.listen_for, self._hear, self.tally))
            await asyncio.sleep(self.plan.listen_for)
            ticker.cancel()

    # ── replies ──────────────────────────────────────────────────────────────────────────────────────────────

    def _on_datagram(self, payload: bytes, ip: str, port: int) -> None:
        """Read a datagram with the probe whose port it came from, else with whichever can read it."""
        self._heard[ip] += 1
        if self._heard[ip] > REPLIES_PER_ADDRESS:
            self.tally.note(f"{ip} sent more than {REPLIES_PER_ADDRESS} datagrams; the rest was not read")
            return
        if self.ledger.repeated(ip, payload):
            return
        attempt = read_datagram(self.probes.values(), payload, ip, port)
        # Where nothing can read it, it may be the question of somebody else's tool, heard on the group.
        if attempt and (attempt.outcome is not Outcome.NOT_SPOKEN or ip in self.plan.targets):
            self.ledger.record(attempt)

    def _on_icmp(self, ip: str, port: int, outcome: Outcome) -> None:
        """A refused datagram: something lives there."""
        name = next(
            (name for name, probe in self.probes.items() if any(each.port == port for each in probe.datagrams)), "udp"
        )
        if self.door.scope.allows(ip) and not self.reach.says_nothing(ip, outcome):
            self.ledger.record(Attempt(name, ip, port, outcome))

    def _hear(self, reply: Reply) -> None:
        self.ledger.record(read(self.probes[reply.probe], reply))

    def _on_mac(self, ip: str, mac: str) -> None:
        if self.ledger.owns(ip, mac):
            self._read("mac", mac.encode(), ip, 0)

    def _read(self, name: str, payload: bytes, ip: str, port: int) -> None:
        self._hear(Reply(name, payload, ip, port))

    # ── reporting ────────────────────────────────────────────────────────────────────────────────────────────

    async def _tick(self) -> None:
        while True:
            self.on_progress(self._progress())
            await asyncio.sleep(TICK)

    def _progress(self) -> Progress:
        answered = sum(1 for entry in self.ledger.entries.values() if entry.facts)
        return Progress(self.tally.done, self.plan.targets.count, len(self.ledger.alive), answered)

    def _report(self, started: datetime, *, interrupted: bool) -> Report:
        self.on_progress(self._progress())
        self.reach.note_overflow()
        self.tally.notes += eased(self.door.backoff, self.door.pace)
        coverage = cover(self.ledger, self.tally, self.plan.targets, listened=bool(self.plan.listen_for))
        completion = Completion.PARTIAL if coverage.not_tried or coverage.unreachable else Completion.COMPLETE
        attempts = self.ledger.attempts()
        devices, unweighed = weigh(attempts, self.database)
        coverage = replace(coverage, notes=(*coverage.notes, *unweighed))
        _log_decisions(devices)
        return report_of(
            attempts,
            devices,
            self.database,
            coverage,
            started_at=started,
            finished_at=datetime.now(UTC),
            completion=Completion.INTERRUPTED if interrupted else completion,
            targets=self.plan.targets.texts,
            site=self.plan.site,
            pace=self.plan.pace,
        )


def _log_decisions(devices: Iterable[Device]) -> None:
    if log.is_on():
        for device in devices:
            who = device.identification
            log.event(
                "decided",
                ", ".join(device.ip_addresses),
                maker=who.maker or "unknown",
                model=who.model,
                firmware=who.firmware,
                serial=who.serial,
                confidence=who.confidence,
                because="; ".join(who.because),
                conflicts="; ".join(who.conflicts),
            )


def weigh(attempts: Sequence[Attempt], database: Database) -> tuple[list[Device], list[str]]:
    """The devices behind the attempts, and what has to be said of them.

    Where a fault of ours keeps the facts of one address from being weighed, it is a device of unknown make.
    """
    devices: list[Device] = []
    with catch_fault() as fault:
        devices = merge(attempts, database)
    if not fault.detail:
        return devices, []
    addresses: dict[str, list[Attempt]] = {}
    for attempt in attempts:
        addresses.setdefault(attempt.ip, []).append(attempt)
    notes = []
    for ip, own in addresses.items():
        with catch_fault() as fault:
            devices += merge(own, database)
        if fault.detail:
            notes.append(f"what {ip} said could not be weighed: a fault of camscan ({fault.detail})")
            devices.append(device([replace(attempt, observations=()) for attempt in own], database))
    return devices, notes
