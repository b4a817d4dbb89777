"""Which addresses are worth a question: those that raw sweeps of camscan-link found, else every address in turn.

Everything is lazy: targets are networks and spans here, and become addresses one at a time.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict, deque
from collections.abc import AsyncGenerator, Callable, Container, Iterator
from dataclasses import field
from ipaddress import IPv4Address, ip_network
from typing import TypeVar

from camscan.dataclass import dataclass
from camscan.model import Outcome
from camscan.net import link
from camscan.net.backoff import Strain
from camscan.net.door import Door
from camscan.net.interface import Interface
from camscan.net.route import Route, routes
from camscan.net.span import Span, SpanSet, common_spans, merge_spans, spans, subtract_spans
from camscan.net.target import Targets, addresses
from camscan.scan.coverage import Tally

_T = TypeVar("_T")

IPV4 = 4

SYN_PORTS = (80, 554, 443, 37777, 8000)
"""Ports on which a raw sweep looks for life, likeliest first: web, RTSP, the makers' own. No data is sent to them."""

FEW = 1024

LATEST = 1.4
"""Seconds for which late answers are still heard, while devices that have answered are asked more: some sleep
longer."""

DOZE = 0.6
"""Seconds that a unit on a wireless link may take to answer ARP: it sleeps between beacons."""


