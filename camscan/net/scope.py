"""Where packets may go. Checked on every send of every protocol; nothing switches it off."""

from __future__ import annotations

import bisect
import ipaddress
import socket
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from camscan.errors import ScopeError
from camscan.net.target import Address, Network, Span, Targets, canonical

PRIVATE: tuple[Network, ...] = tuple(
    ipaddress.ip_network(text)
    for text in (
        "10.0.0.0/8",  # RFC 1918
        "172.16.0.0/12",
        "192.168.0.0/16",
        "169.254.0.0/16",  # RFC 3927
        "127.0.0.0/8",  # RFC 1122
        "fc00::/7",  # RFC 4193
        "fe80::/10",  # RFC 4291
        "::1/128",
    )
)
"""Ranges that may be scanned ad hoc; any other only inside an authorisation."""
_LINK_GROUPS: tuple[Network, ...] = tuple(
    # Groups that no router passes on: RFC 5771 (local control), RFC 2365 (local scope), RFC 4291 (link-local).
    ipaddress.ip_network(text)
    for text in ("224.0.0.0/24", "239.255.0.0/16", "ff02::/16")
)
_MAPPED = b"\x00" * 10 + b"\xff\xff"


@dataclass(frozen=True, slots=True)
class Scope:
    """Networks of this run, minus what was excluded, minus what is neither private nor authorised."""

    networks: tuple[Network, ...]
    excluded: tuple[Network, ...] = ()
    authorised: tuple[Network, ...] = ()
    """From written authorisations that are in force; the configuration checks their dates."""
    _four: tuple[list[int], list[int]] = field(init=False, repr=False, compare=False)
    _six: tuple[list[int], list[int]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        spans = _without(_common(_spans(self.networks), _spans((*PRIVATE, *self.authorised))), _spans(self.excluded))
        for name, version in (("_four", 4), ("_six", 6)):
            own = [span for span in spans if span.version == version]
            object.__setattr__(self, name, ([span.first for span in own], [span.last for span in own]))

    def allows(self, ip: str) -> bool:
        """Whether a packet may be sent to this address; False for a name and for anything unreadable."""
        try:  # inet_pton costs a tenth of the ipaddress module, and this runs for every packet
            if ":" in ip:
                packed = socket.inet_pton(socket.AF_INET6, ip.partition("%")[0])
                packed = packed.removeprefix(_MAPPED)
            else:
                packed = socket.inet_pton(socket.AF_INET, ip)
        except (OSError, ValueError):
            return False
        firsts, lasts = self._four if len(packed) == 4 else self._six  # noqa: PLR2004 - bytes of an IPv4 address
        number = int.from_bytes(packed)
        found = bisect.bisect_right(firsts, number) - 1
        return found >= 0 and number <= lasts[found]

    def covers(self, network: Network) -> bool:
        """Whether every address of ``network`` is allowed: the condition for a broadcast on it."""
        firsts, lasts = self._four if network.version == 4 else self._six  # noqa: PLR2004 - IP version
        found = bisect.bisect_right(firsts, int(network.network_address)) - 1
        return found >= 0 and int(network.broadcast_address) <= lasts[found]

    def touches(self, network: Network) -> bool:
        """Whether some address of ``network`` is allowed and none excluded: the condition for a multicast on it."""
        if any(network.version == other.version and network.overlaps(other) for other in self.excluded):
            return False
        firsts, lasts = self._four if network.version == 4 else self._six  # noqa: PLR2004 - IP version
        found = bisect.bisect_right(firsts, int(network.broadcast_address)) - 1
        return found >= 0 and int(network.network_address) <= lasts[found]

    def require(self, targets: Targets) -> None:
        """Raise ScopeError, in one line that says what to do, unless every target may be asked.

        Targets that are excluded are no error: they are left out of the scan.
        """
        for network in targets.networks:
            for span in _without(_spans([network]), _spans(self.networks)):
                raise ScopeError(
                    f"{_name(span)} is outside the scope of this run: take it from the targets, "
                    "or add it to the site's networks in camscan.yaml"
                )
            for span in _without(_spans([network]), _spans((*PRIVATE, *self.authorised))):
                raise ScopeError(
                    f"{_name(span)} is not a private range: write down who authorised scanning it, when and until "
                    "when, under authorisations in camscan.yaml"
                )


def is_link_group(ip: str) -> bool:
    """Whether a multicast group stays on the link, whatever the routers do."""
    try:
        address = canonical(ip)
    except ValueError:
        return False
    return any(address.version == group.version and address in group for group in _LINK_GROUPS)


def _spans(networks: Iterable[Network]) -> list[Span]:
    spans = sorted(Span(one.version, int(one.network_address), int(one.broadcast_address)) for one in networks)
    merged: list[Span] = []
    for span in spans:
        if merged and merged[-1].version == span.version and span.first <= merged[-1].last + 1:
            merged[-1] = Span(span.version, merged[-1].first, max(merged[-1].last, span.last))
        else:
            merged.append(span)
    return merged


def _common(left: list[Span], right: list[Span]) -> list[Span]:
    return [
        Span(one.version, max(one.first, other.first), min(one.last, other.last))
        for one in left
        for other in right
        if one.version == other.version and one.first <= other.last and other.first <= one.last
    ]


def _without(spans: Iterable[Span], holes: list[Span]) -> Iterator[Span]:
    for span in spans:
        first = span.first
        for hole in holes:
            if hole.version != span.version or hole.last < first or hole.first > span.last:
                continue
            if hole.first > first:
                yield Span(span.version, first, hole.first - 1)
            first = hole.last + 1
        if first <= span.last:
            yield Span(span.version, first, span.last)


def _name(span: Span) -> str:
    make: type[Address] = ipaddress.IPv4Address if span.version == 4 else ipaddress.IPv6Address  # noqa: PLR2004
    first, last = make(span.first), make(span.last)
    if first == last:
        return str(first)
    networks = list(ipaddress.summarize_address_range(first, last))
    return str(networks[0]) if len(networks) == 1 else f"{first}-{last}"
