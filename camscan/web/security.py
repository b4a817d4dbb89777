"""The headers of every answer, and the checks of every request: origins, tokens and rates."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
"""The content security policy. It has no exception: no page has a script or a style of its own."""
HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "content-security-policy": POLICY,
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        "x-robots-tag": "noindex, nofollow",
    }
)
KEPT = "public, max-age=31536000, immutable"
"""The caching rule for files whose name contains a hash of their content."""
NEVER_KEPT = "no-store"
TLS_ONLY = "max-age=31536000"
"""Tells browsers to use HTTPS only, for a year (RFC 6797); sent if the pages are reached that way."""
_BYTES = 16


def token_for(secret: str) -> str:
    """A token for the forms of a session. It differs every time, so that a compressed page gives nothing away."""
    salt = secrets.token_hex(_BYTES)
    return f"{salt}.{_sign(secret, salt)}"


def is_token(secret: str, token: str) -> bool:
    """Whether a form has a token that was made for this session."""
    salt, _, signed = token.partition(".")
    return hmac.compare_digest(_sign(secret, salt).encode(), signed.encode("utf-8", "surrogatepass"))


def _sign(secret: str, salt: str) -> str:
    key, text = (each.encode("utf-8", "surrogatepass") for each in (secret, f"form {salt}"))
    return hmac.new(key, text, hashlib.sha256).hexdigest()


def why_not_sent_from_here(headers: Mapping[str, str], origins: Collection[str]) -> str:
    """Why a form may not be taken, by the page that sent it; empty if a page of ours sent it.

    Cookies ignore ports, so a browser would send ours along with a page of another program on this machine. If the
    browser sends Fetch Metadata (W3C, Sec-Fetch-Site), that says more than Origin.
    """
    origin = headers.get("origin", "")
    if origin not in origins:
        return f"it was sent from {origin[:100] or 'nowhere'}"
    site = headers.get("sec-fetch-site", "same-origin")
    return "" if site == "same-origin" else f"it was sent from another site ({site[:20]})"


class Throttle:
    """Allows a number of uses of each key within some seconds. The oldest keys are forgotten first."""

    _MOST_KEYS = 10_000

    def __init__(self, number: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._number = number
        self._seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._known: OrderedDict[str, deque[float]] = OrderedDict()

    def allows(self, key: str) -> bool:
        """Whether one more use is allowed. It is counted if so."""
        now = self._clock()
        with self._lock:
            times = self._known.setdefault(key, deque())
            self._known.move_to_end(key)
            while times and times[0] <= now - self._seconds:
                times.popleft()
            if len(times) >= self._number:
                return False
            times.append(now)
            if len(self._known) > self._MOST_KEYS:
                self._known.popitem(last=False)
            return True
