"""Reads any list by the headings of its columns: tables on a screen, CSV, ``name : value`` in blocks, and JSON.

It is for the formats that no other form of a source knows. ``headings`` has the words by which a column is recognised.
"""

from __future__ import annotations

import io
import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from camscan.ingest.columns import HINT, WIDEST, WIDEST_HEADING, Columns, columns_of_rule, find_columns
from camscan.ingest.headings import Headings, plain_words
from camscan.ingest.records import read_objects, time_of
from camscan.ingest.source import Document, Entry, Form, Head, Host, Item, LeftOut, Problem
from camscan.ingest.tables import MAY_BE_MAC, address_of, is_of_many, mac_of, name_in_prompt
from camscan.ingest.text import Line
from camscan.model import Fact
from camscan.net.text import clean_text
from camscan.words import list_text

_RULE = re.compile(r"[\s|+]*[-=]+(?:[\s|+]+[-=]+)+[\s|+]*")
_PAIRS = re.compile(r"(?<!\S)([^\W\d][\w .-]{0,40}?)\s{0,20}:(?= |$)\s?(\S+(?: \S+)*)?")
_NUMBERED = re.compile(r"(?:vl(?:an)?[ -]?)?0*(\d{1,4})|.*\( ?0*(\d{1,4})\)", re.IGNORECASE)
"""A VLAN as ``20``, ``Vlan20``, ``CCTV(0020)``."""
_ITSELF = frozenset({"cpu", "self", "management", "switch", "router", "local", "drop"})
_OF_ITSELF = re.compile(r"(?:^|\s)(?:CPU|Self)\s*$", re.IGNORECASE)
_JSON = re.compile(r"\s*(?:\[\s*)?\{\s*[\"}]|\s*\[\s*\[")
_LIST_WITHIN = re.compile(r"\s*\{.{0,2000}?(\"[^\"\\]{1,40}\")\s?:\s?\[\s*\{")
_ASSIGNED = re.compile(r"(?:^|\s)([a-z][\w-]{0,40})=(\"[^\"]*\"|\S*)")
_CLIENT_ID = re.compile(r"\b01[0-9a-f]{2}(?:[.-][0-9a-f]{4}){2}[.-][0-9a-f]{2}\b", re.IGNORECASE)
"""A client identifier of DHCP: the hardware type, then the MAC address."""
_ROLES = {"mac": "a MAC address", "ip": "an IP address", "port": "a port", "product": "a model"}
_EMPTY = frozenset({"", "-", "--", "---", "n/a", "[n/a]", "[n/s]", "none", "null", "*"})
_KEPT = re.compile(r"\b(?:static|permanent|stale|secure\w*|sticky|persistent|offline|inactive)\b", re.IGNORECASE)
"""An entry that does not show that the device is on the network now."""
_DEEPEST = 8
_LINES = 20
"""The most lines of one row."""
_SHOWN = 60
_LONGEST = 255


