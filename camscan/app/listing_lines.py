"""The listing of the register: the line of each device as camscan.yaml judges it, and the counts of lines.

The register keeps the lines (``camscan/register/listing.py``); their contents are decided here.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from camscan import addresses, vulnerabilities
from camscan.app import assess
from camscan.app.edition import files_mark, settings_hash
from camscan.app.screen_row import screen_row
from camscan.asset import Asset, Judgement, Place, Presence, RecordType
from camscan.asset.kinds import founded_capabilities
from camscan.config import Config
from camscan.dataclass import dataclass
from camscan.headline import is_of_video
from camscan.model import Capability, Confidence, Identification
from camscan.plan import Rules, judge_devices
from camscan.plan.entered_twice import (
    addresses_of,
    entered_twice,
    leave_duplicates_out,
    set_duplicates_apart,
    stands_for_address,
)
from camscan.plan.priority import days_of_age
from camscan.plan.standing import (
    SCOPE,
    answers_after_removal,
    cost_in_pence,
    days_of_standing,
    planned_day,
    recorded_site,
    removal_standing,
    site_key,
    system_id,
    tally_lots,
)
from camscan.policies.use import days_of_change
from camscan.register import Register
from camscan.register.types import Lister
from camscan.vulnerabilities.read import Weaknesses

__all__ = ["make_lister"]

COUNTED = (
    *("lifecycle_status", "accepted_until", "planned_removal_date", "actual_removal_date", "estimated_cost"),
    *("removal_phase", "recorder_asset_id", "uprn", "site_name", "stated_manufacturer", "controller", "owner_service"),
    *(
        "council_asset_tag",
        "reported_gone_on",
        "last_confirmed_on",
        "stated_ip_address",
        "stated_serial_number",
        "stated_mac_address",
    ),
)
"""The columns that people fill in and that lists show or counts need."""
_LONGEST = 200
"""The most characters of a text to sort by (``schema.LONGEST_SORTED``)."""


_MADE: list[tuple[Config, object, Lister]] = []
"""The latest lister, with its settings, and names, sizes and times of the files by which it judges."""


def make_lister(settings: Config) -> Lister:
    """The lister that judges devices by these settings.

    The same object is returned again while settings and files are the same: reading them takes longer than judging a
    hundred devices, and a server opens the register at every entry and every parcel.
    """
    mark = files_mark(settings)
    for owner, before, lister in _MADE:
        if owner is settings and before == mark:
            return lister
    lister = _make_lister(settings)
    _MADE[:] = [(settings, mark, lister)]
    return lister


def _make_lister(settings: Config) -> Lister:
    basis = _Basis(settings)
    return Lister(
        edition=functools.cache(lambda: settings_hash(settings)),
        day=assess.today_utc,
        lines=basis.lines,
        apart=lambda lines: entered_twice([device.asset for device in decode_lines(lines)]).keys(),
        count=lambda *counted: {**tally_lots(*counted), SCOPE: assess.scope_mark(settings)},
    )


class _Basis:
    """The rules by which devices are judged, read when the first device is."""

    def __init__(self, settings: Config) -> None:
        self._settings = settings

    @functools.cached_property
    def _load_rules(self) -> Rules:
        return assess.load_rules(self._settings)

    @functools.cached_property
    def _load_weaknesses(self) -> Weaknesses:
        return vulnerabilities.load_weaknesses(self._settings.overlays)

    def lines(self, assets: Sequence[Asset], day: date) -> list[Mapping[str, Any]]:
        """See Lister."""
        found = judge_devices(assets, self._load_rules, self._settings.planning.formula, self._load_weaknesses, day)
        change = min((each for each in days_of_change(self._load_rules) if each > day), default=None)
        names = {key: maker.name for key, maker in self._load_rules.ownership.makers.items()}
        return [
            make_line(asset, found[asset.asset_id], day, change, names.get(asset.identification.maker or "", ""))
            for asset in assets
        ]


# ── one line ─────────────────────────────────────────────────────────────────────────────────────────────────────


def make_line(
    asset: Asset, judgement: Judgement, day: date, change: date | None = None, make: str = ""
) -> dict[str, Any]:
    """The line of one device on that day.

    ``change`` is the next day on which policies may judge differently; ``make`` is the name of its maker.
    """
    texts = _sort_texts(asset)
    planned = planned_day(asset)
    on_screen = screen_row(asset, make or texts["maker"])
    return {
        "asset_id": asset.asset_id,
        **{name: text[:_LONGEST] for name, text in texts.items()},
        "address": sortable_address(asset.ip_addresses),
        "confidence": asset.identification.confidence.value,
        "presence": asset.presence.value,
        "lifecycle": asset.lifecycle.value,
        "in_scope": judgement.in_scope,
        "priority": judgement.priority,
        "standing": removal_standing(asset, day).value,
        "planned": planned.isoformat() if planned else "",
        "last_seen": asset.last_seen,
        "system_key": system_id(asset),
        "site_key": site_key(asset)[:_LONGEST],
        "pence": cost_in_pence(asset),
        "answers": answers_after_removal(asset),
        "until": _valid_until(asset, day, change),
        "ips": ", ".join(asset.ip_addresses),
        "make": on_screen.maker,
        "badge": on_screen.badge,
        "spot": on_screen.where,
        "missed": asset.scans_missed,
        "other": not is_of_video(asset),
        "hay": _search_text(asset, texts),
        "facts": _count_facts(asset, judgement, texts),
    }


def _sort_texts(asset: Asset) -> dict[str, str]:
    """The texts by which people sort and search, at full length."""
    found = asset.identification
    return {
        "tag": asset.entries.get("council_asset_tag", ""),
        "site": recorded_site(asset),
        "maker": found.maker or "",
        "model": found.model or "",
        "serial": found.serial or "",
        "firmware": found.firmware or "",
        "kind": found.kind or "",
    }


def sortable_address(ip_addresses: Sequence[str]) -> str:
    """A text that sorts like the first of the addresses; empty if there is none."""
    if not ip_addresses:
        return ""
    family, number, rest = addresses.sort_key(ip_addresses[0])
    return f"{family}{number:032x}{rest}"[:_LONGEST]


def _valid_until(asset: Asset, day: date, change: date | None) -> str | None:
    """The last day on which the line is valid; None if it stays valid."""
    days = {*days_of_standing(asset), *days_of_age(asset), *([change] if change else ())}
    following = min((each for each in days if each > day), default=None)
    return (following - timedelta(days=1)).isoformat() if following else None


def _search_text(asset: Asset, texts: Mapping[str, str]) -> str:
    named = (texts[name] for name in ("tag", "serial", "model", "maker", "site"))
    return "\n".join((asset.asset_id, *named, *asset.ip_addresses, *asset.mac_addresses)).lower()


def _count_facts(asset: Asset, judgement: Judgement, texts: Mapping[str, str]) -> dict[str, Any]:
    """The facts for counts that are in no column; empty ones are left out."""
    found, place = asset.identification, asset.place
    entries = {name: asset.entries[name] for name in COUNTED if name in asset.entries}
    if asset.entries.get("blocked_by"):
        entries["blocked_by"] = "yes"
    facts = {
        "type": asset.record_type.value if asset.record_type is not RecordType.NETWORK else "",
        "ips": asset.ip_addresses,
        "macs": asset.mac_addresses,
        "ports": asset.open_ports,
        "site": asset.site,
        "entries": entries,
        "place": [place.name, place.ref, place.controller, place.owner_service] if place else (),
        "recorder": asset.recorder_asset_id,
        "channel": asset.channel,
        "channels": asset.channels,
        "read": asset.hints.get("channels", ""),
        "brand": found.brand,
        "can": sorted(founded_capabilities(found.capabilities)),
        "is_camera_system": found.is_camera_system,
        "would": list(judgement.would_match),
        "long": {name: text for name, text in texts.items() if len(text) > _LONGEST},
    }
    silent: tuple[object, ...] = (None, "", (), [], {})
    return {name: value for name, value in facts.items() if value not in silent}


# ── reading lines ────────────────────────────────────────────────────────────────────────────────────────────────

DECODED = (
    *("device_id", "asset_id", "maker", "model", "serial", "firmware", "kind", "confidence", "presence", "missed"),
    *("last_seen", "answers", "in_scope", "priority", "facts"),
)
"""The columns of a line of which devices are read (``decode_outlines``)."""
COUNT_COLUMNS = tuple(name for name in DECODED if name not in {"device_id", "serial", "firmware"})
"""The same without those in which devices of one model differ: counts need neither (``read_estate``)."""


class ListedDevice(NamedTuple):
    """A device as read from its line: only the facts that lists and counts need."""

    asset: Asset
    judgement: Judgement


def decode_lines(lines: Iterable[Mapping[str, Any]]) -> list[ListedDevice]:
    """The devices in all lines of the register, as ``Register.lines`` yields them."""
    places: dict[tuple[str, ...], Place] = {}
    assets, judgements = [], {}
    for row in lines:
        asset = _decode_asset(row, places)
        assets.append(asset)
        judgements[asset.asset_id] = _decode_judgement(row)
    judged = set_duplicates_apart(assets, judgements)  # a line does not contain another device's number
    return [ListedDevice(asset, judged[asset.asset_id]) for asset in assets]


@dataclass(frozen=True, slots=True)
class ListedEstate:
    """The devices in all lines of a register, read one after the other."""

    twice: Mapping[str, Asset]
    """Those that are entered twice (``entered_twice``)."""
    devices: Iterator[ListedDevice]
    """Like :func:`decode_lines`; can be read once."""


def read_estate(book: Register) -> ListedEstate:
    """The devices of an open register, from its lines, which must be up to date; few are in memory at a time."""
    twice = find_entered_twice(book.lines, book.lines_of_others())
    return ListedEstate(twice, _decode_each(book.lines(only=COUNT_COLUMNS), twice))


def _decode_each(lines: Iterable[Mapping[str, Any]], twice: Mapping[str, Asset]) -> Iterator[ListedDevice]:
    places: dict[tuple[str, ...], Place] = {}
    return (decode_line(row, places, twice) for row in lines)


def decode_line(
    row: Mapping[str, Any], places: dict[tuple[str, ...], Place], twice: Mapping[str, Asset]
) -> ListedDevice:
    """The device of one line; ``places`` are those of the lines before, and ``twice`` is as in ListedEstate."""
    asset, judgement = _decode_asset(row, places), _decode_judgement(row)
    if asset.asset_id in twice:
        judgement = leave_duplicates_out({asset.asset_id: judgement}, twice)[asset.asset_id]
    return ListedDevice(asset, judgement)


def _decode_judgement(row: Mapping[str, Any]) -> Judgement:
    return _make_judgement(row["in_scope"], tuple(row["facts"].get("would", ())), row["priority"])


@functools.lru_cache(maxsize=1024)
def _make_judgement(in_scope: str, would_match: tuple[str, ...], priority: int | None) -> Judgement:
    """Thousands of devices are judged alike."""
    return Judgement(in_scope=in_scope, would_match=would_match, priority=priority)


def decode_outlines(lines: Iterable[Mapping[str, Any]]) -> Iterator[tuple[int, Asset]]:
    """The number of each device, and the device as read from its line."""
    places: dict[tuple[str, ...], Place] = {}
    return ((row["device_id"], _decode_asset(row, places)) for row in lines)


def find_entered_twice(
    lines: Callable[[], Iterable[Mapping[str, Any]]], some: Iterable[Mapping[str, Any]] | None = None
) -> Mapping[str, Asset]:
    """Find the devices that are entered twice, from the lines of the complete register, which are read twice at most.

    ``some`` are the lines that may stand for an address (``Register.lines_of_others``), if the caller has them. Only
    rows that stand for an address, and those that have one of these addresses, are in memory meanwhile.
    """
    places: dict[tuple[str, ...], Place] = {}
    alone = [
        _decode_asset(row, places)
        for row in (lines() if some is None else some)
        if not row["serial"] and not (row["maker"] and row["last_seen"])
    ]
    asked = {ip for asset in alone if stands_for_address(asset) for ip in addresses_of(asset)}
    if not asked:
        return {}
    names = {asset.asset_id for asset in alone}
    some = (row for row in lines() if row["asset_id"] in names or not asked.isdisjoint(row["facts"].get("ips", ())))
    return entered_twice([_decode_asset(row, places) for row in some])


def _decode_asset(row: Mapping[str, Any], places: dict[tuple[str, ...], Place]) -> Asset:
    facts = row["facts"]
    get = facts.get
    place = None
    if where := tuple(get("place", ())):
        place = places.get(where)
        if place is None:
            name, ref, controller, service = where
            place = places[where] = Place(name, ref, controller=controller, owner_service=service)
    serial, firmware = row.get("serial") or None, row.get("firmware") or None
    texts: tuple[str | None, ...] = row["maker"] or None, row["model"] or None, serial, firmware, row["kind"] or None
    if long := get("long"):
        texts = tuple([long.get(name) or text for name, text in zip(_TEXTS, texts, strict=True)])
    make = _make_identification if serial or firmware else _identification_of_many
    return Asset(
        asset_id=row["asset_id"],
        record_type=_RECORD_TYPES[get("type", RecordType.NETWORK)],
        identification=make(*(texts, get("brand"), get("is_camera_system"), tuple(get("can", ())), row["confidence"])),
        ip_addresses=tuple(get("ips", ())),
        mac_addresses=tuple(get("macs", ())),
        open_ports=tuple(get("ports", ())),
        site=get("site", ""),
        presence=_PRESENCES[row["presence"]],
        scans_missed=row["missed"],
        last_seen=row["last_seen"],
        hints={"channels": facts["read"]} if "read" in facts else {},
        channels=get("channels"),
        recorder_asset_id=get("recorder", ""),
        channel=get("channel"),
        place=place,
        entries=get("entries", {}),
        is_back=row["answers"],
    )


def _make_identification(
    texts: tuple[str | None, ...],
    brand: str | None,
    is_camera_system: bool | None,
    can: tuple[str, ...],
    confidence: str,
) -> Identification:
    named: dict[str, Any] = dict(zip(_TEXTS, texts, strict=True))
    return Identification(
        **named,
        brand=brand,
        is_camera_system=is_camera_system,
        capabilities=dict.fromkeys(can, _SOME),
        confidence=_CONFIDENCES[confidence],
    )


_identification_of_many = functools.lru_cache(maxsize=4096)(_make_identification)
"""Thousands of devices are of one model."""
_TEXTS = ("maker", "model", "serial", "firmware", "kind")
_SOME = Capability("", "")
"""A line contains what a device can do, and not why."""
_RECORD_TYPES = {each.value: each for each in RecordType}
_CONFIDENCES = {each.value: each for each in Confidence}
_PRESENCES = {each.value: each for each in Presence}
