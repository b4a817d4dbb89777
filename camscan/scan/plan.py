"""What one scan is to do, and its progress."""

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
    """Probe -> TCP ports that replace its defaults."""
    listen_for: float = 0.0
    """Seconds to listen without sending anything; 0 asks actively."""
    ask_groups: bool = False
    """Whether groups are asked on every attached link of a target, even if its subnet is not completely in scope."""
    keep_strangers: bool = False
    """Whether devices that answered and were not named are entered."""


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of a scan, for a progress bar."""

    done: int
    total: int
    alive: int
    answered: int
