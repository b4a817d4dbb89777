"""Kinds of note that the register keeps among the keys of a device. None of them recognises a device alone."""

from __future__ import annotations

from camscan.identify.keys import Key

SHARED = "shared"
"""Several devices of one scan claimed a key (``kind|value``): from then on it identifies none of them."""
PLACE = "place"
"""A person said which device answers at an address without identifying itself."""


def shared_key_note(key: Key) -> Key:
    """The note that several devices claimed a key."""
    return Key(SHARED, f"{key.kind}|{key.value}")
