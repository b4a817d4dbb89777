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
from collections.abc import Iterable, Mapping, Sequence

from camscan.asset import CLOSED, GONE, Asset, Place
from camscan.headline import MAKERS, Headline, Unit, count_units, count_word
from camscan.net.span import SpanSet, spans
from camscan.plan.entered_twice import entered_twice
from camscan.plan.judging import known_maker
from camscan.plan.scan_coverage import RecordedScan, asked_spans
from camscan.plan.standing import answers_after_removal, site_key, system_id
from camscan.policies.companies import Ownership


def count_headline(
    assets: Sequence[Asset], scans: Sequence[RecordedScan], known: Ownership, places: Iterable[Place] = ()
) -> Headline:
    """The counts of a register, from its rows, its scans (oldest first) and the site map."""
    there = _devices_in_place(assets)
    recorders = ((asset, system_id(asset)) for asset in assets)
    hanging = Counter(recorder for asset, recorder in recorders if recorder != asset.asset_id)
    units = (_make_unit(asset, hanging[asset.asset_id], known) for asset in there)
    strangers = len(strangers_of(scans, assets, places))
    return count_units(units, strangers=strangers, is_scanned=bool(scans or assets))


def count_by_maker(assets: Sequence[Asset], known: Ownership) -> Mapping[tuple[str, str], int]:
    """The same devices by :func:`camscan.headline.count_word` and by presence, including those of other makers."""
    words = ((count_word(_make_unit(asset, 0, known)), asset.presence.value) for asset in _devices_in_place(assets))
    return Counter(each for each in words if each[0])


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


def strangers_of(
    scans: Iterable[RecordedScan], assets: Iterable[Asset], places: Iterable[Place] = ()
) -> frozenset[str]:
    """Addresses that nobody named and that answered, by the newest scan of each place.

    An address is no longer a stranger if a scan has asked it since, if it is in the register, or if it is in a network
    of the site map: groups also reach units of other sites.
    """
    newest = {(scan.site.casefold(), scan.targets): scan for scan in scans}
    found = {text for scan in newest.values() for text in scan.coverage.strangers}
    if not found:
        return frozenset()
    entered = {ip for asset in assets for ip in asset.ip_addresses}
    mapped = spans(ipaddress.ip_network(place.subnet) for place in places if place.subnet)
    asked = SpanSet([*mapped, *(span for scan in newest.values() for span in asked_spans(scan))])
    return frozenset(ip for ip in found - entered if ip not in asked)


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