@dataclass(slots=True)
class ListReader:
    """Reads line by line: finds headings, and rows below them or blocks of ``name : value``; a ``tables.ListBelow``."""

    headings: Headings
    document: Document
    columns: Columns | None = None
    above: list[str] = field(default_factory=list)
    """The last lines that were not rows."""
    block: dict[str, str] = field(default_factory=dict)
    begun: int = 0
    is_found: bool = False
    """Whether headings were found."""
    held: list[Line] = field(default_factory=list)
    """The lines of a row whose quotes are not closed yet: a cell may have several lines."""

    @property
    def is_open(self) -> bool:
        """Whether headings were found, so that the lines below them are rows."""
        return self.columns is not None

    def close(self, number: int) -> Iterator[Item]:
        """Yield what is not complete when the list ends before line ``number``."""
        yield from self.give_up_row()
        if self.is_open:
            yield from self.finish_block(number)

    def read_line(self, line: Line) -> Iterator[Item]:
        """Read one line, and yield what it completes."""
        if self.held and len(self.held) < _LINES and not line.is_cut:
            self.held.append(line)
            yield from self._finish_row()
        else:
            yield from self.give_up_row()
            yield from self._read_alone(line, may_hold=True)

    def _finish_row(self) -> Iterator[Item]:
        """Yield the row of the lines that are held, if its quotes are closed now."""
        text = "\n".join(line.text for line in self.held)
        values = self.columns.values_of(text) if self.columns else None
        if values is not None:
            place = f"lines {self.held[0].number} to {self.held[-1].number}"
            self.held = []
            yield _make_item(self.headings, self.document, place, values, text)

    def give_up_row(self) -> Iterator[Item]:
        """Report a row whose quotes never close as one broken line, and read the lines after it on their own."""
        held, self.held = self.held, []
        for first in held[:1]:
            short = " ".join(first.text.split())[:_SHOWN]
            yield Problem(f"line {first.number}", f"the quotes of this row never close: {short}")
        for line in held[1:]:
            yield from self._read_alone(line, may_hold=False)

    def _read_alone(self, line: Line, *, may_hold: bool) -> Iterator[Item]:
        text = line.text
        place = f"line {line.number}"
        if line.is_cut or (len(text) > WIDEST and not (self.columns and self.columns.separator)):
            if self.columns or MAY_BE_MAC.search(text):
                yield Problem(place, f"too long to be a row: {text[:_SHOWN]}")
            return
        if not text.strip():
            yield from self.finish_block(line.number)
            return
        if self.columns and self._is_row(text):
            yield from self._read_row(line, may_hold=may_hold)
        elif _RULE.fullmatch(text) and not MAY_BE_MAC.search(text):
            if self.columns and self.columns.separator == "|":
                return
            self._take_columns(columns_of_rule(text, self.above, self.headings))
        elif (
            HINT.search(text)
            and not MAY_BE_MAC.search(text)
            and (found := find_columns(text, self.above, self.headings))
        ):
            self._take_columns(found)
            self.above = [*self.above[-2:], text]
        elif name := name_in_prompt(text):
            yield Host(name)
        else:
            yield from self._read_pairs(line)
            self.above = [*self.above[-2:], text]

    def _take_columns(self, found: Columns | None) -> None:
        self.columns = found or self.columns
        self.is_found = self.is_found or found is not None

    def _is_row(self, text: str) -> bool:
        """Whether a line is meant to be a row: on a screen, only if it has a MAC address."""
        if self.columns and self.columns.separator:
            is_heading = HINT.search(text) and not MAY_BE_MAC.search(text) and find_columns(text, (), self.headings)
            is_row = self.columns.separator in text or MAY_BE_MAC.search(text)
            return bool(is_row and not is_heading and set(text) - set("-=+| \t"))
        return bool(MAY_BE_MAC.search(text) or _CLIENT_ID.search(text))

    def _read_row(self, line: Line, *, may_hold: bool) -> Iterator[Item]:
        values = self.columns.values_of(line.text) if self.columns else None
        if values is not None:
            yield _make_item(self.headings, self.document, f"line {line.number}", values, line.text)
            return
        self.held = [line]
        if not may_hold:
            yield from self.give_up_row()

    def _read_pairs(self, line: Line) -> Iterator[Item]:
        if self.columns or len(line.text) > WIDEST_HEADING:
            return
        assigned = {name: value.strip('"') for name, value in _ASSIGNED.findall(line.text)}
        if roles := self.headings.roles_of(list(assigned)):
            self.is_found = True
            values = {role: list(assigned.values())[at] for role, at in roles.items()}
            yield _make_item(self.headings, self.document, f"line {line.number}", values, line.text)
            return
        pairs = [(plain_words(name), value) for name, value in _PAIRS.findall(line.text)]
        if any(name in self.block for name, _value in pairs):
            yield from self.finish_block(line.number)
        self.begun = self.begun if self.block else line.number
        self.block |= dict(pairs)

    def finish_block(self, number: int) -> Iterator[Item]:
        """Yield what a block of ``name : value`` says, when it ends before this line."""
        names = list(self.block)
        roles = self.headings.roles_of(names)
        if roles:
            self.is_found = True
            values = {role: self.block[names[at]] for role, at in roles.items()}
            place = f"lines {self.begun} to {number - 1}"
            yield _make_item(self.headings, self.document, place, values, " ".join(self.block.values()))
        self.block = {}


def _make_item(headings: Headings, document: Document, place: str, given: Mapping[str, str], text: str) -> Item:
    """What one row says."""
    values = {role: value for role, value in given.items() if value.casefold() not in _EMPTY}
    told = values.get("mac", "")
    found = {each[0].casefold() for each in MAY_BE_MAC.finditer(text)}
    told = told if _first_mac(told) or len(found) != 1 else found.pop()
    mac = _first_mac(told)
    ip = next(filter(None, map(address_of, _split_list(values.get("ip", "")))), "")
    if values.get("state", "").casefold() in headings.idle:
        return LeftOut(place, headings.why_idle)
    if told and (not mac or is_of_many(mac)):
        return _without_unit(place, told)
    if not ip and "ip" in values and "ip" in headings.needed:
        return Problem(place, f"not an IP address: {clean_text(values['ip'])[:_SHOWN]}")
    if why := _why_left_out(headings, values, text, ip=ip, mac=mac):
        return LeftOut(place, why)
    return _make_entry(headings, document, place, values, (ip, mac, text))


def _why_left_out(headings: Headings, values: Mapping[str, str], text: str, *, ip: str, mac: str) -> str:
    """Why a row is about no device; empty if it is."""
    if not mac and "mac" in headings.needed:
        return "without a MAC address"
    if {values.get("port", "").casefold(), values.get("type", "").casefold()} & _ITSELF or _OF_ITSELF.search(text):
        return "of the equipment itself"
    return "without an IP address" if not ip and ("ip" in headings.needed or not mac) else ""


