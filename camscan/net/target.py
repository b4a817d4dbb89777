"""Reads the targets that the operator typed into addresses. Lazy: a /8 costs as little memory as one address."""

from __future__ import annotations

import ipaddress
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import field
from functools import cached_property

from camscan.dataclass import dataclass
from camscan.errors import TargetError
from camscan.net.span import Address, Network, Span, SpanSet, canonical, merge_spans
from camscan.patterns import late

NARROWEST_IPV6 = 112
"""The widest IPv6 prefix that can be swept: 65,536 addresses."""
_MOST_RANGES = 4096
_BITS = {4: 32, 6: 128}
# A leading zero means octal to some tools and decimal to others, so it is refused.
_OCTET = late(r"(0|[1-9][0-9]{0,2})(?:-(0|[1-9][0-9]{0,2}))?", re.ASCII)
_MASK = late(r"255(\.[0-9]+){2}\.0")
"""A subnet mask, which people type after the address, because Windows' own dialogue has it there."""
_LOOKS_NUMERIC = late(r"[0-9a-fA-F:.]*[0-9][0-9a-fA-F:.]*\Z")


@dataclass(frozen=True)
class Targets:
    """Addresses to scan: sorted, each once; iterating yields their text."""

    spans: tuple[Span, ...]
    """The spans of the addresses, merged and sorted."""
    covering: tuple[Span, ...]
    """The spans with the network and broadcast addresses of their prefixes; merged and sorted."""
    texts: tuple[str, ...] = field(default=(), compare=False)
    """The targets as typed."""
    only_heard: tuple[Span, ...] = ()
    """Networks that are named too, but too large to be swept (IPv6): devices there count if they answer a group."""

    @cached_property
    def count(self) -> int:
        """Number of addresses."""
        return sum(span.last - span.first + 1 for span in self.spans)

    @cached_property
    def networks(self) -> tuple[Network, ...]:
        """The networks that cover them, with network and broadcast addresses."""
        return tuple(network for span in merge_spans([*self.covering, *self.only_heard]) for network in span.networks())

    def __iter__(self) -> Iterator[str]:
        return addresses(self.spans)

    def __contains__(self, ip: object) -> bool:
        return ip in self._set

    def is_only_heard(self, ip: str) -> bool:
        """Whether the address is in a network that is not swept."""
        return ip in self._only_heard

    @cached_property
    def all_spans(self) -> tuple[Span, ...]:
        """The spans of all of them, with those that are not swept."""
        return tuple(merge_spans([*self.spans, *self.only_heard]))

    @cached_property
    def _set(self) -> SpanSet:
        return SpanSet(self.all_spans)

    @cached_property
    def _only_heard(self) -> SpanSet:
        return SpanSet(self.only_heard)


def addresses(found: Iterable[Span]) -> Iterator[str]:
    """The addresses of spans as text, one at a time."""
    for span in found:
        make = ipaddress.IPv4Address if span.version == 4 else ipaddress.IPv6Address  # noqa: PLR2004 - IP version
        for number in range(span.first, span.last + 1):
            yield str(make(number))


def parse_targets(texts: Sequence[str], *, limit: int = 65536, confirm_count: int | None = None) -> Targets:
    """Read addresses, CIDR prefixes and ranges (``10.1.2.10-50``, ``10.1.2.10-10.1.2.50``, ``10.1-2.3.1-9``).

    Network and broadcast addresses of IPv4 prefixes are left out. Raises TargetError, in one line that says what to do,
    for a text that cannot be read, and for more than ``limit`` addresses, unless ``confirm_count`` is exactly their
    number.
    """
    spans: list[Span] = []
    covering: list[Span] = []
    for text in texts:
        for part in filter(None, re.split(r"[\s,]+", text)):
            found, whole = _read_target(part)
            spans += found
            covering += whole
    if not spans:
        raise TargetError("no target: name at least one address, prefix or range, such as 10.1.2.0/24")
    targets = Targets(tuple(merge_spans(spans)), tuple(merge_spans(covering)), tuple(texts))
    if targets.count > limit and targets.count != confirm_count:
        raise TargetError(
            f"{targets.count:,} addresses are more than {limit:,}; if you mean that, "
            f"add --confirm-count {targets.count}"
        )
    return targets


def _read_target(text: str) -> tuple[list[Span], list[Span]]:
    if "/" in text:
        return _read_prefix(text)
    if "-" in text and _LOOKS_NUMERIC.match(text.replace("-", "")):
        return _read_range(text)
    if _MASK.fullmatch(text):
        raise TargetError(f"{text} is a mask; write the subnet in one word: 10.1.2.0/24, or 10.1.2.0/255.255.255.0")
    address = _read_address(text, text)
    alone = [Span(address.version, int(address), int(address))]
    return alone, alone


