"""The devices for Snipe-IT: a file for assets that are new there, and two for assets that it has already.

How Snipe-IT's importer treats a header, a blank and an unknown word comes from its source (``app/Importer`` at 77e2972,
release 8.6), and is in a table in ``tests/test_export_snipe_it.py``. Its asset tag is the key: an asset is recognised
by nothing else. A blank in the column of a custom field clears its value in Snipe-IT, so such a cell is never blank.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from camscan.asset import GONE, Lifecycle
from camscan.asset.kinds import kind_of
from camscan.cells import csv_text
from camscan.errors import UsageError
from camscan.exports import (
    Export,
    ExportResult,
    GivenOptions,
    Inventory,
    Item,
    LeftOut,
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
    kept, left = choose_items(inventory.items, _why_left_out)
    known = _read_tags(options["known"]) if "known" in options else None
    if known is not None:
        gone = [item for item in kept if item.asset.lifecycle in GONE and _tag_of(item) not in known]
        left += [LeftOut(item, "already removed, and not in Snipe-IT") for item in gone]
        kept = [item for item in kept if item.asset.lifecycle not in GONE or _tag_of(item) in known]
    new = [item for item in kept if known is None or _tag_of(item) not in known]
    old = [item for item in kept if known is None or _tag_of(item) in known]
    rows = [_device_cells(item) for item in old]
    full = [row for row in rows if all(row[name] for name in CUSTOM)]
    short = [row for row in rows if not all(row[name] for name in CUSTOM)]
    files = {
        "create.csv": _csv_table(CREATE, _unique_serials([_device_cells(item) for item in new])),
        "update.csv": _csv_table(UPDATE, full),
        "update-status.csv": _csv_table(STATUS, short),
        "README.txt": README,
    }
    return ExportResult(files, len(kept), left)


def _why_left_out(item: Item) -> str:
    if not item.maker:
        return "with an unknown or only possible maker"
    return "" if _column_text(item, "model") not in {"", "0"} else "without a known model, which Snipe-IT needs"


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


def _csv_table(header: Sequence[str], rows: Iterable[dict[str, str]]) -> str:
    return csv_text(header, ([row[name] for name in header] for row in rows))


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


def _unique_serials(rows: Iterable[dict[str, str]]) -> Iterator[dict[str, str]]:
    """The rows, with each serial number only once, because Snipe-IT refuses a second one."""
    seen: set[str] = set()
    for row in rows:
        serial = row["Serial Number"].casefold()
        yield {**row, "Serial Number": ""} if serial in seen else row
        seen.add(serial)


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
