"""One device of a report on its way into the tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from camscan.identify.keys import Key
from camscan.model import Device, Identification, Observation
from camscan.register import knowledge
from camscan.register.record.evidence import Place
from camscan.register.record.matching import Known


@dataclass(frozen=True)
class Entry:
    """One device of the report on its way into the tables."""

    id: int
    asset_id: str
    device: Device
    known: Known | None
    keys: frozenset[Key]
    notes: frozenset[Key]
    state: dict[str, Any]
    state_digest: bytes
    found: dict[Place, Observation]
    evidence_digest: bytes
    site: str
    """Where it is now: by the site map, else by the scan, else where it was."""
    is_on_map: bool

    @property
    def old(self) -> Mapping[Any, Any]:
        """Its stored row; empty for a new device."""
        return self.known.row if self.known else {}

    @property
    def is_first_sighting(self) -> bool:
        """Whether no scan has seen it before."""
        return self.known is None or self.known.last_scan == 0

    @cached_property
    def identification(self) -> Identification:
        """What is known of it, this sighting included."""
        now = self.device.identification
        return knowledge.last_known(self.known.found, now) if self.known else now
