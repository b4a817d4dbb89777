"""What the register knows about cameras that are connected to recorders, and the changes to them. Nouns only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any

from camscan.asset import RecordType
from camscan.dataclass import dataclass
from camscan.identify.keys import Key
from camscan.model import Identification
from camscan.register.events import Draft
from camscan.register.record.conflicts import Question


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """A stored device that may be the camera on a channel."""

    id: int
    asset_id: str
    record_type: RecordType
    recorder_id: int | None
    channel: int | None
    found: Identification
    known: Mapping[str, Any]
    """Everything that is known about the device, as it is stored."""
    model: str | None
    serial: str | None
    keys: frozenset[Key] = frozenset()
    """Its keys and notes."""
    is_listed: bool = False
    """Whether a recorder has ever listed the device itself."""
    entries: Mapping[str, str] | None = None
    """What people entered; None if nobody has entered anything."""

    @property
    def is_behind(self) -> bool:
        """Whether the device is known only from a recorder."""
        return self.record_type is RecordType.BEHIND_RECORDER

    @property
    def is_seen(self) -> bool:
        """Whether a scan has ever seen the device."""
        return self.record_type is RecordType.NETWORK


@dataclass(frozen=True, slots=True)
class Answering:
    """A device that answered on an address when it was last seen."""

    ip: str
    id: int
    asset_id: str
    site: str
    found: Identification


@dataclass(frozen=True, slots=True)
class StoredChannels:
    """What was read from the register before a report is recorded."""

    rows: Mapping[int, ChannelRow] = field(default_factory=dict)
    """Number -> row, for every device that may be on a channel of the report."""
    rows_by_channel: Mapping[tuple[int, int], Sequence[int]] = field(default_factory=dict)
    """(recorder, channel) -> rows that are known to be there, or that people entered there."""
    dropped_rows: frozenset[int] = frozenset()
    """Rows whose last event is that their recorder had dropped them."""
    answering: Sequence[Answering] = ()
    """Devices at the addresses that recorders name."""


@dataclass(frozen=True, slots=True)
class AddedChannel:
    """A camera that gets a new row."""

    id: int
    asset_id: str
    site: str
    recorder: int
    channel: int
    columns: Mapping[str, Any]
    keys: frozenset[Key]


@dataclass(frozen=True, slots=True)
class UpdatedChannel:
    """A row that is on this channel now."""

    id: int
    recorder: int
    channel: int
    columns: Mapping[str, Any]
    """What its recorder says; empty if scans saw the device."""
    keys: frozenset[Key]
    """New keys of the row."""
    ended_keys: frozenset[str]
    """Values of the channel keys that the row no longer has."""


@dataclass(frozen=True, slots=True)
class LeftChannel:
    """A row that is no longer on its channel."""

    id: int
    places: frozenset[str]
    """Values of the keys of that channel."""


@dataclass(frozen=True, slots=True)
class MergedRows:
    """Two rows that are one device."""

    keep: int
    gone: int


Change = AddedChannel | UpdatedChannel | LeftChannel | MergedRows


@dataclass(frozen=True, slots=True)
class ChannelChanges:
    """Changes that follow from what recorders say."""

    changes: Sequence[Change]
    """Changes in the order in which they are to be made."""
    drafts: Sequence[Draft]
    questions: Sequence[Question]
