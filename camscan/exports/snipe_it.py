"""The devices for Snipe-IT: a file for assets that are new there, and two for assets that it has already.

How Snipe-IT's importer treats a header, a blank and an unknown word comes from its source (``app/Importer`` at 77e2972,
release 8.6), and is in a table in ``tests/test_export_snipe_it.py``. Its asset tag is the key: an asset is recognised
by nothing else. A blank in the column of a custom field clears its value in Snipe-IT, so such a cell is never blank.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Container, Mapping, Sequence
from datetime import date
from functools import partial

from camscan.asset import GONE, Lifecycle
from camscan.asset.kinds import kind_of
from camscan.cells import csv_writer
from camscan.drafts import Draft
from camscan.errors import UsageError
from camscan.exports import (
    Export,
    ExportResult,
    GivenOptions,
    Inventory,
    Item,
    Option,
    OptionKind,
    choose_items,
)
from camscan.output import visible

CREATE = (
    *("Asset Tag", "Item Name", "Category", "Manufacturer", "Model Name", "Serial Number", "Status", "Location"),
    *("Supplier", "Purchase Date", "Purchase Cost", "Warranty"),
)
STATUS = ("Asset Tag", "Model Name", "Category", "Status")
"""The columns that an update needs (tag, model, category), and the status, which camscan knows of every device."""
CUSTOM = ("IP Address", "MAC Address")
"""Custom fields of Snipe-IT, which somebody has to create there first. Only scans fill them."""
UPDATE = (*STATUS, *CUSTOM)
LONGEST = 255
"""Maximum length of a name, a tag or a serial number in Snipe-IT, in characters."""
IN_USE, PLANNED, REMOVED = "In use", "Removal planned", "Removed"


def make_snipe_it(inventory: Inventory, options: GivenOptions) -> ExportResult:
    """Make ``create.csv``, ``update.csv`` and ``update-status.csv``.

    Raises UsageError if ``known`` is not a list that Snipe-IT exported.
    """
    known = _read_tags(options["known"]) if "known" in options else None
    kept = choose_items(inventory.items, partial(_why_left_out, known=known))
    files = {name: Draft() for name in ("create.csv", "update.csv", "update-status.csv")}
    create, update, status = map(_make_writer, files.values(), (CREATE, UPDATE, STATUS))
    serials: set[str] = set()
    for item in kept:
        row = _device_cells(item)
        if known is None or row["Asset Tag"] in known:
            (update if all(row[name] for name in CUSTOM) else status)(row)
        if known is None or row["Asset Tag"] not in known:
            create(_with_unique_serial(row, serials))
    return kept.result({**files, "README.txt": README})


def _why_left_out(item: Item, known: Container[str] | None) -> str:
    if not item.maker:
        return "with an unknown or only possible maker"
    if _column_text(item, "model") in {"", "0"}:
        return "without a known model, which Snipe-IT needs"
    is_gone = known is not None and item.asset.lifecycle in GONE and _tag_of(item) not in known
    return "already removed, and not in Snipe-IT" if is_gone else ""


def _read_tags(text: str) -> frozenset[str]:
    """The asset tags in a list that Snipe-IT exported."""
    try:
        rows = list(csv.reader(io.StringIO(text, newline="")))
    except csv.Error as error:
        raise UsageError(f"--known: the file cannot be read as CSV: {error}") from None
    header = [cell.strip().casefold() for cell in rows[0]] if rows else []
    if "asset tag" not in header:
        raise UsageError("--known: the file has no column 'Asset Tag'; export the list of assets from Snipe-IT as CSV")
    place = header.index("asset tag")
    return frozenset(row[place].strip() for row in rows[1:] if len(row) > place)


def _make_writer(draft: Draft, header: Sequence[str]) -> Callable[[Mapping[str, str]], None]:
    """Begin a table; a function that adds a row to it."""
    add_rows = csv_writer(draft, header)
    return lambda row: add_rows([[row[name] for name in header]])


def _device_cells(item: Item) -> dict[str, str]:
    return {
        "Asset Tag": _tag_of(item),
        "Item Name": _column_text(item, "location_detail"),
        "Category": _category_of(item),
        "Manufacturer": visible(item.maker, LONGEST),
        "Model Name": _column_text(item, "model"),
        "Serial Number": _column_text(item, "serial_number"),
        "Status": _status_of(item),
        "Location": _column_text(item, "site_name"),
        "Supplier": _column_text(item, "supplier"),
        "Purchase Date": item.texts["purchase_date"],
        "Purchase Cost": item.texts["purchase_cost"],
        "Warranty": _warranty_months(item),
        "IP Address": item.texts["ip_addresses"].partition(";")[0],
        "MAC Address": item.texts["mac_addresses"].partition(";")[0],
    }


def _tag_of(item: Item) -> str:
    return visible(item.tag, LONGEST)


def _column_text(item: Item, column: str) -> str:
    return visible(item.texts[column].strip(), LONGEST)


def _category_of(item: Item) -> str:
    kind = kind_of(item.asset.identification.kind)
    if kind.is_camera:
        return "CCTV camera"
    return "CCTV recorder" if kind.holds_recordings else "CCTV equipment"


def _status_of(item: Item) -> str:
    lifecycle = item.asset.lifecycle
    if lifecycle in GONE:
        return REMOVED
    return PLANNED if lifecycle in {Lifecycle.PLANNED, Lifecycle.ORDERED} else IN_USE


def _warranty_months(item: Item) -> str:
    """Whole months from the purchase; empty if it is not known."""
    texts = item.texts["purchase_date"], item.texts["warranty_or_support_end"]
    if not all(texts):
        return ""
    begin, end = map(date.fromisoformat, texts)
    months = (end.year - begin.year) * 12 + end.month - begin.month - (end.day < begin.day)
    return str(months) if months > 0 else ""


def _with_unique_serial(row: Mapping[str, str], seen: set[str]) -> Mapping[str, str]:
    """The row without its serial number if an earlier row has that: Snipe-IT would refuse it."""
    serial = row["Serial Number"].casefold()
    is_taken = serial in seen
    seen.add(serial)
    return {**row, "Serial Number": ""} if is_taken else row


README = f"""\
For Snipe-IT. It says where security equipment is: treat it as sensitive.

Before the first import, in Snipe-IT:
1. Make the status labels "{IN_USE}" and "{PLANNED}" (deployable) and "{REMOVED}" (archived). A label that
   Snipe-IT does not know is made by the import, as deployable.
2. Make the custom fields "IP Address" (format IP) and "MAC Address" (format MAC), put them into a fieldset, and give
   that to the models.

Import, in this order:
1. create.csv: type Assets, without "Update existing values". Assets whose tag is there already are skipped, with a
   line for each.
2. update.csv: type Assets, with "Update existing values". It writes status and the two custom fields, and nothing else.
3. update-status.csv: likewise, for devices whose address or MAC address is not known. It writes the status only.

Import create.csv first, always: an update makes an asset of every tag that is not there.
Next time, export the list of assets from Snipe-IT as CSV and give it to camscan with --known: the files then hold only
what is new, and what is there.

LEFT-OUT.csv lists the devices that are in none of these files, and why.
"""

EXPORT = Export(
    "snipe-it",
    "",
    "a folder of CSV files for Snipe-IT: create.csv and the updates",
    of_register=make_snipe_it,
    is_folder=True,
    options=(
        Option("known", OptionKind.READ, "Snipe-IT's own export of its assets, so that only changes are written."),
    ),
)