@dataclass(slots=True)
class Discovery:
    """The targets of one scan, as the door can reach them."""

    door: Door
    targets: Targets
    tally: Tally
    on_mac: Callable[[str, str], None]
    """Called with the address and the MAC of everybody who answers ARP."""
    on_alive: Callable[[str], None]
    """Called with the address of everybody who answers a SYN."""
    on_unreachable: Callable[[str], None] = lambda _ip: None
    """Called with addresses for which a router reports that it has no route, as far as a sweep learns it."""
    finished: list[Span] = field(default_factory=list)
    """Addresses that an earlier part of the same scan finished; merged and sorted."""
    _swept: list[Span] = field(default_factory=list)
    """Addresses for which a raw sweep has found out whether they are alive; merged and sorted."""
    _routed_swept: list[Span] = field(default_factory=list)
    _known: SpanSet = field(default_factory=lambda: SpanSet(()))
    """The routed ones of them, for looking one up."""
    _arp_asked: defaultdict[str, asyncio.Event] = field(default_factory=lambda: defaultdict(asyncio.Event))

    async def wait_for_arp(self, interface: Interface) -> None:
        """Return when a link may be asked as a whole: a device that was asked by ARP knows our MAC.

        Otherwise every device that answers a question to all of them asks for our MAC first, all at the same time.
        Where no sweep can be made, the kernel's own questions do it, address by address; at most FEW addresses are
        waited for.
        """
        if not interface.loopback:
            await self._arp_asked[interface.name].wait()

    def links(self) -> list[Interface]:
        """The attached links with at least one target, without the loopback."""
        return [interface for interface in self.door.attached(self.targets) if not interface.loopback]

    async def addresses(self) -> AsyncGenerator[str]:
        """The targets in scope; on attached subnets only those that answer ARP, where ARP may be asked."""
        left = list(subtract_spans(self.door.scope.permitted(self.targets.spans), self.finished))
        local = merge_spans(common_spans(left, self.door.local()))
        for ip in addresses(local):  # needs no sweep, and should not be what is waited for at the end
            yield ip
        left = list(subtract_spans(left, local))
        async with contextlib.aclosing(self._list_answering(left)) as answering:
            async for ip in answering:
                yield ip
        for ip in addresses(subtract_spans(left, self._swept)):
            yield ip
        for interface in self.links():
            self._arp_asked[interface.name].set()

    async def _list_answering(self, left: list[Span]) -> AsyncGenerator[str]:
        """Addresses that answer a raw sweep, where one can be made; ``_swept`` grows by what was swept."""
        for interface in self.links():
            near = [span for span in self.door.neighbourhood(interface) if span.version == IPV4]
            here = merge_spans(
                subtract_spans(common_spans(left, near), self._swept)
            )  # two interfaces may have one subnet
            found: set[str] = set()
            try:
                async with contextlib.aclosing(read_ahead(self._sweep_by_arp(interface, here, found))) as answering:
                    async for ip in answering:
                        self.door.note_resolved(ip)
                        yield ip
            except link.Unavailable as error:
                self._note_unswept(f"no ARP sweep on {interface.name}", error)
                if sum(span.last - span.first + 1 for span in here) > FEW:
                    self._arp_asked[interface.name].set()
                answered = spans(ip_network(ip) for ip in found)  # before it broke off: they are in progress already
                self._swept = merge_spans([*self._swept, *answered])
                continue
            self._arp_asked[interface.name].set()
            self._swept = merge_spans([*self._swept, *here])
        for route, there in self._group_by_router(list(subtract_spans(left, self._swept))):
            try:
                async for ip in self._sweep_by_syn(route, there):
                    yield ip
            except link.Unavailable as error:
                self._note_unswept(f"no SYN sweep through {route.gateway}", error)

    def _note_unswept(self, what: str, error: link.Unavailable) -> None:
        self.tally.note_missing(error, f"{what} ({error}): addresses are tried one by one, which is slower")

    def _group_by_router(self, left: list[Span]) -> Iterator[tuple[Route, list[Span]]]:
        """The addresses, grouped by the router through which they are reached."""
        names = {interface.name for interface in self.door.interfaces if not interface.loopback}
        for route in routes():
            there = merge_spans(common_spans(left, [route.span]))
            left = list(subtract_spans(left, [route.span]))
            if there and route.gateway and route.interface in names:
                yield route, there

    async def _sweep_by_syn(self, route: Route, there: list[Span]) -> AsyncGenerator[str]:
        """Every address behind a router, as soon as it is known whether something lives there."""
        async with contextlib.aclosing(read_ahead(self._syn_messages(route, there))) as messages:
            async for message in messages:
                if isinstance(message, str):
                    self.on_alive(message)
                    continue
                stretch = Span(IPV4, int(IPv4Address(message.first)), int(IPv4Address(message.last)))
                self._swept = merge_spans([*self._swept, stretch])
                self._routed_swept = merge_spans([*self._routed_swept, stretch])
                self._known = SpanSet(self._routed_swept)
                for ip in addresses([stretch]):
                    yield ip

    async def _syn_messages(self, route: Route, there: list[Span]) -> AsyncGenerator[str | link.FinishedStretch]:
        """The messages of camscan-link: addresses that are alive, and how far it has asked."""
        with self.door.lend_pace() as pps:
            networks = (str(network) for span in there for network in span.networks())
            allowed = (str(network) for network in self.door.scope.authorised if network.version == IPV4)
            sweep = link.syn_sweep(
                *(route.interface, route.gateway, networks, SYN_PORTS, pps),
                authorised=allowed,
                wait=self.door.pace.settle,
                on_late=lambda late, of: self.door.backoff.note(Strain.LOSS, late, of),
                on_unreachable=self.on_unreachable,
            )
            async with contextlib.aclosing(sweep):
                async for message in sweep:
                    yield message

    async def _sweep_by_arp(self, interface: Interface, here: list[Span], found: set[str]) -> AsyncGenerator[str]:
        """Addresses that answer ARP, as they answer; each is added to ``found``."""
        with contextlib.ExitStack() as share:  # of the packets: given back while the sweep only listens

            def lend(is_asking: bool) -> None:
                share.close()
                if is_asking:
                    share.enter_context(self.door.lend_pace())

            pps = share.enter_context(self.door.lend_pace())
            networks = (str(network) for span in here for network in span.networks())
            sweep = link.arp_sweep(
                *(interface.name, networks, pps()),
                wait=max(self.door.pace.settle, DOZE),
                linger=LATEST,
                on_asked=self._arp_asked[interface.name].set,
                on_asks=lend,
            )
            async with contextlib.aclosing(sweep):
                async for ip, mac in sweep:
                    self.on_mac(ip, mac)
                    if ip not in found:
                        found.add(ip)
                        yield ip
        silent = sum(span.last - span.first + 1 for span in here) - len(found)
        self.tally.asked += silent
        self.tally.done += silent
        for span in here:
            self.tally.begin(span)

    def is_silent(self, ip: str, alive: Container[str]) -> bool:
        """Whether a raw sweep has found that nothing lives at a routed address."""
        return ip not in alive and ip in self._known

    def is_mere_silence(self, ip: str, outcome: Outcome) -> bool:
        """Whether "unreachable" only means that nobody on a link answers ARP: silence, not a missing route."""
        return outcome is Outcome.UNREACHABLE and self.door.on_link(ip)

    def note_overflow(self) -> None:
        """Note where attached units may have been missed because the kernel's neighbour table was full."""
        if self.links() and self.door.overflowed:
            self.tally.add_note(
                "this machine's table of neighbours was full (net.ipv4.neigh.default.gc_thresh3): on attached subnets "
                "the scan had to wait for room, and may have missed units that speak only TCP"
            )


async def read_ahead(source: AsyncGenerator[_T]) -> AsyncGenerator[_T]:
    """What a source yields, read as it comes, however slowly it is used here. Raises what the source raises.

    So a sweep ends, and gives back its share of the packets, while the addresses that it found are still being asked.
    """
    read: deque[_T] = deque()
    news = asyncio.Event()

    async def take_answers() -> None:
        async with contextlib.aclosing(source):
            async for each in source:
                read.append(each)
                news.set()

    reading = asyncio.create_task(take_answers())
    reading.add_done_callback(lambda _: news.set())
    try:
        while read or not reading.done():
            while read:
                yield read.popleft()
            news.clear()
            if not reading.done():
                await news.wait()
        await reading
    finally:
        reading.cancel()
        await asyncio.wait({reading})
