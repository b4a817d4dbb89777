"""The scanner's side of camscan-link: it starts that program, and reads its messages (``docs/camscan-link.md``).

Only camscan-link may have the privilege to send and receive raw packets. If it cannot work without the privilege, the
interface or scapy, every function here raises :class:`Unavailable`; the scan says what it will miss, and continues.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import ipaddress
import json
import os
import subprocess
import sys
import threading
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from camscan.dataclass import dataclass
from camscan.errors import CamscanError
from camscan.model import Reply
from camscan.net import system

_LONGEST_LINE = 1 << 20
_MOST_PPS = 100_000
_PIECE = 1 << 20
_UNREADABLE = "camscan-link said something that cannot be read"
_STEER_EVERY = 0.2
"""Seconds between two checks of the pace."""


class Unavailable(CamscanError):  # noqa: N818 - what it says: this machine cannot do that
    """camscan-link cannot do this here; the message says why, in a few words without a full stop."""

    @property
    def is_for_good(self) -> bool:
        """Whether camscan-link can never run on this system."""
        return str(self) == system.NO_RAW_PACKETS


async def available(interface: str) -> str | None:
    """Why raw packets cannot be sent on an interface; None if they can. Sends nothing."""
    try:
        async for _ in _run_program("check", "--interface", interface):
            pass
    except Unavailable as error:
        return str(error)
    return None


async def arp_sweep(
    interface: str,
    targets: Iterable[str],
    pps: float,
    *,
    rounds: int = 5,
    wait: float = 0.8,
    linger: float = 0.0,
    on_asked: Callable[[], None] = lambda: None,
    on_asks: Callable[[bool], None] = lambda _asks: None,
) -> AsyncGenerator[tuple[str, str]]:
    """Ask IPv4 addresses or prefixes of an attached subnet for their MAC; yields (address, MAC) as the answers come.

    ``pps`` is frames per second, ``wait`` the seconds after each round. The rounds end when nobody new answers; late
    answers are accepted for ``linger`` seconds more. An address with two MACs is yielded twice. ``on_asked`` is called
    when all have been asked once; ``on_asks`` with False when a round has been sent, and with True before the next one.
    Raises Unavailable, also for a target that is not on a subnet attached to the interface.
    """
    networks = ipaddress.collapse_addresses(ipaddress.IPv4Network(target) for target in targets)
    asked = [str(network) for network in networks]
    if not asked:
        return
    arguments = ("--interface", interface, "--pps", str(_whole_number(pps)))
    times = ("--rounds", str(rounds), "--wait", str(wait), "--linger", str(linger))
    messages = _run_program("arp-sweep", *arguments, *times, request={"targets": asked})
    async with contextlib.aclosing(messages):
        async for message in messages:
            if message.get("asked_once"):
                on_asked()
            elif "asks" in message:
                on_asks(bool(message["asks"]))
            elif "ip" in message:
                yield _read_text(message, "ip"), _read_text(message, "mac")


@dataclass(frozen=True, slots=True)
class FinishedStretch:
    """A stretch of addresses, first and last included, whose answers are complete."""

    first: str
    last: str


async def syn_sweep(
    interface: str,
    gateway: str,
    targets: Iterable[str],
    ports: Sequence[int],
    pps: Callable[[], float],
    *,
    authorised: Iterable[str] = (),
    rounds: int = 2,
    wait: float = 1.0,
    on_late: Callable[[int, int], None] = lambda _late, _of: None,
    on_unreachable: Callable[[str], None] = lambda _ip: None,
) -> AsyncGenerator[str | FinishedStretch]:
    """Find the addresses behind a router that answer TCP. Yields each living address once, and finished stretches.

    Living addresses of a stretch come before it. ``pps`` is called at intervals, and returns the packets per second
    that may be sent; ``wait`` is the seconds for the last answers; ``authorised`` are networks outside RFC 1918 that
    may be asked. ``on_late`` gets the number of devices that answered only when asked again, and the number of all that
    answered; ``on_unreachable`` gets addresses to which a router knows no way. Raises Unavailable.
    """
    asked = {"targets": list(targets), "ports": list(ports), "authorised": list(authorised)}
    arguments = ("--interface", interface, "--gateway", gateway, "--pps", str(_whole_number(pps())), "--steered")
    times = ("--rounds", str(rounds), "--wait", str(wait))
    messages = _run_program("syn-sweep", *arguments, *times, request=asked, pps=pps)
    async with contextlib.aclosing(messages):
        async for message in messages:
            if "ip" in message:
                yield _read_text(message, "ip")
            elif "swept" in message:
                yield _read_stretch(message["swept"])
            elif "unreachable" in message:
                on_unreachable(message["unreachable"])
            elif "late" in message:
                on_late(_read_number(message, "late"), _read_number(message, "of"))


async def sadp_layer2(interface: str, *, seconds: float = 3.0) -> AsyncGenerator[Reply]:
    """Send Hikvision's inquiry on the link layer, twice; yields an answer of probe ``sadp`` for each device.

    It finds devices whose IP address is in the wrong subnet. The payload is the XML form of the answer's fields.
    """
    messages = _run_program("sadp-l2", "--interface", interface, "--seconds", str(seconds))
    async with contextlib.aclosing(messages):
        async for message in messages:
            if "protocol" in message:
                yield _read_reply(message)


async def listen(interface: str, *, seconds: float) -> AsyncGenerator[Reply]:
    """Send nothing; yield what devices on the link say about themselves, each thing once."""
    messages = _run_program("listen", "--interface", interface, "--seconds", str(seconds))
    async with contextlib.aclosing(messages):
        async for message in messages:
            if "protocol" in message:
                yield _read_reply(message)


@dataclass(frozen=True, slots=True)
class CaptureSummary:
    """What camscan-link reports about a capture file that it has read."""

    packets: int
    left_out: int
    """Replies beyond the limit for one address, or for one file."""
    unread: Mapping[str, int]
    """Reason -> packets that could not be read."""
    cut: str
    """Position and reason of the break in the file; empty if it is complete. Everything before it has been yielded."""


def read(
    take: Callable[[int], bytes], undated: datetime, *, also: Iterable[str] = ()
) -> Iterator[Reply | CaptureSummary]:
    """What devices say about themselves in a capture (pcap or pcapng), each thing once; at the end, CaptureSummary.

    ``take`` returns the next bytes of the capture, at most so many, and none at its end. ``undated`` is the time for
    packets without one. Only devices with private addresses, or addresses in the networks ``also``, count. Raises
    Unavailable, also if it is not a capture.
    """
    networks = [argument for network in also for argument in ("--also", network)]
    program, environment = _link_program()
    pipe = subprocess.PIPE
    try:
        process = subprocess.Popen(  # noqa: S603 - camscan-link, with fixed arguments
            [*program, "read", *networks, "-"], stdin=pipe, stdout=pipe, stderr=pipe, env=environment
        )
    except OSError as error:
        raise Unavailable(f"camscan-link cannot be started: {error.strerror}") from None
    with process:
        threading.Thread(target=_feed_capture, args=(take, process.stdin), daemon=True).start()
        try:
            yield from _read_heard(process, undated)
        finally:
            process.kill()


def _feed_capture(take: Callable[[int], bytes], stdin: IO[bytes] | None) -> None:
    """Pass the capture on, piece by piece, until it or camscan-link ends."""
    if stdin is None:
        return
    with contextlib.suppress(OSError, ValueError), stdin:  # an unreadable file ends there, and is reported as cut
        while piece := take(_PIECE):
            stdin.write(piece)


def _read_heard(process: subprocess.Popen[bytes], undated: datetime) -> Iterator[Reply | CaptureSummary]:
    if process.stdout is None or process.stderr is None:
        raise Unavailable("camscan-link was started without pipes")
    while line := process.stdout.readline(_LONGEST_LINE):
        message = _parse_object(line)
        if "protocol" in message:
            yield _read_reply(message, undated)
        elif message.get("done"):
            yield _read_captured(message)
            return
    complaint = process.stderr.read(_LONGEST_LINE).decode("utf-8", "replace")
    raise Unavailable(_describe_failure(complaint, process.wait()))


def _read_captured(message: Mapping[str, Any]) -> CaptureSummary:
    unread = message.get("unread", {})
    cut, left_out = message.get("cut", ""), message.get("left_out", 0)
    if not (isinstance(unread, dict) and isinstance(cut, str) and isinstance(left_out, int)):
        raise Unavailable(_UNREADABLE)
    return CaptureSummary(_read_number(message, "packets"), left_out, unread, cut)


async def _steer_pace(stdin: asyncio.StreamWriter, pps: Callable[[], float]) -> None:
    """Tell a sweep the pace whenever it has changed."""
    told = _whole_number(pps())
    while True:
        await asyncio.sleep(_STEER_EVERY)
        if (now := _whole_number(pps())) != told:
            told = now
            try:
                stdin.write(json.dumps({"pps": now}).encode() + b"\n")
                await stdin.drain()
            except (BrokenPipeError, ConnectionResetError):
                return  # it has ended


def _whole_number(pps: float) -> int:
    return min(max(int(pps), 1), _MOST_PPS)


def _read_text(message: Mapping[str, Any], name: str) -> str:
    if isinstance(text := message.get(name), str):
        return text
    raise Unavailable(_UNREADABLE)


def _read_number(message: Mapping[str, Any], name: str) -> int:
    if isinstance(number := message.get(name), int):
        return number
    raise Unavailable(_UNREADABLE)


def _read_stretch(ends: Any) -> FinishedStretch:
    match ends:
        case [str(first), str(last)]:
            return FinishedStretch(first, last)
    raise Unavailable(_UNREADABLE)


def _read_reply(message: Mapping[str, Any], undated: datetime | None = None) -> Reply:
    try:
        encoded = message.get("payload_b64")
        payload = str(message["payload"]).encode(errors="replace") if encoded is None else base64.b64decode(encoded)
        return Reply(
            probe=str(message["protocol"]),
            payload=payload,
            ip=str(message.get("ip", "")),
            port=int(message.get("port", 0)),
            seen_at=datetime.fromisoformat(message["seen_at"]) if undated is None or "seen_at" in message else undated,
            id=str(message["id"]),
            device=str(message.get("device", "")),
            is_solicited=message.get("solicited") is not False,
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        raise Unavailable(_UNREADABLE) from None


def _link_program() -> tuple[Sequence[str], Mapping[str, str]]:
    """The command that starts camscan-link, and its environment: ``CAMSCAN_LINK`` names another one."""
    if named := os.environ.get("CAMSCAN_LINK"):
        return (named,), os.environ
    beside = Path(sys.executable).with_name("camscan-link")
    if beside.exists():
        return (str(beside),), os.environ
    # A checkout that is not installed.
    root = str(Path(__file__).resolve().parents[2])
    # -P: as root, nothing is imported from the working directory of camscan.
    return (sys.executable, "-P", "-m", "camscan.link"), {**os.environ, "PYTHONPATH": root}


async def _run_program(
    *arguments: str,
    request: Mapping[str, Any] | None = None,
    pps: Callable[[], float] | None = None,
) -> AsyncGenerator[dict[str, Any]]:
    """Run one command, and yield each message. The process is ended, whatever happens to the reader.

    With ``pps``, its standard input stays open and gets the pace whenever that changes.
    """
    if system.NO_RAW_PACKETS:
        raise Unavailable(system.NO_RAW_PACKETS)
    program, environment = _link_program()
    pipe = asyncio.subprocess.PIPE
    steering: asyncio.Task[None] | None = None
    try:
        process = await asyncio.create_subprocess_exec(
            *program, *arguments, stdin=pipe, stdout=pipe, stderr=pipe, limit=_LONGEST_LINE, env=environment
        )
    except OSError as error:
        raise Unavailable(f"camscan-link cannot be started: {error.strerror}") from None
    if process.stdin is None or process.stdout is None or process.stderr is None:
        raise Unavailable("camscan-link was started without pipes")
    try:
        steering = await _send_request(process.stdin, request or {}, pps)
        while (message := await _read_message(process.stdout)) is not None:
            yield message
        complaint = (await process.stderr.read()).decode("utf-8", "replace")
        if (code := await process.wait()) != 0:
            raise Unavailable(_describe_failure(complaint, code))
    finally:
        if steering is not None:
            steering.cancel()
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def _send_request(
    stdin: asyncio.StreamWriter, request: Mapping[str, Any], pps: Callable[[], float] | None
) -> asyncio.Task[None] | None:
    """Send the request, and then the pace if there is one."""
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it has already ended, and said why
        stdin.write(json.dumps(request).encode() + b"\n")
        await stdin.drain()
    if pps is not None:
        return asyncio.create_task(_steer_pace(stdin, pps))
    stdin.close()
    return None


async def _read_message(stdout: asyncio.StreamReader) -> dict[str, Any] | None:
    """The next message; None at the end."""
    try:
        line = await stdout.readline()
    except ValueError:  # longer than any message
        raise Unavailable(_UNREADABLE) from None
    return _parse_object(line) if line else None


def _parse_object(line: bytes) -> dict[str, Any]:
    """Parse one message of camscan-link."""
    try:
        message: Any = json.loads(line)
    except (ValueError, RecursionError):  # cut off as it was killed, or the text of another program
        message = None
    if isinstance(message, dict):
        return message
    raise Unavailable(_UNREADABLE)


def _describe_failure(text: str, code: int) -> str:
    """Why camscan-link ended with a code, in its own words if it has any."""
    lines = text.strip().splitlines()
    return lines[-1].removeprefix("camscan-link: ") if lines else f"it ended with code {code}"
