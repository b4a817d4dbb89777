"""Zosi recorder: a request for the description at its LOCATION crashes the real device."""

from __future__ import annotations

from camscan.demo.device import Device, Session, Tcp
from camscan.demo.wire import silent, ssdp


async def crash_on_request(session: Session) -> None:
    """Record a violation: the real recorder crashes after this request."""
    heard = await session.read_line_block()
    if heard:
        session.record_violation("crashed a recorder", heard[:80].decode("latin-1"))
    session.reset()


DEVICE = Device(
    maker=None,
    brand="Zosi",
    kind="dvr",
    oui="00:12:31",
    services=(
        ssdp.service(
            server="Linux/3.10, UPnP/1.0, Portable SDK for UPnP devices/1.6.18",
            location="http://{ip}:49152/upnp_eth0.xml",
            st="upnp:rootdevice",
            usn="uuid:{uuid}::upnp:rootdevice",
        ),
        Tcp(49152, "http", crash_on_request),
        silent.greeting_port(5000, b"head", "zosi"),
    ),
)
