"""Which addresses are worth a question: those that raw sweeps of camscan-link found, else every address in turn.

Lazy throughout: targets are networks and spans here, and become addresses one at a time.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Callable, Container
from dataclasses import dataclass, field

from camscan.coverage import Tally
from camscan.net import link
from camscan.net.door import Door
from camscan.net.interface import Interface
from camscan.net.span import Span, SpanSet, common, merge, spans, without
from camscan.net.target import Targets, addresses

IPV4 = 4


@dataclass(slots=True)
class Reach:
    """The targets of one scan, as the door can reach them."""

    door: Door
    targets: Targets
    tally: Tally
    on_mac: Callable[[str, str], None]
    """Called with address and MAC of everybody who answers ARP."""
    _swept: SpanSet = field(default_factory=lambda: SpanSet(()))
    """Routed addresses of which a raw sweep says whether they live."""

    def links(self) -> list[Interface]:
        """The attached links, loopback aside, on which some target lies."""
        return [interface for interface in self.door.attached(self.targets) if not interface.loopback]

    async def addresses(self) -> AsyncGenerator[str]:
        """The targets in scope; on attached subnets only those that answer ARP, where that may be asked."""
        left = self.door.scope.permitted(self.targets.spans)
        for interface in self.links():
            own = [address.network for address in interface.addresses if address.version == IPV4]
            here = merge(common(without(left, self.door.local()), spans(own)))
            try:
                async for ip in self._arp(interface, here):
                    yield ip
            except link.Unavailable as error:
                self.tally.note(
                    f"no ARP sweep on {interface.name} ({error}): addresses are tried one by one, which is slower"
                )
                continue
            left = list(without(left, here))
        for ip in addresses(left):
            yield ip

    async def _arp(self, interface: Interface, here: list[Span]) -> AsyncGenerator[str]:
        """Those who answer ARP, as they answer."""
        found: set[str] = set()
        with self.door.lent() as pps:
            networks = (str(network) for span in here for network in span.networks())
            sweep = link.arp_sweep(interface.name, networks, pps, wait=self.door.pace.settle)
            async with contextlib.aclosing(sweep):
                async for ip, mac in sweep:
                    self.on_mac(ip, mac)
                    if ip not in found:
                        found.add(ip)
                        self.door.resolved(ip)
                        yield ip
        silent = sum(span.last - span.first + 1 for span in here) - len(found)
        self.tally.asked += silent
        self.tally.done += silent

    def is_silent(self, ip: str, alive: Container[str]) -> bool:
        """Whether a raw sweep has found out that nothing lives at a routed address."""
        return ip not in alive and ip in self._swept
