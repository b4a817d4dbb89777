"""Nouns of the simulated estate: a device as described in a file, and a unit of it with an address of its own."""

from __future__ import annotations

import random
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

SHIFT = 20000
"""Added to privileged ports where the estate may not bind them."""
PRIVILEGED = 1024
"""Ports below this need a privilege."""


@dataclass(frozen=True, slots=True)
class Given:
    """Fields that one protocol of a unit tells to whoever asks."""

    protocol: str
    """As in the captured-reply format: ``sadp``, ``http`` …"""
    port: int
    """Where it is told, after the shift of low ports."""
    way: str
    """``group`` (multicast or broadcast question), ``unicast`` (a datagram to the unit) or ``tcp``."""
    fields: tuple[str, ...]
    """Of maker, brand, model, firmware, serial and mac; ``maker`` only where the bytes are strong evidence of it."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What is true of one unit, for tests to compare a scan with."""

    ip: str
    mac: str
    """Lower case, colons."""
    device: str
    """Name of the file in ``devices/``."""
    maker: str | None
    """Who builds it, as a key of the maker list; None where nobody can tell or it does not matter."""
    brand: str | None
    model: str | None
    firmware: str | None
    """As the unit tells it: ``V5.6.2build 190701`` by SADP, ``2.800.0000000.13.R`` by DHDiscover."""
    serial: str | None
    kind: str | None
    is_camera_system: bool | None
    hostile: bool
    """It lies or poisons on purpose: naming it and not naming it are both fair."""
    gives: tuple[Given, ...]

    def given(self, *ways: str) -> frozenset[str]:
        """Fields that can be learnt over the named ways, or over any when none is named."""
        return frozenset(name for given in self.gives if not ways or given.way in ways for name in given.fields)


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing that a polite scanner never does."""

    ip: str
    """The unit; for a question to a group or broadcast address, that address."""
    port: int
    protocol: str
    rule: str
    """Short and fixed, e.g. ``credential``, ``second connection``."""
    detail: str


@dataclass(frozen=True, slots=True)
class Request:
    """One question as it arrived, cut after 512 bytes."""

    ip: str
    port: int
    protocol: str
    payload: bytes
    at: float
    """Seconds on the event loop's clock."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One emulated box: a device with an address, a MAC and a serial of its own."""

    device: Device
    number: int
    """Place in the estate, from 0; also the number of its interface where there is one for each."""
    ip: str
    netmask: str
    gateway: str
    mac: str
    serial: str
    low_ports: bool
    seed: int
    neighbour: str
    """Address of another unit, for devices that claim it."""

    def port(self, number: int) -> int:
        """The port that really listens for ``number``."""
        return number if self.low_ports or number >= PRIVILEGED else number + SHIFT

    def rng(self, purpose: str) -> random.Random:
        """Repeatable numbers of this unit for one purpose."""
        return random.Random(f"{self.seed}/{self.number}/{purpose}")  # noqa: S311 - made-up serials, not secrets

    def hex(self, purpose: str, digits: int) -> str:
        """Made-up lower-case hex text, always the same for one purpose."""
        return f"{self.rng(purpose).getrandbits(digits * 4):0{digits}x}"

    @property
    def model(self) -> str:
        """The device's model, or nothing."""
        return self.device.model or ""

    @property
    def firmware(self) -> str:
        """The device's firmware, or nothing."""
        return self.device.firmware or ""

    @property
    def mac_tail(self) -> str:
        """MAC as 12 lower-case hex digits."""
        return self.mac.replace(":", "")


@dataclass(frozen=True, slots=True)
class Question:
    """One datagram that reached a unit."""

    payload: bytes
    to_group: bool
    """It came by multicast or broadcast."""
    from_port: int = 0
    """The asker's port."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One datagram that a unit sends back."""

    payload: bytes
    delay: float = 0.0
    """Seconds before it leaves, before the estate's scaling."""
    to_group: bool = False
    """Sent to the protocol's group instead of to the asker."""


class Session(Protocol):
    """One TCP connection, as a service's conversation sees it. Reading records and inspects what came."""

    unit: Unit
    port: int
    number: int
    """How many earlier connections are still open."""

    async def line_block(self, limit: int = 16384) -> bytes:
        """Bytes up to and including an empty line; what there is when the peer stops or breaks the limit."""
        ...

    async def exactly(self, count: int) -> bytes:
        """``count`` bytes, or fewer at the end."""
        ...

    async def until_closed(self) -> bytes:
        """Everything until the peer closes, cut after 64 KiB."""
        ...

    async def send(self, payload: bytes) -> None:
        """Send and wait until the peer takes it."""
        ...

    async def pause(self, seconds: float) -> None:
        """Wait; ends the conversation when the peer has gone."""
        ...

    def reset(self) -> None:
        """End with a TCP reset instead of a close."""
        ...

    def saw(self, protocol: str, payload: bytes) -> None:
        """Record and inspect one request."""
        ...

    def broke(self, rule: str, detail: str) -> None:
        """Record that a rule of this device was broken."""
        ...

    def challenged(self) -> None:
        """Count one HTTP 401."""
        ...


Converse = Callable[[Session], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a TLS certificate says. Two units with equal certificates show one and the same."""

    subject: str
    """``KEY=value`` pairs, comma separated; ``{ip}`` stands for the unit's address."""
    issuer: str = ""
    """Empty: self-signed."""
    years: tuple[int, int] = (2019, 2037)
    legacy: bool = False
    """Only TLS 1.0 is spoken, with a 1024-bit key."""


@dataclass(frozen=True, slots=True)
class Tcp:
    """A TCP service."""

    port: int
    protocol: str
    converse: Converse
    gives: tuple[str, ...] = ()
    certificate: Certificate | None = None
    certificate_gives: tuple[str, ...] = ()
    patience: float = 30.0
    """Seconds after which the unit ends a connection."""


@dataclass(frozen=True, slots=True)
class Udp:
    """A datagram service."""

    port: int
    protocol: str
    answer: Callable[[Unit, Question], Iterable[Reply]]
    gives: tuple[str, ...] = ()
    group: bool = True
    """Questions to the group or broadcast address are answered."""
    unicast: bool = True
    """Questions to the unit's own address are answered; otherwise they are dropped as by a filter."""
    announce: Callable[[Unit], bytes] | None = None
    """Sent to the group unasked, at the start and now and then."""


Service = Tcp | Udp


def _no_serial(_random: random.Random, _device: Device) -> str:
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """One kind of emulated device; one file each in ``devices/``."""

    maker: str | None
    brand: str | None = None
    model: str | None = None
    firmware: str | None = None
    kind: str | None = "camera"
    is_camera_system: bool | None = True
    oui: str
    """First half (three to five bytes) of its MAC addresses."""
    serial: Callable[[random.Random, Device], str] = _no_serial
    services: tuple[Service, ...] = ()
    hostile: bool = False
    once: bool = False
    """Appears only once, however big the estate."""
    first: int = 50
    """Lower comes earlier in the estate; equal ones in order of file name."""
    extra: Mapping[str, str] = field(default_factory=dict)
    """What else its protocols tell, by the name that the protocol's file uses."""
    name: str = ""
    """Set from the file name."""
    about: str = ""
    """What is special about it, one line: set from the file's docstring."""
