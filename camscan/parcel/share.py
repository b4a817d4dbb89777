"""How much of a parcel is kept: of each address twice what a live scan keeps, and nothing of those not allowed."""

from __future__ import annotations

import functools
import ipaddress
from collections import Counter
from collections.abc import Container
from dataclasses import dataclass, field

from camscan.model import Attempt
from camscan.parcel import MOST_KEPT, MOST_SILENT
from camscan.scan.host_record import size_of_attempt
from camscan.scan.state import COMMON_SHARE, OWN_SHARE

_OWN, _COMMON = 2 * OWN_SHARE, 2 * COMMON_SHARE
"""Twice as much as a live scan keeps: a newer camscan may read more facts in the same replies."""
_EACH = 600
"""Bytes that any attempt takes besides its reply and its facts, as measured."""


@dataclass(slots=True)
class Shares:
    """The share of each address.

    Lines that are left out are not read by any parser: so a parcel that floods costs little more than unpacking it.
    """

    allowed: Container[str] | None = None
    """The addresses that its key may speak for; None if nobody has decided that yet."""
    foreign: int = 0
    """Lines about addresses that are not allowed."""
    excess: int = 0
    """Lines about addresses whose share is full."""
    _sizes: Counter[str] = field(default_factory=Counter)
    _silent: Counter[str] = field(default_factory=Counter)
    _beyond: int = 0
    """Bytes beyond their own shares, of all addresses together."""
    _kept: int = 0

    def leaves_out(self, ip: object, *, is_silent: bool = False) -> bool:
        """Whether a line about this address is left out; ``is_silent`` if it has no reply. It is counted then."""
        if not isinstance(ip, str):
            return False
        if self.allowed is not None and (ip not in self.allowed or not _usual_form(ip)):
            self.foreign += 1
            return True
        ip = _usual_form(ip) or ip
        is_full = self._sizes[ip] > _OWN and self._beyond > _COMMON
        if is_full or (is_silent and self._silent[ip] >= MOST_SILENT) or self._kept >= MOST_KEPT:
            self.excess += 1
            return True
        return False

    def add(self, attempt: Attempt) -> None:
        """Count an attempt that is kept."""
        ip, size = _usual_form(attempt.ip) or attempt.ip, size_of_attempt(attempt)
        before = self._sizes[ip]
        self._sizes[ip] = before + size
        self._beyond += max(0, before + size - _OWN) - max(0, before - _OWN)
        self._kept += size + _EACH
        self._silent[ip] += not attempt.payload


@functools.lru_cache(maxsize=4096)
def _usual_form(ip: str) -> str:
    """The address as camscan writes it, without a zone: one address with many spellings is still one.

    Empty for a form that no scan writes, of which there would be any number for each address: IPv4 inside IPv6, and a
    zone on an address that is not link-local. Raises ValueError if it is not an address.
    """
    address = ipaddress.ip_address(ip)
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped or (address.scope_id and not address.is_link_local):
        return ""
    return str(address).partition("%")[0]
