"""UDP through the door: unicast, multicast and broadcast questions, and readers that empty the socket.

asyncio's own datagram endpoint reads one packet in each turn of its loop, and keeps a thirtieth of a burst. This one
empties the socket each time it wakes, behind a large receive buffer.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import field
from functools import partial
from ipaddress import IPv4Interface, IPv4Network
from types import TracebackType
from typing import Self

from camscan import log
from camscan.dataclass import dataclass
from camscan.model import Outcome
from camscan.net import system
from camscan.net.backoff import Backoff, Strain
from camscan.net.interface import Interface
from camscan.net.ration import Ration
from camscan.net.resolving import LIFETIME
from camscan.net.scope import Scope, may_ask_group
from camscan.net.span import canonical
from camscan.net.system import Datagram, Source
from camscan.net.tcp import outcome_of, socket_address

_RECEIVE_BUFFER = 32 * 1024 * 1024
_SEND_BUFFER = 2 * 1024 * 1024
"""Datagrams that wait for ARP count against it, 800 to 2,300 bytes each: the default holds 160 of them."""
_LARGEST = 65535
_DRAIN = 512
"""Maximum datagrams that are read before other tasks get their turn …"""
_TURN = 0.02
"""… and maximum seconds, because reading one may take milliseconds."""
_YIELD = 32
"""Datagrams that are sent before the reader gets its turn."""
_CONFIRMED = 45.0
"""Maximum seconds for which a neighbour that answered keeps its place in the kernel's table (RFC 4861, section 10)."""
_PENDING = 8
"""ICMP errors of earlier datagrams that may come up while one is sent."""
_MORE = 0.1
"""Seconds in which a device that answers a question sends the rest of its answer."""
_STRAINED = frozenset({errno.EAGAIN, errno.ENOBUFS, errno.EPERM})
"""Errors for a datagram if a queue is full, or a local firewall's table is full or its limit is reached."""


