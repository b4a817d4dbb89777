"""Signs people in: by the sign-in service, or by the name that a trusted proxy gives."""

from __future__ import annotations

import re

from camscan.store.account import LONGEST, Account
from camscan.web.desk import PROXY
from camscan.web.oidc.journey import Journey, own_path
from camscan.web.page import Answer, ExternalRedirect, NoSuchPage, Page, PageContent, PageRequest, Redirect
from camscan.web.trouble import ERRORS

_CODE = re.compile(r"[a-z_]{1,40}")
_LONGEST = 2000


def show(request: PageRequest) -> Answer:
    """Take one of the two steps in the address: ``start`` sends the visitor to the service, ``done`` signs them in."""
    step, web = request.path_values["step"], request.desk.web
    if step not in {"start", "done"}:
        raise NoSuchPage
    if not web.is_shared:
        return PageContent("sign_in", "Sign in", {"key": "", "is_spent": False, "is_told": False})
    if not request.desk.journeys.allows(request.sender.address):
        often = ERRORS["often"]
        return _not_signed_in(often.says, often.advice, often.status)
    if web.proxy_header:
        return _trust_proxy(request)
    from camscan.web.oidc.tokens import SignInError  # noqa: PLC0415 - 0.2 s that only this way needs

    try:
        return _finish_sign_in(request) if step == "done" else _start_sign_in(request)
    except SignInError as error:
        why = str(error)
        return _not_signed_in(
            f"{why[:1].upper()}{why[1:]}.", "Try again. If it happens again, tell whoever runs camscan."
        )


def _start_sign_in(request: PageRequest) -> Answer:
    journey = Journey()
    return ExternalRedirect(
        request.desk.provider.sign_in_address(journey, request.query_value("back", "/")), journey.secret
    )


def _finish_sign_in(request: PageRequest) -> Answer:
    """Sign in a visitor who returns from the service. The answer must match what this browser asked."""
    from camscan.web.oidc.tokens import SignInError  # noqa: PLC0415 - as above

    journey = Journey(request.journey) if request.journey else None
    back = journey.read_state(request.query_value("state")) if journey else None
    if journey is None or back is None:
        raise SignInError("this browser did not begin to sign in, or began more than ten minutes ago")
    issuer = request.desk.issuer
    if request.query_value("iss", issuer) != issuer:  # RFC 9207
        raise SignInError("another service has sent you back")
    if request.has_query("error"):
        said = _CODE.fullmatch(request.query_value("error"))
        raise SignInError(f"the sign-in service did not let you in ({said[0] if said else 'it does not say why'})")
    code = request.query_value("code")
    if not code or len(code) >= _LONGEST:
        raise SignInError("the sign-in service sent no code")
    found = request.desk.provider.finish_sign_in(journey, code)
    return _let_in(request, found.account, found.claimed, back)


def _trust_proxy(request: PageRequest) -> Answer:
    user = request.sender.user
    if not user or len(user) > LONGEST:
        return _not_signed_in(
            "The proxy before these pages does not say who you are.",
            "Sign in there first. If it happens again, tell whoever runs camscan.",
        )
    return _let_in(request, Account(issuer=PROXY, subject=user), "", own_path(request.query_value("back", "/")))


def _let_in(request: PageRequest, account: Account, claimed: str, back: str) -> Answer:
    person, secret = request.desk.begin_session(account, claimed, request.secret)
    if not secret:
        values = {"code": account.code, "has_ended": person.ended_at is not None}
        return PageContent("no_role", "You have no role here", values, status=403)
    return Redirect(back, secret=secret)


def _not_signed_in(says: str, advice: str, status: int = 403) -> PageContent:
    values = {"says": says, "advice": advice, "typed": (), "again": "/sign-in"}
    return PageContent("not_signed_in", "You were not signed in", values, status=status)


PAGE = Page(path="/sign-in/{step}", title="Sign in", show=show)
