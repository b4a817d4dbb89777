from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from promise import keeps_its_promise
from tcp_host import FUZZ

from camscan.errors import NotSpoken
from camscan.probes import telnet


@pytest.mark.parametrize(
    ("payload", "banner"),
    [
        (b"192.0.0.64 login: ", "192.0.0.64 login:"),
        (b"\xff\xfd\x01\xff\xfb\x03\xff\xfa\x18\x01\xff\xf0\r\n\r\n192.0.0.64 login: ", "192.0.0.64 login:"),
        (b"Welcome\r\n\r\nUsername:\n", "Welcome\nUsername:"),
        (b"\x1b[2J\x1b[1;1HIMDVRS login:", "IMDVRS login:"),
        (b"\xff\xfd\x01\xff\xfd\x1f", ""),
        (b"\xff", ""),
    ],
)
def test_the_text_without_negotiation(payload: bytes, banner: str) -> None:
    assert [tuple(fact) for fact in telnet.parse_reply(payload)] == [("telnet.banner", banner)]


@pytest.mark.parametrize(
    "payload", [b"", b"\r\n", b"SSH-2.0-x\r\n", b"HTTP/1.1 400 x\r\n", b"\x15\x03\x01\x00\x02\x02\x28"]
)
def test_what_is_not_a_banner(payload: bytes) -> None:
    with pytest.raises(NotSpoken):
        telnet.parse_reply(payload)


@FUZZ
@given(st.binary() | st.binary().map(lambda raw: b"\xff\xfd\x01" + raw) | st.text().map(str.encode))
def test_any_bytes(payload: bytes) -> None:
    keeps_its_promise(telnet.parse_reply, payload)
