"""A Report of evidence, whoever gathered it: a scan, a login, a file."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime

from camscan.fingerprints import Database
from camscan.model import Attempt, Completion, Coverage, Device, Report
from camscan.version import __version__


def report_of(
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
    """The report, under a new id: the moment of its beginning (UTC) and six hexadecimal digits of chance."""
    return Report(
        scan_id=f"{started_at:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}",
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
