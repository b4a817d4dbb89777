"""NetBox's devices over its REST API: GET only, page by page, over HTTPS with a checked certificate.

httpx sends the requests (docs/adr/0009-httpx.md), without proxies or other settings of the environment. NetBox gives a
link to the next page, but it is not followed: pages are counted here, so that the token is sent to the address of
camscan.yaml and nowhere else. Source: ``/api/dcim/devices/`` of NetBox 3 and 4.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from camscan.errors import UsageError
from camscan.ingest.source import Problem
from camscan.net.tls import trusting_context
from camscan.version import __version__
from camscan.words import how_to_add

SECONDS = 60.0
"""Seconds for one page."""
PAGE = 200
"""The number of devices of one page."""
MOST = 100_000
LONGEST = 32 * 1024 * 1024
"""The most bytes of one page."""
MOST_TIME = 1800.0
"""Seconds for all pages."""
_NO_DEVICE = "a row of its list is not a device"
_OK, _REDIRECTS, _LOGINS = 200, range(300, 400), (401, 403)


@dataclass(frozen=True, slots=True)
class NetBoxServer:
    """The address of NetBox, and the token for its API."""

    url: str
    token: str
    ca_file: str = ""


def fetch_devices(place: NetBoxServer) -> Iterator[dict[str, Any] | Problem]:
    """Yield every device, as NetBox has it.

    A page that cannot be fetched is a Problem, and the last item. Raises UsageError.
    """
    try:
        import httpx  # noqa: F401, PLC0415 - an extra
    except ImportError as error:
        raise UsageError(f"NetBox is asked by httpx: {how_to_add('inventory')}") from error
    offset, until = 0, time.monotonic() + MOST_TIME
    while offset < MOST:
        if time.monotonic() > until:
            yield Problem(
                f"device {offset + 1}", f"it took more than {MOST_TIME / 60:.0f} minutes; the rest is left out"
            )
            return
        status, body, why = asyncio.run(_fetch_page(place, offset))
        if why or status != _OK:
            yield Problem(f"device {offset + 1}", why or _status_in_words(status))
            return
        results = _parse_page(body)
        if results is None:
            yield Problem(f"device {offset + 1}", "it does not answer like NetBox")
            return
        found, is_last = results
        yield from found
        offset += len(found)
        if is_last:
            return
        if not found:
            yield Problem(f"device {offset + 1}", "it announces more devices, and sends none")
            return
    yield Problem(f"device {offset + 1}", f"more than {MOST:,} devices; the rest is left out")


async def _fetch_page(place: NetBoxServer, offset: int) -> tuple[int, bytes, str]:
    """Fetch one page: status, body, and why there is no answer."""
    import httpx  # noqa: PLC0415 - an extra

    address = f"{place.url}/api/dcim/devices/?limit={PAGE}&offset={offset}&ordering=id"
    kind = "Bearer" if place.token.startswith("nbt_") else "Token"  # NetBox 4.5 has tokens of a second kind
    headers = {
        "Authorization": f"{kind} {place.token}",
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        "User-Agent": f"camscan/{__version__}",
    }
    try:
        context = trusting_context(place.ca_file)
        async with (
            asyncio.timeout(SECONDS),
            httpx.AsyncClient(verify=context, trust_env=False, follow_redirects=False, timeout=SECONDS) as client,
            client.stream("GET", address, headers=headers) as response,
        ):
            body = b""
            async for chunk in response.aiter_raw():
                body += chunk
                if len(body) > LONGEST:
                    return 0, b"", f"a page of more than {LONGEST // 1024 // 1024} MB"
            return response.status_code, body, ""
    except (TimeoutError, httpx.TimeoutException):
        return 0, b"", f"no answer within {SECONDS:g} seconds"
    except httpx.ConnectError as error:
        is_untrusted = "CERTIFICATE_VERIFY_FAILED" in str(error)
        told = "its certificate is not trusted; ca_file names the authority of your own network"
        return 0, b"", told if is_untrusted else "no connection to it"
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        return 0, b"", f"it does not speak HTTP as it should ({type(error).__name__})"


def _status_in_words(status: int) -> str:
    if status in _LOGINS:
        return f"it refuses the token (HTTP status {status})"
    if status in _REDIRECTS:
        return f"it redirects elsewhere (HTTP status {status}), which is not followed"
    return f"HTTP status {status}"


def _parse_page(body: bytes) -> tuple[list[dict[str, Any] | Problem], bool] | None:
    """The devices of a page, and whether it is the last; None if it is not a page of NetBox.

    A page may have fewer devices than were asked for, because NetBox's MAX_PAGE_SIZE limits it. The last page has no
    link to a next one.
    """
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return None
    found = told.get("results") if isinstance(told, dict) else None
    if not isinstance(found, list):
        return None
    is_last = not told.get("next")
    some = found[:PAGE]
    return [each if isinstance(each, dict) else Problem("", _NO_DEVICE) for each in some], is_last
