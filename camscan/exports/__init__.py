"""One format per file. Each exposes ``EXPORT``; files are found by convention, there is no registry.

A format is of a scan (``of_scan``), of the register device by device (``of_register``), or of what is counted of it
(``of_figures``). ``camscan export NAME`` offers every one; ``camscan scan --export NAME=FILE`` those of a scan.
Everything that a device says is hostile text: a format that a terminal or a spreadsheet opens passes it through
:func:`camscan.output.visible` first.

The rules that every format of the register keeps are here, and once: what a device is called elsewhere
(:attr:`Item.tag`), that a guess is never a fact (:attr:`Item.maker`), and that whoever is left out is listed with the
reason (:func:`sort_out`).
"""

from __future__ import annotations

import enum
import functools
import importlib
import importlib.util
import pkgutil
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field
from datetime import date
from types import MappingProxyType
from typing import TextIO

from camscan.addresses import sort_key
from camscan.asset import Asset, Judgement, Lifecycle
from camscan.cells import csv_text
from camscan.dataclass import dataclass
from camscan.model import Device, Report

LEFT_OUT = "LEFT-OUT.csv"
"""The file of a folder that lists what the others do not have."""
NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Item:
    """One device of the register, as an export of it is given."""

    asset: Asset
    judgement: Judgement
    """What follows from policies, vulnerabilities and the council's formula on the day of the export."""
    texts: Mapping[str, str]
    """The text of every column of ``docs/columns.md`` by its name; empty if nothing is known. Text of devices is one
    harmless line; people's entries are unchanged, and may have several lines."""
    standing: str
    """Its standing in the programme, if it is in scope: ``planned``, ``overdue``, ``no_date``, ``blocked``,
    ``accepted_risk``, ``removed`` or ``closed``."""
    maker: str = ""
    """The name of who built it; empty unless that is confirmed, probable, or the word of a person."""
    is_of_video: bool = True
    """Whether it is, or may be, part of video surveillance."""

    @property
    def tag(self) -> str:
        """What it is called in other registers: the council's own label, else camscan's number."""
        return self.texts.get("council_asset_tag") or self.asset.asset_id


@dataclass(frozen=True, slots=True)
class Inventory:
    """The register on one day, as an export of it is given."""

    items: Sequence[Item]
    """By site and address; devices of no site come last."""
    on: date
    organisation: str = ""
    """The name in ``camscan.yaml``; empty if it has none."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A device that an export does not have, and why."""

    item: Item
    reason: str
    """A few words that end a sentence which begins with the device: ``not in scope``."""


@dataclass(frozen=True, slots=True)
class Made:
    """What a format of the register makes: nothing is written before all of it is made."""

    files: Mapping[str, str]
    """For a folder: name of each file -> its text. For a single file: its text under the empty name."""
    devices: int
    """How many devices are in it."""
    left_out: Sequence[LeftOut] = ()
    """All others of the inventory."""
    beside: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    """Name of an option that names a file to write -> its text."""


class Takes(enum.Enum):
    """What the value of an option is."""

    TEXT = "text"
    FLAG = "flag"
    """It has none: given, its value is ``yes``."""
    READ = "read"
    """A file that is read first: the format gets its text."""
    WRITE = "write"
    """A file that is written too: the format puts its text into ``Made.beside``."""


@dataclass(frozen=True, slots=True)
class Option:
    """An option of one format's own."""

    name: str
    """Without hyphens at its beginning: ``ics``."""
    takes: Takes
    help: str
    metavar: str = "FILE"


Asked = Mapping[str, str]
"""Options that were given: name -> value, as :class:`Takes` says."""


Figures = Mapping[str, Mapping[tuple[str, ...], float]]
"""What is counted of the register: name -> values of its labels, in their order (none: the empty tuple) -> number."""


@dataclass(frozen=True, slots=True)
class Export:
    """One format: of a scan, of the register, or of its figures."""

    name: str
    suffix: str
    """With the dot: ``.csv``; empty for a folder."""
    title: str
    """What it is and whom it is for, as a phrase for lists: ``the devices as CSV, one row each``."""
    of_scan: Callable[[Report, TextIO], None] | None = None
    """Writes the report of one scan."""
    of_register: Callable[[Inventory, Asked], Made] | None = None
    """Makes it from what the register knows. Raises UsageError for a value of an option that cannot be used."""
    of_figures: Callable[[Figures], str] | None = None
    """Makes it from what is counted of the register."""
    is_folder: bool = False
    """Whether ``of_register`` makes a folder of files."""
    options: tuple[Option, ...] = ()


@functools.cache
def load_exports() -> Mapping[str, Export]:
    """Every export by name, in alphabetical order."""
    found = [importlib.import_module(f"{__name__}.{module.name}").EXPORT for module in pkgutil.iter_modules(__path__)]
    return {export.name: export for export in sorted(found, key=lambda export: export.name)}


def find_export(name: str) -> Export | None:
    """One export by its name; that of a file of the same name is found without loading the others."""
    if name.isidentifier() and importlib.util.find_spec(f"{__name__}.{name}"):
        export: Export = importlib.import_module(f"{__name__}.{name}").EXPORT
        if export.name == name:
            return export
    return load_exports().get(name)


def by_address(device: Device) -> tuple[int, int, str]:
    """A sort key: the first address of the device; one without an address comes last."""
    return sort_key(device.ip_addresses[0] if device.ip_addresses else "")


# ── who is left out ──────────────────────────────────────────────────────────────────────────────────────────────


_CLOSED = {Lifecycle.NOT_OURS: "not the council's", Lifecycle.FALSE_POSITIVE: "entered as a false alarm"}


def sort_out(items: Iterable[Item], also: Callable[[Item], str]) -> tuple[list[Item], list[LeftOut]]:
    """The devices that a format includes, and all others with the reason.

    No format includes what is not the council's, what was a false alarm, or what is not part of video surveillance.
    ``also`` says why the format excludes any other device; empty if it includes it.
    """
    kept, left = [], []
    for item in items:
        reason = _why_closed(item) or also(item)
        if reason:
            left.append(LeftOut(item, reason))
        else:
            kept.append(item)
    return kept, left


def _why_closed(item: Item) -> str:
    reason = _CLOSED.get(item.asset.lifecycle, "")
    if not reason and not item.is_of_video and item.judgement.in_scope != "yes":
        reason = "not part of video surveillance"
    return reason


def reasons(left: Iterable[LeftOut]) -> str:
    """``3 not in scope, 1 not the council's``: the most frequent first."""
    found = Counter(each.reason for each in left)
    return ", ".join(
        f"{number:,} {reason}" for reason, number in sorted(found.items(), key=lambda each: (-each[1], each))
    )


_SHOWN = ("asset_id", "council_asset_tag", "site_name", "location_detail", "manufacturer", "model", "lifecycle_status")


def left_out_text(left: Iterable[LeftOut]) -> str:
    """The list of those that were left out, as CSV: what each is, and the reason."""
    rows = [[*(each.item.texts.get(name, "") for name in _SHOWN), each.reason] for each in left]
    return csv_text((*_SHOWN, "reason"), rows)
