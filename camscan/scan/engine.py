"""From targets to a Report: who is asked what, when, and in which order.

Every address takes the same way, gentlest question first, and leaves it as soon as nothing can be added::

    sweep         datagram questions to every address (on an attached subnet: only to those that answer ARP)
    schedule      wait for answers; ask the silent protocols once more, in their other form (``HostState``)
    conversations the addresses that are alive (routed: all of them): TCP, one at a time per device

Multicast and broadcast questions go out beside the sweep. A lazy iterator feeds a fixed number of slots.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from camscan.fingerprints import Database
from camscan.model import Completion, Outcome, Report
from camscan.net.backoff import Strain
from camscan.net.datagram import DatagramPort
from camscan.net.door import Door
from camscan.net.interface import Interface
from camscan.net.span import span_of
from camscan.probes import Probe, load
from camscan.report import make_report
from camscan.scan import multicast
from camscan.scan.again import SecondChance
from camscan.scan.checkpoint import Checkpoint
from camscan.scan.coverage import Tally, describe_easing, describe_floods, make_coverage
from camscan.scan.decision import log_decisions, weigh_attempts
from camscan.scan.discovery import Discovery
from camscan.scan.plan import Plan, Progress
from camscan.scan.presence import Presence
from camscan.scan.questions import CORE, KNOCK, Questions
from camscan.scan.replies import Replies
from camscan.scan.schedule import HostState, Schedule
from camscan.scan.state import ScanState
from camscan.scan.tcp import Conversations, ask_each

SLOTS = 4096
"""Addresses in progress at once."""

SWEEPERS = 8
"""Addresses that are asked their first question at once: if the loop is busy, each gets a turn of it."""

FOLLOWERS = 8
"""Addresses that are sent on at once: while one waits for its next datagram, another may be due for TCP."""

TICK = 0.2
"""Seconds between two reports of progress."""


@dataclass(slots=True)
class Scan:
    """One run. ``await run()`` once; ``stop()`` ends it early and keeps what was found."""

    door: Door
    plan: Plan
    database: Database
    on_progress: Callable[[Progress], None] = lambda _progress: None
    probes: Mapping[str, Probe] = field(default_factory=load)
    earlier: Checkpoint = field(default_factory=Checkpoint)
    """The state of an interrupted run of the same scan."""
    on_done: Callable[[str], None] = lambda _ip: None
    """Called with every address that is finished; an address that is heard late may come twice."""
    state: ScanState = field(init=False)
    tally: Tally = field(init=False)
    replies: Replies = field(init=False)
    discovery: Discovery = field(init=False)
    presence: Presence = field(init=False)
    questions: Questions = field(init=False)
    conversations: Conversations = field(init=False)
    _stopped: asyncio.Event = field(default_factory=asyncio.Event)
    _schedule: Schedule = field(default_factory=Schedule)
    _silent_so_far: set[str] = field(default_factory=set)
    """Addresses in progress that had answered nothing when they were asked again."""
    _conversed: set[str] = field(default_factory=set)
    """Living addresses that had their conversations, or have them now."""
    _slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(SLOTS))
    _next_addresses: asyncio.Queue[str | None] = field(default_factory=asyncio.Queue)
    """Addresses whose conversations come next, at most SLOTS; None when no more come."""
    _workers: list[asyncio.Task[None]] = field(default_factory=list)
    """As many as there was work for at once; never more than connections may be open."""
    _idle: int = 0
    _last_multicast: float = float("-inf")
    _last_asked: float = float("-inf")
    """When an address was first asked by datagram; it gets as long to answer as an address that is asked over TCP."""

    def __post_init__(self) -> None:
        self.state = ScanState(self.database, is_own=self.door.is_own)
        self.tally = Tally()
        self.presence = Presence(self.door, self.state)
        self.replies = Replies(
            *(self.state, self.tally, self.probes, self.plan.targets),
            needs_proof=self.presence.needs_mac,
            is_routed=self.door.is_routed,
            is_passive=bool(self.plan.listen_for),
        )
        self.presence.on_reply = self.replies.on_reply
        self.conversations = Conversations(self.door, self.probes, self.state, self.plan.ports, self.replies.on_answer)
        self.discovery = Discovery(
            *(self.door, self.plan.targets, self.tally, self.presence.on_mac, self.state.alive.add),
            on_unreachable=self.state.note_unreachable,
            finished=list(self.earlier.finished),
        )
        self.questions = Questions(
            self.door, self.probes, self.state, self.tally, self.plan.targets, self.replies, self.discovery
        )
        self._conversed = self.earlier.restore(self.state, self.tally, self.plan.targets, self.replies.proves_life)
        self.state.forget([ip for ip in self.state.hosts if ip not in self.plan.targets])
        self.state.alive.update(ip for ip in self._conversed if ip in self.state.hosts and self.door.is_routed(ip))

    def stop(self) -> None:
        """End the scan early; the report says so."""
        self._stopped.set()

    async def run(self) -> Report:
        """Ask, listen, merge. Returns the report."""
        started = datetime.now(UTC)
        work = asyncio.create_task(self._listen_only() if self.plan.listen_for else self._ask_everyone())
        stopped = asyncio.create_task(self._stopped.wait())
        try:
            await asyncio.wait({work, stopped}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            interrupted = not work.done()
            stopped.cancel()
            work.cancel()
            await asyncio.wait({work, stopped})
        if not interrupted:
            work.result()  # our own error is raised here, not hidden
        return self._make_report(started, interrupted=interrupted)

    # ── sweep: datagrams to every address ────────────────────────────────────────────────────────────────────

    async def _ask_everyone(self) -> None:
        replies = self.replies
        listening = self.door.datagrams(replies.on_datagram, self._on_icmp, replies.on_group_datagram)
        async with listening as port, asyncio.TaskGroup() as group:
            ticker = group.create_task(self._report_progress())
            wait = 2 * self.door.pace.tail
            asking = [
                group.create_task(self._multicast(port)),
                *(
                    group.create_task(multicast.ask_layer2(one, wait, replies.on_reply, self.tally))
                    for one in self.discovery.links()
                    if multicast.ip_families(self.door, one, everywhere=self.plan.ask_groups)
                ),
                group.create_task(self._sweep_addresses(port)),
                *(group.create_task(self._follow_schedule(port, group)) for _ in range(FOLLOWERS)),
            ]
            await asyncio.gather(*asking)
            for _ in self._workers:
                await self._next_addresses.put(None)
            await asyncio.gather(*self._workers)  # no more come
            await self._ask_stragglers(port)
            if self.door.backoff.doubtful:
                await self._give_second_chance(port)
            end = max(self._last_multicast + self.door.pace.tail, self._last_asked + self.door.pace.answer_timeout)
            await asyncio.sleep(end - time.monotonic())
            await self._ask_stragglers(port)
            ticker.cancel()

    async def _sweep_addresses(self, port: DatagramPort) -> None:
        """Ask every address once by datagram, and put it on the schedule."""
        addresses, turn = self.discovery.addresses(), asyncio.Lock()

        async def ask() -> None:
            while True:
                async with turn:
                    ip = await anext(addresses, None)
                if ip is None:
                    return
                await self._ask_first(port, ip)

        async with contextlib.aclosing(addresses), asyncio.TaskGroup() as group:
            for _ in range(SWEEPERS):
                group.create_task(ask())
        self._schedule.mark_complete()

    async def _ask_first(self, port: DatagramPort, ip: str) -> None:
        """Ask one address its first question."""
        await self._slots.acquire()
        self.tally.asked += 1
        self.tally.begin(span_of(ip))
        self.tally.under_way.add(ip)
        is_met = self.door.leaves_at_once(ip)
        await self.questions.ask(port, ip, CORE if is_met else KNOCK, 0, is_counted=is_met)
        self._last_asked = time.monotonic()
        self._schedule.look_later(ip, HostState.ASKED if is_met else HostState.KNOCKED, self.door.timing.settle(ip))

    async def _follow_schedule(self, port: DatagramPort, group: asyncio.TaskGroup) -> None:
        """Send each address on when its answers have had time to come; several of these tasks run side by side."""
        while due := await self._schedule.next_due():
            if await self._send_next(port, *due):
                ip = due[0]
                await self._next_addresses.put(ip)
                if self._next_addresses.qsize() > self._idle and len(self._workers) < self.door.pace.in_flight:
                    self._workers.append(group.create_task(self._hold_conversations(port)))

    async def _send_next(self, port: DatagramPort, ip: str, state: HostState) -> bool:
        """One step of ``HostState``. Returns True if the address is due for its conversations."""
        if self.presence.nobody_there(ip):
            if state is HostState.AWAITING_ARP:
                self._release_address(ip)
            else:  # the kernel goes on asking for its MAC: the first question may be lost
                self._schedule.look_later(ip, HostState.AWAITING_ARP, self.presence.seconds_for_mac(ip))
        elif state in {HostState.KNOCKED, HostState.AWAITING_ARP}:
            await self.questions.ask(port, ip, CORE, 0)
            self._schedule.look_later(ip, HostState.ASKED, self.door.timing.settle(ip))
        elif state is HostState.ASKED_AGAIN and self._is_silent(ip):
            self._release_address(ip)
        elif state is HostState.ASKED and not self.state.seen(ip).complete:
            if not self.state.has_answered(ip):
                self._silent_so_far.add(ip)
            await self.questions.ask(port, ip, [*CORE, *self.questions.secondary_protocols(ip)], 1)
            self._schedule.look_later(ip, HostState.ASKED_AGAIN, self._before_conversations(ip))
        else:
            return True
        return False

    def _before_conversations(self, ip: str) -> float:
        """Seconds before the conversations, so that a device that has begun to answer may finish."""
        settle = self.door.timing.settle(ip)
        return settle if self.state.has_answered(ip) else 0.0 if self.state.is_there(ip) else settle / 2

    def _is_silent(self, ip: str) -> bool:
        """Whether a raw sweep found nothing there, and nothing else suggests otherwise."""
        return not self.state.is_there(ip) and self.discovery.is_silent(ip, self.state.alive)

    def _release_address(self, ip: str) -> None:
        self.tally.done += 1
        self.tally.under_way.discard(ip)
        if self.door.timing.is_quick(ip):
            self.door.backoff.note(Strain.LOSS, ip in self._silent_so_far)
        self._silent_so_far.discard(ip)
        self.presence.forget_unit(ip)
        self._slots.release()
        self.on_done(ip)

    # ── conversations: TCP, one at a time per device ─────────────────────────────────────────────────────────

    async def _hold_conversations(self, port: DatagramPort) -> None:
        self._idle += 1
        while (ip := await self._next_addresses.get()) is not None:
            self._idle -= 1
            unknown = not self.state.is_there(ip)
            await self._hold_conversation(port, ip)
            if unknown and self.state.is_there(ip):  # a refusal is a sign of life: now the rest is worth asking
                await self.questions.ask(port, ip, self.questions.secondary_protocols(ip), 0)
                await asyncio.sleep(self.door.timing.settle(ip))  # it may be the last one that is asked anything
            self._conversed |= {ip} & self.state.alive
            if ":" in ip:  # neighbour discovery has asked for it by now, as ARP had to before
                self.presence.take_mac(ip)
            self._release_address(ip)
            self._idle += 1

    async def _hold_conversation(self, port: DatagramPort, ip: str) -> None:
        """Hold the conversations, while the address repeats by datagram what was said in its name.

        What it does not repeat counts as unsolicited. If that had seemed to be enough, the conversations continue.
        """
        tried: frozenset[str] = frozenset()
        if not self.questions.protocols_to_confirm(ip):
            await self.conversations.hold(ip)
        while names := self.questions.protocols_to_confirm(ip) - tried:
            tried |= names
            proving = asyncio.create_task(self.questions.confirm(port, ip, names))
            try:
                await self.conversations.hold(ip)
                if self.questions.protocols_to_confirm(ip) & names:
                    await proving
            finally:
                proving.cancel()
        if tried:
            self.questions.doubt_unconfirmed(ip)
            await self.conversations.hold(ip)
        self.conversations.finish(ip)

    async def _give_second_chance(self, port: DatagramPort) -> None:
        chance = SecondChance(self.state, self.questions, self.conversations, self.door.pace, self._is_wanted)
        await chance.ask_by_datagram(port)
        self._last_asked = time.monotonic()
        await chance.converse()

    def _is_wanted(self, ip: str) -> bool:
        return ip in self.plan.targets and self.door.scope.allows(ip)

    def _living_addresses(self) -> list[str]:
        return list(filter(self._is_wanted, self.state.alive))

    async def _ask_stragglers(self, port: DatagramPort) -> None:
        """Ask the addresses that became known after their turn: at most ``replies.MOST_PENDING``, all targets."""
        met, confirms = self._conversed, self.replies.protocols_to_confirm
        living = [ip for ip in self._living_addresses() if ip not in met or confirms(ip)]
        unproven = [ip for ip in self.state.unproven_addresses() if self.door.scope.allows(ip) and ip not in met]
        late = [*living, *unproven]

        async def ask(ip: str) -> None:
            if not self.door.is_routed(ip):
                await self.questions.ask(port, ip, CORE, 0)
                await asyncio.sleep(self.door.timing.settle(ip))
                self.presence.take_mac(ip)
            await self.questions.confirm_or_doubt(port, ip)
            if ip in self.state.alive and ip not in self._conversed:
                await self._hold_conversation(port, ip)
                self.presence.take_mac(ip)
                self.on_done(ip)
            self._conversed.add(ip)

        await ask_each(late, ask, self.door.pace.in_flight)

    # ── groups, broadcast, listening ─────────────────────────────────────────────────────────────────────────

    async def _multicast(self, port: DatagramPort) -> None:
        """Ask every group and broadcast question on the attached links, with time to answer between rounds."""
        interfaces = self.door.attached(self.plan.targets)
        if not interfaces:
            self.tally.add_note(multicast.NOT_ATTACHED)
        for interface in interfaces:
            multicast.join_groups(port, interface, self.probes, self.tally)
        await asyncio.gather(*(self._ask_groups(port, interface) for interface in interfaces))

    async def _ask_groups(self, port: DatagramPort, interface: Interface) -> None:
        families = multicast.ip_families(self.door, interface, everywhere=self.plan.ask_groups)
        if not families:
            self.tally.add_note(multicast.why_not_asked(interface))
            return
        await self.discovery.wait_for_arp(interface)
        link = multicast.Link(port, interface, families, self.replies.identifiers, self.tally)
        async for _ in link.ask_in_rounds(self.probes):
            self._last_multicast = time.monotonic()
            await asyncio.sleep(self.door.pace.settle)

    async def _listen_only(self) -> None:
        """Hear what devices say about themselves, and send nothing."""
        replies = self.replies
        listening = self.door.datagrams(replies.on_datagram, self._on_icmp, replies.on_group_datagram)
        async with listening as port, asyncio.TaskGroup() as group:
            ticker = group.create_task(self._report_progress())
            for interface in self.door.attached(self.plan.targets):
                multicast.join_groups(port, interface, self.probes, self.tally)
            for interface in self.discovery.links():
                seconds = self.plan.listen_for
                group.create_task(multicast.overhear_link(interface, seconds, replies.on_overheard, self.tally))
            await asyncio.sleep(self.plan.listen_for)
            ticker.cancel()

    # ── what is heard besides replies ────────────────────────────────────────────────────────────────────────

    def _on_icmp(self, ip: str, port: int, outcome: Outcome) -> None:
        """A refused datagram: something lives there."""
        if self.door.scope.allows(ip) and not self.discovery.is_mere_silence(ip, outcome):
            self.replies.on_refusal(ip, port, outcome)

    # ── reporting ────────────────────────────────────────────────────────────────────────────────────────────

    async def _report_progress(self) -> None:
        while True:
            self.on_progress(self._make_progress())
            await asyncio.sleep(TICK)

    def _make_progress(self) -> Progress:
        answered = sum(1 for host in self.state.hosts.values() if host.facts)
        return Progress(self.tally.done, self.plan.targets.count, len(self.state.alive), answered)

    def _make_report(self, started: datetime, *, interrupted: bool) -> Report:
        self.on_progress(self._make_progress())
        self.discovery.note_overflow()
        self.tally.notes += describe_easing(self.door.backoff, self.door.pace)
        self.tally.notes += describe_floods(self.door.unread_counts)
        for ip in self.state.unproven_addresses():
            self.presence.take_mac(ip)  # the kernel may have asked for it meanwhile
        self.replies.settle_devices(is_complete=not interrupted)
        coverage = make_coverage(
            self.state, self.tally, self.plan.targets, self.replies.strangers, listened=bool(self.plan.listen_for)
        )
        completion = Completion.PARTIAL if coverage.not_tried or coverage.unreachable else Completion.COMPLETE
        attempts = self.state.attempts()
        if self.plan.keep_strangers:
            attempts += self.replies.strangers.attempts()
        devices, unweighed = weigh_attempts(attempts, self.database)
        coverage = replace(coverage, notes=(*coverage.notes, *unweighed))
        log_decisions(devices)
        return make_report(
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
