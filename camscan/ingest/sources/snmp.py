"""Answers of switches and routers over SNMP, saved by net-snmp's ``snmpwalk``; with ``--run`` camscan asks them itself.

Formats: numeric (``snmpwalk -On``), as net-snmp 5.9 writes it without MIB files (``iso.3.6.1…``,
``SNMPv2-SMI::mib-2…``), and with the names of columns if the indexes are numbers. Samples: docs/import.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from camscan.ingest.mib import COLUMNS, MOST_ROWS, Oid, Value, Walk, column_of, walk_items
from camscan.ingest.source import Document, Form, Head, Host, Item, Problem, Source
from camscan.ingest.tables import address_of

_LINE = 4096
_SHOWN = 60
_ROOTS = {
    "iso": "1",
    "SNMPv2-SMI::mib-2": "1.3.6.1.2.1",
    "SNMPv2-SMI::enterprises": "1.3.6.1.4.1",
    "SNMPv2-SMI::transmission": "1.3.6.1.2.1.10",
    "mib-2": "1.3.6.1.2.1",
    "enterprises": "1.3.6.1.4.1",
}
_OID = re.compile(
    r"(?P<root>\.?(?:[A-Za-z][\w-]{0,63}(?:::[A-Za-z][\w-]{0,63})?)?)(?P<rest>(?:\.?\d{1,10})(?:\.\d{1,10}){0,127})"
)
_ASSIGNED = re.compile(r"(?P<oid>\S{1,600}) = (?:(?P<kind>[A-Za-z][\w-]{0,20}(?: [A-Z0-9]{1,12})?): ?)?(?P<value>.*)")
_NO_VALUE = re.compile(r"No Such (?:Object|Instance)|No more variables", re.IGNORECASE)
_HEX = re.compile(r"(?:[0-9A-Fa-f]{1,2}[ :]){0,255}[0-9A-Fa-f]{1,2} ?")
_NUMBER = re.compile(r"(?:[\w-]{0,64}\()?(-?\d{1,20})\)?")
_COMMAND = re.compile(r"(?:\S*[#$>%] ?)?(?:sudo )?snmp(?:bulk)?walk\s(?P<words>.{0,400})")
_LOOKS_LIKE_AN_OID = re.compile(r"(?:iso|\.?1)\.\d{1,9}\.\d{1,9}\.")
_MADE_OF_OCTETS = frozenset(name for name in COLUMNS if name.endswith(("PhysAddress", "ChassisId", "PortId")))


def _fits(head: Head) -> bool:
    lines = (line for line in head.lines if len(line) < _LINE)
    return any((found := _ASSIGNED.match(line)) and _is_oid(found["oid"]) for line in lines)


def _is_oid(text: str) -> bool:
    return bool(_oid_of(text)) or "::" in text


def _read(document: Document) -> Iterator[Item]:
    """Yield the items of one switch after the other: the next one begins with its command, or with its sysDescr."""
    reader = _WalkReader()
    for line in document.lines():
        yield from reader.read_line(line.number, line.text.strip())
    yield from reader.finish_switch()


@dataclass(slots=True)
class _WalkReader:
    walk: Walk = field(default_factory=Walk)
    ip: str = ""
    """The address of the switch, if the command before its answers names it."""
    held: tuple[Oid, str, str] | None = None
    """The last value, which may continue on the next line."""
    is_full: bool = False
    is_named: bool = False
    """Whether an index that is not in numbers was seen. That is reported once."""

    def read_line(self, number: int, text: str) -> Iterator[Item]:
        """Read one line, and yield the items that it completes."""
        if command := _COMMAND.fullmatch(text[:_LINE]):
            yield from self.finish_switch(_address_asked(command["words"]))
            return
        match = _ASSIGNED.fullmatch(text) if len(text) < _LINE else None
        if match is None:
            yield from self._continue_value(number, text)
            return
        oid = _oid_of(match["oid"])
        name = column_of(oid)
        self.held = None
        if not oid and _is_wanted(match["oid"]) and not self.is_named:
            self.is_named = True
            yield Problem(f"line {number}", f"the index is not in numbers; save it with snmpwalk -On: {text[:_SHOWN]}")
        if name == "sysDescr" and oid[len(COLUMNS[name]) :] in self.walk.rows[name]:
            yield from self.finish_switch()
        if name and not _NO_VALUE.match(match["value"]):
            yield from self._keep_value(number, oid, match["kind"] or "", match["value"])

    def _keep_value(self, number: int, oid: Oid, kind: str, text: str) -> Iterator[Item]:
        value = _value_of(column_of(oid), kind, text)
        if value is None:
            yield Problem(f"line {number}", f"not a value of {column_of(oid)}: {text[:_SHOWN]}")
        elif self.walk.take(oid, value):
            self.held = (oid, kind, text)
        elif not self.is_full:
            self.is_full = True
            yield Problem(f"line {number}", f"more than {MOST_ROWS:,} rows; the rest is left out")

    def _continue_value(self, number: int, text: str) -> Iterator[Item]:
        """Continue a text of several lines, or octets that fill several lines."""
        oid, kind, value = self.held or ((), "", "")
        is_hex = kind.upper() == "HEX-STRING" and bool(_HEX.fullmatch(text))
        is_open = value.startswith('"') and not (len(value) > 1 and value.endswith('"'))
        if len(value) < _LINE and (is_hex or is_open):
            whole = f"{value.rstrip()} {text}" if is_hex else f"{value}\n{text}"
            name = column_of(oid)
            told = _value_of(name, kind, whole[:_LINE])
            if told is not None:
                self.walk.rows[name][oid[len(COLUMNS[name]) :]] = told
            self.held = (oid, kind, whole[:_LINE])
        elif len(text) >= _LINE or "::" in text or _LOOKS_LIKE_AN_OID.match(text):
            self.held = None
            yield Problem(f"line {number}", f"not an answer of SNMP: {text[:_SHOWN]}")

    def finish_switch(self, ip: str = "") -> Iterator[Item]:
        """Yield the items of one switch when all its lines are read; ``ip`` is the address of the next."""
        if self.walk.count:
            yield from (item for item in walk_items(self.walk, self.ip) if not isinstance(item, Host) or item.name)
        self.walk, self.ip, self.held = Walk(), ip, None


def _address_asked(words: str) -> str:
    """The address in ``snmpwalk -v3 … 192.0.2.2 .1.3``; empty if it is a name."""
    return next(
        (found for word in words.split() if "." in word or ":" in word if (found := address_of(_host_address(word)))),
        "",
    )


def _host_address(word: str) -> str:
    plain = word.removeprefix("udp:")
    return plain.partition(":")[0] if plain.count(":") == 1 else plain


def _is_wanted(text: str) -> bool:
    name = text.rpartition("::")[2]
    return bool(re.match(r"[A-Za-z]\w*(?=[.\[])", name)) and re.split(r"[.\[]", name)[0] in COLUMNS


def _oid_of(text: str) -> Oid:
    """The numbers of an OID; empty if its name is not known, or an index is not in numbers."""
    plain = text.lstrip(".")
    bracketed = re.sub(r"\[(\d{1,10})\]", r".\1", plain) if "[" in plain else plain
    match = _OID.fullmatch(bracketed)
    if match is None:
        return ()
    root, rest = match["root"], match["rest"].lstrip(".")
    if root:
        known = _ROOTS.get(root) or ".".join(map(str, COLUMNS.get(root.rpartition("::")[2], ())))
        if not known:
            return ()
        rest = f"{known}.{rest}"
    return tuple(map(int, rest.split(".")))


def _value_of(column: str, kind: str, text: str) -> Value | None:
    """The value as the switch sent it; None if it does not fit its kind."""
    plain = text.strip()
    upper = kind.upper()
    if upper in {"HEX-STRING", "HEX"} or (column in _MADE_OF_OCTETS and upper in {"STRING", ""} and _is_octets(plain)):
        return _octets_of(plain)
    if upper in {"STRING", "DISPLAY STRING"} or plain.startswith('"'):
        return _unquote(plain).encode("utf-8", "replace")
    number = _NUMBER.fullmatch(plain.split(" ")[0]) if plain else None
    if number and upper in {"", "INTEGER", "GAUGE32", "COUNTER32", "UNSIGNED32"}:
        return int(number[1])
    return plain.encode("utf-8", "replace") if not upper and column not in _MADE_OF_OCTETS else None


def _is_octets(text: str) -> bool:
    return ":" in text and '"' not in text and bool(_HEX.fullmatch(text))


def _octets_of(text: str) -> bytes | None:
    plain = text.strip().strip('"').strip()
    if plain and not _HEX.fullmatch(plain):
        return None
    return bytes(int(each, 16) for each in re.split(r"[ :]", plain) if each)


def _unquote(text: str) -> str:
    return text.removeprefix('"').removesuffix('"').replace('\\"', '"').replace("\\\\", "\\")


SOURCE = Source(
    name="snmp",
    title="answers of switches and routers to SNMP, saved by snmpwalk",
    noun="SNMP table",
    hears=True,
    forms=(Form("snmpwalk", "net-snmp: snmpwalk, best with -On", _fits, _read),),
)
