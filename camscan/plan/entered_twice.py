"""Finds rows for an address only, at which a device of a known maker has answered since: one device, two rows.

A list of addresses that was imported before the scan, or an old file of another scanner, leaves such rows. Every count
leaves them out, whatever they say about the scope, until somebody merges the two rows (``camscan review``). Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from camscan.asset import Asset, Judgement

_TELLING = ("council_asset_tag", "stated_serial_number", "stated_mac_address", "recorder_asset_id")


def entered_twice(assets: Sequence[Asset]) -> Mapping[str, Asset]:
    """Asset id of each such row -> the device that has answered at its address. ``assets`` is the whole register."""
    rows = [asset for asset in assets if stands_for_address(asset)]
    if not rows:
        return {}
    known_at = _devices_by_address(assets)
    found = {row.asset_id: _device_since(row, known_at) for row in rows}
    return {name: device for name, device in found.items() if device is not None}


def stands_for_address(asset: Asset) -> bool:
    """Whether a row has nothing but its address that distinguishes one device from another."""
    if asset.identification.serial or not addresses_of(asset):
        return False
    if asset.last_seen is None:
        return not (asset.recorder_asset_id or any(asset.entries.get(name) for name in _TELLING))
    return not (asset.identification.maker or asset.mac_addresses)


def set_duplicates_apart(assets: Sequence[Asset], judgements: Mapping[str, Judgement]) -> Mapping[str, Judgement]:
    """The judgements, in which such rows are not in scope; ``assets`` is the whole register."""
    return leave_duplicates_out(judgements, entered_twice(assets))


def leave_duplicates_out(judgements: Mapping[str, Judgement], twice: Mapping[str, Asset]) -> Mapping[str, Judgement]:
    """The same, with the result of :func:`entered_twice` for the whole register."""
    some = {name: device for name, device in twice.items() if name in judgements}
    if not some:
        return judgements
    return {**judgements, **{name: _out_of_scope(judgements[name], device) for name, device in some.items()}}


def _out_of_scope(judgement: Judgement, device: Asset) -> Judgement:
    reason = f"counted as {device.asset_id}, which answers at its address; camscan review merges the two"
    return replace(
        judgement, in_scope="no", in_scope_reason=reason, would_match=(), priority=None, score=0.0, priority_reason=""
    )


def addresses_of(asset: Asset) -> Sequence[str]:
    """The addresses at which it was seen; for a row that no scan has seen, those that people entered."""
    if asset.last_seen is not None:
        return asset.ip_addresses
    stated = asset.entries.get("stated_ip_address")
    return [stated] if stated else []


def _devices_by_address(assets: Iterable[Asset]) -> Mapping[str, Asset]:
    """Address -> the device of a known maker that was last seen there."""
    found: dict[str, Asset] = {}
    for asset in assets:
        if asset.identification.maker and asset.last_seen:
            for ip in asset.ip_addresses:
                before = found.get(ip)
                if before is None or before.last_seen is None or before.last_seen < asset.last_seen:
                    found[ip] = asset
    return found


def _device_since(row: Asset, known_at: Mapping[str, Asset]) -> Asset | None:
    """The device that answers at its first address, if one has answered since at each of its addresses."""
    devices = [known_at.get(ip) for ip in addresses_of(row)]
    for device in devices:
        if device is None or device.last_seen is None:
            return None
        if row.last_seen is not None and device.last_seen <= row.last_seen:
            return None
    return devices[0]
