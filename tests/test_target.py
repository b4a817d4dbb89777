"""Targets as typed, read into addresses."""

import ipaddress
import tracemalloc
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camscan.errors import TargetError
from camscan.net.target import parse_targets


@pytest.mark.parametrize(
    ("texts", "addresses"),
    [
        (["10.1.2.3"], ["10.1.2.3"]),
        (["10.1.2.0/30"], ["10.1.2.1", "10.1.2.2"]),
        (["10.1.2.5/30"], ["10.1.2.5", "10.1.2.6"]),
        (["10.1.2.0/255.255.255.252"], ["10.1.2.1", "10.1.2.2"]),
        (["10.1.2.0/31"], ["10.1.2.0", "10.1.2.1"]),
        (["10.1.2.3/32"], ["10.1.2.3"]),
        (["10.1.2.10-12"], ["10.1.2.10", "10.1.2.11", "10.1.2.12"]),
        (["10.1.2.254-10.1.3.1"], ["10.1.2.254", "10.1.2.255", "10.1.3.0", "10.1.3.1"]),
        (["10.1-2.3.1-2"], ["10.1.3.1", "10.1.3.2", "10.2.3.1", "10.2.3.2"]),
        (["fd00::1"], ["fd00::1"]),
        (["fd00::/127"], ["fd00::", "fd00::1"]),
        (["FD00:0::A-fd00::b"], ["fd00::a", "fd00::b"]),
        (["::ffff:10.1.2.3"], ["10.1.2.3"]),
        (["10.1.2.3, 10.1.2.1\n10.1.2.2"], ["10.1.2.1", "10.1.2.2", "10.1.2.3"]),
        (["10.1.2.0/30", "10.1.2.2-3", "10.1.2.2"], ["10.1.2.1", "10.1.2.2", "10.1.2.3"]),
        (["fd00::1", "10.1.2.3"], ["10.1.2.3", "fd00::1"]),
    ],
)
def test_forms(texts: list[str], addresses: list[str]) -> None:
    targets = parse_targets(texts)
    assert list(targets) == addresses
    assert targets.count == len(addresses)
    assert all(ip in targets for ip in addresses)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no target"),
        ("camera.example", "camscan takes addresses, not names"),
        ("camera", "camscan takes addresses, not names"),
        ("nvr-1.example/24", "camscan takes addresses, not names"),
        ("10.1.2.50-10", "reversed; write it as 10-50"),
        ("10.1.2.50-10.1.2.10", "reversed; write it as 10.1.2.10-10.1.2.50"),
        ("fd00::5-fd00::1", "reversed"),
        ("10.1.2.3-fd00::1", "one family"),
        ("10.1.2.1-300", "300 is more than 255"),
        ("10.1.2", "not an address; write it like"),
        ("10.1.2.300", "not an address"),
        ("10.01.2.3", "not an address"),
        ("10.1.2.01-9", "not a range"),
        ("10.1.2.3-", "not a range"),
        ("10.1.2.3-4-5", "not a range"),
        ("255.255.255.0", "is a mask; write the subnet in one word"),
        ("10.1.2.0/33", "prefix length must be 0 to 32"),
        ("10.1.2.0/x", "prefix length must be 0 to 32"),
        ("fd00::/64", "wider than /112"),
        ("fd00::-fd00::1:0", "more than 65,536"),
        ("fe80::1%eth0", "--interface"),
        ("http://10.1.2.3", "not an address"),
        ("10.0.0.0/8", "--confirm-count 16777214"),
        ("0-255.0-255.0-255.1-9", "too many ranges"),
    ],
)
def test_refusals_say_what_to_do_in_one_line(text: str, says: str) -> None:
    with pytest.raises(TargetError) as caught:
        parse_targets([text])
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_whole_b_network_needs_no_confirmation() -> None:
    assert parse_targets(["10.1.0.0/16"]).count == 65534


def test_only_the_exact_count_confirms() -> None:
    with pytest.raises(TargetError, match="16777214"):
        parse_targets(["10.0.0.0/8"], confirm_count=16777216)
    assert parse_targets(["10.0.0.0/8"], confirm_count=16777214).count == 16777214


def test_memory_does_not_grow_with_the_targets() -> None:
    tracemalloc.start()
    try:
        targets = parse_targets(["10.0.0.0/8", "172.16-31.0-99.1-254"], limit=1 << 32)
        first = list(islice(targets, 1000))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert first[0] == "10.0.0.1"
    assert targets.count == 16_777_214 + 16 * 100 * 254
    assert peak < 5_000_000


def test_networks_cover_the_subnet_itself() -> None:
    targets = parse_targets(["10.1.2.0/25", "10.1.2.128/25", "fd00::/120"])
    assert targets.networks == (ipaddress.ip_network("10.1.2.0/24"), ipaddress.ip_network("fd00::/120"))


@pytest.mark.parametrize("ip", ["10.1.2.0", "10.1.2.255", "10.1.3.1", "fd00::1", "x", ""])
def test_what_is_not_contained(ip: str) -> None:
    assert ip not in parse_targets(["10.1.2.0/24"])


def test_mapped_and_zoned_spellings_are_contained() -> None:
    targets = parse_targets(["10.1.2.3", "fe80::1"])
    assert "::ffff:10.1.2.3" in targets
    assert "fe80::1%eth0" in targets


@given(st.lists(st.tuples(st.integers(0, 1023), st.integers(0, 1023)).map(sorted), min_size=1, max_size=8))
def test_ranges_merge_into_a_sorted_set(ranges: list[list[int]]) -> None:
    base = int(ipaddress.IPv4Address("10.1.0.0"))
    texts = [f"{ipaddress.IPv4Address(base + a)}-{ipaddress.IPv4Address(base + b)}" for a, b in ranges]
    expected = sorted({number for a, b in ranges for number in range(a, b + 1)})
    targets = parse_targets(texts)
    assert [int(ipaddress.IPv4Address(ip)) - base for ip in targets] == expected
    assert targets.count == len(expected)
    assert sum(network.num_addresses for network in targets.networks) == len(expected)


@given(st.one_of(st.text(max_size=30), st.text(alphabet="0123456789abcdef.:/-%, ", max_size=40)))
def test_any_text_is_read_or_refused_in_one_line(text: str) -> None:
    try:
        targets = parse_targets([text])
    except TargetError as error:
        says = str(error)
        targets = parse_targets(["10.1.2.3"])
    else:
        says = ""
    assert "\n" not in says
    assert 0 < targets.count <= 65536
