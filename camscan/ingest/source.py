"""What a source of evidence is, and what its readers yield. ``docs/development.md`` says how to add one.

A source reads one kind of record that another system keeps (an ARP table, DHCP leases, a capture), in the formats in
which real systems write it. Its readers only *see*: they do not name a maker, and do not match anything with the
register.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import BinaryIO

from camscan.errors import OptionError, UsageError
from camscan.ingest import text
from camscan.model import Attempt, Fact
from camscan.words import list_text

HEAD = 16384
"""How many bytes are read to recognise a format."""


@dataclass(frozen=True)
class Head:
    """The beginning of a file, by which its format is recognised."""

    raw: bytes
    """The first :data:`HEAD` bytes; fewer if the file is shorter."""
    is_whole: bool = False
    """Whether this is the complete file."""

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """The lines of the head as text; the last may be cut if the file has more."""
        return tuple(line.text for line in text.read_lines(self.raw, _NOTHING))


class _Nothing:
    """A stream at its end."""

    def read(self, _size: int = -1) -> bytes:
        """Return no bytes."""
        return b""


_NOTHING: BinaryIO = _Nothing()  # type: ignore[assignment]  # only read() is called


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a file about one device: a line of a table, a lease, a record."""

    place: str
    """Its position, for a person: ``line 12``, ``lines 3 to 9``, ``row 7``."""
    ip: str = ""
    """The IP address as ``ipaddress`` writes it; empty if the entry has none."""
    mac: str = ""
    """The MAC address as ``camscan.net.text.mac_address`` writes it; empty if the entry has none."""
    facts: tuple[Fact, ...] = ()
    """Its other facts, by keys of ``fingerprints/vocabulary.yaml``; never the MAC, which is added."""
    seen_at: datetime | None = None
    """When the system that wrote the file last heard the device; None for the time of the file."""
    text: str = ""
    """The text of the entry in the file, shortened, as evidence."""
    was_heard: bool | None = None
    """Whether the device itself was on the network at ``seen_at``.

    None if the rule of the source applies (``hears``).
    """


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An entry that was read and is left out on purpose."""

    place: str
    why: str
    """The reason, as words that follow "12 entries": ``whose address did not answer``.

    It is the same for all entries of this kind. What is not an entry is named: ``packets within a tunnel``
    (``words.count_reason``).
    """
    count: int = 1
    """How many entries were left out."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A part of the file that could not be read. The parts before and after it could."""

    place: str
    """The place for a person: ``line 12``; empty for the complete file."""
    why: str


@dataclass(frozen=True, slots=True)
class Host:
    """The name of the router, switch or server whose table the following entries are from."""

    name: str


Item = Entry | Attempt | LeftOut | Problem | Host
"""The items that a reader yields.

Entries from a table; attempts from a capture, in which devices describe themselves.
"""


@dataclass
class Document:
    """One file that is being read."""

    name: str
    """The name that a person gave it; ``standard input`` for ``-``."""
    stream: BinaryIO
    """The rest of the file after the head."""
    head: Head
    as_of: datetime
    """When the file was written, as far as that is known; UTC."""
    form: Form | None = None
    networks: tuple[str, ...] = ()
    """The organisation's own networks: in a capture, only their public addresses count."""

    def lines(self) -> Iterator[text.Line]:
        """The lines of the complete file, in any encoding; for formats that are text."""
        return text.read_lines(self.head.raw, self.stream)

    def read(self, size: int) -> bytes:
        """The next bytes of the complete file, at most ``size``; for formats that are not text."""
        if self._at < len(self.head.raw):
            block = self.head.raw[self._at : self._at + size]
            self._at += len(block)
            return block
        return self.stream.read(size)

    _at: int = 0


@dataclass(frozen=True, slots=True)
class Form:
    """One format of a source, of one vendor or one program."""

    name: str
    """The value of ``--form``: ``cisco``, ``kea-csv``."""
    title: str
    """The name for lists: ``Cisco IOS and NX-OS: show ip arp``."""
    fits: Callable[[Head], bool]
    """Whether a file with this beginning has this format. Pure; never raises."""
    read: Callable[[Document], Iterator[Item]]
    """Yields everything in the file. Never raises because of its contents: a broken part is a Problem."""


