"""What a browser takes along to the sign-in service. All of it is derived from one secret in its cookie.

So the server keeps nothing meanwhile: strangers cannot fill a table, and any worker can receive a visitor who returns.
A page of another site cannot finish a sign-in that this browser did not begin, because it does not have the cookie.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets

SECONDS = 600
"""Seconds within which a visitor must return."""
_BYTES = 32
_LONGEST = 500
_OWN = re.compile(r"/(?![/\\])[^\s\\\x00-\x1f\x7f]*")


class Journey:
    """One visit to the sign-in service, from our page and back to it."""

    def __init__(self, secret: str = "") -> None:
        """Begin a new journey, or continue that of a cookie's secret."""
        self.secret = secret or secrets.token_urlsafe(_BYTES)

    @property
    def nonce(self) -> str:
        """The nonce that the signed token must contain."""
        return self._derive("nonce")

    @property
    def verifier(self) -> str:
        """The code verifier that is sent when the code is exchanged (RFC 7636, section 4.1): 43 characters."""
        return self._derive("verifier")

    @property
    def challenge(self) -> str:
        """The code challenge: S256 of the verifier."""
        return _to_base64(hashlib.sha256(self.verifier.encode()).digest())

    def make_state(self, back: str) -> str:
        """The state for the service's address: the page to open afterwards, signed for this browser."""
        place = _to_base64(own_path(back).encode())
        return f"{self._derive(f'state {place}')}.{place}"

    def read_state(self, state: str) -> str | None:
        """The page to open afterwards; None if the state was not made for this browser."""
        mark, _, place = state.partition(".")
        wanted = self._derive(f"state {place}")
        if not hmac.compare_digest(mark.encode("utf-8", "replace"), wanted.encode()):
            return None
        return own_path(base64.urlsafe_b64decode(place + "=" * (-len(place) % 4)).decode())

    def _derive(self, what: str) -> str:
        return _to_base64(
            hmac.new(self.secret.encode("utf-8", "replace"), what.encode("utf-8", "replace"), "sha256").digest()
        )


def own_path(text: str) -> str:
    """A path of these pages, unchanged; ``/`` for a text that a browser could take for another host."""
    is_own = len(text) <= _LONGEST and text.isascii() and _OWN.fullmatch(text)
    return text if is_own and not text.startswith("/sign-") else "/"


def _to_base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
