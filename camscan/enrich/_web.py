"""HTTP to one device and to nobody else. Scope, pace, deadline and byte limit are those of a scan."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx

from camscan.enrich import REFUSED_LOGIN, Box, Exchange, Login
from camscan.enrich._login import OneLogin
from camscan.model import Outcome
from camscan.net.host import Answer
from camscan.net.pace import Pace, jittered
from camscan.net.scope import Scope
from camscan.version import __version__

LIMIT = 262_144
"""Maximum bytes of a reply's body that are read."""
_OK, _UNAUTHORISED, _FORBIDDEN = 200, 401, 403
_REDIRECTS = range(300, 400)
_SECRET_HEADERS = frozenset({"set-cookie", "authentication-info", "www-authenticate"})


@dataclass(frozen=True, slots=True)
class Way:
    """A port and a way to reach a device."""

    port: int
    context: Any = None
    """The TLS context; None for plain HTTP."""
    private: bool = False
    """Whether it is TLS with a verified certificate."""


class _OutsideError(httpx.TransportError):
    """The request would go to another address, or its question is not in the list."""


class _TooLongError(httpx.TransportError):
    """The body is longer than the limit."""


class Gate(httpx.AsyncBaseTransport):
    """The only way out: to one address and port, in scope, one connection at a time, read up to a limit."""

    def __init__(self, ip: str, way: Way, scope: Scope, questions: frozenset[str]) -> None:
        self._ip, self._way, self._scope, self._questions = ip, way, scope, questions
        self._inner = httpx.AsyncHTTPTransport(
            verify=way.context or False,  # False: plain HTTP has no certificate to verify
            trust_env=False,
            limits=httpx.Limits(max_connections=1),
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Ask the scope, send the request, and return the reply as it arrived, without unpacking it."""
        self._check(request)
        response = await self._inner.handle_async_request(request)
        # Compression was not asked for; unpacking it could turn 300 KB into 300 MB.
        headers = [(name, value) for name, value in response.headers.raw if name.lower() != b"content-encoding"]
        assert isinstance(response.stream, httpx.AsyncByteStream)  # noqa: S101 - what an async transport gives
        return httpx.Response(
            response.status_code, headers=headers, stream=_Cut(response.stream), extensions=response.extensions
        )

    def _check(self, request: httpx.Request) -> None:
        url = request.url
        scheme = "https" if self._way.context else "http"
        port = url.port or (443 if url.scheme == "https" else 80)
        if (url.scheme, url.host, port) != (scheme, self._ip, self._way.port) or not self._scope.allows(url.host):
            raise _OutsideError(f"{url.host} is not the device that is asked, or not in scope", request=request)
        if request.method == "GET" and url.raw_path.decode("ascii") not in self._questions:
            raise _OutsideError(f"{url.path} is not an allowed question", request=request)

    async def aclose(self) -> None:
        """Close the connection."""
        await self._inner.aclose()


class _Cut(httpx.AsyncByteStream):
    """A body that raises an error once it is too long."""

    def __init__(self, stream: httpx.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for chunk in self._stream:
            size += len(chunk)
            if size > LIMIT:
                raise _TooLongError(f"more than {LIMIT:,} bytes")
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()


class Web:
    """A device behind its login: see :class:`camscan.enrich.Session`. Use with ``async with``."""

    def __init__(
        self, box: Box, way: Way, *, login: Login, scope: Scope, pace: Pace, questions: frozenset[str]
    ) -> None:
        host = f"[{box.ip}]" if ":" in box.ip else box.ip
        self.box = box
        self.port = way.port
        self.base = f"{'https' if way.context else 'http'}://{host}:{way.port}"
        self.shut = False
        """Whether this way leads nowhere and no login was sent on it: another way may be tried."""
        self.refused = False
        """Whether the device refused the login."""
        self.sent_openly = False
        """Whether a login went over a connection that others may read."""
        self._over = False
        self._login = login
        self._way = way
        self._pace = pace
        self._free_at = 0.0
        self._auth = OneLogin(login.user, login.password, private=way.private)
        self._client = httpx.AsyncClient(
            transport=Gate(box.ip, way, scope, questions),
            timeout=httpx.Timeout(pace.answer_timeout, connect=pace.connect_timeout),
            headers={"User-Agent": f"camscan/{__version__}", "Accept": "*/*", "Accept-Encoding": "identity"},
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    @property
    def is_over(self) -> bool:
        """Whether nothing more may be asked of the device on this way."""
        return self._over or self.refused or self.shut

    @property
    def login(self) -> tuple[str, str]:
        """User name and password, for a body; the caller sends them."""
        self.sent_openly = self.sent_openly or not self._way.private
        return self._login.user, self._login.password

    def refuse(self) -> None:
        """Note that the device refused a login that was inside a body."""
        self.refused = True

    async def get(self, path: str) -> Exchange:
        """Send one GET with the login."""
        return await self._exchange(self._client.build_request("GET", self.base + path), self._auth)

    async def post(self, path: str, body: bytes, content_type: str) -> Exchange:
        """Send one POST without an HTTP login."""
        request = self._client.build_request(
            "POST", self.base + path, content=body, headers={"Content-Type": content_type}
        )
        return await self._exchange(request, None)

    async def _exchange(self, request: httpx.Request, auth: OneLogin | None) -> Exchange:
        if self.is_over:
            return Exchange(Answer(self.port, Outcome.NOT_TRIED, detail="this device is not asked anything more"))
        await asyncio.sleep(max(0.0, self._free_at - time.monotonic()))
        try:
            async with asyncio.timeout(self._pace.exchange_timeout):
                response = await self._client.send(request, auth=auth)
        except (TimeoutError, httpx.TimeoutException, httpx.TransportError) as error:
            return self._fail_attempt(error)
        except (httpx.InvalidURL, httpx.DecodingError, UnicodeError) as error:
            self._over = True
            return Exchange(Answer(self.port, Outcome.MALFORMED, detail=f"{type(error).__name__}: {error}"))
        finally:
            self._free_at = time.monotonic() + jittered(self._pace.gap, self._pace.jitter)
            sent = "authorization" in request.headers
            self.sent_openly = self.sent_openly or (sent and not self._way.private)
        return self._decode_answer(response, auth)

    def _fail_attempt(self, error: Exception) -> Exchange:
        """The exchange for an error.

        A way that never connected may be replaced by another; other errors end the device.
        """
        outcome, detail = Outcome.CLOSED, str(error)
        if isinstance(error, httpx.ConnectTimeout):
            outcome, self.shut = Outcome.TIMED_OUT, True
        elif isinstance(error, TimeoutError | httpx.TimeoutException):
            outcome, detail = Outcome.TIMED_OUT, "it did not answer in the time allowed"
        elif isinstance(error, _OutsideError):
            outcome = Outcome.OUT_OF_SCOPE
        elif isinstance(error, _TooLongError):
            outcome = Outcome.MALFORMED
        elif isinstance(error, httpx.ConnectError):
            outcome, self.shut = Outcome.REFUSED, True
            if "CERTIFICATE_VERIFY_FAILED" in detail:
                outcome, detail = Outcome.NOT_TRIED, "its certificate is not trusted, so no login was sent over TLS"
        elif isinstance(error, httpx.ProtocolError):
            outcome = Outcome.NOT_SPOKEN
        self._over = True
        return Exchange(Answer(self.port, outcome, detail=detail))

    def _decode_answer(self, response: httpx.Response, auth: OneLogin | None) -> Exchange:
        status, body = response.status_code, response.content
        outcome, detail = Outcome.ANSWERED, ""
        if auth and auth.refused:
            self.refused = True
            outcome, detail = Outcome.REFUSED, REFUSED_LOGIN
        elif auth and status == _UNAUTHORISED:
            self._over = True
            outcome, detail = Outcome.NOT_TRIED, auth.trouble
        elif auth and status == _FORBIDDEN:
            self._over = True
            outcome, detail = Outcome.NOT_SPOKEN, "it forbids this user to read that (HTTP status 403)"
        elif status in _REDIRECTS:
            outcome, detail = Outcome.NOT_SPOKEN, "it redirects elsewhere, which is not followed"
        elif auth and status != _OK:
            outcome, detail = Outcome.NOT_SPOKEN, f"HTTP status {status}"
        answer = Answer(self.port, outcome, _reply_payload(response) if outcome is Outcome.ANSWERED else b"", detail)
        return Exchange(answer, status, body, response.headers.get("content-type", ""))


def _reply_payload(response: httpx.Response) -> bytes:
    """The reply in the format of captures, without cookies and challenges, because a session is a secret too."""
    lines = [f"HTTP/1.1 {response.status_code} {response.reason_phrase}".encode("latin-1", "replace")]
    lines += [name + b": " + value for name, value in response.headers.raw if _is_header_kept(name)]
    return b"\r\n".join([*lines, b"", response.content])


def _is_header_kept(name: bytes) -> bool:
    plain = name.decode("latin-1").lower()
    # The body is passed on complete and unpacked: the header about its transfer has no meaning any more.
    return plain not in _SECRET_HEADERS and plain not in {"transfer-encoding", "content-length"}
