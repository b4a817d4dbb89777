"""Reads tables that people copy from a terminal: rows by a pattern, between prompts, banners and page breaks.

A vendor's format is data: the patterns of its rows. A line that fits no pattern is not a row. If it has a MAC address,
it is probably meant to be one, and is a Problem unless the next line completes it (narrow terminals wrap rows). Every
pattern takes time in proportion to the length of a line. Why not TextFSM: docs/adr/0025-tables-of-network-equipment.md.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import NamedTuple, Protocol

from camscan.ingest.source import Document, Entry, Form, Head, Host, Item, LeftOut, Problem
from camscan.ingest.text import Line
from camscan.model import Fact
from camscan.net.text import mac_address

IP = r"(?P<ip>\d{1,3}(?:\.\d{1,3}){3})"
ANY_IP = r"(?P<ip>\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]{1,45})"
_ANY_MAC = (
    r"(?:[0-9A-Fa-f]{1,2}:){5}[0-9A-Fa-f]{1,2}|(?:[0-9A-Fa-f]{2}-){5}[0-9A-Fa-f]{2}"
    r"|[0-9A-Fa-f]{4}[.-][0-9A-Fa-f]{4}[.-][0-9A-Fa-f]{4}|[0-9A-Fa-f]{6}-[0-9A-Fa-f]{6}"
)
MAC = f"(?P<mac>{_ANY_MAC})"
MAY_BE_MAC = re.compile(rf"(?<![\w:.-])(?:{_ANY_MAC})(?![\w:-])")
_MAY_BE_IP = re.compile(r"(?<![\w:.])(?:\d{1,3}(?:\.\d{1,3}){3}|(?=[0-9A-Fa-f:]{0,40}::)[0-9A-Fa-f:]{3,40})(?![\w:.])")
_PROMPT = re.compile(
    r"(?:\[?[\w.-]{1,64}@(?P<user>[\w.-]{1,64})[\] :~/\w.-]{0,80}[#>$%]"
    r"|<(?P<angle>[\w.-]{1,64})>|\((?P<round>[\w .-]{1,64})\) ?[#>]"
    r"|(?P<plain>[\w.-]{1,64})(?:/[\w-]+)?(?:\([^()]{0,64}\))?(?: \([\w-]{1,64}\))? ?[#>])"
    r" ?(?:do )?(?:sh\w*|dis\w*|get|diag\w*|arp|ip|/ip|/interface|bridge|run|cat|sudo)\b.*"
)
"""A prompt with a command after it: ``CT-2#show mac address-table``, ``<CT-2>display arp``, ``(CT-2) #show arp``,
``[admin@CT-2] > …``."""
_OF_PORTS = re.compile(rf"(?:[*+] ?)?(?:\d{{1,4}}|N/A|-+|All) +(?:{_ANY_MAC}) +[A-Za-z]+ +.{{0,80}}")
"""A row of a MAC table: VLAN, MAC address, how it was learnt, port."""
_KEPT = re.compile(r"\b(?:static|permanent|stale|secure\w*|sticky|persistent|config\w*)\b", re.IGNORECASE)
"""An entry that remains when the device is gone: a person entered it, a port is bound to it, or it was not renewed."""
_BETWEEN_RECORDS = re.compile(r"\}\s{0,9},\s{0,9}\{")
_VLAN_ALONE = re.compile(r"\s{1,200}\d{1,4}/(?:\d{1,4}|-)\s{0,200}")
_SHOWN = 60
_WIDEST = 600
_LINES_BEFORE = 30
"""The most lines between a prompt and the first row of its table."""
_CLOCK = re.compile(
    r"(?:(?P<days>\d{1,4})d)?(?:(?P<hours>\d{1,3})[:h])?(?P<minutes>\d{1,2})(?:[:m](?P<seconds>\d{1,2}))?"
)
_LONGEST_AGE = timedelta(days=365)
_EVERYBODY = ipaddress.IPv4Address("255.255.255.255")


@dataclass(frozen=True, slots=True)
class Layout:
    """One vendor's format of a table."""

    name: str
    title: str
    rows: Sequence[str]
    """Patterns of a complete row, with named groups.

    The groups: ``mac``, ``ip``, ``vlan``, ``port``, ``interface``, ``age`` (minutes, or a clock), ``seconds``, ``own``
    (matches an entry of the equipment itself), ``none`` (nothing answered), ``far`` (the tunnel behind which the device
    is).
    """
    heading: str = ""
    """A text that the beginning of the file must also have, if rows of several vendors look alike."""
    beside: str = ""
    """A pattern for lines with addresses that are not rows."""


