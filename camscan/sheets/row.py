"""One device as a row: the text of every column. Pure.

Text from devices is hostile: it becomes one harmless line (:func:`camscan.output.visible`). People's entries are
unchanged. Each format makes both safe for spreadsheet programs.
"""

from __future__ import annotations

import functools
import json
import re
import zlib
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime

from camscan import decode
from camscan.asset import LISTED_IN, WORKED_OUT, Asset, Elsewhere, Judgement, Place, Ruling, kinds
from camscan.asset.columns import EDITABLE
from camscan.dataclass import dataclass
from camscan.dates import day_text
from camscan.identify.reasons import list_reasons
from camscan.model import Capability, Identification
from camscan.output import visible
from camscan.policies.companies import Ownership
from camscan.protocols import protocol_of

HANDLING = "OFFICIAL-SENSITIVE"
"""Marking of a full row: all rows together are a map of weak points (GOV.UK, Government Security Classifications)."""
LONGEST_EVIDENCE = 300

SUMS = "#"
"""Member of ``inherited`` that shows whether somebody edited camscan's own columns."""
_SUMMED = (
    "record_type",
    "presence",
    "ip_addresses",
    "mac_addresses",
    "hostname",
    "device_type",
    "manufacturer",
    "model",
    "serial_number",
    "firmware_version",
    "policy_matches",
    "removal_priority",
)
"""Columns of camscan's own that somebody might take for editable. New ones are only appended."""
_SUM_DIGITS = 3
_BLANK = dict.fromkeys((column.name for column in EDITABLE), "")
_PUNCTUATION = re.compile(r"[\W_]+")
_LINE = re.compile(r"(?P<family>\w+)\..*: (?P<claims>[^:]*) \[(?P<id>\S+) [\d.]+\]$")
_NO_CAPABILITIES: dict[str, str] = {**dict.fromkeys(kinds.CAPABILITY_COLUMNS, "unknown"), "capability_basis": ""}


@dataclass(frozen=True, slots=True)
class Setting:
    """What all rows of one table share."""

    companies: Ownership
    today: date
    channels_in_register: Mapping[str, int]
    """Recorder -> how many rows of the register are connected to it."""
    handling: str = HANDLING


def make_setting(assets: Iterable[Asset], companies: Ownership, today: date, handling: str = HANDLING) -> Setting:
    """The setting of a table with these devices."""
    behind: dict[str, int] = {}
    for asset in assets:
        recorder = asset.entries.get("recorder_asset_id") or asset.recorder_asset_id
        if recorder:
            behind[recorder] = behind.get(recorder, 0) + 1
    return Setting(companies, today, behind, handling)


def device_row(asset: Asset, judgement: Judgement | None, around: Setting) -> dict[str, str]:
    """The text of every column by its name; empty if nothing is known.

    With ``judgement`` None, the columns that follow from policies are empty.
    """
    said = inherited_texts(asset, judgement)
    own = asset.entries
    texts = {**_BLANK, **said, **own, **_scanned_texts(asset, around), **_derived_texts(asset, judgement, around)}
    shown = {name: value for name, value in said.items() if name not in own}
    shown[SUMS] = "".join([loose_sum(texts[name]) for name in _SUMMED])
    texts["inherited"] = _as_json(shown)
    return texts


def read_sums(text: str) -> dict[str, str]:
    """Column -> sum of the text that it showed, from the member SUMS of a row's ``inherited``."""
    parts = [text[at : at + _SUM_DIGITS] for at in range(0, len(text), _SUM_DIGITS)]
    return dict(zip(_SUMMED, parts, strict=False))


@functools.lru_cache(maxsize=4096)
def loose_sum(text: str) -> str:
    """A sum of a cell that does not change when a program changes spaces, case, leading zeros or punctuation."""
    core = text.casefold()
    if not core.isalnum():
        core = _PUNCTUATION.sub("", core)
    core = core.lstrip("0")
    return f"{zlib.crc32(core.encode('utf-8', 'replace')) & 0xFFF:03x}"


_as_json = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


