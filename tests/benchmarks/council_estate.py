"""A council's subnet: 250 units, eleven of which are out of order, each in its own way, as on estates of years.

Those eleven are devices of the simulated estate that do not get as far as their answers, or are late with them; what
they do say is what the device says. None of them lies, and only one sends without end. Run as a program, this file is
the estate. On SIGUSR1 its units forget what they were asked: the next scan finds them as the first one did.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lab"))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from lan import ESTATE, PREFIX, Lan, Seat, lan

from camscan.demo import __main__ as program
from camscan.demo import catalogue
from camscan.demo.device import Device, Question, Reply, Service, Session, Tcp, Udp, Unit
from camscan.demo.estate import Estate
from camscan.demo.tcp import Connection

UNITS = 250
LATE = 2.2
"""Seconds before each answer of a unit that is late."""
LINGER = 20.0
"""Seconds for which a unit that closes late keeps a connection after its answer."""
HOUR = 3600.0
DRIP = "hostile_tarpit"
"""A slow one, that every revision survives: a thousand bytes a second (``hostile_drip``) held f04b037 for 70 s."""

Alter = Callable[[Device], Device]


@dataclass(frozen=True, slots=True)
class Broken:
    """One unit that is out of order."""

    what: str
    device: str
    alter: Alter = lambda device: device
    open_port: int | None = None
    """A firewall lets nothing but this TCP port through to it."""


def only_tcp(device: Device) -> Device:
    """Discovery is switched off: no datagram is answered."""
    return replace(device, services=tuple(one for one in device.services if isinstance(one, Tcp)))


def only(port: int) -> Alter:
    """Nothing but one TCP port is there."""

    def alter(device: Device) -> Device:
        kept = tuple(one for one in only_tcp(device).services if one.port == port)
        return replace(device, services=kept)

    return alter


def mute(*ports: int) -> Alter:
    """Discovery is off, and these ports (all, where none is named) accept connections and never answer: no program
    takes them from the kernel, or it hangs.
    """

    async def hold(session: Session) -> None:
        await session.read_until_closed()

    def silenced(service: Service) -> Service:
        if isinstance(service, Udp) or (ports and service.port not in ports):
            return service
        return Tcp(service.port, service.protocol, hold, patience=HOUR)

    return lambda device: replace(device, services=tuple(map(silenced, only_tcp(device).services)))


class LateConnection(Connection):
    """A connection on which every answer takes its time. The handshake is the kernel's, and as quick as ever."""

    async def send(self, payload: bytes) -> None:
        await asyncio.sleep(LATE)
        await super().send(payload)


def late(device: Device) -> Device:
    """Every answer comes after LATE seconds, by datagram and over TCP."""

    def slowed(service: Service) -> Service:
        if isinstance(service, Udp):

            def answer(unit: Unit, question: Question) -> Iterator[Reply]:
                for reply in service.answer(unit, question):
                    yield replace(reply, delay=reply.delay + LATE)

            return replace(service, answer=answer, announce=None)

        async def converse(session: Session) -> None:
            assert isinstance(session, Connection)
            one = session
            await service.converse(LateConnection(one.unit, one.port, one.number, one.record, one.reader, one.writer))

        return replace(service, converse=converse)

    return replace(device, services=tuple(map(slowed, device.services)))


ASKED: list[set[str]] = []
"""For each service that loses its first datagram, whether that has come."""


def drops_first(device: Device) -> Device:
    """The first datagram of each protocol is lost, as by a unit that was asleep."""

    def deaf(service: Service) -> Service:
        if not isinstance(service, Udp):
            return service
        asked: set[str] = set()
        ASKED.append(asked)

        def answer(unit: Unit, question: Question) -> Iterable[Reply]:
            if not asked:
                asked.add(unit.ip)
                return []
            return service.answer(unit, question)

        return replace(service, answer=answer, announce=None)

    return replace(device, services=tuple(map(deaf, device.services)))


