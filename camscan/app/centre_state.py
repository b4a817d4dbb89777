"""How a centre stands: its collectors, what they sent, what they were asked, and the queue. Counts, for who watches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from camscan.app import uploads
from camscan.app.arrivals import approved_waiting, keys_of_full_days
from camscan.app.collectors import list_standings
from camscan.app.queueing import SEEN_WITHIN, queue_standing
from camscan.app.workspace import Workspace
from camscan.errors import RegisterError
from camscan.store import open_store
from camscan.store.collectors import Collector
from camscan.store.database import Store
from camscan.store.errands import Errands
from camscan.store.parcels import WAITING, Parcels
from camscan.work import Standing

HELD = "held"
"""A parcel that waits, of a key that is not approved: nobody records it before a person has looked."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class CentreState:
    """See above. Nothing of it names a site or an address, except the collectors."""

    collectors: Mapping[str, int]
    """State -> how many."""
    silent: Sequence[Collector]
    """Those that have asked before and do so no more."""
    full: Sequence[Collector]
    """Those whose parcels wait until midnight (UTC): as much of theirs was recorded today as may be."""
    behind: int
    """How many approved ones have an older camscan than the centre."""
    parcels: Mapping[str, int]
    """State -> how many; ``held`` are those whose key is not approved."""
    oldest: timedelta
    """For how long the oldest parcel has waited to be recorded; nothing if none waits."""
    ingest_seconds: float | None
    """That recording a parcel took, on average of the last day; None if none was recorded."""
    errands: Mapping[str, int]
    """State -> how many."""
    queue: Standing | None = None
    """None if the register has no queue, or it cannot be reached."""
    free: float | None = None
    """The share of the disk of the parcels that is free, from 0 to 1."""
    troubles: Sequence[str] = field(default=())
    """What could not be found out, and why."""

    @property
    def has_worker(self) -> bool:
        """Whether one was seen within two minutes."""
        return self.queue is not None and self.queue.unseen is not None and self.queue.unseen < SEEN_WITHIN


def centre_state(space: Workspace, now: datetime) -> CentreState | None:
    """How it stands; None if no collector was ever known. Raises RegisterError if the store cannot be read."""
    if not space.has_store:
        return None
    with open_store(space.where) as store:
        return state_of(space, store, now)


def state_of(space: Workspace, store: Store, now: datetime) -> CentreState | None:
    """The same, by a store that is open."""
    standings = list_standings(store)
    if not standings:
        return None
    queue, troubles = None, []
    try:
        queue = queue_standing(space)
    except RegisterError as error:
        troubles.append(str(error))
    approved = {each.collector.key for each in standings if each.collector.is_approved}
    parcels: Counter[str] = Counter()
    for key, counts in Parcels(store).counts().items():
        for state, count in counts.items():
            parcels[HELD if state == WAITING and key not in approved else state] += count
    waiting = approved_waiting(store)
    ready = [each.arrived_at for each in waiting]
    full = keys_of_full_days(space, store, {each.key for each in waiting}) if waiting else frozenset()
    return CentreState(
        collectors=Counter(each.collector.state.value for each in standings),
        behind=sum(each.is_behind and each.collector.is_approved for each in standings),
        full=[each.collector for each in standings if each.collector.key in full],
        silent=[each.collector for each in standings if each.is_silent(now)],
        parcels=parcels,
        oldest=max(now - min(ready), timedelta()) if ready else timedelta(),
        ingest_seconds=Parcels(store).mean_seconds(now - _DAY),
        errands=Errands(store).count(),
        queue=queue,
        free=uploads.free_share(uploads.folder_of(space)),
        troubles=troubles,
    )