def _read_address(text: str, whole: str) -> Address:
    if "%" in text:
        raise TargetError(f"{whole}: leave out the zone and name the interface with --interface instead")
    try:
        return canonical(text)
    except ValueError:
        pass
    if whole == "-":
        raise TargetError("a range has no spaces: write it like 10.1.2.10-50 or 10.1.2.10-10.1.2.50")
    if not _LOOKS_NUMERIC.match(text) and re.fullmatch(r"[\w.-]+", text):
        raise TargetError(
            f"camscan takes addresses, not names: look up {whole} yourself (a name may point outside your estate); to "
            f"name a site, use --site"
        )
    raise TargetError(f"{whole}: not an address; write it like 10.1.2.3, 10.1.2.0/24, 10.1.2.10-50 or fd00::10")


def _read_prefix(text: str) -> tuple[list[Span], list[Span]]:
    base, _, length = text.partition("/")
    address = _read_address(base, text)
    try:
        network = ipaddress.ip_network(f"{address}/{length}", strict=False)
    except ValueError:
        raise TargetError(
            f"{text}: the prefix length must be 0 to {_BITS[address.version]}, as in 10.1.2.0/24"
        ) from None
    if isinstance(network, ipaddress.IPv6Network) and network.prefixlen < NARROWEST_IPV6:
        raise TargetError(
            f"{text}: an IPv6 prefix wider than /{NARROWEST_IPV6} cannot be swept; list the addresses "
            "(neighbour table, DHCPv6 leases) or rely on multicast from a host on that subnet"
        )
    first, last = int(network.network_address), int(network.broadcast_address)
    whole = Span(network.version, first, last)
    if isinstance(network, ipaddress.IPv4Network) and network.prefixlen < 31:  # noqa: PLR2004 - RFC 3021
        first, last = first + 1, last - 1
    return [Span(network.version, first, last)], [whole]


def _read_range(text: str) -> tuple[list[Span], list[Span]]:
    left, dash, right = text.partition("-")
    if "-" not in right and (right.count(".") == left.count(".") == 3 or ":" in text):  # noqa: PLR2004 - IPv4
        return _spans_between(text, _read_address(left, text), _read_address(right, text))
    octets = text.split(".")
    if len(octets) != 4:  # noqa: PLR2004 - IPv4
        raise TargetError(f"{text}: not a range; write it like 10.1.2.10{dash}50 or 10.1.2.10-10.1.2.50")
    return _read_octets(text, [_read_octet(octet, text) for octet in octets])


def _spans_between(text: str, first: Address, last: Address) -> tuple[list[Span], list[Span]]:
    if first.version != last.version:
        raise TargetError(f"{text}: both ends of a range must be of one family, IPv4 or IPv6")
    if first > last:  # type: ignore[operator]  # one family, as checked above
        raise TargetError(f"{text}: the range is reversed; write it as {last}-{first}")
    if first.version == 6 and int(last) - int(first) >= 1 << (128 - NARROWEST_IPV6):  # noqa: PLR2004 - IP version
        raise TargetError(f"{text}: an IPv6 range of more than 65,536 addresses cannot be swept; list the addresses")
    between = [Span(first.version, int(first), int(last))]
    return between, between


def _read_octet(text: str, whole: str) -> tuple[int, int]:
    found = _OCTET.fullmatch(text)
    if found is None:
        raise TargetError(f"{whole}: not a range; write it like 10.1.2.10-50 or 10.1.2.10-10.1.2.50")
    first, last = int(found[1]), int(found[2] or found[1])
    if max(first, last) > 255:  # noqa: PLR2004 - an octet
        raise TargetError(f"{whole}: {max(first, last)} is more than 255")
    if first > last:
        raise TargetError(f"{whole}: the range {text} is reversed; write it as {last}-{first}")
    return first, last


def _read_octets(text: str, octets: list[tuple[int, int]]) -> tuple[list[Span], list[Span]]:
    whole = 4  # octets from here on run from 0 to 255: each span gets longer, not the number of spans
    while whole > 1 and octets[whole - 1] == (0, 255):
        whole -= 1
    if math.prod(high - low + 1 for low, high in octets[: whole - 1]) > _MOST_RANGES:
        raise TargetError(f"{text}: too many ranges in one; split it into prefixes such as 10.1.0.0/16")
    prefixes = [0]
    for low, high in octets[: whole - 1]:
        prefixes = [prefix << 8 | number for prefix in prefixes for number in range(low, high + 1)]
    low, high = octets[whole - 1]
    bits = 8 * (4 - whole)
    found = [Span(4, (prefix << 8 | low) << bits, ((prefix << 8 | high) + 1 << bits) - 1) for prefix in prefixes]
    return found, found
