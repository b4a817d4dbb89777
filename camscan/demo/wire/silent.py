"""TCP ports that accept a connection and send nothing, and hostile servers."""

from __future__ import annotations

from camscan.demo.device import Session, Tcp
from camscan.demo.wire.http import read_request


def connect_only_port(number: int, protocol: str = "sdk") -> Tcp:
    """A private port (Hikvision SDK 8000, Dahua 37777 of newer firmware): connect only.

    Any byte breaks a rule, except on a ``dvrip`` port: the realm request is allowed there, and gets no answer.
    """

    async def converse(session: Session) -> None:
        sent = await session.read_until_closed()
        if sent:
            session.record_request(protocol, sent)

    return Tcp(number, protocol, converse)


def mute_port(number: int, protocol: str = "http") -> Tcp:
    """A port that reads one request and never answers."""

    async def converse(session: Session) -> None:
        await read_request(session, protocol)
        await session.read_until_closed()

    return Tcp(number, protocol, converse)


def resetting_port(number: int) -> Tcp:
    """A port that resets every connection at once."""

    async def converse(session: Session) -> None:
        session.reset()

    return Tcp(number, "reset", converse)


def pouring_port(
    number: int, first: bytes, rest: bytes, *, times: int, pause: float = 0.0, protocol: str = "http"
) -> Tcp:
    """A port that reads a request, then sends ``first`` and ``rest`` up to ``times`` times, ``pause`` seconds apart."""

    async def converse(session: Session) -> None:
        if not await read_request(session, protocol):
            return
        await session.send(first)
        for count in range(times):
            if pause:
                await session.pause(pause)
            await session.send(rest[count % len(rest) : count % len(rest) + 1] if pause else rest)

    return Tcp(number, protocol, converse, patience=3600.0)


def flooding_port(number: int, rest: bytes, *, protocol: str = "tls") -> Tcp:
    """A port that waits for the first byte of a TLS handshake, then sends ``rest`` for as long as anybody listens."""

    async def converse(session: Session) -> None:
        if not await session.read_exactly(1):
            return
        while True:
            await session.send(rest)
            await session.pause(0)

    return Tcp(number, protocol, converse, patience=60.0)


def greeting_port(number: int, greeting: bytes, protocol: str = "banner") -> Tcp:
    """A port that greets on connect (Telnet, FTP, Zosi) and then listens."""

    async def converse(session: Session) -> None:
        await session.send(greeting)
        sent = await session.read_until_closed()
        if sent:
            session.record_request(protocol, sent)

    return Tcp(number, protocol, converse)
