"""Sends one login to the device that asked for it, by digest if offered, and never again after a refusal."""

from __future__ import annotations

from collections.abc import Generator, Mapping

import httpx

from camscan.net.message import read_challenges

_UNAUTHORISED = 401
_STRONG_FIRST = ("SHA-256", "SHA-256-SESS", "MD5", "MD5-SESS")


class OneLogin(httpx.Auth):
    """Answers a device's challenges (RFC 7616, RFC 7617) until it refuses, and says why it does not answer one.

    A nonce is used again for the next request, which saves a challenge. If a device that has already accepted the login
    refuses a used nonce, a fresh one is answered once.
    """

    def __init__(self, user: str, password: str, *, private: bool) -> None:
        """With ``private``, the connection is encrypted to a verified peer, so the password itself may be sent."""
        self.refused = False
        self.trouble = ""
        """Why no login was sent; empty otherwise."""
        self._accepted = False
        self._renewed = False
        self._private = private
        self._digest = httpx.DigestAuth(user, password)
        self._basic = httpx.BasicAuth(user, password)

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Send one request with at most one login that can fail."""
        flow = self._digest.auth_flow(request)
        following = next(flow)
        while True:
            response = yield following
            sent = "Authorization" in following.headers
            if response.status_code != _UNAUTHORISED:
                self._accepted = self._accepted or sent
                return
            found = read_challenges(response.headers.get_list("www-authenticate"))
            if sent and not self._may_renew():
                self.refused = True
                return
            digest = _strongest_offer([each.params for each in found if each.scheme.lower() == "digest"])
            if digest:
                # Rebuilt from what was understood: httpx misses a challenge that follows another in one header.
                told = httpx.Response(_UNAUTHORISED, headers={"WWW-Authenticate": digest}, request=request)
                try:
                    following = flow.send(told)
                except StopIteration:
                    self.refused = True
                    return
            elif any(each.scheme.lower() == "basic" for each in found) and self._private and not sent:
                following = next(self._basic.auth_flow(request))
            else:
                self.trouble = _why_unusable([each.scheme.lower() for each in found])
                return

    def _may_renew(self) -> bool:
        if not self._accepted or self._renewed:
            return False
        self._renewed = True
        return True


def _why_unusable(schemes: list[str]) -> str:
    if "basic" in schemes:
        return "it wants the password itself (Basic) over a connection that others may read, so it was not sent"
    return f"it asks for a login in an unknown way ({', '.join(schemes) or 'no challenge'}); none was sent"


def _strongest_offer(offers: list[Mapping[str, str]]) -> str:
    """The strongest digest challenge that can be answered, as a header; empty if there is none."""
    usable = [each for each in offers if _is_usable(each)]
    usable.sort(key=lambda each: _STRONG_FIRST.index(each.get("algorithm", "MD5").upper()))
    for each in usable[:1]:
        quoted = {name: each[name] for name in ("realm", "nonce", "opaque") if name in each}
        parts = [f'{name}="{value}"' for name, value in quoted.items()]
        parts += ['qop="auth"'] if each.get("qop") else []
        parts += [f"algorithm={each['algorithm']}"] if "algorithm" in each else []
        return "Digest " + ", ".join(parts)
    return ""


def _is_usable(offer: Mapping[str, str]) -> bool:
    quoted = [offer.get(name, "") for name in ("realm", "nonce", "opaque")]
    return (
        "realm" in offer
        and bool(offer.get("nonce"))
        and all(_is_plain_text(text) for text in quoted)
        and offer.get("algorithm", "MD5").upper() in _STRONG_FIRST
        and (not offer.get("qop") or "auth" in [part.strip() for part in offer["qop"].split(",")])
    )


def _is_plain_text(text: str) -> bool:
    """Whether a text comes back unchanged: it has no quotes, and only characters that both sides encode alike."""
    return text.isascii() and text.isprintable() and not set(text) & set('"\\')
