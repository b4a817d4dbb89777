"""Signs people in: the way to the sign-in service and back, or the name that a trusted proxy gives."""

from __future__ import annotations

import re

from camscan.store.account import LONGEST, Account
from camscan.web.desk import PROXY
from camscan.web.oidc.journey import Journey, own_path
from camscan.web.page import Answer, Asked, Away, Drawn, Missing, Page, Redirect
from camscan.web.trouble import ERRORS

_CODE = re.compile(r"[a-z_]{1,40}")
_LONGEST = 2000


def show(asked: Asked) -> Answer:
    """The two steps: ``start`` and ``done``."""
    step, web = asked.within["step"], asked.desk.web
    if step not in {"start", "done"}:
        raise Missing
    if not web.is_shared:
        return Drawn("sign_in", "Sign in", {"key": "", "is_spent": False, "is_told": False})
    if not asked.desk.journeys.allows(asked.sender.address):
        often = ERRORS["often"]
        return _not_signed_in(often.says, often.advice, often.status)
    if web.proxy_header:
        return _trust_proxy(asked)
    from camscan.web.oidc.tokens import SignInError  # noqa: PLC0415 - 0.2 s that only this way needs

    try:
        return _finish_sign_in(asked) if step == "done" else _start_sign_in(asked)
    except SignInError as error:
        why = str(error)
        return _not_signed_in(
            f"{why[:1].upper()}{why[1:]}.", "Try again. If it happens again, tell whoever runs camscan."
        )


def _start_sign_in(asked: Asked) -> Answer:
    journey = Journey()
    return Away(asked.desk.provider.sign_in_address(journey, asked.one("back", "/")), journey.secret)


def _finish_sign_in(asked: Asked) -> Answer:
    """Sign in a visitor who comes back. The answer must match what this browser asked."""
    from camscan.web.oidc.tokens import SignInError  # noqa: PLC0415 - as above

    journey = Journey(asked.journey) if asked.journey else None
    back = journey.read_state(asked.one("state")) if journey else None
    if journey is None or back is None:
        raise SignInError("this browser did not begin to sign in, or began more than ten minutes ago")
    issuer = asked.desk.issuer
    if asked.one("iss", issuer) != issuer:  # RFC 9207
        raise SignInError("another service has sent you back")
    if asked.has("error"):
        said = _CODE.fullmatch(asked.one("error"))
        raise SignInError(f"the sign-in service did not let you in ({said[0] if said else 'it does not say why'})")
    code = asked.one("code")
    if not code or len(code) >= _LONGEST:
        raise SignInError("the sign-in service sent no code")
    found = asked.desk.provider.finish_sign_in(journey, code)
    return _let_in(asked, found.account, found.claimed, back)


def _trust_proxy(asked: Asked) -> Answer:
    user = asked.sender.user
    if not user or len(user) > LONGEST:
        return _not_signed_in(
            "The proxy before these pages does not say who you are.",
            "Sign in there first. If it happens again, tell whoever runs camscan.",
        )
    return _let_in(asked, Account(issuer=PROXY, subject=user), "", own_path(asked.one("back", "/")))


def _let_in(asked: Asked, account: Account, claimed: str, back: str) -> Answer:
    person, secret = asked.desk.begin_session(account, claimed, asked.secret)
    if not secret:
        values = {"code": account.code, "has_ended": person.ended_at is not None}
        return Drawn("no_role", "You have no role here", values, status=403)
    return Redirect(back, secret=secret)


def _not_signed_in(says: str, advice: str, status: int = 403) -> Drawn:
    values = {"says": says, "advice": advice, "typed": (), "again": "/sign-in"}
    return Drawn("not_signed_in", "You were not signed in", values, status=status)


PAGE = Page(path="/sign-in/{step}", title="Sign in", show=show)
