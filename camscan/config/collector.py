"""``collector.yaml``: what a site allows its collector to do. The centre cannot write it, and cannot allow more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

from camscan.config.authorisation import Window, read_window
from camscan.config.value import Network, read_date, read_entries, read_number, read_some_networks, read_word
from camscan.errors import ConfigError
from camscan.strict_yaml import Node, load_yaml

FILE_NAME = "collector.yaml"
_KEYS = ("centre", "ca_file", "allowed_by", "until", "window", "days", "pace", "scans_a_day", "sites")
_USUAL_SCANS, _MOST_SCANS = 4, 1000
PACES = ("gentle", "normal", "fast")
_HERE = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectorFile:
    """The contents of ``collector.yaml``."""

    path: Path
    centre: str
    """``https://host`` or ``https://host:port``, without a path."""
    ca_file: str = ""
    """The file with the centre's certificate authority; empty for the system's authorities."""
    allowed_by: str
    """The role of the person who allows the scans."""
    until: date
    """The last day on which the collector may scan."""
    window: Window | None
    """Hours in which a scan may begin; None for any hour."""
    pace: str
    scans_a_day: int
    """How many scans of one site may begin within 24 hours."""
    sites: Mapping[str, tuple[Network, ...]]
    """Name of a site, as the centre calls it -> the only networks that are ever scanned for it."""

    def why_not(self, site: str, now: datetime) -> str:
        """Why a site may not be scanned at all; empty if it may. ``now`` is the local time."""
        if site not in self.sites:
            return f"the site '{site[:100]}' is not in {FILE_NAME}"
        if now.date() > self.until:
            return f"{FILE_NAME} allowed it until {self.until}"
        return ""

    def why_later(self, now: datetime) -> str:
        """Why nothing may be scanned at this hour; empty if a scan may begin."""
        if self.window and self.window.closing_time(now) is None:
            return f"it waits for the hours of {FILE_NAME} ({self.window})"
        return ""

    def closing_time(self, now: datetime) -> datetime | None:
        """The moment at which a scan that begins now must end: when its hours close, or after the last day.

        None if any hour is allowed, for ever.
        """
        ends = [self.window.ending_time(now, None)] if self.window else []
        if self.until < date.max:
            ends.append(datetime.combine(self.until + timedelta(days=1), time()).astimezone())
        return min((end for end in ends if end), default=None)


def read_collector(path: Path) -> CollectorFile:
    """Read a ``collector.yaml``. Raises ConfigError with file and line."""
    if not path.exists():
        raise ConfigError(
            f"{path}: there is no such file; at the centre, `camscan collector add` prints one to begin with"
        )
    keys = read_entries(load_yaml(path), _KEYS, "centre", "allowed_by", "until", "sites")
    pace = read_word(keys["pace"]) if "pace" in keys else PACES[0]
    if pace not in PACES:
        raise keys["pace"].error(f"'{pace}' is not one of: {', '.join(PACES)}")
    return CollectorFile(
        path=path,
        centre=_read_centre(keys["centre"]),
        ca_file=str(path.parent / read_word(keys["ca_file"])) if "ca_file" in keys else "",
        allowed_by=read_word(keys["allowed_by"]),
        until=read_date(keys["until"]),
        window=read_window(keys),
        pace=pace,
        scans_a_day=_scans_a_day(keys.get("scans_a_day")),
        sites=MappingProxyType(dict(map(_read_site, keys["sites"].items()))),
    )


def _scans_a_day(node: Node | None) -> int:
    return read_number(node, 1, _MOST_SCANS, "number of scans") if node else _USUAL_SCANS


def _read_site(node: Node) -> tuple[str, tuple[Network, ...]]:
    keys = read_entries(node, ("name", "networks"), "name", "networks")
    return read_word(keys["name"]), read_some_networks(keys["networks"])


def _read_centre(node: Node) -> str:
    text = read_word(node).rstrip("/")
    try:
        parts = urlsplit(text)
        is_whole = bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise node.error(f"'{text}' is not an address, such as https://cameras.example.gov.uk") from None
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _HERE)
    if not is_safe or not is_whole or parts.path or parts.query or parts.fragment or parts.username:
        raise node.error(f"'{text}' is not the address of a centre; it is https://host, without a path")
    return text
