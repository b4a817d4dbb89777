"""The inside of a parcel: its lines, unpacked within limits, through the parsers of a live scan. Nothing is trusted."""

from __future__ import annotations

import contextlib
import itertools
import json
import re
import zlib
from collections import Counter
from collections.abc import Container, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from camscan import captures
from camscan.errors import UsageError
from camscan.model import Attempt, Reply
from camscan.parcel import FREE_RATIO, LONGEST_LINE, MOST_DEPTH, MOST_LINES, MOST_RATIO, MOST_UNPACKED
from camscan.parcel.share import Shares
from camscan.parcel.tail import Tail, read_tail
from camscan.scan.host_record import MOST_FACTS
from camscan.scan.journal import Head, read_head
from camscan.scan.journal.read import read_attempt

_GZIP = 16 + zlib.MAX_WBITS
_PIECE = 1 << 16
_CLOCKS = timedelta(minutes=10)
"""How far the clock of another machine may be ahead of ours."""
_AROUND = timedelta(hours=1)
"""How far a reply's time may be outside the scan: clocks are set while scans run."""
_SCAN = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?:\.[1-9][0-9]{0,5})?")
"""The id of a scan, and the number of its part if the scan was continued."""
_FIRST = datetime(1970, 1, 1, tzinfo=UTC)
"""A scan cannot have begun earlier. An hour before this is still a valid time."""
_FAULTS = (ValueError, KeyError, TypeError, AttributeError, OverflowError)
_TEXT = re.compile(rb'"(?:[^"\\]|\\.)*"')
_OPENING, _BRACKETS = b"[{", b"[{]}"
_LARGEST_PORT = 65535
_LONGEST_DETAIL = 2000


class _RefusedError(Exception):
    """Why a parcel cannot be recorded."""


@dataclass(frozen=True, slots=True)
class Content:
    """The contents of a parcel."""

    head: Head
    tail: Tail
    attempts: tuple[Attempt, ...] = field(repr=False)
    """The attempts, as a live scan makes them, read by today's parsers."""
    unread: int = 0
    """Replies in protocols that this camscan does not know."""
    mistimed: int = 0
    """Replies that were left out, because their time is outside the scan."""
    foreign: int = 0
    """Replies and attempts that were not read, because their addresses are not allowed."""
    excess: int = 0
    """Replies and attempts that were not read, because their addresses had said more than a scan keeps."""


def unpack(body: bytes, name: str, now: datetime, allowed: Container[str] | None = None) -> Content:
    """Read the packed lines of a parcel; error messages call it ``name``. Raises UsageError in one line.

    With ``allowed``, only lines about these addresses are read.
    """
    try:
        return _read_lines(_unpack_lines(body), now, _Reading(Shares(allowed)))
    except _RefusedError as error:
        raise UsageError(f"{name}: {error}; nothing was recorded") from error


def measure(body: bytes) -> int:
    """Count the bytes of the packed lines, up to the first fault or limit."""
    total = 0
    with contextlib.suppress(_RefusedError):
        for line in _unpack_lines(body):
            total += len(line) + 1
    return total


def _unpack_lines(body: bytes) -> Iterator[bytes]:
    """The lines one by one, within every limit."""
    most = min(MOST_UNPACKED, max(FREE_RATIO, len(body) * MOST_RATIO))
    unpacker, rest, total = zlib.decompressobj(_GZIP), b"", 0
    pieces = (body[start : start + _PIECE] for start in range(0, len(body), _PIECE))
    for piece in pieces:
        left = piece
        while left:
            try:
                fresh = unpacker.decompress(left, _PIECE)
            except zlib.error as error:
                raise _RefusedError("cannot be unpacked") from error
            left = unpacker.unconsumed_tail
            total += len(fresh)
            if total > most:
                raise _RefusedError("is larger than any scan when it is unpacked")
            *whole, rest = (rest + fresh).split(b"\n")
            if len(rest) > LONGEST_LINE or any(len(line) > LONGEST_LINE for line in whole):
                raise _RefusedError("has a line that is too long")
            yield from whole
    if not unpacker.eof or unpacker.unused_data or rest:
        raise _RefusedError("has no end, or something after its end")


def _read_lines(lines: Iterator[bytes], now: datetime, reading: _Reading) -> Content:
    try:
        first = next(lines, b"")
        head = read_head(_require_shallow(first))
    except (*_FAULTS, RecursionError) as error:
        raise _RefusedError("does not begin like a parcel, or is from a newer camscan") from error
    for number, line in enumerate(lines, 2):
        if number > MOST_LINES or reading.tail:
            raise _RefusedError("has too many lines" if number > MOST_LINES else "has lines after its end")
        try:
            reading.take(_require_shallow(line).decode())
        except (*_FAULTS, RecursionError) as error:
            raise _RefusedError(f"line {number} cannot be read") from error
    tail = reading.tail
    if tail is None:
        raise _RefusedError("has no last line: the scan had not ended")
    if (tail.replies, tail.attempts) != (reading.replies, reading.lines):
        raise _RefusedError("has more or fewer lines than it says")
    _require_sense(head, tail, now)
    inside = tail.started_at - _AROUND, tail.finished_at + _AROUND
    timely = tuple(attempt for attempt in reading.attempts if inside[0] <= attempt.seen_at <= inside[1])
    mistimed, shares = len(reading.attempts) - len(timely), reading.shares
    return Content(head, tail, timely, reading.unread, mistimed, shares.foreign, shares.excess)


