"""New asset ids."""

from __future__ import annotations

import secrets
from datetime import datetime

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O or U to be misread on a label."""
_TIME_DIGITS, _RANDOM_DIGITS = 7, 8
SHORT = _RANDOM_DIGITS
"""Characters of the second half, which lists show and which names a device too."""


def new_asset_number(when: datetime) -> str:
    """A new asset id: seconds and chance, like a ULID but short enough for a label: ``1TJ9X4G-7HW2M9TX``."""
    seconds, chance = int(when.timestamp()), secrets.randbits(5 * _RANDOM_DIGITS)
    return f"{_base32_text(seconds, _TIME_DIGITS)}-{_base32_text(chance, _RANDOM_DIGITS)}"


def minted_second(asset_id: str) -> int:
    """The second in which an asset id was minted."""
    number = 0
    for letter in asset_id[:_TIME_DIGITS]:
        number = number << 5 | _ALPHABET.index(letter)
    return number


def _base32_text(number: int, digits: int) -> str:
    return "".join(_ALPHABET[number >> 5 * place & 31] for place in reversed(range(digits)))
