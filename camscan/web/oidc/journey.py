"""What a browser takes along to the sign-in service: all of it follows from one secret in its cookie.

So nothing is kept here meanwhile: strangers cannot fill a table, and any worker can take somebody in who comes back. A
page of another site cannot finish a sign-in that this browser did not begin, since it does not have the cookie.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets

SECONDS = 600
"""Within which somebody must come back."""
_BYTES = 32
_LONGEST = 500
_OWN = re.compile(r"/(?![/\\])[^\s\\\x00-\x1f\x7f]*")


class Journey:
    """One way to the service and back."""

    def __init__(self, secret: str = "") -> None:
        """A new one, or the one of a cookie."""
        self.secret = secret or secrets.token_urlsafe(_BYTES)

    @property
    def nonce(self) -> str:
        """Must stand in what the service signs."""
        return self._derived("nonce")

    @property
    def verifier(self) -> str:
        """What the service is shown when the code is exchanged (RFC 7636, section 4.1): 43 characters."""
        return self._derived("verifier")

    @property
    def challenge(self) -> str:
        """What it is shown before: S256 of the verifier."""
        return _text(hashlib.sha256(self.verifier.encode()).digest())

    def state(self, back: str) -> str:
        """For the address of the service: says where to go afterwards, and that it was this browser that asked."""
        place = _text(own_path(back).encode())
        return f"{self._derived(f'state {place}')}.{place}"

    def back(self, state: str) -> str | None:
        """Where to go afterwards; None where the state is not one of this browser."""
        mark, _, place = state.partition(".")
        wanted = self._derived(f"state {place}")
        if not hmac.compare_digest(mark.encode("utf-8", "replace"), wanted.encode()):
            return None
        return own_path(base64.urlsafe_b64decode(place + "=" * (-len(place) % 4)).decode())

    def _derived(self, what: str) -> str:
        return _text(
            hmac.new(self.secret.encode("utf-8", "replace"), what.encode("utf-8", "replace"), "sha256").digest()
        )


def own_path(text: str) -> str:
    """A path of these pages, as it was given; ``/`` for anything that a browser could take for another host."""
    is_own = len(text) <= _LONGEST and text.isascii() and _OWN.fullmatch(text)
    return text if is_own and not text.startswith("/sign-") else "/"


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
