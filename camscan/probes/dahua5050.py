"""Dahua's older binary discovery, UDP 5050: some recorders of before about 2013 answer nothing else."""

from __future__ import annotations

from uuid import UUID

from camscan.errors import Malformed, NotSpoken
from camscan.model import Fact
from camscan.net.text import clean_text, decode_text, mac_address
from camscan.probes import Datagram, Facts, Probe, Stage, unless_complete

PORT = 5050
QUESTION = bytes.fromhex("a3010001 00000000 00000000 00000000 02000000 00000000 00000000 00000000")

_ANSWER = b"\xb3"
_FIXED_LENGTH = b"\x58\0\0\0"
"""Bytes 0x20 to 0x77, which every known answer has."""
_MAC_LENGTH = 17
_ADDRESS_FIELDS = ("IPAddress", "SubnetMask", "DefaultGateway", "DNS", "AlarmServer")
_PORT_FIELDS = ("HttpsPort", "TcpPort", "MaxConnections", "SslPort", "UdpPort")
_TEXT_KEYS = {"name": "dahua5050.name", "device": "dahua5050.device", "serialno": "dahua5050.serial"}


class _Cursor:
    """Reads forward through a datagram. Raises Malformed if it is asked for more bytes than there are."""

    __slots__ = ("_at", "_data")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, size: int) -> bytes:
        taken = self._data[self._at : self._at + size]
        if len(taken) != size:
            raise Malformed(f"ends at byte {len(self._data)}, {size} expected from {self._at}")
        self._at += size
        return taken

    def seek(self, at: int) -> None:
        self._at = at

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "little")

    def address(self) -> str:
        return ".".join(map(str, self.take(4)))

    def rest(self) -> bytes:
        return self._data[self._at :]


def make_question(_uuid: UUID) -> bytes:
    """The only question; the protocol has no place for an identifier."""
    return QUESTION


def parse_reply(payload: bytes) -> Facts:
    """A binary answer (first byte 0xB3) to facts. Integers are little-endian, addresses in network order."""
    if payload[:1] != _ANSWER:
        raise NotSpoken("no legacy Dahua discovery header")
    if payload[4:8] != _FIXED_LENGTH:
        raise Malformed(f"layout not known: {payload[:32].hex(' ', 4)}")
    cursor = _Cursor(payload)
    cursor.seek(0x02)
    model_section = cursor.number(1)
    cursor.seek(0x14)
    text_section = cursor.number(2)
    cursor.seek(0x20)
    facts = _read_head(cursor)
    facts += _read_model(cursor.take(model_section))
    # A reply cut by a capture tool still counts; padding after the announced length does not.
    facts += _read_text(cursor.rest()[:text_section])
    return facts


def _read_head(cursor: _Cursor) -> Facts:
    """Offsets 0x20 to 0x77."""
    facts = []
    version = [cursor.number(2) for _ in range(4)]
    if any(version):
        facts.append(Fact("dahua5050.version", ".".join(map(str, version))))
    facts.append(_field_fact("Type", _trim_text(cursor.take(16).split(b"\0", 1)[0])))
    facts += [_field_fact(name, cursor.address()) for name in _ADDRESS_FIELDS]
    cursor.seek(0x4C)
    facts.append(_field_fact("AlarmServerPort", str(cursor.number(2))))
    cursor.seek(0x5E)
    facts.append(Fact("dahua5050.http_port", str(cursor.number(2))))
    ports = {name: str(cursor.number(2)) for name in _PORT_FIELDS}
    facts.append(Fact("dahua5050.tcp_port", ports.pop("TcpPort")))
    facts += [_field_fact(name, port) for name, port in ports.items()]
    cursor.seek(0x6C)
    facts.append(_field_fact("MulticastAddress", cursor.address()))
    facts.append(_field_fact("MulticastPort", str(cursor.number(2))))
    cursor.seek(0x78)
    return facts


def _read_model(section: bytes) -> Facts:
    """Section 2: 17 characters of MAC address, then the model."""
    facts = []
    mac = mac_address(decode_text(section[:_MAC_LENGTH]))
    if mac:
        facts.append(Fact("dahua5050.mac", mac))
    model = _trim_text(section[_MAC_LENGTH:])
    if model:
        facts.append(Fact("dahua5050.model", model))
    return facts


def _read_text(section: bytes) -> Facts:
    """Section 3: lines ``Name:…``, ``Device:…``, ``SerialNo:…`` and others."""
    facts = []
    for line in decode_text(section).replace("\0", "\n").splitlines():
        name, colon, value = line.partition(":")
        if not colon:
            continue
        key = _TEXT_KEYS.get(name.strip().lower())
        facts.append(Fact(key, value.strip()) if key and value.strip() else _field_fact(name.strip(), value.strip()))
    return facts


def _trim_text(raw: bytes) -> str:
    return clean_text(decode_text(raw))


def _field_fact(name: str, value: str) -> Fact:
    return Fact("dahua5050.field", clean_text(f"{name}={value}"))


PROBE = Probe(
    name="dahua5050",
    title="Dahua's old binary search, UDP 5050",
    stage=Stage.DATAGRAM,
    never="Sends nothing but one fixed 32-byte question",
    parse=parse_reply,
    limit=4096,
    datagrams=(Datagram(label="search", payload=make_question, port=PORT, broadcast=True),),
    wants=unless_complete,
)
