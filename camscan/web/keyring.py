"""The one-time key with which the person who started the program gets in.

A key is printed and works once, for five minutes.
"""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from collections.abc import Callable

SECONDS = 300.0
"""Seconds for which a key may be used."""
_BETWEEN = 10.0
"""Seconds between two links that are printed on request."""


class Keyring:
    """The current key. Several threads may use it."""

    def __init__(self, tell: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        """``tell`` prints a key where only the person who started the program sees it."""
        self._tell = tell
        self._clock = clock
        self._lock = threading.Lock()
        self._key = ""
        self._made = 0.0

    def renew(self) -> str:
        """Make and print a new key. The earlier one is no longer valid."""
        with self._lock:
            self._key, self._made = secrets.token_urlsafe(32), self._clock()
            key = self._key
        self._tell(key)
        return key

    def request_key(self) -> bool:
        """Print a new key for a person without one, unless one was printed just now.

        Returns whether one was printed.
        """
        with self._lock:
            is_fresh = bool(self._key) and self._clock() - self._made < SECONDS
            may = self._clock() - self._made >= _BETWEEN or not self._made
        if is_fresh or not may:
            return is_fresh
        self.renew()
        return True

    def spend(self, key: str) -> bool:
        """Whether this is the current key. A key works once."""
        with self._lock:
            is_old = self._clock() - self._made >= SECONDS
            given = key.encode("utf-8", "surrogatepass")
            if is_old or not self._key or not hmac.compare_digest(self._key.encode(), given):
                return False
            self._key = ""
            return True
