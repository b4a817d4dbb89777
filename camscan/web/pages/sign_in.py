"""Signing in: with the one-time key that ``camscan serve`` printed, or by the council's sign-in service.

A button sends the key, so that no prefetch uses it up.
"""

from __future__ import annotations

from urllib.parse import urlencode

from camscan.web.page import Answer, Asked, Drawn, Missing, Page, Redirect


def show(asked: Asked) -> Answer:
    """The button; without a key, how to get one. With a sign-in service, the link to it."""
    if asked.desk.web.is_shared:
        start = f"/sign-in/start?{urlencode({'back': asked.one('back', '/')}, errors='replace')}"
        return Drawn("sign_in", "Sign in", {"start": start})
    key = asked.one("key")
    is_told = not key and asked.desk.sign_ins.allows("asked") and asked.desk.keyring.request_key()
    return Drawn("sign_in", "Sign in", {"key": key, "is_spent": False, "is_told": is_told})


def take(asked: Asked) -> Answer:
    """Begin a session if the key is right."""
    desk = asked.desk
    if desk.web.is_shared:  # nobody is given a key
        raise Missing
    # There is no throttle: 256 bits cannot be guessed, and anybody who filled it would shut out the owner.
    if desk.keyring.spend(asked.sent("key")):
        if asked.secret:
            desk.sessions.end(asked.secret)
        return Redirect("/", secret=desk.begin_local_session())
    is_told = desk.sign_ins.allows("asked") and desk.keyring.request_key()
    return Drawn("sign_in", "Error: Sign in", {"key": "", "is_spent": True, "is_told": is_told}, status=403)


PAGE = Page(path="/sign-in", title="Sign in", show=show, take=take, most=10_000)
