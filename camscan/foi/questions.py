"""The questions that people ask about such equipment, and the tables that answer them. Pure.

They come from real requests: whether there is any, how many, of which type, in which places, what it can do, when it
was bought and for how much, who controls it, and when it will be removed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from camscan.foi.estate import Estate, Unit
from camscan.foi.tables import Row, Stance, Table, make_table

NOT_RECORDED = "not recorded"
"""Key of the row for values that nobody recorded."""
NONE_KNOWN = "none known"
MAKERS = {"hikvision": "Hikvision", "dahua": "Dahua"}
TYPES: Mapping[str, Mapping[str, str]] = {
    "cameras": {
        "ptz": "Cameras that turn, tilt and zoom (PTZ)",
        "camera": "Other cameras: fixed, or not known to turn",
        "analogue": "Analogue cameras",
    },
    "recorders": {
        "nvr": "Network recorders",
        "dvr": "Recorders for analogue cameras",
        "mobile": "Recorders for vehicles",
    },
    "other": {
        "intercom": "Door stations and intercoms",
        "access": "Access control",
        "encoder": "Encoders",
        "vms": "Servers that manage cameras",
        "bodycam": "Docks for body-worn cameras",
        "storage": "Storage",
        "switch": "Network switches",
        NOT_RECORDED: "Of another type, or the type is not known",
    },
}
"""Kind of device in the headline -> type -> its name."""
CAPABILITIES: Mapping[str, str] = {
    "cap_audio": "Sound: a microphone or a loudspeaker",
    "cap_thermal": "Thermal imaging or body temperature",
    "cap_face": "Faces: capture or recognition",
    "cap_anpr": "Number plates",
    "cap_people_count": "Counting people",
    "cap_analytics_other": "Other analysis of what the camera sees",
}
"""Column of the register -> its name. Cameras that turn are a type, and are only in that table."""
PLACES: Mapping[str, str] = {
    "street": "Streets and public space",
    "office": "Offices",
    "school": "Schools",
    "library": "Libraries",
    "housing": "Housing",
    "depot": "Depots",
    "care": "Care",
    "leisure": "Leisure",
    "car_park": "Car parks",
    "other": "Other places",
}
CONTROLLED: Mapping[str, str] = {
    "own": "The council",
    "landlord": "A landlord",
    "contractor": "A contractor",
    "school": "A school",
    "nhs": "The NHS",
    "other": "Somebody else",
}


class TableText(NamedTuple):
    """What a table says about itself."""

    title: str
    definition: str


TABLE_TEXTS: Mapping[str, TableText] = {
    "makers": TableText(
        "Devices by maker", "The maker is the company that built the device, under whatever name it is sold."
    ),
    "cameras": TableText("Cameras by type", "A camera is a device that takes one picture."),
    "recorders": TableText("Recorders by type", "A recorder keeps the pictures of several cameras."),
    "other": TableText("Other devices by type", "Devices of the two makers that are neither a camera nor a recorder."),
    "places": TableText("Devices by kind of place", "The kind of place comes from the council's list of sites."),
    "controllers": TableText("Devices by who controls the place", "Who controls the network of the place."),
    "capabilities": TableText(
        "Devices by what they support",
        "What the model supports. It is not known whether it is switched on. A device that supports several things is "
        "in "
        "several rows."
        "",
    ),
    "bought": TableText(
        "Devices by the year in which they were bought",
        "A financial year is April to March. The cost is the price paid, for devices whose price is recorded.",
    ),
    "planned": TableText(
        "Devices by the year of their planned removal",
        "A financial year is April to March. It is the council's plan at this date, and may change.",
    ),
    "gone": TableText(
        "Devices removed, by year",
        "A financial year is April to March. Devices of the two makers that the council has removed. No table above "
        "includes them."
        "",
    ),
}


def make_tables(estate: Estate) -> tuple[Table, ...]:
    """Every table, in the order in which they are printed. All but "gone" are about the devices of the headline."""
    units, ask = estate.units, TABLE_TEXTS
    sorts = {sort: [unit for unit in units if unit.sort == sort] for sort in TYPES}
    places = _rows_of_places(units, lambda unit: unit.place, PLACES, estate.places)
    controllers = _rows_of_places(units, lambda unit: unit.controller, CONTROLLED, estate.controllers)
    bought = _rows_of_years(units, lambda unit: unit.bought, NOT_RECORDED)
    planned = _rows_of_years(units, lambda unit: unit.planned, "no date is set")
    gone = _rows_of_years(estate.gone, lambda unit: unit.removed, NOT_RECORDED)
    return (
        make_table("makers", *ask["makers"], _rows_of_words(units, lambda unit: unit.maker, MAKERS), is_total=True),
        *(
            make_table(sort, *ask[sort], _rows_of_words(found, lambda unit: unit.type, TYPES[sort]))
            for sort, found in sorts.items()
        ),
        make_table("places", *ask["places"], places, shows_none=False),
        make_table("controllers", *ask["controllers"], controllers, shows_none=False),
        _capability_table(units),
        make_table("bought", *ask["bought"], bought, is_ordered=True, has_prices=True),
        make_table("planned", *ask["planned"], planned, is_ordered=True),
        make_table("gone", *ask["gone"], gone, is_ordered=True, is_of_gone=True),
    )


def _make_row(key: str, label: str, units: Sequence[Unit], stance: Stance) -> Row:
    priced = [unit for unit in units if unit.pence is not None]
    return Row(
        keys=frozenset({key}),
        label=label,
        devices=len(units),
        stance=Stance.OPEN if key in {NOT_RECORDED, NONE_KNOWN} else stance,
        priced=len(priced),
        pence=sum(unit.pence or 0 for unit in priced),
        lots=frozenset((unit.contract, unit.site) for unit in priced),
    )


def _group_units(units: Iterable[Unit], key: Callable[[Unit], str]) -> dict[str, list[Unit]]:
    found: dict[str, list[Unit]] = {}
    for unit in units:
        found.setdefault(key(unit) or NOT_RECORDED, []).append(unit)
    return found


def _rows_of_words(units: Iterable[Unit], key: Callable[[Unit], str], labels: Mapping[str, str]) -> Iterable[Row]:
    """A row for each of a few words. A zero is shown, because it does not reveal a place."""
    found = _group_units(units, key)
    for name, label in labels.items():
        group = found.get(name, [])
        yield _make_row(name, label, group, Stance.COUNTED if group else Stance.ZERO)


def _rows_of_places(
    units: Iterable[Unit], key: Callable[[Unit], str], labels: Mapping[str, str], known: frozenset[str]
) -> Iterable[Row]:
    """A row for each kind of place.

    A zero may be shown only for kinds of place that the council does not have.
    """
    found = _group_units(units, key)
    for name, label in labels.items():
        group = found.get(name, [])
        yield _make_row(name, label, group, Stance.COUNTED if group or name in known else Stance.OPEN)
    yield _make_row(NOT_RECORDED, "Not recorded", found.get(NOT_RECORDED, []), Stance.OPEN)


def _rows_of_years(units: Iterable[Unit], key: Callable[[Unit], str], without: str) -> Iterable[Row]:
    """A row for each financial year that has devices."""
    found = _group_units(units, key)
    for year in sorted(found.keys() - {NOT_RECORDED}):
        yield _make_row(year, year, found[year], Stance.COUNTED)
    yield _make_row(NOT_RECORDED, without[:1].upper() + without[1:], found.get(NOT_RECORDED, []), Stance.OPEN)


def _capability_table(units: Sequence[Unit]) -> Table:
    found = Counter(name for unit in units for name in unit.capabilities)
    rows = [
        Row(frozenset({name}), label, found[name], Stance.COUNTED if found[name] else Stance.ZERO)
        for name, label in CAPABILITIES.items()
    ]
    without = sum(not unit.capabilities for unit in units)
    rows.append(Row(frozenset({NONE_KNOWN}), "None of these is known", without, Stance.OPEN))
    original = {key: row.devices for row in rows for key in row.keys}
    asked = TABLE_TEXTS["capabilities"]
    return Table("capabilities", *asked, tuple(rows), len(units), is_partition=False, original=original)
