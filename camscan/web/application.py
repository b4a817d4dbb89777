"""The application: every request passes the same guards, in the same order, before a page sees it.

Host · method and size · who asks · what they may · who sent the form · how often; then the page, in a thread, within a
time. What a page raises becomes a page. Starlette 1.10 (docs/adr/0022-starlette.md).
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
from camscan.register import hear_changes
from camscan.web import collectors, watch
from camscan.web.body import MOST, bounded, is_large_body, read_form
from camscan.web.desk import LONGEST, Desk
from camscan.web.drawing import draw
from camscan.web.noting import note
from camscan.web.oidc import journey
from camscan.web.page import NO_VISITOR, Answer, Asked, Away, Download, Drawn, Missing, Page, Refused, Upload
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
"""Pages that are made at once: each has an open register, and Python computes one at a time in any case."""
SECONDS = 30.0
"""Within which a request is answered."""
_SENDER, _VISITOR = "camscan.sender", "camscan.visitor"
"""What is known of a request already."""
_DIGITS = 15
"""Of a length: Python turns no more than 4,300 of them into a number."""


def application(desk: Desk) -> ASGIApp:
    """The pages of a desk, as ASGI."""
    routes: list[BaseRoute] = [collectors.route(desk)]  # first: they ask more often than all people together
    routes += [_route(desk, name, page) for name, page in pages().items()]
    routes += [_static(each.path, each.content, each.media_type) for each in static_files().values()]
    routes += watch.routes(desk)
    made = Starlette(
        routes=routes,
        exception_handlers=_handlers(desk),
        middleware=[Middleware(GZipMiddleware, minimum_size=1000)],
    )
    made.router.redirect_slashes = False
    return _Guard(made, desk)


# ── one page ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _route(desk: Desk, name: str, page: Page) -> Route:
    methods = [method for method, answers in (("GET", page.show), ("POST", page.take)) if answers]

    async def endpoint(request: Request) -> Response:
        with anyio.move_on_after(page.seconds or SECONDS):
            return await _answered(desk, name, page, request)
        return await _in_thread(lambda: _trouble(desk, request, ERRORS["slow"]))

    return Route(page.path, endpoint, methods=methods, name=name)


async def _answered(desk: Desk, name: str, page: Page, request: Request) -> Response:
    if request.method != "POST":
        return await _in_thread(lambda: _shown(desk, name, page, request))
    if why := why_not_sent_from_here(request.headers, desk.origins):
        return await _in_thread(lambda: _not_ours(desk, request, why))
    # Who may not send this is told before what they sent is read; who was signed out gets back what they typed.
    stopped = await _in_thread(lambda: _stopped(desk, name, request))
    is_lost = stopped is not None and stopped.status_code == ERRORS["signed_out"].status
    is_large = (stopped is None or is_lost) and await is_large_body(request, keep=stopped is None)
    if stopped is not None and (is_large or not is_lost):
        return stopped
    try:
        with desk.gate.passing(_subject(desk, request)) if is_large else contextlib.nullcontext():
            form, files = await read_form(request)
            if stopped is not None:
                return await _in_thread(lambda: _trouble(desk, request, ERRORS["signed_out"], _typed(form)))
            return await _in_thread(lambda: _taken(desk, page, request, form, files))
    except BusyError as error:
        busy = ERRORS["busy"].because(str(error))
        return await _in_thread(lambda: _trouble(desk, request, busy))


def _shown(desk: Desk, name: str, page: Page, request: Request) -> Response:
    stopped = _stopped(desk, name, request)
    if stopped is not None:
        return stopped
    assert page.show is not None  # noqa: S101 - else there is no route
    return _made(desk, request, page.show, _asked(desk, request))


def _taken(
    desk: Desk, page: Page, request: Request, form: list[tuple[str, str]], files: Mapping[str, Upload]
) -> Response:
    asked = _asked(desk, request, form, files)
    if asked.secret and not is_token(asked.secret, asked.sent("token")):
        return _not_ours(desk, request, "its token is of another session, or missing")
    assert page.take is not None  # noqa: S101 - else there is no route
    return _made(desk, request, page.take, asked)


def _not_ours(desk: Desk, request: Request, why: str) -> Response:
    """A form that no page of ours made; it is noted where it came with somebody's session."""
    trouble = ERRORS["elsewhere"].because(why)
    note(_asked(desk, request), None, status=trouble.status, is_sent=True)
    return _trouble(desk, request, trouble)