@dataclass(slots=True)
class DatagramPort:
    """UDP sockets for one purpose, which the door provides. ``async with`` closes them."""

    scope: Scope
    on_reply: Callable[[bytes, str, int], None]
    """Called with payload, sender and its port; link-local IPv6 comes with its zone (``fe80::1%eth0``).

    It is also called for a device of another subnet that answers a multicast: ``scope.allows`` tells them apart, and
    nothing can be sent there. Datagrams of this port itself are left out.
    """
    on_group: Callable[[bytes, str, int], None]
    """Called in the same way for datagrams to a group that this port has joined."""
    on_error: Callable[[str, int, Outcome], None]
    """Called with address, port and outcome of an ICMP error for an earlier question."""
    admit: Callable[[str, int], Awaitable[None]]
    """Waits for pace and neighbour table before (address or empty, bytes) may be sent."""
    source_for: Callable[[str], Source]
    interface_of: Callable[[int], str]
    """Name of an interface by index."""
    backoff_for: Callable[[str], Backoff | None]
    """The Backoff that gets the results of sending to an address; None if a full queue only means ARP is awaited."""
    is_own: Callable[[str], bool] = lambda _ip: False
    """Whether an address is this machine's."""
    pause: Callable[[Callable[[], None]], None] | None = None
    """Calls what it is given after a moment, in which nothing is read; None to read at once whatever comes."""
    ration: Ration = field(default_factory=Ration)
    """Limits what is read from each sender, and counts what was not read."""
    _sockets: dict[tuple[str, int, str], socket.socket] = field(default_factory=dict)
    _own: set[tuple[str, int]] = field(default_factory=set)
    _own_ports: set[int] = field(default_factory=set)
    """Ports of unicast questions. If they go to this machine itself, the sockets of groups hear them too."""
    _since_yield: int = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop reading and close; datagrams that are still under way are lost."""
        for sock in self._sockets.values():
            system.unwatch(sock)
            sock.close()
        self._sockets.clear()

    async def send(self, payload: bytes, ip: str, port: int) -> Outcome | None:
        """Send one datagram to an address in scope, as the pace allows.

        None if it was sent, otherwise why it was not.
        """
        if not self.scope.allows(ip):
            return Outcome.OUT_OF_SCOPE
        if ":" in ip and "." in ip:  # IPv4-mapped
            ip = str(canonical(ip))
        await self.admit(ip, len(payload))
        source = self.source_for(ip)
        family = socket.AF_INET6 if ":" in ip else socket.AF_INET
        try:
            sock = self._socket("unicast", family, source)
        except OSError as error:
            return outcome_of(error)[0]
        return await self._put(sock, payload, socket_address(ip, port, source.zone), self.backoff_for(ip))

    async def ask_apart(self, payload: bytes, ip: str, port: int, wait: float) -> list[tuple[bytes, int]]:
        """Ask an address in scope from a port that was never used before. Returns each answer with its port.

        ``wait`` is in seconds. ``on_reply`` is not called for these answers.
        """
        heard: list[tuple[bytes, int]] = []
        if not self.scope.allows(ip):
            return heard
        await self.admit(ip, len(payload))
        source = self.source_for(ip)
        loop = asyncio.get_running_loop()
        with contextlib.suppress(OSError), self._new(socket.AF_INET6 if ":" in ip else socket.AF_INET) as sock:
            system.prepare(sock, source)
            sock.sendto(payload, socket_address(ip, port, source.zone))
            async with asyncio.timeout(wait) as until:
                for _ in range(_PENDING):  # others may write to it too
                    answer, (sender, its_port, *_) = await loop.sock_recvfrom(sock, _LARGEST)
                    if sender == ip.partition("%")[0]:
                        heard.append((answer, its_port))
                        until.reschedule(min(loop.time() + _MORE, until.when() or 0.0))
        return heard

    async def multicast(self, payload: bytes, group: str, port: int, interface: Interface) -> Outcome | None:
        """Send one datagram to a discovery group on one attached link, never beyond it (TTL 1); None if it was sent.

        The link must have addresses in scope, and none that were excluded.
        """
        reached = any(self.scope.touches(subnet) for subnet in interface.subnets)
        excluded = any(self.scope.excludes(address.network) for address in interface.addresses)
        if not may_ask_group(group) or not reached or excluded:
            return Outcome.OUT_OF_SCOPE
        six = ":" in group
        outcomes = []
        for own in [interface.ipv6_link_local] if six else self._homes(interface):
            await self.admit("", len(payload))
            if own is None:
                return Outcome.UNREACHABLE
            source = Source(str(own.ip), interface.name, interface.index)
            try:
                sock = self._socket("multicast", socket.AF_INET6 if six else socket.AF_INET, source)
            except OSError as error:
                return outcome_of(error)[0]
            where = (group, port, 0, interface.index) if six else (group, port)
            outcomes.append(await self._put(sock, payload, where))
        return None if None in outcomes else outcomes[0]

    def _homes(self, interface: Interface) -> list[IPv4Interface | None]:
        """This machine's address on each of the link's subnets in scope.

        A unit without a router can answer only to its own subnet.
        """
        four = [own for own in interface.addresses if isinstance(own, IPv4Interface)]
        own = {each.network: each for each in reversed(four) if self.scope.touches(each.network)}
        return [*reversed(own.values())] or [interface.ipv4]

    async def broadcast(self, payload: bytes, port: int, interface: Interface) -> Outcome | None:
        """Broadcast on the attached IPv4 subnets that are completely in scope, to both broadcast addresses of each.

        Returns None if the datagram was sent, otherwise why it was not.
        """
        homes = [own for own in self._homes(interface) if own is not None]
        if not homes:
            return Outcome.UNREACHABLE
        covered = [own for own in homes if self.scope.covers(own.network)]
        outcomes: list[Outcome | None] = [] if len(covered) == len(homes) else [Outcome.OUT_OF_SCOPE]
        others = [one for one in interface.subnets if isinstance(one, IPv4Network) and not self.scope.covers(one)]
        everyone = [] if others else ["255.255.255.255"]  # it reaches every subnet of the link
        for own in covered:
            source = Source(str(own.ip), interface.name, interface.index)
            for address in (str(own.network.broadcast_address), *everyone):
                await self.admit("", len(payload))
                try:
                    sock = self._socket("broadcast", socket.AF_INET, source)
                except OSError as error:
                    return outcome_of(error)[0]
                outcomes.append(await self._put(sock, payload, (address, port)))
        return outcomes[0] if Outcome.OUT_OF_SCOPE in outcomes or None not in outcomes else None

    def join(self, interface: Interface, groups: Iterable[tuple[str, int]]) -> list[str]:
        """Listen to these discovery groups and ports on one link. Returns one line for each that cannot be joined."""
        return [why for group, port in groups if (why := self._listen(group, port, interface))]

    def _listen(self, group: str, port: int, interface: Interface) -> str:
        six = ":" in group
        own = interface.ipv6_link_local if six else interface.ipv4
        if not may_ask_group(group) or own is None:
            return f"{group} port {port} on {interface.name}: no such address family there"
        key = ("listen", port, group)
        try:
            if key not in self._sockets:
                sock = self._new(socket.AF_INET6 if six else socket.AF_INET)
                try:
                    system.bind_to_group(sock, group, port, interface.index)
                except OSError:
                    sock.close()
                    raise
                self._register(key, sock)
            home = interface.ipv4
            system.join_group(self._sockets[key], group, str(home.ip) if home else "", interface.index)
        except OSError as error:
            return f"{group} port {port} on {interface.name}: {(error.strerror or str(error)).lower()}"
        return ""

    def _socket(self, kind: str, family: socket.AddressFamily, source: Source) -> socket.socket:
        key = (kind, family, source.address)
        if key in self._sockets:
            return self._sockets[key]
        sock = self._new(family)
        try:
            if kind == "unicast":
                system.prepare(sock, source)
            else:
                sock.bind(socket_address(source.address, 0, source.zone))
            if kind == "broadcast":
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            elif kind == "multicast":
                system.send_to_groups(sock, source)
        except OSError:
            sock.close()
            raise
        if kind != "unicast":
            self._own.add(sock.getsockname()[:2])
        elif system.GROUP_SOCKETS_HEAR_ALL:
            self._own_ports.add(sock.getsockname()[1])
        self._register(key, sock)
        return sock

    def _new(self, family: socket.AddressFamily) -> socket.socket:
        sock = socket.socket(family, socket.SOCK_DGRAM)
        sock.setblocking(False)
        system.tune_datagrams(sock, _RECEIVE_BUFFER, _SEND_BUFFER)
        return sock

    def _register(self, key: tuple[str, int, str], sock: socket.socket) -> None:
        self._sockets[key] = sock
        hear = self.on_group if key[0] == "listen" else self.on_reply
        system.watch(sock, partial(self._read, sock, hear))

    def _read(self, sock: socket.socket, hear: Callable[[bytes, str, int], None], first: Datagram | None) -> None:
        """Read what has come, and at a slow pace let more come before the next time: each time costs a waking."""
        if self._drain(sock, hear, first) and self.pause is not None:
            system.unwatch(sock)
            self.pause(partial(self._read_on, sock, hear))

    def _read_on(self, sock: socket.socket, hear: Callable[[bytes, str, int], None]) -> None:
        if sock.fileno() >= 0:
            system.watch(sock, partial(self._read, sock, hear))

    async def _put(
        self,
        sock: socket.socket,
        payload: bytes,
        address: tuple[str, int] | tuple[str, int, int, int],
        backoff: Backoff | None = None,
    ) -> Outcome | None:
        self._since_yield += 1
        if self._since_yield >= _YIELD:
            self._since_yield = 0
            await asyncio.sleep(0)
        full_until = time.monotonic() + _CONFIRMED + LIFETIME
        pause, errors = 0.001, 0
        while time.monotonic() < full_until:
            try:
                sock.sendto(payload, address)
            except OSError as error:
                if backoff and error.errno in _STRAINED:
                    backoff.note(Strain.LOCAL, 1)
                if isinstance(error, BlockingIOError) or error.errno == errno.ENOBUFS:
                    # Too much waits for ARP, or the neighbour table is full (a socket with IP_RECVERR gets the error):
                    # others use the table too. It empties as their entries and ours expire.
                    await asyncio.sleep(pause)
                    pause = min(2 * pause, 0.2)
                elif not (self._read_errors(sock) or system.is_of_earlier(error)) or (errors := errors + 1) > _PENDING:
                    return outcome_of(error)[0]  # this datagram's own error, not one that came back for an earlier one
            else:
                if backoff:
                    backoff.note(Strain.LOCAL, 0)
                log.detail("asked by UDP", address[0], port=address[1], bytes=len(payload))
                return None
        return Outcome.NOT_TRIED

    def _drain(self, sock: socket.socket, hear: Callable[[bytes, str, int], None], first: Datagram | None) -> bool:
        """Read what has come; False if more may be left, which wakes us again."""
        until = time.monotonic() + _TURN
        for _ in range(_DRAIN):
            if (now := time.monotonic()) > until:
                return False
            try:
                payload, address = first or sock.recvfrom(_LARGEST)
                first = None
            except BlockingIOError:
                self._read_errors(sock)  # if they stayed in the queue, they would wake us for ever
                return True
            except OSError:
                if self._read_errors(sock) == 0:
                    return True
                continue
            ip, port = address[:2]
            if (ip, port) in self._own or (port in self._own_ports and self.is_own(ip)):
                continue  # our own question, received on the group
            if len(address) == 4 and address[3] and ip.startswith("fe80:"):  # noqa: PLR2004 - IPv6
                ip = f"{ip.partition('%')[0]}%{self.interface_of(address[3])}"
            if self.ration.allows(ip, len(payload), now):
                hear(payload, ip, port)
        return False

    def _read_errors(self, sock: socket.socket) -> int:
        """Pass on the ICMP errors that wait on the socket. Returns how many there were."""
        found = system.refusals(sock, _DRAIN)
        for one in found:
            if one.number and one.ip:
                outcome, _ = outcome_of(OSError(one.number, ""))
                if outcome is Outcome.REFUSED and one.is_of_another(one.ip):
                    outcome = Outcome.UNREACHABLE  # a firewall's way to say so: it tells nothing about the address
                self.on_error(one.ip, one.port, outcome)
            if one.is_prohibited and one.ip and (backoff := self.backoff_for(one.ip)):
                backoff.note(Strain.PROHIBITED, 1)
        return len(found)
