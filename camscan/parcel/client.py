"""A collector's side of the protocol: signed requests over HTTPS to its one centre, and nowhere else.

By httpx (docs/adr/0009-httpx.md), without proxies or other settings of the environment, and no redirect is followed.
The counter is on the disk before a request leaves.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from camscan.errors import CamscanError, UsageError
from camscan.net.tls import trusting_context
from camscan.parcel.signature import Call, sign
from camscan.version import __version__
from camscan.words import how_to_add

BASE = "/api/collector/v1"
PART = 1 << 20
"""Bytes of one part: it goes through slow lines within a request's time."""
_SECONDS = 60.0
_WHOLE = 300.0
"""Seconds for a whole request: a centre that says a byte a minute holds nobody up for ever."""
_LONGEST = 1 << 20
_LONGEST_NUMBER = 12
_DONE, _TAKEN, _WRONG, _ALTERED, _REFUSED = 200, 202, 400, 401, 403
_TOO_SOON = 429
_PATIENCE = 10
"""How often a part is sent that came too soon."""
_FEW = re.compile("[1-9]")
"""Seconds for which one waits with a part; where it is to be more, the next round goes on."""
_NEVER = frozenset({409, 422})
"""Of a whole parcel: it will not be taken, however often it is sent."""


class CentreError(CamscanError):
    """The centre cannot be reached, or does not answer as it should: it is tried again."""


class AlteredError(CentreError):
    """What was sent is not what arrived: something on the way rewrites it."""


class ParcelRefusedError(CentreError):
    """The centre will never take this parcel: it has another of this id, or its signature does not fit."""


class KeyRefusedError(CamscanError):
    """The centre does not take this key, or not yet."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    members: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Centre:
    """The centre of a collector."""

    url: str
    key: Ed25519PrivateKey = field(repr=False)
    next_counter: Callable[[], int]
    """Gives the number of the next request, which is on the disk by then."""
    ca_file: str = ""

    def enrol(self, code: str) -> Mapping[str, Any]:
        """Give the public key. Raises UsageError where the code is not good, CentreError."""
        answer = self._ask("POST", "/enrol", {"code": code})
        if answer.status == _REFUSED:
            raise UsageError(str(answer.members.get("error", "the centre refuses this code"))[:300])
        return self._good(answer)

    def poll(self, said: Mapping[str, str]) -> Mapping[str, Any]:
        """Say how things are, and hear what is to be done. Raises KeyRefusedError, CentreError."""
        return self._good(self._ask("POST", "/poll", said))

    def report(self, errand: str, state: str, why: str = "") -> None:
        """Say what becomes of an errand. Raises as ``poll``."""
        self._good(self._ask("POST", f"/errand/{errand}", {"state": state, "why": why}))

    def send(self, scan_id: str, content: bytes) -> str:
        """Send a parcel from where an earlier attempt stopped; its state at the centre.

        Raises ParcelRefusedError where it is sent in vain, and as ``poll``.
        """
        path = f"/parcel/{scan_id}"
        said = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
        held = self._ask("HEAD", path).headers.get("camscan-held", "0")
        start = int(held) if held.isascii() and held.isdecimal() and len(held) <= _LONGEST_NUMBER else 0
        start = start if start <= len(content) else 0
        while start < len(content):
            part = content[start : start + PART]
            answer = self._put(path, part, start)
            there = answer.members.get("held")
            if answer.status != _DONE or there != start + len(part):
                self._require_unaltered(answer)
                raise CentreError(f"{self.url}: took no part of the parcel at {start:,} (HTTP status {answer.status})")
            start = there
        answer = self._ask("POST", f"{path}/end", said)
        if answer.status == _TAKEN and isinstance(answer.members.get("state"), str):
            return str(answer.members["state"])
        self._require_unaltered(answer)
        why = str(answer.members.get("error", ""))[:200]
        sentence = f"{self.url}: did not take the parcel (HTTP status {answer.status}) {why}".rstrip()
        raise (ParcelRefusedError if answer.status in _NEVER and why else CentreError)(sentence)

    def _put(self, path: str, part: bytes, start: int) -> Answer:
        """Send a part; where the centre says that this was too soon, some seconds later."""
        for _ in range(_PATIENCE):
            answer = self._ask("PUT", path, part, query=f"at={start}")
            wait = answer.headers.get("retry-after", "")
            if answer.status != _TOO_SOON or not _FEW.fullmatch(wait):
                break
            time.sleep(int(wait))
        return answer

    def result(self, scan_id: str) -> Mapping[str, Any]:
        """What became of a parcel: ``state`` and ``why``; empty where the centre has none. Raises CentreError."""
        answer = self._ask("GET", f"/parcel/{scan_id}/result")
        return answer.members if answer.status == _DONE else {}

    def _require_unaltered(self, answer: Answer) -> None:
        is_digest = answer.status == _WRONG and answer.members.get("error") == "digest"
        if answer.status == _ALTERED or is_digest:
            raise AlteredError(
                f"{self.url}: received something else than was sent (HTTP status {answer.status}); if this goes on, "
                f"ask whoever runs the network to exempt {urlsplit(self.url).hostname} from the inspection of HTTPS"
            )

    def _good(self, answer: Answer) -> Mapping[str, Any]:
        self._require_unaltered(answer)
        why = str(answer.members.get("error", ""))[:200]
        if answer.status == _REFUSED:
            raise KeyRefusedError(f"{self.url}: {why or 'refuses this key'}")
        if answer.status != _DONE:
            now = answer.members.get("now")
            clock = f"; its clock says {str(now)[:40]}" if why == "clock" else ""
            raise CentreError(f"{self.url}: HTTP status {answer.status} {why}{clock}".rstrip())
        return answer.members

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | bytes = b"", *, query: str = "") -> Answer:
        try:
            import httpx  # noqa: PLC0415 - an extra
        except ImportError as error:
            raise UsageError(f"a collector needs httpx: {how_to_add('notify')}") from error
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
            context = trusting_context(self.ca_file)
            client = httpx.AsyncClient(verify=context, trust_env=False, follow_redirects=False, timeout=_SECONDS)
            return asyncio.run(self._answer(client, method, address, content, headers))
        except TimeoutError as error:
            raise CentreError(f"{self.url}: took longer than {_WHOLE:.0f} seconds to answer") from error
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            raise CentreError(f"{self.url}: cannot be reached ({type(error).__name__})") from error

    async def _answer(
        self, client: Any, method: str, address: str, content: bytes, headers: Mapping[str, str]
    ) -> Answer:
        """The answer to one request; all of it within its time, and of a size that an answer has."""
        async with (
            asyncio.timeout(_WHOLE),
            client,
            client.stream(method, address, content=content, headers=headers) as response,
        ):
            said = b""
            async for chunk in response.aiter_raw():
                said += chunk
                if len(said) > _LONGEST:
                    raise CentreError(f"{self.url}: says more than a centre does")
            return Answer(response.status_code, _members(said), dict(response.headers))


def _members(said: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(said or b"{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
