"""Evidence from elsewhere, one source per file: each yields the same attempts as a live scan."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from camscan.fingerprints import Database
from camscan.identify import merge_attempts
from camscan.model import Attempt, Completion, Coverage, Report
from camscan.report import make_report


def report_of_evidence(
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
    """Make a separate scan from evidence that other programs gathered. Its targets are the names of its sources."""
    return make_report(
        attempts,
        merge_attempts(attempts, database),
        database,
        coverage,
        started_at=started_at,
        finished_at=finished_at,
        completion=Completion.COMPLETE if complete else Completion.PARTIAL,
        targets=sources,
        site=site,
    )
