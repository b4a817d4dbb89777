"""Dahua DVRIP (TCP 37777): the realm request, the only message that may be sent. No user name is in it."""

from __future__ import annotations

import re
import struct
from collections.abc import Sequence

from camscan.errors import Malformed, NotSpoken
from camscan.model import Fact
from camscan.net.host import Answer, Host
from camscan.net.paths import port_numbers
from camscan.net.text import decode_text
from camscan.probes import Facts, Probe, Seen, Stage

PORT = 37777
ALLOWED = frozenset({b"\xa0\x01"})
"""First bytes of the messages that may be sent. a0 00 and a0 05 are logins, f6 00 and a4 00 commands: never."""

_HEADER = struct.Struct("<4sI24s")
_TRAILER = bytes.fromhex("050201010000a1aa")
_REALM = re.compile(r"Realm:[ \t]{0,8}([^\r\n]{1,256})", re.IGNORECASE)
_RANDOM = re.compile(r"Random:[ \t]{0,8}([^\r\n]{1,64})", re.IGNORECASE)


def build_request(code: bytes = b"\xa0\x01") -> bytes:
    """The 32 bytes of a realm request; ValueError for any other code."""
    if code not in ALLOWED:
        raise ValueError(f"camscan never sends DVRIP {code.hex()}")
    return code + bytes(22) + _TRAILER


def parse_reply(payload: bytes) -> Facts:
    """A realm answer: a 32-byte header (``b0 01``) followed by text, or the text alone."""
    facts: Facts = []
    text = payload
    if payload[:1] == b"\xb0":
        if len(payload) < _HEADER.size:
            raise Malformed(f"DVRIP header of {len(payload)} bytes instead of {_HEADER.size}")
        if payload[1:2] not in {b"\x00", b"\x01"}:
            raise NotSpoken("no DVRIP answer code")
        facts.append(Fact("dvrip.code", payload[:2].hex()))
        text = payload[_HEADER.size :]
    words = decode_text(text[:1024]).replace("\0", "")
    facts += [Fact("dvrip.realm", found[1].strip()) for found in _REALM.finditer(words) if found[1].strip()]
    facts += [Fact("dvrip.random", found[1].strip()) for found in _RANDOM.finditer(words) if found[1].strip()]
    if not facts:
        raise NotSpoken("neither a DVRIP header nor a realm")
    return facts


def is_wanted(seen: Seen) -> bool:
    """Only if the device may be Dahua's: port 37777 of other devices is never touched."""
    return not seen.complete and seen.maker in {None, "dahua"}


def learned_ports(seen: Seen) -> tuple[int, ...]:
    """The port that Dahua discovery named: some brands use 35000."""
    return port_numbers((*seen.facts.get("dhip.port", ()), *seen.facts.get("dahua5050.tcp_port", ())))


async def ask_device(host: Host, port: int, _seen: Seen) -> Sequence[Answer]:
    """One realm request. The text of the answer ends in an empty line."""
    return [await host.exchange(port, build_request(), until=b"\r\n\r\n", limit=4096)]


PROBE = Probe(
    name="dvrip",
    title="Dahua's login realm, asked without a user name",
    stage=Stage.CONNECT,
    never="Sends nothing but the 32-byte realm request: no user name, no login, no command",
    parse=parse_reply,
    limit=4096,
    ports=(PORT,),
    learned_ports=learned_ports,
    ask=ask_device,
    examples=(build_request(),),
    wants=is_wanted,
)
