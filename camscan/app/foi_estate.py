"""The register, reduced to what may be made public: numbers, and devices without a name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date
from decimal import Decimal

from camscan import headline as counting
from camscan.app import assess
from camscan.app.by_site import read_complete
from camscan.asset import GONE, Asset, Judgement
from camscan.asset.kinds import CAPABILITY_COLUMNS, founded_capabilities
from camscan.config import Config
from camscan.foi.estate import Estate, Numbers, Policy, Unit
from camscan.foi.questions import CAPABILITIES, CONTROLLED, NOT_RECORDED, PLACES, TYPES
from camscan.output import visible
from camscan.plan import DEFINITIONS, Rules, StatusCount
from camscan.plan.calendar import budget_year
from camscan.plan.estate_count import HeadlineCount, is_in_place, is_of_the_makers
from camscan.plan.judging import known_maker
from camscan.plan.scan_coverage import measure_coverage
from camscan.plan.standing import DeviceCount, date_in_column, planned_day, removed_day, site_key
from camscan.policies import companies
from camscan.policies.companies import Ownership
from camscan.register import Register, StoredScan
from camscan.version import __version__

_TYPES = {
    "analogue_camera": "analogue",
    "nvr": "nvr",
    "dvr": "dvr",
    "mobile_recorder": "mobile",
    "intercom": "intercom",
    "access_control": "access",
    "turnstile": "access",
    "encoder": "encoder",
    "vms": "vms",
    "bodycam": "bodycam",
    "storage": "storage",
    "switch": "switch",
}
"""Kind of the vocabulary -> type of ``questions.TYPES``.

