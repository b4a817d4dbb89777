"""The headline of a register: which of its rows are counted, and what the scans add. Pure.

``camscan/headline.py`` says how one device is counted. This module says which rows stand for a device that is there:

- a row stands for one until a person records otherwise, whether or not scans see it: "not seen" is not "removed";
- also if the risk was accepted, or the removal is planned or ordered: it is still installed;
- not if somebody entered that it was removed or disposed of, unless it has answered since;
- not if somebody entered that it is not the council's, or is not such a device;
- not if it is a row for an address only, and a device of a known maker has answered there since.

A person's word counts like a scan's: a stated manufacturer, or an inspection of a device whose maker was only possible.
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from camscan.asset import CLOSED, GONE, Asset, Place
from camscan.headline import MAKERS, Headline, Unit, UnitCount, count_word
from camscan.net.span import SpanSet, spans
from camscan.plan.entered_twice import entered_twice
from camscan.plan.judging import known_maker
from camscan.plan.standing import answers_after_removal, site_key, system_id
from camscan.policies.companies import Ownership

if TYPE_CHECKING:
    from camscan.plan.scan_coverage import RecordedScan


class HeadlineCount:
    """Counts the headline of a register, row by row; in memory there are only its recorders.

    ``twice`` are the asset ids that are entered twice (``entered_twice``); ``known`` are the companies.
    """

    def __init__(self, scans: Sequence[RecordedScan], known: Ownership, twice: Container[str]) -> None:
        """Nothing is counted yet. ``scans`` are those of the register, oldest first."""
        self._scans = scans
        self._known = known
        self._twice = twice
        self._units = UnitCount()
        self._recorders: list[tuple[str, Unit]] = []
        """Those with channels of which nobody knows yet how many have rows of their own."""
        self._behind: Counter[str] = Counter()
        self._strangers = set(_answering_strangers(scans))
        self._has_rows = False

    def add(self, asset: Asset) -> None:
        """Count a row of the register; each is given once."""
        self._has_rows = True
        if self._strangers:  # an address in the register is not one
            self._strangers.difference_update(asset.ip_addresses)
        if (recorder := system_id(asset)) != asset.asset_id:
            self._behind[recorder] += 1
        if not is_in_place(asset) or asset.asset_id in self._twice:
            return
        unit = _make_unit(asset, 0, self._known)
        if unit.channels:
            self._recorders.append((asset.asset_id, unit))
        else:
            self._units.add(unit)

    def headline(self, places: Iterable[Place] = ()) -> Headline:
        """The headline, when every row was counted; ``places`` are those of the site map."""
        for name, unit in self._recorders:
            self._units.add(unit._replace(channels=max(0, unit.channels - self._behind[name])))
        self._recorders.clear()
        strangers = len(_never_asked(self._strangers, self._scans, places))
        return self._units.headline(strangers=strangers, is_scanned=bool(self._scans or self._has_rows))


def count_headline(
    assets: Sequence[Asset], scans: Sequence[RecordedScan], known: Ownership, places: Iterable[Place] = ()
) -> Headline:
    """The counts of a register, from its rows, its scans (oldest first) and the site map."""
    count = HeadlineCount(scans, known, entered_twice(assets))
    for asset in assets:
        count.add(asset)
    return count.headline(places)


def count_by_maker(assets: Iterable[Asset], known: Ownership, twice: Container[str]) -> Mapping[tuple[str, str], int]:
    """The same devices by :func:`camscan.headline.count_word` and by presence, including those of other makers."""
    found: Counter[tuple[str, str]] = Counter()
    for asset in assets:
        if is_in_place(asset) and asset.asset_id not in twice and (word := count_word(_make_unit(asset, 0, known))):
            found[word, asset.presence.value] += 1
    return found


def counted_devices(assets: Sequence[Asset], known: Ownership) -> list[Asset]:
    """The rows that the headline counts as devices of the two makers."""
    return [asset for asset in _devices_in_place(assets) if is_of_the_makers(asset, known)]


def is_of_the_makers(asset: Asset, known: Ownership) -> bool:
    """Whether Hikvision or Dahua built it, and that is more than possible."""
    maker, is_sure, stated = known_maker(asset, known)
    return is_sure and (maker or stated) in MAKERS


def _devices_in_place(assets: Sequence[Asset]) -> list[Asset]:
    twice = entered_twice(assets)
    return [asset for asset in assets if is_in_place(asset) and asset.asset_id not in twice]


def is_in_place(asset: Asset) -> bool:
    """Whether the row stands for a device that is installed, as far as anybody knows."""
    return asset.lifecycle not in CLOSED or (asset.lifecycle in GONE and answers_after_removal(asset))


def _answering_strangers(scans: Iterable[RecordedScan]) -> frozenset[str]:
    """Addresses that nobody named and that answered, by the newest scan of each place."""
    return frozenset(text for scan in _newest_scans(scans) for text in scan.coverage.strangers)


def _never_asked(found: Collection[str], scans: Iterable[RecordedScan], places: Iterable[Place]) -> frozenset[str]:
    """Those that are strangers still: no newest scan has asked them, and they are in no network of the site map.

    Groups also reach units of other sites.
    """
    if not found:
        return frozenset()
    from camscan.plan.scan_coverage import asked_spans  # noqa: PLC0415 - few registers have strangers

    mapped = spans(ipaddress.ip_network(place.subnet) for place in places if place.subnet)
    asked = SpanSet([*mapped, *(span for scan in _newest_scans(scans) for span in asked_spans(scan))])
    return frozenset(ip for ip in found if ip not in asked)


def _newest_scans(scans: Iterable[RecordedScan]) -> Collection[RecordedScan]:
    """The newest scan of each place."""
    return {(scan.site.casefold(), scan.targets): scan for scan in scans}.values()


def _make_unit(asset: Asset, hanging: int, known: Ownership) -> Unit:
    found = asset.identification
    maker, is_sure, _ = known_maker(asset, known)  # a name in no table, such as a misspelt one, names no maker
    left = 0 if asset.hints.get("channels") else max(0, (asset.channels or 0) - hanging)
    return Unit(
        maker=maker,
        is_sure=is_sure,
        kind=found.kind,
        is_camera_system=found.is_camera_system,
        open_ports=asset.open_ports,
        channels=left,
        site=site_key(asset),
    )
