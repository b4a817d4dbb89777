"""The application: every request passes the same guards, in the same order, before a page sees it.

The order: host; method and size; who asks; what they may do; who sent the form; how often. Then the page runs in a
thread, within a time limit. An error of a page is shown as a page. Starlette 1.10 (docs/adr/0022-starlette.md).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, urlencode

import anyio
import anyio.to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route, compile_path

from camscan.errors import BusyError, CamscanError, UsageError
from camscan.register import collect_log_numbers
from camscan.web import collectors, watch
from camscan.web.body import MOST, is_large_body, limit_body, read_form
from camscan.web.desk import LONGEST, Desk
from camscan.web.drawing import draw
from camscan.web.noting import note_request
from camscan.web.oidc import journey
from camscan.web.page import (
    NO_VISITOR,
    Answer,
    Download,
    ExternalRedirect,
    NoSuchPage,
    NotAllowed,
    Page,
    PageContent,
    PageRequest,
    Upload,
)
from camscan.web.pages import pages
from camscan.web.rights import Visitor, may_anybody
from camscan.web.security import HEADERS, KEPT, NEVER_KEPT, TLS_ONLY, is_token, token_for, why_not_sent_from_here
from camscan.web.sender import HeaderError, Sender, sender_of
from camscan.web.static_files import static_files
from camscan.web.trouble import ERRORS, Trouble

T = TypeVar("T")

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

THREADS = 8
"""How many pages are made at once. Each has an open register, and Python runs one thread at a time in any case."""
SECONDS = 30.0
"""Seconds within which a request must be answered."""
_SENDER, _VISITOR = "camscan.sender", "camscan.visitor"
"""The names under which the state of a request holds what is already known about it."""
_DIGITS = 15
"""The most digits of a length: Python refuses to convert more than 4,300 digits."""


def make_application(desk: Desk) -> ASGIApp:
    """Make the ASGI application that serves the pages of a desk."""
    routes: list[BaseRoute] = [collectors.make_route(desk)]  # first: collectors ask more often than all people
    routes += [_page_route(desk, name, page) for name, page in pages().items()]
    routes += [_static_route(file.path, file.content, file.media_type) for file in static_files().values()]
    routes += watch.make_routes(desk)
    made = Starlette(
        routes=routes,
        exception_handlers=_error_handlers(desk),
        middleware=[Middleware(GZipMiddleware, minimum_size=1000)],
    )
    made.router.redirect_slashes = False
    return _Guard(made, desk)


# ── one page ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _page_route(desk: Desk, name: str, page: Page) -> Route:
    methods = [method for method, answers in (("GET", page.show), ("POST", page.take)) if answers]

    async def endpoint(request: Request) -> Response:
        with anyio.move_on_after(page.seconds or SECONDS):
            return await _answer_request(desk, name, page, request)
        return await _run_in_thread(lambda: _trouble_page(desk, request, ERRORS["slow"]))

    return Route(page.path, endpoint, methods=methods, name=name)


async def _answer_request(desk: Desk, name: str, page: Page, request: Request) -> Response:
    if request.method != "POST":
        return await _run_in_thread(lambda: _show_page(desk, name, page, request))
    if why := why_not_sent_from_here(request.headers, desk.origins):
        return await _run_in_thread(lambda: _refuse_foreign_form(desk, request, why))
    # A visitor without the right is refused before the form is read; after a session's end, the form is shown again.
    stopped = await _run_in_thread(lambda: _refuse_visitor(desk, name, request))
    is_lost = stopped is not None and stopped.status_code == ERRORS["signed_out"].status
    is_large = (stopped is None or is_lost) and await is_large_body(request, keep=stopped is None)
    if stopped is not None and (is_large or not is_lost):
        return stopped
    try:
        with desk.gate.admit(_subject_of(desk, request)) if is_large else contextlib.nullcontext():
            form, files = await read_form(request)
            if stopped is not None:
                return await _run_in_thread(
                    lambda: _trouble_page(desk, request, ERRORS["signed_out"], _typed_fields(form))
                )
            return await _run_in_thread(lambda: _take_form(desk, page, request, form, files))
    except BusyError as error:
        busy = ERRORS["busy"].with_reason(str(error))
        return await _run_in_thread(lambda: _trouble_page(desk, request, busy))


def _show_page(desk: Desk, name: str, page: Page, request: Request) -> Response:
    stopped = _refuse_visitor(desk, name, request)
    if stopped is not None:
        return stopped
    assert page.show is not None  # noqa: S101 - else there is no route
    return _run_page(desk, request, page.show, _make_request(desk, request))


def _take_form(
    desk: Desk, page: Page, request: Request, form: list[tuple[str, str]], files: Mapping[str, Upload]
) -> Response:
    page_request = _make_request(desk, request, form, files)
    if page_request.secret and not is_token(page_request.secret, page_request.form_value("token")):
        return _refuse_foreign_form(desk, request, "its token is of another session, or missing")
    assert page.take is not None  # noqa: S101 - else there is no route
    return _run_page(desk, request, page.take, page_request)


def _refuse_foreign_form(desk: Desk, request: Request, why: str) -> Response:
    """The answer to a form that no page of ours made. The attempt is noted if it came with somebody's session."""
    trouble = ERRORS["elsewhere"].with_reason(why)
    note_request(_make_request(desk, request), None, status=trouble.status, is_sent=True)
    return _trouble_page(desk, request, trouble)


