"""A collector's side of the protocol: signed requests over HTTPS to its one centre, and nowhere else.

It uses httpx (docs/adr/0009-httpx.md), without proxies or other settings of the environment, and follows no redirect.
The counter is on the disk before a request leaves.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from camscan.errors import CamscanError, UsageError
from camscan.net.tls import describe_fault, trusting_context
from camscan.parcel.signature import Call, sign
from camscan.version import __version__
from camscan.words import how_to_add

BASE = "/api/collector/v1"
PART = 1 << 20
"""Bytes of one part of a parcel: a slow line carries that much within the time of one request."""
_SECONDS = 60.0
_WHOLE = 300.0
"""Seconds for a complete request: a centre that sends a byte a minute cannot hold up a collector for ever."""
_LONGEST = 1 << 20
_LONGEST_NUMBER = 12
_DONE, _TAKEN, _WRONG, _ALTERED, _REFUSED = 200, 202, 400, 401, 403
_LATER = frozenset({429, 503})
_PATIENCE = 10
"""How often a part is sent again if the centre answers that it came too soon."""
_FEW = 9
"""The longest wait in seconds before a part is sent again; if the centre asks for more, a later round continues."""
DAY = 86_400
"""The longest time in seconds for which a centre may put off its collector."""
_KEPT = 4.0
"""Seconds after which an unused connection is closed: one second before the centre closes it."""
_NEVER = frozenset({409, 422})
"""Statuses that refuse a parcel for good, however often it is sent."""


class CentreError(CamscanError):
    """The centre cannot be reached, or does not answer as it should. The collector tries again."""

    def __init__(self, message: str, after: int = 0) -> None:
        super().__init__(message)
        self.after = after
        """Seconds for which the centre wants no request; 0 if it does not say."""


class AlteredError(CentreError):
    """The centre received other bytes than were sent: something on the way rewrites them."""


class ParcelRefusedError(CentreError):
    """The centre will never take this parcel: it has another one with this id, or the signature does not fit."""


class KeyRefusedError(CamscanError):
    """The centre does not trust this key, or does not trust it yet."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of the centre: HTTP status, JSON members and headers."""

    status: int
    members: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def after(self) -> int:
        """Seconds of the Retry-After header, a day at most; 0 if there is none, or if it has a date."""
        said = self.headers.get("retry-after", "")
        is_number = said.isascii() and said.isdecimal() and len(said) <= _LONGEST_NUMBER
        return min(DAY, int(said)) if is_number else 0


