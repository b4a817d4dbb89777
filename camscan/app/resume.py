"""Interrupted scans: found, continued and forgotten. It also runs one scan with its journal."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from camscan.app.record import record_and_write, sites_of
from camscan.app.request import PreparedScan, Request
from camscan.app.scan import Interruption, Watcher, run_scan
from camscan.config import PACES
from camscan.dataclass import dataclass
from camscan.errors import CamscanError, OutputError
from camscan.model import Completion, Report, Turn
from camscan.output import mask_password, write_bytes_atomically
from camscan.register import Recorded, Register, open_register
from camscan.register.address import address_of
from camscan.report import scan_id_at
from camscan.scan.journal import Head, InterruptedRun, interrupted_runs, journal_place, kept_path, path_of
from camscan.scan.journal.read import JournalContent, load_journal
from camscan.scan.journal.write import Journal

_MOST_PPS = 1e6
_OPTIONS = ("pace", "max_pps", "interface", "confirm_count", "ask_groups", "keep_strangers", "keep_journal")
"""Options that a continued scan takes over, unless other values are given now."""


@dataclass(frozen=True, slots=True)
class Order:
    """Whether a scan continues an interrupted one, or begins a new one."""

    place: Path
    """The folder of the journals."""
    head: Head
    """The head of the journal; its key is filled in later."""
    resume: bool = False
    turn: Turn | None = None
    """The scan's place in a round; None if it is not part of one."""
    is_kept: bool = False
    """Whether its findings are kept in a file when it is complete (``--keep-journal``)."""


@dataclass(frozen=True, slots=True)
class RecordedScan:
    """One scan that was recorded."""

    report: Report
    recorded: Recorded
    is_left: bool
    """Whether something is left to be continued."""
    trouble: str = ""
    """Why the journal of the rest is incomplete; empty if it is complete."""
    kept: str = ""
    """The file that keeps the replies; empty if there is none."""


class Unfinished(enum.Enum):
    """What can be continued of an interrupted scan that somebody wants."""

    SAME = "same"
    """The same scan."""
    CHANGED = "changed"
    """A scan with the same words, which asked something else: the configuration or the options have changed."""
    ANOTHER = "another"
    """Only scans of something else."""
    NOTHING = "nothing"


def journal_folder(register: str) -> Path:
    """The folder with the journals of a register."""
    address = address_of(register)
    return journal_place(mask_password(address) if address else register)


def list_unfinished(place: Path) -> list[InterruptedRun]:
    """The interrupted runs that can be continued by themselves: for a site of a round, that is the round."""
    found = interrupted_runs(place)
    keys = {each.head.key for each in found}
    return [each for each in found if each.head.round not in keys]


def list_resumable(place: Path) -> list[InterruptedRun]:
    """The interrupted runs that are not too old to be continued."""
    now = datetime.now(UTC)
    return [run for run in list_unfinished(place) if not run.is_stale(now)]


def remove_journals(place: Path, register: str) -> int:
    """Remove every journal; returns how many runs they were of. Raises BusyError if a run is in progress."""
    if not interrupted_runs(place):
        return 0
    with open_register(register):
        found = list_unfinished(place)
        for run in interrupted_runs(place):
            try:
                run.path.unlink(missing_ok=True)
            except OSError as error:
                raise OutputError(f"{run.path}: cannot be removed: {error.strerror or error}") from error
    return len(found)


def find_unfinished(place: Path, key: str, request: Request) -> tuple[Unfinished, Sequence[InterruptedRun]]:
    """What can be continued for a request whose run has this key, and the runs that show it."""
    now = datetime.now(UTC)
    same_key = [run for run in interrupted_runs(place) if run.head.key == key and not run.is_stale(now)]
    if same_key:
        return Unfinished.SAME, same_key
    found = list_resumable(place)
    same_words = [each for each in found if _key_words(each.head) == (tuple(request.targets), request.site)]
    if same_words:
        return Unfinished.CHANGED, same_words
    return (Unfinished.ANOTHER, found) if found else (Unfinished.NOTHING, ())


def _key_words(head: Head) -> tuple[tuple[str, ...], str]:
    return head.targets, head.sites[0] if len(head.sites) == 1 else ""


def decide_order(place: Path, prepared: PreparedScan, request: Request, *, resume: bool) -> Order:
    """Decide whether a scan continues an interrupted one (with ``resume``), or starts beside them."""
    sites = (prepared.plan.site,) if request.site else ()
    head = Head("", datetime.now(UTC), targets=tuple(request.targets), sites=sites, options=options_of(request))
    return Order(place, head, resume=resume, is_kept=request.keep_journal)


def continues(order: Order, prepared: PreparedScan) -> bool:
    """Whether this scan would continue an interrupted one."""
    path, now = path_of(order.place, prepared.key), datetime.now(UTC)
    left = interrupted_runs(order.place) if order.resume else ()
    return any(each.path == path and not each.is_stale(now) for each in left)


def options_of(request: Request) -> dict[str, Any]:
    """The options of a request besides targets and sites, to be used again when the run is continued."""
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
    prepared: PreparedScan,
    book: Register,
    files: Mapping[str, str] = MappingProxyType({}),
    order: Order | None = None,
    *,
    watcher: Watcher | None = None,
    interruption: Interruption | None = None,
) -> RecordedScan | None:
    """Scan, record, write the files (export -> path). None if the scan to continue was in the register already.

    With an ``order``, the scan keeps a journal of its findings, so that it can be continued after a kill.
    """
    watcher = watcher or Watcher()
    past, journal = _open_journal(prepared, book, order, watcher)
    if past and past.ended and journal is None:
        return None
    scanned = run_scan(prepared, watcher, interruption, journal, past.checkpoint if past else None)
    is_left = scanned.report.completion is Completion.INTERRUPTED or scanned.is_cut_off
    report = _complete_report(scanned.report, prepared, order, past, journal, is_half=is_left)
    if journal and not is_left:
        journal.note_end(report.scan_id)
    kept = _keep_replies(report, order, watcher) if order and order.is_kept and not is_left else ""
    try:
        recorded = record_and_write(report, book, files, prepared.config, watcher.warn)
    except BaseException:
        if journal:
            journal.close(remove=False)
        raise
    trouble = _close_journal(journal, is_left=is_left) if journal else ""
    return RecordedScan(report, recorded, is_left=is_left and journal is not None, trouble=trouble, kept=kept)


def _complete_report(
    report: Report,
    prepared: PreparedScan,
    order: Order | None,
    past: JournalContent | None,
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
    """Keep the devices' replies in a separate file, for ``camscan parcel export``.

    A full disk costs that file alone.
    """
    from camscan.parcel.write import pack_report  # noqa: PLC0415 - few scans keep their replies

    path = kept_path(order.place, report.scan_id)
    try:
        write_bytes_atomically(path, lambda stream: stream.writelines([pack_report(report)]))
    except CamscanError as error:
        watcher.warn(f"{error}; the scan is recorded, but no parcel can be made of it")
        return ""
    return str(path)


def _close_journal(journal: Journal, *, is_left: bool) -> str:
    """Close the journal of a scan that was recorded.

    Returns why the journal of the rest is incomplete; empty if it is complete.
    """
    if is_left:
        journal.end_half()
    journal.close(remove=not is_left)
    return f"{journal.path}: {journal.trouble}" if journal.trouble and is_left else ""


def _open_journal(
    prepared: PreparedScan, book: Register, order: Order | None, watcher: Watcher
) -> tuple[JournalContent | None, Journal | None]:
    """The journal to write, and what it says already; no journal if nothing of the run is left to do."""
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
