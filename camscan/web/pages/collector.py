"""One collector: its state, its words and its errands; approve it, ask it for a scan, revoke it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from camscan import app
from camscan.app.collectors import CollectorState
from camscan.dates import moment_text
from camscan.errors import UsageError
from camscan.store.collectors import State
from camscan.web.collector_forms import NOT_COMPARED, SAME, code_page, read_role_alone, refuse_read_only, role_field
from camscan.web.collector_words import as_sentence, collector_condition, errand_condition, version_text, waiting_text
from camscan.web.forms import ROLE, error_list
from camscan.web.page import Answer, NoSuchPage, Page, PageContent, PageRequest, Redirect

_ERRANDS = 20
"""How many requests to the collector are shown, the newest first."""
_WITHIN: Mapping[str, str] = {"12": "12 hours", "24": "One day", "72": "Three days", "168": "One week"}
_USUAL = "24"
_DONE: Mapping[str, str] = {
    "approved": "It is approved: from now on, what it sends is recorded.",
    "asked": "The collector gets this request the next time it asks.",
    "revoked": "It is revoked: nothing more from it is recorded.",
}


def show(request: PageRequest) -> Answer:
    """Draw the collector's state and the forms about it."""
    return _collector_page(request, _find_collector(request), {})


def take(request: PageRequest) -> Answer:
    """Approve the collector, ask it for a scan, make another code, or revoke it."""
    refuse_read_only(request)
    each, step = _find_collector(request), request.form_value("step")
    role, errors = read_role_alone(request)
    if step == "revoking" or (step == "revoke" and errors):
        return _question_page(request, each, errors if step == "revoke" else {})
    if step == "approve":
        return _approve(request, each, role, errors)
    if step == "scan":
        return _ask_for_scan(request, each)
    if errors:
        return _collector_page(request, each, errors)
    if step == "code":
        now = datetime.now(UTC)
        code = app.collectors.renew_code(request.desk.space, each.collector, role, now)
        return code_page(request, each.collector, code, now)
    if step == "revoke":
        app.collectors.revoke_collector(request.desk.space, each.collector, role)
        return _redirect_done(request, "revoked")
    raise UsageError("the form is damaged; open it again")


def _find_collector(request: PageRequest) -> CollectorState:
    text = request.path_values["collector"]
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0  # noqa: PLR2004 - digits
    found = app.collectors.find_collector_state(request.desk.store, number)
    if found is None:
        raise NoSuchPage
    return found


def _redirect_done(request: PageRequest, what: str) -> Redirect:
    return Redirect(f"{request.path}?done={what}")


def _approve(request: PageRequest, each: CollectorState, role: str, errors: dict[str, str]) -> Answer:
    if each.collector.state is not State.WAITING:
        raise UsageError("it does not wait for approval any more; open its page again")
    if request.form_value("words") != each.words:
        errors[SAME] = "Its words have changed. Compare them again"
    elif request.form_value(SAME) != "yes":
        errors[SAME] = NOT_COMPARED
    if errors:
        return _collector_page(request, each, errors)
    app.collectors.approve_collector(request.desk.space, each.collector, role)
    return _redirect_done(request, "approved")


def _ask_for_scan(request: PageRequest, each: CollectorState) -> Answer:
    within = request.form_value("within", _USUAL)
    if within not in _WITHIN:
        return _collector_page(request, each, {"within": "Choose how long it may wait"})
    try:
        app.collectors.ask_for_scan(
            request.desk.space, each.collector, request.form_value("site") or None, timedelta(hours=int(within))
        )
    except UsageError:
        return _collector_page(request, each, {"site": "Choose one of its sites"})
    return _redirect_done(request, "asked")


def _question_page(request: PageRequest, each: CollectorState, errors: Mapping[str, str]) -> PageContent:
    values = {"each": each, "fields": role_field(request, {}, errors), "errors": error_list(errors)}
    return PageContent("collector_revoke", "Revoke a collector", values, 422 if errors else 200)


def _collector_page(request: PageRequest, each: CollectorState, errors: Mapping[str, str]) -> PageContent:
    now, one = datetime.now(UTC), each.collector
    may_change = request.visitor.may("collector", send=True) and not request.desk.setting.is_read_only
    errands = app.collectors.errands_of(request.desk.store, one)[:_ERRANDS]
    values = {
        "each": each,
        "state": one.state.value,
        "condition": collector_condition(each, now),
        "rows": _collector_rows(request, each, now),
        "errands": [(errand, errand_condition(errand, each.collector, now)) for errand in errands],
        "may_change": may_change,
        "fields": role_field(request, {ROLE: request.form_value(ROLE)}, errors),
        "errors": error_list(errors),
        "wrong": errors,
        "sites": [{"value": name, "text": name} for name in one.sites],
        "within": [{"value": value, "text": text} for value, text in _WITHIN.items()],
        "usual": _USUAL,
        "done": _DONE.get(request.query_value("done"), ""),
    }
    title = f"{'Error: ' if errors else ''}{one.name}"
    return PageContent("collector", title, values, 422 if errors else 200)


def _collector_rows(request: PageRequest, each: CollectorState, now: datetime) -> list[tuple[str, str]]:
    """Facts about the collector: name and value of each row."""
    one = each.collector
    full = app.arrivals.keys_of_full_days(request.desk.space, request.desk.store, [one.key])
    parcels = ", ".join(f"{count:,} {state}" for state, count in each.parcels.items())
    rows = [
        ("Sites", ", ".join(one.sites) or "None"),
        ("Networks besides", ", ".join(map(str, one.networks))),
        ("Six words", each.words or "None yet: it has no key"),
        ("Last heard", moment_text(one.seen_at) if one.seen_at else "Never"),
        ("Its camscan", version_text(each)),
        ("Its fingerprints", str(one.said.get("edition", ""))),
        ("Last problem", as_sentence(each.trouble)),
        ("Parcels that arrived", parcels),
        ("Waiting", waiting_text(each, full, now)),
        ("Added", moment_text(one.since)),
        ("Last changed by", one.role),
    ]
    return [(name, text) for name, text in rows if text]


PAGE = Page(path="/collectors/{collector}", title="Collector", show=show, take=take, under="coverage")
