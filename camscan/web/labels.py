"""QR labels: scanning one with a telephone opens the page of the device."""

from __future__ import annotations

from dataclasses import dataclass

from camscan.asset import Asset
from camscan.page.qr import draw_qr_code
from camscan.page.render import quote_for_address
from camscan.web.desk import Desk

LOOPBACK = ("http://127.0.0.1:", "http://localhost:")


@dataclass(frozen=True, slots=True)
class Label:
    """One label. It does not say what the device is or where, because strangers can read it too."""

    number: str
    tag: str
    """The council tag; empty if there is none."""
    code: str
    """The code as SVG, which was made safe when it was drawn."""


def label_of(desk: Desk, row: Asset) -> Label:
    """The label of a device. Its code leads to the page of the device."""
    address = f"{desk.address}/device/{quote_for_address(row.asset_id)}"
    return Label(row.asset_id, row.entries.get("council_asset_tag", ""), draw_qr_code(address))


def reaches_telephones(desk: Desk) -> bool:
    """Whether telephones can reach the address in the code: not if it is that of this machine only."""
    return not desk.address.startswith(LOOPBACK)
