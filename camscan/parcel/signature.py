"""Signed requests: the one form of RFC 9421 (HTTP Message Signatures) that collectors use, made and checked.

The signature covers the method, the authority, the path, the query, the digest of the body (RFC 9530) and a counter;
the parameters are the time, the public key as key id, the algorithm and a tag. Nothing else is accepted: a signature
input that covers less, or in another order, is refused, so that no request can be read in two ways.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from camscan.parcel.keys import is_signed, public_key_of

COUNTER = "camscan-counter"
_TAG = "camscan-collector-1"
_COVERED = '("@method" "@authority" "@path" "@query" "content-digest" "camscan-counter")'
_INPUT = re.compile(
    re.escape(f"sig={_COVERED};created=")
    + r'([0-9]{1,12});keyid="([0-9a-f]{64})";alg="ed25519";tag="([a-z0-9-]{1,40})"'
)
_SIGNATURE = re.compile(r"sig=:([A-Za-z0-9+/]{86}==):")
_NUMBER = re.compile(r"[1-9][0-9]{0,17}")


@dataclass(frozen=True, slots=True)
class Call:
    """The parts of a request that its signature covers."""

    method: str
    authority: str
    """Host and port as the client named them, in small letters; no port if it is the usual one of the scheme."""
    path: str
    query: str
    """The query with its question mark; ``?`` alone if there is none."""
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A request whose signature fits."""

    key: bytes
    """The public key that signed it, 32 bytes."""
    created: int
    """Seconds since 1970, by the clock of the signer."""
    counter: int
    digest: str
    """SHA-256 of the signature, in hexadecimal: it distinguishes two requests with one counter."""


def signature_base(covered: Sequence[tuple[str, str]], parameters: str) -> bytes:
    """The signature base (RFC 9421, 2.5): a line for each covered component, and one for the parameters."""
    lines = [f'"{name}": {value}' for name, value in covered]
    return "\n".join([*lines, f'"@signature-params": {parameters}']).encode()


def content_digest(body: bytes) -> str:
    """The value of the header Content-Digest for a body (RFC 9530)."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


def sign(call: Call, key: Ed25519PrivateKey, counter: int, created: int) -> Mapping[str, str]:
    """The headers that sign a request. ``created`` is in seconds since 1970."""
    parameters = f'{_COVERED};created={created};keyid="{public_key_of(key).hex()}";alg="ed25519";tag="{_TAG}"'
    signature = key.sign(signature_base(_covered_parts(call, counter, content_digest(call.body)), parameters))
    return {
        "content-digest": content_digest(call.body),
        COUNTER: str(counter),
        "signature-input": f"sig={parameters}",
        "signature": f"sig=:{base64.b64encode(signature).decode()}:",
    }


def verify_request(call: Call, headers: Mapping[str, str]) -> SignedRequest | None:
    """Check the signature of a request by its headers (names in small letters).

    Returns the signer's key and the counter; None if nobody signed the request, or if it was changed since.
    """
    said = verify_head(call, headers)
    return said if said and headers["content-digest"] == content_digest(call.body) else None


def verify_head(call: Call, headers: Mapping[str, str]) -> SignedRequest | None:
    """Check the signature before the body is read: the signature covers the digest of the body, which is a header.

    Returns the same as ``verify_request``, whatever the body is.
    """
    given = _INPUT.fullmatch(headers.get("signature-input", ""))
    signature = _SIGNATURE.fullmatch(headers.get("signature", ""))
    counter = _NUMBER.fullmatch(headers.get(COUNTER, ""))
    if not (given and signature and counter) or given[3] != _TAG:
        return None
    digest = headers.get("content-digest", "")
    key, raw = bytes.fromhex(given[2]), base64.b64decode(signature[1])
    parameters = headers["signature-input"].removeprefix("sig=")
    if not is_signed(key, raw, signature_base(_covered_parts(call, int(counter[0]), digest), parameters)):
        return None
    return SignedRequest(key, int(given[1]), int(counter[0]), hashlib.sha256(raw).hexdigest())


def _covered_parts(call: Call, counter: int, digest: str) -> list[tuple[str, str]]:
    return [
        ("@method", call.method),
        ("@authority", call.authority),
        ("@path", call.path),
        ("@query", call.query),
        ("content-digest", digest),
        (COUNTER, str(counter)),
    ]
