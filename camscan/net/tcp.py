"""One TCP connection, plain or TLS, and the words for everything that can go wrong with it."""

from __future__ import annotations

import asyncio
import contextlib
import enum
import errno
import math
import socket
import ssl
from collections.abc import Awaitable, Callable

from camscan.dataclass import dataclass
from camscan.model import Outcome
from camscan.net import system
from camscan.net.system import Source

_UNREACHABLE = {
    errno.EHOSTUNREACH: "no such neighbour, or a router says so",
    errno.ENETUNREACH: "no route",
    errno.EHOSTDOWN: "the host is down",
    errno.EACCES: "the local firewall forbids it",
    errno.EPERM: "the local firewall forbids it",
    errno.EINVAL: "a link-local address needs --interface",
    errno.EADDRNOTAVAIL: "no local address to send from",
}
_EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_RECEIVE = 16384
_WAITING = 32768
"""About how many bytes may wait to be read. A peer that sends more waits; each of its packets costs us half a one."""
_LARGEST = 1024 * 1024
"""Maximum bytes that are read from one connection, whatever they are; the largest reply has a quarter of it."""
_POURED = 65536
"""Bytes without any of a reply after which a peer counts as pouring, and not as silent."""
_SEGMENT = 1448
"""Bytes that a packet of a reply holds at most on Ethernet, time stamps aside (RFC 6691, RFC 7323)."""
_HEAD = 1024
"""Bytes that are kept of a peer that is cut off before a reply began."""
_PROMPT = 4
"""Reads of a connection without a turn of the loop between them: ``sock_recv`` gives none while bytes wait."""
_UNHURRIED = 64
"""Reads of a connection after which …"""
_PAUSE = 0.02
"""… so many seconds are left between two reads, so that small pieces gather: a reply in single bytes costs no more."""
_GATHERED = 20
"""Pieces that gather in this pause at most, as far as they are estimated: one in a millisecond."""
_DISCARD = 65536
"""Unread bytes that are read before closing, so that the camera sees FIN and not RST."""


class Obstacle(enum.Enum):
    """Who says that a connection cannot be made."""

    PEER = "peer"
    """The peer itself, by a reset; or nobody says anything."""
    HEARSAY = "hearsay"
    """An ICMP error, which any router on the way can send in the peer's name."""
    FIREWALL = "firewall"
    """A firewall; a missing route or host is not the reason."""


class NotTls(Exception):  # noqa: N818 - an outcome, not an error
    """The peer answered the handshake with something that is not TLS."""


class TooManyBytes(OSError):  # noqa: N818 - an outcome, not an error
    """The peer has sent more than any reply has."""

    def __init__(self) -> None:
        """Set the message to the words of an outcome."""
        super().__init__(errno.EMSGSIZE, "it sends without end")


def outcome_of(error: OSError) -> tuple[Outcome, str]:
    """Outcome and detail of a failed connect or send."""
    number = system.error_number(error)
    if isinstance(error, TimeoutError) or number == errno.ETIMEDOUT:
        return Outcome.TIMED_OUT, ""
    if number in {errno.ECONNREFUSED, errno.ECONNRESET}:
        return Outcome.REFUSED, ""
    if number in _UNREACHABLE:
        return Outcome.UNREACHABLE, _UNREACHABLE[number]
    if number in _EXHAUSTED:
        return Outcome.NOT_TRIED, "this machine is out of sockets or memory: choose a slower pace"
    return Outcome.UNREACHABLE, (error.strerror or type(error).__name__).lower()


def socket_address(ip: str, port: int, zone: int) -> tuple[str, int] | tuple[str, int, int, int]:
    """The address in the form of the system; ``zone`` is used for link-local IPv6 that names none itself."""
    if ":" not in ip:
        return ip, port
    plain, _, name = ip.partition("%")
    if name:
        with contextlib.suppress(OSError):
            zone = system.zone_index(name)
    return plain, port, 0, zone if plain.lower().startswith(("fe8", "fe9", "fea", "feb")) else 0


@dataclass(frozen=True, slots=True)
class Wire:
    """The packets of one connection."""

    packets: int
    """Packets that we sent, with those of its end; 0 if the system does not count them."""
    repeated: int
    """How many of them were repetitions: the first one, or its answer, was lost."""
    round_trip: float
    """Seconds, as the system measured them; 0 if it did not."""


