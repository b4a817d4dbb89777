"""A simulated estate: emulated cameras, recorders, look-alikes and hostile units, for ``camscan demo`` and the tests.

The emulated devices build their bytes themselves and share no code with the scanner, so that the two cannot agree on
the same mistake. A new device is one file in ``camscan/demo/devices/``.
"""

from __future__ import annotations

from camscan.demo.catalogue import load_devices
from camscan.demo.device import Device, GivenFields, Request, Truth, Unit, Violation
from camscan.demo.estate import BASE, Estate, estate, plan_interfaces

__all__ = [
    "BASE",
    "Device",
    "Estate",
    "GivenFields",
    "Request",
    "Truth",
    "Unit",
    "Violation",
    "estate",
    "load_devices",
    "plan_interfaces",
]
