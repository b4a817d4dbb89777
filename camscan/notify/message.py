"""The items that are sent, and the message that holds them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

MOST = 20
"""Items that a message names; the rest are counted."""


class Kind(NamedTuple):
    """What an item is about."""

    about: str
    """The class of its message."""
    one: str
    """What happened, after ``1``: ``new device``."""
    several: str
    """What happened, after another number: ``new devices``."""


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "reappeared_after_removal": Kind(
            "alarm",
            "device is back although it was recorded as removed",
            "devices are back although they were recorded as removed",
        ),
        "scan_failed": Kind("trouble", "scan failed", "scans failed"),
        "not_scanned": Kind("trouble", "site was not scanned", "sites were not scanned"),
        "step_failed": Kind("trouble", "step of the run failed", "steps of the run failed"),
        "coverage_lost": Kind("trouble", "subnet fell silent", "subnets fell silent"),
        "coverage_flapping": Kind("trouble", "subnet falls silent and comes back", "subnets fall silent and come back"),
        "authorisation_ends": Kind(
            "trouble", "authorisation has ended or ends soon", "authorisations have ended or end soon"
        ),
        "collector_silent": Kind("trouble", "collector is silent", "collectors are silent"),
        "parcel_waits": Kind("trouble", "parcel has waited for a day", "parcels have waited for a day"),
        "queue_stalled": Kind("trouble", "queue is stuck", "queues are stuck"),
        "disk_full": Kind("trouble", "disk is nearly full", "disks are nearly full"),
        "first_scan": Kind("news", "place was scanned for the first time", "places were scanned for the first time"),
        "new": Kind("news", "new device", "new devices"),
        "recorder_added_camera": Kind(
            "news", "camera newly listed by a recorder", "cameras newly listed by a recorder"
        ),
        "moved_site": Kind("news", "device at another site", "devices at another site"),
        "maker_changed": Kind("news", "device with another maker", "devices with another maker"),
        "identity_conflict": Kind(
            "news",
            "contradiction about a device that only a person can settle",
            "contradictions about devices that only a person can settle",
        ),
        "overdue": Kind("news", "removal overdue", "removals overdue"),
        "flapping": Kind("news", "device keeps changing", "devices keep changing"),
        "test": Kind("test", "test message", "test messages"),
    }
)
"""Every kind, in the order in which a message has them: the most pressing first."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to send. ``kind``, ``subject`` and ``value`` together say whether it is the same thing again."""

    kind: str
    subject: str
    """What it is about: an asset number, a subnet, a site."""
    value: str = ""
    """Its value now."""
    asset_id: str = ""
    site: str = ""
    old: str = ""
    """Its value before."""
    detail: str = ""
    """One sentence without a full stop; it may have addresses and models in it."""
    brief: str = ""
    """A phrase that anybody may see; empty if asset number and site say enough."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message about one class."""

    id: str
    """The same whenever it is sent again: 32 hexadecimal digits."""
    about: str
    """``alarm``, ``trouble``, ``news`` or ``progress``; ``test`` for a message that only shows that alerts arrive."""
    at: datetime
    """When it was made, by the clock of camscan.yaml."""
    organisation: str = ""
    items: tuple[Item, ...] = ()
    """At most MOST, the most pressing first."""
    counts: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    """Kind -> how many there are, including those that are not named."""
    facts: tuple[tuple[str, str], ...] = ()
    """For progress: what is counted, and how many."""
    command: str = ""
    """The command that shows the rest."""

    @property
    def unnamed_count(self) -> int:
        """How many items are counted and not named."""
        return sum(self.counts.values()) - len(self.items)
