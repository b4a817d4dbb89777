"""Recording the parcels that collectors sent: in the order of their scans, each once, whatever one of them holds."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from camscan.app import parcel, uploads
from camscan.app.workspace import Workspace
from camscan.errors import BusyError, CamscanError, UsageError
from camscan.parcel.seal import open_file
from camscan.parcel.unpack import unpack
from camscan.probes import catch_fault
from camscan.store.collectors import Collectors
from camscan.store.database import Store
from camscan.store.parcels import LOST, REFUSED, WAITING, ArrivedParcel, Parcels

KEPT_DAYS = 35
"""Files of parcels are kept so long: a register that is restored to an earlier day can take them again."""
_TRIES = 3
"""After so many failures a parcel is left for a person."""


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What became of the parcels that waited."""

    recorded: int = 0
    refused: int = 0
    left: int = 0
    """Still waiting: their key is not approved, or the register was busy."""


def record_arrivals(space: Workspace, store: Store) -> TakenIn:
    """Record every parcel that waits and whose key is approved. One that cannot be read costs itself alone.

    Another program that writes to the register ends it early; the next call goes on. Twice is once.
    """
    parcels, recorded, refused = Parcels(store), 0, 0
    for each in parcels.waiting():
        collector = Collectors(store).of_key(each.key)
        if collector is None or not collector.is_approved:
            continue
        if not uploads.blob_path(uploads.folder_of(space), each.blob).exists():
            parcels.failed(each.scan_id, "its file was lost at the centre; send it again", LOST)
            continue
        why, is_final = "", False
        with catch_fault() as fault:
            try:
                _record(each, space)
            except BusyError:
                break
            except UsageError as error:
                why, is_final = str(error), True
            except CamscanError as error:
                why = str(error)
        why = why or fault.detail
        recorded += not why
        if why:
            is_over = is_final or each.tries + 1 >= _TRIES
            parcels.failed(each.scan_id, why, **({"state": REFUSED} if is_over else {}))
            refused += is_over
    return TakenIn(recorded, refused, len(parcels.waiting()))


def replay_files(space: Workspace, store: Store, now: datetime) -> int:
    """Let every parcel wait again whose file is kept and whose scan the register does not have; how many.

    For a register that was restored to an earlier day. Files that cannot be read are passed over.
    """
    with space.open(readonly=True, create=False) as book:
        known = {scan.scan_id for scan in book.scans()}
    count = 0
    for path in sorted(uploads.folder_of(space).glob("*.camparcel")):
        try:
            sealed = open_file(path)
            scan_id = unpack(sealed.body, "the parcel", now).tail.scan_id
        except CamscanError:
            continue
        if scan_id not in known:
            waiting = ArrivedParcel(
                scan_id=scan_id, digest=sealed.digest, key=sealed.key, arrived_at=now, state=WAITING, blob=path.stem
            )
            Parcels(store).wait_again(waiting)
            count += 1
    return count


def remove_old(space: Workspace, store: Store, now: datetime) -> int:
    """Remove the files of parcels that are no longer needed, and of uploads that nobody goes on with; how many."""
    waiting = {each.blob for each in Parcels(store).waiting()}
    oldest, count = (now - timedelta(days=KEPT_DAYS)).timestamp(), 0
    folder = uploads.folder_of(space)
    for path in (*folder.glob("*.camparcel"), *folder.glob("*.part")):
        with contextlib.suppress(FileNotFoundError):
            if path.stem not in waiting and path.stat().st_mtime < oldest:
                path.unlink()
                count += 1
    return count


def _record(arrived: ArrivedParcel, space: Workspace) -> None:
    offered = parcel.open_parcel(uploads.blob_path(uploads.folder_of(space), arrived.blob), space)
    offered = replace(offered, name="the parcel")  # its sender is told what was wrong, and not where it lay
    parcel.record_parcel(offered, space, parcel.decide_limits(offered, space.settings))
