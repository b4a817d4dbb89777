"""Captured replies (``docs/captured-replies.md``): JSON Lines that go through the parsers of a live scan."""

from __future__ import annotations

import base64
import functools
import ipaddress
import json
import pkgutil
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from camscan import probes
from camscan.dataclass import dataclass
from camscan.fingerprints import Database
from camscan.identify import Cluster, group_by_box, make_device
from camscan.model import Attempt, Device, Reply

_LARGEST_PORT = 65535
_LAID_OUT = dict.fromkeys(b"\t\r\n")
"""Characters that no printable text holds, but that a person can read."""


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that is not a captured reply."""

    number: int
    """1-based."""
    why: str


class _WrongLineError(Exception):
    """Why a line is not a captured reply."""


@functools.cache
def known_protocols() -> frozenset[str]:
    """Protocol names that a captured reply may have: one for each probe."""
    return frozenset(module.name for module in pkgutil.iter_modules(probes.__path__))


def read_captures(lines: Iterable[str]) -> Iterator[Reply | BadLine]:
    """Every reply, and every line that is not one, with its number.

    Blank lines are skipped, and so is the last line of camscan-link, unless it says that its capture was broken.
    """
    seen: dict[str, int] = {}
    for number, line in enumerate(lines, 1):
        text = line.lstrip("\ufeff").strip() if number == 1 else line.strip()
        if not text:
            continue
        try:
            reply = _read_reply(text)
        except _WrongLineError as error:
            yield BadLine(number, str(error))
            continue
        if reply is None:
            continue
        if reply.id in seen:
            yield BadLine(number, f"the id '{reply.id}' is already used in line {seen[reply.id]}")
            continue
        seen[reply.id] = number
        yield reply


def _read_reply(text: str) -> Reply | None:
    """The reply on a line; None for the last line of camscan-link."""
    try:
        members = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _WrongLineError(f"not JSON: {error}") from error
    if not isinstance(members, dict):
        raise _WrongLineError("not a JSON object")
    if members.get("done") is True and "protocol" not in members:
        if cut := _read_text(members, "cut"):
            raise _WrongLineError(f"the capture is broken at {cut}; what came before it was read")
        return None
    protocol = _read_text(members, "protocol", required=True)
    if protocol not in known_protocols():
        raise _WrongLineError(
            f"unknown protocol '{protocol}'; the protocols are {', '.join(sorted(known_protocols()))}"
        )
    return Reply(
        probe=protocol,
        payload=_read_payload(members),
        ip=_read_address(members),
        port=_read_port(members),
        id=_read_text(members, "id", required=True),
        device=_read_text(members, "device"),
        is_solicited=members.get("solicited") is not False,
        **_read_seen_at(members),
    )


def _read_text(members: dict[str, Any], name: str, *, required: bool = False) -> str:
    value = members.get(name)
    if value is None and not required:
        return ""
    if not isinstance(value, str) or (required and not value):
        raise _WrongLineError(f"'{name}' is missing" if value is None else f"'{name}' must be a text that is not empty")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise _WrongLineError(f"'{name}' holds half a character") from error
    return value


def _read_payload(members: dict[str, Any]) -> bytes:
    plain, encoded = members.get("payload"), members.get("payload_b64")
    if (plain is None) == (encoded is None):
        raise _WrongLineError("exactly one of 'payload' and 'payload_b64' is needed")
    if plain is not None:
        if not isinstance(plain, str):
            raise _WrongLineError("'payload' must be a text")
        return plain.encode(errors="replace")
    if not isinstance(encoded, str):
        raise _WrongLineError("'payload_b64' must be a text")
    try:
        return base64.b64decode(encoded, validate=True)
    except ValueError as error:
        raise _WrongLineError(f"'payload_b64' is not base64: {error}") from error


def _read_address(members: dict[str, Any]) -> str:
    text = _read_text(members, "ip")
    try:
        return str(ipaddress.ip_address(text)) if text else ""
    except ValueError as error:
        raise _WrongLineError(f"'ip' is not an address: '{text}'") from error


def _read_port(members: dict[str, Any]) -> int:
    port = members.get("port")
    if port is None:
        return 0
    if not isinstance(port, int) or isinstance(port, bool) or not 0 <= port <= _LARGEST_PORT:
        raise _WrongLineError("'port' must be a number from 0 to 65535")
    return port


def _read_seen_at(members: dict[str, Any]) -> dict[str, Any]:
    text = _read_text(members, "seen_at")
    if not text:
        return {}
    try:
        found = datetime.fromisoformat(text)
        return {"seen_at": found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)}
    except (ValueError, OverflowError) as error:
        raise _WrongLineError(f"'seen_at' is not an ISO 8601 time: '{text}'") from error


def observe_reply(reply: Reply) -> Attempt:
    """The attempt that a live scan would make of this reply: it goes through the parser of its probe."""
    return probes.read_reply(probes.load_probe(_protocol_spoken(reply)), reply)


def _protocol_spoken(reply: Reply) -> str:
    """The protocol of the reply.

    A refusal that ``login401`` caused is HTTP or RTSP, and a scan files it under that protocol.
    """
    if reply.probe != "login401":
        return reply.probe
    return "rtsp" if reply.payload.lstrip()[:5].upper() == b"RTSP/" else "http"


def identify_replies(replies: Iterable[Reply], database: Database) -> Iterator[Device]:
    """One device for each box, in the order of its first reply.

    Replies with the same ``device`` are one box. Other replies with an address are merged as in a live scan; each
    remaining reply is a box of its own.
    """
    listed = list(replies)
    attempts = [observe_reply(reply) for reply in listed]
    groups: dict[str, list[int]] = {}
    addressed: list[int] = []
    for number, reply in enumerate(listed):
        if not reply.device and reply.ip:
            addressed.append(number)
        else:
            groups.setdefault(f"device {reply.device}" if reply.device else f"reply {number}", []).append(number)
    boxes: list[tuple[list[int], Cluster | None]] = [(members, None) for members in groups.values()]
    boxes += _merge_addressed(addressed, attempts, database)
    for members, cluster in sorted(boxes, key=lambda box: box[0][0]):
        ids = [listed[number].id for number in members]
        yield make_device([attempts[number] for number in members], database, ids=ids, cluster=cluster)


def _merge_addressed(
    addressed: Sequence[int], attempts: Sequence[Attempt], database: Database
) -> Iterator[tuple[list[int], Cluster | None]]:
    left = set(addressed)
    for cluster in group_by_box([attempts[number] for number in addressed], database):
        members = [addressed[member] for member in cluster.members]
        left -= set(members)
        yield members, cluster
    # Every reply gets a result, even one that could not be read.
    yield from (([number], None) for number in left)


def write_captures(attempts: Iterable[Attempt], *, first: int = 1) -> Iterator[str]:
    """A line, without its line break, for every attempt that got a reply; ids count from ``first``."""
    for number, attempt in enumerate((one for one in attempts if one.payload), first):
        members: dict[str, Any] = {"id": f"{number}", "protocol": attempt.probe, "ip": attempt.ip, "port": attempt.port}
        members["seen_at"] = attempt.seen_at.isoformat()
        text = _plain_payload(attempt.payload)
        if text is None:
            members["payload_b64"] = base64.b64encode(attempt.payload).decode()
        else:
            members["payload"] = text
        kept = {name: value for name, value in members.items() if value not in {"", 0}}
        yield json.dumps(kept | ({} if attempt.is_solicited else {"solicited": False}), ensure_ascii=False)


def _plain_payload(payload: bytes) -> str | None:
    """The payload as text, if a person can read it and it gives the same bytes again; otherwise None."""
    try:
        text = payload.decode()
    except UnicodeDecodeError:
        return None
    return text if text.translate(_LAID_OUT).isprintable() else None
