"""Reads nmap's ``-oX`` output: hosts as attempts, as a stream, so that a /16 needs no more memory than a host.

Only what nmap itself saw is used: addresses, open ports, and the few script results that are a header or a title word
for word. nmap's own guesses (product, operating system) are not evidence.
"""

from __future__ import annotations

import ipaddress
import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import BinaryIO

from lxml import etree

from camscan.errors import UsageError
from camscan.ingest.text import blocks_as_utf8
from camscan.model import Attempt, Coverage, Fact, Observation, Outcome
from camscan.net.text import clean_text, mac_address

NAME = "nmap"
"""The ``probe`` of the observations."""
_CHUNK = 65536
_LONGEST_HEAD = 65536
_LONGEST_VALUE = 1024
_SHOWN = 60
_LARGEST_PORT = 65535
_HEAD = re.compile(
    # Exactly the DOCTYPE that nmap writes: without entities, and without anything to be fetched.
    rb"(?:\xef\xbb\xbf)?\s*(?:<!DOCTYPE nmaprun>|<\?[^<>]*\?>|<!--(?:[^-]|-(?!->))*-->|\s)*+<nmaprun[\s>]"
)


@dataclass(frozen=True, slots=True)
class Run:
    """The head of the file: the arguments of nmap, and when it started."""

    arguments: str
    started_at: datetime


@dataclass(frozen=True, slots=True)
class Host:
    """One address that nmap tried."""

    ip: str
    attempts: tuple[Attempt, ...]
    """The attempts at this address; empty if they showed nothing."""
    answered: bool
    """Whether a port is open."""
    alive: bool
    """Whether a port is open or refused, or a neighbour answered ARP."""


@dataclass(frozen=True, slots=True)
class CutShort:
    """The end of a file that was cut short, and why. Everything before it was yielded."""

    why: str


@dataclass(frozen=True, slots=True)
class BadHost:
    """A host whose address is not one, with its line. The hosts after it are read."""

    why: str


def read_nmap_xml(
    stream: BinaryIO, now: datetime, name: str = "the input"
) -> Iterator[Run | Host | BadHost | CutShort]:
    """Yield the head, then every host (a BadHost if its address is wrong), and a CutShort last if the file is broken.

    ``now`` dates hosts without a time. Raises UsageError in one line, which begins with ``name``, if the file is not
    nmap XML.
    """
    blocks = blocks_as_utf8(iter(lambda: stream.read(_CHUNK), b""))
    head = _read_head(blocks, name)
    parser = etree.XMLPullParser(
        events=("start", "end"),
        tag=("nmaprun", "host"),
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
    )
    run = Run("", now)
    try:
        for chunk in itertools.chain([head], blocks):
            parser.feed(chunk)
            for item in _read_events(parser, run):
                run = item if isinstance(item, Run) else run
                yield item
        parser.close()
    except etree.XMLSyntaxError as error:
        yield from _read_events(parser, run)
        yield CutShort(f"it ends or breaks at line {error.lineno}; what came before it was read")


def _read_head(blocks: Iterator[bytes], name: str) -> bytes:
    """Read the first bytes, and check that they are nmap's."""
    head = b""
    while len(head) < _LONGEST_HEAD and b"<nmaprun" not in head[:-1] and (more := next(blocks, b"")):
        head += more
    if not _HEAD.match(head):
        raise UsageError(f"{name}: this is not nmap's XML; nmap writes it with -oX FILE{_packed_words(head)}")
    return head


def _packed_words(head: bytes) -> str:
    return " (it is packed; unpack it first)" if head.startswith((b"\x1f\x8b", b"PK\x03\x04", b"BZh")) else ""


def _read_events(parser: etree.XMLPullParser, run: Run) -> Iterator[Run | Host | BadHost]:
    for event, element in parser.read_events():
        if not isinstance(element, etree._Element):  # noqa: SLF001 - lxml's only name for the type
            continue  # the types allow for events that were not requested
        if element.tag == "nmaprun" and event == "start":
            run = Run(
                clean_text(element.get("args", ""))[:_LONGEST_VALUE], _time_of(element.get("start"), run.started_at)
            )
            yield run
        elif element.tag == "host" and event == "end":
            host = _read_host(element, run.started_at)
            _free_element(element)
            if host:
                yield host


def _free_element(element: etree._Element) -> None:
    """Free a host that was read, and everything before it."""
    parent = element.getparent()
    element.clear()
    while parent is not None and parent[0] is not element:
        del parent[0]