class _Patterns(NamedTuple):
    """The compiled patterns of a layout."""

    rows: Sequence[re.Pattern[str]]
    heading: re.Pattern[str] | None
    beside: re.Pattern[str] | None


def _compile(layout: Layout) -> _Patterns:
    return _Patterns(
        [re.compile(rf"\s*{row}\s*", re.IGNORECASE) for row in layout.rows],
        re.compile(layout.heading, re.IGNORECASE) if layout.heading else None,
        re.compile(layout.beside, re.IGNORECASE) if layout.beside else None,
    )


class ListBelow(Protocol):
    """Reads a list with headings that comes below a table, such as a CSV in the same file."""

    @property
    def is_open(self) -> bool:
        """Whether it has seen headings, so that the lines below them are its rows."""

    def read_line(self, line: Line) -> Iterator[Item]:
        """Read one line, and yield what it completes."""

    def close(self, number: int) -> Iterator[Item]:
        """Yield what is not complete before line ``number``, where another table begins or the file ends."""


def make_forms(
    layouts: Sequence[Layout], *, needs_ip: bool, below: Callable[[Document], ListBelow]
) -> tuple[Form, ...]:
    """The formats of these layouts, in their order. With ``needs_ip`` a row without an IP address is broken."""
    all_patterns = [_compile(layout) for layout in layouts]

    def make_form(layout: Layout, patterns: _Patterns) -> Form:
        def fits(head: Head) -> bool:
            return _fits(head, patterns)

        def read(document: Document) -> Iterator[Item]:
            return _read(document, patterns, all_patterns, _Below(document, below), needs_ip=needs_ip)

        return Form(layout.name, layout.title, fits, read)

    return tuple(make_form(layout, patterns) for layout, patterns in zip(layouts, all_patterns, strict=True))


def _fits(head: Head, patterns: _Patterns) -> bool:
    rows, heading, _beside = patterns
    if heading and not any(heading.search(line) for line in head.lines):
        return False
    whole = head.lines if head.is_whole else head.lines[:-1]
    pairs = ((one, other) for one, other in pairwise(whole) if not MAY_BE_MAC.search(other))
    joined = (both for one, other in pairs for both in (f"{one} {other.strip()}", one + other))
    return any(row.fullmatch(line) for lines in (whole, joined) for line in lines if _may_be_row(line) for row in rows)


def _may_be_row(line: str) -> bool:
    """Whether a line is short enough for a row: no table is so wide as a longer line."""
    return len(line) <= _WIDEST


class _Below:
    """What comes below the rows of a table: perhaps a list with headings, once there was a row."""

    def __init__(self, document: Document, make: Callable[[Document], ListBelow]) -> None:
        self._document, self._make = document, make
        self._listed: ListBelow | None = None

    def begin_table(self, number: int, *, is_row: bool) -> Iterator[Item]:
        """A row of a table or a prompt comes in this line: a list ends before it, and another may begin after it."""
        yield from self.close(number)
        self._listed = self._make(self._document) if is_row or self._listed else None

    def read_line(self, line: Line) -> list[Item] | None:
        """What a list says in this line; None if none has begun."""
        if self._listed is None:
            return None
        was_open = self._listed.is_open
        items = list(self._listed.read_line(line))
        return items if was_open or self._listed.is_open else None

    def close(self, number: int) -> Iterator[Item]:
        """Yield what is not complete before this line."""
        yield from self._listed.close(number) if self._listed else ()