def _refuse_visitor(desk: Desk, name: str, request: Request) -> Response | None:
    """The answer to a visitor who may not see this page; None if they may."""
    visitor, is_sent = _find_visitor(desk, request), request.method == "POST"
    if visitor is None:
        if may_anybody(name):
            return None
        if is_sent:
            return _trouble_page(desk, request, ERRORS["signed_out"])
        return RedirectResponse(_sign_in_path(desk, request), 303)
    if not visitor.may(name, send=is_sent) and not may_anybody(name):
        if request.scope["path"] == "/" and not is_sent:  # everybody who signs in is sent there
            return RedirectResponse("/sites", 303)
        refused = ERRORS["refused"]
        note_request(_make_request(desk, request), None, status=refused.status, is_sent=is_sent)
        return _trouble_page(desk, request, refused)
    return None


def _sign_in_path(desk: Desk, request: Request) -> str:
    """The address where a visitor signs in. One who followed a link to a page is taken there afterwards."""
    path = quote(request.scope["path"]) + (f"?{request.url.query}" if request.url.query else "")
    return f"/sign-in?{urlencode({'back': path})}" if desk.web.is_shared and path != "/" else "/sign-in"


def _run_page(
    desk: Desk, request: Request, run: Callable[[PageRequest], Answer], page_request: PageRequest
) -> Response:
    """Run a page, and make its answer. An error of the page becomes a page. The act and the account are noted."""
    given: Answer | None = None
    with collect_log_numbers() as heard:
        try:
            given = run(page_request)
            response = _respond(desk, given, page_request)
        except NoSuchPage:
            response = _trouble_page(desk, request, ERRORS["missing"])
        except NotAllowed as error:
            response = _trouble_page(desk, request, ERRORS["refused"].with_reason(str(error)))
        except BusyError as error:
            response = _trouble_page(desk, request, ERRORS["busy"].with_reason(str(error)))
        except UsageError as error:
            trouble = ERRORS["unusable"].with_reason(page_request.visitor.error_text(error))
            response = _trouble_page(desk, request, trouble)
        except CamscanError as error:
            response = _trouble_page(desk, request, ERRORS["register"].with_reason(str(error)))
    note_request(page_request, given, status=response.status_code, is_sent=request.method == "POST", heard=heard)
    return response


def _respond(desk: Desk, answer: Answer, page_request: PageRequest) -> Response:
    response = _make_response(desk, answer, page_request)
    # The sign-in service sends a visitor back once.
    if page_request.journey and page_request.path_values.get("step") == "done":
        response.delete_cookie(desk.journey_cookie, **desk.cookie_marks)
    return response


