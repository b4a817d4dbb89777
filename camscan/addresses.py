"""IP addresses as text: their order, and the subnet that an address belongs to. Pure.

Written for speed: sorting 20,000 devices by ``ipaddress`` takes ten times as long.
"""

from __future__ import annotations

import ipaddress
import re

_AFTER_ALL = 9
_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_DOTTED_QUAD = re.compile(rf"{_OCTET}(?:\.{_OCTET}){{3}}")


def sort_key(text: str) -> tuple[int, int, str]:
    """Sorts addresses by family and number, so that 10.0.0.10 comes after 10.0.0.9.

    A text that is not an address comes last, in alphabetical order. An IPv6 zone is ignored.
    """
    octets = text.split(".")
    if len(octets) == 4 and all(octet.isascii() and octet.isdigit() for octet in octets):  # noqa: PLR2004 - a dotted quad
        a, b, c, d = map(int, octets)
        return (4, a << 24 | b << 16 | c << 8 | d, "")
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return (_AFTER_ALL, 0, text)
    return (address.version, int(address), "")


def is_dotted_quad(text: str) -> bool:
    """Whether a text is an IPv4 address, which ``ipaddress`` writes in the same way."""
    return _DOTTED_QUAD.fullmatch(text) is not None


def number_in_subnet(ip: str) -> tuple[str, int]:
    """The subnet of an address (/24 or /64) in CIDR notation, and its number there; for IPv6, the low sixteen bits.

    An address probably shares such a subnet with its neighbours if nothing else is known about the network.
    """
    if ":" not in ip:
        subnet, _, number = ip.rpartition(".")
        return f"{subnet}.0/24", int(number)
    plain = ip.partition("%")[0]
    return str(ipaddress.ip_network((plain, 64), strict=False)), int(ipaddress.ip_address(plain)) & 0xFFFF


def subnet_of(ip: str) -> str:
    """The subnet of an address (/24 or /64) in CIDR notation."""
    return number_in_subnet(ip)[0]
