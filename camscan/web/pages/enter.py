"""Enters something about one device or several: a form, the check of the answers, and the entry.

The pages themselves carry what was typed from step to step, so an interruption or the Back button loses nothing. They
also carry each device's revision, so that nobody overwrites what another person entered meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from camscan import app
from camscan.app.devices import device_site
from camscan.asset import Asset, Change, Lifecycle
from camscan.asset.columns import BY_NAME
from camscan.asset.spelling import choice_in_words
from camscan.dates import day_text
from camscan.errors import StaleError, UsageError
from camscan.page.render import quote_for_address
from camscan.register import Edit, Register
from camscan.web.acts import ACTS, REMARK, Act
from camscan.web.forms import BECAUSE, ROLE, FilledForm, entry_fields, error_list, read_answers, read_sent_revisions
from camscan.web.list_filter import read_filter
from camscan.web.page import Answer, NoSuchPage, NotAllowed, Page, PageContent, PageRequest, Redirect

HOW = "camscan serve"
MOST = 500
"""The most devices that are changed at once."""
_FEW = 20
"""How many changes are shown before they are made."""


def show(request: PageRequest) -> Answer:
    """Draw the form with the values of the register. For several devices it begins empty."""
    act = _act_of_path(request)
    with request.desk.reading() as book:
        rows = _wanted_rows(book, request, _wanted_numbers(book, request))
    values = dict(rows[0].entries) if len(rows) == 1 else {}
    values |= {name: values.get(name) or app.edit.parse_day_or_today(None).isoformat() for name in act.dated_today}
    values[REMARK] = ""
    return _form_page(request, act, rows, FilledForm(values))


def take(request: PageRequest) -> Answer:
    """Check the answers, go back to change them, or make the entries."""
    act, filled = _act_of_path(request), read_answers(_act_of_path(request), request)
    seen = read_sent_revisions(request)
    step = request.form_value("step")
    if step == "change" or filled.errors:
        with request.desk.reading() as book:
            rows = _wanted_rows(book, request, list(seen))
        return _form_page(request, act, rows, FilledForm(filled.answers) if step == "change" else filled)
    try:
        role = request.desk.space.role(request.visitor.role or filled.answers[ROLE])
    except UsageError as error:
        filled.errors[ROLE] = _error_sentence(error)
        role = ""
    with request.desk.space.open(editing=True, create=False) as book:
        rows = _wanted_rows(book, request, list(seen))
        if not role:
            return _form_page(request, act, rows, filled)
        return _check_or_enter(request, act, filled, _Entry(book, rows, seen, role), is_meant=step == "save")


class _Entry:
    """What is to be entered, for which devices, and in which role."""

    def __init__(self, book: Register, rows: Sequence[Asset], seen: Mapping[str, int], role: str) -> None:
        self.book = book
        self.rows = rows
        self.seen = seen
        self.role = role

    def make_changes(self, act: Act, answers: Mapping[str, str], *, dry_run: bool) -> list[Change]:
        """Make the changes.

        Raises UsageError if they contradict the register, StaleError if the register has changed.
        """
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


def _check_or_enter(request: PageRequest, act: Act, filled: FilledForm, entry: _Entry, *, is_meant: bool) -> Answer:
    try:
        changes = entry.make_changes(act, filled.answers, dry_run=True)
        _require_rights(request, changes)
        if is_meant:
            changes = entry.make_changes(act, filled.answers, dry_run=False)
    except StaleError:
        return _form_page(request, act, entry.rows, filled, is_stale=True)
    except UsageError as error:
        filled.errors[""] = _error_sentence(request.visitor.error_text(error))
        return _form_page(request, act, entry.rows, filled)
    if is_meant:
        if filled.answers.get(ROLE):
            request.desk.sessions.act_as(request.secret, entry.role)
        return Redirect(_return_path(entry.rows, saved=len(changes)))
    return _check_page(request, act, filled, entry.rows, changes)


def _require_rights(request: PageRequest, changes: Sequence[Change]) -> None:
    """Raise UsageError for a further entry that this visitor may not make, such as the date of a removal."""
    for change in changes:
        if why := request.visitor.why_not(change.column, change.new):
            raise UsageError(f"{BY_NAME[change.column].heading.lower()}: {why}")


def _check_page(
    request: PageRequest, act: Act, filled: FilledForm, rows: Sequence[Asset], changes: Sequence[Change]
) -> PageContent:
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
        "path": request.path,
        "back": _return_path(rows),
    }
    return PageContent("enter_check", f"Check your answers: {act.title}", values)


def _is_shown(change: Change) -> bool:
    return change.column != "last_confirmed_by_role"


def _change_in_words(change: Change) -> tuple[str, str, str]:
    """A change in words: what is changed, the old value, and the new one."""
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
        return day_text(app.edit.parse_day_or_today(text))
    return text


def _form_page(
    request: PageRequest, act: Act, rows: Sequence[Asset], filled: FilledForm, *, is_stale: bool = False
) -> PageContent:
    is_of_many = len(rows) > 1
    now = {}
    if is_stale and not is_of_many:
        now = {
            name: rows[0].entries.get(name, "") or "nothing"
            for name, value in filled.answers.items()
            if name in BY_NAME and rows[0].entries.get(name, "") != value
        }
    found = entry_fields(act, request.visitor, filled.answers, filled.errors, now, is_of_many=is_of_many)
    errors = error_list(filled.errors)
    if is_stale:
        says = "Somebody else has entered something since you opened this form. Compare, and send it again"
        errors.insert(0, {"text": says})
    values = {
        "act": act,
        "rows": rows,
        "fields": found,
        "errors": errors,
        "path": request.path,
        "back": _return_path(rows),
        "name": _device_name(rows[0]),
    }
    title = f"{'Error: ' if errors else ''}{act.title}"
    return PageContent("enter", title, values, status=422 if errors else 200)


def _error_sentence(error: Exception | str) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}"


def _device_name(row: Asset) -> str:
    return row.entries.get("council_asset_tag") or row.asset_id


def _return_path(rows: Sequence[Asset], saved: int | None = None) -> str:
    said = "" if saved is None else f"?saved={saved}"
    return f"/device/{quote_for_address(rows[0].asset_id)}{said}" if len(rows) == 1 else f"/devices{said}"


def _act_of_path(request: PageRequest) -> Act:
    act = ACTS.get(request.path_values["act"])
    if act is None:
        raise NoSuchPage
    if not act.may_do(request.visitor):
        raise NotAllowed("Your role may not enter this")
    if request.desk.setting.is_read_only:
        raise NotAllowed("camscan serve was started with --read-only: nothing can be entered here")
    return act


def _wanted_numbers(book: Register, request: PageRequest) -> list[str]:
    """The asset numbers in the address, or those of all devices that fit its filter."""
    if request.query_value("all") != "yes":
        return [value for key, value in request.query if key == "n"]
    visitor = request.visitor
    return app.device_list.numbers_of(
        book,
        read_filter(request),
        most=MOST,
        apart=request.desk.front().front.apart,
        sites=visitor.sites,
        plain=not visitor.sees_identifiers,
    )


def _wanted_rows(book: Register, request: PageRequest, numbers: Sequence[str]) -> list[Asset]:
    """The rows of these devices. Raises Missing if one does not exist for this visitor."""
    if not numbers:
        raise UsageError("no device is chosen: tick some in the list, or open one")
    if len(numbers) > MOST:
        raise UsageError(
            f"{len(numbers)} devices are more than the {MOST} that can be changed at once; narrow the list"
        )
    rows = book.devices_by_number(list(dict.fromkeys(numbers)))
    if len(rows) < len({*numbers}) or not all(request.visitor.sees_site(device_site(row)) for row in rows):
        raise NoSuchPage
    return rows


PAGE = Page(path="/enter/{act}", title="Enter", show=show, take=take)
