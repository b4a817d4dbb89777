"""A scan as the lines of a parcel: a head, captured replies, attempts without a reply, and a tail."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from camscan import captures
from camscan.model import Attempt, Outcome, Report
from camscan.parcel.tail import tail_members
from camscan.scan.journal import Head, write_head
from camscan.scan.journal.write import without_reply

_LEVEL = 6


def pack_report(report: Report) -> bytes:
    """The packed lines of a report, gzip without a time or a file name: one scan always gives the same content."""
    packed = BytesIO()
    with gzip.GzipFile(filename="", mode="wb", compresslevel=_LEVEL, fileobj=packed, mtime=0) as stream:
        stream.writelines(_parcel_lines(report))
    return packed.getvalue()


def _parcel_lines(report: Report) -> Iterator[bytes]:
    sites = (report.site,) if report.site else ()
    scan = report.scan_id.partition(".")[0]
    # How the scan was started, and from where, is nobody else's business: the head has only the targets.
    yield write_head(Head("", report.started_at, sites=sites, scan=scan, asked=report.targets, site=report.site))
    replies = 0
    for attempt in report.attempts:
        replies += bool(attempt.payload)
        text = _captured_line(attempt, replies) if attempt.payload else without_reply(attempt)
        yield f"{text}\n".encode(errors="replace")
    yield json.dumps({"tail": tail_members(report)}).encode() + b"\n"


def _captured_line(attempt: Attempt, number: int) -> str:
    """An attempt as a captured reply, with the details that only the scan itself knew."""
    (text,) = captures.write_captures([attempt], first=number)
    more: dict[str, Any] = {"detail": attempt.detail} if attempt.detail else {}
    if attempt.outcome is Outcome.ANSWERED and not attempt.observations:
        more["facts"] = False  # another device may have sent it
    return json.dumps(json.loads(text) | more, ensure_ascii=False) if more else text
