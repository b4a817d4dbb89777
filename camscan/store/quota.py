"""How much one collector may send: parts in a second, on average, and bytes in a day. Its row says what it has used."""

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
    return json.dumps({"day": day, "bytes": sent + size, "room": round(room - 1, 3), "at": round(at, 3)}), 0


def _until_midnight(now: datetime) -> int:
    day = now.astimezone(UTC)
    ends = datetime.combine(day.date() + timedelta(days=1), time(tzinfo=UTC))
    return max(1, math.ceil((ends - day).total_seconds()))
