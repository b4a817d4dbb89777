"""Exports of other inventories. Each is read by a map of its columns: ``maps/<form>.yaml``, one file for each format.

A map says which headings show the format, which columns have an address or a fact, whether the other system has it from
the device itself, and which public sample has these headings.
"""

from __future__ import annotations

import functools
import ipaddress
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from camscan.ingest import headings
from camscan.ingest.headed import make_headed_form
from camscan.ingest.records import Row, read_objects, read_rows, time_of
from camscan.ingest.source import Document, Entry, Form, Head, Item, LeftOut, Problem, Source
from camscan.ingest.tables import address_of, mac_of
from camscan.model import Fact
from camscan.net.text import clean_text
from camscan.strict_yaml import Node, load_yaml
from camscan.words import list_text

_MAPS = Path(__file__).parent / "maps"
_LONGEST = 255
"""How many characters of a value are kept."""
_OWN_WORDS = 8192
"""How many characters of a device's own words are kept: as many as a probe keeps of a page."""
_VALUES = 8
"""How many values of one column are kept: a record of JSON may have a list."""
_RECORD = 1 << 20
"""The most bytes of one record of JSON."""
_BLOCK = 65536
_SHOWN = 60
_FOREIGN = "of public addresses that are in no network of camscan.yaml"
_NO_ADDRESS = "without an IP or MAC address"

Values = Callable[[str], tuple[str, ...]]
"""Column of a row -> its values."""


@dataclass(frozen=True, slots=True)
class Map:
    """The meaning of the columns of one export."""

    title: str
    written: str
    """``csv``; ``json-lines``; or ``json``: a single record, a list of records, or one record a line."""
    headings: tuple[str, ...]
    """The headings of the format, in small letters; ``a or b`` if versions differ.

    A CSV has all of them; a record of JSON, which may be long, any of them.
    """
    addresses: tuple[str, ...]
    """Columns with an IP address, the best first. A prefix length after the address is removed."""
    mac: tuple[str, ...]
    facts: Mapping[str, tuple[str, ...]]
    """Fact key -> its columns; a column of JSON is a path with dots."""
    always: Mapping[str, str]
    """Facts that are true for every device in such a file."""
    seen_at: str
    """The column with the time at which the device was last heard (ISO 8601 or seconds since 1970, UTC); empty for the
    time of the file."""
    own_addresses: bool
    """Whether the file may list other people's devices: then only those in networks of ``camscan.yaml`` are read."""
    hears: bool
    """Whether the device itself was on the network then; False for a list that people keep."""
    below: str
    """In JSON: the key of the list with the records; empty if the records stand alone."""
    left_out: tuple[str, frozenset[str], str]
    """Column, values in small letters, and why such rows are left out."""


def load_map(path: Path) -> Map:
    """Read one map. Raises ConfigError, with file and line, if it is wrong."""
    tree = load_yaml(path)
    told = tree.only(
        *("title", "written", "headings", "evidence", "addresses", "mac", "facts", "always", "seen_at"),
        *("own_addresses", "hears", "below", "left_out"),
    )
    missing = [name for name in ("title", "written", "headings", "evidence", "addresses", "facts") if name not in told]
    if missing:
        raise tree.error(f"{', '.join(missing)} missing")
    _one_of(told["written"], "csv", "json-lines", "json")
    facts = {key: _texts_of(node) for key, node in told["facts"].entries().items()}
    own_words = [key for key in facts if not key.startswith("listed.")]
    if _one_of(told["evidence"], "device", "list") == "list" and own_words:
        raise told["facts"].error(f"{own_words[0]} is for what a device itself said; this file only lists devices")
    return Map(
        title=told["title"].text(),
        written=told["written"].text(),
        headings=_texts_of(told["headings"]),
        addresses=_texts_of(told["addresses"]),
        mac=_texts_of(told.get("mac")),
        facts=facts,
        always={key: node.text() for key, node in told["always"].entries().items()} if "always" in told else {},
        seen_at=told["seen_at"].text() if "seen_at" in told else "",
        own_addresses="own_addresses" in told and _one_of(told["own_addresses"], "yes", "no") == "yes",
        hears="hears" in told and _one_of(told["hears"], "yes", "no") == "yes",
        below=told["below"].text() if "below" in told else "",
        left_out=_read_left_out(told.get("left_out")),
    )