def _make_response(desk: Desk, answer: Answer, page_request: PageRequest) -> Response:
    if isinstance(answer, PageContent):
        return HTMLResponse(draw(answer, page_request), answer.status)
    if isinstance(answer, Download):
        name = "".join(each for each in answer.name if each.isascii() and (each.isalnum() or each in "._-"))
        headers = {"content-disposition": f'attachment; filename="{name}"'}
        if isinstance(answer.content, bytes):
            return Response(answer.content, media_type=answer.media_type, headers=headers)
        return StreamingResponse(answer.content, media_type=answer.media_type, headers=headers)
    response = RedirectResponse(answer.to, 303)
    if isinstance(answer, ExternalRedirect):
        response.set_cookie(desk.journey_cookie, answer.journey, max_age=journey.SECONDS, **desk.cookie_marks)
    elif answer.secret:
        response.set_cookie(desk.cookie, answer.secret, max_age=int(LONGEST.total_seconds()), **desk.cookie_marks)
    elif answer.secret is not None:
        response.delete_cookie(desk.cookie, **desk.cookie_marks)
    return response


def _make_request(
    desk: Desk,
    request: Request,
    form: list[tuple[str, str]] | None = None,
    files: Mapping[str, Upload] | None = None,
) -> PageRequest:
    secret = _cookie_secret(desk, request)
    visitor = _find_visitor(desk, request)
    secret = secret if visitor else ""
    return PageRequest(
        desk=desk,
        visitor=visitor or NO_VISITOR,
        path=quote(request.scope["path"]),  # as in a link: the name of a site may contain %
        name=_page_name(request),
        path_values={key: _storable_text(str(value)) for key, value in request.path_params.items()},
        query=[(key, _storable_text(value)) for key, value in request.query_params.multi_items()],
        form=[(key, _storable_text(value)) for key, value in form or ()],
        files=files or {},
        secret=secret,
        token=token_for(secret) if secret else "",
        sender=_known_sender(request),
        journey=request.cookies.get(desk.journey_cookie, "")[:200],
    )


