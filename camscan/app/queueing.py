"""The queue of a register, as those see it who put jobs in or watch it: there is one only where that is on a server."""

from __future__ import annotations

from datetime import timedelta

from camscan import work
from camscan.app.workspace import Workspace
from camscan.errors import RegisterError
from camscan.register.address import address_of

INGEST, RELIST = work.Kind("ingest", is_alone=True), work.Kind("relist", is_alone=True)
TICK, PURGE, ALERT = (work.Kind(name, is_by_clock=True) for name in ("tick", "purge", "alert"))
SEEN_WITHIN = timedelta(minutes=2)
"""A worker that was not seen for so long is gone."""


def queue_standing(space: Workspace) -> work.Standing | None:
    """How the queue stands; None if the register has none. Raises RegisterError if it cannot be reached."""
    address = address_of(space.where)
    return work.look(address) if address and work.is_available() else None


def is_worker_there(space: Workspace) -> bool:
    """Whether a worker was seen lately. Where the queue cannot be reached, none was."""
    try:
        found = queue_standing(space)
    except RegisterError:
        return False
    return found is not None and found.unseen is not None and found.unseen < SEEN_WITHIN


def hand_over(space: Workspace, scan_id: str) -> bool:
    """Let a worker record a parcel at once; False if none is there. The clock of a worker would find it too."""
    address = address_of(space.where)
    if address is None or not is_worker_there(space):
        return False
    try:
        work.enqueue(address, INGEST, [scan_id])
    except RegisterError:
        return False
    return True
