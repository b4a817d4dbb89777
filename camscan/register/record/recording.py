"""One report on its way into the register: what every stage decided. It leaves the road at ``writing``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from camscan.dataclass import dataclass
from camscan.model import Report
from camscan.register.events import Draft
from camscan.register.record.channel_rows import ChannelChanges
from camscan.register.record.conflicts import Noted
from camscan.register.record.entry import Entry
from camscan.register.record.presence import PresenceChanges, Removal


@dataclass(frozen=True, slots=True)
class Recording:
    """Everything that recording a report changes."""

    report: Report
    scan: int
    """Its number, within this database only."""
    entries: Sequence[Entry]
    """One for each device of the report."""
    removals: Mapping[int, Removal]
    """Device -> the removal that a person recorded and that still stands."""
    channels: ChannelChanges
    presence: PresenceChanges
    noted: Sequence[Noted]
    drafts: Sequence[Draft]
    """Every event, in the order in which people are to read them."""
    merges: Sequence[tuple[int, int]]
    """(the row that is kept, the row that goes)."""
    is_late: bool = False
    """Whether a newer scan of the same addresses is in the register already."""
    overtaken: Sequence[Entry] = ()
    """Devices of a late scan that the register knew: of them, only evidence and history are written."""
    outdated: Sequence[str] = ()
    """Asset ids of devices that were left as they are, since a scan has seen them after this evidence."""
