"""SNMP values, as ``OID|type|value`` lines or as snmpwalk prints them. camscan asks no device over SNMP."""

from __future__ import annotations

from camscan.errors import NotSpoken
from camscan.model import Fact
from camscan.net.text import decode_text
from camscan.patterns import late
from camscan.probes import Facts, Probe, Stage

_KEYS = {
    "1.3.6.1.2.1.1.1.0": "snmp.sysdescr",
    "1.3.6.1.2.1.1.2.0": "snmp.sysobjectid",
    "1.3.6.1.2.1.1.5.0": "snmp.sysname",
}
_NAMES = {
    "sysDescr": "1.3.6.1.2.1.1.1.0",
    "sysObjectID": "1.3.6.1.2.1.1.2.0",
    "sysName": "1.3.6.1.2.1.1.5.0",
}
_ROOTS = {"iso": "1", "enterprises": "1.3.6.1.4.1", "mib-2": "1.3.6.1.2.1"}
"""Names that snmpwalk prints instead of the first numbers."""
_OID = r"(?:\.?(?:\d{1,10}|iso)(?:\.\d{1,10}){2,40}|(?:SNMPv2-SMI::)?(?:enterprises|mib-2)(?:\.\d{1,10}){1,40})"
_RECORD = late(rf"\s{{0,8}}({_OID})\|([0-9]{{1,3}}[a-z]?|[A-Za-z][A-Za-z0-9 _-]{{0,30}})\|(.*)")
_WALK = late(
    rf"\s{{0,8}}({_OID})\s{{0,8}}=\s{{0,8}}"
    r"(?:(?:STRING|OID|INTEGER|Hex-STRING|Timeticks|IpAddress|Counter32|Gauge32):\s{0,8})?(.*)"
)
_NAMED = late(
    r"\s{0,8}(?:SNMPv2-MIB::)?(sysDescr|sysObjectID|sysName)(?:\.0)?\s{0,8}=\s{0,8}(?:(?:STRING|OID):\s{0,8})?(.*)"
)
_OTHER = late(r"\s{0,8}[A-Z][A-Za-z0-9-]{1,60}::[A-Za-z][A-Za-z0-9]{0,60}(?:\.[^=\s]{0,120})?\s{0,8}=")
"""A value under another name, which no fingerprint asks for."""
_LINES = 512


def parse_reply(payload: bytes) -> Facts:
    """Lines to facts. A line that starts no value continues the one before: descriptions have several lines."""
    values: list[tuple[str, list[str]]] = []
    for line in decode_text(payload[:65536]).replace("\0", "").splitlines()[:_LINES]:
        found = _read_value(line)
        if found:
            values.append((found[0], [found[1]]))
        elif values and not _is_closed(values[-1][1]):
            values[-1][1].append(line)
    facts = [_make_fact(oid, "\n".join(lines).strip().strip('"').strip()) for oid, lines in values if oid]
    facts = [fact for fact in facts if fact.value]
    if not facts:
        raise NotSpoken("no line of the form OID|type|value")
    return facts


def _is_closed(lines: list[str]) -> bool:
    """Whether the value is between two quotes."""
    return lines[0].startswith('"') and lines[-1].rstrip().endswith('"', 0 if len(lines) > 1 else 1)


def _read_value(line: str) -> tuple[str, str] | None:
    if found := _RECORD.match(line):
        text = _decode_hex(found[3]) if found[2].endswith("x") or found[2][:3].lower() == "hex" else found[3]
        return _plain_oid(found[1]), text
    if found := _WALK.match(line):
        return _plain_oid(found[1]), found[2]
    if found := _NAMED.match(line):
        return _NAMES[found[1]], found[2]
    return ("", "") if _OTHER.match(line) else None


def _plain_oid(oid: str) -> str:
    number = oid.removeprefix("SNMPv2-SMI::").lstrip(".")
    for name, stands_for in _ROOTS.items():
        if number == name or number.startswith(f"{name}."):
            return number.replace(name, stands_for, 1)
    return number


def _decode_hex(text: str) -> str:
    # snmprec writes octets that are not text as type 4x and hexadecimal digits.
    try:
        raw = bytes.fromhex(text)
    except ValueError:
        return text
    words = decode_text(raw)
    return words if words.isprintable() else text


def _make_fact(oid: str, text: str) -> Fact:
    key = _KEYS.get(oid)
    if key is None:
        return Fact("snmp.oid", f"{oid}={text}" if text else "")
    return Fact(key, _plain_oid(text).strip() if key == "snmp.sysobjectid" else text)


PROBE = Probe(
    name="snmp",
    title="SNMP values, from captured answers",
    stage=Stage.NEVER,
    never="Is never asked: it needs a community string",
    parse=parse_reply,
)
