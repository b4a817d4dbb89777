"""The one headline: how many devices of Hikvision or Dahua there are, and what is not known. It is the same everywhere.

Only this module decides what is counted. A **device** is one housing, or one channel of a recorder with a row of its
own, that Hikvision or Dahua built: confirmed or probable, whatever its badge and whatever its purpose (door stations
and switches too). A maker that is only possible makes it **possible**. **Unknown** is a device that may be part of
video surveillance and names no maker, including one whose answers cannot be read; a printer is not. Cameras of other
makers are in no count.
"""

from __future__ import annotations

import weakref
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from camscan.asset import Asset
from camscan.asset.kinds import kind_of
from camscan.dataclass import dataclass
from camscan.identify.channel_count import count_channels, was_list_read
from camscan.model import Confidence, Device, Identification, Report
from camscan.words import count_text

MAKERS = frozenset({"hikvision", "dahua"})
"""Keys of the two makers."""
SURE = frozenset({Confidence.CONFIRMED, Confidence.PROBABLE})
"""A maker with any other confidence is only possible."""
BEGINNING = "Hikvision or Dahua:"
"""The words that every headline begins with."""
_CAMERA_PORTS = frozenset({"tcp/554", "tcp/8554", "tcp/34567", "tcp/37777"})
"""Ports of video streams and of the protocols of camera makers."""


class Unit(NamedTuple):
    """The part of a device that is counted."""

    maker: str | None
    is_sure: bool
    """Whether the maker is confirmed or probable."""
    kind: str | None
    is_camera_system: bool | None
    open_ports: Collection[str] = ()
    channels: int = 0
    """How many channels it reports that nobody has read."""
    site: str = ""
    """A text that is the same for all devices of a site, such as its name in lower case; empty if the site is not
    known."""


@dataclass(frozen=True, slots=True)
class Headline:
    """The counts of the headline; :attr:`text` is the sentence."""

    devices: int = 0
    """``cameras`` + ``recorders`` + ``other``."""
    cameras: int = 0
    recorders: int = 0
    other: int = 0
    """Devices of the two makers that are neither camera nor recorder, or whose kind is not known."""
    sites: int = 0
    """Sites with at least one of the devices."""
    without_site: int = 0
    """Devices without a known site; no site's count includes them."""
    possible: int = 0
    unknown: int = 0
    channels_not_read: int = 0
    """Maximum number of channels that these recorders report and about which nothing is known."""
    strangers: int = 0
    """Addresses outside the targets that answered a question to a group."""
    is_scanned: bool = True
    """Whether anything was scanned or entered at all: otherwise a "none" would be wrong."""

    @property
    def text(self) -> str:
        """The headline sentence; it begins with "Hikvision or Dahua:" and ends with a full stop."""
        return f"{BEGINNING} {self.counts}"

    @property
    def counts(self) -> str:
        """The headline sentence without its beginning."""
        parts = [
            f"{count_text(self.devices)}{self._kinds_text()}{self._where_text()}" if self.devices else "none found"
        ]
        if self.possible:
            parts.append(f"{self.possible:,} more possible" if self.devices else f"{self.possible:,} possible")
        if self.unknown:
            parts.append(f"{self.unknown:,} unknown, to be looked at")
        if self.channels_not_read:
            parts.append(f"up to {count_text(self.channels_not_read, 'recorder channel')} not read")
        if self.strangers:
            where = "an address" if self.strangers == 1 else "addresses"
            parts.append(f"and {self.strangers:,} answered from {where} you did not name")
        if not self.is_scanned:
            parts.append("nothing was scanned yet")
        return f"{'; '.join(parts)}."

    def _kinds_text(self) -> str:
        kinds = [
            count_text(number, word) if word != "other" else f"{number:,} other"
            for number, word in ((self.cameras, "camera"), (self.recorders, "recorder"), (self.other, "other"))
            if number
        ]
        return f" ({', '.join(kinds)})"

    def _where_text(self) -> str:
        if not self.sites:
            return ""
        without = f", {self.without_site:,} of the devices site not known" if self.without_site else ""
        return f" at {count_text(self.sites, 'site')}{without}"

    def as_json(self) -> Mapping[str, Any]:
        """The two members of every JSON document: the sentence and its counts."""
        return {"headline": self.text, "headline_counts": {name: getattr(self, name) for name in _COUNTED}}


_COUNTED = (
    *("devices", "cameras", "recorders", "other", "sites", "without_site"),
    *("possible", "unknown", "channels_not_read", "strangers"),
)


