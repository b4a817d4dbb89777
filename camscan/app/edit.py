"""What people enter about devices: facts, decisions and work that was done."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from camscan.app.devices import describe_briefly, find_device, find_devices
from camscan.app.workspace import Workspace, find_workspace
from camscan.asset import CLOSED, GONE, Asset, Change, Lifecycle, RecordType
from camscan.asset.columns import BY_NAME, EDITABLE, STATED
from camscan.asset.entry import normalise
from camscan.asset.spelling import nearest_hint, plain_name
from camscan.dates import read_day
from camscan.errors import OptionError, UsageError
from camscan.register import Edit, NewRow
from camscan.sheets.guess import column_meant

if TYPE_CHECKING:
    from camscan.register import Register


@dataclass(frozen=True, slots=True)
class EntryContext:
    """Who makes entries, why, where, and whether in earnest: the arguments of everything that enters something."""

    role: str | None = None
    """The role of the person; None for that of camscan.yaml."""
    because: str = ""
    dry_run: bool = False
    register: str | Path | None = None
    config: Path | None = None
    how: str = "camscan"
    """How it was entered, for the log, such as the name of the command."""

    def make_workspace(self) -> Workspace:
        """The configuration and the register that are meant."""
        return find_workspace(self.config, self.register)


@dataclass(frozen=True, slots=True)
class EntryResult:
    """The result of making entries."""

    changes: Sequence[Change]
    """The changes; values that were the same before are not among them."""
    rows: Sequence[Asset]
    """The devices as they were before."""
    left_out: Sequence[Asset] = ()
    """If a complete site was meant: devices that were left out because they are removed or not ours."""


def enter_entries(
    names: Sequence[str],
    entries: Mapping[str, str] | Callable[[Asset, str], Mapping[str, str]],
    acting: EntryContext,
    *,
    site: str | None = None,
    closed_too: bool = False,
) -> EntryResult:
    """Make entries about the named devices, or those of a site.

    ``entries`` are the same for all, or depend on the device and the role. Of a complete site, devices that are removed
    or not ours are left out unless ``closed_too``.
    """
    space = acting.make_workspace()
    role = space.role(acting.role)
    with space.open(editing=True, create=False) as book:
        rows = find_devices(book, names, site)
        closed = [] if site is None or closed_too else [row for row in rows if row.lifecycle in CLOSED]
        rows = [row for row in rows if row not in closed]
        edits = [
            Edit(row.asset_id, column, value)
            for row in rows
            for column, value in (entries(row, role) if callable(entries) else entries).items()
        ]
        changes = book.edit_entries(edits, role=role, how=acting.how, because=acting.because, dry_run=acting.dry_run)
    return EntryResult(changes, rows, closed)


def enter_visit(
    names: Sequence[str], acting: EntryContext, *, on: str | None = None, site: str | None = None
) -> EntryResult:
    """Record a visit to devices. A device that was only found is visited from then on; a later status is unchanged."""
    visit = parse_day_or_today(on)
    return enter_entries(names, lambda row, role: visit_entries(row, role, visit), acting, site=site)


def enter_removal(names: Sequence[str], evidence: str, acting: EntryContext, *, on: str | None = None) -> EntryResult:
    """Record that devices were removed; ``evidence`` is the proof of it."""
    taken_down = parse_day_or_today(on) if on else None
    return enter_entries(names, lambda row, _: removal_entries(row, evidence, taken_down), acting)


def enter_accepted_risk(
    names: Sequence[str], ref: str, acting: EntryContext, *, until: str | None = None, site: str | None = None
) -> EntryResult:
    """Record the decision to keep devices: where it is written down, and until when.

    Raises UsageError for a past day.
    """
    entries = accepted_risk_entries(ref, until)
    return enter_entries(names, entries, acting, site=site)


def enter_not_ours(
    names: Sequence[str], acting: EntryContext, *, controller: str | None = None, site: str | None = None
) -> EntryResult:
    """Record that devices belong to somebody else, and to whom, if that is known."""
    return enter_entries(names, not_ours_entries(controller), acting, site=site)


def enter_note(name: str, text: str, acting: EntryContext) -> tuple[Asset, str]:
    """Add a line to the notes of a device, after today's date and the role. Returns the device and the line."""
    space = acting.make_workspace()
    role = space.role(acting.role)
    line = note_line(role, text)
    with space.open(editing=True, create=False) as book:
        row = find_device(book, name)
        book.append_line(row.asset_id, "notes", line, role=role, how=acting.how)
    return row, line


@dataclass(frozen=True, slots=True)
class AddedDevice:
    """A device that a person added, because no scan has seen it."""

    row: Asset | None
    """Its row; None if it was only a trial."""
    entries: Mapping[str, str]
    recorder: str
    """Asset number of the recorder that it is connected to; empty for none."""


