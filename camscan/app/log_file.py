"""The audit log as a file: every entry that fits, newest first, read some thousand at a time."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import replace

from camscan.app.workspace import Workspace
from camscan.asset import Change
from camscan.cells import all_harmless
from camscan.register import LogQuery

__all__ = ["HEADER", "log_pieces"]

HEADER = ("number", "at", "role", "how", "asset_id", "column", "old", "new", "because")
"""Columns of the file; ``at`` is ISO 8601, in UTC."""
_BATCH = 2000


def log_pieces(space: Workspace, wanted: LogQuery) -> Iterator[bytes]:
    """Yield a CSV of the lines that fit the filter.

    Its page is ignored. Cells that a spreadsheet would run are made harmless.It begins with a byte order mark, without
    which Excel takes it for another encoding.
    """
    yield codecs.BOM_UTF8 + _csv_lines([HEADER])
    with space.open(readonly=True) as book:
        start, last = 0, 0
        while True:
            found, _ = book.read_log(replace(wanted, start=start, most=_BATCH))
            if not found:
                return
            start += len(found)
            # A new entry moves the others by one, so some would come twice.
            own = [each for each in found if not last or each.number < last]
            last = min((each.number for each in own), default=last)
            if own:
                yield _csv_lines([all_harmless(_change_cells(each)) for each in own])


def _change_cells(each: Change) -> Sequence[str]:
    at = each.at.isoformat(timespec="seconds")
    return (str(each.number), at, each.role, each.how, each.asset_id, each.column, each.old, each.new, each.because)


def _csv_lines(rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()
