from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from promise import keeps_its_promise
from tcp_host import FUZZ

from camscan.errors import Malformed, NotSpoken
from camscan.probes import dhcp


@pytest.mark.parametrize(
    ("payload", "key", "value"),
    [
        (b"60=AXIS,Network Camera,P3343,5.20.3", "dhcp.vendor_class", "AXIS,Network Camera,P3343,5.20.3"),
        (b'60="udhcp 1.21.1"\r\n', "dhcp.vendor_class", "udhcp 1.21.1"),
        (b"12=car-park-3\0", "dhcp.host_name", "car-park-3"),
        (b"55=1,3,4,5,6,12,15,28,42", "dhcp.parameter_list", "1,3,4,5,6,12,15,28,42"),
        (b"option 55 = 1 3 6 15", "dhcp.parameter_list", "1,3,6,15"),
    ],
)
def test_one_option(payload: bytes, key: str, value: str) -> None:
    assert [tuple(fact) for fact in dhcp.parse_reply(payload)] == [(key, value)]


def test_several_options() -> None:
    assert [fact.key for fact in dhcp.parse_reply(b"60=x\n12=y\n53=1\n55=1,3\n")] == [
        "dhcp.vendor_class",
        "dhcp.host_name",
        "dhcp.parameter_list",
    ]


@pytest.mark.parametrize(("payload", "error"), [(b"", NotSpoken), (b"53=1", NotSpoken), (b"60=", Malformed)])
def test_what_says_nothing(payload: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        dhcp.parse_reply(payload)


def test_blanks_within_quotes_are_not_part_of_a_value() -> None:
    assert dhcp.parse_reply(b'60=" dhcpcd\t"') == [("dhcp.vendor_class", "dhcpcd")]


@FUZZ
@given(st.binary() | st.binary().map(lambda raw: b"60=" + raw) | st.binary().map(lambda raw: b"55=" + raw))
def test_any_bytes(payload: bytes) -> None:
    keeps_its_promise(dhcp.parse_reply, payload)