class Connection:
    """One connection, from its SYN on. Not safe to share between tasks; close it in a ``finally``."""

    def __init__(self, ip: str, source: Source, allow: Callable[[int, int], Awaitable[None]]) -> None:
        """Nothing is sent yet. ``allow`` waits until so many packets may be sent, and more than so many bytes received.

        Raises OSError.
        """
        self._loop = asyncio.get_running_loop()
        self._source = source
        self._allow = allow
        self._ip = ip
        self._tls: ssl.SSLObject | None = None
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._reads = 0
        self._taken = 0
        self._sends = 0
        self._pieces = 0
        self.head = b""
        """The first bytes that arrived, whatever they are."""
        self._sock = socket.socket(socket.AF_INET6 if ":" in ip else socket.AF_INET, socket.SOCK_STREAM)
        try:
            self._sock.setblocking(False)
            self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            system.tune_connection(self._sock)
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _WAITING)
            system.prepare(self._sock, source)
        except BaseException:
            self._sock.close()
            raise

    async def open(self, port: int, timeout: float) -> None:  # noqa: ASYNC109 - seconds
        """Connect, or raise OSError (TimeoutError after ``timeout`` seconds)."""
        async with asyncio.timeout(timeout):
            await self._loop.sock_connect(self._sock, socket_address(self._ip, port, self._source.zone))

    def why_not(self, error: OSError) -> Obstacle:
        """Who ended the attempt to connect."""
        told = [one for one in system.refusals(self._sock, 1) if one.number]
        number = system.error_number(error)
        if number in {errno.EACCES, errno.EPERM}:  # ICMPv6; this machine's own
            return Obstacle.FIREWALL
        if any(one.is_prohibited for one in told):
            return Obstacle.FIREWALL
        if number == errno.ECONNREFUSED and any(one.is_of_another(self._ip) for one in told):
            return Obstacle.FIREWALL
        return Obstacle.HEARSAY if told else Obstacle.PEER

    async def start_tls(self, context: ssl.SSLContext) -> None:
        """Make the handshake without a server name. Raises NotTls, ssl.SSLError, Endless or another OSError."""
        tls = context.wrap_bio(self._incoming, self._outgoing)
        first = True
        while True:
            try:
                tls.do_handshake()
            except ssl.SSLWantReadError:
                await self._flush()
                data = await self._take()
                if first and data and data[:1] not in {b"\x15", b"\x16"}:
                    raise NotTls(data[:40].decode("latin-1")) from None
                first = False
                if not data:
                    raise ConnectionResetError(errno.ECONNRESET, "closed during the TLS handshake") from None
                self._incoming.write(data)
            except ssl.SSLError:
                with contextlib.suppress(OSError):
                    await self._flush()  # our alert shows the camera that it was not an accident
                raise
            else:
                await self._flush()
                self._tls = tls
                return

    @property
    def certificate(self) -> bytes:
        """DER of the peer's certificate; empty if it showed none."""
        return (self._tls.getpeercert(True) if self._tls else None) or b""

    @property
    def version(self) -> str:
        """TLS version, such as ``TLSv1.2``; empty on a plain connection."""
        return (self._tls.version() if self._tls else None) or ""

    @property
    def has_poured(self) -> bool:
        """Whether more bytes arrived than any handshake has."""
        return self._taken > _POURED

    async def send(self, data: bytes) -> None:
        """Send everything, or raise OSError."""
        if self._tls is None:
            self._sends += 1
            await self._loop.sock_sendall(self._sock, data)
            return
        self._tls.write(data)
        await self._flush()

    async def receive(self) -> bytes:
        """Return some bytes, or none at the end. Raises OSError (ssl.SSLError and Endless are OSErrors)."""
        if self._tls is None:
            return await self._take()
        while True:
            try:
                return self._tls.read(_RECEIVE)
            except ssl.SSLWantReadError:
                await self._flush()
                data = await self._take()
                if not data:
                    return b""
                self._incoming.write(data)
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return b""

    def close(self, *, reset: bool = False) -> Wire:
        """Close; with a reset if the peer hangs, otherwise without one if it has sent little that was not read."""
        left = 0 if reset else _DISCARD
        with contextlib.suppress(OSError, ValueError):
            while left > 0 and (data := self._sock.recv(_RECEIVE)):
                left -= len(data)
        wire = self._wire(reset=reset)
        if reset:
            system.expect_reset(self._sock)
        self._sock.close()
        return wire

    def _wire(self, *, reset: bool) -> Wire:
        """The system's counts, with the packets of the end that is to come: FIN, and ACK of theirs; or RST."""
        found = system.traffic(self._sock)
        if found is None or not found.sent:
            return Wire(0 if found is None else 1, 0, 0.0)
        ending = 0 if found.is_over else 1 if reset or not found.is_established else 2
        return Wire(found.sent + ending, found.repeated, found.round_trip if found.has_spoken else 0.0)

    async def _take(self) -> bytes:
        """Read what has arrived: the only place that reads, limited in bytes, and others get their turn.

        A peer may keep TLS busy for ever without a byte of a reply: HelloRequest, empty records, tickets, new keys. Its
        bytes are read no faster than they may be acknowledged, which is done late (after 40 ms), and not for each small
        piece.
        """
        found = system.traffic(self._sock)
        await self._allow(found.sent if found else self._estimate(), self._taken)
        system.acknowledge_late(self._sock)
        self._reads += 1
        if self._reads > _PROMPT:
            await asyncio.sleep(_PAUSE if self._reads > _UNHURRIED else 0)
        data = await self._loop.sock_recv(self._sock, _RECEIVE)
        self._pieces += self._count_pieces(len(data))
        self._taken += len(data)
        self.head += data[: _HEAD - len(self.head)]
        if self._taken > _LARGEST:
            raise TooManyBytes
        return data

    def _estimate(self) -> int:
        """Packets sent so far, if the system does not count them: SYN, ACK, our questions, an ACK for each piece."""
        return 2 + self._sends + self._pieces

    def _count_pieces(self, size: int) -> int:
        """In how many packets so many bytes came, about: each read takes one, until pieces gather between two reads."""
        least = max(1, math.ceil(size / _SEGMENT))
        if self._reads <= _UNHURRIED:
            return least
        return max(least, min(_GATHERED, math.ceil(size * self._pieces / max(1, self._taken))))

    async def _flush(self) -> None:
        if data := self._outgoing.read():
            self._sends += 1
            await self._loop.sock_sendall(self._sock, data)
