"""The people who are signed in: for owners, who can end a session, and for auditors."""

from __future__ import annotations

from camscan.web.page import Answer, Page, PageContent, PageRequest, Redirect
from camscan.web.rights import Role, subject_of


def show(request: PageRequest) -> Answer:
    """Draw every session that has not ended, the latest first."""
    from camscan.store.sessions import number_of  # noqa: PLC0415 - the database libraries: 0.4 s

    codes = {subject_of(person.number): f"Account {person.account.code}" for person in request.desk.people.all()}
    own = number_of(request.secret)
    rows = [
        (
            kept,
            codes.get(kept.session.subject, "This machine"),
            Role(kept.session.rights).display_name if kept.session.rights in set(Role) else "",
            kept.number == own,
        )
        for kept in request.desk.sessions.all()
    ]
    values = {
        "rows": rows,
        "may_end": request.visitor.may("sessions", send=True),
        "done": request.query_value("done") == "ended",
    }
    return PageContent("sessions", "Sessions", values)


def take(request: PageRequest) -> Answer:
    """End the session that the form names."""
    request.desk.sessions.end_number(request.form_value("session"))
    return Redirect("/sessions?done=ended")


PAGE = Page(path="/sessions", title="Sessions", show=show, take=take, most=10_000)
