"""One collector: how it stands, its words, what it was asked for; approve it, ask it for a scan, revoke it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from camscan import app
from camscan.app.collectors import Standing
from camscan.dates import spoken_moment
from camscan.errors import UsageError
from camscan.store.collectors import State
from camscan.web.collector_forms import NOT_COMPARED, SAME, read_role_alone, refuse_read_only, role_field, shown_code
from camscan.web.collector_words import condition_of, errand_condition, sentence, version_text, waiting_text
from camscan.web.forms import ROLE, error_list
from camscan.web.page import Answer, Asked, Drawn, Missing, Page, Redirect

_ERRANDS = 20
"""Requests that are shown, the newest first."""
_WITHIN: Mapping[str, str] = {"12": "12 hours", "24": "One day", "72": "Three days", "168": "One week"}
_USUAL = "24"
_DONE: Mapping[str, str] = {
    "approved": "It is approved: from now on, what it sends is recorded.",
    "asked": "The collector gets this request the next time it asks.",
    "revoked": "It is revoked: nothing more from it is recorded.",
}


def show(asked: Asked) -> Answer:
    """How it stands."""
    return _page(asked, _standing(asked), {})


def take(asked: Asked) -> Answer:
    """Approve it, ask for a scan, make another code, revoke it."""
    refuse_read_only(asked)
    each, step = _standing(asked), asked.sent("step")
    role, errors = read_role_alone(asked)
    if step == "revoking" or (step == "revoke" and errors):
        return _question(asked, each, errors if step == "revoke" else {})
    if step == "approve":
        return _approve(asked, each, role, errors)
    if step == "scan":
        return _ask_for_scan(asked, each)
    if errors:
        return _page(asked, each, errors)
    if step == "code":
        now = datetime.now(UTC)
        code = app.collectors.renew_code(asked.desk.space, each.collector, role, now)
        return shown_code(asked, each.collector, code, now)
    if step == "revoke":
        app.collectors.revoke_collector(asked.desk.space, each.collector, role)
        return _done(asked, "revoked")
    raise UsageError("the form is damaged; open it again")


def _standing(asked: Asked) -> Standing:
    text = asked.within["collector"]
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0  # noqa: PLR2004 - digits
    found = app.collectors.find_standing(asked.desk.store, number)
    if found is None:
        raise Missing
    return found


def _done(asked: Asked, what: str) -> Redirect:
    return Redirect(f"{asked.path}?done={what}")


def _approve(asked: Asked, each: Standing, role: str, errors: dict[str, str]) -> Answer:
    if each.collector.state is not State.WAITING:
        raise UsageError("it does not wait for approval any more; open its page again")
    if asked.sent("words") != each.words:
        errors[SAME] = "Its words have changed. Compare them again"
    elif asked.sent(SAME) != "yes":
        errors[SAME] = NOT_COMPARED
    if errors:
        return _page(asked, each, errors)
    app.collectors.approve_collector(asked.desk.space, each.collector, role)
    return _done(asked, "approved")


def _ask_for_scan(asked: Asked, each: Standing) -> Answer:
    within = asked.sent("within", _USUAL)
    if within not in _WITHIN:
        return _page(asked, each, {"within": "Choose how long it may wait"})
    try:
        app.collectors.ask_for_scan(
            asked.desk.space, each.collector, asked.sent("site") or None, timedelta(hours=int(within))
        )
    except UsageError:
        return _page(asked, each, {"site": "Choose one of its sites"})
    return _done(asked, "asked")


def _question(asked: Asked, each: Standing, errors: Mapping[str, str]) -> Drawn:
    values = {"each": each, "fields": role_field(asked, {}, errors), "errors": error_list(errors)}
    return Drawn("collector_revoke", "Revoke a collector", values, 422 if errors else 200)


def _page(asked: Asked, each: Standing, errors: Mapping[str, str]) -> Drawn:
    now, one = datetime.now(UTC), each.collector
    may_change = asked.visitor.may("collector", send=True) and not asked.desk.setting.is_read_only
    errands = app.collectors.errands_of(asked.desk.store, one)[:_ERRANDS]
    values = {
        "each": each,
        "state": one.state.value,
        "condition": condition_of(each, now),
        "rows": _rows(asked, each, now),
        "errands": [(errand, errand_condition(errand, each.collector, now)) for errand in errands],
        "may_change": may_change,
        "fields": role_field(asked, {ROLE: asked.sent(ROLE)}, errors),
        "errors": error_list(errors),
        "wrong": errors,
        "sites": [{"value": name, "text": name} for name in one.sites],
        "within": [{"value": value, "text": text} for value, text in _WITHIN.items()],
        "usual": _USUAL,
        "done": _DONE.get(asked.one("done"), ""),
    }
    title = f"{'Error: ' if errors else ''}{one.name}"
    return Drawn("collector", title, values, 422 if errors else 200)


def _rows(asked: Asked, each: Standing, now: datetime) -> list[tuple[str, str]]:
    """What is known about it."""
    one = each.collector
    full = app.arrivals.keys_of_full_days(asked.desk.space, asked.desk.store, [one.key])
    parcels = ", ".join(f"{count:,} {state}" for state, count in each.parcels.items())
    rows = [
        ("Sites", ", ".join(one.sites) or "None"),
        ("Networks besides", ", ".join(map(str, one.networks))),
        ("Six words", each.words or "None yet: it has no key"),
        ("Last heard", spoken_moment(one.seen_at) if one.seen_at else "Never"),
        ("Its camscan", version_text(each)),
        ("Its fingerprints", str(one.said.get("edition", ""))),
        ("Last problem", sentence(each.trouble)),
        ("Parcels that arrived", parcels),
        ("Waiting", waiting_text(each, full, now)),
        ("Added", spoken_moment(one.since)),
        ("Last changed by", one.role),
    ]
    return [(name, text) for name, text in rows if text]


PAGE = Page(path="/collectors/{collector}", title="Collector", show=show, take=take, under="coverage")
