"""The standing of each device in the programme, and what is counted: devices, systems, sites. Pure."""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple, Protocol

from camscan.asset import GONE, Asset, Judgement, Lifecycle, Presence
from camscan.dataclass import dataclass

DEFINITIONS = (
    "device: one row of the register, which stands for one housing, or for one channel of a recorder",
    (
        "system: one recorder or video server together with the devices that are recorded as connected to it; any "
        "other device is a system by itself"
    ),
    (
        "site: one building or place, identified by its UPRN or council number, else by its name; devices without "
        "a site are counted separately"
    ),
)
"""The meaning of the three counts, for every report that prints them."""
SCOPE = "scope"
"""The count that names the decision by which a scan counted (``app/assess.py`` computes the number)."""


class Standing(enum.StrEnum):
    """The standing of a device in scope. Each has exactly one: the first that applies, in this order."""

    REMOVED = "removed"
    """Removed or disposed of, as a person recorded."""
    CLOSED = "closed"
    """Not the council's, or not such a device, and yet entered as in scope."""
    ACCEPTED_RISK = "accepted_risk"
    """Still installed, and somebody decided that it may stay: for ever, or until a day that has not passed."""
    BLOCKED = "blocked"
    """Something prevents it (``blocked_by``)."""
    OVERDUE = "overdue"
    """Its planned day has passed."""
    PLANNED = "planned"
    """It has a day, today or later."""
    NO_DATE = "no_date"


REMAINING = frozenset({Standing.ACCEPTED_RISK, Standing.BLOCKED, Standing.OVERDUE, Standing.PLANNED, Standing.NO_DATE})
"""In scope, and still there."""
TO_PLAN = frozenset({Standing.OVERDUE, Standing.PLANNED, Standing.NO_DATE})
"""Still there, and nothing prevents the removal."""
UNCONFIRMED = frozenset({Presence.MISSED, Presence.OFFLINE})
"""The last scans that looked for it did not see it: it may have been removed without a record."""


def removal_standing(asset: Asset, today: date) -> Standing:
    """The standing of a device in scope on that day."""
    lifecycle = asset.lifecycle
    if lifecycle in GONE:
        return Standing.REMOVED
    if lifecycle in {Lifecycle.NOT_OURS, Lifecycle.FALSE_POSITIVE}:
        return Standing.CLOSED
    if lifecycle is Lifecycle.ACCEPTED_RISK:
        until = date_in_column(asset, "accepted_until")
        if until is None or today <= until:
            return Standing.ACCEPTED_RISK
    if asset.entries.get("blocked_by"):
        return Standing.BLOCKED
    planned = planned_day(asset)
    if planned is None:
        return Standing.NO_DATE
    return Standing.OVERDUE if planned < today else Standing.PLANNED


def days_of_standing(asset: Asset) -> Iterator[date]:
    """The days from which its standing may differ although nobody enters anything, in no order."""
    for column in ("planned_removal_date", "accepted_until"):
        last = date_in_column(asset, column)
        if last and last < date.max:
            yield last + timedelta(days=1)


def planned_day(asset: Asset) -> date | None:
    """The planned date of removal."""
    return date_in_column(asset, "planned_removal_date")


def removed_day(asset: Asset) -> date | None:
    """The day of removal, as a person recorded; None if nobody recorded the day."""
    return date_in_column(asset, "actual_removal_date")


def date_in_column(asset: Asset, column: str) -> date | None:
    """The date in a column that the site map does not fill. ``Asset.day`` serves all columns, but is slower."""
    text = asset.entries.get(column)
    return date.fromisoformat(text) if text else None


def removal_cost(asset: Asset) -> Decimal | None:
    """The estimated cost of removing and replacing it, in pounds; None if not recorded."""
    text = asset.entries.get("estimated_cost")
    return Decimal(text) if text else None


def cost_in_pence(asset: Asset) -> int | None:
    """:func:`removal_cost` in pence."""
    known = removal_cost(asset)
    return None if known is None else int(known * 100)


def answers_after_removal(asset: Asset) -> bool:
    """Whether it was seen after it was recorded as removed, or later than the day of its removal.

    While its subnet is silent nothing is known, so what was known before holds.
    """
    if asset.lifecycle not in GONE or asset.last_seen is None:
        return False
    removed = removed_day(asset)
    is_there = asset.presence in {Presence.SEEN, Presence.UNREACHABLE_SCOPE}
    return is_there and (asset.is_back or removed is None or asset.last_seen.date() > removed)


def system_id(asset: Asset) -> str:
    """The asset id of the system that it belongs to: its recorder's, else its own."""
    return asset.entries.get("recorder_asset_id") or asset.recorder_asset_id or asset.asset_id


