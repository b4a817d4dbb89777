"""One address as the TCP probes use it: questions in, answers out, and no exception for what the network does."""

from __future__ import annotations

import asyncio
import math
import re
import ssl
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import field, replace

from camscan.dataclass import dataclass
from camscan.model import Outcome
from camscan.net.host import Answer
from camscan.net.http import Reply, wants_tls
from camscan.net.pace import PACKETS_PER_CONVERSATION, Pace
from camscan.net.reading import Ending, Patience, read_reply
from camscan.net.tcp import Connection, NotTls
from camscan.net.timing import RoundTrip
from camscan.net.tls import Hello, client_hello, describe_certificate

TLS_PORTS = frozenset({443, 8443})
"""Ports that are first asked in TLS; any other port is first asked in plain text."""
Talk = Callable[[Connection, float], Awaitable[Answer]]
"""What is sent and received on an established connection, until a ``time.monotonic`` deadline."""
_CREDENTIAL = re.compile(rb"^[ \t]*(?:proxy-)?authorization[ \t]*:", re.IGNORECASE | re.MULTILINE)
_TLS_PACKETS = 3
"""Packets that a handshake costs in addition to a plain conversation."""
_CLOSING_PACKETS = 2
"""Packets of a connection without any data: ACK and FIN."""
_HELLO_LIMIT = 65536
_TOO_LONG = "longer than is read of one reply"


