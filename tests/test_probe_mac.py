from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from promise import keeps_its_promise
from tcp_host import FUZZ

from camscan.errors import Malformed, NotSpoken
from camscan.probes import mac


@pytest.mark.parametrize(
    "text",
    [
        "58:50:ed:00:00:01",
        "58-50-ED-00-00-01",
        "5850.ed00.0001",
        "5850ED000001",
        "58:50:ed:0:0:1",
        " 58:50:ED:00:00:01\r\n",
        '"58-50-ed-00-00-01"',
    ],
)
def test_an_address_in_every_spelling(text: str) -> None:
    assert [tuple(fact) for fact in mac.parse_reply(text.encode())] == [("mac.address", "58:50:ed:00:00:01")]


@pytest.mark.parametrize(
    ("text", "prefix"),
    [
        ("00:80:F0", "0080f0"),
        ("0080F0", "0080f0"),
        ("00-80-f0", "0080f0"),
        ("0080.F0", "0080f0"),
        ("0:80:f0", "0080f0"),
        ("00:80:F0:XX:XX:XX", "0080f0"),
        ("00:80:f0:*", "0080f0"),
        ("00:80:F0/24", "0080f0"),
        ("A0:BB:3E:7/28", "a0bb3e7"),
        ("A0BB3E7", "a0bb3e7"),
        ("A0:BB:3E:70:00:00/28", "a0bb3e7"),
        ("00:1B:C5:00:1/36", "001bc5001"),
        ("001BC5001", "001bc5001"),
        ("00:1B:C5:00:10:00/36", "001bc5001"),
        ("001bc500", "001bc50"),
        ("02:0F:B5", "020fb5"),
    ],
)
def test_a_prefix_in_every_spelling(text: str, prefix: str) -> None:
    facts = [tuple(fact) for fact in mac.parse_reply(text.encode())]
    assert facts == [("mac.prefix", prefix)]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", NotSpoken),
        ("camera", NotSpoken),
        ("192.0.2.7", Malformed),
        ("00:00:00:00:00:00", Malformed),
        ("ff:ff:ff:ff:ff:ff", Malformed),
        ("00:80", Malformed),
        ("0080f0/36", Malformed),
        ("00:11:22:33:44:55:66:77", Malformed),
        ("XX:XX:XX", Malformed),
    ],
)
def test_what_is_not_an_address(text: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        mac.parse_reply(text.encode())


@given(
    st.binary(min_size=6, max_size=6).filter(lambda raw: raw not in {bytes(6), b"\xff" * 6}), st.sampled_from(":-. ")
)
def test_every_address_is_read_back(raw: bytes, separator: str) -> None:
    text = raw.hex(separator, 2 if separator == "." else 1) if separator != " " else raw.hex()
    assert mac.parse_reply(text.upper().encode())[0].value == raw.hex(":")


@FUZZ
@given(st.binary() | st.text("0123456789abcdefABCDEFxX*:.-/ 246").map(str.encode))
def test_any_bytes(payload: bytes) -> None:
    keeps_its_promise(mac.parse_reply, payload)
