"""Runs that did not come to their end: found, continued, forgotten; and one scan with its journal."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from camscan.app.record import record_and_write, sites_of
from camscan.app.request import Prepared, Request
from camscan.app.scan import Interruption, Watcher, run_scan
from camscan.config import PACES
from camscan.dataclass import dataclass
from camscan.errors import CamscanError, OutputError
from camscan.model import Completion, Report, Turn
from camscan.output import mask_password, write_bytes_atomically
from camscan.parcel.write import body_of
from camscan.register import Recorded, Register, open_register
from camscan.register.address import address_of
from camscan.report import scan_id_at
from camscan.scan.journal import Head, InterruptedRun, interrupted_runs, journal_place, kept_path, path_of
from camscan.scan.journal.read import Past, load_journal
from camscan.scan.journal.write import Journal

_MOST_PPS = 1e6
_OPTIONS = ("pace", "max_pps", "interface", "confirm_count", "ask_groups", "keep_strangers", "keep_journal")
"""Options that a continued run takes over, unless other values are given now."""


@dataclass(frozen=True, slots=True)
class Order:
    """Whether a scan continues an interrupted one, or begins a new one."""

    place: Path
    """The place of the journals."""
    head: Head
    """Its key is left to be filled in."""
    resume: bool = False
    turn: Turn | None = None
    """Its place in a round; None if it is a run of its own."""
    is_kept: bool = False
    """Whether its findings are kept in a file when it is complete (``--keep-journal``)."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One scan that was recorded."""

    report: Report
    recorded: Recorded
    is_left: bool
    """Whether something of it is left to be continued."""
    trouble: str = ""
    """Why the journal of the rest is incomplete; empty if it is complete."""
    kept: str = ""
    """The file that keeps what it found; empty if none does."""


class Left(enum.Enum):
    """What is unfinished of what somebody wants to continue."""

    SAME = "same"
    """This very run."""
    CHANGED = "changed"
    """A run of the same words, which asked something else: the configuration or the options have changed."""
    ANOTHER = "another"
    """Only runs of something else."""
    NOTHING = "nothing"


def journal_folder(register: str) -> Path:
    """Where the journals of a register are."""
    address = address_of(register)
    return journal_place(mask_password(address) if address else register)


def list_unfinished(place: Path) -> list[InterruptedRun]:
    """Every run that can be continued by itself: of a site among several, the common run can."""
    found = interrupted_runs(place)
    keys = {each.head.key for each in found}
    return [each for each in found if each.head.round not in keys]


def list_resumable(place: Path) -> list[InterruptedRun]:
    """Those runs that are not too old to be continued."""
    now = datetime.now(UTC)
    return [each for each in list_unfinished(place) if not each.is_stale(now)]


def remove_journals(place: Path, register: str) -> int:
    """Remove every journal, unless a run is under way (BusyError); how many runs that were."""
    if not interrupted_runs(place):
        return 0
    with open_register(register):
        found = list_unfinished(place)
        for each in interrupted_runs(place):
            try:
                each.path.unlink(missing_ok=True)
            except OSError as error:
                raise OutputError(f"{each.path}: cannot be removed: {error.strerror or error}") from error
    return len(found)


def find_unfinished(place: Path, key: str, request: Request) -> tuple[Left, Sequence[InterruptedRun]]:
    """What is unfinished of a request whose run has this key, and the runs that show it."""
    now = datetime.now(UTC)
    same_key = [each for each in interrupted_runs(place) if each.head.key == key and not each.is_stale(now)]
    if same_key:
        return Left.SAME, same_key
    found = list_resumable(place)
    same_words = [each for each in found if _key_words(each.head) == (tuple(request.targets), request.site)]
    if same_words:
        return Left.CHANGED, same_words
    return (Left.ANOTHER, found) if found else (Left.NOTHING, ())


def _key_words(head: Head) -> tuple[tuple[str, ...], str]:
    return head.targets, head.sites[0] if len(head.sites) == 1 else ""


def decide_order(place: Path, prepared: Prepared, request: Request, *, resume: bool) -> Order:
    """Whether this scan continues an interrupted one (with ``resume``), or starts beside them."""
    sites = (prepared.plan.site,) if request.site else ()
    head = Head("", datetime.now(UTC), targets=tuple(request.targets), sites=sites, options=options_of(request))
    return Order(place, head, resume=resume, is_kept=request.keep_journal)


def continues(order: Order, prepared: Prepared) -> bool:
    """Whether this scan would continue an interrupted one."""
    path, now = path_of(order.place, prepared.key), datetime.now(UTC)
    left = interrupted_runs(order.place) if order.resume else ()
    return any(each.path == path and not each.is_stale(now) for each in left)


def options_of(request: Request) -> dict[str, Any]:
    """What was asked besides targets and sites, to be asked again when the run is continued."""
    said = {name: getattr(request, name) for name in _OPTIONS}
    return said | {"overlays": [str(path) for path in request.overlays]}


