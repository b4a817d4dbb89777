"""New asset numbers."""

from __future__ import annotations

import secrets
from datetime import datetime

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: without I, L, O and U, which are easily misread on a label."""
_TIME_DIGITS, _RANDOM_DIGITS = 7, 8
SHORT = _RANDOM_DIGITS
"""Characters of the second half of an asset number. Lists show it, and it is enough to name a device."""


def new_asset_number(when: datetime) -> str:
    """Make a new asset number from the time in seconds and chance: ``1TJ9X4G-7HW2M9TX``.

    It is like a ULID, but short enough for a label.
    """
    seconds, chance = int(when.timestamp()), secrets.randbits(5 * _RANDOM_DIGITS)
    return f"{_base32_text(seconds, _TIME_DIGITS)}-{_base32_text(chance, _RANDOM_DIGITS)}"


def minted_second(asset_id: str) -> int:
    """The second in which an asset number was made, in Unix time."""
    number = 0
    for letter in asset_id[:_TIME_DIGITS]:
        number = number << 5 | _ALPHABET.index(letter)
    return number


def _base32_text(number: int, digits: int) -> str:
    return "".join(_ALPHABET[number >> 5 * place & 31] for place in reversed(range(digits)))
