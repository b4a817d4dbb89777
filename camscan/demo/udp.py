"""The datagram side of the estate.

Each unit has its own socket for each protocol, bound to its address, so that answers come from it. Questions to a group
or broadcast address reach one shared :class:`GroupSocket` per protocol, which asks every unit. (A socket may join few
groups on few interfaces: ``igmp_max_memberships`` is 20, and an estate has 250 units.)
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable
from dataclasses import dataclass, field

from camscan.demo import system
from camscan.demo.device import Question, Udp, Unit
from camscan.demo.record import Record

GROUPS = {
    "sadp": "239.255.255.250",
    "dhip": "239.255.255.251",
    "wsd": "239.255.255.250",
    "ssdp": "239.255.255.250",
    "mdns": "224.0.0.251",
}
EVERYWHERE = "0.0.0.0"
Address = tuple[str, int]


def loopback_or(address: str) -> str:
    """The address that names the interface of an address: groups on the loopback are joined with 127.0.0.1."""
    return "127.0.0.1" if address.startswith("127.") else address


def _is_of_another_estate(sender: Address, port: int) -> bool:
    """Whether a unit of another estate on this machine's loopback is the sender: all share the groups there."""
    return sender[1] == port and sender[0].startswith("127.") and sender[0] != "127.0.0.1"


@dataclass(slots=True, eq=False)
class UnitSocket:
    """One unit's socket for one datagram protocol."""

    unit: Unit
    service: Udp
    record: Record
    scale: float
    sock: socket.socket = field(init=False)
    timers: set[asyncio.TimerHandle] = field(default_factory=set)

    def start(self, interface: str) -> None:
        """Bind to the unit's address."""
        self.sock = system.unit_socket(self.unit.ip, self.service.port, loopback_or(self.unit.ip), interface)
        system.watch_unit(self.sock, self._read)

    def stop(self) -> None:
        """Close the socket, and drop answers that were still to be sent."""
        for timer in self.timers:
            timer.cancel()
        self.timers.clear()
        system.unwatch(self.sock)
        self.sock.close()

    def _read(self, payload: bytes, sender: Address) -> None:
        if self.service.unicast and not _is_of_another_estate(sender, self.service.port):
            self.record.record_request(self.unit.ip, self.service.port, self.service.protocol, payload)
            self.answer_question(Question(payload, to_group=False, from_port=sender[1]), sender)

    def answer_question(self, question: Question, sender: Address) -> None:
        """Answer one question, after the delays of its replies."""
        loop = asyncio.get_running_loop()
        for reply in self.service.answer(self.unit, question):
            target = (GROUPS[self.service.protocol], self.service.port) if reply.to_group else sender
            if not reply.delay * self.scale:
                self._send(reply.payload, target)
                continue
            timer = loop.call_later(reply.delay * self.scale, self._send, reply.payload, target)
            self.timers.add(timer)
            loop.call_at(timer.when(), self.timers.discard, timer)

    def announce(self) -> None:
        """Send the unit's message to the group, without a question."""
        if self.service.announce is not None:
            self._send(self.service.announce(self.unit), (GROUPS[self.service.protocol], self.service.port))

    def _send(self, payload: bytes, target: Address) -> None:
        with contextlib.suppress(OSError):  # nobody is listening, or the buffer is full: a datagram is lost
            system.send_datagram(self.sock, payload, target)


@dataclass(slots=True, eq=False)
class GroupSocket:
    """The shared socket for questions to a group or broadcast address, for one protocol."""

    protocol: str
    port: int
    everybody: frozenset[str]
    """The broadcast addresses of the estate."""
    record: Record
    unit_sockets: list[UnitSocket]
    ours: Callable[[str], bool]
    """Whether an address is a unit's: messages of units to the group are not questions."""
    place: str = EVERYWHERE
    """The address to which it is bound.

    A broadcast address on the loopback is an ordinary one: it needs its own socket.
    """
    sock: socket.socket = field(init=False)

    def start(self, interface: str, address: str) -> None:
        """Join the group on one interface."""
        group = GROUPS.get(self.protocol, "") if self.place == EVERYWHERE else ""
        self.sock = system.group_socket(self.place, self.port, group, address, interface)
        system.watch_group(self.sock, self._read)

    def stop(self) -> None:
        """Close the socket."""
        system.unwatch(self.sock)
        self.sock.close()

    def _read(self, payload: bytes, sender: Address, target: str) -> None:
        if (
            target not in {*self.everybody, GROUPS.get(self.protocol)}
            or self.ours(sender[0])
            or _is_of_another_estate(sender, self.port)
        ):
            return
        self.record.record_request(target, self.port, self.protocol, payload)
        question = Question(payload, to_group=True, from_port=sender[1])
        for mouth in self.unit_sockets:
            mouth.answer_question(question, sender)
