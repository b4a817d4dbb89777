"""Laptop whose network adapter carries a camera maker's address block; nothing answers."""

from __future__ import annotations

from camscan.demo.device import Device

DEVICE = Device(
    maker=None,
    kind=None,
    is_camera_system=False,
    oui="bc:32:5f",
)