def _stopped(desk: Desk, name: str, request: Request) -> Response | None:
    """Why this visitor gets no answer from this page; None where they get one."""
    visitor, is_sent = _visitor(desk, request), request.method == "POST"
    if visitor is None:
        if may_anybody(name):
            return None
        if is_sent:
            return _trouble(desk, request, ERRORS["signed_out"])
        return RedirectResponse(_sign_in(desk, request), 303)
    if not visitor.may(name, send=is_sent) and not may_anybody(name):
        if request.scope["path"] == "/" and not is_sent:  # to which everybody is led who signs in
            return RedirectResponse("/sites", 303)
        refused = ERRORS["refused"]
        note(_asked(desk, request), None, status=refused.status, is_sent=is_sent)
        return _trouble(desk, request, refused)
    return None


def _sign_in(desk: Desk, request: Request) -> str:
    """Where to sign in; whoever followed a link to a page gets there afterwards."""
    path = quote(request.scope["path"]) + (f"?{request.url.query}" if request.url.query else "")
    return f"/sign-in?{urlencode({'back': path})}" if desk.web.is_shared and path != "/" else "/sign-in"


def _made(desk: Desk, request: Request, answer: Callable[[Asked], Answer], asked: Asked) -> Response:
    """What the page answers; what it raises, as a page. Who did it is noted."""
    given: Answer | None = None
    with hear_changes() as heard:
        try:
            given = answer(asked)
            response = _response(desk, given, asked)
        except Missing:
            response = _trouble(desk, request, ERRORS["missing"])
        except Refused as error:
            response = _trouble(desk, request, ERRORS["refused"].because(str(error)))
        except BusyError as error:
            response = _trouble(desk, request, ERRORS["busy"].because(str(error)))
        except UsageError as error:
            response = _trouble(desk, request, ERRORS["unusable"].because(asked.visitor.reason(error)))
        except CamscanError as error:
            response = _trouble(desk, request, ERRORS["register"].because(str(error)))
    note(asked, given, status=response.status_code, is_sent=request.method == "POST", heard=heard)
    return response


def _response(desk: Desk, answer: Answer, asked: Asked) -> Response:
    response = _bare(desk, answer, asked)
    if asked.journey and asked.within.get("step") == "done":  # it leads back once
        response.delete_cookie(desk.journey_cookie, **desk.cookie_marks)
    return response


def _bare(desk: Desk, answer: Answer, asked: Asked) -> Response:
    if isinstance(answer, Drawn):
        return HTMLResponse(draw(answer, asked), answer.status)
    if isinstance(answer, Download):
        name = "".join(each for each in answer.name if each.isascii() and (each.isalnum() or each in "._-"))
        headers = {"content-disposition": f'attachment; filename="{name}"'}
        if isinstance(answer.content, bytes):
            return Response(answer.content, media_type=answer.media_type, headers=headers)
        return StreamingResponse(answer.content, media_type=answer.media_type, headers=headers)
    response = RedirectResponse(answer.to, 303)
    if isinstance(answer, Away):
        response.set_cookie(desk.journey_cookie, answer.journey, max_age=journey.SECONDS, **desk.cookie_marks)
    elif answer.secret:
        response.set_cookie(desk.cookie, answer.secret, max_age=int(LONGEST.total_seconds()), **desk.cookie_marks)
    elif answer.secret is not None:
        response.delete_cookie(desk.cookie, **desk.cookie_marks)
    return response


def _asked(
    desk: Desk,
    request: Request,
    form: list[tuple[str, str]] | None = None,
    files: Mapping[str, Upload] | None = None,
) -> Asked:
    secret = _secret(desk, request)
    visitor = _visitor(desk, request)
    secret = secret if visitor else ""
    return Asked(
        desk=desk,
        visitor=visitor or NO_VISITOR,
        path=quote(request.scope["path"]),  # as it stands in a link: the name of a site may hold %
        name=_name(request),
        within={key: _storable(str(value)) for key, value in request.path_params.items()},
        query=[(key, _storable(value)) for key, value in request.query_params.multi_items()],
        form=[(key, _storable(value)) for key, value in form or ()],
        files=files or {},
        secret=secret,
        token=token_for(secret) if secret else "",
        sender=_sender(request),
        journey=request.cookies.get(desk.journey_cookie, "")[:200],
    )


