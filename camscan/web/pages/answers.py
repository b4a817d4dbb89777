"""A site manager answers for each device of a site: it is theirs, gone, or unknown. Three steps: list, check, entry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from camscan import app
from camscan.app.device_list import Filter
from camscan.app.devices import device_site
from camscan.asset import CLOSED, Asset
from camscan.asset.columns import BY_NAME
from camscan.asset.entry import normalise
from camscan.asset.kinds import device_type
from camscan.errors import StaleError, UsageError
from camscan.page.render import quote_for_address
from camscan.register import Edit, Register
from camscan.web.forms import ROLE, FilledForm, read_role
from camscan.web.page import Answer, NoSuchPage, NotAllowed, Page, PageContent, PageRequest, Redirect
from camscan.web.plain import plain_type

HOW = "camscan serve"
ANSWERS: Mapping[str, str] = {
    "ours": "It is here, and it is ours",
    "not_ours": "It is here, but it is not ours",
    "gone": "It is gone",
    "unknown": "I do not know",
}
"""Value -> the answer, as the person at the site would say it."""
_LONGEST = 500
"""The most characters of a note."""


@dataclass(frozen=True, slots=True)
class DeviceQuestion:
    """A device, and the question to a site manager about it."""

    number: str
    revision: int
    name: str
    what: str
    where: str
    answer: str = ""
    note: str = ""
    error: str = ""
    reported: str = ""
    """The day on which somebody reported the device gone; empty if nobody did."""


def show(request: PageRequest) -> Answer:
    """Draw the form with the devices of the site, one page of them."""
    name = _site_name(request)
    with request.desk.reading() as book:
        return _form_page(
            request, name, list(_device_questions(_rows_of_page(book, request, name), {}, {})), FilledForm()
        )


def take(request: PageRequest) -> Answer:
    """Check the answers, go back to change them, or enter them."""
    name, given, notes = _site_name(request), _read_answers(request, "answer"), _read_answers(request, "note")
    seen, filled = _read_revisions(request), read_role(request)
    step = request.form_value("step")
    for number, note in notes.items():
        try:
            normalise(BY_NAME["notes"], note)
        except ValueError as error:
            filled.errors[f"note-{number}"] = _error_sentence(error)
        if len(note) > _LONGEST:
            filled.errors[f"note-{number}"] = f"Write at most {_LONGEST} characters"
    if not any(given.values()) and not any(notes.values()):
        filled.errors[""] = "Answer for at least one device"
    with request.desk.space.open(editing=True, create=False) as book:
        rows = _rows_of_form(book, name, list(seen))
        asking = list(_device_questions(rows, given, notes, filled.errors, seen))
        if step == "change" or filled.errors:
            return _form_page(request, name, asking, FilledForm(filled.answers) if step == "change" else filled)
        if step != "save":
            return _check_page(name, asking, filled)
        try:
            changes = book.edit_entries(
                list(_make_edits(rows, asking, filled.answers[ROLE])),
                role=filled.answers[ROLE],
                how=HOW,
                revisions=seen,
            )
        except StaleError:
            filled.errors[""] = (
                "Somebody else has entered something since you opened this list. Check your answers and send them again"
            )
            return _form_page(request, name, list(_device_questions(rows, given, notes)), filled)
        except UsageError as error:
            filled.errors[""] = _error_sentence(error)
            return _form_page(request, name, asking, filled)
    if not request.visitor.role:
        request.desk.sessions.act_as(request.secret, filled.answers[ROLE])
    return Redirect(f"/site/{quote_for_address(name)}?saved={len(changes)}")


# ── the devices and their questions ──────────────────────────────────────────────────────────────────────────────


def _site_name(request: PageRequest) -> str:
    name = request.path_values["key"]
    known = {line.name for line in request.desk.front().front.sites}
    if name not in known or not request.visitor.sees_site(name):
        raise NoSuchPage
    if request.desk.setting.is_read_only:
        raise NotAllowed("camscan serve was started with --read-only: nothing can be entered here")
    return name


def _rows_of_page(book: Register, request: PageRequest, name: str) -> Sequence[Asset]:
    found = app.device_list.page_of_devices(
        *(book, Filter(site=name, sort="tag", page=request.query_number("page"))),
        apart=request.desk.front().front.apart,
        sites=request.visitor.sites,
        plain=not request.visitor.sees_identifiers,
    )
    rows = {row.asset_id: row for row in book.devices_by_number([line.number for line in found.rows])}
    return [
        rows[line.number] for line in found.rows if line.number in rows and rows[line.number].lifecycle not in CLOSED
    ]


def _rows_of_form(book: Register, name: str, numbers: Sequence[str]) -> Sequence[Asset]:
    """The rows of the devices in the form, in its order. Raises Missing if one is not at this site."""
    rows = {row.asset_id: row for row in book.devices_by_number(numbers)}
    if len(rows) < len(numbers) or any(device_site(row) != name for row in rows.values()):
        raise NoSuchPage
    return [rows[number] for number in numbers]


def _device_questions(
    rows: Sequence[Asset],
    given: Mapping[str, str],
    notes: Mapping[str, str],
    errors: Mapping[str, str] | None = None,
    seen: Mapping[str, int] | None = None,
) -> Iterator[DeviceQuestion]:
    for row in rows:
        number, found = row.asset_id, row.identification
        type_ = device_type(found.kind, found.capabilities)
        kind = plain_type(type_) if found.kind else ""
        yield DeviceQuestion(
            number=number,
            revision=(seen or {}).get(number, row.revision),
            name=row.entries.get("council_asset_tag") or number,
            what=", ".join(filter(None, (kind, row.entries.get("brand_on_badge") or found.brand or ""))),
            where=row.entry("location_detail"),
            answer=given.get(number, ""),
            note=notes.get(number, ""),
            error=(errors or {}).get(f"note-{number}", ""),
            reported=row.entries.get("reported_gone_on", ""),
        )


# ── the form ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _read_answers(request: PageRequest, name: str) -> dict[str, str]:
    """Asset number -> the answer of the form."""
    found = {key.partition("-")[2]: request.form_value(key) for key, _ in request.form if key.startswith(f"{name}-")}
    return {number: text for number, text in found.items() if name != "answer" or text in ANSWERS}


def _read_revisions(request: PageRequest) -> dict[str, int]:
    """Asset number -> the revision of the device when the form was made."""
    seen = {}
    for text in request.form_values("device"):
        number, _, revision = text.rpartition("@")
        if not number or not (revision.isascii() and revision.isdecimal() and len(revision) < 16):  # noqa: PLR2004 - digits
            raise UsageError("the form is damaged; open it again")
        seen[number] = int(revision)
    if not seen or len(seen) > app.device_list.MOST:
        raise UsageError("the form is damaged; open it again")
    return seen


def _form_page(request: PageRequest, name: str, asking: Sequence[DeviceQuestion], filled: FilledForm) -> PageContent:
    page = request.query_number("page")
    with request.desk.reading() as book:
        found = app.device_list.page_of_devices(
            *(book, Filter(site=name, sort="tag", page=page)),
            apart=request.desk.front().front.apart,
            sites=request.visitor.sites,
            plain=not request.visitor.sees_identifiers,
        )
    errors = [{"text": text, "href": f"#{key}"} if key else {"text": text} for key, text in filled.errors.items()]
    values = {
        "site": name,
        "asking": asking,
        "choices": ANSWERS,
        "errors": errors,
        "role_error": filled.errors.get(ROLE, ""),
        "role": filled.answers.get(ROLE, ""),
        "asks_role": not request.visitor.role,
        "back": f"/site/{quote_for_address(name)}",
        "page": found.page,
        "pages": found.pages,
        "earlier": request.link(page=found.page - 1) if found.page > 1 else "",
        "later": request.link(page=found.page + 1) if found.page < found.pages else "",
    }
    title = f"{'Error: ' if errors else ''}Are these cameras yours?"
    return PageContent("answers", title, values, 422 if errors else 200)


def _check_page(name: str, asking: Sequence[DeviceQuestion], filled: FilledForm) -> PageContent:
    values = {
        "site": name,
        "asking": asking,
        "said": [each for each in asking if each.answer or each.note],
        "choices": ANSWERS,
        "role": filled.answers[ROLE],
        "back": f"/site/{quote_for_address(name)}",
        "has_gone": any(each.answer == "gone" for each in asking),
    }
    return PageContent("answers_check", "Check your answers", values)


def _make_edits(rows: Sequence[Asset], asking: Sequence[DeviceQuestion], role: str) -> Iterator[Edit]:
    today = app.edit.parse_day_or_today(None)
    for row, each in zip(rows, asking, strict=True):
        if row.lifecycle in CLOSED and each.answer:
            raise UsageError(f"{each.name} was changed since you opened this list; leave it out")
        entries: dict[str, str] = {}
        if each.answer == "ours":
            entries = app.edit.visit_entries(row, role, today)
        elif each.answer == "not_ours":
            entries = app.edit.not_ours_entries()
        elif each.answer == "gone":
            entries = {"reported_gone_on": row.entries.get("reported_gone_on") or today.isoformat()}
        if each.note:
            line = app.edit.note_line(role, each.note)
            held = row.entries.get("notes", "")
            entries["notes"] = f"{held}\n{line}" if held else line
        for column, value in entries.items():
            yield Edit(row.asset_id, column, value)


def _error_sentence(error: Exception) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}"


PAGE = Page(path="/answers/{key:path}", title="Are these cameras yours?", show=show, take=take, under="sites")