@dataclass(frozen=True, slots=True)
class Centre:
    """The centre of a collector, and the requests that the collector may send to it."""

    url: str
    key: Ed25519PrivateKey = field(repr=False)
    next_counter: Callable[[], int]
    """Gives the number of the next request. The number is on the disk before this returns."""
    ca_file: str = ""
    _lines: list[_Connection] = field(default_factory=list, init=False, repr=False)
    """The open connection, if there is one. Outside of ``hold_connection`` no connection stays open."""
    _holds: list[bool] = field(default_factory=list, init=False, repr=False)

    @contextlib.contextmanager
    def hold_connection(self) -> Iterator[None]:
        """Send all requests in this block over one connection, for as long as the centre keeps it open."""
        self._holds.append(True)
        try:
            yield
        finally:
            self._holds.pop()
            self._close_connection()

    def enrol(self, code: str) -> Mapping[str, Any]:
        """Send the public key and the code; returns the members of the answer.

        Raises UsageError for a bad code, CentreError.
        """
        answer = self._send_request("POST", "/enrol", {"code": code})
        if answer.status == _REFUSED:
            raise UsageError(str(answer.members.get("error", "the centre refuses this code"))[:300])
        return self._require_success(answer)

    def poll(self, said: Mapping[str, str]) -> Mapping[str, Any]:
        """Send the collector's state, and return what is to be done. Raises KeyRefusedError, CentreError."""
        return self._require_success(self._send_request("POST", "/poll", said))

    def report(self, errand: str, state: str, why: str = "") -> None:
        """Report the state of an errand to the centre. Raises the same errors as ``poll``."""
        self._require_success(self._send_request("POST", f"/errand/{errand}", {"state": state, "why": why}))

    def send(self, scan_id: str, content: bytes) -> str:
        """Send a parcel from where an earlier attempt stopped. Returns the parcel's state at the centre.

        Raises ParcelRefusedError if the centre will never take it, and the same errors as ``poll``.
        """
        path = f"/parcel/{scan_id}"
        said = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
        held = self._send_request("HEAD", path).headers.get("camscan-held", "0")
        start = int(held) if held.isascii() and held.isdecimal() and len(held) <= _LONGEST_NUMBER else 0
        start = start if start <= len(content) else 0
        while start < len(content):
            part = content[start : start + PART]
            answer = self._send_part(path, part, start)
            there = answer.members.get("held")
            if answer.status != _DONE or there != start + len(part):
                self._require_unaltered(answer)
                why = f"(HTTP status {answer.status}) {str(answer.members.get('error', ''))[:200]}".rstrip()
                raise CentreError(f"{self.url}: took no part of the parcel at {start:,} {why}", answer.after)
            start = there
        answer = self._send_request("POST", f"{path}/end", said)
        if answer.status == _TAKEN and isinstance(answer.members.get("state"), str):
            return str(answer.members["state"])
        self._require_unaltered(answer)
        why = str(answer.members.get("error", ""))[:200]
        sentence = f"{self.url}: did not take the parcel (HTTP status {answer.status}) {why}".rstrip()
        raise (ParcelRefusedError if answer.status in _NEVER and why else CentreError)(sentence, answer.after)

    def _send_part(self, path: str, part: bytes, start: int) -> Answer:
        """Send one part of a parcel.

        If the centre answers that it came too soon, wait some seconds and send it again.
        """
        for _ in range(_PATIENCE):
            answer = self._send_request("PUT", path, part, query=f"at={start}")
            if answer.status not in _LATER or not 0 < answer.after <= _FEW:
                break
            time.sleep(answer.after)
        return answer

    def result(self, scan_id: str) -> Mapping[str, Any]:
        """Ask for the result of a parcel: ``state`` and ``why``; empty if the centre has none. Raises CentreError."""
        answer = self._send_request("GET", f"/parcel/{scan_id}/result")
        return answer.members if answer.status == _DONE else {}

    def _require_unaltered(self, answer: Answer) -> None:
        is_digest = answer.status == _WRONG and answer.members.get("error") == "digest"
        if answer.status == _ALTERED or is_digest:
            raise AlteredError(
                f"{self.url}: received other bytes than were sent (HTTP status {answer.status}); if this goes on, "
                f"ask whoever runs the network to exempt {urlsplit(self.url).hostname} from the inspection of HTTPS"
            )

    def _require_success(self, answer: Answer) -> Mapping[str, Any]:
        self._require_unaltered(answer)
        why = str(answer.members.get("error", ""))[:200]
        if answer.status == _REFUSED:
            raise KeyRefusedError(f"{self.url}: {why or 'refuses this key'}")
        if answer.status != _DONE:
            said = f"HTTP status {answer.status} {why}".rstrip()
            if why == "clock":
                now = str(answer.members.get("now"))[:40]
                said = f"the clock here differs from the centre's, which says {now}: set the time here"
            raise CentreError(f"{self.url}: {said}", answer.after)
        return answer.members

    def _send_request(
        self, method: str, path: str, body: Mapping[str, Any] | bytes = b"", *, query: str = ""
    ) -> Answer:
        parts = urlsplit(self.url)
        port = "" if parts.port in {None, 443 if parts.scheme == "https" else 80} else f":{parts.port}"
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        call = Call(method, f"{host}{port}", f"{BASE}{path}", f"?{query}", content)
        headers = {
            **sign(call, self.key, self.next_counter(), int(time.time())),
            "host": call.authority,
            "user-agent": f"camscan/{__version__}",
            "accept-encoding": "identity",
        }
        address = f"{self.url}{BASE}{path}" + (f"?{query}" if query else "")
        try:
            if not self._lines:
                self._lines.append(_Connection(self.url, self.ca_file))
            answer = self._lines[0].ask(method, address, content, headers)
        except BaseException:
            self._close_connection()
            raise
        if not self._holds:
            self._close_connection()
        return answer

    def _close_connection(self) -> None:
        while self._lines:
            self._lines.pop().close()


class _Connection:
    """A connection to the centre. It is opened by the first request, and opened again if the centre closed it."""

    def __init__(self, url: str, ca_file: str) -> None:
        """Prepare the connection. Raises UsageError if httpx is missing, CentreError if ``ca_file`` cannot be read."""
        try:
            import httpx  # noqa: PLC0415 - an extra
        except ImportError as error:
            raise UsageError(f"a collector needs httpx: {how_to_add('notify')}") from error
        self._url, self._faults = url, (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError)
        try:
            context = trusting_context(ca_file)
        except (OSError, ValueError) as error:
            raise CentreError(f"{ca_file}: no certificates can be read from it ({type(error).__name__})") from error
        self._runner = asyncio.Runner()
        self._client = httpx.AsyncClient(
            verify=context,
            trust_env=False,
            follow_redirects=False,
            timeout=_SECONDS,
            limits=httpx.Limits(max_connections=1, keepalive_expiry=_KEPT),
        )

    def ask(self, method: str, address: str, content: bytes, headers: Mapping[str, str]) -> Answer:
        """Send one request and return the answer. Raises CentreError."""
        try:
            return self._runner.run(self._answer(method, address, content, headers))
        except TimeoutError as error:
            raise CentreError(f"{self._url}: took longer than {_WHOLE:.0f} seconds to answer") from error
        except self._faults as error:
            raise CentreError(f"{self._url}: cannot be reached ({describe_fault(error)})") from error

    async def _answer(self, method: str, address: str, content: bytes, headers: Mapping[str, str]) -> Answer:
        """Read the complete answer, within its time and up to the largest size of an answer."""
        async with (
            asyncio.timeout(_WHOLE),
            self._client.stream(method, address, content=content, headers=headers) as response,
        ):
            said = b""
            async for chunk in response.aiter_raw():
                said += chunk
                if len(said) > _LONGEST:
                    raise CentreError(f"{self._url}: sent more than a centre sends")
            return Answer(response.status_code, _members(said), dict(response.headers))

    def close(self) -> None:
        """Close the connection."""
        with contextlib.suppress(*self._faults):
            self._runner.run(self._client.aclose())
        self._runner.close()


def _members(said: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(said or b"{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