def _split_list(cell: str) -> list[str]:
    """The values of a cell that may have several."""
    return re.split(r"[,;|/\s]+", cell)


def _first_mac(cell: str) -> str:
    return mac_of_cell(cell) or next(filter(None, map(mac_of_cell, _split_list(cell))), "")


def _without_unit(place: str, told: str) -> Item:
    if re.fullmatch(r"[0-9A-Fa-f:.-]{11,17}", told):
        return LeftOut(place, "without the address of one unit")
    return Problem(place, f"not a MAC address: {clean_text(told)[:_SHOWN]}")


def _make_entry(
    headings: Headings, document: Document, place: str, values: Mapping[str, str], unit: tuple[str, str, str]
) -> Entry:
    """The entry for a row; ``unit`` is the IP address, the MAC address and the text."""
    ip, mac, text = unit
    values = {**values, "vlan": _vlan_of(values.get("vlan", ""))}
    facts = [
        Fact(key, told) for role, key in headings.facts.items() if (told := clean_text(values.get(role, ""))[:_LONGEST])
    ]
    seen_at = time_of(values["seen"], document.as_of) if "seen" in values else None
    is_old = bool(_KEPT.search(text)) or ("seen" in headings.words and "seen" in values and seen_at is None)
    return Entry(place, ip, mac, tuple(facts), seen_at, clean_text(text), was_heard=False if is_old else None)


def _vlan_of(text: str) -> str:
    match = _NUMBERED.fullmatch(text)
    return (match[1] or match[2]) if match else text


def mac_of_cell(text: str) -> str:
    """The MAC address in a cell or client identifier of DHCP.

    Some have no separators, some the hardware type before them.
    """
    digits = re.sub(r"[:.\- ]", "", text.strip().lower()).removeprefix("0x")
    digits = digits[2:] if len(digits) == 14 and digits.startswith("01") else digits  # noqa: PLR2004 - of 7 octets
    plain = ":".join(re.findall("..", digits)) if re.fullmatch(r"[0-9a-f]{12}", digits) else ""
    return mac_of(text.strip()) or mac_of(plain)


def make_headed_form(headings: Headings, title: str) -> Form:
    """The form ``table`` of a source, which comes after its forms for single vendors."""
    return Form("table", title, lambda head: _fits(headings, head), lambda document: _read(headings, document))


def _is_json(head: Head) -> bool:
    return bool(_JSON.match(" ".join(head.lines[:5])))


def _read(headings: Headings, document: Document) -> Iterator[Item]:
    reader, number = ListReader(headings, document), 0
    if _is_json(document.head):
        yield from _read_json(headings, document)
        return
    for line in document.lines():
        number = line.number
        yield from reader.read_line(line)
    yield from reader.give_up_row()
    yield from reader.finish_block(number + 1)
    if not reader.is_found:
        yield Problem(
            "", f"it has no line of headings that names {list_text([_ROLES[role] for role in headings.needed])}"
        )


def _read_json(headings: Headings, document: Document) -> Iterator[Item]:
    # A long object is a list with something around it: then the first list of objects within is read.
    within = None if document.head.is_whole else _LIST_WITHIN.match(" ".join(document.head.lines))
    for number, (text, record) in enumerate(read_objects(document, after=within[1] if within else ""), 1):
        if record is None:
            yield Problem(f"record {number}", f"not JSON: {' '.join(clean_text(text[:_SHOWN]).split())}")
            continue
        for values in _objects_within(record, _DEEPEST):
            roles = headings.roles_of(list(values))
            told = {role: list(values.values())[at] for role, at in roles.items()}
            if told:
                yield _make_item(headings, document, f"record {number}", told, " ".join(values.values()))


def _objects_within(value: Any, depth: int) -> Iterator[dict[str, str]]:
    """The simple values of an object, and of those within it."""
    if depth and isinstance(value, list):
        for each in value:
            yield from _objects_within(each, depth - 1)
    if depth and isinstance(value, dict):
        yield {name: str(each) for name, each in value.items() if isinstance(each, str | int | float)}
        for each in value.values():
            yield from _objects_within(each, depth - 1)


def _fits(headings: Headings, head: Head) -> bool:
    if _is_json(head):
        names = re.findall(r'"([^"\\]{1,40})"\s?:', "\n".join(head.lines))
        return bool(headings.roles_of(list(dict.fromkeys(names))))
    reader = ListReader(headings, Document("", io.BytesIO(), head, datetime.max.replace(tzinfo=UTC)))
    numbered = (Line(number, text) for number, text in enumerate(head.lines, 1))
    items = (item for line in numbered for item in reader.read_line(line))
    return any(
        isinstance(item, Entry) or (isinstance(item, LeftOut) and item.why == headings.why_idle)
        for item in itertools.chain(items, reader.finish_block(0))
    )
