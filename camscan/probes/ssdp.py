"""SSDP (UPnP Device Architecture 1.1, chapter 1): one M-SEARCH on UDP 1900.

Only headers are read; LOCATION is recorded.
"""

from __future__ import annotations

from uuid import UUID

from camscan.errors import NotSpoken
from camscan.model import Fact
from camscan.net.message import Message, parse_message
from camscan.probes import Datagram, Facts, Probe, Stage, unless_complete

PORT = 1900
GROUP = "239.255.255.250"
QUESTION = (
    b'M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: "ssdp:discover"\r\nMX: 1\r\nST: upnp:rootdevice\r\n\r\n'
)

_KEYS = {name: f"ssdp.{name}" for name in ("server", "usn", "st", "nt", "location")}
_PASSING = {"date"}
"""Different in every answer, so not a property of the device."""
_OK = 200


def make_question(_uuid: UUID) -> bytes:
    """The one question: root devices only, since ``ssdp:all`` makes every unit answer a dozen times."""
    return QUESTION


def parse_reply(payload: bytes) -> Facts:
    """A search answer or NOTIFY to facts; our own M-SEARCH is NotSpoken.

    Headers without a start line, as log files hold them, are accepted if they name a unique service.
    """
    message = parse_message(payload, lenient_body=True)
    if not _is_answer(message):
        raise NotSpoken("neither a search answer nor a NOTIFY")
    facts = []
    for name, value in message.headers:
        lowered = name.lower()
        if value and lowered in _KEYS:
            facts.append(Fact(_KEYS[lowered], value))
        if name and lowered not in _PASSING:
            facts.append(Fact("ssdp.header", f"{lowered}: {value}"))
    return facts


def _is_answer(message: Message) -> bool:
    target = message.get("ST") or message.get("NT")
    if message.status is not None:
        return message.version.startswith("HTTP") and message.status == _OK and bool(target or message.get("USN"))
    if message.start:
        return message.start.upper().startswith("NOTIFY ") and bool(target)
    return bool(target and message.get("USN"))


PROBE = Probe(
    name="ssdp",
    title="SSDP (UPnP) search for root devices, UDP 1900",
    stage=Stage.DATAGRAM,
    never="Fetches no LOCATION: fetching it crashes some recorders",
    parse=parse_reply,
    limit=8192,
    datagrams=(Datagram(label="rootdevice", payload=make_question, port=PORT, groups=(GROUP,)),),
    listen_ports=(PORT,),
    wants=unless_complete,
)