class UnitCount:
    """Counts devices for the headline, one after the other."""

    def __init__(self) -> None:
        self._found: Counter[str] = Counter()
        self._sites: Counter[str] = Counter()

    def add(self, unit: Unit) -> None:
        """Count a device; each is given once."""
        found = self._found
        if unit.maker in MAKERS:
            if not unit.is_sure:
                found["possible"] += 1
                return
            found[count_kind(unit.kind)] += 1
            found["channels"] += unit.channels
            self._sites[unit.site] += 1
        elif not unit.maker and is_unknown(unit.is_camera_system, unit.kind, unit.open_ports):
            found["unknown"] += 1

    def headline(self, *, strangers: int = 0, is_scanned: bool = True) -> Headline:
        """The headline of the devices that were counted."""
        found = self._found
        return Headline(
            devices=self._sites.total(),
            cameras=found["cameras"],
            recorders=found["recorders"],
            other=found["other"],
            sites=sum(bool(site) for site in self._sites),
            without_site=self._sites[""],
            possible=found["possible"],
            unknown=found["unknown"],
            channels_not_read=found["channels"],
            strangers=strangers,
            is_scanned=is_scanned,
        )


def count_units(units: Iterable[Unit], *, strangers: int = 0, is_scanned: bool = True) -> Headline:
    """The headline of a set of devices; each device is given once."""
    count = UnitCount()
    for unit in units:
        count.add(unit)
    return count.headline(strangers=strangers, is_scanned=is_scanned)


_LATEST: list[tuple[weakref.ref[Report], Headline]] = []
"""The report whose devices were counted last, with its headline: a scan needs it three times, for 13,000 facts."""


def headline_of_report(report: Report) -> Headline:
    """The headline of one scan, at its own site or at the sites that the site map names for its addresses."""
    for counted, headline in _LATEST:
        if counted() is report:
            return headline
    found = _count_report(report)
    _LATEST[:] = [(weakref.ref(report), found)]
    return found


def _count_report(report: Report) -> Headline:
    units = (_make_unit(device, _site_of_device(device, report).casefold()) for device in report.devices)
    return count_units(units, strangers=len(report.coverage.strangers))


def is_system(found: Identification) -> bool:
    """Whether a device is part of video surveillance, whoever made it; or may be, because only a maker is known."""
    return found.is_camera_system is True or (found.maker is not None and found.is_camera_system is None)


def is_unknown(is_camera_system: bool | None, kind: str | None, open_ports: Collection[str]) -> bool:
    """Whether a device without a known maker must be looked at, because it may be part of video surveillance.

    A program that manages cameras is recognised by its kind. A web server counts if it also has a port of cameras.
    """
    if is_camera_system is None:
        return kind != "vms"
    return is_camera_system or (kind == "server" and not _CAMERA_PORTS.isdisjoint(open_ports))


def is_of_video(row: Asset) -> bool:
    """Whether a device may be part of video surveillance, or is made by one of the two makers, as in the headline."""
    found = row.identification
    if found.is_camera_system is not False or found.maker in MAKERS:
        return True
    return not found.maker and is_unknown(found.is_camera_system, found.kind, row.open_ports)


def count_word(unit: Unit) -> str:
    """The word under which a device is counted; empty if it is not part of video surveillance.

    ``hikvision``, ``dahua``, ``possible`` and ``unknown`` as the headline counts it; ``other`` for another maker.
    """
    if unit.maker in MAKERS:
        return str(unit.maker) if unit.is_sure else "possible"
    if unit.maker:
        return "" if unit.is_camera_system is False else "other"
    return "unknown" if is_unknown(unit.is_camera_system, unit.kind, unit.open_ports) else ""


def _site_of_device(device: Device, report: Report) -> str:
    return report.site or next((report.sites[ip] for ip in device.ip_addresses if ip in report.sites), "")


def _make_unit(device: Device, site: str) -> Unit:
    found, seen = device.identification, device.observations
    return Unit(
        maker=found.maker,
        is_sure=found.confidence in SURE,
        kind=found.kind,
        is_camera_system=found.is_camera_system,
        open_ports=device.open_ports,
        channels=0 if was_list_read(each.key for each in seen) else count_channels(found.kind, seen) or 0,
        site=site,
    )


def count_kind(kind: str | None) -> str:
    """The word under which a kind is counted: ``cameras``, ``recorders`` or ``other``."""
    known = kind_of(kind)
    if known.is_camera:
        return "cameras"
    return "recorders" if known.has_channels and known.holds_recordings else "other"
