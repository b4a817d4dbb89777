"""Finds the devices of the register that a person wants to see, and counts them."""

from __future__ import annotations

import csv
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from datetime import date
from functools import partial
from typing import Any, TextIO

from camscan.app import assess, choice
from camscan.app.device_members import HEADER, device_cells, device_object
from camscan.app.headline import headline_of_register
from camscan.asset import Asset, Judgement
from camscan.config import Config
from camscan.dataclass import dataclass
from camscan.dates import start_of_day
from camscan.errors import UsageError
from camscan.headline import MAKERS, Headline, is_of_video, is_unknown
from camscan.plan.entered_twice import entered_twice
from camscan.plan.estate_count import is_in_place
from camscan.plan.judging import known_maker
from camscan.plan.standing import Standing, recorded_site, removal_standing
from camscan.policies import companies
from camscan.policies.companies import Ownership
from camscan.register import Register

_Test = Callable[[Asset], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListFilter:
    """The filter of a list; a device must fit everything that is given."""

    site: str | None = None
    maker: str | None = None
    """Any name of a maker, or ``unknown``."""
    brand: str | None = None
    kind: str | None = None
    """A kind of the vocabulary, ``recorder`` or ``unknown``."""
    lifecycle: str | None = None
    presence: str | None = None
    new_since: str | None = None
    """A day, as people write it: only devices that were first seen then or later."""
    in_scope: bool = False
    overdue: bool = False
    """Only devices in scope whose planned day has passed."""
    possible: bool = False
    """Only devices of which Hikvision or Dahua is the possible maker, as in the headline."""
    unknown: bool = False
    """Only devices whose maker is not known, as in the headline."""
    everything: bool = False
    """Also devices that are not part of video surveillance."""

    @property
    def is_narrowed(self) -> bool:
        """Whether any value narrows the list."""
        return any(getattr(self, name) for name in _NARROWING)


_NARROWING = (
    *("site", "maker", "brand", "kind", "lifecycle", "presence", "new_since"),
    *("in_scope", "overdue", "possible", "unknown"),
)


@dataclass(frozen=True, slots=True)
class Listing:
    """The devices that fit, and the headline."""

    rows: Sequence[Asset]
    others: int
    """How many more devices fit, and are left out because they are not part of video surveillance."""
    headline: Headline
    """The headline of the complete register."""
    makers: Mapping[str, str]
    """Key of a maker -> the name that people know."""
    judgements: Mapping[str, Judgement] = field(default_factory=dict)
    """Asset number -> judgement; empty unless judgements were asked for."""
    damage: str = ""
    """A line about rows that cannot be read, and are not listed or counted; empty if all can."""

    def maker(self, row: Asset) -> str:
        """The name of a device's maker; empty if it is not known."""
        key = row.identification.maker
        return self.makers.get(key, key) if key else ""

    def judgement_of(self, row: Asset) -> Judgement:
        """The judgement of a device; an empty one if judgements were not asked for."""
        return self.judgements.get(row.asset_id, Judgement())


def listing_document(found: Listing, rows: Sequence[Asset]) -> dict[str, Any]:
    """The JSON document of a list: the headline and ``devices``."""
    devices = [device_object(row, found.judgement_of(row), found.maker(row)) for row in rows]
    return {**found.headline.as_json(), "devices": devices}


def write_csv(found: Listing, rows: Sequence[Asset], stream: TextIO) -> None:
    """Write one row for each device, under :data:`camscan.app.device_members.HEADER`."""
    table = csv.writer(stream)
    table.writerow(HEADER)
    table.writerows(device_cells(row, found.judgement_of(row), found.maker(row)) for row in rows)


def list_devices(book: Register, settings: Config, wanted: ListFilter, *, judge: bool = False) -> Listing:
    """List the devices that fit. Raises UsageError for an unknown name; ``judge`` adds judgements."""
    rows, damage = book.legible_devices()
    known = companies.load_ownership(settings.overlays)
    needed = judge or wanted.in_scope or wanted.overdue
    judgements = assess.judge_assets(rows, settings) if needed else {}
    tests = make_tests(book, settings, wanted, rows, judgements=judgements, twice=entered_twice(rows))
    fitting = [row for row in rows if all(test(row) for test in tests)]
    shown = [row for row in fitting if wanted.everything or wanted.kind or is_of_video(row)]
    names = {key: maker.name for key, maker in known.makers.items()}
    headline = headline_of_register(book, settings, rows)
    return Listing(shown, len(fitting) - len(shown), headline, names, judgements, damage)


def make_tests(
    book: Register,
    settings: Config,
    wanted: ListFilter,
    rows: Iterable[Asset],
    *,
    judgements: Mapping[str, Judgement],
    twice: Collection[str],
) -> list[_Test]:
    """Make a test for each value of the filter; ``twice`` are the rows of the register that are entered twice.

    ``rows``, all of the register, are only read if the filter has one of their names. Judgements are looked up when a
    row is tested. Raises UsageError for an unknown name.
    """
    known = companies.load_ownership(settings.overlays)
    sites = [*(site.name for site in settings.sites), *(place.name for place in book.sites())]
    there = partial(_is_counted, twice)
    return [*_name_tests(rows, wanted, known, sites, settings), *_question_tests(wanted, known, judgements, there)]


def _name_tests(
    rows: Iterable[Asset], wanted: ListFilter, known: Ownership, sites: Sequence[str], settings: Config
) -> Iterator[_Test]:
    """Yield a test for each name in the filter."""
    if wanted.site is not None:
        site = choice.pick_site(wanted.site, rows, sites).casefold()
        yield lambda row: recorded_site(row).casefold() == site
    if wanted.maker is not None:
        maker = choice.pick_maker(wanted.maker, settings.overlays)
        yield lambda row: _maker_key(row, known) == maker
    if wanted.brand is not None:
        brand = choice.pick_brand(wanted.brand, rows, settings.overlays).casefold()
        yield lambda row: brand in {name.casefold() for name in choice.badges_of(row)}
    if wanted.kind is not None:
        kinds = choice.pick_kinds(wanted.kind, settings.overlays)
        yield lambda row: (row.identification.kind or choice.UNKNOWN) in kinds
    if wanted.lifecycle is not None:
        yield lambda row: row.lifecycle == wanted.lifecycle
    if wanted.presence is not None:
        yield lambda row: row.presence == wanted.presence


def _is_counted(twice: Collection[str], row: Asset) -> bool:
    return is_in_place(row) and row.asset_id not in twice


def _question_tests(
    wanted: ListFilter, known: Ownership, judgements: Mapping[str, Judgement], there: _Test
) -> Iterator[_Test]:
    """Yield a test for each question in the filter: new, in scope, overdue, possible, unknown.

    ``there`` says whether the headline counts a row.
    """
    if wanted.new_since is not None:
        yield _is_new_since(_parse_since(wanted.new_since))
    if wanted.in_scope or wanted.overdue:
        yield lambda row: judgements[row.asset_id].in_scope == "yes"
    if wanted.overdue:
        now = assess.today_utc()
        yield lambda row: removal_standing(row, now) is Standing.OVERDUE
    if wanted.possible:
        yield lambda row: there(row) and _is_possible(row, known)
    if wanted.unknown:
        yield lambda row: there(row) and _is_unknown(row, known)


def _maker_key(row: Asset, known: Ownership) -> str:
    key, _, stated = known_maker(row, known)
    return key or stated or choice.UNKNOWN


def _parse_since(text: str) -> date:
    try:
        return assess.parse_past_day(text)
    except ValueError as error:
        raise UsageError(str(error)) from None


def _is_new_since(first: date) -> Callable[[Asset], bool]:
    begin = start_of_day(first)
    return lambda row: row.first_seen is not None and row.first_seen >= begin


def _is_possible(row: Asset, known: Ownership) -> bool:
    key, is_sure, _ = known_maker(row, known)
    return key in MAKERS and not is_sure


def _is_unknown(row: Asset, known: Ownership) -> bool:
    key, _, _ = known_maker(row, known)
    found = row.identification
    return not key and is_unknown(found.is_camera_system, found.kind, row.open_ports)
