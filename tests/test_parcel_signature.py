"""Signed requests: as RFC 9421 has them, and refused where anything differs."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from parcels import KEY, OTHER_KEY

from camscan.parcel.keys import public_key_of
from camscan.parcel.signature import Call, content_digest, sign, signature_base, verify_request

CALL = Call("POST", "centre.example", "/api/collector/v1/poll", "?", b'{"version": "0.1.0"}')
RFC_KEY = b"""\
-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF
-----END PRIVATE KEY-----
"""


def test_the_base_is_that_of_the_rfc() -> None:
    """RFC 9421, B.2.6: signing a request using ed25519."""
    covered = [
        ("date", "Tue, 20 Apr 2021 02:07:55 GMT"),
        ("@method", "POST"),
        ("@path", "/foo"),
        ("@authority", "example.com"),
        ("content-type", "application/json"),
        ("content-length", "18"),
    ]
    names = " ".join(f'"{name}"' for name, _ in covered)
    key = load_pem_private_key(RFC_KEY, None)
    assert isinstance(key, Ed25519PrivateKey)
    signature = key.sign(signature_base(covered, f'({names});created=1618884473;keyid="test-key-ed25519"'))
    expected = (
        "c2a700a9b9982768e2da095f00c691cb882bb98627c769c414dd8737a8eb9c39d008ad"
        "6ed3619bd38bfd10383050f8aee00d30eafb90bf9948a7958fa412910b"
    )
    assert signature.hex() == expected


def test_the_digest_is_that_of_the_rfc() -> None:
    """RFC 9530, appendix B: of ``{"hello": "world"}`` and a line feed."""
    assert content_digest(b'{"hello": "world"}\n') == "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"


def test_what_is_signed_is_verified() -> None:
    said = verify_request(CALL, sign(CALL, KEY, 7, 1_800_000_000))
    assert said is not None
    assert (said.key, said.counter, said.created) == (public_key_of(KEY), 7, 1_800_000_000)


@pytest.mark.parametrize(
    "changed",
    [
        replace(CALL, method="PUT"),
        replace(CALL, authority="other.example"),
        replace(CALL, path="/api/collector/v1/enrol"),
        replace(CALL, query="?at=0"),
        replace(CALL, body=b'{"version": "0.1.1"}'),
    ],
)
def test_what_was_changed_is_not(changed: Call) -> None:
    assert verify_request(changed, sign(CALL, KEY, 7, 1_800_000_000)) is None


@pytest.mark.parametrize(
    ("header", "old", "new"),
    [
        ("camscan-counter", "7", "8"),
        ("camscan-counter", "7", "07"),
        ("signature-input", "created=1800000000", "created=1800000001"),
        ("signature-input", ' "@query"', ""),
        ("signature-input", 'alg="ed25519"', 'alg="none"'),
        ("signature-input", "collector-1", "collector-2"),
        ("signature-input", public_key_of(KEY).hex(), public_key_of(OTHER_KEY).hex()),
        ("signature", "sig=", "other="),
        ("content-digest", "sha-256", "sha-512"),
    ],
)
def test_what_its_headers_say_is_signed_too(header: str, old: str, new: str) -> None:
    headers = dict(sign(CALL, KEY, 7, 1_800_000_000))
    assert old in headers[header]
    assert verify_request(CALL, headers | {header: headers[header].replace(old, new)}) is None
    del headers[header]
    assert verify_request(CALL, headers) is None
