"""What the recorders in a report say about the cameras on their channels. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from camscan import decode
from camscan.dataclass import dataclass
from camscan.errors import Malformed
from camscan.identify import certainty_word
from camscan.model import Identification, Observation, Outcome, Report
from camscan.net.xml import Document, parse_xml
from camscan.patterns import late
from camscan.register.record.entry import Entry

_KEYS = ("isapi.channel", "dahua_cgi.channel")
_LINE = late(r"(\d{1,4}): (.+)", re.DOTALL)
_WORDS = late(r"(?:^|, )(name|ip|model|serial|firmware|protocol)=")
_DEFAULT_NAME = late(r"(?i)(?:channel|chan|ch|camera|cam|ip ?camera|ip ?cam|ipc|通道)[ _#-]*\d*|")
"""A channel name that the maker gave: it does not prove that there is a camera."""
_LIST = "InputProxyChannelList"
_LIST_END = late(rb"</(?:\w+:)?InputProxyChannelList\s*>\s*\Z")
_LIST_EMPTY = late(rb"<(?:\w+:)?InputProxyChannelList\b[^<>]*/>\s*\Z")
_NUMBER = late(r"[0-9]{1,4}")
_BY_SERIAL, _BY_PROTOCOL = 0.9, 0.7
"""Certainty of the maker: by the form of the serial number; by the maker's own protocol, which the recorder uses."""
_PROTOCOLS = {"hikvision": "hikvision", "dahua": "dahua"}


@dataclass(frozen=True, slots=True)
class ListedCamera:
    """A camera as its recorder describes it. A value that the recorder does not give is empty."""

    number: int
    name: str = ""
    ip: str = ""
    model: str = ""
    serial: str = ""
    firmware: str = ""
    protocol: str = ""

    @property
    def is_camera(self) -> bool:
        """Whether the recorder says more than that it has such a channel."""
        return bool(self.ip or self.model or self.serial) or not _DEFAULT_NAME.fullmatch(self.name.strip())


@dataclass(frozen=True, slots=True)
class Listings:
    """What the recorders in a report list."""

    cameras: tuple[tuple[Entry, ListedCamera], ...]
    """Each recorder, with a camera that it describes."""
    complete: tuple[tuple[Entry, frozenset[int]], ...]
    """Each recorder that listed all its channels, with their numbers."""


def find_listings(report: Report, entries: Sequence[Entry]) -> Listings:
    """Everything that the recorders in a report list."""
    told = tuple((entry, told) for entry in entries for told in read_channels(entry.device.observations))
    return Listings(told, tuple(_whole_lists(report, entries)))


def _whole_lists(report: Report, entries: Sequence[Entry]) -> Iterator[tuple[Entry, frozenset[int]]]:
    lists: dict[str, frozenset[int]] = {}
    for attempt in report.attempts:
        found = (
            listed_channels(attempt.payload)
            if attempt.probe == "isapi" and attempt.outcome is Outcome.ANSWERED
            else None
        )
        if found is not None:
            lists[attempt.ip] = lists.get(attempt.ip, frozenset()) | found
    for entry in entries if lists else ():
        own = [lists[ip] for ip in entry.device.ip_addresses if ip in lists]
        if own:
            yield entry, frozenset().union(*own)


def read_channels(seen: Iterable[Observation]) -> list[ListedCamera]:
    """The cameras that a recorder lists, by channel; the last description of each counts."""
    found: dict[int, ListedCamera] = {}
    for each in seen:
        line = _LINE.fullmatch(each.value) if each.key in _KEYS else None
        if not line or not int(line[1]):
            continue
        parts = _WORDS.split(line[2])
        words = dict(zip(parts[1::2], map(str.strip, parts[2::2]), strict=True))
        told = ListedCamera(
            int(line[1]), **{name: text for name, text in words.items() if not decode.is_placeholder(text)}
        )
        if told.is_camera:
            found[told.number] = told
    return [told for _, told in sorted(found.items())]


def listed_channels(payload: bytes) -> frozenset[int] | None:
    """The numbers of all network channels in a reply of Hikvision's ISAPI.

    None if it is not such a list, or is cut off.

    The names of a Dahua recorder's channels are not such a list: it has them whether a camera is connected or not.
    """
    if not (_LIST_END.search(payload) or _LIST_EMPTY.search(payload)):
        return None
    try:
        document = parse_xml(payload, len(payload))
    except Malformed:
        return None
    if document.names[0] != _LIST:
        return None
    texts = [_channel_id(document, channel) for channel in document.children(0)]
    return frozenset(map(int, texts)) if all(_NUMBER.fullmatch(text) for text in texts) else None


def _channel_id(document: Document, channel: int) -> str:
    own = (document.texts[child].strip() for child in document.children(channel) if document.names[child] == "id")
    return next(own, "")


def identify_by_recorder(told: ListedCamera, recorder: str) -> Identification:
    """What a camera is, according to its recorder."""
    maker, certainty = maker_by_recorder(told)
    words = {"name": told.name, "model": told.model, "serial": told.serial, "ip": told.ip, "protocol": told.protocol}
    said = ", ".join(f"{name}={value}" for name, value in words.items() if value)
    return Identification(
        maker=maker,
        model=told.model or None,
        firmware=told.firmware or None,
        serial=told.serial or None,
        kind="camera",
        is_camera_system=True,
        confidence=certainty_word(certainty),
        certainty=certainty,
        because=(f"recorder {recorder} tells of its channel {told.number}: {said}",),
    )


def maker_by_recorder(told: ListedCamera) -> tuple[str | None, float]:
    """The maker and its certainty; None if neither the serial number nor the protocol gives the maker."""
    if decode.hikvision_serial(told.serial.upper()):
        return "hikvision", _BY_SERIAL
    if decode.is_dahua_serial(told.serial.upper()):
        return "dahua", _BY_SERIAL
    maker = _PROTOCOLS.get(told.protocol.casefold())
    return maker, _BY_PROTOCOL if maker else 0.0
