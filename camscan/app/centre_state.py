"""The state of a centre: its collectors, their parcels, their errands, and the queue.

Counts, for people and programs that watch it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from camscan.app import uploads
from camscan.app.arrivals import approved_parcels, keys_of_full_days
from camscan.app.collectors import list_collector_states
from camscan.app.queueing import SEEN_WITHIN, queue_state
from camscan.app.workspace import Workspace
from camscan.errors import RegisterError
from camscan.store import open_store
from camscan.store.collectors import Collector
from camscan.store.database import Store
from camscan.store.errands import Errands
from camscan.store.parcels import WAITING, Parcels
from camscan.work import QueueState

HELD = "held"
"""The state of a parcel whose key is not approved: it waits until a person has decided."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class CentreState:
    """The counts of a centre. They name no site and no address, only collectors."""

    collectors: Mapping[str, int]
    """State -> number of collectors."""
    silent: Sequence[Collector]
    """Collectors that have asked before and have fallen silent."""
    full: Sequence[Collector]
    """Collectors whose parcels wait until midnight (UTC), because their quota for today is used up."""
    behind: int
    """How many approved collectors have an older camscan than the centre."""
    parcels: Mapping[str, int]
    """State -> number of parcels; ``held`` are those whose key is not approved."""
    oldest: timedelta
    """How long the oldest parcel has waited to be recorded; zero if none waits."""
    ingest_seconds: float | None
    """The average seconds that recording a parcel took on the last day; None if none was recorded."""
    errands: Mapping[str, int]
    """State -> number of errands."""
    queue: QueueState | None = None
    """The state of the queue; None if the register has no queue, or if it cannot be reached."""
    free: float | None = None
    """The share of the parcels' disk that is free, from 0 to 1; None if it cannot be read."""
    troubles: Sequence[str] = field(default=())
    """What could not be read, and why."""

    @property
    def has_worker(self) -> bool:
        """Whether a worker was seen within the last two minutes."""
        return self.queue is not None and self.queue.unseen is not None and self.queue.unseen < SEEN_WITHIN


def centre_state(space: Workspace, now: datetime) -> CentreState | None:
    """Read the state of the centre; None if no collector was ever known. Raises RegisterError if it cannot be read."""
    if not space.has_store:
        return None
    with open_store(space.where) as store:
        return state_of(space, store, now)


def state_of(space: Workspace, store: Store, now: datetime) -> CentreState | None:
    """Read the state of the centre from a store that is open, like :func:`centre_state`."""
    standings = list_collector_states(store)
    if not standings:
        return None
    queue, troubles = None, []
    try:
        queue = queue_state(space)
    except RegisterError as error:
        troubles.append(str(error))
    approved = {state.collector.key for state in standings if state.collector.is_approved}
    parcels: Counter[str] = Counter()
    for key, counts in Parcels(store).counts().items():
        for state, count in counts.items():
            parcels[HELD if state == WAITING and key not in approved else state] += count
    waiting = approved_parcels(store)
    ready = [waiting_parcel.arrived_at for waiting_parcel in waiting]
    full = (
        keys_of_full_days(space, store, {waiting_parcel.key for waiting_parcel in waiting}) if waiting else frozenset()
    )
    return CentreState(
        collectors=Counter(state.collector.state.value for state in standings),
        behind=sum(state.is_behind and state.collector.is_approved for state in standings),
        full=[state.collector for state in standings if state.collector.key in full],
        silent=[state.collector for state in standings if state.is_silent(now)],
        parcels=parcels,
        oldest=max(now - min(ready), timedelta()) if ready else timedelta(),
        ingest_seconds=Parcels(store).mean_seconds(now - _DAY),
        errands=Errands(store).count(),
        queue=queue,
        free=uploads.free_share(uploads.folder_of(space)),
        troubles=troubles,
    )
