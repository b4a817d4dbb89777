"""The order of addresses, and what an address shares with its neighbours."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camscan.addresses import number_in_subnet, sort_key, subnet_of


def test_addresses_are_sorted_by_number_and_what_is_not_an_address_comes_last() -> None:
    texts = ["", "switch", "2001:db8::1", "10.0.0.10", "10.0.0.9", "9.255.0.1", "fe80::1%eth0", "1.2.3"]
    wanted = ["9.255.0.1", "10.0.0.9", "10.0.0.10", "2001:db8::1", "fe80::1%eth0", "", "1.2.3", "switch"]
    assert sorted(texts, key=sort_key) == wanted


@given(st.lists(st.ip_addresses(v=4) | st.ip_addresses(v=6)))
def test_the_order_is_that_of_the_numbers(addresses: list[ipaddress.IPv4Address | ipaddress.IPv6Address]) -> None:
    wanted = sorted(addresses, key=lambda each: (each.version, int(each)))
    assert sorted(map(str, addresses), key=sort_key) == list(map(str, wanted))


@given(st.text(max_size=20))
def test_any_text_has_a_place(text: str) -> None:
    assert sort_key(text) <= (9, 0, text)


@pytest.mark.parametrize(
    ("ip", "subnet", "number"),
    [
        ("10.1.2.34", "10.1.2.0/24", 34),
        ("2001:db8:1:2::1:f", "2001:db8:1:2::/64", 15),
        ("fe80::1%eth0", "fe80::/64", 1),
    ],
)
def test_the_subnet_and_the_number_in_it(ip: str, subnet: str, number: int) -> None:
    assert number_in_subnet(ip) == (subnet, number)
    assert subnet_of(ip) == subnet
