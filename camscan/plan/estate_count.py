"""The headline of a register: which of its rows are counted, and what the scans say beside them. Pure.

What is counted of one device is said in ``camscan/headline.py``; here is when a row stands for a device that is there:

- until a person records otherwise, whether or not scans see it: "not seen" is not "removed";
- also where the risk was accepted, or the removal is planned or ordered: it still hangs there;
- not when somebody entered that it was removed or disposed of, unless it has answered since;
- not when somebody entered that it is not the council's, or is no such device;
- not where it stands for an address alone, and a device whose maker is known has answered there since.

A person's word counts as a scan's: a stated manufacturer, and that somebody looked at a device whose maker was only
possible.
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from camscan.asset import CLOSED, GONE, Asset, Place
from camscan.headline import MAKERS, Headline, Unit, count_units, maker_word
from camscan.net.span import SpanSet, spans
from camscan.plan.entered_twice import entered_twice
from camscan.plan.judging import known_maker
from camscan.plan.scan_coverage import RecordedScan, asked_spans
from camscan.plan.standing import answers_after_removal, site_key, system_id
from camscan.policies.companies import Ownership


def count_headline(
    assets: Sequence[Asset], scans: Sequence[RecordedScan], known: Ownership, places: Iterable[Place] = ()
) -> Headline:
    """The counts of a register, given its rows, its scans (oldest first) and the site map."""
    there = _devices_in_place(assets)
    recorders = ((asset, system_id(asset)) for asset in assets)
    hanging = Counter(recorder for asset, recorder in recorders if recorder != asset.asset_id)
    units = (_make_unit(asset, hanging[asset.asset_id], known) for asset in there)
    strangers = len(strangers_of(scans, assets, places))
    return count_units(units, strangers=strangers, is_scanned=bool(scans or assets))


def count_by_maker(assets: Sequence[Asset], known: Ownership) -> Mapping[tuple[str, str], int]:
    """The same devices by :func:`camscan.headline.maker_word` and by presence, with those of other makers."""
    words = ((maker_word(_make_unit(asset, 0, known)), asset.presence.value) for asset in _devices_in_place(assets))
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
    """Whether the row stands for a device that hangs there, as far as anybody knows."""
    return asset.lifecycle not in CLOSED or (asset.lifecycle in GONE and answers_after_removal(asset))


def strangers_of(
    scans: Iterable[RecordedScan], assets: Iterable[Asset], places: Iterable[Place] = ()
) -> frozenset[str]:
    """Addresses that nobody named and that answered, by the newest scan of each place.

    One that a scan has asked by its address since, that is in the register, or that lies in a network of the site map
    is a stranger no more: groups reach the units of other sites too.
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
    maker, is_sure, _ = known_maker(asset, known)  # what no table knows, such as a misspelt name, names no maker
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