def inherited_texts(asset: Asset, judgement: Judgement | None = None) -> dict[str, str]:
    """What a people's column shows until a person enters something: from the site map, from scans, or by default."""
    said = dict(_place_texts(asset.place)) if asset.place else {}
    said.setdefault("site_name", visible(asset.site))
    for column in LISTED_IN if asset.elsewhere else ():
        said[column] = said.get(column) or visible(asset.listed_value(column))
    said["lifecycle_status"] = "found"
    said["brand_on_badge"] = visible(asset.identification.brand or "")
    said["recorder_asset_id"] = asset.recorder_asset_id
    said["recorder_channel"] = str(asset.channel or "")
    said["connection"] = "ip" if asset.record_type in WORKED_OUT and asset.ip_addresses else ""
    said["in_scope"] = judgement.in_scope if judgement else ""
    return {name: value for name, value in said.items() if value}


@functools.lru_cache(maxsize=4096)
def _place_texts(place: Place) -> Mapping[str, str]:
    return place.entries()


def _scanned_texts(asset: Asset, around: Setting) -> dict[str, str]:
    found = asset.identification
    return {
        "location_hint": visible(asset.hints.get("location_hint", "")),
        "ip_addresses": _join_texts(asset.ip_addresses),
        "mac_addresses": _join_texts(asset.mac_addresses),
        "mac_source": visible(asset.hints.get("mac_source", "")),
        "hostname": visible(asset.hints.get("hostname", "")),
        "firmware_version": visible(found.firmware or ""),
        "firmware_date": found.build or _firmware_date(found.firmware),
        "recorder_channels": _channel_text(asset, around),
        **_capability_texts(found.capabilities),
        "open_services": _port_list(asset.open_ports),
        "first_seen": _moment_text(asset.first_seen),
        "last_seen": _moment_text(asset.last_seen),
        "last_scan": visible(asset.last_scan),
        "scans_missed": str(asset.scans_missed) if asset.first_seen else "",
        "evidence": _why_identified(found),
        **(_listed_elsewhere(asset.elsewhere) if asset.elsewhere else _NOWHERE),
    }


_NOWHERE = {"last_heard": "", "listed_elsewhere": ""}
_NAMES = {
    "mac": "MAC",
    "ip": "IP address",
    "hostname": "host name",
    "switch_port": "switch port",
    "vlan": "VLAN",
    "network_zone": "network zone",
    "internet_exposed": "reachable from the internet",
}
"""Name of a thing that other systems list -> the name for people."""


def _listed_elsewhere(elsewhere: Mapping[str, Elsewhere]) -> dict[str, str]:
    """Each fact with the list that has it: ``switch port CT-2, port 14: MAC table of CT-2, 12 May 2026``."""
    told = [
        f"{name} {elsewhere[key].value}: {elsewhere[key].basis}, {day_text(elsewhere[key].at.date())}"
        for key, name in _NAMES.items()
        if key in elsewhere
    ]
    heard = elsewhere.get("heard")
    return {"last_heard": _moment_text(heard.at if heard else None), "listed_elsewhere": visible("; ".join(told), 2000)}


def _why_identified(found: Identification) -> str:
    """The reasons in plain English, as many as there is space for: the strongest first, and none of them cut."""
    told = ""
    for sentence in list_reasons(found):
        if len(told) + len(sentence) < LONGEST_EVIDENCE:
            told = f"{told} {sentence}".lstrip()
    return visible(told, LONGEST_EVIDENCE)


def _derived_texts(asset: Asset, judgement: Judgement | None, around: Setting) -> dict[str, str]:
    found = asset.identification
    texts = {
        "asset_id": asset.asset_id,
        "record_type": asset.record_type.value,
        "presence": asset.presence.value,
        "device_type": _device_type(asset),
        "manufacturer": around.companies.company_name(found.maker) if found.maker else "unknown",
        "manufacturer_basis": _maker_basis(found),
        "oem_relationship": _badge_relationship(found.maker, found.brand, around.companies, around.today),
        "model": visible(found.model or ""),
        "serial_number": visible(found.serial or ""),
        "confidence": str(round(found.certainty * 100)) if found.maker else "0",
        "confidence_word": found.confidence.value if found.maker else "unknown",
        "handling": around.handling,
        "revision": str(asset.revision),
    }
    if judgement is None:
        return {**texts, "policy_matches": "", "policy_reason": "", "removal_priority": "", "known_weaknesses": ""}
    matches, reason = _ruling_texts(judgement.rulings)
    return {
        **texts,
        "policy_matches": matches,
        "policy_reason": reason,
        "removal_priority": str(judgement.priority or ""),
        "known_weaknesses": _join_distinct(judgement.weaknesses),
    }


