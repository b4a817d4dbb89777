"""Problems of a centre, as items for alerts (``camscan/notify/``)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from camscan.app import uploads
from camscan.app.centre_state import CentreState, centre_state
from camscan.app.workspace import Workspace
from camscan.notify.message import Item
from camscan.output import visible
from camscan.words import count_text, verb

OLD = timedelta(days=1)
"""A parcel that has waited this long causes an alert."""
_LONGEST = 200


def centre_troubles(space: Workspace, now: datetime) -> list[Item]:
    """The problems of the centre; empty if no collector was ever known. Raises RegisterError if they cannot be read."""
    state = centre_state(space, now)
    return list(troubles_of(state)) if state else []


def troubles_of(state: CentreState) -> Iterator[Item]:
    """The problems that the counts of a centre show."""
    for collector in state.silent:
        assert collector.seen_at is not None  # noqa: S101 - else it is not silent
        name = visible(collector.name, _LONGEST)
        brief = f"{name} has not asked for work since {collector.seen_at:%d %B %Y, %H:%M} UTC"
        yield Item("collector_silent", str(collector.number), collector.seen_at.isoformat(), brief=brief)
    if state.oldest > OLD:
        number = state.parcels["waiting"]
        brief = (
            f"{count_text(number, 'parcel')} {verb(number, 'waits', 'wait')} to be recorded, the oldest for "
            f"{state.oldest / timedelta(hours=1):.0f} hours"
        )
        yield Item("parcel_waits", "parcels", brief=brief)
    if state.queue and state.queue.stalled_long:
        brief = f"{count_text(state.queue.stalled_long, 'job')} stuck for ten minutes: is camscan work running?"
        yield Item("queue_stalled", "queue", brief=brief)
    if state.free is not None and state.free < uploads.ROOM:
        brief = f"{state.free:.0%} of the disk of the parcels is free, and no new scans are asked for"
        yield Item("disk_full", "parcels", brief=brief)
