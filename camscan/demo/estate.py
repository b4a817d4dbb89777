"""The estate: units that answer, and a record of what they saw."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Collection, Sequence
from ipaddress import IPv4Network
from typing import Self

from camscan.demo import catalogue, system
from camscan.demo.certificate import Authority
from camscan.demo.device import Request, Tcp, Truth, Udp, Unit, Violation
from camscan.demo.record import Record
from camscan.demo.tcp import Listener
from camscan.demo.udp import EVERYWHERE, GroupSocket, UnitSocket, loopback_or

BASE = IPv4Network("127.20.0.0/24")


class Estate:
    """Emulated devices on their own addresses.

    Use it as ``async with estate() as e: …``, or with ``start`` and ``stop``.
    """

    def __init__(
        self,
        units: Sequence[Unit],
        base: IPv4Network,
        *,
        interface_prefix: str = "",
        multicast: bool = True,
        delay_scale: float = 1.0,
        announce_every: float = 30.0,
    ) -> None:
        self.units = tuple(units)
        self.base = base
        self.truth: tuple[Truth, ...] = tuple(catalogue.truth_of(unit) for unit in self.units)
        self.record = Record()
        self._prefix = interface_prefix
        self._multicast = multicast
        self._scale = delay_scale
        self._every = announce_every
        self._listeners: list[Listener] = []
        self._unit_sockets: list[UnitSocket] = []
        self._group_sockets: list[GroupSocket] = []
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def violations(self) -> list[Violation]:
        """Everything that a scanner did and that a polite scanner never does."""
        return self.record.violations

    @property
    def requests(self) -> list[Request]:
        """Every question, oldest first."""
        return list(self.record.requests)

    @property
    def connections_peak(self) -> dict[str, int]:
        """The most connections that were open at once, by address; an address without connections is absent."""
        return self.record.peak

    @property
    def connections(self) -> dict[str, list[tuple[int, float, float]]]:
        """Finished connections by address: port, and times of opening and closing by the clock of the event loop."""
        return self.record.connections

    @property
    def challenges(self) -> dict[str, int]:
        """Number of HTTP 401 answers, by address."""
        return self.record.challenges

    async def start(self) -> None:
        """Start every unit. Raises OSError if an address, port or interface cannot be used."""
        system.allow_files(sum(len(unit.device.services) for unit in self.units) + 256)
        try:
            self._bring_up()
        except OSError:
            await self.stop()
            raise
        if self._multicast and any(mouth.service.announce for mouth in self._unit_sockets):
            task = asyncio.create_task(self._announce())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _bring_up(self) -> None:
        authority = Authority()
        for unit in self.units:
            interface = f"{self._prefix}{unit.number}" if self._prefix else ""
            opened: set[socket.socket] = set()
            for service in unit.device.services:
                if isinstance(service, Udp):
                    mouth = UnitSocket(unit, service, self.record, self._scale)
                    mouth.start(interface)
                    self._unit_sockets.append(mouth)
                elif isinstance(service, Tcp):
                    context = authority.context(service.certificate, unit) if service.certificate else None
                    listener = Listener(unit, service, self.record, context, opened, self._tasks)
                    listener.start(interface)
                    self._listeners.append(listener)
        if self._multicast and self.units:
            self._listen_to_groups()

    def _listen_to_groups(self) -> None:
        everybody = frozenset({"255.255.255.255", "127.255.255.255", str(self.base.broadcast_address)})
        ours = frozenset(unit.ip for unit in self.units)
        heard: dict[tuple[str, int], list[UnitSocket]] = {}
        for mouth in self._unit_sockets:
            if mouth.service.group:
                heard.setdefault((mouth.service.protocol, mouth.service.port), []).append(mouth)
        first = self.units[0]
        interface = f"{self._prefix}{first.number}" if self._prefix else ""
        places = (EVERYWHERE, str(self.base.broadcast_address)) if self.base.is_loopback else (EVERYWHERE,)
        for (protocol, port), mouths in heard.items():
            for place in places:
                ear = GroupSocket(protocol, port, everybody, self.record, mouths, ours.__contains__, place)
                ear.start(interface, loopback_or(first.ip))
                self._group_sockets.append(ear)

    async def _announce(self) -> None:
        while True:
            for mouth in self._unit_sockets:
                mouth.announce()
            await asyncio.sleep(self._every)

    async def stop(self) -> None:
        """Stop every unit. The record can still be read."""
        for ear in self._group_sockets:
            ear.stop()
        for mouth in self._unit_sockets:
            mouth.stop()
        for listener in self._listeners:
            listener.stop()
        self._group_sockets, self._unit_sockets, self._listeners = [], [], []
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.stop()


def estate(
    base: IPv4Network | str = BASE,
    size: int | None = None,
    *,
    addresses: Sequence[str] | None = None,
    low_ports: bool = False,
    seed: int = 1,
    interface_prefix: str = "",
    multicast: bool = True,
    delay_scale: float = 1.0,
    announce_every: float = 30.0,
    without: Collection[str] = (),
) -> Estate:
    """An estate in ``base``: one unit of each device, or ``size`` units (devices repeat with new serials and MACs).

    ``low_ports`` keeps ports below 1024 (this needs the privilege); otherwise 20000 is added to them.
    ``interface_prefix`` binds unit *n* to the interface ``<prefix>n``, as in a laboratory where every unit has its own
    interface and MAC (see ``plan_interfaces``). Without ``multicast``, groups are neither heard nor greeted.
    ``delay_scale`` scales the time that devices wait before they answer (0: none). Devices in ``without`` are left out.
    Raises ValueError if ``base`` is too small, or if ``without`` names a device that does not exist.
    """
    base = IPv4Network(base)
    units = catalogue.make_units(base, size, addresses=addresses, low_ports=low_ports, seed=seed, without=without)
    return Estate(
        units,
        base,
        interface_prefix=interface_prefix,
        multicast=multicast,
        delay_scale=delay_scale,
        announce_every=announce_every,
    )


def plan_interfaces(
    size: int | None = None,
    *,
    base: IPv4Network | str = BASE,
    addresses: Sequence[str] | None = None,
    seed: int = 1,
    without: Collection[str] = (),
) -> list[tuple[str, str]]:
    """Address and MAC of each unit, in order, for a caller that creates the interfaces."""
    chosen = catalogue.make_units(
        IPv4Network(base), size, addresses=addresses, low_ports=True, seed=seed, without=without
    )
    return [(unit.ip, unit.mac) for unit in chosen]
