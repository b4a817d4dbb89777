"""What the register knows about the cameras that are connected to recorders, and what happens to them. Nouns only."""

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
    """A device that a channel may be."""

    id: int
    asset_id: str
    record_type: RecordType
    recorder_id: int | None
    channel: int | None
    found: Identification
    known: Mapping[str, Any]
    """All that is known about it, as it is stored."""
    model: str | None
    serial: str | None
    keys: frozenset[Key] = frozenset()
    """Its keys and notes."""
    is_listed: bool = False
    """Whether a recorder has listed it itself, at some time."""
    entries: Mapping[str, str] | None = None
    """What people entered; None if nobody has."""

    @property
    def is_behind(self) -> bool:
        """Whether only a recorder tells of it."""
        return self.record_type is RecordType.BEHIND_RECORDER

    @property
    def is_seen(self) -> bool:
        """Whether a scan has ever seen it."""
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
    """What was read of the register before a report is recorded."""

    rows: Mapping[int, ChannelRow] = field(default_factory=dict)
    """Every device that a channel of the report may be, by number."""
    said: Mapping[tuple[int, int], Sequence[int]] = field(default_factory=dict)
    """(recorder, channel) -> rows that are known to be there, or that people say are there."""
    dropped: frozenset[int] = frozenset()
    """Rows whose last event is that their recorder had dropped them."""
    answering: Sequence[Answering] = ()
    """Devices at the addresses that recorders name."""


@dataclass(frozen=True, slots=True)
class Added:
    """A camera that gets a row."""

    id: int
    asset_id: str
    site: str
    recorder: int
    channel: int
    columns: Mapping[str, Any]
    keys: frozenset[Key]


@dataclass(frozen=True, slots=True)
class Mended:
    """A row that is on this channel now."""

    id: int
    recorder: int
    channel: int
    columns: Mapping[str, Any]
    """What its recorder tells; empty if scans saw it."""
    keys: frozenset[Key]
    """Keys that are new."""
    ended: frozenset[str]
    """Values of the keys of channels on which it hangs no more."""


@dataclass(frozen=True, slots=True)
class Left:
    """A row that is no longer on its channel."""

    id: int
    places: frozenset[str]
    """Values of the keys of that channel."""


@dataclass(frozen=True, slots=True)
class Merged:
    """Two rows that are one device."""

    keep: int
    gone: int


Change = Added | Mended | Left | Merged


@dataclass(frozen=True, slots=True)
class ChannelChanges:
    """What recorders tell that was not so before."""

    changes: Sequence[Change]
    """In this order."""
    drafts: Sequence[Draft]
    questions: Sequence[Question]
