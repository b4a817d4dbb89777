"""One format per file. Each exposes ``EXPORT``; files are found by convention, without a list.

A format is made from a scan (``of_scan``), from the devices of the register (``of_register``), or from counts of the
register (``of_figures``). ``camscan export NAME`` offers all of them; ``camscan scan --export NAME=FILE`` offers those
of a scan. Everything that a device says is hostile text: a format that a terminal or a spreadsheet opens passes it
through :func:`camscan.output.visible` first.

The rules that every format of the register keeps are here, and only here: the name of a device in other systems
(:attr:`Item.tag`), that a guess is never shown as a fact (:attr:`Item.maker`), and that each device that is left out is
listed with the reason (:func:`choose_items`).
"""

from __future__ import annotations

import enum
import functools
import importlib
import importlib.util
import pkgutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING, TextIO

from camscan.addresses import sort_key
from camscan.asset import Asset, Judgement, Lifecycle
from camscan.dataclass import dataclass
from camscan.model import Device, Report
from camscan.output import visible

if TYPE_CHECKING:
    from camscan.drafts import Draft, Text

LEFT_OUT = "LEFT-OUT.csv"
"""The file in a folder that lists the devices which the other files leave out."""
_SHOWN = ("asset_id", "council_asset_tag", "site_name", "location_detail", "manufacturer", "model", "lifecycle_status")
NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Item:
    """One device of the register, as an export gets it."""

    asset: Asset
    judgement: Judgement
    """The result of the policies, the vulnerabilities and the council's formula on the day of the export."""
    texts: Mapping[str, str]
    """Name of a column of ``docs/columns.md`` -> its text; empty if nothing is known. Text from devices is one harmless
    line; people's entries are unchanged, and may have several lines."""
    standing: str
    """Its place in the programme, if it is in scope: ``planned``, ``overdue``, ``no_date``, ``blocked``,
    ``accepted_risk``, ``removed`` or ``closed``."""
    maker: str = ""
    """The name of the company that built it; empty unless it is confirmed, probable, or stated by a person."""
    is_video_surveillance: bool = True
    """Whether it is, or may be, part of video surveillance."""

    @property
    def tag(self) -> str:
        """Its name in other systems: the council tag, or the asset number if it has none."""
        return self.texts.get("council_asset_tag") or self.asset.asset_id


class SiteNames:
    """The sites of devices, of which each is one, in whatever case people wrote its name."""

    def __init__(self, longest: int = 2000) -> None:
        self._longest = longest
        from camscan.asset.spelling import Spellings  # noqa: PLC0415 - for the register only: a scan starts without it

        self._spellings = Spellings()
        self._mapped: dict[str, str] = {}

    def add(self, item: Item) -> str:
        """The key of the site of one more device; empty if nobody has recorded it."""
        name = self._one_line(item.texts["site_name"])
        key = self._spellings.add(name)
        mapped = self._one_line(item.asset.place.name) if item.asset.place else ""
        if mapped.casefold() == key:
            self._mapped[key] = mapped
        return key

    def name(self, key: str) -> str:
        """The name of a site: spelled as in the site map, else in the usual way."""
        return self._mapped.get(key) or self._spellings.shown(key)

    def _one_line(self, name: str) -> str:
        return visible(name.strip(), self._longest)


@dataclass(frozen=True, slots=True)
class Inventory:
    """The register on one day, as an export gets it."""

    items: Iterable[Item]
    """Sorted by site and address; devices without a site come last. They are read again each time, a few at a time."""
    on: date
    organisation: str = ""
    """The name in ``camscan.yaml``; empty if it has none."""


class LeftOut:
    """The devices that an export does not have: how many for which reason, and the list of them."""

    def __init__(self) -> None:
        self.reasons: Counter[str] = Counter()
        """A few words that end a sentence whose subject is the device (``not in scope``) -> number of devices."""
        from camscan.cells import csv_writer  # noqa: PLC0415 - as above
        from camscan.drafts import Draft  # noqa: PLC0415 - as above

        self.table = Draft()
        """``LEFT-OUT.csv``: what each device is, and the reason."""
        self._add_rows = csv_writer(self.table, (*_SHOWN, "reason"))

    def __len__(self) -> int:
        return self.reasons.total()

    def add(self, item: Item, reason: str) -> None:
        """Leave out a device."""
        self.reasons[reason] += 1
        self._add_rows([[*(item.texts.get(name, "") for name in _SHOWN), reason]])


@dataclass(frozen=True, slots=True)
class ExportResult:
    """The result of a format of the register. Nothing is written before all of it is made."""

    files: Mapping[str, Text]
    """For a folder: name of each file -> its text. For a single file: the empty name -> its text."""
    devices: int
    """How many devices are in it."""
    left_out: LeftOut = field(default_factory=LeftOut)
    """All other devices of the inventory."""
    other_files: Mapping[str, Text] = field(default_factory=lambda: NOTHING)
    """Name of an option that names a file to write -> its text."""


