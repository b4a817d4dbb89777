"""One POST over HTTPS to an address of camscan.yaml: a checked certificate, no redirects, ten seconds, a short answer.

httpx sends it (docs/adr/0009-httpx.md), without proxies or other settings of the environment.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from urllib.parse import urlsplit

from camscan.config.recipient import Recipient
from camscan.errors import UsageError
from camscan.net.tls import trusting_context
from camscan.notify import Outcome
from camscan.output import visible
from camscan.version import __version__
from camscan.words import how_to_add

SECONDS = 10.0
"""For connection, handshake, request and answer together."""
LIMIT = 4096
"""Bytes of an answer's body that are read; the rest is ignored."""
_LONGEST = 120
_REDIRECTS, _OK, _TOO_MANY = range(300, 400), range(200, 300), 429
_FAULT = 500


def post_body(recipient: Recipient, body: bytes, headers: Mapping[str, str]) -> Outcome:
    """Send a body; returns the result. Raises ConfigError if the address cannot be read, UsageError without httpx."""
    address = recipient.text("url")
    if not address.lower().startswith("https://"):
        return Outcome(is_sent=False, detail="its address does not begin with https://; nothing was sent")
    return asyncio.run(_post_body(address, body, headers, recipient.options.get("ca_file", "")))


async def _post_body(address: str, body: bytes, headers: Mapping[str, str], ca_file: str) -> Outcome:
    try:
        import httpx  # noqa: PLC0415 - an extra, and only alerts over HTTPS need it
    except ImportError as error:
        raise UsageError(f"alerts over HTTPS need httpx: {how_to_add('notify')}") from error
    try:
        context = trusting_context(ca_file)
    except (OSError, ValueError) as error:
        return Outcome(is_sent=False, detail=f"{ca_file}: no certificates can be read from it ({error})")
    known = {"User-Agent": f"camscan/{__version__}", "Accept-Encoding": "identity", **headers}
    try:
        async with (
            asyncio.timeout(SECONDS),
            httpx.AsyncClient(
                verify=context, trust_env=False, follow_redirects=False, timeout=SECONDS, headers=known
            ) as client,
            client.stream("POST", address, content=body) as response,
        ):
            said = b""
            async for chunk in response.aiter_raw():
                said += chunk
                if len(said) > LIMIT:
                    break
            return _outcome_of_status(response.status_code, said[:LIMIT])
    except (TimeoutError, httpx.TimeoutException):
        return Outcome(is_sent=False, detail=f"no answer within {SECONDS:g} seconds")
    except httpx.ConnectError as error:
        return Outcome(is_sent=False, detail=_why_no_connection(str(error), address))
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        return Outcome(is_sent=False, detail=f"it does not speak HTTP as it should ({type(error).__name__})")


def _why_no_connection(said: str, address: str) -> str:
    """Why there is no connection; of the address only the host and the port, because the rest may be secret."""
    if "CERTIFICATE_VERIFY_FAILED" in said:
        return "its certificate is not trusted, so nothing was sent; ca_file names the authority of your own network"
    where = urlsplit(address)
    port = f", port {where.port}" if where.port else ""
    host = visible(where.hostname or "", _LONGEST)
    return f"no connection to {host}{port}: check the address, and that this machine may reach it"


def _outcome_of_status(status: int, said: bytes) -> Outcome:
    if status in _OK:
        return Outcome(is_sent=True, detail=f"taken (HTTP status {status})")
    if status in _REDIRECTS:
        return Outcome(is_sent=False, detail=f"it redirects elsewhere (HTTP status {status}), which is not followed")
    if status == _TOO_MANY:
        return Outcome(is_sent=False, detail="it accepts no more messages at the moment (HTTP status 429)")
    words = visible(" ".join(said.decode("utf-8", "replace").split()), _LONGEST)
    says = f": {words}" if words and status < _FAULT else ""
    return Outcome(is_sent=False, detail=f"it did not accept the message (HTTP status {status}{says})")
