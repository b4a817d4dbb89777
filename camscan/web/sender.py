"""Finds out who sends a request, from its connection.

Headers count only if a proxy that camscan.yaml names has sent them.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

from camscan.config.web import Web

NOBODY_KNOWN = "unknown"


class HeaderError(Exception):
    """A request names its sender in a way that may be meant to deceive."""


@dataclass(frozen=True, slots=True)
class Sender:
    """The origin of a request."""

    address: str = NOBODY_KNOWN
    """The address of the person's own machine, according to a trusted proxy."""
    is_by_proxy: bool = False
    """Whether the connection comes from a trusted proxy."""
    user: str = ""
    """The name of the person who has signed in, according to a trusted proxy; empty if it gives none."""


def sender_of(web: Web, peer: str, headers: Sequence[tuple[bytes, bytes]]) -> Sender:
    """The sender of a request. ``peer`` is the other end of the TCP connection. Raises HeaderError."""
    if web.is_shared and any(b"_" in name for name, _ in headers):
        raise HeaderError("a header has '_' in its name")  # some proxies and servers read "_" as "-"
    if not _is_among(web, peer):
        return Sender(peer or NOBODY_KNOWN)
    return Sender(_first_stranger(web, peer, headers), is_by_proxy=True, user=_read_user(web, headers))


def _read_user(web: Web, headers: Sequence[tuple[bytes, bytes]]) -> str:
    if not web.proxy_header:
        return ""
    found = [value for name, value in headers if name.decode("latin-1").lower() == web.proxy_header]
    if len(found) > 1:
        raise HeaderError(f"{web.proxy_header} is there twice")
    try:
        text = found[0].decode().strip(" \t") if found else ""  # other blanks may belong to another account
    except UnicodeDecodeError:
        raise HeaderError(f"{web.proxy_header} is not UTF-8") from None
    if text and not text.isprintable():
        raise HeaderError(f"{web.proxy_header} holds characters that are not printed")
    return text


def _first_stranger(web: Web, peer: str, headers: Sequence[tuple[bytes, bytes]]) -> str:
    """The last address of X-Forwarded-For that is not a proxy's. Anybody can write the addresses before it."""
    values = [value.decode("latin-1") for name, value in headers if name.lower() == b"x-forwarded-for"]
    hops = [each.strip() for each in ",".join(values).split(",") if each.strip()]
    for hop in reversed(hops):
        if _parse_address(hop) is None:
            return peer
        if not _is_among(web, hop):
            return hop
    return peer


def _is_among(web: Web, text: str) -> bool:
    address = _parse_address(text)
    return address is not None and any(address in network for network in web.trusted_proxies)


def _parse_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, ipaddress.IPv6Address) else address
