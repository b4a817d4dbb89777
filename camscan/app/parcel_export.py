"""Makes a parcel of a finished scan that is kept, or of one that was interrupted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from camscan import fingerprints
from camscan.app.resume import journal_folder
from camscan.app.workspace import Workspace
from camscan.errors import OutputError, UsageError
from camscan.net.target import parse_targets
from camscan.output import explain_errors, open_existing, write_bytes_atomically
from camscan.parcel import MOST_BYTES
from camscan.parcel.keys import default_key_file, key_words, own_key, public_key_of
from camscan.parcel.seal import seal
from camscan.parcel.unpack import unpack
from camscan.parcel.write import pack_report
from camscan.scan.half import report_of_half
from camscan.scan.journal import InterruptedRun, interrupted_runs, kept_scans
from camscan.scan.journal.read import load_journal
from camscan.scan.journal.write import half_line

_ANY = 1 << 128
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class ExportedParcel:
    """A parcel that was written."""

    scan_id: str
    words: str
    """The words of the key that signed it."""
    is_new_key: bool
    """Whether the key was made now."""
    key_file: Path
    is_half: bool
    """Whether its scan was interrupted."""
    size: int


def export_parcel(
    space: Workspace, file: Path, now: datetime, *, scan: str = "", key_file: Path | None = None
) -> ExportedParcel:
    """Write the parcel of the kept scan whose id begins with ``scan``; of the newest if that is empty.

    If no scan is kept, of the one that was interrupted. The register itself does not keep what a parcel needs. Raises
    UsageError if there is none, BusyError if that scan is being continued.
    """
    place = journal_folder(str(space.where))
    finished = [path for path in kept_scans(place) if _id_of(path).startswith(scan)]
    halves = [run for run in interrupted_runs(place) if run.head.scan and run.head.scan.startswith(scan)]
    if scan and len(finished) + len(halves) > 1:
        raise UsageError(f"several scans begin with {scan}; write more of the id")
    if finished:
        body, is_half = _read_scan(finished[-1]), False
    elif len(halves) == 1:
        body, is_half = _export_half(space, halves[0]), True
    else:
        raise UsageError(_why_not(scan, kept_scans(place), halves))
    content = unpack(body, "the scan that is kept", now)  # a parcel that nobody could record is not worth carrying
    place_of_key = key_file or default_key_file()
    key, is_new = own_key(place_of_key)
    sealed = seal(body, key)
    space.refuse_own(file)
    write_bytes_atomically(file, lambda stream: stream.writelines([sealed]))
    return ExportedParcel(
        content.tail.scan_id, key_words(public_key_of(key)), is_new, place_of_key, is_half, len(sealed)
    )


def _id_of(path: Path) -> str:
    return path.name.rpartition(".finished-")[2]


def _read_scan(path: Path) -> bytes:
    try:
        with open_existing(path) as stream:
            return stream.read(MOST_BYTES) or b""
    except OSError as error:
        raise OutputError(f"{path}: cannot be read: {error.strerror or error}") from error


def _export_half(space: Workspace, run: InterruptedRun) -> bytes:
    """The lines of an interrupted scan; its journal notes that this part was exported."""
    head = run.head
    if not head.asked:
        raise UsageError(
            f"an earlier camscan began the scan of {head.target_words}; continue it with `camscan scan --resume`"
        )
    targets = parse_targets(head.asked, limit=_ANY)
    database = fingerprints.load_database(space.settings.overlays)
    with space.open():  # no other program is continuing it
        past = load_journal(run.path, targets.spans)
        number = past.halves + past.is_moved_on
        report = report_of_half(past, f"{head.scan}.{number}", targets, database)
        if past.is_moved_on:
            with explain_errors(run.path), open_existing(run.path, write=True) as stream:
                stream.truncate(past.size)
                stream.write(half_line(number))
    return pack_report(report)


def _why_not(scan: str, finished: Sequence[Path], halves: Sequence[InterruptedRun]) -> str:
    if halves:
        ids = ", ".join(each.head.scan for each in halves[:_SHOWN])
        return f"several scans were interrupted; name one of them: {ids}"
    if scan:
        known = ", ".join(map(_id_of, finished[-_SHOWN:])) or "none"
        return f"no scan {scan} is kept here; kept are: {known}"
    return (
        "no scan is kept here; scan with --keep-journal, and a parcel can be made of it. The register alone is not "
        "enough: it does not keep which replies were asked for"
    )
