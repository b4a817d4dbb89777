"""The devices that fit a filter, one after the other: like ``listing.list_devices``, in memory that does not grow.

Of the complete register, only a number for each device is in memory. That needs the listing: if it cannot be brought up
to date (a reader of a register on a server, a file that another program is writing to), ``list_devices`` reads every
device.
"""

from __future__ import annotations

import csv
import functools
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TextIO

from camscan import vulnerabilities
from camscan.app import assess
from camscan.app.device_members import HEADER, device_cells, device_object
from camscan.app.listing import ListFilter, make_tests
from camscan.app.listing_lines import DECODED, decode_outlines, find_entered_twice
from camscan.app.overview import load_overview
from camscan.app.workspace import Workspace
from camscan.asset import Asset, Judgement
from camscan.config import Config
from camscan.headline import Headline, is_of_video
from camscan.plan import make_judge
from camscan.plan.entered_twice import leave_duplicates_out
from camscan.plan.standing import recorded_site
from camscan.policies import companies
from camscan.register import Register

__all__ = ["Stream", "headline_of", "write_csv", "write_json"]

_NOTHING = Judgement()
_ON_LINES = ("site", "maker", "kind", "lifecycle", "presence")
"""The members of a filter that the lines of the listing can answer."""


def headline_of(space: Workspace) -> Headline | None:
    """The headline of the register, if its listing is up to date now; None if it cannot be."""
    counted = load_overview(space)
    return counted.headline if counted else None


class Stream:
    """The devices that fit, by address; each iteration reads them again from an open register."""

    def __init__(
        self, book: Register, settings: Config, wanted: ListFilter, headline: Headline, *, judged: bool = False
    ) -> None:
        self.headline = headline
        """The headline of the complete register."""
        self.fitting = 0
        """How many devices fit, in the last iteration; the other counts are of the same one."""
        self.others = 0
        """How many more devices fit, and are left out because they are not part of video surveillance."""
        self.lost = 0
        """Rows that cannot be read."""
        self._book = book
        self._sites = _OneOfEachSite(book)
        self.settings = settings
        self.wanted = wanted
        self._known = companies.load_ownership(settings.overlays)
        self.judged = judged
        """Whether judgements are asked for: they cost as much time as reading."""
        self._names = {key: maker.name for key, maker in self._known.makers.items()}

    @property
    def describe_damage(self) -> str:
        """A line about rows that could not be read in the last iteration; empty if all could."""
        return self._book.describe_damage(self.lost)

    def maker(self, row: Asset) -> str:
        """The name of a device's maker; empty if it is not known."""
        key = row.identification.maker
        return self._names.get(key, key) if key else ""

    def __iter__(self) -> Iterator[tuple[Asset, Judgement]]:
        """Yield each device that fits, with its judgement if judgements were asked for."""
        self.fitting = self.others = self.lost = 0
        apart = self._entered_twice
        judgements: dict[str, Judgement] = {}
        every = _AllDevices(self._book) if self.wanted.brand is not None else self._sites
        tests = make_tests(self._book, self.settings, self.wanted, every, judgements=judgements, twice=apart)
        wanted = self.wanted
        for batch, lost in self._book.devices_by_address(self._numbers_that_fit):
            self.lost += lost
            judgements.clear()
            judgements.update(self._judge_batch(batch, apart))
            for row in batch:
                if not all(test(row) for test in tests):
                    continue
                if wanted.everything or wanted.kind or is_of_video(row):
                    self.fitting += 1
                    yield row, judgements.get(row.asset_id, _NOTHING)
                else:
                    self.others += 1

    @functools.cached_property
    def _numbers_that_fit(self) -> frozenset[int] | None:
        """The numbers of the devices that may fit, by the lines and the given names; None for all."""
        wanted = self.wanted
        named = ListFilter(**{name: getattr(wanted, name) for name in _ON_LINES})
        if not named.is_narrowed:
            return None
        tests = make_tests(self._book, self.settings, named, self._sites, judgements={}, twice=())
        found = decode_outlines(self._book.lines(only=DECODED))
        return frozenset(number for number, row in found if all(test(row) for test in tests))

    def _judge_batch(self, batch: list[Asset], apart: Mapping[str, Asset]) -> Mapping[str, Judgement]:
        if not (self.judged or self.wanted.in_scope or self.wanted.overdue):
            return {}
        return leave_duplicates_out(self._make_judge(batch), apart)

    @functools.cached_property
    def _entered_twice(self) -> Mapping[str, Asset]:
        return find_entered_twice(self._book.lines, self._book.lines_of_others())

    @functools.cached_property
    def _make_judge(self) -> Callable[[Sequence[Asset]], Mapping[str, Judgement]]:
        rules, formula = assess.load_rules(self.settings), self.settings.planning.formula
        return make_judge(rules, formula, vulnerabilities.load_weaknesses(self.settings.overlays), assess.today_utc())


class _OneOfEachSite:
    """A device of each site as its line tells it, found when somebody asks: for the names of sites."""

    def __init__(self, book: Register) -> None:
        self._book = book

    def __iter__(self) -> Iterator[Asset]:
        return iter(self._found)

    @functools.cached_property
    def _found(self) -> Collection[Asset]:
        return {recorded_site(row): row for _, row in decode_outlines(self._book.lines(only=DECODED))}.values()


@dataclass(frozen=True, slots=True)
class _AllDevices:
    """Every device that can be read; it can be iterated again."""

    book: Register

    def __iter__(self) -> Iterator[Asset]:
        for batch, _ in self.book.devices_by_address():
            yield from batch


def write_csv(found: Stream, stream: TextIO) -> None:
    """Write a CSV, like ``listing.write_csv``."""
    table = csv.writer(stream)
    table.writerow(HEADER)
    table.writerows(device_cells(row, judgement, found.maker(row)) for row, judgement in found)


def write_json(found: Stream, stream: TextIO) -> None:
    """Write the document of ``listing.listing_document``, as ``json.dump`` writes it with an indent of 2."""
    head = json.dumps({**found.headline.as_json(), "devices": []}, indent=2).removesuffix("[]\n}")
    objects = (device_object(row, judgement, found.maker(row)) for row, judgement in found)
    stream.write(head)
    stream.writelines(_json_array(objects))
    stream.write("\n}")


def _json_array(objects: Iterable[Any]) -> Iterator[str]:
    before = "[\n    "
    for each in objects:
        yield before + json.dumps(each, indent=2).replace("\n", "\n    ")
        before = ",\n    "
    yield "[]" if before.startswith("[") else "\n  ]"
