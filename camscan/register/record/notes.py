"""Kinds of note that the register keeps among the keys of a device. None recognises a device alone."""

from __future__ import annotations

SHARED = "shared"
"""Several devices of one scan were seen to claim a key (``kind|value``): it recognises none of them from then on."""
PLACE = "place"
"""A person said which device it is that answers namelessly at an address."""
WIRE = "wire"
"""A MAC address that was seen on the wire behind the device, its maker's or not; a claim of the device is none."""
