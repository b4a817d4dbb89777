"""UPnP description, SADP and WS-Discovery answers of one element each, whose text is a lone surrogate."""

from __future__ import annotations

from collections.abc import Iterator

from camscan.demo.device import Device, Question, Reply, Session, Tcp, Udp, Unit
from camscan.demo.wire import ssdp
from camscan.demo.wire.http import read_request

HALF = b"<r>&#55296;</r>"


def sadp_answer(_unit: Unit, question: Question) -> Iterator[Reply]:
    """A SADP answer whose only element is a lone surrogate."""
    if b"inquiry" in question.payload:
        yield Reply(b"<ProbeMatch>" + HALF + b"</ProbeMatch>")


def wsd_answer(_unit: Unit, question: Question) -> Iterator[Reply]:
    """A WS-Discovery answer whose only element is a lone surrogate."""
    if b"discovery/Probe<" in question.payload:
        yield Reply(b"<Envelope><Body><ProbeMatches>" + HALF + b"</ProbeMatches></Body></Envelope>")


async def describe_device(session: Session) -> None:
    """Send the description at the LOCATION of the SSDP answer."""
    if await read_request(session):
        await session.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(HALF) + HALF)


DEVICE = Device(
    maker=None,
    kind=None,
    is_camera_system=None,
    oui="02:00:5e",
    once=True,
    hostile=True,
    first=91,
    services=(
        Udp(37020, "sadp", sadp_answer),
        Udp(3702, "wsd", wsd_answer),
        ssdp.service(
            server="Linux UPnP/1.0 Hikvision",
            location="http://{ip}:49152/rootdesc1.xml",
            st="upnp:rootdevice",
            usn="uuid:{uuid}::upnp:rootdevice",
        ),
        Tcp(49152, "http", describe_device),
    ),
)
