"""Conflicts of identity, which a person settles. Every decision is logged with its role and never asked again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Text, cast, select

from camscan.asset import Change
from camscan.asset.columns import NAMING
from camscan.errors import StaleError, UsageError
from camscan.register import entries, schema
from camscan.register.conflicts import list_conflicts
from camscan.register.entries import ChangeContext
from camscan.register.record.conflicts import APART
from camscan.register.record.merge import MERGED, merge_rows
from camscan.register.rows import next_free_id
from camscan.register.types import Edit, SeenQuestion

KEPT = "kept"
"""The decision that nothing needs to change."""
_OF_A_REMOVAL = (
    "actual_removal_date",
    "removal_evidence_ref",
    "data_wiped",
    "disposal_route",
    "disposal_certificate_ref",
    "disposal_date",
)
"""Entries that make sense only together with the lifecycle to which they belong."""


def make_who(role: str, because: str, how: str) -> ChangeContext:
    """The person who decides now, by role, with the reason."""
    return ChangeContext(role, how, because, datetime.now(UTC))


def close_conflicts(
    connection: Connection, numbers: Sequence[int], who: ChangeContext, seen: SeenQuestion | None = None
) -> list[Change]:
    """Close conflicts; see ``Register.close_conflicts``."""
    table = schema.conflict
    _require_role(who)
    _require_as_seen(connection, seen)
    rows = {row["id"]: row for row in connection.execute(select(table).where(table.c.id.in_(numbers))).mappings()}
    for number in numbers:
        if number not in rows:
            raise UsageError(f"there is no conflict {number}; `camscan review` lists those that are open")
        if rows[number]["decision"] is not None:
            raise UsageError(f"conflict {number} is already settled")
    decided = {"decision": KEPT, "settled_by": who.role, "settled_at": who.at}
    connection.execute(table.update().where(table.c.id.in_(numbers)).values(**decided))
    names = _asset_numbers(connection, (row["device_id"] for row in rows.values()))
    lines = [(rows[number]["device_id"], "conflict", rows[number]["detail"], KEPT) for number in dict.fromkeys(numbers)]
    return _write_log(connection, lines, names, who)


def keep_separate(
    connection: Connection, one: str, other: str, who: ChangeContext, seen: SeenQuestion | None = None
) -> list[Change]:
    """Settle that two rows are two devices; see ``Register.keep_separate``."""
    _require_role(who)
    _require_as_seen(connection, seen)
    first, second = _live_rows(connection, one, other)
    table = schema.conflict
    pair = (first["id"], second["id"])
    between = table.c.device_id.in_(pair) & table.c.other_id.in_(pair)
    decided = {"decision": APART, "settled_by": who.role, "settled_at": who.at}
    open_ones = connection.execute(table.update().where(between, table.c.decision.is_(None)).values(**decided))
    if not open_ones.rowcount:
        raise UsageError(f"there is no open conflict between {one} and {other}; `camscan review` lists the open ones")
    names = {row["id"]: row["asset_id"] for row in (first, second)}
    lines = [
        (first["id"], "kept_apart_from", "", second["asset_id"]),
        (second["id"], "kept_apart_from", "", first["asset_id"]),
    ]
    return _write_log(connection, lines, names, who)


def merge_devices(
    connection: Connection, keep: str, gone: str, who: ChangeContext, seen: SeenQuestion | None = None
) -> list[Change]:
    """Settle that two rows are one device; see ``Register.merge_devices``."""
    _require_role(who)
    _require_as_seen(connection, seen)
    kept, other = _live_rows(connection, keep, gone)
    ours, theirs = (_decode_entries(connection, row["id"]) for row in (kept, other))
    merge_rows(connection, kept["id"], other["id"], role=who.role, at=who.at)
    filled = _missing_entries(ours, theirs)
    edits = [Edit(keep, column, value) for column, value in filled.items()]
    made = entries.edit_entries(connection, [*edits, *_rename_references(connection, gone, keep)], who)
    lines = [(other["id"], "merged_into", "", keep)]
    lines += [
        (other["id"], column, value, ours.get(column, ""))
        for column, value in theirs.items()
        if column not in filled and value != ours.get(column)
    ]
    return [*made, *_write_log(connection, lines, {other["id"]: gone}, who)]


def _rename_references(connection: Connection, gone: str, keep: str) -> list[Edit]:
    """Entries of other devices that name the merged row, changed so that they name the row that is kept."""
    table, device = schema.people, schema.device
    query = select(device.c.asset_id, table.c.entries).join(device, device.c.id == table.c.device_id)
    naming = (device.c.merged_into.is_(None), cast(table.c.entries, Text).contains(f'"{gone}"'))
    return [
        Edit(row.asset_id, column, keep)
        for row in connection.execute(query.where(*naming))
        for column in NAMING
        if row.entries.get(column) == gone and row.asset_id != keep
    ]


def _missing_entries(ours: Mapping[str, str], theirs: Mapping[str, str]) -> dict[str, str]:
    """The entries of the merged row that the kept row lacks."""
    status = "lifecycle_status"
    another_life = status in ours and ours.get(status) != theirs.get(status)
    left = _OF_A_REMOVAL if another_life else ()
    return {column: value for column, value in theirs.items() if column not in ours and column not in left}


def _live_rows(connection: Connection, one: str, other: str) -> tuple[RowMapping, RowMapping]:
    """The rows of two devices. Raises UsageError if two such devices do not exist."""
    if one == other:
        raise UsageError(f"{one} and {other} are the same row; name two rows")
    table = schema.device
    found = {
        row["asset_id"]: row
        for row in connection.execute(select(table).where(table.c.asset_id.in_((one, other)))).mappings()
    }
    for name in (one, other):
        if name not in found:
            raise UsageError(f"there is no device {name} in the register")
        if found[name]["merged_into"] is not None:
            into = _asset_numbers(connection, [found[name]["merged_into"]])[found[name]["merged_into"]]
            raise UsageError(f"{name} was merged into {into}; name that one")
    return found[one], found[other]


def _decode_entries(connection: Connection, number: int) -> Mapping[str, str]:
    table = schema.people
    row = connection.execute(select(table.c.entries).where(table.c.device_id == number)).first()
    return row.entries if row else {}


def _asset_numbers(connection: Connection, numbers: Iterable[int]) -> dict[int, str]:
    table = schema.device
    rows = connection.execute(select(*table.c["id", "asset_id"]).where(table.c.id.in_(set(numbers))))
    return {row.id: row.asset_id for row in rows}


def _require_role(who: ChangeContext) -> None:
    if not who.role.strip():
        raise UsageError("every change needs the role of the person who makes it; give one")


def _require_as_seen(connection: Connection, seen: SeenQuestion | None) -> None:
    """Raise StaleError if somebody else has settled the question, or changed one of its rows."""
    if seen is None:
        return
    about = {each.number: {each.asset_id, each.other} - {""} for each in list_conflicts(connection)}
    rows = set(seen.revisions)
    if any(about.get(number) != rows for number in seen.conflicts):
        raise StaleError("somebody else has settled this question since you opened it; nothing was written")
    entries.require_unchanged(connection, seen.revisions)


def _write_log(
    connection: Connection, lines: Sequence[tuple[int, str, str, str]], names: Mapping[int, str], who: ChangeContext
) -> list[Change]:
    """Write (device, what, old, new) into the audit log. Returns the lines."""
    table = schema.change
    first = next_free_id(connection, table.name)
    made: list[Change] = []
    rows: list[dict[str, Any]] = []
    for index, (device, what, old, new) in enumerate(lines):
        line = Change(first + index, who.at, who.role.strip(), who.how, names[device], what, old, new, who.because)
        made.append(line)
        rows.append(
            {
                "id": line.number,
                "at": line.at,
                "role": line.role,
                "how": line.how,
                "device_id": device,
                "column_name": what,
                "old": old,
                "new": new,
                "because": line.because,
            }
        )
    if rows:
        connection.execute(table.insert(), rows)
    return made


DECISIONS = (KEPT, APART, MERGED)
"""Every decision that a person may make about a conflict."""
