"""Enters something about one device or several: a form, the check of the answers, and the entry.

The pages themselves carry what was typed from step to step, so an interruption or the Back button loses nothing. Each
device's revision is carried too, so that nobody overwrites what another person entered meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from camscan import app
from camscan.app.devices import device_site
from camscan.asset import Asset, Change, Lifecycle
from camscan.asset.columns import BY_NAME
from camscan.asset.spelling import choice_in_words
from camscan.dates import spoken
from camscan.errors import StaleError, UsageError
from camscan.page.render import quote_for_address
from camscan.register import Edit, Register
from camscan.web.acts import ACTS, REMARK, Act
from camscan.web.forms import BECAUSE, ROLE, Filled, entry_fields, error_list, read_answers, revisions_sent
from camscan.web.list_filter import read_filter
from camscan.web.page import Answer, Asked, Drawn, Missing, Page, Redirect, Refused

HOW = "camscan serve"
MOST = 500
"""Devices that are changed at once."""
_FEW = 20
"""Changes that are shown before they are made."""


def show(asked: Asked) -> Answer:
    """The form with the values of the register. For several devices it begins empty."""
    act = _act_of_path(asked)
    with asked.desk.reading() as book:
        rows = _wanted_rows(book, asked, _wanted_numbers(book, asked))
    values = dict(rows[0].entries) if len(rows) == 1 else {}
    values |= {name: values.get(name) or app.edit.parse_day_or_today(None).isoformat() for name in act.dated_today}
    values[REMARK] = ""
    return _form_page(asked, act, rows, Filled(values))


def take(asked: Asked) -> Answer:
    """Check the answers, go back to change them, or make the entries."""
    act, filled = _act_of_path(asked), read_answers(_act_of_path(asked), asked)
    seen = revisions_sent(asked)
    step = asked.sent("step")
    if step == "change" or filled.errors:
        with asked.desk.reading() as book:
            rows = _wanted_rows(book, asked, list(seen))
        return _form_page(asked, act, rows, Filled(filled.answers) if step == "change" else filled)
    try:
        role = asked.desk.space.role(asked.visitor.role or filled.answers[ROLE])
    except UsageError as error:
        filled.errors[ROLE] = _error_sentence(error)
        role = ""
    with asked.desk.space.open(editing=True, create=False) as book:
        rows = _wanted_rows(book, asked, list(seen))
        if not role:
            return _form_page(asked, act, rows, filled)
        return _check_or_enter(asked, act, filled, _Entry(book, rows, seen, role), is_meant=step == "save")


class _Entry:
    """What is to be entered, for which devices, in which role."""

    def __init__(self, book: Register, rows: Sequence[Asset], seen: Mapping[str, int], role: str) -> None:
        self.book = book
        self.rows = rows
        self.seen = seen
        self.role = role

    def make_changes(self, act: Act, answers: Mapping[str, str], *, dry_run: bool) -> list[Change]:
        """The changes. Raises UsageError if they contradict the register, StaleError if the register has changed."""
        edits = [
            Edit(row.asset_id, column, value)
            for row in self.rows
            for column, value in self._column_entries(act, row, answers).items()
        ]
        return self.book.edit_entries(
            edits,
            role=self.role,
            how=HOW,
            because=answers.get(BECAUSE, ""),
            dry_run=dry_run,
            revisions=self.seen,
        )

    def _column_entries(self, act: Act, row: Asset, answers: Mapping[str, str]) -> dict[str, str]:
        is_of_many = len(self.rows) > 1
        own = {
            name: value
            for name, value in answers.items()
            if name in BY_NAME and (value or not is_of_many) and value != row.entries.get(name, "")
        }
        own |= act.further_entries(row, self.role, answers)
        if answers.get(REMARK):
            line = app.edit.note_line(self.role, answers[REMARK])
            held = row.entries.get("notes", "")
            own["notes"] = f"{held}\n{line}" if held else line
        return own


def _check_or_enter(asked: Asked, act: Act, filled: Filled, entry: _Entry, *, is_meant: bool) -> Answer:
    try:
        changes = entry.make_changes(act, filled.answers, dry_run=True)
        _require_rights(asked, changes)
        if is_meant:
            changes = entry.make_changes(act, filled.answers, dry_run=False)
    except StaleError:
        return _form_page(asked, act, entry.rows, filled, is_stale=True)
    except UsageError as error:
        filled.errors[""] = _error_sentence(asked.visitor.error_text(error))
        return _form_page(asked, act, entry.rows, filled)
    if is_meant:
        if filled.answers.get(ROLE):
            asked.desk.sessions.act_as(asked.secret, entry.role)
        return Redirect(_return_path(entry.rows, saved=len(changes)))
    return _check_page(asked, act, filled, entry.rows, changes)


def _require_rights(asked: Asked, changes: Sequence[Change]) -> None:
    """Raise UsageError for a further entry that this visitor may not make, such as the date of a removal."""
    for change in changes:
        if why := asked.visitor.why_not(change.column, change.new):
            raise UsageError(f"{BY_NAME[change.column].heading.lower()}: {why}")


def _check_page(asked: Asked, act: Act, filled: Filled, rows: Sequence[Asset], changes: Sequence[Change]) -> Drawn:
    names = {row.asset_id: _device_name(row) for row in rows}
    shown = [
        (names.get(change.asset_id, change.asset_id), *_change_in_words(change))
        for change in changes
        if _is_shown(change)
    ]
    values = {
        "act": act,
        "rows": rows,
        "shown": shown[:_FEW],
        "more": max(len(shown) - _FEW, 0),
        "devices": len({change.asset_id for change in changes}),
        "answers": filled.answers,
        "path": asked.path,
        "back": _return_path(rows),
    }
    return Drawn("enter_check", f"Check your answers: {act.title}", values)


def _is_shown(change: Change) -> bool:
    return change.column != "last_confirmed_by_role"


def _change_in_words(change: Change) -> tuple[str, str, str]:
    """What is changed, from which value, to which."""
    column = BY_NAME.get(change.column)
    if column is None:
        return change.column, change.old, change.new
    if column.name == "notes":
        return column.heading, "", change.new.removeprefix(change.old).strip()
    return column.heading, _value_in_words(column.name, change.old), _value_in_words(column.name, change.new)


def _value_in_words(name: str, text: str) -> str:
    column = BY_NAME[name]
    if name == "lifecycle_status":
        return app.device_list.lifecycle_in_words(Lifecycle(text or Lifecycle.FOUND))
    if text and column.choices:
        return choice_in_words(name, text)
    if text and column.kind == "date":
        return spoken(app.edit.parse_day_or_today(text))
    return text


def _form_page(asked: Asked, act: Act, rows: Sequence[Asset], filled: Filled, *, is_stale: bool = False) -> Drawn:
    is_of_many = len(rows) > 1
    now = {}
    if is_stale and not is_of_many:
        now = {
            name: rows[0].entries.get(name, "") or "nothing"
            for name, value in filled.answers.items()
            if name in BY_NAME and rows[0].entries.get(name, "") != value
        }
    found = entry_fields(act, asked.visitor, filled.answers, filled.errors, now, is_of_many=is_of_many)
    errors = error_list(filled.errors)
    if is_stale:
        says = "Somebody else has entered something since you opened this form. Compare, and send it again"
        errors.insert(0, {"text": says})
    values = {
        "act": act,
        "rows": rows,
        "fields": found,
        "errors": errors,
        "path": asked.path,
        "back": _return_path(rows),
        "name": _device_name(rows[0]),
    }
    title = f"{'Error: ' if errors else ''}{act.title}"
    return Drawn("enter", title, values, status=422 if errors else 200)


def _error_sentence(error: Exception | str) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}"


def _device_name(row: Asset) -> str:
    return row.entries.get("council_asset_tag") or row.asset_id


def _return_path(rows: Sequence[Asset], saved: int | None = None) -> str:
    said = "" if saved is None else f"?saved={saved}"
    return f"/device/{quote_for_address(rows[0].asset_id)}{said}" if len(rows) == 1 else f"/devices{said}"


def _act_of_path(asked: Asked) -> Act:
    act = ACTS.get(asked.within["act"])
    if act is None:
        raise Missing
    if not act.may_do(asked.visitor):
        raise Refused("Your role may not enter this")
    if asked.desk.setting.is_read_only:
        raise Refused("camscan serve was started with --read-only: nothing can be entered here")
    return act


def _wanted_numbers(book: Register, asked: Asked) -> list[str]:
    """The numbers in the address, or those of all devices that fit its filter."""
    if asked.one("all") != "yes":
        return [value for key, value in asked.query if key == "n"]
    visitor = asked.visitor
    return app.device_list.numbers_of(
        book,
        read_filter(asked),
        most=MOST,
        apart=asked.desk.front().front.apart,
        sites=visitor.sites,
        plain=not visitor.sees_identifiers,
    )


def _wanted_rows(book: Register, asked: Asked, numbers: Sequence[str]) -> list[Asset]:
    """The rows of these devices. Raises Missing if one does not exist for this visitor."""
    if not numbers:
        raise UsageError("no device is chosen: tick some in the list, or open one")
    if len(numbers) > MOST:
        raise UsageError(
            f"{len(numbers)} devices are more than the {MOST} that can be changed at once; narrow the list"
        )
    rows = book.devices_by_number(list(dict.fromkeys(numbers)))
    if len(rows) < len({*numbers}) or not all(asked.visitor.sees_site(device_site(row)) for row in rows):
        raise Missing
    return rows


PAGE = Page(path="/enter/{act}", title="Enter", show=show, take=take)