@dataclass(slots=True, weakref_slot=True)
class Gate:
    """One address: its only connection, and the rest of its budget."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    free_at: float = 0.0
    connections: int = 0
    requests: int = 0
    tls: dict[int, bool] = field(default_factory=dict)
    """Port -> whether it speaks TLS, if that is known."""
    open: set[int] = field(default_factory=set)
    """Ports on which a connection was established."""
    round_trip: RoundTrip = field(default_factory=RoundTrip)
    answers: RoundTrip = field(default_factory=RoundTrip)
    """Time from a question to the first byte of its answer."""
    filtered: int = 0
    """Ports on which no SYN was answered, not even the repeated one."""
    hung: bool = False
    """Whether it has left a connection hanging."""
    patience: float = math.inf
    """Seconds for which open connections are still waited for; limited once one was left hanging."""


@dataclass(slots=True)
class Conversation:
    """One address behind the door (the ``Host`` of TCP probes). No method raises an exception for the network."""

    ip: str
    gate: Gate = field(repr=False)
    converse: Callable[[str, Gate, int, Talk, int], Awaitable[Answer]] = field(repr=False)
    """The door's function: it waits for its turn, connects, talks and closes. The last argument is the packets for the
    talk."""
    pace: Pace = field(repr=False)
    context: ssl.SSLContext = field(repr=False)
    sent: Counter[str] = field(repr=False)

    @property
    def is_given_up(self) -> bool:
        """Whether the device has left connections hanging for as long as camscan waits."""
        return self.gate.patience <= 0

    async def reachable(self, port: int) -> Answer:
        """Connect and close, nothing else; ANSWERED if the port is open."""

        async def talk(_connection: Connection, _deadline: float) -> Answer:
            return Answer(port, Outcome.ANSWERED)

        return await self.converse(self.ip, self.gate, port, talk, _CLOSING_PACKETS)

    async def exchange(self, port: int, request: bytes, *, until: bytes = b"", limit: int = 65536) -> Answer:
        """Connect, send ``request``, read until ``until``, the end, ``limit`` bytes or the time limit, and close.

        If ``until`` is an empty line, a line without carriage returns counts too, as some cameras write it.
        """
        self._refuse_credentials(request)
        ends = (until, until.replace(b"\r", b"")) if until else ()

        async def talk(connection: Connection, deadline: float) -> Answer:
            received = bytearray()
            is_met = False

            def feed(data: bytes) -> bool:
                nonlocal is_met
                start = max(0, len(received) - len(until))
                received.extend(data[: limit - len(received)])
                is_met = is_met or any(received.find(end, start) >= 0 for end in ends)
                return len(received) >= limit or is_met

            ending = await self._ask(connection, request, feed, deadline)
            return _make_answer(
                port, ending, bytes(received), connection, is_endless=len(received) >= limit and not is_met
            )

        return await self.converse(self.ip, self.gate, port, talk, PACKETS_PER_CONVERSATION)

    async def http(self, port: int, request: bytes, *, limit: int = 65536) -> Answer:
        """Send one HTTP request, and read its reply leniently; TLS if the port speaks it.

        The payload is status line, headers, blank line and body, de-chunked and unzipped. Redirects are not followed.
        If the port speaks TLS and was asked in plain text, or the reverse, it is asked once more.
        """
        self._refuse_credentials(request)
        known = self.gate.tls.get(port)
        secure = port in TLS_PORTS if known is None else known
        answer = await self._http(port, request, limit, secure=secure)
        if answer.is_cut_off:
            mistaken = False
        elif secure:
            mistaken = answer.outcome is Outcome.NOT_SPOKEN
        else:  # some servers close without a message if they expected TLS
            mistaken = answer.outcome is Outcome.CLOSED or wants_tls(answer.payload)
        if mistaken and known is None:
            other = await self._http(port, request, limit, secure=not secure)
            if other.outcome is Outcome.ANSWERED:
                self.gate.tls[port] = not secure
                return other
        self.gate.tls[port] = secure
        return answer

    async def certificate(self, port: int) -> Answer:
        """Make a TLS handshake only. The payload is lines ``subject=``, ``issuer=``, ``sha256=`` and more.

        A server that OpenSSL refuses is asked once more with a bare ClientHello, which reads the certificate of
        anything up to TLS 1.2.
        """

        async def talk(connection: Connection, _deadline: float) -> Answer:
            try:
                await self._shake_hands(connection)
            except NotTls:
                return Answer(port, Outcome.NOT_SPOKEN)
            if not connection.certificate:
                return Answer(port, Outcome.CLOSED, detail="TLS without a certificate")
            return Answer(port, Outcome.ANSWERED, describe_certificate(connection.certificate, connection.version))

        async def bare(connection: Connection, deadline: float) -> Answer:
            hello, left = Hello(), _HELLO_LIMIT

            def feed(data: bytes) -> bool:
                nonlocal left
                left -= len(data)
                return hello.feed(data) or left <= 0

            ending = await self._ask(connection, client_hello(), feed, deadline)
            if der := hello.certificate:
                return Answer(port, Outcome.ANSWERED, describe_certificate(der, hello.version), has_hung=ending.hung)
            if left <= 0 or ending.is_cut_off:
                detail = "cut off: a TLS handshake without end or certificate"
                return replace(
                    *(first,), outcome=Outcome.MALFORMED, payload=connection.head, detail=detail, is_cut_off=True
                )
            return replace(first, has_hung=ending.hung)

        packets = PACKETS_PER_CONVERSATION + _TLS_PACKETS
        first = await self.converse(self.ip, self.gate, port, talk, packets)
        if first.outcome is Outcome.CLOSED:
            return await self.converse(self.ip, self.gate, port, bare, packets)
        return first

    async def _http(self, port: int, request: bytes, limit: int, *, secure: bool) -> Answer:
        async def talk(connection: Connection, deadline: float) -> Answer:
            if secure:
                try:
                    await self._shake_hands(connection)
                except NotTls:
                    return Answer(port, Outcome.NOT_SPOKEN, detail="the port does not speak TLS")
            reply = Reply(limit)
            ending = await self._ask(connection, request, reply.feed, deadline)
            answer = _make_answer(port, ending, reply.payload(), connection, is_endless=reply.is_endless)
            if reply.is_too_long:
                return replace(answer, detail=answer.detail or _TOO_LONG, is_too_long=True)
            return answer

        return await self.converse(
            self.ip, self.gate, port, talk, PACKETS_PER_CONVERSATION + (_TLS_PACKETS if secure else 0)
        )

    async def _shake_hands(self, connection: Connection) -> None:
        async with asyncio.timeout(self._patience.first):
            await connection.start_tls(self.context)

    @property
    def _patience(self) -> Patience:
        """How long to wait: as long as the device's own answers take.

        A device that hangs everywhere gets less time again.
        """
        pace, own = self.pace, self.gate.answers
        if own.samples:
            first = min(max(own.wait, pace.read_timeout), pace.answer_timeout)
        else:
            first = pace.read_timeout / 2 if self.gate.hung else pace.answer_timeout
        return Patience(first, pace.read_timeout, pace.reply_timeout)

    async def _ask(
        self, connection: Connection, request: bytes, feed: Callable[[bytes], bool], deadline: float
    ) -> Ending:
        if request:
            await connection.send(request)
            self.sent["bytes"] += len(request)
        ending = await read_reply(connection, feed, self._patience, deadline)
        if ending.hung:
            self.gate.hung = True
        elif ending.received:
            self.gate.answers.observe(ending.first)
        return ending

    @staticmethod
    def _refuse_credentials(request: bytes) -> None:
        """Raise an error if a request holds a credential: the last check, after the probes' own lists."""
        if _CREDENTIAL.search(request):
            raise ValueError("a request of a scan must not carry a credential")


def _make_answer(port: int, ending: Ending, payload: bytes, connection: Connection, *, is_endless: bool) -> Answer:
    """The Answer of an exchange. If the peer was cut off before its reply began, the first bytes are kept.

    ``is_endless``: the reply reached the limit without an end.
    """
    is_cut_off = ending.is_cut_off or is_endless
    detail = ending.detail or ("cut off: no end of the reply was in sight" if is_endless else "")
    payload = payload or (connection.head if is_cut_off else b"")
    return Answer(port, ending.outcome, payload, detail, has_hung=ending.hung, is_cut_off=is_cut_off)