def _read(
    document: Document, patterns: _Patterns, all_patterns: Sequence[_Patterns], below: _Below, *, needs_ip: bool
) -> Iterator[Item]:
    """Yield every row. An incomplete row is held back until the next line, which may complete it.

    After a prompt, the table of another vendor may begin: sessions on several switches are often pasted into one file.
    """
    held: Line | None = None
    begun: list[str] | None = None  # the lines since a prompt, until the first row
    number = 0
    for line in _with_vlans(document.lines()):
        number, text = line.number, line.text.strip()
        if held is not None:
            whole = _match_joined(held, line, patterns.rows)
            if whole:
                yield from _row_item(document, whole, f"lines {held.number} to {number}", needs_ip=needs_ip)
                held = None
                continue
            yield from _report_broken(held)
            held = None
        match = _match_row(text, patterns.rows)
        if match is None and begun and (other := _find_other(text, begun, all_patterns)):
            patterns, match = other, _match_row(text, other.rows)
        if match or name_in_prompt(text):
            yield from below.begin_table(number, is_row=bool(match))
        if match:
            yield from _row_item(document, match, f"line {number}", needs_ip=needs_ip)
            begun = None
        elif (items := below.read_line(line)) is not None:
            yield from items
        elif text and not (patterns.beside and patterns.beside.search(text)):
            begun = [text] if name_in_prompt(text) else begun and [*begun, text][-_LINES_BEFORE:]
            held = yield from _read_other_line(line, text, needs_ip=needs_ip)
    yield from _report_broken(held) if held is not None else ()
    yield from below.close(number + 1)


def _with_vlans(lines: Iterable[Line]) -> Iterator[Line]:
    """The lines, each together with the VLAN that Huawei writes alone on the next line."""
    held: Line | None = None
    for line in lines:
        if held is not None and _VLAN_ALONE.fullmatch(line.text) and MAY_BE_MAC.search(held.text):
            yield held._replace(text=f"{held.text.rstrip()} {line.text.strip()}")
            held = None
            continue
        if held is not None:
            yield held
        held = line
    if held is not None:
        yield held


def _find_other(text: str, begun: Sequence[str], all_patterns: Sequence[_Patterns]) -> _Patterns | None:
    """The first layout with such a row, whose heading, if it has one, is among the lines since the prompt."""
    return next(
        (
            each
            for each in all_patterns
            if _match_row(text, each.rows) and (not each.heading or any(map(each.heading.search, begun)))
        ),
        None,
    )


def _match_row(text: str, rows: Sequence[re.Pattern[str]]) -> re.Match[str] | None:
    if not text or not _may_be_row(text):
        return None
    return next((found for row in rows if (found := row.fullmatch(text))), None)


def _read_other_line(line: Line, text: str, *, needs_ip: bool) -> Generator[Item, None, Line | None]:
    """Read a line that is not a row: a prompt names the equipment. Returns the line if the next one may complete it.

    People paste several tables into one file: a row with an IP address does not belong to a table of ports, and vice
    versa.
    """
    if name := name_in_prompt(text):
        yield Host(name)
        return None
    mac = MAY_BE_MAC.search(text)
    if mac is None:
        return line if _may_be_row(text) else None
    if is_of_many(mac[0]):
        yield LeftOut(f"line {line.number}", "of groups, not of one device")
        return None
    if not needs_ip and _MAY_BE_IP.search(text):
        yield LeftOut(f"line {line.number}", "of another table, which has IP addresses")
        return None
    if needs_ip and _OF_PORTS.fullmatch(text):
        yield LeftOut(f"line {line.number}", "of another table, which lists ports")
        return None
    return line


def name_in_prompt(text: str) -> str:
    """The name of the equipment in a line with a prompt and a command; empty if it is not one."""
    prompt = _PROMPT.fullmatch(text.strip()) if _may_be_row(text) else None
    name = next(filter(None, prompt.groups()), "") if prompt else ""
    return name if any(map(str.isalnum, name)) else ""


def is_of_many(text: str) -> bool:
    """Whether a MAC address is of a group, or is not the address of a unit at all."""
    mac = mac_of(text)
    return not mac or bool(int(mac[:2], 16) & 1)


def _match_joined(held: Line, line: Line, rows: Sequence[re.Pattern[str]]) -> re.Match[str] | None:
    if MAY_BE_MAC.search(line.text) or _PROMPT.fullmatch(line.text.strip()):
        return None
    if not _may_be_row(line.text):
        return None
    both = (f"{held.text.strip()} {line.text.strip()}", (held.text + line.text).strip())
    return next((found for text in both for row in rows if (found := row.fullmatch(text))), None)