For cameras it depends on whether they turn, and other kinds have no type.
"""
_STATED = {"thermal": "cap_thermal", "anpr": "cap_anpr"}
"""Device type that a person stated -> the ability that it implies."""


def make_estate(book: Register, settings: Config, day: date) -> Estate:
    """Gather everything that the answers are made from: the present register, judged as of a day."""
    devices = read_complete(book, settings, day)
    count = _Count(book.scans(), companies.load_ownership(settings.overlays), day, devices.twice)
    for device in devices.devices:
        count.add(device.asset, device.judgement)
    maps = settings.places() or book.sites()
    return Estate(
        day=day,
        numbers=count.numbers(settings, book),
        units=count.units,
        gone=count.gone,
        policies=_list_policies(assess.load_rules(settings)),
        places=frozenset({*count.site_types, *(place.type for place in maps)} - {""}),
        controllers=frozenset({*count.controllers, *(place.controller for place in maps)} - {""}),
        organisation=visible(settings.organisation.strip()),
        definitions=DEFINITIONS,
        version=__version__,
    )


class _Units:
    """Makes devices without facts that must not leave the council.

    Only the number in this list tells two contracts apart.
    """

    def __init__(self, known: Ownership) -> None:
        self._known = known
        self._contracts: dict[str, int] = {}
        self._sites: dict[str, int] = {}
        self._made: dict[Unit, Unit] = {}

    def make_unit(self, row: Asset) -> Unit:
        """The Unit of a device: the same object for equal ones, of which a council has many."""
        made = self._make_unit(row)
        return self._made.setdefault(made, made)

    def _make_unit(self, row: Asset) -> Unit:
        maker, _, stated = known_maker(row, self._known)
        sort = counting.count_kind(row.identification.kind)
        price, bought, planned, gone = (
            row.entries.get("purchase_cost"),
            date_in_column(row, "purchase_date"),
            planned_day(row),
            removed_day(row),
        )
        return Unit(
            maker=maker or stated,
            sort=sort,
            type=_device_type(row, sort),
            place=_known_or_other(row.entry("site_type"), PLACES),
            controller=_known_or_other(row.entry("controller"), CONTROLLED),
            capabilities=_capabilities_of(row),
            bought=budget_year(bought) if bought else "",
            pence=int(Decimal(price) * 100) if price else None,
            contract=_number_of(self._contracts, row.entries.get("contract_ref", "")),
            site=_number_of(self._sites, site_key(row)),
            planned=budget_year(planned) if planned else "",
            removed=budget_year(gone) if gone else "",
        )


def _number_of(known: dict[str, int], text: str) -> int:
    plain = _plain_text(text)
    return known.setdefault(plain, len(known) + 1) if plain else 0


def _known_or_other(word: str, known: Iterable[str]) -> str:
    return word if word in known else ""


def _device_type(row: Asset, sort: str) -> str:
    kind = row.identification.kind or ""
    if sort == "cameras" and kind in {"", "camera"}:
        turns = (
            "ptz" in founded_capabilities(row.identification.capabilities)
            or row.entries.get("stated_device_type") == "ptz"
        )
        return "ptz" if turns else "camera"
    found = _TYPES.get(kind, NOT_RECORDED)
    return found if found in TYPES[sort] else NOT_RECORDED


def _capabilities_of(row: Asset) -> frozenset[str]:
    known = founded_capabilities(row.identification.capabilities)
    stated = _STATED.get(row.entries.get("stated_device_type", ""))
    found = {column for column in CAPABILITIES if CAPABILITY_COLUMNS[column] & known}
    return frozenset({*found, *([stated] if stated else ())})


class _Count:
    """Counts the register for the answers, device by device; of each device that is counted, its Unit is in memory."""

    def __init__(self, scans: Sequence[StoredScan], known: Ownership, day: date, twice: Collection[str]) -> None:
        self._scans = scans
        self._known = known
        self._day = day
        self._twice = twice
        self._make_unit = _Units(known).make_unit
        self._headline = HeadlineCount(scans, known, twice)
        self._programme = StatusCount(day, len(twice))
        self._devices = DeviceCount()
        self._assessments: Counter[str] = Counter()
        """The references that are named, in one spelling; an empty one for none."""
        self._contracts: Counter[str] = Counter()
        self.units: list[Unit] = []
        self.gone: list[Unit] = []
        self.site_types: set[str] = set()
        self.controllers: set[str] = set()

    def add(self, asset: Asset, judgement: Judgement) -> None:
        """Count a device; each is given once."""
        self._headline.add(asset)
        self._programme.add(asset, judgement)
        place = asset.place
        self.site_types.update((asset.entry("site_type"), place.type if place else ""))
        self.controllers.update((asset.entry("controller"), place.controller if place else ""))
        is_there = is_in_place(asset)
        if is_there and asset.asset_id not in self._twice and is_of_the_makers(asset, self._known):
            self.units.append(self._make_unit(asset))
            self._devices.add(asset)
            self._assessments[_plain_text(asset.entries.get("dpia_ref", ""))] += 1
            self._contracts[_plain_text(asset.entries.get("contract_ref", ""))] += 1
        elif not is_there and asset.lifecycle in GONE and is_of_the_makers(asset, self._known):
            self.gone.append(self._make_unit(asset))

    def numbers(self, settings: Config, book: Register) -> Numbers:
        """The totals of what was counted."""
        headline = self._headline.headline(settings.places() or book.sites())
        programme = self._programme.status
        seen = measure_coverage(settings, self._scans, self._day)
        return Numbers(
            headline=headline.text,
            cameras=headline.cameras,
            recorders=headline.recorders,
            other=headline.other,
            systems=self._devices.counts.systems,
            sites=headline.sites,
            without_site=headline.without_site,
            possible=headline.possible,
            unknown=headline.unknown,
            channels_not_read=headline.channels_not_read,
            in_scope=programme.in_scope.devices,
            remaining=programme.remaining.devices,
            removed=programme.removed.devices,
            answering=len(programme.answers_after_removal),
            with_dpia=_count_named(self._assessments),
            dpias=len(self._assessments.keys() - {""}),
            with_contract=_count_named(self._contracts),
            contracts=len(self._contracts.keys() - {""}),
            is_scanned=headline.is_scanned,
            addresses=seen.addresses,
            addresses_asked=seen.addresses - seen.unasked,
            sites_listed=seen.sites,
            sites_scanned=seen.fresh_sites,
            last_scan=seen.last,
        )


def _plain_text(text: str) -> str:
    return " ".join(text.casefold().split())


def _count_named(found: Counter[str]) -> int:
    return found.total() - found[""]


def _list_policies(rules: Rules) -> tuple[Policy, ...]:
    said: Callable[[str], str] = visible
    found = []
    for policy in rules.policies:
        filled = rules.filled.get(policy.id)
        citation = f"{filled['minute']}, {filled['date']}" if filled else policy.citation
        decides = rules.is_decided and policy.id in rules.scope
        found.append(Policy(said(policy.title), said(citation), said(policy.binding_on), decides))
    return tuple(found)
