"""Signing in: with the one-time key that ``camscan serve`` printed, or by the council's sign-in service.

A button sends the key, so that a prefetch cannot use it up.
"""

from __future__ import annotations

from urllib.parse import urlencode

from camscan.web.page import Answer, NoSuchPage, Page, PageContent, PageRequest, Redirect


def show(request: PageRequest) -> Answer:
    """Draw the button; without a key, how to get one. If there is a sign-in service, draw the link to it."""
    if request.desk.web.is_shared:
        start = f"/sign-in/start?{urlencode({'back': request.query_value('back', '/')}, errors='replace')}"
        return PageContent("sign_in", "Sign in", {"start": start})
    key = request.query_value("key")
    is_told = not key and request.desk.sign_ins.allows("asked") and request.desk.keyring.request_key()
    return PageContent("sign_in", "Sign in", {"key": key, "is_spent": False, "is_told": is_told})


def take(request: PageRequest) -> Answer:
    """Begin a session if the key is right."""
    desk = request.desk
    if desk.web.is_shared:  # such services have no one-time key
        raise NoSuchPage
    # There is no throttle: 256 bits cannot be guessed, and anybody could use a throttle to shut out the owner.
    if desk.keyring.spend(request.form_value("key")):
        if request.secret:
            desk.sessions.end(request.secret)
        return Redirect("/", secret=desk.begin_local_session())
    is_told = desk.sign_ins.allows("asked") and desk.keyring.request_key()
    return PageContent("sign_in", "Error: Sign in", {"key": "", "is_spent": True, "is_told": is_told}, status=403)


PAGE = Page(path="/sign-in", title="Sign in", show=show, take=take, most=10_000)
