"""Who looked at what and who changed what, by account: for auditors and owners, also as a CSV."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta

from camscan.asset.spelling import in_words
from camscan.cells import csv_text
from camscan.dates import read_day
from camscan.store.act import OUTCOMES, Act, ActQuery
from camscan.web.page import Answer, Download, Page, PageContent, PageRequest
from camscan.web.rights import subject_of

_MOST = 50
_MOST_OF_FILE = 50_000
_HEADS = ("When (UTC)", "Account", "Role", "Method", "Page", "First change", "Last change", "Outcome", "Session")


def show(request: PageRequest) -> Answer:
    """Draw one page of the acts, or return all of them as a file."""
    wrong: list[str] = []
    people = {subject_of(person.number): person.account.code for person in request.desk.people.all()}
    wanted = _read_wanted(request, people, wrong)
    if request.query_value("file") == "csv" and not wrong:
        found, _ = request.desk.acts.page(wanted, 0, _MOST_OF_FILE)
        text = csv_text(_HEADS, (_csv_row(each, people) for each in found))
        return Download("camscan-access.csv", text.encode("utf-8-sig"), "text/csv; charset=utf-8")
    page = max(request.query_number("page"), 1)
    found, total = request.desk.acts.page(wanted, (page - 1) * _MOST, _MOST)
    pages = max(-(-total // _MOST), 1)
    names = ("since", "until", "path", "change")
    values = {
        "rows": [(each, _account_name(each, people)) for each in found],
        "total": total,
        "accounts": [(code, code, code == request.query_value("account")) for code in people.values()],
        "outcomes": [(outcome, in_words(outcome), outcome == wanted.outcome) for outcome in OUTCOMES],
        "held": {name: request.query_value(name) for name in names},
        "trouble": wrong,
        "file": request.link(file="csv", page=None),
        "file_holds": min(total, _MOST_OF_FILE),
        "earlier": request.link(page=page - 1) if page > 1 else "",
        "later": request.link(page=page + 1) if page < pages else "",
        "page": page,
        "pages": pages,
    }
    return PageContent("acts", "Error: Access log" if wrong else "Access log", values)


def _read_wanted(request: PageRequest, people: Mapping[str, str], wrong: list[str]) -> ActQuery:
    since, until = (_read_day(request.query_value(name), wrong) for name in ("since", "until"))
    code, outcome = request.query_value("account"), request.query_value("outcome")
    return ActQuery(
        subject=next((subject for subject, each in people.items() if code and each == code), ""),
        outcome=outcome if outcome in OUTCOMES else "",
        path=request.query_value("path")[:200],
        since=_start_of_day(since) if since else None,
        before=_start_of_day(until + timedelta(days=1)) if until else None,
        change=request.query_number("change", -1) if request.query_value("change") else None,
    )


def _read_day(text: str, wrong: list[str]) -> date | None:
    if not text:
        return None
    try:
        return read_day(text)
    except ValueError as error:
        wrong.append(str(error))
        return None


def _start_of_day(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _account_name(act: Act, people: Mapping[str, str]) -> str:
    return people.get(act.subject, "This machine" if act.subject else "Not signed in")


def _csv_row(act: Act, people: Mapping[str, str]) -> Sequence[str]:
    changes = ["" if each is None else str(each) for each in (act.from_change, act.to_change)]
    when = act.at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    return [when, _account_name(act, people), act.role, act.method, act.path, *changes, act.outcome, act.session]


PAGE = Page(path="/acts", title="Access log", show=show)
