"""What somebody sends: never more than may be sent there, and never more at once than this machine has memory for."""

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
"""Bytes of a form without files, and of anything that is sent where there is no page."""
AT_ONCE = 4
"""Files that are taken at once: each is in memory as a whole, of up to 50 MB."""
_FIELDS, _FILES = 2000, 5


class Gate:
    """Lets a few files in at once, and one of each person: nobody fills the memory, and nobody shuts out the others."""

    def __init__(self, most: int = AT_ONCE) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._inside: set[str] = set()

    @contextlib.contextmanager
    def passing(self, subject: str) -> Iterator[None]:
        """While somebody sends a file. Raises BusyError where they must wait."""
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


def bounded(receive: Receive, most: int) -> Receive:
    """What is sent, and no more than so many bytes of it, whatever its length was said to be."""
    left = most

    async def counted() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise HTTPException(413)
        return message

    return counted


async def is_large_body(request: Request, *, keep: bool) -> bool:
    """Whether more may come than a form without files, or nobody knows how much.

    What nobody is to keep is let pass by then: a browser hears no answer before it has sent everything.
    """
    length = request.headers.get("content-length", "")
    if length and int(length) <= MOST:  # the guard has looked at it: digits, and few
        return False
    if not keep:
        async for _ in request.stream():
            pass
    return True


async def read_form(request: Request) -> tuple[list[tuple[str, str]], dict[str, Upload]]:
    """The fields and files of a form; nothing of it touches the disk unless it is large, and then it is soon gone."""
    fields: list[tuple[str, str]] = []
    files: dict[str, Upload] = {}
    async with request.form(max_files=_FILES, max_fields=_FIELDS, max_part_size=MOST) as found:
        for name, value in found.multi_items():
            if isinstance(value, UploadFile):
                files[name] = Upload((value.filename or "")[:200], await value.read())
            else:
                fields.append((name, value))
    return fields, files