def _one_of(node: Node, *allowed: str) -> str:
    if node.text() not in allowed:
        raise node.error(f"expected {list_text(allowed, 'or')}, found {node.text()}")
    return node.text()


def _texts_of(node: Node | None) -> tuple[str, ...]:
    return tuple(item.text() for item in node.items()) if node else ()


def _read_left_out(node: Node | None) -> tuple[str, frozenset[str], str]:
    if node is None:
        return "", frozenset(), ""
    told = node.only("column", "values", "why")
    if len(told) < len(("column", "values", "why")):
        raise node.error("expected column, values and why")
    return told["column"].text(), frozenset(_texts_of(told["values"])), told["why"].text()


# ── Recognising and reading ──────────────────────────────────────────────────────────────────────────────────────


def _fits(columns: Map, head: Head) -> bool:
    if columns.written == "csv":
        first = next((line for line in head.lines if line.strip()), "")
        return bool(_heading_pattern(columns).search(first))
    begins = (
        rb'(?:\xef\xbb\xbf)?\s*\{"' if columns.written == "json-lines" else rb'(?:\xef\xbb\xbf)?\s*(?:\[\s*)?\{\s*"'
    )
    names = (rb'"' + re.escape(name).encode() + rb'"\s?:' for name in columns.headings)
    return bool(re.match(begins, head.raw)) and any(re.search(name, head.raw) for name in names)


def _heading_pattern(columns: Map) -> re.Pattern[str]:
    """A pattern for a line with all the headings, in any order: people move columns, and hide some."""
    names = ("|".join(re.escape(each) for each in name.split(" or ")) for name in columns.headings)
    ahead = (rf'(?=(?:.*[,;\t])?"?(?:{name})"?(?:[,;\t]|$))' for name in names)
    return re.compile(rf"^{''.join(ahead)}", re.IGNORECASE)


def _read(columns: Map, document: Document) -> Iterator[Item]:
    networks = tuple(ipaddress.ip_network(network) for network in document.networks)
    reader = _RowReader(columns, document.as_of, networks)
    if columns.written == "json-lines":
        yield from _read_json_lines(document, reader.read_row)
        return
    if columns.written == "json":
        within = f'"{columns.below}"' if columns.below and columns.below.encode() in document.head.raw else ""
        for number, (text, record) in enumerate(read_objects(document, after=within), 1):
            yield _take_record(f"record {number}", record, text, reader.read_row)
        return
    first = next((line for line in document.head.lines if line.strip()), "")
    separator = max(",;\t", key=first.count)
    for row in read_rows(document.lines(), separator, _heading_pattern(columns)):
        yield (
            row
            if isinstance(row, Problem)
            else reader.read_row(row.place, functools.partial(_cell_values, row), row.text)
        )


def _cell_values(row: Row, column: str) -> tuple[str, ...]:
    return (row.values.get(column, ""),)


def _read_json_lines(document: Document, take: Callable[[str, Values, str], Item]) -> Iterator[Item]:
    for number, payload in _record_lines(document):
        place = f"line {number}"
        if len(payload) > _RECORD:
            yield Problem(place, f"a record of more than {_RECORD // 1024 // 1024} MB")
            continue
        if not payload.strip():
            continue
        text = payload.decode("utf-8", "replace").strip().removeprefix("\ufeff")
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            found = None
        yield _take_record(place, found if isinstance(found, dict) else None, text, take)


def _take_record(
    place: str, record: dict[str, Any] | None, text: str, take: Callable[[str, Values, str], Item]
) -> Item:
    if record is None:
        return Problem(place, f"not a record of JSON: {' '.join(clean_text(text[:_SHOWN]).split())}")
    return take(place, functools.partial(_values_at, record), text[: _LONGEST * 2])


