"""The entrance for collectors: signed requests below ``/api/collector/v1``, for programs and not for browsers.

Sessions, cookies and forms do not count here, and no answer contains anything from the register
(``camscan/app/centre.py``).
"""

from __future__ import annotations

import contextlib
import functools
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from camscan import app
from camscan.errors import BusyError, CamscanError
from camscan.web.body import Gate
from camscan.web.desk import Desk

if TYPE_CHECKING:
    from camscan.app.centre import Call, Centre, Reply

_BASE = "/api/collector/v1"
_PAGES = frozenset({"GET", "HEAD", "POST"})
_THREADS = 4
"""How many requests of collectors are answered at once: Python runs one thread at a time in any case."""
_AGAIN = "30"
"""Seconds after which a collector asks again if the centre cannot answer now."""
_SMALL = 64 << 10
"""Bytes that anybody may send. More is read only from trusted collectors, one request of each at a time."""
_AT_ONCE = 16
"""How many parts of parcels are in memory at once."""
_SECONDS = 120.0
"""Seconds within which a request must arrive."""


def allowed_methods(path: str) -> frozenset[str]:
    """The methods that a path allows."""
    return _PAGES | {"PUT"} if path.startswith(f"{_BASE}/") else _PAGES


def most_bytes(path: str) -> int:
    """The most bytes that may be sent to a path of collectors; 0 for any other path."""
    return app.uploads.PART if path.startswith(f"{_BASE}/") else 0


def make_route(desk: Desk) -> Route:
    """The route for all paths of collectors."""
    door = _Door(desk)

    async def endpoint(request: Request) -> Response:
        try:
            with contextlib.ExitStack() as stack:
                if _body_length(request) > _SMALL:
                    if request.method != "PUT":
                        return JSONResponse({"error": "only parts of parcels are as large as this"}, 413)
                    key = await anyio.to_thread.run_sync(lambda: door.judge_head(request), limiter=door.limiter)
                    if not isinstance(key, str):
                        return key
                    stack.enter_context(door.gate.admit(key))
                with anyio.fail_after(_SECONDS):
                    body = await request.body()
                return await anyio.to_thread.run_sync(lambda: door.answer_request(request, body), limiter=door.limiter)
        except (BusyError, TimeoutError):
            return JSONResponse({"error": "this is too much at once"}, 503, {"retry-after": _AGAIN})

    return Route(f"{_BASE}/{{rest:path}}", endpoint, methods=["GET", "HEAD", "POST", "PUT"], include_in_schema=False)


def _body_length(request: Request) -> float:
    """The length of a request's body as its header says; the guard has checked the number.

    A body of unknown length counts as endless.
    """
    if "transfer-encoding" in request.headers:
        return math.inf
    return int(request.headers.get("content-length", "0"))


def _signed_call(request: Request, body: bytes = b"") -> Call:
    query = request.scope["query_string"].decode("latin-1")
    host = request.headers.get("host", "").lower()
    return app.centre.Call(request.method, host, request.scope["path"], f"?{query}", body)


def _lower_case_headers(request: Request) -> Mapping[str, str]:
    return {name.lower(): value for name, value in request.headers.items()}


def _make_response(found: Reply) -> Response:
    return JSONResponse(dict(found.members), found.status, dict(found.headers))


class _Door:
    """Answers the requests of collectors; all threads share it."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.gate = Gate(_AT_ONCE)

    @functools.cached_property
    def limiter(self) -> anyio.CapacityLimiter:
        """Threads for collectors alone: collectors do not wait for slow pages, nor pages for collectors."""
        return anyio.CapacityLimiter(_THREADS)

    @functools.cached_property
    def _centre(self) -> Centre:
        return app.centre.Centre(self._desk.space, self._desk.store)

    def judge_head(self, request: Request) -> str | Response:
        """The key that signed the head of a request if it belongs to a trusted collector.

        Else the answer that refuses it.
        """
        try:
            found = self._centre.judge_head(_signed_call(request), _lower_case_headers(request))
        except CamscanError as error:
            raise BusyError(str(error)) from error
        return found if isinstance(found, str) else _make_response(found)

    def answer_request(self, request: Request, body: bytes) -> Response:
        """The answer to a complete request."""
        if self._desk.setting.is_read_only:
            return JSONResponse({"error": "this server writes nothing"}, 503, {"retry-after": _AGAIN})
        at = request.query_params.get("at", "")
        place = int(at) if at.isascii() and at.isdecimal() and len(at) <= len(str(app.centre.MOST_BYTES)) else None
        path = request.scope["path"].removeprefix(_BASE)
        try:
            return _make_response(
                self._centre.answer(_signed_call(request, body), _lower_case_headers(request), path, place)
            )
        except CamscanError:  # such as a full disk: the reason does not help a collector
            return JSONResponse({"error": "the centre cannot take anything now"}, 503, {"retry-after": _AGAIN})
