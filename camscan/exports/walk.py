"""Sheets for site visits: for each site the devices to look at, each with a code for a label and room to write.

The sheets have devices that may be one of the two makers', and devices that the council has decided to remove. They
leave out devices that are out of scope or removed. The code holds the asset number of the device, which every command
accepts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from camscan.asset import GONE
from camscan.asset.spelling import choice_in_words
from camscan.dates import day_text
from camscan.drafts import Draft
from camscan.exports import Export, ExportResult, GivenOptions, Inventory, Item, SiteNames, choose_items
from camscan.output import visible
from camscan.words import count_text

NO_SITE = "No site known"
BLANKS = ("Make, model", "Serial number", "Where", "Notes")
HOW = (
    "To enter what you found: camscan visited NUMBER, camscan set NUMBER location_detail=…, camscan removed NUMBER "
    "--evidence REF. The number is in the code, and below the heading of each device."
)
_LONGEST = 120
"""Maximum characters of a text on a sheet."""


@dataclass(frozen=True, slots=True)
class Device:
    """One device on a sheet."""

    number: str
    """The asset number."""
    tag: str
    where: str
    """Empty if not recorded."""
    facts: Sequence[tuple[str, str]]
    blanks: Sequence[str] = BLANKS

    @property
    def code(self) -> str:
        """The code as an SVG. It is drawn when it is printed: it is longer than everything else on the sheet."""
        from camscan.page.qr import draw_qr_code  # noqa: PLC0415 - 0.06 s, and only a page needs it

        return draw_qr_code(self.number)


@dataclass(frozen=True, slots=True)
class Site:
    """One sheet, for one site."""

    name: str
    about: str
    devices: Sequence[Device]


def make_walk(inventory: Inventory, options: GivenOptions) -> ExportResult:
    """Make one page with a section for each site."""
    from camscan.page import page_pieces  # noqa: PLC0415 - 0.06 s, and only a page needs it

    del options
    kept, page = choose_items(inventory.items, _why_left_out), Draft()
    sites = list(_group_by_site(kept))
    for piece in page_pieces(
        "exports/walk.html",
        title="Cameras and recorders to inspect",
        organisation=inventory.organisation,
        marking="OFFICIAL-SENSITIVE",
        draft="",
        day=inventory.on,
        count=kept.count,
        sites=sites,
        how=HOW,
    ):
        page.write(piece)
    return kept.result({"": page})


def _why_left_out(item: Item) -> str:
    if item.asset.lifecycle in GONE:
        return "already removed"
    return "not in scope" if item.judgement.in_scope == "no" else ""


def _group_by_site(items: Iterable[Item]) -> Iterable[Site]:
    """The devices of one site come one after the other: of the others only what a sheet shows is held."""
    for _, here in groupby(items, lambda item: _column_text(item, "site_name").casefold()):
        group, names = list(here), SiteNames(_LONGEST)
        keys = {names.add(item) for item in group}
        name = names.name(min(keys))
        uprn = next(filter(None, (item.texts["uprn"] for item in group)), "")
        about = [f"UPRN or number {visible(uprn, _LONGEST)}"] if uprn and name else []
        about += [count_text(len(group))]
        yield Site(name or NO_SITE, ", ".join(about), [_make_device(item) for item in group])


def _make_device(item: Item) -> Device:
    return Device(
        number=item.asset.asset_id,
        tag=visible(item.tag, _LONGEST),
        where=_column_text(item, "location_detail"),
        facts=[(name, text) for name, text in _device_facts(item).items() if text],
    )


def _device_facts(item: Item) -> Mapping[str, str]:
    behind, channel = item.texts["recorder_asset_id"], item.texts["recorder_channel"]
    kind, badge = item.texts["device_type"], _column_text(item, "brand_on_badge")
    return {
        "Number": item.asset.asset_id if item.tag != item.asset.asset_id else "",
        "What": "" if kind in {"unknown", "other"} else choice_in_words("device_type", kind),
        "Make, model": " ".join(filter(None, (_maker_words(item), _column_text(item, "model")))),
        "Badge": "" if badge.casefold() == item.maker.casefold() else badge,
        "Serial": _column_text(item, "serial_number"),
        "Behind": f"{behind}{f', channel {channel}' if channel else ''}" if behind else "",
        "Switch port": _column_text(item, "switch_port"),
        "Address": item.texts["ip_addresses"].replace(";", ","),
        "MAC": item.texts["mac_addresses"].replace(";", ","),
        "It says": _column_text(item, "location_hint"),
        "Planned": day_text(planned) if (planned := item.asset.date_of("planned_removal_date")) else "",
    }


def _maker_words(item: Item) -> str:
    """The name of the maker, marked as a guess if it is one: the person at the device can check it."""
    guess = item.texts["manufacturer"]
    if item.maker or guess == "unknown":
        return visible(item.maker, _LONGEST) or "Maker not known"
    return f"Possibly {visible(guess, _LONGEST)}"


def _column_text(item: Item, column: str) -> str:
    return visible(item.texts[column].strip(), _LONGEST)


EXPORT = Export("walk", ".html", "sheets for a site inspection, with a QR code for each device", of_register=make_walk)
