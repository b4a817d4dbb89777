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
from camscan.dates import spoken
from camscan.errors import BusyError, StaleError, UsageError
from camscan.web import incoming
from camscan.web.forms import BECAUSE, ROLE, Filled, read_role
from camscan.web.holding import received
from camscan.web.incoming import SHEET, FileEffect, ImportChoices
from camscan.web.page import Answer, Asked, Download, Drawn, Page, Redirect, Refused, Upload
from camscan.web.rights import Visitor

MOST = 50_000_000
"""Bytes of a file."""
_SECONDS = 120.0
_ROWS, _LINES = 100, 100
"""Changes and remarks that are shown; the file of all differences has every one."""
_SUFFIXES = ".csv,.xlsx,.ods"


def show(asked: Asked) -> Answer:
    """The form that takes a file."""
    _require_writing(asked)
    return _form_page(
        asked, ImportChoices(kind=asked.one("kind") or SHEET, as_of=spoken(app.edit.parse_day_or_today(None)))
    )


def take(asked: Asked) -> Answer:
    """Check a file, go back, enter it, or return its differences."""
    _require_writing(asked)
    wish, step = incoming.read_choices(asked), asked.sent("step")
    if step == "cancel":
        asked.desk.holding.drop(asked.secret)
        return Redirect("/exchange/import")
    upload, held = received(asked)
    if step == "change":
        return _form_page(asked, wish, held=held, name=upload.name if upload else "")
    if upload is None:
        return _form_page(asked, wish, {"file": "Choose a file"})
    if not asked.desk.holding.reading.acquire(blocking=False):
        raise BusyError("another file is being read; try again in a minute")
    try:
        return (
            _answer_sheet(asked, upload, wish, held)
            if wish.kind == SHEET
            else _answer_evidence(asked, upload, wish, held)
        )
    except UsageError as error:
        return _form_page(asked, wish, {"file": _error_text(asked, error)}, held=held, name=upload.name)
    finally:
        asked.desk.holding.reading.release()


def _require_writing(asked: Asked) -> None:
    if asked.desk.setting.is_read_only:
        raise Refused("camscan serve was started with --read-only: nothing can be entered here")


# ── the form ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _form_page(
    asked: Asked, wish: ImportChoices, errors: Mapping[str, str] | None = None, *, held: str = "", name: str = ""
) -> Drawn:
    visitor = asked.visitor
    kinds = [(SHEET, "A spreadsheet", "The register that somebody filled in, or another list of cameras")]
    if visitor.reads_lists:
        kinds += [
            (each.name, f"{each.noun[:1].upper()}{each.noun[1:]}", f"{each.title[:1].upper()}{each.title[1:]}")
            for each in app.elsewhere.all_sources()
        ]
    said = asked.has("changed")
    values = {
        "wish": wish,
        "kinds": kinds,
        "errors": errors or {},
        "held": held,
        "name": name,
        "may_add": visitor.writes_everything,
        "reads_lists": visitor.reads_lists,
        "sites": [each.name for each in asked.desk.space.settings.sites if visitor.sees_site(each.name)],
        "suffixes": _SUFFIXES,
        "most": MOST // 1_000_000,
        "done": {name: asked.number(name, 0) for name in ("changed", "devices", "added")} if said else None,
    }
    return Drawn("import_", "Error: Import" if errors else "Import", values, 422 if errors else 200)


def _error_text(asked: Asked, error: Exception) -> str:
    return incoming.in_page_words(asked.visitor.error_text(error), asked.visitor)


# ── a spreadsheet ────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _SentFile:
    """A file, the choices for it, and the name under which it is held."""

    upload: Upload
    wish: ImportChoices
    held: str