class OptionKind(enum.Enum):
    """What an option takes as its value."""

    TEXT = "text"
    FLAG = "flag"
    """It takes none. If the option is given, its value is ``yes``."""
    READ = "read"
    """A file that is read first: the format gets its text."""
    WRITE = "write"
    """A file that is also written: the format puts its text into ``ExportResult.other_files``."""


@dataclass(frozen=True, slots=True)
class Option:
    """An option that only one format has."""

    name: str
    """Without the hyphens before it: ``ics``."""
    kind: OptionKind
    help: str
    metavar: str = "FILE"


GivenOptions = Mapping[str, str]
"""The options that a person gave: name -> value, as :class:`OptionKind` describes."""


Figures = Mapping[str, Mapping[tuple[str, ...], float]]
"""Counts of the register: name -> values of its labels, in their order (the empty tuple if it has none) -> number."""


@dataclass(frozen=True, slots=True)
class Export:
    """One format: of a scan, of the register, or of counts of the register."""

    name: str
    suffix: str
    """With the dot: ``.csv``; empty for a folder."""
    title: str
    """What it is and whom it is for, as a phrase for lists: ``the devices as CSV, one row each``."""
    of_scan: Callable[[Report, TextIO], None] | None = None
    """Writes the report of one scan to the stream."""
    of_register: Callable[[Inventory, GivenOptions], ExportResult] | None = None
    """Makes the files from the register. Raises UsageError if the value of an option cannot be used."""
    of_figures: Callable[[Figures], str] | None = None
    """Makes the text from counts of the register."""
    is_folder: bool = False
    """Whether ``of_register`` makes a folder of files."""
    options: tuple[Option, ...] = ()


@functools.cache
def load_exports() -> Mapping[str, Export]:
    """Every export by name, in alphabetical order."""
    found = [importlib.import_module(f"{__name__}.{module.name}").EXPORT for module in pkgutil.iter_modules(__path__)]
    return {export.name: export for export in sorted(found, key=lambda export: export.name)}


def find_export(name: str) -> Export | None:
    """The export with this name, or None. If a file has that name, only that file is loaded."""
    if name.isidentifier() and importlib.util.find_spec(f"{__name__}.{name}"):
        export: Export = importlib.import_module(f"{__name__}.{name}").EXPORT
        if export.name == name:
            return export
    return load_exports().get(name)


def address_order(device: Device) -> tuple[int, int, str]:
    """Sort key of a device: its first address. Devices without an address come last."""
    return sort_key(device.ip_addresses[0] if device.ip_addresses else "")


# ── who is left out ──────────────────────────────────────────────────────────────────────────────────────────────


_CLOSED = {Lifecycle.NOT_OURS: "not the council's", Lifecycle.FALSE_POSITIVE: "entered as a false alarm"}


class ChosenDevices:
    """The devices that a format includes, one after the other, and those that it leaves out; gone through once."""

    def __init__(self, items: Iterable[Item], why_left_out: Callable[[Item], str]) -> None:
        self.left_out = LeftOut()
        self.count = 0
        """How many devices were included so far."""
        self._items, self._why = items, why_left_out

    def __iter__(self) -> Iterator[Item]:
        for item in self._items:
            reason = _why_closed(item) or self._why(item)
            if reason:
                self.left_out.add(item, reason)
            else:
                self.count += 1
                yield item

    def result(self, files: Mapping[str, Text], other_files: Mapping[str, Text] = NOTHING) -> ExportResult:
        """What came of it, once all of them were gone through."""
        return ExportResult(files, self.count, self.left_out, other_files)


def choose_items(items: Iterable[Item], why_left_out: Callable[[Item], str]) -> ChosenDevices:
    """The devices that a format includes, and all others with the reason.

    No format includes devices that are not the council's, false alarms, or devices that are not part of video
    surveillance. ``why_left_out`` gives the reason why the format leaves out any other device; empty if the format
    includes it.
    """
    return ChosenDevices(items, why_left_out)


def _why_closed(item: Item) -> str:
    reason = _CLOSED.get(item.asset.lifecycle, "")
    if not reason and not item.is_video_surveillance and item.judgement.in_scope != "yes":
        reason = "not part of video surveillance"
    return reason


def count_reasons(left: LeftOut) -> str:
    """The counts of the reasons, the most frequent first: ``3 not in scope, 1 not the council's``."""
    found = sorted(left.reasons.items(), key=lambda each: (-each[1], each))
    return ", ".join(f"{number:,} {reason}" for reason, number in found)


def csv_draft(header: Sequence[str], rows: Iterable[Sequence[str]], *, quote_all: bool = False) -> Draft:
    """A complete CSV of harmless cells (:func:`camscan.cells.csv_writer`), on disk if it is long."""
    from camscan.cells import csv_writer  # noqa: PLC0415 - as above
    from camscan.drafts import Draft  # noqa: PLC0415 - as above

    draft = Draft()
    csv_writer(draft, header, quote_all=quote_all)(rows)
    return draft
