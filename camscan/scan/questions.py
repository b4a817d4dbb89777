"""Questions by datagram to one address: the protocols in turn, and whether it repeats what was said in its name."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import field

from camscan.dataclass import dataclass
from camscan.model import Attempt
from camscan.net.datagram import DatagramPort
from camscan.net.door import Door
from camscan.net.target import Targets
from camscan.probes import Datagram, Probe
from camscan.scan.coverage import Tally
from camscan.scan.discovery import Discovery
from camscan.scan.replies import CROWD, Replies
from camscan.scan.state import ScanState

CORE = ("sadp", "dhip", "wsd")
"""Datagram protocols that every address is asked: together they give model and firmware for both makers."""

KNOCK = ("dhip",)
"""What an attached address is asked that may not exist: the shortest question, because it waits for ARP in the
kernel."""

ROUNDS = 2
"""How often a silent protocol is asked by datagram: a datagram may be lost, and old units want another form."""

SMALL = 1024
"""Up to this many addresses, the secondary datagram protocols are asked even without a sign of life."""


@dataclass(slots=True)
class Questions:
    """The questions of one scan by datagram."""

    door: Door
    probes: Mapping[str, Probe]
    state: ScanState
    tally: Tally
    targets: Targets
    replies: Replies
    discovery: Discovery
    _waited_for: set[str] = field(default_factory=set)
    """Addresses with no evidence but datagrams, which get the full time to confirm those."""

    async def ask(
        self, port: DatagramPort, ip: str, names: Iterable[str], rounds: int, *, is_counted: bool = True
    ) -> None:
        """Ask one address each protocol's question of this round, unless it has answered in that protocol.

        If it is counted, and the first one, then silence will count as an unanswered question.
        """
        for name in names:
            questions = [question for question in self.probes[name].datagrams if question.unicast]
            if self.state.has_answered_in(ip, name) or not questions:
                continue
            question = questions[min(rounds if name in CORE else 0, len(questions) - 1)]
            payload = question.payload(self.replies.identifiers.identifier_for(ip, question.label, rounds))
            outcome = await port.send(payload, ip, question.port)
            if outcome is not None and not self.discovery.is_mere_silence(ip, outcome):
                self.state.record(Attempt(name, ip, question.port, outcome))
            elif is_counted and (rounds == 0 or name not in CORE):
                self.tally.datagrams[name] += 1

    def secondary_protocols(self, ip: str) -> list[str]:
        """The datagram protocols that only some units speak, if something lives there; on a small scan, everywhere."""
        if not self.state.is_there(ip) and self.targets.count > SMALL:
            return []
        seen = self.state.seen(ip)
        return [
            name for name, probe in self.probes.items() if probe.datagrams and name not in CORE and probe.wants(seen)
        ]

    def protocols_to_confirm(self, ip: str) -> frozenset[str]:
        """Protocols in which an address must repeat, to a port of its own, what was said in its name.

        If somebody floods in its name, its own answer may not have been heard at all.
        """
        names = frozenset(self.replies.protocols_to_confirm(ip))
        if self.replies.is_flooded(ip) or self.door.is_flooded(ip):
            names |= {name for name in CORE if not self.state.has_proved(ip, name)}
        return names

    async def confirm(self, port: DatagramPort, ip: str, names: Iterable[str]) -> None:
        """Let an address repeat what was said in its name: a forger does not know the port from which it is asked.

        All protocols at once, as in the sweep: an address that does not repeat them makes the scan wait only once.
        """
        await asyncio.gather(*(self._says_again(port, ip, name) for name in names))

    async def confirm_or_doubt(self, port: DatagramPort, ip: str) -> None:
        """Let an address confirm what was said in its name, each protocol once; the rest counts as unsolicited."""
        tried: frozenset[str] = frozenset()
        while names := self.protocols_to_confirm(ip) - tried:
            tried |= names
            await self.confirm(port, ip, names)
        if tried:
            self.doubt_unconfirmed(ip)

    def doubt_unconfirmed(self, ip: str) -> None:
        """Treat as unsolicited what the address has not confirmed."""
        doubtful = [name for name in self.protocols_to_confirm(ip) if not self.state.has_proved(ip, name)]
        if doubtful and ip in self.state.hosts:
            self.state.doubt(ip, doubtful)

    async def _says_again(self, port: DatagramPort, ip: str, name: str) -> None:
        """Ask in a protocol from a port that has asked nobody else; ask twice if the question may be lost."""
        questions = [question for question in self.probes[name].datagrams if question.unicast]
        # An address that is alive, or one of a few, gets as long as the slowest device needs; one of a crowd that may
        # be forged does not. A device that is known to answer quickly may still be busy, but not asleep.
        pace = self.door.pace
        if ip not in self.state.alive and len(self._waited_for) < CROWD:
            self._waited_for.add(ip)
        is_waited_for = ip in self.state.alive or ip in self._waited_for
        own = self.door.timing.answer(ip)
        is_quick = own is not None and own < pace.settle
        whole = pace.answer_timeout if is_quick else pace.answer_timeout + pace.tail
        wait = whole if is_waited_for else self.door.timing.settle(ip)
        first = asyncio.create_task(self._ask_apart(port, ip, questions[0], wait))
        try:
            await asyncio.wait({first}, timeout=wait / 2)
            if len(questions) > 1 and not self.state.has_proved(ip, name):
                await self._ask_apart(port, ip, questions[1], wait / 2)
            await first
        finally:
            first.cancel()  # unless the conversations have made it needless meanwhile

    async def _ask_apart(self, port: DatagramPort, ip: str, question: Datagram, wait: float) -> None:
        payload = question.payload(self.replies.identifiers.identifier_for(ip, question.label, ROUNDS + 1))
        for answer, its_port in await port.ask_apart(payload, ip, question.port, wait):
            self.replies.on_own_answer(answer, ip, its_port)
