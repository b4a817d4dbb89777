"""Checks the recorder that a row of a spreadsheet names. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from camscan.asset import Asset
from camscan.asset.behind import why_no_recorder


def why_not_connected(recorder: str, assets: Mapping[str, Asset], asset_id: str = "") -> str:
    """Why a device cannot be connected to the recorder in ``recorder_asset_id``.

    Empty if it can, or if none is named.
    """
    if not recorder:
        return ""
    if recorder not in assets:
        told = "there is no such device in the register"
    elif recorder == asset_id:
        told = "a device cannot be behind itself"
    else:
        row = assets[recorder]
        told = why_no_recorder(row.identification.kind, row.entries.get("stated_device_type", ""))
    return f"recorder_asset_id {recorder}: {told}" if told else ""
