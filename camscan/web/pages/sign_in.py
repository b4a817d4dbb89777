"""Signing in: with the one-time key that ``camscan serve`` printed, or, where others come, by the council's service.

A button sends the key, so that no prefetch spends it.
"""

from __future__ import annotations

from urllib.parse import urlencode

from camscan.web.page import Answer, Asked, Drawn, Missing, Page, Redirect


def show(asked: Asked) -> Answer:
    """The button; without a key, how to come by one. Where others come, the way to the service."""
    if asked.desk.web.is_shared:
        start = f"/sign-in/start?{urlencode({'back': asked.one('back', '/')}, errors='replace')}"
        return Drawn("sign_in", "Sign in", {"start": start})
    key = asked.one("key")
    is_told = not key and asked.desk.sign_ins.takes("asked") and asked.desk.keyring.ask()
    return Drawn("sign_in", "Sign in", {"key": key, "is_spent": False, "is_told": is_told})


def take(asked: Asked) -> Answer:
    """Begin a session where the key is the one."""
    desk = asked.desk
    if desk.web.is_shared:  # nobody is given a key
        raise Missing
    # No throttle stands before this: 256 bits cannot be guessed, and whoever fills it would shut out the owner.
    if desk.keyring.spend(asked.sent("key")):
        if asked.secret:
            desk.sessions.end(asked.secret)
        return Redirect("/", secret=desk.begin_local())
    is_told = desk.sign_ins.takes("asked") and desk.keyring.ask()
    return Drawn("sign_in", "Error: Sign in", {"key": "", "is_spent": True, "is_told": is_told}, status=403)


PAGE = Page(path="/sign-in", title="Sign in", show=show, take=take, most=10_000)
