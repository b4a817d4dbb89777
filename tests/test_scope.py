"""Where packets may go."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camscan.errors import ScopeError
from camscan.net.scope import PRIVATE, Scope, may_ask_group
from camscan.net.span import Network
from camscan.net.target import parse_targets


def networks(*texts: str) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(text) for text in texts)


EVERYWHERE = networks("0.0.0.0/0", "::/0")


@pytest.mark.parametrize(
    "ip",
    [
        "10.0.0.1",
        "172.16.0.1",
        "172.31.255.254",
        "192.168.1.1",
        "169.254.1.1",
        "127.0.0.1",
        "fd00::1",
        "fe80::1",
        "::1",
    ],
)
def test_private_ranges_may_be_scanned_ad_hoc(ip: str) -> None:
    assert Scope(EVERYWHERE).allows(ip)


@pytest.mark.parametrize(
    "ip",
    [
        "8.8.8.8",
        "192.0.2.1",
        "100.64.0.1",
        "172.32.0.1",
        "0.0.0.0",
        "255.255.255.255",
        "224.0.0.251",
        "239.255.255.250",
        "ff02::c",
        "2001:db8::1",
        "::",
        "::8.8.8.8",
        "::ffff:8.8.8.8",
        "64:ff9b::808:808",
        "2002:808:808::1",
    ],
)
def test_nothing_else_is_allowed_without_authorisation(ip: str) -> None:
    assert not Scope(EVERYWHERE).allows(ip)


def test_an_authorisation_opens_its_network_only() -> None:
    scope = Scope(EVERYWHERE, authorised=networks("192.0.2.0/25", "2001:db8::/32"))
    assert scope.allows("192.0.2.127")
    assert not scope.allows("192.0.2.128")
    assert scope.allows("2001:db8::1")


def test_an_authorisation_alone_puts_nothing_in_scope() -> None:
    assert not Scope(networks("10.1.2.0/24"), authorised=networks("192.0.2.0/24")).allows("192.0.2.1")


def test_excluded_addresses_are_out() -> None:
    scope = Scope(networks("10.1.0.0/16"), excluded=networks("10.1.2.0/24", "10.1.3.7/32"))
    assert [scope.allows(ip) for ip in ("10.1.1.255", "10.1.2.9", "10.1.3.6", "10.1.3.7", "10.1.3.8")] == [
        True,
        False,
        True,
        False,
        True,
    ]


@pytest.mark.parametrize(
    ("ip", "allowed"),
    [
        ("::ffff:10.1.2.3", True),
        ("::FFFF:a01:203", True),
        ("0:0:0:0:0:ffff:10.1.2.3", True),
        ("::ffff:10.1.3.3", False),
        ("fe80::1%eth0", True),
        ("fe80::1%2", True),
        ("fe80::2%eth0", False),
        ("fd00::1%", False),
    ],
)
def test_mapped_and_zoned_spellings(ip: str, allowed: bool) -> None:
    assert Scope(networks("10.1.2.0/24", "fe80::1/128")).allows(ip) is allowed


@pytest.mark.parametrize(
    "ip", ["", "localhost", "10.1.2", "10.1.2.3 ", "010.1.2.3", "0xa010203", "10.1.2.3:80", "%eth0", "::1\x00"]
)
def test_what_is_not_an_address_is_refused(ip: str) -> None:
    assert not Scope(networks("0.0.0.0/0", "::/0")).allows(ip)


def test_broadcast_needs_the_whole_subnet_and_multicast_a_part_of_it() -> None:
    scope = Scope(networks("10.1.2.0/25"), excluded=networks("10.1.9.0/24"))
    assert scope.covers(ipaddress.ip_network("10.1.2.0/26"))
    assert not scope.covers(ipaddress.ip_network("10.1.2.0/24"))
    assert scope.touches(ipaddress.ip_network("10.1.2.0/24"))
    assert not scope.touches(ipaddress.ip_network("10.1.3.0/24"))
    assert scope.excludes(ipaddress.ip_network("10.1.0.0/16"))
    assert not scope.excludes(ipaddress.ip_network("10.1.2.0/24"))


def test_a_hole_stops_a_broadcast() -> None:
    scope = Scope(networks("10.1.2.0/24"), excluded=networks("10.1.2.9/32"))
    assert not scope.covers(ipaddress.ip_network("10.1.2.0/24"))


@pytest.mark.parametrize("group", ["224.0.0.251", "239.255.255.250", "239.255.255.251", "ff02::c", "ff02::fb"])
def test_discovery_groups(group: str) -> None:
    assert may_ask_group(group)


@pytest.mark.parametrize("group", ["224.0.0.5", "239.1.1.1", "ff05::c", "ff02::1", "10.1.2.3", "x"])
def test_other_groups_are_refused(group: str) -> None:
    assert not may_ask_group(group)


def test_targets_in_scope_are_accepted_and_no_other_beside_them() -> None:
    scope, inside = Scope(networks("10.1.0.0/16")), ["10.1.2.0/24", "10.1.3.4"]
    scope.require(parse_targets(inside))
    with pytest.raises(ScopeError, match=r"10\.2\.0\.1 is outside the scope"):
        scope.require(parse_targets([*inside, "10.2.0.1"]))


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("10.1.2.0/23", "10.1.3.0/24 is outside the scope of this run"),
        ("192.0.2.0/24", "192.0.2.0/24 is not a private range: record who authorised"),
        ("fd00::1", "fd00::1 is outside the scope"),
    ],
)
def test_targets_out_of_scope_are_refused_in_one_line(target: str, says: str) -> None:
    with pytest.raises(ScopeError) as caught:
        Scope(networks("10.1.2.0/24", "192.0.2.0/24")).require(parse_targets([target]))
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_excluded_targets_are_no_error_and_not_asked() -> None:
    scope = Scope(networks("10.1.2.0/24"), excluded=networks("10.1.2.9/32"))
    scope.require(parse_targets(["10.1.2.0/24", "10.1.2.9"]))
    assert [scope.allows(ip) for ip in ("10.1.2.8", "10.1.2.9")] == [True, False]


FOUR = st.ip_addresses(v=4)
NETWORK = st.tuples(FOUR, st.integers(4, 32)).map(lambda pair: ipaddress.ip_network(pair, strict=False))


@given(st.lists(NETWORK, max_size=4), st.lists(NETWORK, max_size=4), st.lists(NETWORK, max_size=3), st.data())
def test_the_rule_holds_for_any_networks(
    inside: list[Network], excluded: list[Network], authorised: list[Network], data: st.DataObject
) -> None:
    edges = [address for net in (*inside, *excluded) for address in (net.network_address, net.broadcast_address)]
    address = data.draw(st.one_of(FOUR, st.sampled_from(edges)) if edges else FOUR)

    def within(wanted: object, among: list[Network]) -> bool:
        return any(wanted in network for network in among)

    expected = (
        within(address, inside)
        and not within(address, excluded)
        and (within(address, list(PRIVATE)) or within(address, authorised))
    )
    scope = Scope(tuple(inside), tuple(excluded), tuple(authorised))
    assert scope.allows(str(address)) is expected
    assert scope.allows(f"::ffff:{address}") is expected


@given(st.text(max_size=40))
def test_any_text_is_allowed_or_not(text: str) -> None:
    assert Scope(EVERYWHERE).allows(text) in {True, False}