def _read_host(element: etree._Element, started_at: datetime) -> Host | BadHost | None:
    addresses = {each.get("addrtype", ""): each.get("addr", "") for each in element.findall("address")}
    given = addresses.get("ipv4") or addresses.get("ipv6") or ""
    ip = _ip_text(given)
    if not ip:
        why = f"line {element.sourceline}: not an IP address: {clean_text(given)[:_SHOWN]}"
        return BadHost(why) if given else None
    seen_at = _time_of(element.get("endtime") or element.get("starttime"), started_at)
    attempts = []
    if mac := mac_address(text := addresses.get("mac", "")):
        seen_mac = Observation(ip, 0, "mac", "mac.address", mac, seen_at)
        attempts.append(Attempt("mac", ip, 0, Outcome.ANSWERED, (seen_mac,), payload=text.encode(), seen_at=seen_at))
    states = []
    seen: list[Observation] = []
    for port in element.findall("ports/port"):
        states.append(_attribute_of(port.find("state"), "state"))
        if states[-1] == "open" and (number := _port_number(port)):
            facts = [Fact("port.open", f"{port.get('protocol', '')}/{number}"), *_script_facts(port)]
            seen += [Observation(ip, number, NAME, key, value, seen_at) for key, value in facts]
    if seen:
        attempts.append(Attempt(NAME, ip, 0, Outcome.ANSWERED, tuple(seen), seen_at=seen_at))
    return Host(ip, tuple(attempts), answered=bool(seen), alive=bool(attempts) or "closed" in states)


def _script_facts(port: etree._Element) -> Iterator[Fact]:
    for script in port.findall("script"):
        key, texts = _SCRIPTS.get(script.get("id", ""), ("", _no_texts))
        yield from (Fact(key, clean_text(text)[:_LONGEST_VALUE]) for text in texts(script) if clean_text(text))


def _no_texts(_script: etree._Element) -> list[str]:
    return []


def _element_texts(script: etree._Element) -> list[str]:
    return [each.text or "" for each in script.findall("elem")]


def _title_text(script: etree._Element) -> list[str]:
    return [each.text or "" for each in script.findall("elem[@key='title']")]


def _output_text(script: etree._Element) -> list[str]:
    return [script.get("output", "")]


_SCRIPTS: dict[str, tuple[str, Callable[[etree._Element], list[str]]]] = {
    "http-server-header": ("http.server", _element_texts),
    "http-title": ("http.title", _title_text),
    "rtsp-methods": ("rtsp.public", _output_text),
}
"""Scripts that report word for word what a device sent: script -> key of the fact, and a function for its texts."""


def _attribute_of(element: etree._Element | None, name: str) -> str:
    return "" if element is None else element.get(name, "")


def _port_number(element: etree._Element) -> int:
    """The number of a TCP or UDP port; 0 if it is not one."""
    text = element.get("portid", "")
    plain = text.isascii() and text.isdecimal() and len(text) <= len(str(_LARGEST_PORT))
    return int(text) if plain and element.get("protocol") in {"tcp", "udp"} and int(text) <= _LARGEST_PORT else 0


def _ip_text(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text.partition("%")[0]))
    except ValueError:
        return ""


def _time_of(text: str | None, otherwise: datetime) -> datetime:
    """The time in a text with seconds since 1970, as nmap writes it; ``otherwise`` if the text is none."""
    try:
        return datetime.fromtimestamp(int(text or ""), UTC)
    except (ValueError, OverflowError, OSError):
        return otherwise


@dataclass(slots=True)
class NmapResults:
    """The results of several files, or several runs of nmap."""

    attempts: list[Attempt] = field(default_factory=list)
    states: dict[str, int] = field(default_factory=dict)
    """Address -> 2 if a port is open, 1 if it was there, else 0. masscan writes a host for each open port."""
    started_at: datetime | None = None
    finished_at: datetime | None = None
    notes: list[str] = field(default_factory=list)
    is_whole: bool = True
    """Whether every file could be read completely."""

    def add_file(self, name: str, stream: BinaryIO, now: datetime) -> None:
        """Read one file. Raises UsageError if it is not nmap XML."""
        for item in read_nmap_xml(stream, now, name):
            if isinstance(item, Run):
                self._add_note(f"{name} comes from {item.arguments or 'nmap'}: only what it asked is known")
                self.started_at = min(self.started_at or item.started_at, item.started_at)
            elif isinstance(item, BadHost | CutShort):
                self.is_whole = False
                self._add_note(f"{name}: {item.why}")
            else:
                self._add_host(item)

    def _add_host(self, host: Host) -> None:
        self.states[host.ip] = max(self.states.get(host.ip, 0), host.alive + host.answered)
        self.attempts += host.attempts
        for attempt in host.attempts:
            self.finished_at = max(self.finished_at or attempt.seen_at, attempt.seen_at)

    def _add_note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)

    def coverage(self) -> Coverage:
        """The coverage: what nmap tried.

        Addresses that it left out of its file are not counted, because nobody knows them.
        """
        counts = Counter(self.states.values())
        return Coverage(
            addresses=len(self.states),
            answered=counts[2],
            refused=counts[1],
            silent=counts[0],
            unreachable=0,
            not_tried=0,
            outcomes={NAME: {Outcome.ANSWERED: counts[2]}} if counts[2] else {},
            notes=tuple(self.notes),
            is_search=False,
        )
