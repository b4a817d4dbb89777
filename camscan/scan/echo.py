"""Which replies answer a question of ours: those that echo its identifier, if the protocol has one.

An identifier is made from a secret of the run, the address and the question. So none has to be remembered for each
address, and the identifier for one address is of no use to another.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import field
from hashlib import blake2b
from uuid import UUID

from camscan.dataclass import dataclass
from camscan.probes import Probe, catch_fault

REPETITIONS = 4
"""How often one question may be repeated in one run: each time with another identifier, or devices take it for the
same."""
_DIGITS = re.compile(r"[0-9a-f]{8}[0-9a-f-]{8,32}")
_VARIANT = {f"{digit:x}": f"{digit & 0x3 | 0x8:x}" for digit in range(16)}
_FEWEST = 16
"""Hexadecimal digits that cannot be guessed: some firmware cuts the identifier, none sends another."""


@dataclass(frozen=True, slots=True)
class Identifiers:
    """The identifiers of the questions of one run."""

    _secret: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    _groups: dict[str, None] = field(default_factory=dict, repr=False)
    """Digits of every identifier that was sent to a group."""

    def identifier_for(self, ip: str, label: str, number: int) -> UUID:
        """The identifier for the ``number``-th repetition (from 0) of a question to one address."""
        return UUID(hex=self._hex_for(ip, label, number))

    def _hex_for(self, ip: str, label: str, number: int) -> str:
        """Its hexadecimal digits: those of a digest, with version 4 and its variant in their places (RFC 9562, 5.4)."""
        digits = blake2b(f"{ip} {label} {number}".encode(), key=self._secret, digest_size=16).hexdigest()
        return f"{digits[:12]}4{digits[13:16]}{_VARIANT[digits[16]]}{digits[17:]}"

    def identifier_for_group(self) -> UUID:
        """The identifier of a question to everybody on a link."""
        fresh = UUID(bytes=secrets.token_bytes(16), version=4)
        self._groups[fresh.hex] = None
        return fresh

    def is_direct(self, probe: Probe, payload: bytes, ip: str) -> bool:
        """Whether a reply echoes a question to its own address."""
        digits = _echoed_digits(probe, payload)
        return bool(digits) and any(
            self._hex_for(ip, question.label, number).startswith(digits)
            for question in probe.datagrams
            for number in range(REPETITIONS)
        )

    def is_to_group(self, probe: Probe, payload: bytes) -> bool:
        """Whether a reply echoes a question to a group."""
        digits = _echoed_digits(probe, payload)
        return bool(digits) and any(one.startswith(digits) for one in self._groups)


def _echoed_digits(probe: Probe, payload: bytes) -> str:
    """The hexadecimal digits that a reply echoes, in whatever spelling: upper case, braces, ``urn:uuid:``, cut."""
    text = ""
    with catch_fault():  # a reply whose echo cannot be read answers no question
        text = probe.echo_of(payload) if probe.echo_of else ""
    found = _DIGITS.search(text.lower())
    digits = found[0].replace("-", "") if found else ""
    return digits if len(digits) >= _FEWEST else ""
