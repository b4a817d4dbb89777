"""Council tags: the label of a device, and the device that has it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from camscan.errors import TagTakenError, UsageError
from camscan.register.plain_sql import AnyConnection, escape_pattern, fetch

Entries = Mapping[str, str]


def check_tags(
    connection: AnyConnection, before: Mapping[int, Entries], edited: Mapping[int, tuple[str, Entries]]
) -> None:
    """Refuse a tag that another device has, in upper or lower case: one label is on one device.

    ``before`` and ``edited`` are by number of the row; ``edited`` holds the asset number and all entries as they will
    be. Raises UsageError, or TagTakenError if the other device is not among the edited ones. Tags that do not change
    are not looked up, so that other entries need not read the tags of all devices.
    """
    edited_tags: dict[str, str] = {}
    new: dict[str, str] = {}
    for number, (name, entries) in edited.items():
        tag = _tag_of(entries)
        if tag and (other := edited_tags.setdefault(tag, name)) != name:
            raise UsageError(f"{name}: council_asset_tag {entries['council_asset_tag']} also belongs to {other}")
        if tag and tag != _tag_of(before[number]):
            new[tag] = name
    if not new:
        return
    for number, name, entries in _tagged_rows(connection, _plain_beginning(*new) if len(new) == 1 else ""):
        tag = _tag_of(entries)
        if number not in edited and tag in new:
            told = f"{new[tag]}: council_asset_tag {entries['council_asset_tag']} already belongs to"
            raise TagTakenError(
                f"{told} {name}; a label belongs to one device: clear it there first",
                f"{told} another device; a label belongs to one device: ask the CCTV officer which one it is on",
            )


def _tag_of(entries: Entries) -> str:
    return entries.get("council_asset_tag", "").casefold()


def _plain_beginning(tag: str) -> str:
    """The plain letters at the beginning of a tag, at most 1,000: SQLite refuses very long patterns.

    A database and Python agree on upper and lower case only for plain letters.
    """
    plain = re.match(r"[\w .:/-]{0,1000}", tag, re.ASCII)
    return plain[0] if plain else ""


def _tagged_rows(connection: AnyConnection, beginning: str = "") -> list[tuple[int, str, Entries]]:
    """Every row in use that has a council tag (with this beginning, in lower case): number, asset number, entries."""
    held = f'"council_asset_tag":"{beginning}' if beginning else '"council_asset_tag":'
    query = """
        SELECT people.device_id, device.asset_id, people.entries
        FROM people JOIN device ON device.id = people.device_id
        WHERE device.merged_into IS NULL AND lower(people.entries) LIKE :held ESCAPE '/'
    """
    rows = fetch(connection, query, held=f"%{escape_pattern(held)}%")
    return [(number, asset_id, json.loads(entries)) for number, asset_id, entries in rows]


def rows_by_tag(connection: AnyConnection, tag: str) -> list[int]:
    """Numbers of the rows in use with this council tag: one or none."""
    wanted = tag.strip().casefold()
    rows = _tagged_rows(connection, _plain_beginning(wanted))
    return [number for number, _, own in rows if _tag_of(own) == wanted]
