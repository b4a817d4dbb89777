"""Imports a file into the register: it is sent, checked line by line, and only then entered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from camscan import app
from camscan.app.spreadsheet import Import
from camscan.app.timeline import value_in_words
from camscan.asset import Asset
from camscan.asset.columns import BY_NAME
from camscan.cells import csv_text
from camscan.dates import day_text
from camscan.errors import BusyError, StaleError, UsageError
from camscan.web import incoming
from camscan.web.forms import BECAUSE, ROLE, FilledForm, read_role
from camscan.web.holding import received_file
from camscan.web.incoming import SHEET, FileEffect, ImportChoices
from camscan.web.page import Answer, Download, NotAllowed, Page, PageContent, PageRequest, Redirect, Upload
from camscan.web.rights import Visitor
from camscan.words import count_reason

MOST = 50_000_000
"""The largest file, in bytes."""
_SECONDS = 120.0
_ROWS, _LINES = 100, 100
"""How many changes and remarks are shown; the file of all differences has every one."""
_SUFFIXES = ".csv,.xlsx,.ods"


def show(request: PageRequest) -> Answer:
    """Draw the form that takes a file."""
    _require_writing(request)
    return _form_page(
        request,
        ImportChoices(kind=request.query_value("kind") or SHEET, as_of=day_text(app.edit.parse_day_or_today(None))),
    )


def take(request: PageRequest) -> Answer:
    """Check a file, go back, enter it, or return its differences."""
    _require_writing(request)
    wish, step = incoming.read_choices(request), request.form_value("step")
    if step == "cancel":
        request.desk.holding.drop(request.secret)
        return Redirect("/exchange/import")
    upload, held = received_file(request)
    if step == "change":
        return _form_page(request, wish, held=held, name=upload.name if upload else "")
    if upload is None:
        return _form_page(request, wish, {"file": "Choose a file"})
    if not request.desk.holding.reading.acquire(blocking=False):
        raise BusyError("another file is being read; try again in a minute")
    try:
        return (
            _answer_sheet(request, upload, wish, held)
            if wish.kind == SHEET
            else _answer_evidence(request, upload, wish, held)
        )
    except UsageError as error:
        return _form_page(request, wish, {"file": _error_text(request, error)}, held=held, name=upload.name)
    finally:
        request.desk.holding.reading.release()


def _require_writing(request: PageRequest) -> None:
    if request.desk.setting.is_read_only:
        raise NotAllowed("camscan serve was started with --read-only: nothing can be entered here")


# ── the form ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _form_page(
    request: PageRequest,
    wish: ImportChoices,
    errors: Mapping[str, str] | None = None,
    *,
    held: str = "",
    name: str = "",
) -> PageContent:
    visitor = request.visitor
    kinds = [(SHEET, "A spreadsheet", "The register that somebody filled in, or another list of cameras")]
    if visitor.reads_lists:
        kinds += [
            (
                source.name,
                f"{source.noun[:1].upper()}{source.noun[1:]}",
                f"{source.title[:1].upper()}{source.title[1:]}",
            )
            for source in app.elsewhere.all_sources()
        ]
    said = request.has_query("changed")
    values = {
        "wish": wish,
        "kinds": kinds,
        "errors": errors or {},
        "held": held,
        "name": name,
        "may_add": visitor.writes_everything,
        "reads_lists": visitor.reads_lists,
        "sites": [site.name for site in request.desk.space.settings.sites if visitor.sees_site(site.name)],
        "suffixes": _SUFFIXES,
        "most": MOST // 1_000_000,
        "done": {name: request.query_number(name, 0) for name in ("changed", "devices", "added")} if said else None,
    }
    return PageContent("import_", "Error: Import" if errors else "Import", values, 422 if errors else 200)


def _error_text(request: PageRequest, error: Exception) -> str:
    return incoming.in_page_words(request.visitor.error_text(error), request.visitor)


# ── a spreadsheet ────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _SentFile:
    """A file, the choices for it, and the name under which it is held."""

    upload: Upload
    wish: ImportChoices
    held: str


def _answer_sheet(request: PageRequest, upload: Upload, wish: ImportChoices, held: str) -> Answer:
    step, file = request.form_value("step"), _SentFile(upload, wish, held)
    work = incoming.compare_upload(request, upload, wish)
    if step == "differences":
        return Download("differences.csv", _differences_csv(work, request.visitor).encode(), "text/csv; charset=utf-8")
    if step != "save":
        return _check_page(request, file, work)
    filled = read_role(request)
    if not filled.errors:
        try:
            done = incoming.apply_upload(
                *(request, upload, wish),
                role=filled.answers[ROLE],
                because=filled.answers[BECAUSE],
                mark=request.form_value("mark") or "none",
            )
        except StaleError:
            again = incoming.compare_upload(request, upload, wish)
            says = "Somebody else has entered something meanwhile. Check the differences again, and save them"
            return _check_page(request, file, again, FilledForm(filled.answers, {"": says}))
        except UsageError as error:
            filled.errors[""] = _error_text(request, error)
        else:
            request.desk.holding.drop(request.secret)
            return Redirect(_after_entry(request, done, filled))
    return _check_page(request, file, work, filled)


def _after_entry(request: PageRequest, work: Import, filled: FilledForm) -> str:
    if not request.visitor.role:
        request.desk.sessions.act_as(request.secret, filled.answers[ROLE])
    edits, _ = work.edits_and_rows()
    devices = len({edit.asset_id for edit in edits})
    return f"/exchange/import?changed={len(edits)}&devices={devices}&added={len(work.added)}"


def _check_page(request: PageRequest, file: _SentFile, work: Import, filled: FilledForm | None = None) -> PageContent:
    filled = filled or FilledForm()
    edits, new = work.edits_and_rows()
    changes, lines = list(_change_rows(work)), list(_remark_rows(work, request.visitor))
    values = {
        "name": file.upload.name,
        "work": work,
        "wish": file.wish,
        "held": file.held,
        "changes": changes[:_ROWS],
        "more": max(len(changes) - _ROWS, 0),
        "entries": len(edits),
        "devices": len({edit.asset_id for edit in edits}),
        "new": len(new),
        "lines": lines[:_LINES],
        "more_lines": max(len(lines) - _LINES, 0),
        "notes": [
            incoming.in_page_words(each, request.visitor)
            for each in (*work.found.notes, *work.found.unknown, *work.found.unread)
        ],
        "strangers": 0 if work.add else len(work.compared.strangers),
        "may_add": request.visitor.writes_everything,
        "errors": _error_summary(filled),
        "answers": filled.answers,
        "wrong": filled.errors,
        "asks_role": not request.visitor.role,
    }
    title = f"{'Error: ' if filled.errors else ''}Check the differences"
    return PageContent("import_check", title, values, 422 if filled.errors else 200)


def _error_summary(filled: FilledForm) -> list[dict[str, str]]:
    return [{"text": text, "href": f"#{name}"} if name else {"text": text} for name, text in filled.errors.items()]


def _change_rows(work: Import) -> Iterator[tuple[int, str, str, str, str, str]]:
    """The changes of a spreadsheet: row, device, its number (empty for a new one), column, old and new value."""
    entries = [*work.compared.entries, *(work.sorted.filled if work.add else ())]
    for entry in sorted(entries, key=lambda each: each.row):
        column = BY_NAME[entry.column]
        old, new = (value_in_words(entry.column, text) for text in (entry.old, entry.new))
        yield entry.row, _device_name(work.assets[entry.asset_id]), entry.asset_id, column.heading, old, new
    for each in work.sorted.new if work.add else ():
        for name, value in each.entries.items():
            yield each.row, "New device", "", BY_NAME[name].heading, "", value_in_words(name, value)


def _device_name(row: Asset) -> str:
    return row.entries.get("council_asset_tag") or row.asset_id


def _remark_rows(work: Import, visitor: Visitor) -> Iterator[tuple[int, str, str]]:
    """The remarks about a spreadsheet: row, result, and reason."""
    found = [(number, "Left out", text) for number, text in work.compared.left_out]
    found += [(number, "Kept as it was", text) for number, text in work.compared.kept]
    if work.add:
        found += [(number, "Left out", text) for number, text in work.sorted.left_out]
        found += [(number, "In the register already", text) for number, text in work.sorted.known]
    for number, what, why in sorted(found, key=lambda each: each[0]):
        yield number, what, incoming.in_page_words(why, visitor)


def _differences_csv(work: Import, visitor: Visitor) -> str:
    rows = [(str(row), number or name, what, old, new, "") for row, name, number, what, old, new in _change_rows(work)]
    rows += [(str(row), "", "", "", "", f"{what}: {why}") for row, what, why in _remark_rows(work, visitor)]
    return csv_text(("Row", "Device", "What", "Now", "After", "Remark"), rows)


# ── files of other systems ───────────────────────────────────────────────────────────────────────────────────────


def _answer_evidence(request: PageRequest, upload: Upload, wish: ImportChoices, held: str) -> Answer:
    if request.form_value("step") == "save":
        done = incoming.enter_file(request, upload, wish)
        request.desk.holding.drop(request.secret)
        new, known = _count_devices(done)
        return Redirect(f"/exchange/import?changed={known}&devices={known}&added={new}&kind={wish.kind}")
    found = incoming.preview_file(request, upload, wish)
    new, known = _count_devices(found)
    values = {
        "name": upload.name,
        "wish": wish,
        "held": held,
        "evidence": found.evidence,
        "new": new,
        "known": known,
        "devices": list(_device_rows(found))[:_ROWS],
        "left_out": _left_out_counts(found),
        "problems": found.evidence.problems[:_LINES],
    }
    return PageContent("import_list_check", "Check what the file says", values)


def _count_devices(found: FileEffect) -> tuple[int, int]:
    """The number of new devices, and of known devices about which something is added."""
    if found.recorded is not None:
        return len(found.recorded.new), len(found.recorded.changed)
    devices = found.entered.devices if found.entered else ()
    return sum(device.is_new for device in devices), sum(bool(device.added) and not device.is_new for device in devices)


def _device_rows(found: FileEffect) -> Iterator[tuple[str, str, str, str]]:
    """The devices of a file: whether each is new, its addresses, what it is, and what is added."""
    if found.entered is None:
        for device in found.evidence.report.devices:
            what = device.identification
            yield "Heard", ", ".join(device.ip_addresses), _maker_and_model(what.maker, what.model), ""
        return
    for each in sorted(found.entered.devices, key=lambda each: not each.is_new):
        if each.is_new or each.added:
            where = ", ".join((*each.ip_addresses[:2], *each.mac_addresses[:1]))
            is_what = _maker_and_model(each.after.maker, each.after.model)
            yield "New" if each.is_new else "Known", where, is_what, "; ".join(each.added)


def _maker_and_model(maker: str | None, model: str | None) -> str:
    return " ".join(filter(None, (app.choice.maker_name(maker, ""), model))) or "Not known"


def _left_out_counts(found: FileEffect) -> Sequence[str]:
    reasons = dict(found.evidence.left_out)
    for why, number in (found.entered.left_out if found.entered else {}).items():
        reasons[why] = reasons.get(why, 0) + number
    return [count_reason(number, why) for why, number in sorted(reasons.items(), key=lambda each: -each[1])]


PAGE = Page(
    path="/exchange/import",
    title="Import",
    show=show,
    take=take,
    under="exports",
    most=MOST + 100_000,
    seconds=_SECONDS,
)