def _report_broken(line: Line) -> Iterator[Problem]:
    """Report a line that is not a row, if it has a MAC address: then it was meant to be one."""
    if not MAY_BE_MAC.search(line.text):
        return
    said = " ".join(line.text.split())[:_SHOWN]
    yield Problem(f"line {line.number}", f"{'too long to be' if line.is_cut else 'not'} a row of this table: {said}")


def _row_item(document: Document, match: re.Match[str], place: str, *, needs_ip: bool) -> Iterator[Item]:
    told = {name: text for name, text in match.groupdict().items() if text}
    if "none" in told:
        yield LeftOut(place, "whose address did not answer")
        return
    if "own" in told:
        yield LeftOut(place, "of the equipment itself")
        return
    if "far" in told:
        yield LeftOut(place, "behind a tunnel to another switch")
        return
    ip, mac = address_of(told.get("ip", "")), mac_of(told.get("mac", ""))
    if "mac" in told and is_of_many(told["mac"]) and "ip" in told:
        yield LeftOut(place, "of groups, not of one device")
        return
    if (needs_ip or "ip" in told) and not ip:
        yield Problem(place, f"not an IP address: {told.get('ip', '')}")
        return
    if not mac:
        yield LeftOut(place, "without the address of one unit")
        return
    facts = [Fact(f"listed.{name}", told[name].strip()) for name in ("interface", "vlan", "port") if name in told]
    seen_at = document.as_of - _age_of(told)
    was_heard = False if _KEPT.search(match[0]) else None
    yield Entry(place, ip, mac, tuple(facts), seen_at, match[0].strip(), was_heard=was_heard)


def read_any(document: Document) -> Iterator[Item]:
    """Read any table: the first IP address of each row, and its MAC address; JSON may have all its rows on one line."""
    for line in document.lines():
        text = line.text.strip()
        if name := name_in_prompt(text):
            yield Host(name)
            continue
        for record in _BETWEEN_RECORDS.split(text):
            yield from _any_row_item(f"line {line.number}", record)
        if line.is_cut and MAY_BE_MAC.search(text):
            yield Problem(f"line {line.number}", "too long: only its beginning was read")


def _any_row_item(place: str, text: str) -> Iterator[Item]:
    macs = {found[0].lower() for found in MAY_BE_MAC.finditer(text)}
    if not macs:
        return
    if len(macs) > 1:
        yield Problem(place, f"several MAC addresses in one row: {' '.join(text.split())[:_SHOWN]}")
        return
    ips = (address_of(found[0]) for found in _MAY_BE_IP.finditer(text))
    ip, mac = next(filter(None, ips), ""), mac_of(macs.pop())
    if ip and mac:
        yield Entry(place, ip, mac, text=text, was_heard=False if _KEPT.search(text) else None)
    else:
        yield LeftOut(place, "without an IP address and the MAC address of one unit")


def fits_any(head: Head) -> bool:
    """Whether a row has an IP address and a MAC address."""
    return any(MAY_BE_MAC.search(line) and _MAY_BE_IP.search(line) for line in head.lines)


def _age_of(told: dict[str, str]) -> timedelta:
    """How long ago the device was heard, as the table says: in minutes, as a clock, or in seconds."""
    if "seconds" in told:
        return min(timedelta(seconds=int(told["seconds"][:8])), _LONGEST_AGE)
    text = told.get("age", "")
    if text.isascii() and text.isdecimal():
        return min(timedelta(minutes=int(text[:6])), _LONGEST_AGE)
    match = _CLOCK.fullmatch(text)
    if match is None:
        return timedelta()
    parts = {name: int(value) for name, value in match.groupdict().items() if value}
    return min(timedelta(**parts), _LONGEST_AGE)


def address_of(text: str) -> str:
    """An IP address as it is stored; empty if it is not the address of a single unit."""
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return ""
    is_of_one = not (found.is_multicast or found.is_unspecified or found.is_loopback or found == _EVERYBODY)
    return str(found) if is_of_one else ""


def mac_of(text: str) -> str:
    """A MAC address in any vendor's spelling, as it is stored; empty if it is not the address of a single unit."""
    lowered = text.lower()
    if re.fullmatch(r"[0-9a-f]{6}-[0-9a-f]{6}|[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}", lowered):
        lowered = lowered.replace("-", "")
    return mac_address(lowered) or ""
