"""Files that somebody sent and has not applied yet: kept in memory, and for a short time."""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import TYPE_CHECKING

from camscan.output import visible
from camscan.web.page import Upload

if TYPE_CHECKING:
    from camscan.web.page import PageRequest

MOST = 120_000_000
"""The most bytes of all held files; the oldest are dropped first."""
SECONDS = 1800.0
"""Seconds for which a file is held."""


@dataclass(frozen=True, slots=True)
class _HeldFile:
    secret: str
    upload: Upload
    until: float


class HeldFiles:
    """Holds one file for each session; a new file replaces it. Threads share it. No file is ever written to a disk."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.reading = threading.Lock()
        """A lock for reading a file: this machine has memory for one large spreadsheet at a time."""
        self._clock = clock
        self._lock = threading.Lock()
        self._held: OrderedDict[str, _HeldFile] = OrderedDict()

    def keep(self, secret: str, upload: Upload) -> str:
        """Hold a file for a session. Returns the name under which it can be found."""
        name = secrets.token_urlsafe(16)
        with self._lock:
            self._forget(secret)
            self._held[name] = _HeldFile(secret, upload, self._clock() + SECONDS)
            while sum(len(each.upload.content) for each in self._held.values()) > MOST:
                self._held.popitem(last=False)
        return name

    def find(self, secret: str, name: str) -> Upload | None:
        """The held file of this name; None if it belongs to another session or is no longer held."""
        with self._lock:
            self._forget("")
            found = self._held.get(name)
            return found.upload if found and found.secret == secret else None

    def drop(self, secret: str) -> None:
        """Drop the file of a session."""
        with self._lock:
            self._forget(secret)

    def _forget(self, secret: str) -> None:
        """Drop the file of a session, and every file that is too old. The caller holds the lock."""
        now = self._clock()
        for name, each in list(self._held.items()):
            if each.secret == secret or each.until < now:
                del self._held[name]


def received_file(request: PageRequest) -> tuple[Upload | None, str]:
    """The file that a form has sent now, or else the held one; and the name under which it is held."""
    sent = request.files.get("file")
    if sent and sent.content:
        name = visible(PurePath(sent.name.replace("\\", "/")).name, 80) or "file"
        upload = replace(sent, name=name)
        return upload, request.desk.holding.keep(request.secret, upload)
    held = request.form_value("held")
    return request.desk.holding.find(request.secret, held) if held else None, held