@dataclass(frozen=True, slots=True)
class Source:
    """One kind of evidence that another system keeps. Found by its place: ``camscan/ingest/sources/<name>.py``."""

    name: str
    """The name of its file and of its command: ``camscan import NAME``."""
    title: str
    """What the command takes, as a phrase for lists: ``ARP tables of routers and firewalls``."""
    noun: str
    """What one file is called in the basis of its facts: ``ARP table``."""
    forms: Sequence[Form]
    """The formats, the strictest first: the first that fits is used."""
    hears: bool = False
    """Whether a listed device was on the network at that time, as in an ARP table.

    It is False for lists that people keep.
    """
    otherwise: str = ""
    """What to do with a file of another format, as the end of a sentence."""
    is_distinct: bool = True
    """Whether its formats are strict enough to show that a list is meant for this source and no other."""
    is_listing: bool = True
    """Whether it lists what another system knows.

    False if devices describe themselves, as in a capture: that is recorded like the answers of our own scan.
    """

    def form_of(
        self, head: Head, name: str, wanted: str = "", *, others: Callable[[], Iterable[Source]] = list
    ) -> Form:
        """The format of a file: the one that was named, or the one that is recognised.

        Raises UsageError in one line, which names the one of the ``others`` that reads the file.
        """
        known = {form.name: form for form in self.forms}
        names = ", ".join(known)
        if wanted:
            if wanted not in known:
                raise OptionError(f"there is no format '{wanted}'; the formats are: {names}")
            return known[wanted]
        found = next((form for form in self.forms if form.fits(head)), None)
        if found and found.name not in _ANY_LIST:
            return found
        if fitting := next(self._forms_of_others(head, others, is_list=found is not None), None):
            other, form = fitting
            raise UsageError(f"{name}: it is not for this command; camscan import {other.name} reads it ({form.title})")
        if found is None:
            raise UsageError(f"{name}: {self._why_unknown(head, tuple(known))}")
        return found

    def _forms_of_others(
        self, head: Head, others: Callable[[], Iterable[Source]], *, is_list: bool
    ) -> Iterator[tuple[Source, Form]]:
        """The other sources with a format of their own that fits, each with that format.

        ``is_list``: whether this source could read the file as any list.
        """
        for other in others():
            if other.name != self.name and (other.is_distinct or not is_list):
                yield from ((other, form) for form in other.forms if form.name not in _ANY_LIST and form.fits(head))

    def _why_unknown(self, head: Head, known: Sequence[str]) -> str:
        if not head.raw.strip():
            return "it is empty"
        if told := next((what for pattern, what in _NOT_READ if pattern.search(head.raw)), ""):
            return told
        what = f"camscan does not recognise the format ({self.noun})"
        which = f"; if it is one of these, name it with --form: {list_text(known, 'or')}" if len(known) > 1 else ""
        return f"{what}{which}{self.otherwise}"


_ANY_LIST = frozenset({"table", "any"})
"""The forms that fit many lists: they do not show what a list is for."""
_NOT_READ = (
    (
        re.compile(rb"\A\xd0\xcf\x11\xe0|\A.{0,2048}(?:\[Content_Types\]\.xml|vnd\.oasis\.opendocument)", re.DOTALL),
        "it is a workbook; save its sheet as CSV, and import that",
    ),
    (re.compile(rb"\A%PDF"), "it is a PDF; export the list as CSV or text, and import that"),
    (
        re.compile(rb"\A(?:PK\x03\x04|\x1f\x8b|\xfd7zXZ\0|BZh|7z\xbc\xaf\x27\x1c)"),
        "it is packed (ZIP, gzip, xz, bzip2 or 7z); unpack it first",
    ),
    (
        re.compile(rb"\A\s*(?:# ?Nmap \d|Starting Nmap )|^Nmap scan report for ", re.MULTILINE),
        "it is nmap's text, which is not read; let nmap write XML (nmap -oX FILE), and use camscan import nmap",
    ),
    (re.compile(rb"<nmaprun\b"), "it is nmap's XML; use camscan import nmap"),
    (
        re.compile(
            rb"^(?:Device ID|Chassis id|Local Intf?(?:erface)?) ?:|\bshow (?:cdp|lldp) ne|^Device ID +Local Int",
            re.MULTILINE | re.IGNORECASE,
        ),
        "it lists neighbours (CDP or LLDP), which camscan only reads over SNMP; use camscan import snmp",
    ),
    (re.compile(rb"\bDHCPACK (?:on|to)\b"), "it is the log of a DHCP server; name the file with its leases instead"),
)
"""What people hand in for a table, by a part of its beginning, and what to do with it. Workbooks are packed too."""


def open_document(
    source: Source,
    name: str,
    stream: BinaryIO,
    as_of: datetime,
    *,
    form: str = "",
    networks: tuple[str, ...] = (),
    others: Callable[[], Iterable[Source]] = list,
) -> Document:
    """Open a file and find its format. Raises UsageError in one line if no format fits.

    ``others`` returns the sources of which one may read the file instead.
    """
    raw = b""
    while len(raw) < HEAD and (block := stream.read(HEAD - len(raw))):
        raw += block
    head = Head(raw, is_whole=len(raw) < HEAD)
    return Document(name, stream, head, as_of, source.form_of(head, name, form, others=others), networks)