def _storable(text: str) -> str:
    """Without what no database of texts holds, and nobody types: NUL and halves of characters."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def _name(request: Request) -> str:
    """The page that a request has come to."""
    route = request.scope.get("route")
    return str(route.name) if isinstance(route, Route) and route.name in pages() else ""


def _visitor(desk: Desk, request: Request) -> Visitor | None:
    """Who asks; looked up once for each request."""
    if _VISITOR not in request.scope:
        request.scope[_VISITOR] = desk.visitor(_secret(desk, request), _sender(request))
    found = request.scope[_VISITOR]
    return found if isinstance(found, Visitor) else None


def _subject(desk: Desk, request: Request) -> str:
    visitor = _visitor(desk, request)
    return visitor.subject if visitor else ""


def _sender(request: Request) -> Sender:
    """As the guard has found it."""
    found = request.scope.get(_SENDER)
    return found if isinstance(found, Sender) else Sender()


def _secret(desk: Desk, request: Request) -> str:
    return request.cookies.get(desk.cookie, "")[:200]


async def _in_thread(work: Callable[[], T]) -> T:
    """In a thread, so that what waits for the register holds nobody up; given up when its time is over."""
    limiter = anyio.to_thread.current_default_thread_limiter()
    if limiter.total_tokens != THREADS:
        limiter.total_tokens = THREADS
    return await anyio.to_thread.run_sync(work, abandon_on_cancel=True)


# ── trouble ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _trouble(desk: Desk, request: Request, trouble: Trouble, typed: Sequence[tuple[str, str]] = ()) -> Response:
    """A page that says what is wrong; ``typed`` is what somebody sent, so that it is not lost."""
    asked = _asked(desk, request)
    values = {"says": trouble.says, "advice": trouble.advice, "typed": typed}
    drawn = Drawn("trouble", trouble.title, values, trouble.status)
    return HTMLResponse(draw(drawn, asked), trouble.status)


def _typed(form: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """The fields of a form that a person fills, with what they said."""
    return [(name, value) for name, value in form if value.strip() and name not in {"token", "key", "revision"}]


def _handlers(desk: Desk) -> Mapping[Any, Any]:
    """What Starlette itself finds wrong, as pages of ours: no such path, no such method, a form that cannot be read."""

    async def wrong(request: Request, error: Exception) -> Response:
        code = error.status_code if isinstance(error, HTTPException) else 500
        name = {404: "missing", 405: "method", 413: "large"}.get(code, "unusable" if code < 500 else "fault")  # noqa: PLR2004 - HTTP
        return await _in_thread(lambda: _trouble(desk, request, ERRORS[name]))

    async def fault(request: Request, error: Exception) -> Response:  # noqa: ARG001 - Starlette's signature
        trouble = ERRORS["fault"]
        return PlainTextResponse(f"{trouble.title}\n\n{trouble.says} {trouble.advice}", trouble.status)

    async def unreadable(request: Request, error: Exception) -> Response:  # noqa: ARG001 - as above
        """What is wrong before it is known who asks: a page needs that, so this is plain text."""
        trouble = ERRORS["sessions"]
        return PlainTextResponse(f"{trouble.title}\n\n{trouble.says} {trouble.advice}\n", trouble.status)

    async def gone(request: Request, error: Exception) -> Response:  # noqa: ARG001 - as above
        return PlainTextResponse("", 400)

    return {HTTPException: wrong, ClientDisconnect: gone, CamscanError: unreadable, Exception: fault}


# ── what holds for everything ────────────────────────────────────────────────────────────────────────────────────


class _Guard:
    """Looks at every request first, and at every answer last."""

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
                message = {**message, "headers": _with_headers(message["headers"], is_secure=self._desk.is_secure)}
            await send(message)

        stop = self._stop(scope)
        if stop is not None:
            await PlainTextResponse(*stop)(scope, receive, sent)
            return
        await self._inner(scope, bounded(receive, self._most(scope)), sent)

    def _stop(self, scope: Scope) -> tuple[str, int] | None:
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
        if scope["method"] not in collectors.methods(scope["path"]):
            return "This method is not allowed here.\n", 405
        length = headers.get("content-length", "0")
        is_number = length.isascii() and length.isdecimal() and len(length) <= _DIGITS
        if not is_number or int(length) > self._most(scope):
            return "What was sent is too large.\n", 413
        return None

    def _most(self, scope: Scope) -> int:
        """Bytes that may be sent there."""
        if most := collectors.most(scope["path"]):
            return most
        return next((most for pattern, most in self._most_of if pattern.match(scope["path"])), MOST)


def _with_headers(given: list[tuple[bytes, bytes]], *, is_secure: bool) -> list[tuple[bytes, bytes]]:
    names = {key.lower() for key, _ in given}
    kept = [] if b"cache-control" in names else [(b"cache-control", NEVER_KEPT.encode())]
    kept += [(b"strict-transport-security", TLS_ONLY.encode())] if is_secure else []
    return [*given, *((key.encode(), value.encode()) for key, value in HEADERS.items()), *kept]


def _static(path: str, content: bytes, media_type: str) -> Route:
    async def endpoint(request: Request) -> Response:  # noqa: ARG001 - Starlette's signature
        return Response(content, media_type=media_type, headers={"cache-control": KEPT})

    return Route(path, endpoint, methods=["GET"])
