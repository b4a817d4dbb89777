"""Recording the parcels that collectors sent: in the order of their scans, each once, whatever one of them holds."""

from __future__ import annotations

from dataclasses import dataclass, replace

from camscan.app import parcel, uploads
from camscan.app.workspace import Workspace
from camscan.errors import BusyError, CamscanError, UsageError
from camscan.probes import catch_fault
from camscan.store.collectors import Collectors
from camscan.store.database import Store
from camscan.store.parcels import LOST, REFUSED, ArrivedParcel, Parcels

_TRIES = 3
"""After so many failures a parcel is left for a person."""


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What became of the parcels that waited."""

    recorded: int = 0
    refused: int = 0
    left: int = 0
    """Still waiting: their key is not approved, or the register was busy."""


def take_in(space: Workspace, store: Store) -> TakenIn:
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


def _record(arrived: ArrivedParcel, space: Workspace) -> None:
    offered = parcel.offered(uploads.blob_path(uploads.folder_of(space), arrived.blob), space)
    offered = replace(offered, name="the parcel")  # its sender is told what was wrong, and not where it lay
    parcel.bring_in(offered, space, parcel.believed(offered, space.settings))