@functools.lru_cache(maxsize=4096)
def _ruling_texts(rulings: tuple[Ruling, ...]) -> tuple[str, str]:
    """The policies that match, and why. Devices with the same judgement share their rulings."""
    matching = [ruling for ruling in rulings if ruling.matches]
    return _join_texts(ruling.policy for ruling in matching), visible(" ".join(ruling.reason for ruling in matching))


@functools.lru_cache(maxsize=4096)
def _join_distinct(texts: tuple[str, ...]) -> str:
    return _join_texts(texts)


def _device_type(asset: Asset) -> str:
    found = asset.identification
    stated = asset.entries.get("stated_device_type")
    if stated and (found.kind is None or found.kind == kinds.kind_of_type(stated)):
        return stated  # it says as much as the scan and perhaps more: thermal, not just a camera
    return kinds.device_type(found.kind, kinds.founded_capabilities(found.capabilities))


@functools.lru_cache(maxsize=4096)
def _port_list(ports: tuple[str, ...]) -> str:
    return _join_texts(dict.fromkeys(port.rpartition("/")[2] for port in ports))


def _channel_text(asset: Asset, around: Setting) -> str:
    """How many channels the device says it has, and how many rows there are: ``16, 4 in the register``."""
    rows = around.channels_in_register.get(asset.asset_id, 0)
    if asset.channels is None:
        return f"{rows} in the register" if rows else ""
    return f"up to {asset.channels}, {rows} in the register" if rows else f"up to {asset.channels}, unread"


@functools.lru_cache(maxsize=4096)
def _firmware_date(text: str | None) -> str:
    build = decode.decode_firmware(text) if text else None
    return build.build.isoformat() if build and build.build else ""


def _capability_texts(known: Mapping[str, Capability]) -> dict[str, str]:
    """A level for each capability, and the evidence for them.

    A model number never proves that something is switched on.
    """
    return _capability_levels(tuple(known.items())) if known else _NO_CAPABILITIES


@functools.lru_cache(maxsize=4096)
def _capability_levels(items: tuple[tuple[str, Capability], ...]) -> dict[str, str]:
    known = dict(items)
    founded, columns = kinds.founded_capabilities(known), kinds.CAPABILITY_COLUMNS
    levels = {column: "supported" if names & founded else "unknown" for column, names in columns.items()}
    basis = "; ".join(f"{name}: {what.confidence} ({what.because})" for name, what in known.items())
    return {**levels, "capability_basis": visible(basis, LONGEST_EVIDENCE)}


def _maker_basis(found: Identification) -> str:
    """The basis for the manufacturer: the strongest reason that names one; empty if none is known."""
    return _basis_text(found.maker, found.because) if found.maker is not None else ""


@functools.lru_cache(maxsize=4096)
def _basis_text(maker: str, because: tuple[str, ...]) -> str:
    for line in because:
        if line.startswith("stated by people"):
            return "human"
        match = _LINE.match(line)
        if match is None or not re.search(rf"\bmaker {re.escape(maker)}\b", match["claims"]):
            continue
        if match["id"].startswith("oem."):
            return "oem_table"
        if "registered prefix" in line:
            return "oui"
        return "declared" if protocol_of(match["family"]).declares_maker else "firmware_fingerprint"
    return "firmware_fingerprint"


def _badge_relationship(maker: str | None, brand: str | None, companies: Ownership, today: date) -> str:
    """How the badge and the maker are related."""
    if maker is None or not brand:
        return "unknown"
    owner = companies.company_of_brand(brand) or companies.maker_of_name(brand)
    if owner == maker:
        return "none_known"
    if owner is not None and maker in companies.owner_chain(owner, today):
        return f"subsidiary_of {companies.company_name(maker)}"
    return f"rebrand_of {companies.company_name(maker)}"


@functools.lru_cache(maxsize=4096)
def _moment_text(when: datetime | None) -> str:
    return f"{when.astimezone(UTC).isoformat(timespec='seconds')[:-6]}Z" if when else ""


def _join_texts(texts: Iterable[str]) -> str:
    return visible("; ".join(texts))
