"""Builds a Report from evidence of a scan, a login or a file."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime

from camscan.fingerprints import Database
from camscan.model import Attempt, Completion, Coverage, Device, Report
from camscan.version import __version__


def make_report(
    attempts: Iterable[Attempt],
    devices: Iterable[Device],
    database: Database,
    coverage: Coverage,
    *,
    started_at: datetime,
    finished_at: datetime,
    completion: Completion,
    targets: Sequence[str],
    site: str = "",
    pace: str = "",
) -> Report:
    """Build the report, with a new id."""
    return Report(
        scan_id=scan_id_at(started_at),
        started_at=started_at,
        finished_at=finished_at,
        completion=completion,
        site=site,
        targets=tuple(targets),
        pace=pace,
        version=__version__,
        database=database.version,
        devices=tuple(devices),
        coverage=coverage,
        attempts=tuple(attempts),
    )


def scan_id_at(moment: datetime) -> str:
    """A new id for a scan that begins at a moment: a UUID of version 7, so that ids sort by time (RFC 9562, 5.7)."""
    milliseconds = int(moment.timestamp() * 1000)
    number = milliseconds << 80 | 7 << 76 | secrets.randbits(12) << 64 | 2 << 62 | secrets.randbits(62)
    return str(uuid.UUID(int=number))
