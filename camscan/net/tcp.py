"""One TCP connection, plain or TLS, and the words for what can go wrong with it."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass

from camscan.model import Outcome

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
_SYNCNT = 1
"""SYN retransmissions: one, a second after the first, so that a lost packet loses no camera."""
_RECEIVE = 16384
_DISCARD = 65536
"""Unread bytes swallowed before closing, so that the camera sees FIN and not RST."""


class NotTls(Exception):  # noqa: N818 - an outcome, not an error
    """The peer answered the handshake with something that is not TLS."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a connection starts: address and device of the chosen interface, empty where the system may choose."""

    address: str = ""
    device: str = ""
    zone: int = 0
    """Interface index, for link-local IPv6."""


def outcome_of(error: OSError) -> tuple[Outcome, str]:
    """Outcome and detail of a failed connect or send."""
    if isinstance(error, TimeoutError) or error.errno == errno.ETIMEDOUT:
        return Outcome.TIMED_OUT, ""
    if error.errno in {errno.ECONNREFUSED, errno.ECONNRESET}:
        return Outcome.REFUSED, ""
    if error.errno in _UNREACHABLE:
        return Outcome.UNREACHABLE, _UNREACHABLE[error.errno]
    if error.errno in _EXHAUSTED:
        return Outcome.NOT_TRIED, "this machine is out of sockets or memory: choose a slower pace"
    return Outcome.UNREACHABLE, (error.strerror or type(error).__name__).lower()


def socket_address(ip: str, port: int, zone: int) -> tuple[str, int] | tuple[str, int, int, int]:
    """What the system takes for an address; ``zone`` is used for link-local IPv6 that names none itself."""
    if ":" not in ip:
        return ip, port
    plain, _, name = ip.partition("%")
    if name:
        with contextlib.suppress(OSError):
            zone = int(name) if name.isdigit() else socket.if_nametoindex(name)
    return plain, port, 0, zone if plain.lower().startswith(("fe8", "fe9", "fea", "feb")) else 0


def prepare(sock: socket.socket, source: Source) -> None:
    """Bind to the chosen interface, as far as an ordinary user may."""
    if source.device:
        with contextlib.suppress(PermissionError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, source.device.encode())
    if source.address:
        sock.setsockopt(socket.IPPROTO_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT: the port is chosen per destination
        sock.bind(socket_address(source.address, 0, source.zone))


class Connection:
    """An established connection. Not safe to share between tasks; close it in a ``finally``."""

    def __init__(self, sock: socket.socket, loop: asyncio.AbstractEventLoop) -> None:
        self._sock = sock
        self._loop = loop
        self._tls: ssl.SSLObject | None = None
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()

    @classmethod
    async def open(cls, ip: str, port: int, timeout: float, source: Source) -> Connection:  # noqa: ASYNC109 - seconds
        """Connect, or raise OSError (TimeoutError after ``timeout`` seconds)."""
        loop = asyncio.get_running_loop()
        sock = socket.socket(socket.AF_INET6 if ":" in ip else socket.AF_INET, socket.SOCK_STREAM)
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_SYNCNT, _SYNCNT)
            prepare(sock, source)
            async with asyncio.timeout(timeout):
                await loop.sock_connect(sock, socket_address(ip, port, source.zone))
        except BaseException:
            sock.close()
            raise
        return cls(sock, loop)

    async def start_tls(self, context: ssl.SSLContext) -> None:
        """Shake hands without a server name; raises NotTls, ssl.SSLError or OSError."""
        tls = context.wrap_bio(self._incoming, self._outgoing)
        first = True
        while True:
            try:
                tls.do_handshake()
            except ssl.SSLWantReadError:
                await self._flush()
                data = await self._loop.sock_recv(self._sock, _RECEIVE)
                if first and data and data[:1] not in {b"\x15", b"\x16"}:
                    raise NotTls(data[:40].decode("latin-1")) from None
                first = False
                if not data:
                    raise ConnectionResetError(errno.ECONNRESET, "closed during the TLS handshake") from None
                self._incoming.write(data)
            except ssl.SSLError:
                with contextlib.suppress(OSError):
                    await self._flush()  # our alert tells the camera that it was no accident
                raise
            else:
                await self._flush()
                self._tls = tls
                return

    @property
    def certificate(self) -> bytes:
        """DER of the peer's certificate; empty where it showed none."""
        return (self._tls.getpeercert(True) if self._tls else None) or b""

    @property
    def version(self) -> str:
        """TLS version, such as ``TLSv1.2``; empty on a plain connection."""
        return (self._tls.version() if self._tls else None) or ""

    async def send(self, data: bytes) -> None:
        """Send everything, or raise OSError."""
        if self._tls is None:
            await self._loop.sock_sendall(self._sock, data)
            return
        self._tls.write(data)
        await self._flush()

    async def receive(self) -> bytes:
        """Some bytes, or none at the end; raises OSError (ssl.SSLError is one)."""
        if self._tls is None:
            return await self._loop.sock_recv(self._sock, _RECEIVE)
        while True:
            try:
                return self._tls.read(_RECEIVE)
            except ssl.SSLWantReadError:
                await self._flush()
                data = await self._loop.sock_recv(self._sock, _RECEIVE)
                if not data:
                    return b""
                self._incoming.write(data)
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return b""

    def close(self) -> None:
        """Close without a reset where the peer has sent no more than a little that nobody read."""
        with contextlib.suppress(OSError, ValueError):
            left = _DISCARD
            while left > 0 and (data := self._sock.recv(_RECEIVE)):
                left -= len(data)
        self._sock.close()

    async def _flush(self) -> None:
        if data := self._outgoing.read():
            await self._loop.sock_sendall(self._sock, data)


@dataclass(frozen=True, slots=True)
class Ending:
    """Why reading stopped: ``complete``, ``closed``, ``reset``, ``silent`` (for too long) or ``late`` (in all)."""

    why: str
    received: int

    @property
    def outcome(self) -> Outcome:
        """What it means for the conversation: any byte is an answer."""
        if self.received:
            return Outcome.ANSWERED
        return Outcome.CLOSED if self.why in {"complete", "closed", "reset"} else Outcome.TIMED_OUT

    @property
    def detail(self) -> str:
        """One line where the reply may be cut short, else empty."""
        if not self.received:
            return ""
        return {"reset": "reset while answering", "silent": "fell silent while answering"}.get(
            self.why, "cut off: the reply took too long" if self.why == "late" else ""
        )


async def read(connection: Connection, feed: Callable[[bytes], bool], idle: float, deadline: float) -> Ending:
    """Feed what comes until ``feed`` says it is enough, the peer ends, ``idle`` seconds pass, or ``deadline`` does.

    ``deadline`` is a reading of ``time.monotonic``: a byte a second keeps no connection open.
    """
    received = 0
    while True:
        left = deadline - time.monotonic()
        if left <= 0:
            return Ending("late", received)
        try:
            async with asyncio.timeout(min(idle, left)):
                data = await connection.receive()
        except TimeoutError:
            return Ending("silent" if idle < left else "late", received)
        except OSError:
            return Ending("reset", received)
        if not data:
            return Ending("closed", received)
        received += len(data)
        if feed(data):
            return Ending("complete", received)