def recorded_site(asset: Asset) -> str:
    """The name of its site, in the spelling of the site map if it has that site; empty if not recorded."""
    place = asset.place  # not Asset.entry(), which combines everything about a place: too slow for every row
    said = asset.entries.get("site_name")
    if place and (not said or said.casefold() == place.name.casefold()):
        return place.name or asset.site
    return said or asset.site


def site_key(asset: Asset) -> str:
    """The identity of a site: its UPRN or council number, else its name without case; empty if unknown."""
    place = asset.place
    return (asset.entries.get("uprn") or (place.ref if place else "") or recorded_site(asset)).casefold()


@dataclass(frozen=True, slots=True)
class Counts:
    """How many devices there are, in the three units."""

    devices: int = 0
    systems: int = 0
    sites: int = 0
    without_site: int = 0
    """Devices of no known site; no site count includes them."""


class DeviceCount:
    """Counts devices, systems and sites, one device after the other."""

    def __init__(self) -> None:
        self._systems: set[str] = set()
        self._sites: Counter[str] = Counter()

    def add(self, asset: Asset) -> None:
        """Count a device; each is given once."""
        self._systems.add(system_id(asset))
        self._sites[site_key(asset)] += 1

    @property
    def counts(self) -> Counts:
        """The counts so far."""
        sites = sum(bool(site) for site in self._sites)
        return Counts(self._sites.total(), len(self._systems), sites, self._sites[""])


def count_devices(assets: Iterable[Asset]) -> Counts:
    """The three counts of a set of devices (``DEFINITIONS``)."""
    count = DeviceCount()
    for asset in assets:
        count.add(asset)
    return count.counts


class StandingCount(Protocol):
    """Devices with the same standing, counted together."""

    @property
    def in_scope(self) -> str:
        """``yes``, ``no`` or ``unknown``."""

    @property
    def standing(self) -> str:
        """The standing, as one of the values of Standing."""

    @property
    def presence(self) -> str:
        """The presence, as one of the values of Presence."""

    @property
    def answers(self) -> bool:
        """Whether they answer although somebody entered that they were removed."""

    @property
    def devices(self) -> int:
        """How many."""

    @property
    def pence(self) -> int:
        """Their cost, as far as it is known."""


def tally_lots(
    lots: Iterable[StandingCount], distinct: Callable[[Sequence[str]], tuple[int, int]]
) -> Mapping[str, float]:
    """The counts that are kept with each scan, for the burn-down: numbers of devices, and pounds.

    ``distinct`` returns how many systems and how many known sites the devices in scope with one of the given standings
    belong to. ``in_scope`` = ``remaining`` + ``removed`` + ``closed``; ``remaining`` = ``planned`` + ``overdue`` +
    ``no_date`` + ``blocked`` + ``accepted_risk``; ``unconfirmed`` counts those of ``remaining`` that the last scans
    missed.
    """
    found: Counter[str] = Counter()
    pence = 0
    for lot in lots:
        if lot.in_scope != "yes":
            found["scope_unknown"] += lot.devices * (lot.in_scope == "unknown")
            continue
        found[lot.standing] += lot.devices
        found["answers_after_removal"] += lot.devices * lot.answers
        if lot.standing in REMAINING:
            found["remaining"] += lot.devices
            found["unconfirmed"] += lot.devices * (lot.presence in UNCONFIRMED)
            pence += lot.pence
    systems, sites = distinct(sorted(REMAINING))
    return {
        "in_scope": found["remaining"] + found[Standing.REMOVED.value] + found[Standing.CLOSED.value],
        "remaining": found["remaining"],
        **{standing.value: found[standing.value] for standing in Standing},
        "unconfirmed": found["unconfirmed"],
        "scope_unknown": found["scope_unknown"],
        "answers_after_removal": found["answers_after_removal"],
        "systems_remaining": systems,
        "sites_remaining": sites,
        "cost_remaining": pence / 100,
    }


class _SingleDevice(NamedTuple):
    """One device as a lot."""

    in_scope: str
    standing: str
    presence: str
    answers: bool
    pence: int
    devices: int = 1


def tally_devices(assets: Sequence[Asset], judgements: Mapping[str, Judgement], today: date) -> Mapping[str, float]:
    """:func:`tally_lots` for these devices. A device without a judgement is in no count."""
    placed = [(each, judgements[each.asset_id].in_scope) for each in assets if each.asset_id in judgements]

    def count_distinct(standings: Sequence[str]) -> tuple[int, int]:
        meant = (each for each, in_scope in placed if in_scope == "yes" and removal_standing(each, today) in standings)
        counts = count_devices(meant)
        return counts.systems, counts.sites

    lots = (
        _SingleDevice(
            in_scope,
            removal_standing(each, today),
            each.presence,
            answers_after_removal(each),
            cost_in_pence(each) or 0,
        )
        for each, in_scope in placed
    )
    return tally_lots(lots, count_distinct)
