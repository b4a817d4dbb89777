"""RTSP: each maker's answer to OPTIONS. Everything beyond it needs a password."""

from __future__ import annotations

import re
from collections.abc import Callable

from camscan.demo.device import Session, Tcp, Unit
from camscan.demo.wire.http_hikvision import camera_realm

_REQUEST = re.compile(rb"([A-Z_]+) (\S+) RTSP/1\.0\r\n")
_CSEQ = re.compile(rb"^CSeq:\s*(\d{1,9})", re.IGNORECASE | re.MULTILINE)
Answer = Callable[[Unit, str, str], str]
"""Unit, method and CSeq -> the reply."""
HIKVISION = "OPTIONS, DESCRIBE, PLAY, PAUSE, SETUP, TEARDOWN, SET_PARAMETER, GET_PARAMETER"
DAHUA = "OPTIONS, DESCRIBE, ANNOUNCE, SETUP, PLAY, RECORD, PAUSE, TEARDOWN, SET_PARAMETER, GET_PARAMETER"


def service(answer: Answer, *, port: int = 554, gives: tuple[str, ...] = ()) -> Tcp:
    """An RTSP server."""

    async def converse(session: Session) -> None:
        while head := await session.read_line_block():
            session.record_request("rtsp", head)
            found, number = _REQUEST.match(head), _CSEQ.search(head)
            if found is None or number is None:
                await session.send(b"RTSP/1.0 400 Bad Request\r\n\r\n")
                return
            reply = answer(session.unit, found[1].decode(), number[1].decode())
            await session.send(reply.replace("\n", "\r\n").encode())

    return Tcp(port, "rtsp", converse, gives)


def hikvision_answer(*, both: bool = False) -> Answer:
    """The answer of cameras: OPTIONS is free, and the date has two spaces before it. ``both``: Basic is offered too."""

    def answer(unit: Unit, method: str, cseq: str) -> str:
        date = "Date:  Tue, May 14 2024 09:30:01 GMT\n\n"
        if method == "OPTIONS":
            return f"RTSP/1.0 200 OK\nCSeq: {cseq}\nPublic: {HIKVISION}\n{date}"
        realm = camera_realm(unit)
        basic = f'WWW-Authenticate: Basic realm="{realm}"\n' if both else ""
        nonce = unit.hex_text("rtsp", 32)
        digest = f'WWW-Authenticate: Digest realm="{realm}", nonce="{nonce}", stale="FALSE"\n'
        return f"RTSP/1.0 401 Unauthorized\nCSeq: {cseq}\n{digest}{basic}{date}"

    return answer


def old_hikvision_answer(unit: Unit, method: str, cseq: str) -> str:
    """The answer of old recorders."""
    if method == "OPTIONS":
        return f"RTSP/1.0 200 OK\nCSeq: {cseq}\nPublic: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, PAUSE\n\n"
    return (
        f'RTSP/1.0 401 Unauthorized\nCSeq: {cseq}\nWWW-Authenticate: Digest realm="Hikvision",'
        f' nonce="{unit.hex_text("rtsp", 32)}"\nWWW-Authenticate: Basic realm="/"\n\n'
    )


def dahua_answer(*, hashed: bool = False, basic: str = "") -> Answer:
    """The answer of Dahua: a 401 to OPTIONS already. ``basic``: a Basic realm, as ``MediaServer3.0``."""

    def answer(unit: Unit, _method: str, cseq: str) -> str:
        name = unit.hex_text("realm", 32) if hashed else unit.serial
        nonce = unit.hex_text("rtsp", 32)
        challenge = f'Basic realm="{basic}"' if basic else f'Digest realm="Login to {name}", nonce="{nonce}"'
        return f"RTSP/1.0 401 Unauthorized\nCSeq: {cseq}\nWWW-Authenticate: {challenge}\n\n"

    return answer


def dahua_server_answer(unit: Unit, method: str, cseq: str) -> str:
    """The answer of older Dahua: OPTIONS is free and names the server."""
    if method == "OPTIONS":
        return f"RTSP/1.0 200 OK\nCSeq: {cseq}\nServer: Rtsp Server/3.0\nPublic: {DAHUA}\n\n"
    return dahua_answer()(unit, method, cseq)


def other_answer(
    *, server: str = "", public: str = "OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN", realm: str = "", date: str = ""
) -> Answer:
    """The answer of another maker's server.

    ``realm`` may contain ``{mac}``; DESCRIBE gets a 401 with a realm, otherwise a 404.

    No emulated server has a stream at the path that a stranger asks for, and none names one: LIVE555 and GStreamer
    answer with a 404. For the other servers without a realm this is not verified on real hardware.
    """

    def answer(unit: Unit, method: str, cseq: str) -> str:
        top = f"CSeq: {cseq}\n" + (f"Server: {server}\n" if server else "") + (f"Date: {date}\n" if date else "")
        if method == "OPTIONS":
            return f"RTSP/1.0 200 OK\n{top}Public: {public}\n\n"
        if not realm:
            return f"RTSP/1.0 404 Not Found\n{top}\n"
        name = realm.format(mac=unit.mac_tail.upper(), model=unit.model)
        challenge = f'Digest realm="{name}", nonce="{unit.hex_text("r", 32)}"'
        return f"RTSP/1.0 401 Unauthorized\n{top}WWW-Authenticate: {challenge}\n\n"

    return answer