def _require_shallow(line: bytes) -> bytes:
    """Return the line if nothing in it is nested deeper than what camscan writes. Raises ValueError otherwise."""
    if line.count(b"[") + line.count(b"{") > MOST_DEPTH:
        steps = (1 if byte in _OPENING else -1 for byte in _TEXT.sub(b"", line) if byte in _BRACKETS)
        if max(itertools.accumulate(steps), default=0) > MOST_DEPTH:
            raise ValueError("nested too deeply")
    return line


def peek(body: bytes, name: str) -> Head:
    """Read the first line only, without unpacking more: for a person who decides whether to trust the rest."""
    try:
        return read_head(_require_shallow(next(_unpack_lines(body), b"")))
    except (*_FAULTS, RecursionError, _RefusedError) as error:
        raise UsageError(f"{name}: does not begin like a parcel, or is from a newer camscan") from error


def _require_sense(head: Head, tail: Tail, now: datetime) -> None:
    """Raise an error if the parts contradict each other, or if the clock of the machine that wrote them was wrong."""
    if not _SCAN.fullmatch(tail.scan_id) or tail.scan_id.partition(".")[0] != head.scan:
        raise _RefusedError("has two ids")
    if tail.finished_at > now + _CLOCKS:
        raise _RefusedError(
            f"its scan ended on {tail.finished_at:%d %B %Y}, which is not yet: the clock there is wrong"
        )
    if tail.started_at < _FIRST:
        raise _RefusedError("its scan began before 1970: the clock there is wrong")
    if tail.started_at > tail.finished_at:
        raise _RefusedError("its scan ended before it began: the clock there is wrong")


@dataclass(slots=True)
class _Reading:
    """The contents of the lines that were read so far."""

    shares: Shares
    attempts: list[Attempt] = field(default_factory=list)
    tail: Tail | None = None
    lines: int = 0
    replies: int = 0
    unread: int = 0
    _facts: Counter[str] = field(default_factory=Counter)
    """Address -> how many facts were kept from it."""
    _ids: set[str] = field(default_factory=set)

    def take(self, line: str) -> None:
        members = json.loads(line, parse_constant=_refuse_constant)
        if "tail" in members:
            self.tail = read_tail(members["tail"])
            return
        self.lines += 1
        if "attempt" in members:
            if not self.shares.leaves_out(members["attempt"]["ip"], is_silent=True):
                self._keep(_require_storable(read_attempt(members["attempt"])))
            return
        self.replies += 1
        if isinstance(members.get("protocol"), str) and members["protocol"] not in captures.known_protocols():
            self.unread += 1
            return
        is_silent = not (members.get("payload") or members.get("payload_b64"))
        if self.shares.leaves_out(members.get("ip"), is_silent=is_silent):
            return
        (reply,) = captures.read_captures([line])
        if not isinstance(reply, Reply) or reply.id in self._ids or not reply.ip or "seen_at" not in members:
            raise ValueError("not a reply of a scan")
        self._ids.add(reply.id)
        self._keep(self._make_attempt(reply, members))

    def _keep(self, attempt: Attempt) -> None:
        self.shares.add(attempt)
        self.attempts.append(attempt)

    def _make_attempt(self, reply: Reply, members: dict[str, Any]) -> Attempt:
        attempt = captures.observe_reply(reply)
        detail = members.get("detail", "")
        attempt = _require_storable(replace(attempt, detail=detail) if detail else attempt)
        if members.get("facts") is False:
            return replace(attempt, observations=())
        room = MOST_FACTS - self._facts[attempt.ip]
        self._facts[attempt.ip] += len(attempt.observations)
        if len(attempt.observations) <= room:
            return attempt
        return replace(attempt, observations=attempt.observations[: max(0, room)])


def _require_storable(attempt: Attempt) -> Attempt:
    """Return the attempt if the register can store it. Raises ValueError otherwise."""
    if not 0 <= attempt.port <= _LARGEST_PORT or attempt.seen_at.tzinfo is None:
        raise ValueError("a port or a time that does not exist")
    if not isinstance(attempt.detail, str) or len(attempt.detail) > _LONGEST_DETAIL:
        raise ValueError("not a line")
    return attempt


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