def _record_lines(document: Document) -> Iterator[tuple[int, bytes]]:
    """The lines of the file with their numbers. A line that is too long is cut just beyond the limit."""
    number, held = 1, b""
    while block := document.read(_BLOCK):
        first, *others = block.split(b"\n")
        held += first if len(held) <= _RECORD else b""
        for other in others:
            yield number, held
            number, held = number + 1, other
    yield number, held


def _values_at(record: Mapping[str, Any], path: str) -> tuple[str, ...]:
    """The values at a path of a record; if there are lists along it, their first values."""
    found: list[Any] = [record]
    for name in path.split("."):
        below = (each.get(name) for each in found if isinstance(each, dict))
        found = [one for each in below for one in (each[:_VALUES] if isinstance(each, list) else [each])][:_VALUES]
    return tuple(str(each) for each in found if isinstance(each, str | int) and not isinstance(each, bool))


# ── One row ──────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _RowReader:
    columns: Map
    as_of: datetime
    networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]

    def read_row(self, place: str, values: Values, text: str) -> Item:
        """Read one row about a device."""
        column, unwanted, why = self.columns.left_out
        if column and any(each.strip().casefold() in unwanted for each in values(column)):
            return LeftOut(place, why)
        given = _first_value(values, self.columns.addresses)
        ip, mac = address_of(given.partition("/")[0].strip()), mac_of(_first_value(values, self.columns.mac))
        if given and not ip:
            return Problem(place, f"not an IP address of one device: {clean_text(given)[:_SHOWN]}")
        if not ip and not mac:
            return LeftOut(place, _NO_ADDRESS)
        if self.columns.own_addresses and not self._is_own(ip):
            return LeftOut(place, _FOREIGN)
        seen = time_of(_first_value(values, (self.columns.seen_at,)), self.as_of) if self.columns.seen_at else None
        hears = self.columns.hears and (seen is not None or not self.columns.seen_at)
        return Entry(place, ip, mac, tuple(self._facts(values)), seen, clean_text(text), was_heard=hears)

    def _is_own(self, ip: str) -> bool:
        return bool(ip) and any(ipaddress.ip_address(ip) in network for network in self.networks)

    def _facts(self, values: Values) -> Iterator[Fact]:
        for key, names in self.columns.facts.items():
            most = _LONGEST if key.startswith("listed.") else _OWN_WORDS
            told = (clean_text(value)[:most] for name in names for value in values(name))
            yield from (Fact(key, value) for value in dict.fromkeys(told) if value)
        yield from (Fact(key, value) for key, value in self.columns.always.items())


def _first_value(values: Values, names: tuple[str, ...]) -> str:
    return next((value for name in names for value in values(name) if value.strip()), "")


def read_records(form: str, records: Iterable[dict[str, Any] | Problem], as_of: datetime) -> Iterator[Item]:
    """Read records that another system returned over its interface, by the map of this name."""
    columns = load_map(_MAPS / f"{form}.yaml")
    reader = _RowReader(columns, as_of, ())
    for number, record in enumerate(records, 1):
        if isinstance(record, Problem):
            yield record
        else:
            yield _take_record(f"device {number}", record, json.dumps(record)[: _LONGEST * 2], reader.read_row)


def _form_of_map(path: Path) -> Form:
    columns = load_map(path)
    return Form(path.stem, columns.title, functools.partial(_fits, columns), functools.partial(_read, columns))


SOURCE = Source(
    name="inventory",
    title="exports of other inventories",
    noun="inventory",
    otherwise="; for any other list use camscan import sheet, where you say which column is which",
    forms=(
        *(_form_of_map(path) for path in sorted(_MAPS.glob("*.yaml"))),
        make_headed_form(
            headings.INVENTORY, "any other list whose headings name the IP address and the model or maker (CSV, JSON)"
        ),
    ),
)
