"""A scan as the lines of a parcel: a head, captured replies, attempts without a reply, and a tail.

A scan that is larger than a parcel may be loses the lines beyond an equal share of each address: a box that answers for
every address of a large network would otherwise keep the whole parcel from being recorded.
"""

from __future__ import annotations

import gzip
import ipaddress
import json
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from typing import Any

from camscan import captures
from camscan.errors import UsageError
from camscan.model import Attempt, Completion, Outcome, Report
from camscan.net.span import Span, merge_spans
from camscan.parcel import FREE_RATIO, MOST_BYTES, MOST_LINES, MOST_RATIO, MOST_UNPACKED
from camscan.parcel.tail import tail_members
from camscan.scan.journal import Head, write_head
from camscan.scan.journal.write import without_reply

_LEVEL = 6
_ENDS = 2
"""The head and the tail of a parcel: lines besides the attempts."""
_ROOM = 1 << 20
"""Bytes that are left for the head and the tail."""


def pack_report(report: Report) -> bytes:
    """The packed lines of a report, gzip without a time or a file name: one scan always gives the same content.

    Attempts beyond the limits of a parcel are left out, and a note of the scan says how many. Raises UsageError if a
    parcel cannot hold the scan.
    """
    size = MOST_UNPACKED - _ROOM
    packed = _pack_lines(report) if len(report.attempts) <= MOST_LINES - _ENDS else None
    while packed is None:
        if size < _ROOM:
            raise UsageError("this scan is too large for a parcel; scan its sites one by one")
        packed = _pack_lines(_shorten(report, size))
        size = size * 3 // 4
    return packed


def _pack_lines(report: Report) -> bytes | None:
    """The packed lines of a report; None if a parcel may not be as large as that."""
    packed, unpacked = BytesIO(), 0
    with gzip.GzipFile(filename="", mode="wb", compresslevel=_LEVEL, fileobj=packed, mtime=0) as stream:
        for line in _parcel_lines(report):
            unpacked += len(line)
            if unpacked > MOST_UNPACKED or packed.tell() > MOST_BYTES:
                return None
            stream.write(line)
    size = len(packed.getvalue())
    is_bomb = unpacked > max(FREE_RATIO, size * MOST_RATIO)
    return None if is_bomb or size > MOST_BYTES else packed.getvalue()


def _shorten(report: Report, size: int) -> Report:
    """The report without the attempts beyond ``MOST_LINES`` lines and ``size`` bytes.

    Each address keeps its first reply, and then the same share, of its replies first. An address that loses all of them
    counts as not asked.
    """
    attempts, shares = report.attempts, dict[str, float]()
    ranked: list[tuple[bool, float, int, int]] = []
    for number in sorted(range(len(attempts)), key=lambda each: not attempts[each].payload):
        attempt = attempts[number]
        line, is_first_reply = len(_attempt_line(attempt, number)), bool(attempt.payload) and attempt.ip not in shares
        shares[attempt.ip] = shares.get(attempt.ip, 0.0) + 1 / MOST_LINES + line / size
        ranked.append((not is_first_reply, shares[attempt.ip], number, line))
    kept, left = set[int](), size
    for *_, number, line in sorted(ranked)[: MOST_LINES - _ENDS]:
        left -= line
        if left < 0:
            break
        kept.add(number)
    chosen = tuple(attempt for number, attempt in enumerate(attempts) if number in kept)
    lost = {each.ip for each in attempts if each.payload} - {each.ip for each in chosen if each.payload}
    unfinished = map(str, (net for span in merge_spans(map(_span_of, lost)) for net in span.networks()))
    note = f"{len(attempts) - len(chosen):,} replies and attempts were left out: the parcel would be too large"
    covered = report.coverage
    coverage = replace(covered, notes=(*covered.notes, note), unfinished=(*covered.unfinished, *unfinished))
    is_partial = bool(lost) and report.completion is Completion.COMPLETE
    completion = Completion.PARTIAL if is_partial else report.completion
    return replace(report, attempts=chosen, coverage=coverage, completion=completion)


def _span_of(ip: str) -> Span:
    address = ipaddress.ip_address(ip.partition("%")[0])
    return Span(address.version, int(address), int(address))


def _parcel_lines(report: Report) -> Iterator[bytes]:
    sites = (report.site,) if report.site else ()
    scan = report.scan_id.partition(".")[0]
    # How the scan was started, and from where, is nobody else's business: the head has only the targets.
    yield write_head(Head("", report.started_at, sites=sites, scan=scan, asked=report.targets, site=report.site))
    replies = 0
    for attempt in report.attempts:
        replies += bool(attempt.payload)
        yield _attempt_line(attempt, replies)
    yield json.dumps({"tail": tail_members(report)}).encode() + b"\n"


def _attempt_line(attempt: Attempt, number: int) -> bytes:
    text = _captured_line(attempt, number) if attempt.payload else without_reply(attempt)
    return f"{text}\n".encode(errors="replace")


def _captured_line(attempt: Attempt, number: int) -> str:
    """An attempt as a captured reply, with the details that only the scan itself knew."""
    (text,) = captures.write_captures([attempt], first=number)
    more: dict[str, Any] = {"detail": attempt.detail} if attempt.detail else {}
    if attempt.outcome is Outcome.ANSWERED and not attempt.observations:
        more["facts"] = False  # another device may have sent it
    return json.dumps(json.loads(text) | more, ensure_ascii=False) if more else text