def closes_late(device: Device) -> Device:
    """Discovery is off; connections are answered as ever, and kept for LINGER seconds after they should have ended."""

    def lingering(service: Service) -> Service:
        assert isinstance(service, Tcp)

        async def converse(session: Session) -> None:
            await service.converse(session)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(session.read_until_closed(), LINGER)

        return replace(service, converse=converse, patience=HOUR)

    return replace(device, services=tuple(map(lingering, only_tcp(device).services)))


BROKEN = (
    Broken("hangs: every port accepts, none answers", "hikvision_ds_2cd2385g1", mute()),
    Broken("its web server is mute", "dahua_ipc_hfw4300", mute(80)),
    Broken("its RTSP is mute", "dahua_ipc_hdw1431", mute(554)),
    Broken("its private port is mute", "dahua_dvrip_only", mute(37777)),
    Broken("its TLS is mute", "hikvision_tls_only", mute(443)),
    Broken("late with every answer", "hikvision_ds_2cd2146g2", late),
    Broken("late with every answer", "dahua_ipc_hfw5442", late),
    Broken("loses the first datagram of each protocol", "hikvision_ds_7616ni", drops_first),
    Broken("closes late", "dahua_ipc_hdw5421", closes_late),
    Broken("sends for ever, a byte a second", DRIP),
    Broken("a firewall lets nothing but RTSP through", "hikvision_ds_2cd2320d", only(554), 554),
)


def left_out() -> Collection[str]:
    """The other hostile devices: they lie, flood and poison, and have their own tests."""
    return [device.name for device in catalogue.load_devices() if device.hostile and device.name != DRIP]


def estate() -> tuple[Sequence[Unit], dict[str, Broken]]:
    """Every unit, and by address what is wrong with some: of each device concerned, its last unit."""
    without = left_out()
    units = list(catalogue.make_units(ESTATE, UNITS, addresses=None, low_ports=True, seed=1, without=without))
    wrong: dict[str, Broken] = {}
    for one in BROKEN:
        unit = max((unit for unit in units if unit.device.name == one.device), key=lambda unit: unit.number)
        units[unit.number] = replace(unit, device=one.alter(unit.device))
        wrong[unit.ip] = one
    return units, wrong


@contextlib.contextmanager
def council() -> Iterator[tuple[Lan, Sequence[dict[str, Any]], Callable[[], None]]]:
    """Build it; yields the LAN, what is true of its units, and what makes them forget that they were asked."""
    units, wrong = estate()
    with lan([Seat(unit.ip, unit.mac) for unit in units]) as built:
        for ip, one in wrong.items():
            if one.open_port:
                _shut(built.estate, ip, one.open_port)
        process = built.start(built.estate, sys.executable, __file__)
        assert process.stdout
        line = process.stdout.readline()
        assert line, f"the estate did not come up: {process.stderr.read() if process.stderr else ''}"
        yield built, json.loads(line)["truth"], lambda: os.kill(process.pid, signal.SIGUSR1)


def _shut(namespace: str, ip: str, port: int) -> None:
    """Drop, without a word, all that is sent to an address but one TCP port of it. ARP is answered."""
    where = f"ip daddr {ip}"
    rules = f"{where} tcp dport != {port} drop; {where} meta l4proto != tcp drop;"
    table = f"table ip shut{port} {{ chain input {{ type filter hook input priority 0; {rules} }}; }}\n"
    command = ["ip", "netns", "exec", namespace, "nft", "-f", "-"]
    subprocess.run(command, input=table, text=True, check=True, capture_output=True)


def forget() -> None:
    """Let units that lose the first datagram lose one again."""
    for asked in ASKED:
        asked.clear()


async def _serve() -> None:
    units, _wrong = estate()
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, forget)
    await program.run_estate(Estate(units, ESTATE, interface_prefix=PREFIX))


if __name__ == "__main__":
    asyncio.run(_serve())