def with_earlier_options(request: Request, options: Mapping[str, Any]) -> Request:
    """The request with the options of the interrupted scan, unless other values are given now."""
    pace, pps, interface, count, groups, strangers, keep_journal = (options.get(name) for name in _OPTIONS)
    overlays = options.get("overlays")
    return replace(
        request,
        pace=request.pace or (pace if isinstance(pace, str) and pace in PACES else ""),
        max_pps=request.max_pps or (float(pps) if isinstance(pps, int | float) and 1 <= pps <= _MOST_PPS else None),
        interface=request.interface or (interface if isinstance(interface, str) else None),
        confirm_count=request.confirm_count or (count if isinstance(count, int) else None),
        ask_groups=request.ask_groups or groups is True,
        keep_strangers=request.keep_strangers or strangers is True,
        keep_journal=request.keep_journal or keep_journal is True,
        overlays=request.overlays or tuple(map(Path, overlays if isinstance(overlays, list) else ())),
    )


def scan_and_record(
    prepared: Prepared,
    book: Register,
    files: Mapping[str, str] = MappingProxyType({}),
    order: Order | None = None,
    *,
    watcher: Watcher | None = None,
    interruption: Interruption | None = None,
) -> Kept | None:
    """Scan, record, write the files (export -> path). None if the run to continue was in the register already.

    With an ``order``, it keeps a journal of what it finds, so that a run that is killed can be continued.
    """
    watcher = watcher or Watcher()
    past, journal = _open_journal(prepared, book, order, watcher)
    if past and past.ended and journal is None:
        return None
    scanned = run_scan(prepared, watcher, interruption, journal, past.checkpoint if past else None)
    is_left = scanned.report.completion is Completion.INTERRUPTED or scanned.is_cut_off
    report = _whole(scanned.report, prepared, order, past, journal, is_half=is_left)
    if journal and not is_left:
        journal.note_end(report.scan_id)
    kept = _keep_replies(report, order, watcher) if order and order.is_kept and not is_left else ""
    try:
        recorded = record_and_write(report, book, files, prepared.config, watcher.warn)
    except BaseException:
        if journal:
            journal.close(remove=False)
        raise
    trouble = _close(journal, is_left=is_left) if journal else ""
    return Kept(report, recorded, is_left=is_left and journal is not None, trouble=trouble, kept=kept)


def _whole(
    report: Report,
    prepared: Prepared,
    order: Order | None,
    past: Past | None,
    journal: Journal | None,
    *,
    is_half: bool,
) -> Report:
    """The report of a scan, with what was known before it began: its id, its place in a round, an earlier beginning."""
    report = replace(report, turn=order.turn if order else None)
    if past:
        report = replace(report, started_at=min(past.head.begun, report.started_at))
    if journal and (scan_id := journal.scan_id(is_half=is_half)):
        report = replace(report, scan_id=scan_id)
    return report if report.site else replace(report, sites=sites_of(report, prepared.config))


def _keep_replies(report: Report, order: Order, watcher: Watcher) -> str:
    """Keep what devices said in a file of its own, for ``camscan parcel export``. A full disk costs that file alone."""
    path = kept_path(order.place, report.scan_id)
    try:
        write_bytes_atomically(path, lambda stream: stream.writelines([body_of(report)]))
    except CamscanError as error:
        watcher.warn(f"{error}; the scan is recorded, but no parcel can be made of it")
        return ""
    return str(path)


def _close(journal: Journal, *, is_left: bool) -> str:
    """Close the journal of a scan that was recorded.

    Returns why the journal of the rest is incomplete; empty if it is complete.
    """
    if is_left:
        journal.end_half()
    journal.close(remove=not is_left)
    return f"{journal.path}: {journal.trouble}" if journal.trouble and is_left else ""


def _open_journal(
    prepared: Prepared, book: Register, order: Order | None, watcher: Watcher
) -> tuple[Past | None, Journal | None]:
    """The journal to write, and what it says already; no journal where nothing of the run is left to do."""
    if order is None or prepared.plan.listen_for:
        return None, None
    path = path_of(order.place, prepared.key)
    past = load_journal(path, prepared.plan.targets.spans) if continues(order, prepared) else None
    if past and past.ended and past.ended in _recorded_ids(book):
        path.unlink()
        return past, None
    try:
        if past:
            return past, Journal.resume(path, past)
        plan, scan = prepared.plan, scan_id_at(order.head.begun)
        head = replace(order.head, key=prepared.key, scan=scan, asked=plan.targets.texts, site=plan.site)
        return None, Journal.begin(path, head)
    except CamscanError as error:
        watcher.warn(f"{error}; if this run is killed, it cannot be continued")
        return past, None


def _recorded_ids(book: Register) -> Sequence[str]:
    return [scan.scan_id for scan in book.scans()]
