"""The emulated devices, and the units of an estate of a given size.

Files in ``devices/`` are found by their place: there is no list to keep.
"""

from __future__ import annotations

import functools
import importlib
import itertools
import pkgutil
import random
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from ipaddress import IPv4Network

from camscan.demo import devices as shelf
from camscan.demo.device import Device, GivenFields, Tcp, Truth, Udp, Unit


@functools.cache
def load_devices() -> tuple[Device, ...]:
    """Every emulated device, in the order in which an estate has them."""
    found: list[Device] = []
    for module in pkgutil.iter_modules(shelf.__path__):
        file = importlib.import_module(f"{shelf.__name__}.{module.name}")
        found.append(replace(file.DEVICE, name=module.name, about=(file.__doc__ or "").strip()))
    return tuple(sorted(found, key=lambda device: (device.first, device.name)))


def _device_sequence(size: int | None, without: Collection[str]) -> Iterator[Device]:
    if unknown := {*without} - {device.name for device in load_devices()}:
        raise ValueError(f"no device {', '.join(sorted(unknown))}")
    every = [device for device in load_devices() if device.name not in without]
    if size is None:
        yield from every
    else:
        repeated = itertools.cycle([device for device in every if not device.once])
        yield from itertools.islice(itertools.chain(every, repeated), size)


def make_units(
    base: IPv4Network,
    size: int | None,
    *,
    addresses: Sequence[str] | None,
    low_ports: bool,
    seed: int,
    without: Collection[str] = (),
) -> tuple[Unit, ...]:
    """Units with addresses, MACs and serials, the same for the same arguments. ``without`` names devices to leave out.

    Raises ValueError if there are more units than addresses, or if ``without`` names a device that does not exist.
    """
    chosen = list(_device_sequence(len(addresses) if addresses is not None and size is None else size, without))
    places = (
        list(addresses) if addresses is not None else [str(ip) for ip in itertools.islice(base.hosts(), len(chosen))]
    )
    if len(places) < len(chosen):
        raise ValueError(f"{len(chosen)} units do not fit into {len(places)} addresses")
    macs: set[str] = set()
    made = []
    for number, (device, ip) in enumerate(zip(chosen, places, strict=False)):
        rng = random.Random(f"{seed}/{number}/{device.name}")  # noqa: S311 - made-up identities, not secrets
        made.append(
            Unit(
                device=device,
                number=number,
                ip=ip,
                netmask=str(base.netmask),
                gateway=str(base.broadcast_address - 1),
                mac=_make_mac(device.oui, rng, macs),
                serial=device.serial(rng, device),
                low_ports=low_ports,
                seed=seed,
                neighbour=places[0],
            )
        )
    return tuple(made)


def _make_mac(oui: str, rng: random.Random, taken: set[str]) -> str:
    while True:
        rest = [f"{rng.randrange(256):02x}" for _ in range(6 - len(oui.split(":")))]
        mac = ":".join([oui, *rest])
        if mac not in taken:
            taken.add(mac)
            return mac


def _given_fields(unit: Unit) -> Iterator[GivenFields]:
    for service in unit.device.services:
        port = unit.port(service.port)
        if isinstance(service, Udp):
            for way, offered in (("group", service.group), ("unicast", service.unicast)):
                if offered:
                    yield GivenFields(service.protocol, port, way, service.gives)
        elif isinstance(service, Tcp):
            if service.certificate is not None:
                yield GivenFields("tls", port, "tcp", service.certificate_gives)
            yield GivenFields(service.protocol, port, "tcp", service.gives)


def _spoken_firmware(unit: Unit) -> str | None:
    """Firmware in the form that the unit's own protocols use: SADP leaves out the space before "build"."""
    firmware = unit.device.firmware
    if firmware and any(service.protocol == "sadp" for service in unit.device.services):
        return firmware.replace(" build", "build")
    return firmware


def truth_of(unit: Unit) -> Truth:
    """The true values of a unit, with which tests compare a scan."""
    device = unit.device
    return Truth(
        ip=unit.ip,
        mac=unit.mac,
        device=device.name,
        maker=device.maker,
        brand=device.brand,
        model=device.model,
        firmware=_spoken_firmware(unit),
        serial=unit.serial or None,
        kind=device.kind,
        is_camera_system=device.is_camera_system,
        hostile=device.hostile,
        gives=tuple(_given_fields(unit)),
    )
