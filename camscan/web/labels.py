"""QR labels: whoever scans one with a telephone comes to the page of the device."""

from __future__ import annotations

from dataclasses import dataclass

from camscan.asset import Asset
from camscan.page.qr import draw_qr_code
from camscan.page.render import quote_for_address
from camscan.web.desk import Desk

LOOPBACK = ("http://127.0.0.1:", "http://localhost:")


@dataclass(frozen=True, slots=True)
class Label:
    """One label. It says nothing of what the device is or where: strangers can read it too."""

    number: str
    tag: str
    """The council's own; empty where there is none."""
    code: str
    """SVG, made safe where it was drawn."""


def label_of(desk: Desk, row: Asset) -> Label:
    """The label of a device: its code leads to its page."""
    address = f"{desk.address}/device/{quote_for_address(row.asset_id)}"
    return Label(row.asset_id, row.entries.get("council_asset_tag", ""), draw_qr_code(address))


def reaches_telephones(desk: Desk) -> bool:
    """Whether the address in a code is one that another machine reaches."""
    return not desk.address.startswith(LOOPBACK)
