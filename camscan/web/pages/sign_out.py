"""Signing out."""

from __future__ import annotations

from camscan.web.page import Answer, Page, PageRequest, Redirect


def take(request: PageRequest) -> Answer:
    """End the session, on the server and in the cookie."""
    request.desk.holding.drop(request.secret)
    request.desk.sessions.end(request.secret)
    return Redirect("/sign-in", secret="")


PAGE = Page(path="/sign-out", title="Sign out", take=take, most=10_000)
