"""The nouns of the simulated estate: a device as a file describes it, and a unit of it with its own address."""

from __future__ import annotations

import random
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

SHIFT = 20000
"""Added to privileged ports if the estate may not bind them."""
PRIVILEGED = 1024
"""Ports below this number need a privilege."""


@dataclass(frozen=True, slots=True)
class GivenFields:
    """The fields that one protocol of a unit gives to everybody who asks."""

    protocol: str
    """The name in the captured-reply format: ``sadp``, ``http`` …"""
    port: int
    """The port, after low ports were shifted."""
    way: str
    """``group`` (multicast or broadcast question), ``unicast`` (a datagram to the unit) or ``tcp``."""
    fields: tuple[str, ...]
    """Of maker, brand, model, firmware, serial and mac; ``maker`` only if the bytes are strong evidence of it."""


@dataclass(frozen=True, slots=True)
class Truth:
    """The true values of one unit. Tests compare a scan with them."""

    ip: str
    mac: str
    """In lower case, with colons."""
    device: str
    """The name of its file in ``devices/``."""
    maker: str | None
    """The builder, as a key of the list of makers; None if nobody can know it, or it does not matter."""
    brand: str | None
    model: str | None
    firmware: str | None
    """The firmware as the unit gives it: ``V5.6.2build 190701`` in SADP, ``2.800.0000000.13.R`` in DHDiscover."""
    serial: str | None
    kind: str | None
    is_camera_system: bool | None
    hostile: bool
    """Whether the unit lies on purpose: a scan may name it or not."""
    gives: tuple[GivenFields, ...]

    def given_fields(self, *ways: str) -> frozenset[str]:
        """The fields that can be learnt in the named ways; in all ways if none is named."""
        return frozenset(name for given in self.gives if not ways or given.way in ways for name in given.fields)


@dataclass(frozen=True, slots=True)
class Violation:
    """Something that a polite scanner never does."""

    ip: str
    """Address of the unit; for a question to a group or broadcast address, that address."""
    port: int
    protocol: str
    rule: str
    """Short and fixed, e.g. ``credential``, ``second connection``."""
    detail: str


@dataclass(frozen=True, slots=True)
class Request:
    """One question as it arrived, cut to 512 bytes."""

    ip: str
    port: int
    protocol: str
    payload: bytes
    at: float
    """Seconds, by the clock of the event loop."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One emulated box: a device with its own address, MAC and serial."""

    device: Device
    number: int
    """Its index in the estate, from 0; also the number of its interface, if each unit has one."""
    ip: str
    netmask: str
    gateway: str
    mac: str
    serial: str
    low_ports: bool
    seed: int
    neighbour: str
    """The address of another unit, for devices that claim it."""

    def port(self, number: int) -> int:
        """The port that really listens for ``number``."""
        return number if self.low_ports or number >= PRIVILEGED else number + SHIFT

    def rng(self, purpose: str) -> random.Random:
        """A random generator of this unit for one purpose. It gives the same numbers in each run."""
        return random.Random(f"{self.seed}/{self.number}/{purpose}")  # noqa: S311 - made-up serials, not secrets

    def hex_text(self, purpose: str, digits: int) -> str:
        """Made-up lower-case hex text, always the same for one purpose."""
        return f"{self.rng(purpose).getrandbits(digits * 4):0{digits}x}"

    @property
    def model(self) -> str:
        """The device's model, or an empty text."""
        return self.device.model or ""

    @property
    def firmware(self) -> str:
        """The device's firmware, or an empty text."""
        return self.device.firmware or ""

    @property
    def mac_tail(self) -> str:
        """The MAC as 12 lower-case hex digits."""
        return self.mac.replace(":", "")


@dataclass(frozen=True, slots=True)
class Question:
    """One datagram that reached a unit."""

    payload: bytes
    to_group: bool
    """Whether it came by multicast or broadcast."""
    from_port: int = 0
    """The port of the sender."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One datagram that a unit sends back."""

    payload: bytes
    delay: float = 0.0
    """Seconds before it is sent. The estate scales them."""
    to_group: bool = False
    """Whether it is sent to the group of the protocol instead of to the sender of the question."""


class Session(Protocol):
    """One TCP connection, as the conversation of a service uses it. Reading records and inspects the bytes."""

    unit: Unit
    port: int
    number: int
    """How many earlier connections are still open."""

    async def read_line_block(self, limit: int = 16384) -> bytes:
        """Bytes up to and including an empty line; fewer if the peer stops or exceeds the limit."""
        ...

    async def read_exactly(self, count: int) -> bytes:
        """``count`` bytes, or fewer at the end."""
        ...

    async def read_until_closed(self) -> bytes:
        """Everything until the peer closes, cut to 64 KiB."""
        ...

    async def send(self, payload: bytes) -> None:
        """Send, and wait until the peer takes it."""
        ...

    async def pause(self, seconds: float) -> None:
        """Wait. The conversation ends if the peer closes meanwhile."""
        ...

    def reset(self) -> None:
        """End the connection with a TCP reset instead of a close."""
        ...

    def record_request(self, protocol: str, payload: bytes) -> None:
        """Record one request and check it against the rules."""
        ...

    def record_violation(self, rule: str, detail: str) -> None:
        """Record that a rule of this device was broken."""
        ...

    def count_challenge(self) -> None:
        """Count one HTTP 401."""
        ...


Converse = Callable[[Session], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True)
class Certificate:
    """The texts of a TLS certificate. Two units with equal certificates show the same one."""

    subject: str
    """``KEY=value`` pairs, separated by commas; ``{ip}`` is replaced by the unit's address."""
    issuer: str = ""
    """Empty if the certificate is self-signed."""
    years: tuple[int, int] = (2019, 2037)
    legacy: bool = False
    """Whether the unit supports only TLS 1.0, with a 1024-bit key."""


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
    """Whether questions to the group or broadcast address are answered."""
    unicast: bool = True
    """Whether questions to the unit's own address are answered; otherwise they are dropped, as a filter drops them."""
    announce: Callable[[Unit], bytes] | None = None
    """The message that the unit sends to the group without a question, at the start and at intervals."""


Service = Tcp | Udp


def _no_serial(_random: random.Random, _device: Device) -> str:
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """One kind of emulated device: one file in ``devices/``."""

    maker: str | None
    brand: str | None = None
    model: str | None = None
    firmware: str | None = None
    kind: str | None = "camera"
    is_camera_system: bool | None = True
    oui: str
    """The first half (three to five bytes) of its MAC addresses."""
    serial: Callable[[random.Random, Device], str] = _no_serial
    services: tuple[Service, ...] = ()
    hostile: bool = False
    once: bool = False
    """Whether it appears only once, however large the estate is."""
    first: int = 50
    """A lower number comes earlier in the estate; equal numbers are in the order of file names."""
    extra: Mapping[str, str] = field(default_factory=dict)
    """Further values for its protocols, by the name that the protocol's file uses."""
    name: str = ""
    """Set from the file name."""
    about: str = ""
    """What is special about it, in one line: set from the file's docstring."""
