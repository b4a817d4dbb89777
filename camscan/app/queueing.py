"""The queue of a register, for programs that add jobs or watch it. Only a register on a server has one."""

from __future__ import annotations

from datetime import timedelta

from camscan import work
from camscan.app.workspace import Workspace
from camscan.errors import RegisterError
from camscan.register.address import address_of

INGEST, RELIST = work.Kind("ingest", is_alone=True), work.Kind("relist", is_alone=True)
TICK, PURGE, ALERT = (work.Kind(name, is_by_clock=True) for name in ("tick", "purge", "alert"))
SEEN_WITHIN = timedelta(minutes=2)
"""A worker that was not seen for this long is gone."""


def queue_state(space: Workspace) -> work.QueueState | None:
    """The state of the queue; None if the register has none. Raises RegisterError if it cannot be reached."""
    address = address_of(space.where)
    return work.read_state(address) if address and work.is_available() else None


def is_worker_there(space: Workspace) -> bool:
    """Whether a worker was seen within ``SEEN_WITHIN``; False if the queue cannot be reached."""
    try:
        found = queue_state(space)
    except RegisterError:
        return False
    return found is not None and found.unseen is not None and found.unseen < SEEN_WITHIN


def hand_to_worker(space: Workspace, scan_id: str) -> bool:
    """Let a worker record a parcel at once. Returns False if no worker is running; its clock finds the parcel later."""
    address = address_of(space.where)
    if address is None or not is_worker_there(space):
        return False
    try:
        work.enqueue(address, INGEST, [scan_id])
    except RegisterError:
        return False
    return True
