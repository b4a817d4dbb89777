"""The register, reduced to what may be made public: numbers, and devices without a name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from decimal import Decimal

from camscan import headline as counting
from camscan.app import assess
from camscan.app.headline import headline_of_register
from camscan.asset import GONE, Asset
from camscan.asset.kinds import CAPABILITY_COLUMNS, founded_capabilities
from camscan.config import Config
from camscan.foi.estate import Estate, Numbers, Policy, Unit
from camscan.foi.questions import CAPABILITIES, CONTROLLED, NOT_RECORDED, PLACES, TYPES
from camscan.output import visible
from camscan.plan import DEFINITIONS, Rules, programme_status
from camscan.plan.calendar import budget_year
from camscan.plan.estate_count import counted_devices, is_in_place, is_of_the_makers
from camscan.plan.judging import known_maker
from camscan.plan.scan_coverage import measure_coverage
from camscan.plan.standing import count_devices, date_in_column, planned_day, removed_day, site_key
from camscan.policies import companies
from camscan.policies.companies import Ownership
from camscan.register import Register
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
    rows, known = book.devices(), companies.load_ownership(settings.overlays)
    counted = counted_devices(rows, known)
    gone = [row for row in rows if row.lifecycle in GONE and not is_in_place(row) and is_of_the_makers(row, known)]
    maps = [*(settings.places() or book.sites()), *(row.place for row in rows if row.place)]
    units = _Units(known)
    return Estate(
        day=day,
        numbers=_count_numbers(book, settings, day, rows, counted),
        units=[units.make_unit(row) for row in counted],
        gone=[units.make_unit(row) for row in gone],
        policies=_list_policies(assess.load_rules(settings)),
        places=_known_values((place.type for place in maps), rows, "site_type"),
        controllers=_known_values((place.controller for place in maps), rows, "controller"),
        organisation=visible(settings.organisation.strip()),
        definitions=DEFINITIONS,
        version=__version__,
    )


def _known_values(mapped: Iterable[str], rows: Iterable[Asset], column: str) -> frozenset[str]:
    return frozenset({*mapped, *(row.entry(column) for row in rows)} - {""})


class _Units:
    """Makes devices without facts that must not leave the council.

    Only the number in this list tells two contracts apart.
    """

    def __init__(self, known: Ownership) -> None:
        self._known = known
        self._contracts: dict[str, int] = {}
        self._sites: dict[str, int] = {}

    def make_unit(self, row: Asset) -> Unit:
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
    plain = " ".join(text.casefold().split())
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


def _count_numbers(
    book: Register, settings: Config, day: date, rows: Sequence[Asset], counted: Sequence[Asset]
) -> Numbers:
    headline = headline_of_register(book, settings, rows)
    programme = programme_status(rows, assess.judge_assets(rows, settings, day), day)
    seen = measure_coverage(settings, book.scans(), day)
    counts = count_devices(counted)
    return Numbers(
        headline=headline.text,
        cameras=headline.cameras,
        recorders=headline.recorders,
        other=headline.other,
        systems=counts.systems,
        sites=headline.sites,
        without_site=headline.without_site,
        possible=headline.possible,
        unknown=headline.unknown,
        channels_not_read=headline.channels_not_read,
        in_scope=programme.in_scope.devices,
        remaining=programme.remaining.devices,
        removed=programme.removed.devices,
        answering=len(programme.answers_after_removal),
        with_dpia=sum(bool(row.entries.get("dpia_ref")) for row in counted),
        dpias=_count_different(counted, "dpia_ref"),
        with_contract=sum(bool(row.entries.get("contract_ref")) for row in counted),
        contracts=_count_different(counted, "contract_ref"),
        is_scanned=headline.is_scanned,
        addresses=seen.addresses,
        addresses_asked=seen.addresses - seen.unasked,
        sites_listed=seen.sites,
        sites_scanned=seen.fresh_sites,
        last_scan=seen.last,
    )


def _count_different(rows: Iterable[Asset], column: str) -> int:
    return len({" ".join(row.entries.get(column, "").casefold().split()) for row in rows} - {""})


def _list_policies(rules: Rules) -> tuple[Policy, ...]:
    said: Callable[[str], str] = visible
    found = []
    for policy in rules.policies:
        filled = rules.filled.get(policy.id)
        citation = f"{filled['minute']}, {filled['date']}" if filled else policy.citation
        decides = rules.is_decided and policy.id in rules.scope
        found.append(Policy(said(policy.title), said(citation), said(policy.binding_on), decides))
    return tuple(found)
