"""A simulated estate: emulated cameras, recorders, look-alikes and hostile units, for ``camscan demo`` and the tests.

They speak from bytes of their own and share no code with the scanner, so that a misreading cannot cancel out. Adding a
device costs one file in ``camscan/demo/devices/``.
"""

from __future__ import annotations

from camscan.demo.catalogue import devices
from camscan.demo.device import Device, Given, Request, Truth, Unit, Violation
from camscan.demo.estate import BASE, Estate, estate, plan

__all__ = ["BASE", "Device", "Estate", "Given", "Request", "Truth", "Unit", "Violation", "devices", "estate", "plan"]
