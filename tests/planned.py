"""Rows of a register for the tests of policies and plans."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from camscan.asset import Asset, Judgement, Place, Presence, RecordType
from camscan.model import Capability, Confidence, Identification

TODAY = date(2026, 11, 23)
SEEN = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)


def asset(
    number: int = 1,
    *,
    maker: str | None = "hikvision",
    brand: str | None = None,
    model: str | None = "DS-2CD2132F-IS",
    firmware: str | None = None,
    serial: str | None = None,
    kind: str | None = "camera",
    is_camera: bool | None = True,
    capabilities: tuple[str, ...] = (),
    confidence: Confidence = Confidence.CONFIRMED,
    record_type: RecordType = RecordType.NETWORK,
    place: Place | None = None,
    presence: Presence = Presence.SEEN,
    last_seen: datetime | None = SEEN,
    recorder: str = "",
    site: str = "",
    **entries: str,
) -> Asset:
    found = Identification(
        maker=maker,
        brand=brand,
        model=model,
        firmware=firmware,
        serial=serial,
        kind=kind,
        is_camera_system=is_camera,
        capabilities={name: Capability("solid", "model") for name in capabilities},
        confidence=confidence,
        certainty=0.99 if confidence is Confidence.CONFIRMED else 0.4,
    )
    return Asset(
        asset_id=f"CAM-{number:04}",
        record_type=record_type,
        identification=found,
        place=place,
        site=site,
        presence=presence,
        last_seen=last_seen,
        recorder_asset_id=recorder,
        entries=entries,
    )


def judgement(in_scope: str = "yes", priority: int | None = 3, score: float = 5.0, **members: Any) -> Judgement:
    return Judgement(in_scope=in_scope, priority=priority if in_scope == "yes" else None, score=score, **members)
