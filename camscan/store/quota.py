"""How much one collector may send: parts in a second, on average, and bytes in a day.

The collector's row holds what it has used. The packed size of a parcel says little about its content, because repeated
lines pack well. So a day also has a limit for recorded bytes, unpacked.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

_BURST = 5.0
"""Seconds for which unused parts are saved: after a silence, a collector may send so many parts at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """The limits of one collector."""

    parts: float
    """Parts in a second, on average."""
    day: int
    """Bytes from midnight to midnight (UTC)."""


def take_part(used: str, size: int, now: datetime, quota: Quota) -> tuple[str, int]:
    """Count a part of ``size`` bytes. Returns the new use and 0, or the old use and the seconds until the next attempt.

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
    """Unpacked bytes of the parcels that were recorded today."""
    said: dict[str, Any] = json.loads(used or "{}")
    return int(said.get("unpacked", 0)) if said.get("day") == f"{now.astimezone(UTC):%Y-%m-%d}" else 0


def add_unpacked(used: str, size: int, now: datetime) -> str:
    """The use after a parcel of ``size`` unpacked bytes was recorded."""
    said: dict[str, Any] = json.loads(used or "{}")
    day = f"{now.astimezone(UTC):%Y-%m-%d}"
    sent = int(said.get("bytes", 0)) if said.get("day") == day else 0
    return json.dumps({**said, "day": day, "bytes": sent, "unpacked": unpacked_today(used, now) + size})


def day_end(now: datetime) -> datetime:
    """The end of the day for which is counted: midnight, UTC."""
    return datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), time(tzinfo=UTC))


def _until_midnight(now: datetime) -> int:
    return max(1, math.ceil((day_end(now) - now).total_seconds()))
