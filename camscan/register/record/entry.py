"""Stage 3, entry: a device of a report together with its row, before it is written into the tables. Pure."""

from __future__ import annotations

from collections.abc import Container, Mapping
from functools import cached_property
from typing import Any

from camscan.dataclass import dataclass
from camscan.identify.keys import Key
from camscan.model import Device, Identification, Observation, Report
from camscan.register import knowledge
from camscan.register.asset_numbers import new_asset_number
from camscan.register.codec import digest_json, state_to_json
from camscan.register.record.known import KnownDevice
from camscan.register.record.matching import Matching
from camscan.register.record.sighting import Place, observation_places
from camscan.register.record.sighting import digest_evidence as digest_of_places
from camscan.register.site_lookup import FindPlace


@dataclass(frozen=True)
class Entry:
    """One device of the report that is not yet in the tables."""

    id: int
    asset_id: str
    device: Device
    known: KnownDevice | None
    keys: frozenset[Key]
    notes: frozenset[Key]
    state: dict[str, Any]
    state_digest: bytes
    found: dict[Place, Observation]
    evidence_digest: bytes
    site: str
    """The device's site now: from the site map, otherwise from the scan, otherwise its earlier site."""
    is_on_map: bool

    @property
    def old(self) -> Mapping[Any, Any]:
        """Its stored row; empty for a new device."""
        return self.known.row if self.known else {}

    @property
    def is_first_sighting(self) -> bool:
        """Whether no scan has seen the device before."""
        return self.known is None or self.known.last_scan == 0

    @cached_property
    def identification(self) -> Identification:
        """What is known about the device, with this sighting."""
        now = self.device.identification
        return knowledge.last_known(self.known.found, now) if self.known else now


def make_entries(
    report: Report, matching: Matching, find_place: FindPlace, fresh: int, mapped: Container[str] = ()
) -> list[Entry]:
    """An entry for each device of a report. New devices get ids from ``fresh`` on, which is the first free one.

    ``mapped`` holds the sites, in lower case, whose networks are in the site map.
    """
    entries = []
    is_mapped = report.site.casefold() in mapped
    for index, device in enumerate(report.devices):
        known = matching.known.get(index)
        state = state_to_json(device)
        found = observation_places(device)
        place = find_place("", device.ip_addresses)
        entries.append(
            Entry(
                id=known.id if known else fresh,
                asset_id=known.asset_id if known else new_asset_number(report.started_at),
                device=device,
                known=known,
                keys=matching.keys[index],
                notes=matching.notes[index],
                state=state,
                state_digest=digest_json(state),
                found=found,
                evidence_digest=digest_of_places(found),
                site=place.name
                if place
                else _site_off_map(report, known.row["site"] if known else "", is_mapped=is_mapped),
                is_on_map=place is not None,
            )
        )
        fresh += known is None
    return entries


def _site_off_map(report: Report, before: str, *, is_mapped: bool) -> str:
    """The site of a device whose address is in no network of the site map.

    If the map has the networks of the scan's site, the device was only heard from there, and keeps its earlier site. A
    source that did not ask address by address (an import, for example) names the site itself.
    """
    if is_mapped:
        return before or ("" if report.coverage.is_search else report.site)
    return report.site or before


def has_news(entry: Entry) -> bool:
    """Whether a sighting brings a new value or address. Missing values, order and certainty do not count."""
    known, device = entry.known, entry.device
    if known is None:
        return False
    before, now = known.found, entry.identification
    return (
        any(getattr(before, name) != getattr(now, name) for name in knowledge.VALUES)
        or before.capabilities.keys() != now.capabilities.keys()
        or not all(map(known.answered_on, device.ip_addresses))
        or any(("mac", mac) not in known.addresses for mac in device.mac_addresses)
    )
