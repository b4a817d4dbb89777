"""How much one collector may send: parts in a second, on average, and bytes in a day. Its row says what it has used.

Packed bytes say little about what a parcel brings into the register: lines that repeat each other pack well. So what is
recorded in a day is limited too, in unpacked bytes.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

_BURST = 5.0
"""Seconds for which a collector may save up: who was silent may send so many parts at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """What one collector may send."""

    parts: float
    """Parts in a second, on average."""
    day: int
    """Bytes from midnight to midnight (UTC)."""


def take_part(used: str, size: int, now: datetime, quota: Quota) -> tuple[str, int]:
    """Take a part of so many bytes: what is used now, and 0; or as before, and the seconds until it may come again.

    ``used`` is JSON that this function wrote before, or empty.
    """
    said: dict[str, Any] = json.loads(used or "{}")
    day, at = f"{now.astimezone(UTC):%Y-%m-%d}", now.timestamp()
    sent = int(said["bytes"]) if said.get("day") == day else 0
    if sent + size > quota.day:
        return used, _until_midnight(now)
    most = max(1.0, quota.parts * _BURST)
    passed = max(0.0, at - float(said.get("at", 0)))
    room = min(most, float(said.get("room", most)) + passed * quota.parts)
    if room < 1:
        return used, max(1, math.ceil((1 - room) / quota.parts))
    own = {"day": day, "bytes": sent + size, "room": round(room - 1, 3), "at": round(at, 3)}
    return json.dumps({**own, "unpacked": unpacked_today(used, now)}), 0


def unpacked_today(used: str, now: datetime) -> int:
    """Bytes of the parcels that were recorded today, unpacked."""
    said: dict[str, Any] = json.loads(used or "{}")
    return int(said.get("unpacked", 0)) if said.get("day") == f"{now.astimezone(UTC):%Y-%m-%d}" else 0


def add_unpacked(used: str, size: int, now: datetime) -> str:
    """What is used once a parcel of so many unpacked bytes was recorded."""
    said: dict[str, Any] = json.loads(used or "{}")
    day = f"{now.astimezone(UTC):%Y-%m-%d}"
    sent = int(said.get("bytes", 0)) if said.get("day") == day else 0
    return json.dumps({**said, "day": day, "bytes": sent, "unpacked": unpacked_today(used, now) + size})


def day_end(now: datetime) -> datetime:
    """The end of the day by which is counted: midnight, UTC."""
    return datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), time(tzinfo=UTC))


def _until_midnight(now: datetime) -> int:
    return max(1, math.ceil((day_end(now) - now).total_seconds()))
