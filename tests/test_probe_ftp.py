from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from promise import keeps_its_promise
from tcp_host import FUZZ

from camscan.errors import Malformed, NotSpoken
from camscan.probes import ftp

BANNER = "AXIS P1346 Network Camera 5.50beta3 (2014) ready"


@pytest.mark.parametrize(
    ("payload", "banner"),
    [
        (BANNER, BANNER),
        (f"220 {BANNER}\r\n", BANNER),
        (f"220-{BANNER}\r\n220 second line\r\n", f"{BANNER}\nsecond line"),
        ("220-first\r\n continued\r\n220 \r\n", "first\n continued"),
        ("2201 is a model number", "2201 is a model number"),
        ("421 Too many connections\r\n", "Too many connections"),
    ],
)
def test_the_reply_code_is_not_part_of_the_banner(payload: str, banner: str) -> None:
    assert [tuple(fact) for fact in ftp.parse_reply(payload.encode())] == [("ftp.banner", banner)]


@pytest.mark.parametrize(
    ("payload", "error"),
    [
        (b"", NotSpoken),
        (b"\r\n", Malformed),
        (b"220 \r\n", Malformed),
        (b"SSH-2.0-dropbear\r\n", NotSpoken),
        (b"HTTP/1.1 400 Bad Request\r\n", NotSpoken),
        (b"\x15\x03\x01\x00\x02\x02\x28", NotSpoken),
    ],
)
def test_what_is_not_a_banner(payload: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        ftp.parse_reply(payload)


@FUZZ
@given(st.binary() | st.binary().map(lambda raw: b"220 " + raw) | st.text().map(str.encode))
def test_any_bytes(payload: bytes) -> None:
    keeps_its_promise(ftp.parse_reply, payload)
