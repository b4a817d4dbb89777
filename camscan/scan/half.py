"""The report of an interrupted scan, from its journal alone."""

from __future__ import annotations

from dataclasses import replace

from camscan.fingerprints import Database
from camscan.model import Completion, Report
from camscan.net.target import Targets
from camscan.probes import load
from camscan.report import make_report
from camscan.scan.coverage import Tally, make_coverage
from camscan.scan.decision import weigh_attempts
from camscan.scan.journal.read import JournalContent
from camscan.scan.replies import Replies
from camscan.scan.state import ScanState


def report_of_half(past: JournalContent, scan_id: str, targets: Targets, database: Database) -> Report:
    """The report of what was found before the interruption.

    It is not known here which addresses were behind a router. So whatever an address did not prove to have said itself
    counts as unsolicited, and makes nobody more than "possible". A scan that is continued asks those addresses again.
    """
    state, tally = ScanState(database), Tally()
    replies = Replies(state, tally, load(), targets, needs_proof=lambda _ip: True, is_routed=lambda _ip: True)
    conversed = past.checkpoint.restore(state, tally, targets, replies.proves_life)
    state.forget([ip for ip in state.hosts if ip not in targets])
    state.alive.update(ip for ip in conversed if ip in state.hosts)
    replies.settle_devices(is_complete=False)
    attempts = state.attempts()
    devices, unweighed = weigh_attempts(attempts, database)
    coverage = make_coverage(state, tally, targets, listened=False)
    pace = past.head.options.get("pace")
    report = make_report(
        attempts,
        devices,
        database,
        replace(coverage, notes=(*coverage.notes, *unweighed)),
        started_at=past.head.begun,
        finished_at=max((each.seen_at for each in attempts), default=past.head.begun),
        completion=Completion.INTERRUPTED,
        targets=targets.texts,
        site=past.head.site,
        pace=pace if isinstance(pace, str) else "",
    )
    return replace(report, scan_id=scan_id)
