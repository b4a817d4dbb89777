"""TCP conversations with one address: every probe that can still add something, one connection at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Container, Iterator, Mapping, Sequence
from dataclasses import field

from camscan.dataclass import dataclass
from camscan.model import Attempt, Outcome
from camscan.net.door import Door
from camscan.net.host import Answer, Host
from camscan.probes import Fault, Probe, Seen, catch_fault, is_always_wanted
from camscan.scan.state import ScanState

PATIENCE = 2
"""Conversations that a device may leave hanging before it is left alone."""


@dataclass(slots=True)
class Talk:
    """The progress of the conversations with one address."""

    only: Container[int] | None = None
    """Ports that are asked; None for all."""
    is_repeated: bool = False
    """Everything is asked a second time."""
    asked: set[tuple[str, int]] = field(default_factory=set)
    """Probe and port."""
    shut: set[int] = field(default_factory=set)
    spoke: set[int] = field(default_factory=set)
    lost: set[int] = field(default_factory=set)
    """Ports where the question may have been lost."""
    leads: list[tuple[Probe, Answer]] = field(default_factory=list)
    """Answers that may lead to another question, which was not asked yet."""
    hung: int = 0
    corroborated: bool = False
    is_over: bool = False
    """The device is left alone."""
    is_cut_short: bool = False
    """It is left alone only because the system found no way to it."""

    def may_ask(self, probe: str, port: int) -> bool:
        """Whether the port is open as far as is known, and was not asked this yet."""
        is_chosen = self.only is None or port in self.only
        return is_chosen and port not in self.shut and (probe, port) not in self.asked

    def note_answer(self, answer: Answer) -> None:
        """Note the result of one exchange."""
        self.hung += answer.has_hung
        fell_silent = answer.outcome is Outcome.TIMED_OUT and answer.port in self.spoke
        no_way = answer.outcome is Outcome.UNREACHABLE and not answer.is_barred
        self.is_cut_short |= no_way
        self.is_over |= no_way or fell_silent or self.hung >= PATIENCE
        if answer.outcome is Outcome.TIMED_OUT and not answer.has_hung:
            self.lost.add(answer.port)
        if answer.outcome in {Outcome.REFUSED, Outcome.TIMED_OUT, Outcome.UNREACHABLE} or answer.has_hung:
            self.shut.add(answer.port)
        else:
            self.spoke.add(answer.port)


@dataclass(frozen=True, slots=True)
class Conversations:
    """The conversations of one scan over TCP."""

    door: Door
    probes: Mapping[str, Probe]
    state: ScanState
    ports: Mapping[str, tuple[int, ...]]
    """Probe -> TCP ports that replace its defaults."""
    read: Callable[[str, bytes, str, int, str], None]
    """Called with probe, payload, address and port of every answer, and with a note on how it came."""
    _talks: dict[str, Talk] = field(default_factory=dict)
    """Address in progress -> the progress of its conversations."""
    _lost: dict[str, frozenset[int] | None] = field(default_factory=dict)
    """Living address -> ports on which no SYN was answered: there is a firewall, or they were lost; None for all."""

    async def hold(self, ip: str) -> None:
        """Ask everything that can still add something, port by port.

        A living device that has said nothing at all is asked everything a second time: the network may have lost the
        questions. Ports that have not answered by then are kept for :meth:`hold_lost_again`. If called again before
        :meth:`finish`, it continues with what was not asked yet.
        """
        talk = self._talks.setdefault(ip, Talk())
        await self._ask_ports(ip, talk)
        if self._may_have_missed_questions(ip, talk) and not self.state.has_answered(ip) and not talk.is_repeated:
            talk = self._talks[ip] = Talk(is_repeated=True)
            await self._ask_ports(ip, talk)
        if talk.is_cut_short and ip in self.state.alive and self.door.on_link(ip):
            self._lost[ip] = None  # it has answered ARP before: this time, questions or answers were lost
        elif self._may_have_missed_questions(ip, talk):
            self._lost[ip] = frozenset(talk.lost)

    def _may_have_missed_questions(self, ip: str, talk: Talk) -> bool:
        """Whether the device is alive and may still be asked, and some of its ports have not answered a SYN."""
        return bool(talk.lost) and not talk.is_over and ip in self.state.alive

    def finish(self, ip: str) -> None:
        """Forget the conversations with an address: its turn is over."""
        self._talks.pop(ip, None)

    async def hold_lost_again(self, ip: str) -> None:
        """Repeat the conversations for which no SYN was answered."""
        if ip in self._lost:
            await self._ask_ports(ip, Talk(only=self._lost.pop(ip)))

    async def _ask_ports(self, ip: str, talk: Talk) -> None:
        """Ask, port by port, what was not asked yet, and stop when the device falls silent."""
        host = self.door.host(ip)
        await self._follow_leads(ip, talk, host)
        for probe, port, is_usual in self._list_conversations(ip):
            if talk.is_over:
                return
            seen = self.state.seen(ip)
            if not talk.may_ask(probe.name, port) or (seen.complete and (talk.corroborated or talk.spoke)):
                continue
            if (is_usual and _is_needless(probe, port, seen)) or not self._is_wanted(probe, ip, seen):
                continue
            talk.corroborated = seen.complete
            talk.asked.add((probe.name, port))
            answers = await self._hold_one(probe, host, port, seen)
            self._take_answers(probe, ip, talk, answers)
            talk.leads += [(probe, answer) for answer in answers[-1:]]
            await self._follow_leads(ip, talk, host)
            talk.is_over |= host.is_given_up

    async def _follow_leads(self, ip: str, talk: Talk, host: Host) -> None:
        """Ask the questions to which answers lead, while something is still unknown."""
        while talk.leads and not talk.is_over and not (seen := self.state.seen(ip)).complete:
            probe, answer = talk.leads.pop(0)
            self._take_answers(probe, ip, talk, await self._follow_answer(probe, host, answer, seen))

    def _take_answers(self, probe: Probe, ip: str, talk: Talk, answers: Sequence[Answer]) -> None:
        for answer in answers:
            self._on_answer(probe, ip, answer)
            talk.note_answer(answer)

    def _list_conversations(self, ip: str) -> Iterator[tuple[Probe, int, bool]]:
        """Which probe on which port, gentlest stage first; evaluated lazily, because ports are learned on the way.

        The last member: whether it is merely a usual port of the probe, which neither the device nor the operator
        named.
        """
        for probe in self.probes.values():
            if probe.ask is None:
                continue
            learned: Sequence[int] = ()
            if probe.learned_ports:
                with catch_fault() as fault:
                    learned = probe.learned_ports(self.state.seen(ip))
                self._note_fault(probe, ip, fault)
            for port in dict.fromkeys((*learned, *self.ports.get(probe.name, probe.ports))):
                yield probe, port, not (port in learned or probe.name in self.ports)

    def _is_wanted(self, probe: Probe, ip: str, seen: Seen) -> bool:
        """Whether the probe can still add something; True if an error of camscan keeps it from saying so."""
        wanted = True
        if probe.wants is is_always_wanted:
            return wanted
        with catch_fault() as fault:
            wanted = probe.wants(seen)
        self._note_fault(probe, ip, fault)
        return wanted

    def _note_fault(self, probe: Probe, ip: str, fault: Fault) -> None:
        if fault.detail:
            self.state.record(Attempt(probe.name, ip, 0, Outcome.BUG, detail=fault.detail))

    async def _hold_one(self, probe: Probe, host: Host, port: int, seen: Seen) -> Sequence[Answer]:
        """One probe on one port. An error in a probe is recorded against it, and the scan continues."""
        if probe.ask is None:
            return ()
        answers: Sequence[Answer] = ()
        with catch_fault() as fault:
            answers = await probe.ask(host, port, seen)
        return [Answer(port, Outcome.BUG, detail=fault.detail)] if fault.detail else answers

    async def _follow_answer(self, probe: Probe, host: Host, last: Answer, seen: Seen) -> Sequence[Answer]:
        """The question to which an answer leads, in the same way."""
        if probe.follow is None:
            return ()
        answers: Sequence[Answer] = ()
        with catch_fault() as fault:
            answers = await probe.follow(host, last, seen)
        return [Answer(last.port, Outcome.BUG, detail=fault.detail)] if fault.detail else answers

    def _on_answer(self, probe: Probe, ip: str, answer: Answer) -> None:
        name = answer.probe or probe.name
        if answer.is_cut_off:
            self.state.note_cut_off(ip, f"tcp/{answer.port}")
        if answer.outcome is Outcome.ANSWERED:
            is_cut = answer.is_cut_off or answer.is_too_long
            self.read(name, answer.payload, ip, answer.port, answer.detail if is_cut else "")
            return
        attempt = Attempt(probe.name, ip, answer.port, answer.outcome, detail=answer.detail, payload=answer.payload)
        self.state.record(attempt, is_sign_of_life=not answer.is_hearsay)
        if answer.has_hung:  # the connection stood
            self.state.note_presence(ip)


def _is_needless(probe: Probe, port: int, seen: Seen) -> bool:
    """Whether a device whose maker is confirmed spoke the protocol on another port: nearly all would refuse it here."""
    return any(spoken != port for spoken in seen.spoken.get(probe.name, ())) and seen.confirmed


async def ask_each(ips: Sequence[str], ask: Callable[[str], Awaitable[None]], at_once: int) -> None:
    """Ask every address, ``at_once`` at a time."""
    waiting = iter(ips)

    async def ask_next() -> None:
        for ip in waiting:
            await ask(ip)

    await asyncio.gather(*(ask_next() for _ in range(min(len(ips), at_once))))
