"""The answers, part by part, as every file of a pack has them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from camscan.dates import day_text
from camscan.foi.pack import Pack
from camscan.foi.tables import Row
from camscan.foi.tables import Table as Counts
from camscan.page import Head, Kind, Table
from camscan.page.table import Cell

WITHHELD = "[c]"
"""Replaces a number that is withheld: the mark that official statistics use for "confidential"."""


@dataclass(frozen=True, slots=True)
class Part:
    """One question, with one sheet and one heading."""

    name: str
    """The name of its worksheet: short."""
    question: str
    notes: tuple[str, ...]
    """Sentences above the table."""
    table: Table


def pack_title(pack: Pack) -> str:
    """The title of a pack, which is above everything else."""
    whose = f" of {pack.estate.organisation}" if pack.estate.organisation else ""
    return f"Hikvision and Dahua equipment{whose}"


def about_pack(pack: Pack) -> tuple[tuple[str, str], ...]:
    """What a reader must know first: headings and texts."""
    estate = pack.estate
    lines = [
        ("Status", pack.marking),
        ("As of", day_text(estate.day)),
        ("In one sentence", estate.numbers.headline),
        ("Numbers", "No number is rounded. A total and the answer 'none' are given whatever their size."),
    ]
    if pack.is_withholding:
        lines.append((f"The mark {WITHHELD}", "This number is withheld. The refusal notice says why."))
    lines.append(
        (
            "Tables",
            "Each table sorts the devices in one way. All except 'Devices removed, by year' count the same devices.",
        )
    )
    lines += [(word[:1].upper() + word[1:], meaning) for word, meaning in _definition_notes(estate.definitions)]
    return tuple(lines)


def _definition_notes(lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    for line in lines:
        word, _, meaning = line.partition(": ")
        yield word, f"{meaning[:1].upper()}{meaning[1:]}."


def list_parts(pack: Pack) -> tuple[Part, ...]:
    """Every part, in the order in which they are read."""
    return (
        _totals_part(pack),
        *(_count_part(table) for table in pack.tables),
        _programme_part(pack),
        _policies_part(pack),
        _records_part(pack),
        _coverage_part(pack),
    )


def _count_part(counts: Counts) -> Part:
    total: tuple[Cell, ...] = ()
    if counts.is_partition:
        total = (
            "All",
            counts.total,
            *((counts.priced, _cost_cell(counts.total, counts.priced, counts.pence)) if counts.has_prices else ()),
        )
    heads = [Head(_FIRST.get(counts.id, "Kind")), Head("Devices", Kind.NUMBER)]
    if counts.has_prices:
        heads += [Head("With a known price", Kind.NUMBER), Head("Cost", Kind.POUNDS)]
    notes = (counts.definition, *(() if counts.total else ("None.",)))
    rows = [_row_cells(counts, row) for row in counts.rows]
    return Part(*_SHEETS[counts.id], notes, Table(counts.title, tuple(heads), rows, total))


def _cost_cell(devices: int, priced: int, pence: int) -> Cell:
    """The sum in pounds; a device without a recorded price does not count as £0."""
    return Decimal(pence) / 100 if priced or not devices else "not known"


_SHEETS = {
    "makers": ("By maker", "Who made them?"),
    "cameras": ("Cameras", "Which cameras are they?"),
    "recorders": ("Recorders", "Which recorders are they?"),
    "other": ("Other devices", "Which other devices are there?"),
    "places": ("By kind of place", "In which kinds of place are they?"),
    "controllers": ("By who controls it", "Who controls these places?"),
    "capabilities": ("What they support", "What can they do?"),
    "bought": ("Bought", "When were they bought, and for how much?"),
    "planned": ("Planned removal", "When are they to be removed?"),
    "gone": ("Removed", "How many were removed?"),
}
"""Table -> the name of its sheet, and the question in plain words."""
_FIRST = {
    "makers": "Maker",
    "places": "Kind of place",
    "controllers": "Who controls it",
    "capabilities": "What the model supports",
    "bought": "Financial year",
    "planned": "Financial year",
    "gone": "Financial year",
}


def _row_cells(counts: Counts, row: Row) -> tuple[Cell, ...]:
    devices = WITHHELD if row.is_withheld else row.devices
    if not counts.has_prices:
        return row.label, devices
    if row.is_withheld or row.is_price_withheld:
        return row.label, devices, WITHHELD, WITHHELD
    return row.label, devices, row.priced, _cost_cell(row.devices, row.priced, row.pence)


_COUNTED = (Head("What"), Head("Number", Kind.NUMBER), Head("What that means"))


def _totals_part(pack: Pack) -> Part:
    numbers = pack.estate.numbers
    rows = (
        ("Devices of Hikvision or Dahua", numbers.devices, "Built by one of the two, under whatever name."),
        ("of these: cameras", numbers.cameras, "Devices that take one picture."),
        ("of these: recorders", numbers.recorders, "Devices that keep the pictures of several cameras."),
        ("of these: other devices", numbers.other, "Neither a camera nor a recorder, or the type is not known."),
        ("Systems", numbers.systems, "Recorders or servers with what is connected to them; see 'System'."),
        ("Sites", numbers.sites, "Sites with at least one of the devices; see 'Site'."),
        ("Devices at no known site", numbers.without_site, "Nobody has recorded where they are."),
        ("Possibly by one of the two makers", numbers.possible, "Only a hint; no other number includes them."),
        (
            "Of unknown maker, to be inspected",
            numbers.unknown,
            ("Possibly part of a camera system; no other number includes them."),
        ),
        ("Channels of recorders not read, at most", numbers.channels_not_read, "Cameras may be connected there."),
    )
    notes = () if numbers.is_scanned else ("Nothing was scanned yet, so 'none' means little.",)
    return Part("Totals", "Are there any, and how many?", notes, Table("The totals", _COUNTED, rows))


def _programme_part(pack: Pack) -> Part:
    numbers = pack.estate.numbers
    rows = (
        ("Devices to be removed by the council's decision", numbers.in_scope, "Of any maker that the decision names."),
        ("of these: remaining", numbers.remaining, "Nobody has recorded their removal."),
        ("of these: removed", numbers.removed, "Removed, according to the council's records."),
    )
    notes: tuple[str, ...] = () if numbers.in_scope else ("No decision of the council puts a device in scope.",)
    if numbers.answering:
        notes += (
            (
                "A device that was recorded as removed and answers again counts as removed here, but as present in the "
                "tables above."
            ),
        )
    return Part(
        "Decision", "How many are to be removed?", notes, Table("Devices that a decision names", _COUNTED, rows)
    )


def _policies_part(pack: Pack) -> Part:
    rows = tuple(
        (policy.title[:1].upper() + policy.title[1:], policy.citation, policy.binds, "yes" if policy.decides else "no")
        for policy in pack.estate.policies
    )
    names = ("Policy or decision", "Source or minute", "Whom it binds", "Decides what is removed")
    notes = ("Texts about such equipment. No law obliges a council to remove equipment because of its maker.",)
    heads = tuple(map(Head, names))
    return Part(
        "Policies", "Which policies and decisions are there?", notes, Table("Policies and decisions", heads, rows)
    )


def _records_part(pack: Pack) -> Part:
    numbers = pack.estate.numbers
    rows = (
        ("Devices with a data protection impact assessment", numbers.with_dpia, "Their record names one."),
        ("Different assessments named", numbers.dpias, "One assessment may be for many devices."),
        ("Devices with a contract", numbers.with_contract, "Their record names one."),
        ("Different contracts named", numbers.contracts, "One contract may be for many devices."),
    )
    notes = ("Of the devices of the two makers. Others may exist that no record names.",)
    return Part(
        "Assessments",
        "Are there impact assessments and contracts?",
        notes,
        Table("Assessments and contracts", _COUNTED, rows),
    )


def _coverage_part(pack: Pack) -> Part:
    numbers = pack.estate.numbers
    rows = (
        ("Addresses that were to be asked", numbers.addresses, "On the council's networks, each counted once."),
        ("of these: asked", numbers.addresses_asked, "By the newest scan of each."),
        ("Sites with a listed network", numbers.sites_listed, "As the council's list of sites has them."),
        ("of these: scanned completely in the last 90 days", numbers.sites_scanned, "Every network of the site."),
    )
    last = f"The last scan was on {day_text(numbers.last_scan)}." if numbers.last_scan else "There was no scan yet."
    limits = (
        "A scan finds what answers on the network. It does not find analogue cameras, cameras behind a recorder, or "
        "what is switched off, unless somebody entered them."
    )
    notes = (last, limits)
    return Part("Coverage", "How complete is the count?", notes, Table("What was asked", _COUNTED, rows))
