"""Sets of addresses as sorted integer spans: a membership test costs less than a system call."""

from __future__ import annotations

import bisect
import functools
import ipaddress
import socket
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_MAPPED = b"\x00" * 10 + b"\xff\xff"


@dataclass(frozen=True, order=True, slots=True)
class Span:
    """Consecutive addresses of one family, both ends included, as integers."""

    version: int
    first: int
    last: int

    def networks(self) -> list[Network]:
        """The fewest networks that contain exactly these addresses."""
        make: type[Address] = ipaddress.IPv4Address if self.version == 4 else ipaddress.IPv6Address  # noqa: PLR2004
        return list(ipaddress.summarize_address_range(make(self.first), make(self.last)))

    def __str__(self) -> str:
        networks = self.networks()
        first, last = networks[0].network_address, networks[-1].broadcast_address
        if first == last:
            return str(first)
        return str(networks[0]) if len(networks) == 1 else f"{first}-{last}"


class SpanSet:
    """Addresses of both families; IPv4-mapped IPv6 counts as IPv4, and a zone is ignored."""

    def __init__(self, spans: Iterable[Span]) -> None:
        merged = merge_spans(spans)
        self._four = _sides(span for span in merged if span.version == 4)  # noqa: PLR2004 - IP version
        self._six = _sides(span for span in merged if span.version == 6)  # noqa: PLR2004 - IP version

    def __contains__(self, ip: object) -> bool:
        if not isinstance(ip, str):
            return False
        is_four, number = _number_of(ip)
        firsts, lasts = self._four if is_four else self._six
        found = bisect.bisect_right(firsts, number) - 1
        return found >= 0 and number <= lasts[found]

    def covers(self, network: Network) -> bool:
        """Whether every address of ``network`` is in the set."""
        firsts, lasts = self._four if network.version == 4 else self._six  # noqa: PLR2004 - IP version
        found = bisect.bisect_right(firsts, int(network.network_address)) - 1
        return found >= 0 and int(network.broadcast_address) <= lasts[found]

    def touches(self, network: Network) -> bool:
        """Whether an address of ``network`` is in the set."""
        firsts, lasts = self._four if network.version == 4 else self._six  # noqa: PLR2004 - IP version
        found = bisect.bisect_right(firsts, int(network.broadcast_address)) - 1
        return found >= 0 and int(network.network_address) <= lasts[found]


@functools.lru_cache(maxsize=4096)  # this runs several times for every packet
def _number_of(ip: str) -> tuple[bool, int]:
    """Whether a text is an IPv4 address, and its number; -1, which is in no span, if it is not an address."""
    try:  # inet_pton costs a tenth of the ipaddress module
        if ":" in ip:
            packed = socket.inet_pton(socket.AF_INET6, ip.partition("%")[0]).removeprefix(_MAPPED)
        else:
            packed = socket.inet_pton(socket.AF_INET, ip)
    except (OSError, ValueError):
        return False, -1
    return len(packed) == 4, int.from_bytes(packed)  # noqa: PLR2004 - bytes of an IPv4 address


@functools.lru_cache(maxsize=4096)  # each is examined many times in a scan
def canonical(ip: str) -> Address:
    """The address that a packet to ``ip`` reaches: without zone, IPv4-mapped IPv6 as IPv4.

    ValueError if it is not one.
    """
    address = ipaddress.ip_address(ip.partition("%")[0])
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def span_of(ip: str) -> Span:
    """The span of a single address. ValueError if the text is not one."""
    address = canonical(ip)
    return Span(address.version, int(address), int(address))


def spans(networks: Iterable[Network]) -> list[Span]:
    """The addresses of the networks, with network and broadcast addresses, merged and sorted."""
    return merge_spans(Span(one.version, int(one.network_address), int(one.broadcast_address)) for one in networks)


def merge_spans(found: Iterable[Span]) -> list[Span]:
    """The same addresses in as few spans as possible, sorted."""
    merged: list[Span] = []
    for span in sorted(found):
        if merged and merged[-1].version == span.version and span.first <= merged[-1].last + 1:
            merged[-1] = Span(span.version, merged[-1].first, max(merged[-1].last, span.last))
        else:
            merged.append(span)
    return merged


def common_spans(left: Iterable[Span], right: list[Span]) -> Iterator[Span]:
    """Addresses that are in both."""
    for one in left:
        for other in right:
            if one.version == other.version and one.first <= other.last and other.first <= one.last:
                yield Span(one.version, max(one.first, other.first), min(one.last, other.last))


def subtract_spans(left: Iterable[Span], holes: list[Span]) -> Iterator[Span]:
    """Addresses of ``left`` that are in none of ``holes``, which are merged and sorted."""
    for span in left:
        first = span.first
        for hole in holes:
            if hole.version != span.version or hole.last < first or hole.first > span.last:
                continue
            if hole.first > first:
                yield Span(span.version, first, hole.first - 1)
            first = hole.last + 1
        if first <= span.last:
            yield Span(span.version, first, span.last)


def _sides(found: Iterable[Span]) -> tuple[list[int], list[int]]:
    ordered = list(found)
    return [span.first for span in ordered], [span.last for span in ordered]
