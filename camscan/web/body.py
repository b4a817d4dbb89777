"""The bodies of requests: bounded in size, and in how many are in memory at once."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from camscan.errors import BusyError
from camscan.web.page import Upload

if TYPE_CHECKING:
    from starlette.types import Message, Receive

MOST = 1_000_000
"""The most bytes of a form without files, and of a request to a path without a page."""
AT_ONCE = 4
"""How many files are read at once: each is completely in memory, up to 50 MB."""
_FIELDS, _FILES = 2000, 5


class Gate:
    """Lets in a few files at once, and one from each person: nobody fills the memory or shuts out the others."""

    def __init__(self, most: int = AT_ONCE) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._inside: set[str] = set()

    @contextlib.contextmanager
    def admit(self, subject: str) -> Iterator[None]:
        """Let in one file, for as long as the block runs. Raises BusyError if the person must wait."""
        with self._lock:
            if subject in self._inside:
                raise BusyError("you are already sending another file")
            if len(self._inside) >= self._most:
                raise BusyError("other people are sending files; try again in a minute")
            self._inside.add(subject)
        try:
            yield
        finally:
            with self._lock:
                self._inside.discard(subject)


def limit_body(receive: Receive, most: int) -> Receive:
    """A ``receive`` that yields at most ``most`` bytes of the body, whatever length the request announced."""
    left = most

    async def receive_counted() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise HTTPException(413)
        return message

    return receive_counted


async def is_large_body(request: Request, *, keep: bool) -> bool:
    """Whether the body may be larger than a form without files, or its size is unknown.

    A body that is not kept is read and dropped here: a browser reads no answer before it has sent everything.
    """
    length = request.headers.get("content-length", "")
    if length and int(length) <= MOST:  # the guard has checked it: a few digits
        return False
    if not keep:
        async for _ in request.stream():
            pass
    return True


async def read_form(request: Request) -> tuple[list[tuple[str, str]], dict[str, Upload]]:
    """The fields and files of a form. Only large files touch the disk, and they are deleted soon."""
    fields: list[tuple[str, str]] = []
    files: dict[str, Upload] = {}
    async with request.form(max_files=_FILES, max_fields=_FIELDS, max_part_size=MOST) as found:
        for name, value in found.multi_items():
            if isinstance(value, UploadFile):
                files[name] = Upload((value.filename or "")[:200], await value.read())
            else:
                fields.append((name, value))
    return fields, files
