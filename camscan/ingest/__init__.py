"""Evidence from elsewhere, one source per file: each yields the same attempts as a live scan."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime

from camscan import __version__
from camscan.fingerprints import Database
from camscan.identify import merge
from camscan.model import Attempt, Completion, Coverage, Report


def imported(
    attempts: Sequence[Attempt],
    database: Database,
    coverage: Coverage,
    *,
    sources: Sequence[str],
    started_at: datetime,
    finished_at: datetime,
    site: str = "",
    complete: bool = True,
) -> Report:
    """A scan of its own made of evidence that somebody else gathered: its targets are the names of its sources."""
    return Report(
        scan_id=f"{started_at:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}",
        started_at=started_at,
        finished_at=finished_at,
        completion=Completion.COMPLETE if complete else Completion.PARTIAL,
        site=site,
        targets=tuple(sources),
        pace="",
        version=__version__,
        database=database.version,
        devices=tuple(merge(attempts, database)),
        coverage=coverage,
        attempts=tuple(attempts),
    )
