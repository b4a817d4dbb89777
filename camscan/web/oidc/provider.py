"""The sign-in service: its description (OpenID Connect Discovery 1.0), its keys, and the exchange of codes for tokens.

httpx2 sends the requests. Answers are bounded and redirects are not followed. Every address must be https; only an
issuer on this machine may use http.
"""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

import httpx2

from camscan.config.web import Oidc
from camscan.errors import ConfigError
from camscan.web.oidc.journey import Journey
from camscan.web.oidc.tokens import SignedIn, SignInError, UnknownKeyError, key_set, read_token

SECONDS = 10.0
"""Seconds within which the service must answer."""
KEPT = 3600.0
"""Seconds for which the description of the service is kept."""
_BETWEEN = 60.0
"""Seconds between two requests for the service's keys because one was missing."""
_MOST = 1_000_000
_WELL_KNOWN = "/.well-known/openid-configuration"


def fetch_headers(place: str) -> tuple[int, Mapping[str, str]]:
    """The status and the headers of an address. Raises SignInError if nothing answers."""
    try:
        with httpx2.Client(timeout=SECONDS, follow_redirects=False, trust_env=not place.startswith("http:")) as client:
            answer = client.head(place)
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
        raise SignInError(str(error)[:200] or type(error).__name__) from error
    return answer.status_code, answer.headers


class Provider:
    """One sign-in service. Threads share it."""

    def __init__(self, oidc: Oidc, url: str, clock: Callable[[], float] = time.time) -> None:
        """``url`` is the address of our pages: the service sends people back to a path below it."""
        self._oidc = oidc
        self.redirect = f"{url}/sign-in/done"
        self._clock = clock
        self._lock = threading.Lock()
        self._document: Mapping[str, Any] = {}
        self._keys: Any = None
        self._read_at = self._keys_at = -KEPT

    def sign_in_address(self, journey: Journey, back: str) -> str:
        """The address at the service where a person signs in. Raises SignInError if the service gives none."""
        parameters = {
            "response_type": "code",
            "client_id": self._oidc.client_id,
            "redirect_uri": self.redirect,
            "scope": "openid",
            "state": journey.make_state(back),
            "nonce": journey.nonce,
            "code_challenge": journey.challenge,
            "code_challenge_method": "S256",
        }
        place = str(self.discover()["authorization_endpoint"])
        return f"{place}{'&' if '?' in place else '?'}{urlencode(parameters)}"

    def finish_sign_in(self, journey: Journey, code: str) -> SignedIn:
        """Exchange the code for a token, and check the token. Raises SignInError if any check fails."""
        token = self._fetch_token(journey, code)
        for again in (False, True):
            try:
                return read_token(token, self._key_set(again=again), self._oidc, journey.nonce, int(self._clock()))
            except UnknownKeyError:
                if again:
                    raise
        raise AssertionError  # the second round returns or raises

    def discover(self, *, again: bool = False) -> Mapping[str, Any]:
        """The description of the service. Raises SignInError if it cannot be fetched, or is of another service."""
        with self._lock:
            if again or not self._document or self._clock() - self._read_at >= KEPT:
                self._document, self._read_at = self._read_document(), self._clock()
                self._keys = None
            return self._document

    def _read_document(self) -> Mapping[str, Any]:
        found = self._get_document(self._oidc.issuer.rstrip("/") + _WELL_KNOWN)
        if found.get("issuer") != self._oidc.issuer:
            said = str(found.get("issuer"))[:200]
            raise SignInError(f"the sign-in service calls itself {said}, and not {self._oidc.issuer} (camscan.yaml)")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            self._check_place(name, found.get(name))
        return found

    def _check_place(self, name: str, place: object) -> None:
        wanted = urlsplit(self._oidc.issuer)
        given = urlsplit(place) if isinstance(place, str) else urlsplit("")
        is_plain = wanted.scheme == given.scheme == "http" and wanted.hostname == given.hostname
        if not given.hostname or not (given.scheme == "https" or is_plain):
            raise SignInError(f"the sign-in service names no {name} that can be used")

    def _key_set(self, *, again: bool) -> Any:
        place = str(self.discover()["jwks_uri"])
        with self._lock:
            is_late = self._clock() - self._keys_at >= _BETWEEN
            if self._keys is None or (again and is_late):
                self._keys, self._keys_at = key_set(self._get_document(place)), self._clock()
            return self._keys

    def _fetch_token(self, journey: Journey, code: str) -> str:
        document, oidc = self.discover(), self._oidc
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect,
            "code_verifier": journey.verifier,
        }
        try:
            secret = oidc.secret.read()
        except ConfigError as error:
            raise SignInError("the client secret cannot be read; `camscan serve check` says why") from error
        headers = {}
        known = document.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        if "client_secret_basic" in known:  # RFC 6749, section 2.3.1
            pair = f"{quote_plus(oidc.client_id)}:{quote_plus(secret)}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        else:
            form |= {"client_id": oidc.client_id, "client_secret": secret}
        answer = self._send_request("POST", str(document["token_endpoint"]), data=form, headers=headers)
        token = answer.get("id_token")
        if not isinstance(token, str):
            said = str(answer.get("error", "no token"))[:100]
            raise SignInError(f"the sign-in service did not take the code ({said})")
        return token

    def _get_document(self, place: str) -> Mapping[str, Any]:
        return self._send_request("GET", place)

    def _send_request(self, method: str, place: str, **more: Any) -> Mapping[str, Any]:
        """Send a request, and return the service's answer as JSON. An error has the service's own description of it."""
        is_here = place.startswith("http:")
        try:
            with (
                # A council may reach the outside through a proxy of the environment; requests to this machine use none.
                httpx2.Client(timeout=SECONDS, follow_redirects=False, trust_env=not is_here) as client,
                client.stream(method, place, **more) as answer,
            ):
                content = b""
                for part in answer.iter_bytes():
                    content += part
                    if len(content) > _MOST:
                        raise SignInError("the answer of the sign-in service is too long")
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            why = str(error) or type(error).__name__
            raise SignInError(
                f"the sign-in service cannot be reached: {urlsplit(place).netloc}: {why[:200]}"
            ) from error
        try:
            found = json.loads(content)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise SignInError(
                f"the sign-in service answers {answer.status_code} to {urlsplit(place).path}, but not with JSON"
            )
        return found
