"""Undoes the last import of a spreadsheet, from the log. Nothing that people have entered since is lost.

Everything happens inside one transaction of the caller. A device that the import added, and that nobody has changed
since, becomes a row that represents nothing (``merged_into`` names itself); its lines of the log stay.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, Text, cast, or_, select

from camscan.asset import Change
from camscan.asset.lifecycle import complete_entries
from camscan.dataclass import dataclass
from camscan.errors import UsageError
from camscan.register import schema
from camscan.register.asset_numbers import minted_second
from camscan.register.entries import ChangeContext, edit_entries
from camscan.register.log import list_changes
from camscan.register.plain_sql import Row
from camscan.register.rows import select_rows
from camscan.register.types import Edit, UndoneImport

IMPORT = "import of "
"""How the log names a change that came from a spreadsheet."""
_UNDONE = re.compile(r"undo of .* \((\d+)\)")


def undo_last_import(connection: Connection, who: ChangeContext) -> UndoneImport:
    """Undo the last import that was not undone; see ``Register.undo_import``."""
    log = list_changes(connection)
    group = _last_import(log)
    if not group:
        raise UsageError("the log has no spreadsheet import that can be undone")
    who = ChangeContext(who.role, f"undo of {group[0].how} ({group[0].number})", who.because, who.at)
    work = _Undoing(connection, log, group, who)
    for name in dict.fromkeys(change.asset_id for change in group):
        work.undo_device(name)
    made = edit_entries(connection, work.edits, who) if work.edits else []
    for number in work.numbers:
        table, key = schema.device, schema.device_key
        connection.execute(key.delete().where(key.c.device_id == number))
        connection.execute(table.update().where(table.c.id == number).values(merged_into=number))
    return UndoneImport(group[0].how, group[0].role, group[0].at, tuple(made), tuple(work.gone), tuple(work.kept))


def _last_import(log: Sequence[Change]) -> list[Change]:
    """The changes of the newest import that was not undone, in their order."""
    undone = {int(found[1]) for change in log if (found := _UNDONE.fullmatch(change.how))}
    groups: defaultdict[tuple[object, str, str], list[Change]] = defaultdict(list)
    for change in log:
        if change.how.startswith(IMPORT):
            groups[change.at, change.role, change.how].append(change)
    left = [group for group in groups.values() if group[0].number not in undone]
    return max(left, key=lambda group: group[-1].number, default=[])


@dataclass(slots=True)
class _Device:
    """What the register holds about one device of the import."""

    row: Row
    entries: Mapping[str, str]
    before: Sequence[Change]
    own: Sequence[Change]
    after: Sequence[Change]


class _Undoing:
    """Undoes one import, device by device."""

    def __init__(
        self, connection: Connection, log: Sequence[Change], group: Sequence[Change], who: ChangeContext
    ) -> None:
        self.edits: list[Edit] = []
        self.gone: list[str] = []
        self.numbers: list[int] = []
        self.kept: list[tuple[str, str]] = []
        self._connection = connection
        self._who = who
        first, last = group[0].number, group[-1].number
        names = {change.asset_id for change in group}
        self._log: defaultdict[str, tuple[list[Change], list[Change], list[Change]]] = defaultdict(lambda: ([], [], []))
        ours = {change.number for change in group}
        for change in log:
            if change.asset_id in names:
                place = 1 if change.number in ours else 0 if change.number < first else 2
                self._log[change.asset_id][place].append(change)
        self._last = last
        self._rows = {row["asset_id"]: row for row in select_rows(connection, "device", "asset_id", names)}
        numbers = [row["id"] for row in self._rows.values()]
        people = select_rows(connection, "people", "device_id", numbers)
        self._entries = {row["device_id"]: row["entries"] for row in people}

    def undo_device(self, name: str) -> None:
        """Decide what happens to one device that the import changed or added."""
        row = self._rows[name]
        if row["merged_into"] is not None:
            self.kept.append((name, "was has since been merged with another device"))
            return
        device = _Device(row, self._entries.get(row["id"], {}), *self._log[name])
        is_added = not device.before and minted_second(name) == int(device.own[0].at.timestamp())
        if is_added and row["first_scan"] is None:
            self._remove_device(name, device)
            return
        self._revert_changes(name, device)
        if is_added:
            self.kept.append((name, "the device is kept: a scan has seen it since"))

    def _remove_device(self, name: str, device: _Device) -> None:
        reasons = {
            "somebody entered something about it since": bool(device.after),
            "another device names it": self._is_referenced(name, device.row["id"]),
        }
        why = next((reason for reason, holds in reasons.items() if holds), "")
        if why:
            self.kept.append((name, f"stays: {why}"))
            return
        self.edits += [Edit(name, column, "") for column in device.entries]
        self.gone.append(name)
        self.numbers.append(device.row["id"])

    def _revert_changes(self, name: str, device: _Device) -> None:
        wanted = {}
        for change in device.own:
            if device.entries.get(change.column, "") == change.new:
                wanted[change.column] = change.old
            else:
                held = device.entries.get(change.column, "")
                self.kept.append((name, f"{change.column} is still '{held}': it was changed since"))
        try:
            whole = complete_entries(device.entries, wanted, self._who.at.date())
        except ValueError as error:
            self.kept.append((name, f"is unchanged: {error}"))
            return
        if set(whole) - set(wanted):  # what would remain is not what was there before
            wanted = {**wanted, **{column: device.entries.get(column, "") for column in set(whole) - set(wanted)}}
        self.edits += [Edit(name, column, value) for column, value in wanted.items()]

    def _is_referenced(self, name: str, number: int) -> bool:
        table, people = schema.device, schema.people
        behind = select(table.c.id).where(table.c.recorder_id == number, table.c.merged_into.is_(None)).limit(1)
        named = cast(people.c.entries, Text).contains(f'"{name}"', autoescape=True)
        by_people = select(people.c.device_id).where(or_(named), people.c.device_id != number).limit(1)
        return any(self._connection.execute(query).first() is not None for query in (behind, by_people))
