"""The machine's IPv4 routes: through which router a packet to an address leaves."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from camscan.net.span import Span, merge
from camscan.net.system import Route, routes

__all__ = ["Route", "diverted", "routes"]


def diverted(subnet: ipaddress.IPv4Network, interface: str, table: Iterable[Route], *, only: bool) -> list[Span]:
    """What of an attached subnet leaves by another way, because a longer prefix says so: a tunnel to a part of it, say.

    ``only`` where packets leave through that interface alone, whatever the table says of others.
    """
    whole = Span(4, int(subnet.network_address), int(subnet.broadcast_address))
    return merge(
        route.span
        for route in table
        if route.prefix > subnet.prefixlen
        and whole.first <= route.span.first <= whole.last
        and (bool(route.gateway) if route.interface == interface else not only)
    )
