"""Signing out."""

from __future__ import annotations

from camscan.web.page import Answer, Asked, Page, Redirect


def take(asked: Asked) -> Answer:
    """End the session, on the server and in the cookie."""
    asked.desk.holding.drop(asked.secret)
    asked.desk.sessions.end(asked.secret)
    return Redirect("/sign-in", secret="")


PAGE = Page(path="/sign-out", title="Sign out", take=take, most=10_000)
