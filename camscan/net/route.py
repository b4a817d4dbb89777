"""The machine's IPv4 routes: the router through which a packet to an address is sent."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from camscan.net.span import Span, merge_spans
from camscan.net.system import Route, routes

__all__ = ["Route", "diverted_spans", "routes"]


def diverted_spans(subnet: ipaddress.IPv4Network, interface: str, table: Iterable[Route], *, only: bool) -> list[Span]:
    """The parts of an attached subnet that another route serves, because of a longer prefix: a tunnel, for example.

    With ``only``, packets are sent through that interface alone, whatever the table says about others.
    """
    whole = Span(4, int(subnet.network_address), int(subnet.broadcast_address))
    return merge_spans(
        route.span
        for route in table
        if route.prefix > subnet.prefixlen
        and whole.first <= route.span.first <= whole.last
        and (bool(route.gateway) if route.interface == interface else not only)
    )
