"""What the stages decided about one report. ``writing`` writes it into the register."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from camscan.dataclass import dataclass
from camscan.model import Report
from camscan.register.events import Draft
from camscan.register.record.channel_rows import ChannelChanges
from camscan.register.record.conflicts import NewConflict
from camscan.register.record.entry import Entry
from camscan.register.record.presence import PresenceChanges, Removal


@dataclass(frozen=True, slots=True)
class Recording:
    """Everything that recording a report changes."""

    report: Report
    scan: int
    """Number of the scan, which is valid only within this database."""
    entries: Sequence[Entry]
    """One entry for each device of the report."""
    removals: Mapping[int, Removal]
    """Device -> the removal that a person recorded and that still applies."""
    channels: ChannelChanges
    presence: PresenceChanges
    new_conflicts: Sequence[NewConflict]
    drafts: Sequence[Draft]
    """All events, in the order in which people read them."""
    merges: Sequence[tuple[int, int]]
    """(the row that is kept, the row that is merged into it)."""
    is_late: bool = False
    """Whether a newer scan of the same addresses is in the register already."""
    overtaken: Sequence[Entry] = ()
    """Devices of a late scan that the register knew: only their evidence and history are written."""
    outdated: Sequence[str] = ()
    """Asset numbers of devices that are left unchanged, because a scan has seen them after this evidence."""
