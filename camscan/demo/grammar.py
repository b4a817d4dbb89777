"""Makes up serial numbers in the form of real ones."""

from __future__ import annotations

import random
import string
from collections.abc import Callable

from camscan.demo.device import Device

Serial = Callable[[random.Random, Device], str]
_UPPER = string.ascii_uppercase


def hikvision_serial(region: str, letter: str, years: tuple[int, int], channels: str = "", tail: str = "") -> Serial:
    """Serials of model, channel count on recorders, production date, region letters, number, tail on recorders."""

    def make(rng: random.Random, device: Device) -> str:
        date = f"{rng.randint(*years)}{rng.randint(1, 12):02}{rng.randint(1, 28):02}"
        digits = "".join(rng.choices(string.digits, k=9 - len(letter)))
        return f"{device.extra.get('factory_model', device.model)}{channels}{date}{region}{letter}{digits}{tail}"

    return make


def dahua_serial(start: str = "", middle: str = "AG") -> Serial:
    """Serials of two characters for the date, five hex digits, P, two letters, five characters."""

    def make(rng: random.Random, _device: Device) -> str:
        head = start or rng.choice("34567ABC") + rng.choice("ABCDEFGHJKL")
        code = "".join(rng.choices("0123456789ABCDEF", k=5))
        return f"{head}{code}P{middle}{''.join(rng.choices('0123456789ABCDEF', k=5))}"

    return make


def pattern_serial(text: str) -> Serial:
    """Serials from a pattern: ``#`` becomes a digit, ``@`` a capital, ``%`` a hex digit."""
    alphabets = {"#": string.digits, "@": _UPPER, "%": "0123456789ABCDEF"}

    def make(rng: random.Random, _device: Device) -> str:
        return "".join(rng.choice(alphabets[c]) if c in alphabets else c for c in text)

    return make