def add_device(
    entries: Mapping[str, str], acting: EntryContext, *, recorder: str | None = None, channel: int | None = None
) -> AddedDevice:
    """Add a device that no scan has seen; ``recorder`` names the recorder that it is connected to."""
    space = acting.make_workspace()
    own = dict(entries)
    named, number = own.pop("recorder_asset_id", ""), own.pop("recorder_channel", "")
    recorder = recorder or named or None
    if number and recorder is None:
        raise UsageError("recorder_channel needs recorder_asset_id; give both")
    channel = channel if channel is not None or not number else int(number)
    role = space.role(acting.role)
    with space.open(editing=True) as book:
        behind = find_device(book, recorder).asset_id if recorder else ""
        refuse_known_device(book, own)
        kind = RecordType.BEHIND_RECORDER if behind else RecordType.MANUAL
        rows = [NewRow(kind, own, behind, channel)]
        (name,) = book.add_devices(rows, role=role, how=acting.how, because=acting.because, dry_run=acting.dry_run)
        return AddedDevice(None if acting.dry_run else find_device(book, name), own, behind)


# ── entries of each act ──────────────────────────────────────────────────────────────────────────────────────────


def visit_entries(row: Asset, role: str, on: date) -> dict[str, str]:
    """Entries of a visit to a device.

    The status of one that was only found becomes *Visited*; a later status is unchanged.
    """
    made = {"last_confirmed_on": on.isoformat(), "last_confirmed_by_role": role}
    return made | {"lifecycle_status": "confirmed"} if row.lifecycle is Lifecycle.FOUND else made


def removal_entries(row: Asset, evidence: str, on: date | None = None) -> dict[str, str]:
    """Entries of a removal, today unless another day is given; ``evidence`` is the proof of it."""
    made = {"removal_evidence_ref": evidence}
    if row.lifecycle not in GONE:
        made["lifecycle_status"] = "removed"
    if on or row.lifecycle not in GONE:
        made["actual_removal_date"] = (on or parse_day_or_today(None)).isoformat()
    return made


def accepted_risk_entries(ref: str, until: str | None = None) -> dict[str, str]:
    """Entries of a decision to keep a device. Raises UsageError for a day that has passed."""
    last = parse_day_or_today(until) if until else None
    if last and last < parse_day_or_today(None):
        raise OptionError(f"the day until which the risk is accepted, {last}, has passed; name today or a later day")
    return {
        "lifecycle_status": "accepted_risk",
        "scope_decision_ref": ref,
        "accepted_until": last.isoformat() if last else "",
    }


def not_ours_entries(controller: str | None = None) -> dict[str, str]:
    """Entries of a device that is not the council's, and whose it is, if that is known."""
    entries = {"lifecycle_status": "not_ours"}
    return entries | {"controller": controller} if controller else entries


def note_line(role: str, text: str) -> str:
    """A line for the notes, after today's date and the role. Raises UsageError for an empty text."""
    if not text.strip():
        raise OptionError("the note is empty")
    return f"{parse_day_or_today(None).isoformat()} {role}: {text.strip()}"


# ── what may be entered ──────────────────────────────────────────────────────────────────────────────────────────


def _did_you_mean(name: str) -> str:
    """A hint which column may have been meant: one that is spelled similarly, or one that camera lists call so."""
    called = column_meant(name)
    said = f"; did you mean {called}?" if called in BY_NAME and BY_NAME[called].is_editable else ""
    return nearest_hint(name, [column.name for column in EDITABLE]) or said or "; `camscan set --columns` lists them"


def entries_of(words: Sequence[str]) -> dict[str, str]:
    """The entries in words such as COLUMN=VALUE. Raises UsageError for an unknown column or a bad value."""
    entries = {}
    for word in words:
        given, equals, value = word.partition("=")
        name = plain_name(given)
        column = BY_NAME.get(name)
        if not equals or column is None:
            near = _did_you_mean(name)
            raise UsageError(f"there is no column '{given}'{near}" if equals else f"'{word}': write it as COLUMN=VALUE")
        if not column.is_editable:
            stated = f"; to correct it, fill in {STATED[name]}" if name in STATED else ""
            raise UsageError(f"{name} cannot be edited: {column.what}{stated}")
        try:
            entries[name] = normalise(column, value)
        except ValueError as error:
            raise UsageError(f"{name}: {error}") from None
    return entries


def stated_column(word: str) -> str:
    """The column in which a person states a fact: ``stated_model`` for ``model``."""
    name, equals, value = word.partition("=")
    if not equals:
        return word  # the error shows it as it was written
    return f"{STATED.get(plain_name(name), name)}{equals}{value}"


def refuse_known_device(book: Register, entries: Mapping[str, str]) -> None:
    """Raise UsageError if the register has a device with this council tag, serial number or MAC address."""
    for column in ("council_asset_tag", "stated_serial_number", "stated_mac_address"):
        found = book.find_devices(entries[column]) if entries.get(column) else []
        if found:
            raise UsageError(f"{column} {entries[column]} is already in the register: {describe_briefly(found[0])}")


def parse_day_or_today(text: str | None) -> date:
    """The day in a text, as people write dates; today if there is no text."""
    if not text:
        return datetime.now(UTC).astimezone().date()
    try:
        return read_day(text)
    except ValueError as error:
        raise UsageError(str(error)) from None
