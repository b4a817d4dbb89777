"""A device of the register as a JSON object, and as a row of CSV."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from camscan.asset import Asset, Change, Judgement
from camscan.asset.columns import EDITABLE
from camscan.exports.csv import csv_moment as to_the_second
from camscan.exports.csv import harmless_cell
from camscan.exports.json import json_moment
from camscan.identify.reasons import list_reasons
from camscan.plan.standing import recorded_site
from camscan.register import StoredObservation

if TYPE_CHECKING:
    from camscan.app.devices import Details

HEADER = (
    *("asset_id", "council_asset_tag", "ip_addresses", "manufacturer", "brand_on_badge", "model", "kind"),
    *("serial_number", "firmware_version", "confidence_word", "because", "site_name", "location_detail"),
    *("in_scope", "in_scope_reason", "lifecycle_status", "planned_removal_date", "presence", "first_seen", "last_seen"),
)
"""The columns of ``camscan show --csv``; those of the register have its names.

New columns are only added at the end.
"""


def details_object(known: Details, *, with_evidence: bool = False) -> dict[str, Any]:
    """One device as a JSON object, as in lists; ``with_evidence`` adds every reply and change."""
    beside = _evidence_objects(known.evidence, known.changes) if with_evidence else {}
    return {**device_object(known.row, known.judgement, known.maker), **beside}


def device_object(row: Asset, judgement: Judgement, maker: str) -> dict[str, Any]:
    """The facts about one device as JSON: what it is and why, where it is, what is planned for it.

    ``maker`` is the name of its maker; empty if it is not known.
    """
    return _what_it_is(row, maker) | _what_becomes_of_it(row, judgement)


def _what_it_is(row: Asset, maker: str) -> dict[str, Any]:
    found = row.identification
    return {
        "asset_id": row.asset_id,
        "council_asset_tag": row.entries.get("council_asset_tag"),
        "record_type": row.record_type.value,
        "ip_addresses": list(row.ip_addresses),
        "mac_addresses": list(row.mac_addresses),
        "mac_source": row.hints.get("mac_source"),
        "hostname": row.hints.get("hostname"),
        "switch_port": row.entry("switch_port") or None,
        "open_ports": list(row.open_ports),
        "is_camera_system": found.is_camera_system,
        "maker": found.maker,
        "manufacturer": maker or None,
        "brand": found.brand,
        "model": found.model,
        "serial": found.serial,
        "firmware": found.firmware,
        "kind": found.kind,
        "confidence": found.confidence.value,
        "certainty": found.certainty,
        "reasons": list(list_reasons(found)),
        "because": list(found.because),
        "conflicts": list(found.conflicts),
        "capabilities": {name: what.confidence for name, what in found.capabilities.items()},
    }


def _what_becomes_of_it(row: Asset, judgement: Judgement) -> dict[str, Any]:
    return {
        "channels": row.channels,
        "recorder_asset_id": row.recorder_asset_id or None,
        "channel": row.channel,
        "site": recorded_site(row) or None,
        "location": row.entry("location_detail") or None,
        "in_scope": judgement.in_scope,
        "in_scope_reason": judgement.in_scope_reason,
        "policies": [ruling.policy for ruling in judgement.rulings if ruling.matches],
        "priority": judgement.priority,
        "weaknesses": list(judgement.weaknesses),
        "lifecycle": row.lifecycle.value,
        "planned_removal_date": row.entries.get("planned_removal_date"),
        "presence": row.presence.value,
        "scans_missed": row.scans_missed,
        "first_seen": json_moment(row.first_seen) if row.first_seen else None,
        "last_seen": json_moment(row.last_seen) if row.last_seen else None,
        "elsewhere": {
            name: {"value": each.value, "basis": each.basis, "at": json_moment(each.at)}
            for name, each in row.elsewhere.items()
        },
        "entries": {column.name: row.entries[column.name] for column in EDITABLE if column.name in row.entries},
    }


def _evidence_objects(evidence: Sequence[StoredObservation], changes: Sequence[Change]) -> dict[str, Any]:
    """The members that ``--evidence`` adds to the object of one device."""
    return {
        "evidence": [
            {
                "ip": stored.observation.ip,
                "port": stored.observation.port,
                "probe": stored.observation.probe,
                "key": stored.observation.key,
                "value": stored.observation.value,
                "seen_at": json_moment(stored.observation.seen_at),
                "current": stored.current,
            }
            for stored in evidence
        ],
        "changes": [
            {
                "at": json_moment(change.at),
                "role": change.role,
                "how": change.how,
                "column": change.column,
                "old": change.old,
                "new": change.new,
                "because": change.because,
            }
            for change in changes
        ],
    }


def device_cells(row: Asset, judgement: Judgement, maker: str) -> Iterator[str]:
    """The cells of one device under :data:`HEADER`; every cell is harmless in a spreadsheet."""
    return map(harmless_cell, _search_texts(row, judgement, maker))


def _search_texts(row: Asset, judgement: Judgement, maker: str) -> Iterator[str]:
    found = row.identification
    yield row.asset_id
    yield row.entries.get("council_asset_tag", "")
    yield "; ".join(row.ip_addresses)
    yield maker or "unknown"
    yield row.entries.get("brand_on_badge") or found.brand or ""
    yield from (found.model or "", found.kind or "", found.serial or "", found.firmware or "")
    yield found.confidence.value
    yield " ".join(list_reasons(found))
    yield recorded_site(row)
    yield row.entry("location_detail")
    yield from (judgement.in_scope, judgement.in_scope_reason)
    yield row.lifecycle.value
    yield row.entries.get("planned_removal_date", "")
    yield row.presence.value
    yield to_the_second(row.first_seen) if row.first_seen else ""
    yield to_the_second(row.last_seen) if row.last_seen else ""
