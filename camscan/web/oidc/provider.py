"""The sign-in service: what it says of itself (OpenID Connect Discovery 1.0), its keys, and codes made tokens.

By httpx2. Answers are bounded, redirects are not followed, and every address must be https, or on this machine where
the issuer is.
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
"""Within which the service answers."""
KEPT = 3600.0
"""Seconds for which what it says of itself is kept."""
_BETWEEN = 60.0
"""Seconds between two looks at its keys because one was missing."""
_MOST = 1_000_000
_WELL_KNOWN = "/.well-known/openid-configuration"


def headers_of(place: str) -> tuple[int, Mapping[str, str]]:
    """The status and the headers of what stands there. Raises SignInError where nothing answers."""
    try:
        with httpx2.Client(timeout=SECONDS, follow_redirects=False, trust_env=not place.startswith("http:")) as client:
            answer = client.head(place)
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
        raise SignInError(str(error)[:200] or type(error).__name__) from error
    return answer.status_code, answer.headers


class Provider:
    """One service. Threads share it."""

    def __init__(self, oidc: Oidc, url: str, clock: Callable[[], float] = time.time) -> None:
        """``url`` is that of our pages: the service sends people back below it."""
        self._oidc = oidc
        self.redirect = f"{url}/sign-in/done"
        self._clock = clock
        self._lock = threading.Lock()
        self._document: Mapping[str, Any] = {}
        self._keys: Any = None
        self._read_at = self._keys_at = -KEPT

    def way_in(self, journey: Journey, back: str) -> str:
        """The address at the service at which somebody signs in, and comes back. Raises SignInError without one."""
        asked = {
            "response_type": "code",
            "client_id": self._oidc.client_id,
            "redirect_uri": self.redirect,
            "scope": "openid",
            "state": journey.state(back),
            "nonce": journey.nonce,
            "code_challenge": journey.challenge,
            "code_challenge_method": "S256",
        }
        place = str(self.discovered()["authorization_endpoint"])
        return f"{place}{'&' if '?' in place else '?'}{urlencode(asked)}"

    def come_back(self, journey: Journey, code: str) -> SignedIn:
        """Exchange the code for a token, and read that. Raises SignInError where anything does not hold."""
        token = self._exchanged(journey, code)
        for again in (False, True):
            try:
                return read_token(token, self._key_set(again=again), self._oidc, journey.nonce, int(self._clock()))
            except UnknownKeyError:
                if again:
                    raise
        raise AssertionError  # the second turn returns or raises

    def discovered(self, *, again: bool = False) -> Mapping[str, Any]:
        """What the service says of itself. Raises SignInError where it cannot be had, or is another service's."""
        with self._lock:
            if again or not self._document or self._clock() - self._read_at >= KEPT:
                self._document, self._read_at = self._read_document(), self._clock()
                self._keys = None
            return self._document

    def _read_document(self) -> Mapping[str, Any]:
        found = self._get(self._oidc.issuer.rstrip("/") + _WELL_KNOWN)
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
        place = str(self.discovered()["jwks_uri"])
        with self._lock:
            is_late = self._clock() - self._keys_at >= _BETWEEN
            if self._keys is None or (again and is_late):
                self._keys, self._keys_at = key_set(self._get(place)), self._clock()
            return self._keys

    def _exchanged(self, journey: Journey, code: str) -> str:
        document, oidc = self.discovered(), self._oidc
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
        answer = self._asked("POST", str(document["token_endpoint"]), data=form, headers=headers)
        token = answer.get("id_token")
        if not isinstance(token, str):
            said = str(answer.get("error", "no token"))[:100]
            raise SignInError(f"the sign-in service did not take the code ({said})")
        return token

    def _get(self, place: str) -> Mapping[str, Any]:
        return self._asked("GET", place)

    def _asked(self, method: str, place: str, **more: Any) -> Mapping[str, Any]:
        """What the service answers, as JSON; of an error, what it says of that."""
        is_here = place.startswith("http:")
        try:
            with (
                # A council's way to the outside may be a proxy of the environment; to this machine there is none.
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
