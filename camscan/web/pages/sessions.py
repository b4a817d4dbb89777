"""Who is signed in: for owners, who can end a session, and for auditors."""

from __future__ import annotations

from camscan.web.page import Answer, Asked, Drawn, Page, Redirect
from camscan.web.rights import Role, subject_of


def show(asked: Asked) -> Answer:
    """Every session that has not ended, the latest first."""
    from camscan.store.sessions import number_of  # noqa: PLC0415 - the database libraries: 0.4 s

    codes = {subject_of(each.number): f"Account {each.account.code}" for each in asked.desk.people.all()}
    own = number_of(asked.secret)
    rows = [
        (
            kept,
            codes.get(kept.session.subject, "This machine"),
            Role(kept.session.rights).display_name if kept.session.rights in set(Role) else "",
            kept.number == own,
        )
        for kept in asked.desk.sessions.all()
    ]
    values = {
        "rows": rows,
        "may_end": asked.visitor.may("sessions", send=True),
        "done": asked.one("done") == "ended",
    }
    return Drawn("sessions", "Sessions", values)


def take(asked: Asked) -> Answer:
    """End a session."""
    asked.desk.sessions.end_number(asked.sent("session"))
    return Redirect("/sessions?done=ended")


PAGE = Page(path="/sessions", title="Sessions", show=show, take=take, most=10_000)