def _answer_sheet(asked: Asked, upload: Upload, wish: ImportChoices, held: str) -> Answer:
    step, file = asked.sent("step"), _SentFile(upload, wish, held)
    work = incoming.compare_upload(asked, upload, wish)
    if step == "differences":
        return Download("differences.csv", _differences_csv(work, asked.visitor).encode(), "text/csv; charset=utf-8")
    if step != "save":
        return _check_page(asked, file, work)
    filled = read_role(asked)
    if not filled.errors:
        try:
            done = incoming.apply_upload(
                *(asked, upload, wish),
                role=filled.answers[ROLE],
                because=filled.answers[BECAUSE],
                mark=asked.sent("mark") or "none",
            )
        except StaleError:
            again = incoming.compare_upload(asked, upload, wish)
            says = "Somebody else has entered something meanwhile. Check the differences again, and save them"
            return _check_page(asked, file, again, Filled(filled.answers, {"": says}))
        except UsageError as error:
            filled.errors[""] = _error_text(asked, error)
        else:
            asked.desk.holding.drop(asked.secret)
            return Redirect(_after_entry(asked, done, filled))
    return _check_page(asked, file, work, filled)


def _after_entry(asked: Asked, work: Import, filled: Filled) -> str:
    if not asked.visitor.role:
        asked.desk.sessions.act_as(asked.secret, filled.answers[ROLE])
    edits, _ = work.edits_and_rows()
    devices = len({edit.asset_id for edit in edits})
    return f"/exchange/import?changed={len(edits)}&devices={devices}&added={len(work.added)}"


def _check_page(asked: Asked, file: _SentFile, work: Import, filled: Filled | None = None) -> Drawn:
    filled = filled or Filled()
    edits, new = work.edits_and_rows()
    changes, lines = list(_change_rows(work)), list(_remark_rows(work, asked.visitor))
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
        "notes": [incoming.in_page_words(each, asked.visitor) for each in (*work.found.notes, *work.found.unknown)],
        "strangers": 0 if work.add else len(work.compared.strangers),
        "may_add": asked.visitor.writes_everything,
        "errors": _error_summary(filled),
        "answers": filled.answers,
        "wrong": filled.errors,
        "asks_role": not asked.visitor.role,
    }
    title = f"{'Error: ' if filled.errors else ''}Check the differences"
    return Drawn("import_check", title, values, 422 if filled.errors else 200)


def _error_summary(filled: Filled) -> list[dict[str, str]]:
    return [{"text": text, "href": f"#{name}"} if name else {"text": text} for name, text in filled.errors.items()]


def _change_rows(work: Import) -> Iterator[tuple[int, str, str, str, str, str]]:
    """Row, device, its number (empty for a new one), column, old and new value."""
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
    """Row, what became of it, and why."""
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


# ── what other systems know ──────────────────────────────────────────────────────────────────────────────────────


def _answer_evidence(asked: Asked, upload: Upload, wish: ImportChoices, held: str) -> Answer:
    if asked.sent("step") == "save":
        done = incoming.enter_file(asked, upload, wish)
        asked.desk.holding.drop(asked.secret)
        new, known = _count_devices(done)
        return Redirect(f"/exchange/import?changed={known}&devices={known}&added={new}&kind={wish.kind}")
    found = incoming.preview_file(asked, upload, wish)
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
    return Drawn("import_list_check", "Check what the file says", values)


def _count_devices(found: FileEffect) -> tuple[int, int]:
    """The number of new devices, and of known devices about which something is added."""
    if found.recorded is not None:
        return len(found.recorded.new), len(found.recorded.changed)
    devices = found.entered.devices if found.entered else ()
    return sum(each.is_new for each in devices), sum(bool(each.added) and not each.is_new for each in devices)


def _device_rows(found: FileEffect) -> Iterator[tuple[str, str, str, str]]:
    """Whether the device is new, its addresses, what it is, and what is added."""
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


def _left_out_counts(found: FileEffect) -> Sequence[tuple[str, int]]:
    reasons = dict(found.evidence.left_out)
    for why, number in (found.entered.left_out if found.entered else {}).items():
        reasons[why] = reasons.get(why, 0) + number
    return sorted(reasons.items(), key=lambda each: -each[1])


PAGE = Page(
    path="/exchange/import",
    title="Import",
    show=show,
    take=take,
    under="exports",
    most=MOST + 100_000,
    seconds=_SECONDS,
)
