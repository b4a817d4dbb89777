"""Axis camera that answers mDNS only, and only to multicast."""

from __future__ import annotations

from camscan.demo.device import Device, Unit
from camscan.demo.wire import mdns


def mdns_names(unit: Unit) -> tuple[str, str, tuple[str, ...]]:
    """Instance "AXIS MODEL - MAC", and the MAC again in the text record, as the other Axis units have them."""
    mac = unit.mac_tail.upper()
    return f"AXIS {unit.model} - {mac}", f"axis-{mac.lower()}", (f"macaddress={mac}",)


DEVICE = Device(
    maker="axis",
    brand="Axis",
    model="Q1615",
    oui="ac:cc:8e",
    services=(
        mdns.service(("_axis-video._tcp",), mdns_names, gives=("maker", "brand", "model", "mac"), unicast=False),
    ),
)
