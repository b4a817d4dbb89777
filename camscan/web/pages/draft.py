"""A draft of the programme: the limits, the next months, devices that cannot be placed, the check, the entry."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from camscan import app
from camscan.app.plan import NAMED, Draft, Limits
from camscan.asset import Change
from camscan.asset.columns import BY_NAME
from camscan.asset.entry import normalise
from camscan.dates import read_day
from camscan.errors import StaleError, UsageError
from camscan.register import Register
from camscan.web import drafted
from camscan.web.forms import BECAUSE, ROLE, Field, FilledForm, error_list, read_role, role_fields
from camscan.web.page import Answer, NotAllowed, Page, PageContent, PageRequest, Redirect

HOW = "camscan serve"
_STALE = (
    "The register has changed since this draft was made, and nothing was saved. Below is the draft as it is now. "
    "Check it, and continue again"
)


@dataclass(frozen=True, slots=True)
class _DraftRequest:
    """The request for a draft: the fields as they were typed, and their values."""

    typed: Mapping[str, str]
    errors: dict[str, str] = field(default_factory=dict)
    by: str = ""
    begin: str | None = None
    limits: Limits = field(default_factory=Limits)
    site: str | None = None

    def make_draft(self, request: PageRequest, book: Register) -> Draft | None:
        """Make the draft. Returns None, and notes an error, if there cannot be one."""
        if self.errors:
            return None
        settings = request.desk.space.settings
        try:
            return app.plan.propose_plan(
                book, settings, by=self.by, begin=self.begin, within=self.limits, site=self.site
            )
        except UsageError as error:
            text = str(error)
            self.errors["by"] = f"{text[:1].upper()}{text[1:]}"
            return None


def show(request: PageRequest) -> Answer:
    """Draw the form; if the address has a day, the draft as well. Nothing is written."""
    if not request.has_query("by"):
        return _draft_page(request, _DraftRequest({}), None)
    wanted = _read_request(request.query_value)
    with request.desk.reading() as book:
        draft = wanted.make_draft(request, book)
    return _draft_page(request, wanted, draft)


def take(request: PageRequest) -> Answer:
    """Check what would be entered, go back, or enter it."""
    if request.desk.setting.is_read_only:
        raise NotAllowed("camscan serve was started with --read-only: a draft can be looked at, but not applied")
    wanted, filled, step = _read_request(request.form_value), read_role(request), request.form_value("step")
    with request.desk.space.open(editing=True, create=False) as book:
        draft = wanted.make_draft(request, book)
        if draft is None or step == "change" or filled.errors:
            return _draft_page(request, wanted, draft, FilledForm(filled.answers) if step == "change" else filled)
        try:
            changes = app.plan.write_plan(
                book,
                draft,
                role=filled.answers[ROLE],
                how=HOW,
                because=filled.answers[BECAUSE],
                mark=request.form_value("mark") or "none",
                dry_run=step != "save",
            )
        except StaleError:
            filled.errors[""] = _STALE
            return _draft_page(request, wanted, wanted.make_draft(request, book), filled)
    if step != "save":
        return _check_page(request, wanted, draft, filled, changes)
    if not request.visitor.role:
        request.desk.sessions.act_as(request.secret, filled.answers[ROLE])
    return Redirect(f"/plan?saved={len(changes)}")


# ── the request ──────────────────────────────────────────────────────────────────────────────────────────────────


def _read_request(sent: Callable[[str], str]) -> _DraftRequest:
    typed = {name: sent(name) for name in ("by", "begin", "per_month", "budget", "yearly", "cost_each", "site")}
    errors: dict[str, str] = {}
    by, begin = (_read_day(name, typed, errors) for name in ("by", "begin"))
    if not typed["by"]:
        errors["by"] = "Enter the last day of the programme"
    limits = Limits(
        per_month=_read_number(typed, errors),
        budget=_read_money("budget", typed, errors),
        is_yearly=typed["yearly"] == "year",
        cost_each=_read_money("cost_each", typed, errors),
    )
    return _DraftRequest(typed, errors, by, begin or None, limits, typed["site"] or None)


def _read_day(name: str, typed: Mapping[str, str], errors: dict[str, str]) -> str:
    try:
        return read_day(typed[name]).isoformat() if typed[name] else ""
    except ValueError as error:
        errors[name] = drafted.capitalise(str(error))
        return ""


def _read_number(typed: Mapping[str, str], errors: dict[str, str]) -> int | None:
    text = typed["per_month"].replace(",", "")
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and int(text[:8]) > 0 and len(text) < 8):  # noqa: PLR2004 - digits
        errors["per_month"] = "Enter a whole number of devices, 1 or more"
        return None
    return int(text)


def _read_money(name: str, typed: Mapping[str, str], errors: dict[str, str]) -> Decimal | None:
    try:
        text = normalise(BY_NAME["estimated_cost"], typed[name])
    except ValueError as error:
        errors[name] = drafted.capitalise(str(error))
        return None
    return Decimal(text) if text else None


def _form_fields(request: PageRequest, wanted: _DraftRequest) -> Iterator[Field]:
    typed, errors = wanted.typed, wanted.errors
    named = [line.name for line in request.desk.front().front.sites]
    for name, label, hint, kind in (
        ("by", "Last day of the programme", "For example 31 March 2029.", "date"),
        ("begin", "First day (optional)", "Leave it empty for the first of next month.", "date"),
        ("per_month", "Devices a month, at most (optional)", "The number that can be removed.", "number"),
        ("budget", "Budget (optional)", "In pounds, for the removal.", "money"),
    ):
        yield Field(name=name, label=label, hint=hint, kind=kind, value=typed.get(name, ""), error=errors.get(name, ""))
    yield Field(
        name="yearly",
        label="The budget is for",
        kind="radios",
        choices=(("whole", "The whole programme"), ("year", "Each financial year, April to March")),
        value=typed.get("yearly") or "whole",
    )
    yield Field(
        name="cost_each",
        label="Cost of a device that has none (optional)",
        hint="camscan assumes it, and enters it when you apply the draft.",
        kind="money",
        value=typed.get("cost_each", ""),
        error=errors.get("cost_each", ""),
    )
    yield Field(
        name="site",
        label="Site",
        hint="Other sites keep their plan.",
        kind="select",
        choices=(("", "All sites"), *((name, name) for name in named)),
        value=typed.get("site", ""),
    )


# ── pages ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _draft_page(
    request: PageRequest, wanted: _DraftRequest, draft: Draft | None, filled: FilledForm | None = None
) -> PageContent:
    filled = filled or FilledForm()
    errors = {**wanted.errors, **filled.errors}
    values: dict[str, Any] = {
        "fields": list(_form_fields(request, wanted)),
        "errors": error_list(errors),
        "typed": wanted.typed,
        "draft": None,
    }
    if draft is not None:
        proposal = draft.proposal
        values |= {
            "draft": proposal,
            "mark": app.plan.draft_mark(draft),
            "says": list(drafted.draft_sentences(draft)),
            "chart": drafted.month_chart(draft),
            "months": drafted.month_table(draft),
            "unplaced": drafted.first_devices((*proposal.unplaced, *proposal.unpriced), draft.named),
            "advice": [drafted.capitalise(sentence) for sentence in proposal.advice],
            "left": list(drafted.groups_left_alone(draft)),
            "formula": app.plan.describe_formula(request.desk.space.settings.planning.formula),
            "signing": role_fields(request.visitor, filled.answers, filled.errors),
        }
    title = f"{'Error: ' if errors else ''}Draft a plan"
    return PageContent("draft", title, values, status=422 if errors else 200)


def _check_page(
    request: PageRequest, wanted: _DraftRequest, draft: Draft, filled: FilledForm, changes: Sequence[Change]
) -> PageContent:
    planned = list(draft.proposal.planned.items())
    values = {
        "path": request.path,
        "typed": wanted.typed,
        "mark": app.plan.draft_mark(draft),
        "answers": filled.answers,
        "devices": len({change.asset_id for change in changes}),
        "entries": len(changes),
        "says": list(drafted.draft_sentences(draft)),
        "advice": [drafted.capitalise(sentence) for sentence in draft.proposal.advice],
        "shown": [
            drafted.planned_entry(draft.named[name], phase, draft)
            for name, phase in planned[:NAMED]
            if name in draft.named
        ],
        "assumes": draft.proposal.limits.cost_each is not None,
        "more": max(len(planned) - NAMED, 0),
    }
    return PageContent("draft_check", "Check the draft", values)


PAGE = Page(path="/plan/draft", title="Draft a plan", show=show, take=take, under="plan")