def _storable_text(text: str) -> str:
    """A text without NUL and lone surrogates: no database stores them, and nobody types them."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def _page_name(request: Request) -> str:
    """The name of the page at this address."""
    route = request.scope.get("route")
    return str(route.name) if isinstance(route, Route) and route.name in pages() else ""


def _find_visitor(desk: Desk, request: Request) -> Visitor | None:
    """The visitor who sends a request; None if they have not signed in. They are looked up once for each request."""
    if _VISITOR not in request.scope:
        request.scope[_VISITOR] = desk.visitor(_cookie_secret(desk, request), _known_sender(request))
    found = request.scope[_VISITOR]
    return found if isinstance(found, Visitor) else None


def _subject_of(desk: Desk, request: Request) -> str:
    visitor = _find_visitor(desk, request)
    return visitor.subject if visitor else ""


def _known_sender(request: Request) -> Sender:
    """The sender of a request, as the guard has found it."""
    found = request.scope.get(_SENDER)
    return found if isinstance(found, Sender) else Sender()


def _cookie_secret(desk: Desk, request: Request) -> str:
    return request.cookies.get(desk.cookie, "")[:200]


async def _run_in_thread(work: Callable[[], T]) -> T:
    """Run work in a thread, so that a wait for the register holds nobody up. It is given up after ``SECONDS``."""
    limiter = anyio.to_thread.current_default_thread_limiter()
    if limiter.total_tokens != THREADS:
        limiter.total_tokens = THREADS
    return await anyio.to_thread.run_sync(work, abandon_on_cancel=True)


# ── trouble ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _trouble_page(desk: Desk, request: Request, trouble: Trouble, typed: Sequence[tuple[str, str]] = ()) -> Response:
    """A page that says what is wrong. It shows ``typed``, which somebody sent in a form, so that it is not lost."""
    page_request = _make_request(desk, request)
    values = {"says": trouble.says, "advice": trouble.advice, "typed": typed}
    drawn = PageContent("trouble", trouble.title, values, trouble.status)
    return HTMLResponse(draw(drawn, page_request), trouble.status)


def _typed_fields(form: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """The fields of a form that a person filled in, with their values."""
    return [(name, value) for name, value in form if value.strip() and name not in {"token", "key", "revision"}]


def _error_handlers(desk: Desk) -> Mapping[Any, Any]:
    """Pages for the errors that Starlette raises: no such path, no such method, a form that cannot be read."""

    async def show_error(request: Request, error: Exception) -> Response:
        code = error.status_code if isinstance(error, HTTPException) else 500
        name = {404: "missing", 405: "method", 413: "large"}.get(code, "unusable" if code < 500 else "fault")  # noqa: PLR2004 - HTTP
        return await _run_in_thread(lambda: _trouble_page(desk, request, ERRORS[name]))

    async def show_fault(request: Request, error: Exception) -> Response:  # noqa: ARG001 - Starlette's signature
        trouble = ERRORS["fault"]
        return PlainTextResponse(f"{trouble.title}\n\n{trouble.says} {trouble.advice}", trouble.status)

    async def show_unreadable(request: Request, error: Exception) -> Response:  # noqa: ARG001 - as above
        """Plain text for an error that occurs before the visitor is known: a page needs a visitor."""
        trouble = ERRORS["sessions"]
        return PlainTextResponse(f"{trouble.title}\n\n{trouble.says} {trouble.advice}\n", trouble.status)

    async def show_gone(request: Request, error: Exception) -> Response:  # noqa: ARG001 - as above
        return PlainTextResponse("", 400)

    shown = {HTTPException: show_error, ClientDisconnect: show_gone, CamscanError: show_unreadable}
    return {**shown, Exception: show_fault}


# ── checks and headers of every request ──────────────────────────────────────────────────────────────────────────


class _Guard:
    """Checks every request first and completes every answer last."""

    def __init__(self, inner: ASGIApp, desk: Desk) -> None:
        self._inner = inner
        self._desk = desk
        self._most_of = [(compile_path(page.path)[0], page.most) for page in pages().values()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._inner(scope, receive, send)
            return
        if scope["type"] != "http":
            return

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": _add_headers(message["headers"], is_secure=self._desk.is_secure)}
            await send(message)

        stop = self._find_fault(scope)
        if stop is not None:
            # Nothing that follows on this connection is read: it may be the rest of what was refused.
            await PlainTextResponse(*stop, {"connection": "close"})(scope, receive, sent)
            return
        await self._inner(scope, limit_body(receive, self._size_limit(scope)), sent)

    def _find_fault(self, scope: Scope) -> tuple[str, int] | None:
        headers = {key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]}
        hosts = [value.decode("latin-1") for key, value in scope["headers"] if key == b"host"]
        if len(hosts) != 1 or hosts[0].lower() not in self._desk.hosts:
            return "This server does not answer to that name. Use the address that camscan serve printed.\n", 421
        try:
            sender = sender_of(self._desk.web, (scope.get("client") or ("",))[0], scope["headers"])
        except HeaderError as error:
            return f"The request was refused: {error}.\n", 400
        if self._desk.is_secure and not sender.is_by_proxy and scope["path"] not in watch.PATHS:
            return "This server can only be reached through its proxy.\n", 421
        scope[_SENDER] = sender
        if scope["method"] not in collectors.allowed_methods(scope["path"]):
            return "This method is not allowed here.\n", 405
        return self._find_fault_of_length(scope, headers)

    def _find_fault_of_length(self, scope: Scope, headers: Mapping[str, str]) -> tuple[str, int] | None:
        length = headers.get("content-length", "0")
        is_number = length.isascii() and length.isdecimal() and len(length) <= _DIGITS
        if not is_number or int(length) > self._size_limit(scope):
            return "What was sent is too large.\n", 413
        if "transfer-encoding" in headers and "content-length" in headers:  # RFC 9112, 6.3: a proxy may take the other
            return "The request was refused: it states its length in two ways.\n", 400
        return None

    def _size_limit(self, scope: Scope) -> int:
        """The most bytes that may be sent to this path."""
        if most := collectors.most_bytes(scope["path"]):
            return most
        return next((most for pattern, most in self._most_of if pattern.match(scope["path"])), MOST)


def _add_headers(given: list[tuple[bytes, bytes]], *, is_secure: bool) -> list[tuple[bytes, bytes]]:
    names = {key.lower() for key, _ in given}
    kept = [] if b"cache-control" in names else [(b"cache-control", NEVER_KEPT.encode())]
    kept += [(b"strict-transport-security", TLS_ONLY.encode())] if is_secure else []
    return [*given, *((key.encode(), value.encode()) for key, value in HEADERS.items()), *kept]


def _static_route(path: str, content: bytes, media_type: str) -> Route:
    async def endpoint(request: Request) -> Response:  # noqa: ARG001 - Starlette's signature
        return Response(content, media_type=media_type, headers={"cache-control": KEPT})

    return Route(path, endpoint, methods=["GET"])
