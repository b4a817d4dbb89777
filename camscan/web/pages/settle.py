"""One question about identity: both rows side by side, a decision, the check of it, and the result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from camscan import app
from camscan.app.review import ComparedFact, Decision, DecisionContext, Likeness, MergeEffects, Question
from camscan.app.timeline import value_in_words
from camscan.asset import Asset
from camscan.asset.columns import heading_of
from camscan.dates import days_in_words
from camscan.errors import StaleError, UsageError
from camscan.register import Register, SeenQuestion, SettledConflict
from camscan.web.forms import BECAUSE, ROLE, FilledForm, error_list, read_role, read_sent_revisions, role_fields
from camscan.web.page import Answer, NoSuchPage, NotAllowed, Page, PageContent, PageRequest, Redirect
from camscan.words import count_text

HOW = "camscan serve"
DECISION, CERTAIN = "decision", "certain"
_NAMES: Mapping[str, str] = {
    "number": "Asset number",
    "maker": "Maker",
    "model": "Model",
    "serial": "Serial number",
    "firmware": "Firmware",
    "MAC": "MAC address",
    "address": "IP address",
    "site": "Site",
    "seen": "Seen by scans",
    "now": "Status",
}
"""Facts that are compared -> their names on the page."""
_SETTLED: Mapping[str, str] = {
    "merged": "The two rows are one device now",
    "apart": "They are two devices",
    "kept": "Nothing was changed",
}
"""Stored decision -> the words for it."""
_STALE = "Somebody else has changed one of these rows since you opened this page. Compare them, and send it again"
_DIFFERENT = {Likeness.DIFFERENT, Likeness.OVERLAP, Likeness.END}


def show(request: PageRequest) -> Answer:
    """Draw the question; if it is settled, the result."""
    number = _question_number(request)
    with request.desk.reading() as book:
        question = app.review.find_question(book, number)
        if question is None:
            return _settled_page(request, book.find_settled(number), number)
        return _form_page(request, question, FilledForm())


def take(request: PageRequest) -> Answer:
    """Check the decision, go back to change it, or settle the question."""
    if request.desk.setting.is_read_only:
        raise NotAllowed("camscan serve was started with --read-only: nothing can be settled here")
    number, filled = _question_number(request), read_role(request)
    filled.answers |= {name: request.form_value(name) for name in (DECISION, CERTAIN)}
    by = DecisionContext(
        filled.answers[ROLE],
        HOW,
        filled.answers[BECAUSE],
        SeenQuestion(_sent_conflicts(request), read_sent_revisions(request)),
    )
    with request.desk.space.open(editing=True, create=False) as book:
        question = app.review.find_question(book, number)
        if question is None:
            return _settled_page(request, book.find_settled(number), number, filled)
        if request.form_value("step") == "change":
            return _form_page(request, question, FilledForm(filled.answers))
        _require_decision(request, question, filled)
        if filled.errors:
            return _form_page(request, question, filled)
        return _check_or_settle(request, book, question, filled, by)


def _check_or_settle(
    request: PageRequest, book: Register, question: Question, filled: FilledForm, by: DecisionContext
) -> Answer:
    is_meant, decision = request.form_value("step") == "save", Decision(filled.answers[DECISION])
    try:
        changes = app.review.settle_question(book, question, decision, by, dry_run=not is_meant)
    except StaleError:
        now = app.review.find_question(book, question.number)
        if now is None:
            return _settled_page(request, book.find_settled(question.number), question.number, filled)
        filled.errors[""] = _STALE
        return _form_page(request, now, filled)
    except UsageError as error:
        filled.errors[""] = str(error)
        return _form_page(request, question, filled)
    if not is_meant:
        return _check_page(
            request,
            question,
            filled,
            decision,
            app.review.merge_effects(changes, *_kept_and_merged(question, decision)),
        )
    if not request.visitor.role:
        request.desk.sessions.act_as(request.secret, by.role)
    return Redirect(f"/review/{question.number}?done=yes")


def _require_decision(request: PageRequest, question: Question, filled: FilledForm) -> None:
    """Check the answers, and note their errors."""
    if not filled.answers[BECAUSE]:
        filled.errors[BECAUSE] = "Enter why"
    decision = filled.answers[DECISION]
    allowed = list(Decision) if len(question.rows) > 1 else [Decision.KEEP]
    if decision not in allowed:
        filled.errors[DECISION] = "Choose what to do with the two rows"
    elif decision in {Decision.FIRST, Decision.SECOND} and filled.answers[CERTAIN] != "yes":
        against = app.review.reasons_against_merge(question, request.desk.space.settings)
        if against:
            filled.errors[CERTAIN] = "Confirm that they are one device although they differ, or choose another answer"


# ── pages ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _form_page(request: PageRequest, question: Question, filled: FilledForm) -> PageContent:
    may = request.visitor.may("settle", send=True)
    title = "Are these two rows one device?" if len(question.rows) > 1 else "Is this row right?"
    values = {
        **_shared_values(request, question),
        "heading": title,
        "facts": list(_compared_facts(question.rows)),
        "entries": list(_compared_entries(question.rows)),
        "against": app.review.reasons_against_merge(question, request.desk.space.settings),
        "choices": _decision_choices(question.rows),
        "answers": {DECISION: "", CERTAIN: "", **filled.answers},
        "wrong": filled.errors,
        "errors": error_list(filled.errors),
        "fields": role_fields(
            request.visitor,
            filled.answers,
            filled.errors,
            hint="For example: both were seen on site. Do not name people.",
            optional=False,
        ),
        "settles": may and not request.desk.setting.is_read_only,
        "corrects": request.visitor.may("enter"),
    }
    return PageContent(
        "settle", f"{'Error: ' if filled.errors else ''}{title}", values, status=422 if filled.errors else 200
    )


def _check_page(
    request: PageRequest, question: Question, filled: FilledForm, decision: Decision, found: MergeEffects
) -> PageContent:
    values = {
        **_shared_values(request, question),
        "decision": _decision_in_words(question, decision),
        "follows": list(_consequences(question, decision)),
        "copied": [(heading_of(name), value_in_words(name, value)) for name, value in found.copied],
        "dropped": [
            (heading_of(name), value_in_words(name, value), value_in_words(name, stands) if stands else "nothing")
            for name, value, stands in found.dropped
        ],
        "renamed": [(number, heading_of(name)) for number, name in found.renamed],
        "is_merge": decision in {Decision.FIRST, Decision.SECOND},
        "answers": filled.answers,
    }
    return PageContent("settle_check", "Check your answers: question about identity", values)


def _settled_page(
    request: PageRequest, found: SettledConflict | None, number: int, filled: FilledForm | None = None
) -> PageContent:
    """The result of a question that is no longer open, with the answers that somebody wanted to give."""
    if found is None:
        raise NoSuchPage
    with request.desk.reading() as book:
        rest, left = app.review.list_questions(book, most=1)
        rows = {row.asset_id: row for row in book.devices_by_number({found.asset_id, found.other} - {""})}
    values = {
        "number": number,
        "found": found,
        "says": _SETTLED.get(found.decision, "It was settled"),
        "rows": [
            (name, _device_label(rows[name])) for name in dict.fromkeys((found.asset_id, found.other)) if name in rows
        ],
        "is_done": request.query_value("done") == "yes" and filled is None,
        "wanted": _wanted_answers(filled) if filled else [],
        "next": rest[0].number if rest else 0,
        "left": left,
    }
    title = "Settled" if filled is None else "Somebody else has settled this"
    return PageContent("settled", title, values, status=200 if filled is None else 409)


def _wanted_answers(filled: FilledForm) -> list[tuple[str, str]]:
    wanted = {
        Decision.FIRST: "They are one device: keep the first row",
        Decision.SECOND: "They are one device: keep the second row",
        Decision.APART: "They are two devices",
        Decision.KEEP: "Leave everything unchanged",
    }
    decision = filled.answers.get(DECISION, "")
    said = wanted[Decision(decision)] if decision in set(Decision) else ""
    return [(name, text) for name, text in (("Decision", said), ("Why", filled.answers[BECAUSE])) if text]


def _shared_values(request: PageRequest, question: Question) -> dict[str, Any]:
    return {
        "question": question,
        "path": request.path,
        "labels": [_device_label(row) for row in question.rows],
        "conflicts": [conflict.number for conflict in question.review.conflicts],
    }


# ── words ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _device_label(row: Asset) -> str:
    """The council tag of a device, or its asset number."""
    return row.entries.get("council_asset_tag") or row.asset_id


def _label_and_number(row: Asset) -> str:
    label = _device_label(row)
    return label if label == row.asset_id else f"{label} (asset number {row.asset_id})"


def _compared_facts(rows: Sequence[Asset]) -> Iterator[ComparedFact]:
    for fact in app.review.compare_facts(rows):
        if fact.name in _NAMES:
            yield ComparedFact(
                _NAMES[fact.name],
                tuple("Not known" if cell == app.choice.UNKNOWN else _in_words(fact.name, cell) for cell in fact.cells),
                fact.likeness,
            )


def _in_words(name: str, cell: str) -> str:
    return days_in_words(cell) if name == "seen" else cell


def _compared_entries(rows: Sequence[Asset]) -> Iterator[ComparedFact]:
    for entry in app.review.compare_entries(rows):
        cells = tuple(
            ""
            if not cell
            else app.device_list.lifecycle_in_words(row.lifecycle)
            if entry.name == "lifecycle_status"
            else value_in_words(entry.name, cell)
            for row, cell in zip(rows, entry.cells, strict=True)
        )
        yield ComparedFact(heading_of(entry.name), cells, entry.likeness)


def _decision_choices(rows: Sequence[Asset]) -> list[dict[str, Any]]:
    if len(rows) < 2:  # noqa: PLR2004 - one row can only be left
        return []
    one, other = map(_device_label, rows)
    part = "{} becomes part of it and is no longer listed. This cannot be undone."
    return [
        {"value": "first", "text": f"One device: keep the first row, {one}", "hint": {"text": part.format(other)}},
        {"value": "second", "text": f"One device: keep the second row, {other}", "hint": {"text": part.format(one)}},
        {
            "value": "apart",
            "text": "Two devices",
            "hint": {"text": "Both rows are kept, and camscan does not ask again."},
        },
        {
            "value": "keep",
            "text": "Leave both unchanged",
            "hint": {
                "text": "Nothing is changed, and camscan does not ask again, unless there is a new contradiction."
            },
        },
    ]


def _kept_and_merged(question: Question, decision: Decision) -> tuple[str, str]:
    return app.review.keep_and_gone(question, decision) if len(question.rows) > 1 else ("", "")


def _decision_in_words(question: Question, decision: Decision) -> str:
    labels = {row.asset_id: _device_label(row) for row in question.rows}
    if decision is Decision.KEEP:
        return "Leave everything unchanged"
    keep, gone = _kept_and_merged(question, decision)
    if decision is Decision.APART:
        return f"{labels[keep]} and {labels[gone]} are two devices"
    return f"{labels[keep]} and {labels[gone]} are one device. {labels[keep]} is kept"


def _consequences(question: Question, decision: Decision) -> Iterator[str]:
    """What happens to each row, one sentence for each."""
    if decision is Decision.KEEP:
        yield "No row is changed. The question is closed, and the log holds your reason."
        return
    keep, gone = _kept_and_merged(question, decision)
    rows = {row.asset_id: row for row in question.rows}
    if decision is Decision.APART:
        yield f"{_device_label(rows[keep])} and {_device_label(rows[gone])} both stay in the register, unchanged."
        yield "camscan does not ask about these two again."
        return
    kept, other = rows[keep], rows[gone]
    yield f"{_label_and_number(kept)} stays. Its asset number and people's entries are kept."
    yield f"{_label_and_number(other)} is no longer listed. A search for its number finds {keep}."
    held = [*other.ip_addresses, *other.mac_addresses]
    sightings = count_text(other.sightings, "sighting")
    seen = f"What scans saw of {_device_label(other)} moves to {_device_label(kept)}: {sightings}"
    yield f"{seen}{', and the addresses ' + ', '.join(held) if held else ''}."
    yield f"Later scans recognise the device as {_device_label(kept)}, wherever they see either."


def _question_number(request: PageRequest) -> int:
    text = request.path_values["question"]
    if not (text.isascii() and text.isdecimal() and len(text) < 10):  # noqa: PLR2004 - digits
        raise NoSuchPage
    return int(text)


def _sent_conflicts(request: PageRequest) -> frozenset[int]:
    """The numbers of the conflicts that the form showed."""
    sent = request.form_values("conflict")
    if not all(text.isascii() and text.isdecimal() and len(text) < 10 for text in sent):  # noqa: PLR2004 - digits
        raise UsageError("the form is damaged; open it again")
    return frozenset(map(int, sent))


PAGE = Page(path="/review/{question}", title="To settle", show=show, take=take, under="review")
