"""What NetBox has already: its own list of devices, as it exports it."""

from __future__ import annotations

import csv
import io

from camscan.cells import plain_text
from camscan.errors import UsageError
from camscan.output import visible

NEEDED = (
    *("id", "asset tag", "status", "serial number", "description"),
    *("site", "location", "role", "manufacturer", "type"),
)
"""Columns of NetBox's own list from which an update is made, in lower case."""
_ALIASES = {"serial": "serial number", "device type": "type"}
_DELIMITERS = ",;|\t"  # NetBox's delimiters: each person may choose one there


def read_list(text: str) -> list[dict[str, str]]:
    """Read a list of devices that NetBox exported. Returns for each row: name of each needed column -> its text."""
    delimiter = max(_DELIMITERS, key=text.partition("\n")[0].count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise UsageError(f"--update: the file cannot be read as CSV: {error}") from None
    header = [_heading_name(cell) for cell in rows[0]] if rows else []
    missing = [name for name in NEEDED if name not in header]
    if missing:
        advice = "in NetBox, open the list of devices and choose Export, All Data"
        raise UsageError(f"--update: the file has no column '{missing[0]}'; {advice}")
    places = {name: header.index(name) for name in NEEDED}
    if any(len(row) != len(header) for row in rows if row):
        raise UsageError("--update: a row has more or fewer cells than the heading; export it again")
    found = [{name: row[place].strip() for name, place in places.items()} for row in rows[1:] if row]
    for row in found:
        row["status"] = row["status"].casefold()
        row |= {name: plain_text(row[name]) for name in ("site", "location", "role", "manufacturer", "type")}
        if not (row["id"].isascii() and row["id"].isdigit()):
            shown = visible(row["id"], 40)
            raise UsageError(f"--update: '{shown}' in the column 'id' is not a number; export it again")
    return found


def _heading_name(cell: str) -> str:
    name = " ".join(cell.replace("_", " ").split()).casefold()
    return _ALIASES.get(name, name)
