from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camscan.net.text import clean_text, decode_text, mac_address


@pytest.mark.parametrize(
    "text",
    [
        "58-50-ED-1F-00-01",
        "58:50:ed:1f:00:01",
        " 58:50:ed:1f:0:1 ",
        "5850.ed1f.0001",
        "5850ED1F0001",
        "58 50 ed 1f 00 01",
    ],
)
def test_every_spelling_of_a_mac_becomes_one(text: str) -> None:
    assert mac_address(text) == "58:50:ed:1f:00:01"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "58:50:ed",
        "00:00:00:00:00:00",
        "FF-FF-FF-FF-FF-FF",
        "58:50:ed:1f:00:01:02",
        "REDACTED",
        "0x5850ed1f0001",
        "192.168.100.100",
    ],
)
def test_what_is_not_an_address_of_one_unit_is_none(text: str) -> None:
    assert mac_address(text) is None


def test_text_is_read_in_the_encoding_it_fits() -> None:
    assert decode_text("Entrée".encode()) == "Entrée"
    assert decode_text("大门".encode("gb18030")) == "大门"
    assert decode_text(b"Entr\xe9e") == "Entrée"
    assert decode_text(b"\xff\xff") == "ÿÿ"


@given(st.binary())
def test_any_bytes_decode(payload: bytes) -> None:
    assert isinstance(decode_text(payload), str)


@given(st.text())
def test_any_text_becomes_storable(text: str) -> None:
    cleaned = clean_text(text + "\0\ud800 ")
    assert "\0" not in cleaned
    assert cleaned == cleaned.strip()
    cleaned.encode("utf-8")
