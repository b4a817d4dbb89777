"""DNS zones: the names of addresses. A name is a hint where to look for a device; it never says what the device is.

Master files as in RFC 1035, 5.1, and the same records as dig prints a zone transfer (AXFR). Windows' DNS gives the
zone's name only in a comment (``.dns`` files and ``Export-DnsServerZone``); ``dnscmd /EnumRecords`` does not give it at
all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from camscan.ingest.source import Document, Entry, Form, Head, Item, LeftOut, Problem, Source
from camscan.ingest.tables import MAY_BE_MAC, address_of
from camscan.ingest.text import Line
from camscan.model import Fact

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[^\s";]+|;.*')
_TTL = re.compile(r"\d{1,10}|(?:\d{1,8}[smhdw])+", re.IGNORECASE)
_CLASSES = frozenset({"IN", "CH", "HS", "CS"})
_TYPE = re.compile(r"[A-Z][A-Z0-9-]{0,15}", re.IGNORECASE)
_RECORD = re.compile(r"(?:^|\s)(?:IN|CH|HS|\d+)\s+(?:A|AAAA|PTR|SOA)\s", re.IGNORECASE)
_REVERSED = re.compile(
    # A part of a /24 is a separate zone (RFC 2317): 7.0/25.2.0.192.in-addr.arpa; Windows writes 0-127 or 25-0.
    r"(\d{1,3}\.)(?:\d{1,3}[/-]\d{1,3}\.)?((?:\d{1,3}\.){3})in-addr\.arpa\.?|((?:[0-9a-f]\.){32})ip6\.arpa\.?",
    re.IGNORECASE,
)
_WINDOWS = re.compile(r";\s*Database file .{1,300} for (?:.{1,80} in zone (\S+?)\.|(\S+) zone\.)\s*", re.IGNORECASE)
"""The comment at the top of a zone of Windows; its records are below that name."""
_AGE = re.compile(r"\[(?:AGE|Aging):.*", re.IGNORECASE)
"""The age of a record, as Windows writes it."""
_AROUND = frozenset({"Returned records:", "Command completed successfully."})
"""The lines that dnscmd writes before and after the records."""
_LISTED = re.compile(
    # Of the DNS console, of PowerShell, of nslookup and of "host -l"; the address is the first after the type.
    r"\s*(?P<name>[\w.*@-]{1,255})(?:\s+(?:A|AAAA|[^\t]{1,30}\((?:A|AAAA)\))(?:\s.{0,200}?)?\s"
    r"|\s+has (?:IPv6 )?address )\s*(?P<ip>\d{1,3}(?:\.\d{1,3}){3}"
    r"|(?=[0-9a-f:.]{0,45}::)[0-9a-f:.]{2,45}|(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4})(?:\s.*)?",
    re.IGNORECASE,
)
_OTHER_KIND = re.compile(
    r"\s*\S{1,255}\s+(?:\S{1,30}\s)?(?:\S+ )?\(?(?:CNAME|NS|SOA|SRV|MX|TXT|PTR)\)?\b.*", re.IGNORECASE
)
_LONGEST_NAME = 255
_LONGEST_LINE = 4096
_OPEN_LINES = 100
"""The most lines of a record in parentheses."""
_SHOWN = 60
_SHORT = 600
"""The most characters of a line of a list."""
_OTHER = "of other kinds than A, AAAA and PTR"
_OF_ZONE = "of the zone itself, which the file does not name"


@dataclass(slots=True)
class _Zone:
    """The state that applies to the next lines."""

    origin: str = ""
    owner: str = ""
    begun: int = 0
    """The line at which parentheses were opened; 0 if none are open."""
    tokens: list[str] = field(default_factory=list)
    """Type and data of the record in the open parentheses."""

    def full_name(self, text: str) -> str:
        """The complete name, without the dot at its end."""
        if text == "@":
            return self.origin
        return text.rstrip(".") if text.endswith(".") or not self.origin else f"{text}.{self.origin}"


def _fits(head: Head) -> bool:
    return any(len(line) < _LONGEST_LINE and _RECORD.search(line) for line in head.lines)


def _read(document: Document) -> Iterator[Item]:
    zone = _Zone()
    for line in document.lines():
        tokens = _split_tokens(line)
        if tokens is None:
            yield Problem(f"line {line.number}", "too long to be a record")
        elif zone.begun:
            yield from _read_inside(zone, line, tokens)
        elif tokens:
            yield from _read_line(zone, line, tokens)
        elif not zone.origin and (named := _WINDOWS.fullmatch(line.text.strip())):
            zone.origin = (named[1] or named[2]).rstrip(".")
    if zone.begun:
        yield Problem(f"line {zone.begun}", "the parentheses are not closed; the file ends before")


def _fits_list(head: Head) -> bool:
    return any(len(line) < _SHORT and _LISTED.fullmatch(line) for line in head.lines)


def _read_list(document: Document) -> Iterator[Item]:
    """Read a list with a name, a type and an address in each line; lines of other kinds are counted."""
    for line in document.lines():
        place = f"line {line.number}"
        match = _LISTED.fullmatch(line.text) if len(line.text) < _SHORT else None
        if match is None:
            if len(line.text) < _SHORT and _OTHER_KIND.fullmatch(line.text):
                yield LeftOut(place, _OTHER)
            continue
        ip, name = address_of(match["ip"]), match["name"].rstrip(".")
        if not ip:
            yield Problem(place, f"not an address: {match['ip']}")
        elif name.startswith("*") or name == "@":
            yield LeftOut(place, "of names with *, which are of no single device" if name[:1] == "*" else _OF_ZONE)
        else:
            yield Entry(place, ip, "", (Fact("listed.host_name", name),), text=line.text)


_HOSTS = re.compile(
    r"\s*(?P<ip>\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f:]{0,40}:[0-9a-f:.]{0,45}(?:%\w{1,16})?)\s+(?P<name>[a-z_][\w.-]{0,254})"
    r"(?:\s+[\w.-]{1,255}){0,50}\s*(?:#.*)?",
    re.IGNORECASE,
)
"""A line of a hosts file (hosts(5)): an address, its name, and perhaps other names of it."""


def _host_lines(lines: Iterable[str]) -> Iterator[str]:
    return (line for line in lines if line.strip() and not line.lstrip().startswith("#"))


def _fits_hosts(head: Head) -> bool:
    lines = list(_host_lines(head.lines if head.is_whole else head.lines[:-1]))
    return bool(lines) and all(
        len(line) < _SHORT and _HOSTS.fullmatch(line) and not MAY_BE_MAC.search(line) for line in lines
    )


def _read_hosts(document: Document) -> Iterator[Item]:
    """Read a hosts file: the first name of each address."""
    for line in document.lines():
        place = f"line {line.number}"
        if not any(_host_lines([line.text])):
            continue
        match = _HOSTS.fullmatch(line.text) if len(line.text) < _SHORT else None
        if match is None:
            yield Problem(place, f"not a line of a hosts file: {' '.join(line.text.split())[:_SHOWN]}")
        elif ip := address_of(match["ip"]):
            yield Entry(place, ip, "", (Fact("listed.host_name", match["name"].rstrip(".")),), text=line.text)
        else:
            yield LeftOut(place, "without the address of one unit")


def _split_tokens(line: Line) -> list[str] | None:
    if line.is_cut or len(line.text) > _LONGEST_LINE:
        return None
    return [found for found in _TOKEN.findall(line.text) if not found.startswith(";")]


def _read_inside(zone: _Zone, line: Line, tokens: list[str]) -> Iterator[Item]:
    """Read a line of a record in parentheses; usually it is the SOA record."""
    zone.tokens += tokens[:_OPEN_LINES]
    if any(_is_closing(token) for token in tokens):
        kind, *data = (token.strip("()") for token in zone.tokens)
        yield _record_item(f"lines {zone.begun} to {line.number}", zone, kind, [*filter(None, data)], line.text)
        zone.begun = 0
    elif line.number - zone.begun > _OPEN_LINES:
        yield Problem(f"line {zone.begun}", "the parentheses are not closed")
        zone.begun = 0


def _read_line(zone: _Zone, line: Line, tokens: list[str]) -> Iterator[Item]:
    place = f"line {line.number}"
    if tokens[0].upper() in {"$ORIGIN", "$TTL", "$INCLUDE", "$GENERATE"}:
        if tokens[0].upper() == "$ORIGIN" and len(tokens) > 1:
            zone.origin = zone.full_name(tokens[1])
        if tokens[0].upper() in {"$INCLUDE", "$GENERATE"}:
            yield LeftOut(place, "of $INCLUDE and $GENERATE, which are not followed")
        return
    if line.text.strip() in _AROUND:
        return
    if not line.text[0].isspace():
        zone.owner = zone.full_name(tokens.pop(0))
    rest = [token for token in tokens if not _AGE.fullmatch(token)]
    while rest and (rest[0].upper() in _CLASSES or _TTL.fullmatch(rest[0])):
        rest.pop(0)
    if not rest or not _TYPE.fullmatch(rest[0]):
        yield Problem(place, f"not a record: {' '.join(line.text.split())[:_SHOWN]}")
        return
    kind, data = rest[0].upper(), rest[1:]
    if any(_is_opening(token) for token in data) and not any(_is_closing(token) for token in data):
        zone.begun, zone.tokens = line.number, [kind, *data]
        return
    data = [*filter(None, (token.strip("()") for token in data))]
    yield _record_item(place, zone, kind, data, line.text)


def _is_opening(token: str) -> bool:
    """Whether a token opens parentheses. In quotes a parenthesis is text (RFC 1035, 5.1)."""
    return "(" in token and not token.startswith('"')


def _is_closing(token: str) -> bool:
    return ")" in token and not token.startswith('"')


def _record_item(place: str, zone: _Zone, kind: str, data: list[str], text: str) -> Item:
    if kind not in {"A", "AAAA", "PTR"}:
        return LeftOut(place, _OTHER)
    told = data[0] if data else ""
    ip, name = (
        (_address_of_reverse(zone.owner), zone.full_name(told)) if kind == "PTR" else (address_of(told), zone.owner)
    )
    if not ip:
        return _without_address(place, zone, kind, told)
    if name.startswith("*"):
        return LeftOut(place, "of names with *, which are of no single device")
    if not name:
        return LeftOut(place, _OF_ZONE)
    if len(name) > _LONGEST_NAME:
        return Problem(place, "not a name")
    return Entry(place, ip, "", (Fact("listed.host_name", name),), text=text)


def _without_address(place: str, zone: _Zone, kind: str, told: str) -> Item:
    if kind == "PTR" and not zone.origin and not zone.owner.lower().endswith("arpa"):
        return LeftOut(
            place, "of a zone that is not named: put a line such as $ORIGIN 2.0.192.in-addr.arpa. at the top"
        )
    return Problem(place, f"not an address: {(zone.owner if kind == 'PTR' else told)[:_SHOWN]}")


def _address_of_reverse(owner: str) -> str:
    """The address of a name below ``in-addr.arpa`` or ``ip6.arpa``; empty if it is not one."""
    match = _REVERSED.fullmatch(owner)
    if match is None:
        return ""
    if match[1]:
        return address_of(".".join(reversed(f"{match[1]}{match[2]}".rstrip(".").split("."))))
    digits = "".join(reversed(match[3].rstrip(".").split(".")))
    return address_of(":".join(digits[at : at + 4] for at in range(0, 32, 4)))


SOURCE = Source(
    name="dns",
    title="DNS zones",
    noun="DNS zone",
    is_distinct=False,
    forms=(
        Form("zone", "zone files, zone transfers as dig prints them, and dnscmd /EnumRecords", _fits, _read),
        Form("list", "lists of Windows' DNS console and PowerShell, nslookup and host -l", _fits_list, _read_list),
        Form("hosts", "hosts files (/etc/hosts)", _fits_hosts, _read_hosts),
    ),
)
