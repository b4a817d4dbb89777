"""What one scan is to do, and how far it has come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from camscan.dataclass import dataclass
from camscan.net.target import Targets


@dataclass(frozen=True, slots=True)
class Plan:
    """What one scan is to do."""

    targets: Targets
    site: str = ""
    pace: str = "gentle"
    ports: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """probe -> TCP ports that replace its defaults."""
    listen_for: float = 0.0
    """Seconds to listen without sending anything; 0 asks actively."""
    ask_groups: bool = False
    """Whether groups are asked on every attached link of a target, also where its subnet is not wholly in scope."""
    keep_strangers: bool = False
    """Whether who answered, and was not named, is entered among the devices."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a scan has come, for a progress bar."""

    done: int
    total: int
    alive: int
    answered: int
