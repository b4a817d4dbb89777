"""The addresses to which packets may be sent.

It is checked on every send of every protocol; nothing switches it off.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import field

from camscan.dataclass import dataclass
from camscan.errors import ScopeError
from camscan.net.span import Network, Span, SpanSet, common_spans, merge_spans, spans, subtract_spans
from camscan.net.target import Targets

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
"""Ranges that may be scanned without an authorisation; any other range needs one."""
_GROUPS = SpanSet(
    spans(
        ipaddress.ip_network(text)
        for text in (
            "224.0.0.251/32",  # mDNS (RFC 6762)
            "239.255.255.250/32",  # SSDP, WS-Discovery, SADP: local scope (RFC 2365)
            "239.255.255.251/32",  # DHDiscover
            "ff02::c/128",  # SSDP, WS-Discovery: link scope (RFC 4291)
            "ff02::fb/128",  # mDNS
        )
    )
)


@dataclass(frozen=True, slots=True)
class Scope:
    """The networks of this run, without those that are excluded, or neither private nor authorised."""

    networks: tuple[Network, ...]
    excluded: tuple[Network, ...] = ()
    authorised: tuple[Network, ...] = ()
    """Networks of written authorisations in force; the configuration checks their dates."""
    _allowed: SpanSet = field(init=False, repr=False, compare=False)
    _excluded: SpanSet = field(init=False, repr=False, compare=False)
    _spans: tuple[Span, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        permitted = common_spans(spans(self.networks), spans((*PRIVATE, *self.authorised)))
        allowed = merge_spans(subtract_spans(permitted, spans(self.excluded)))
        object.__setattr__(self, "_spans", tuple(allowed))
        object.__setattr__(self, "_allowed", SpanSet(allowed))
        object.__setattr__(self, "_excluded", SpanSet(spans(self.excluded)))

    def allows(self, ip: str) -> bool:
        """Whether a packet may be sent to this address; False for a name, a group and anything unreadable."""
        return ip in self._allowed

    def permitted(self, wanted: Iterable[Span]) -> list[Span]:
        """The addresses among these to which a packet may be sent; needs no memory per address."""
        return merge_spans(common_spans(wanted, list(self._spans)))

    def covers(self, network: Network) -> bool:
        """Whether every address of ``network`` is allowed: the condition for a broadcast on it."""
        return self._allowed.covers(network)

    def covers_hosts(self, network: Network) -> bool:
        """Whether every address of ``network`` that a unit can have is allowed: ``10.1.2.1-254`` is all of a /24."""
        if network.version == 4 and network.num_addresses > 2:  # noqa: PLR2004 - IPv4; all but its name and broadcast
            first, last = int(network.network_address) + 1, int(network.broadcast_address) - 1
            return any(
                span.version == network.version and span.first <= first and last <= span.last for span in self._spans
            )
        return self.covers(network)

    def touches_several(self, network: Network) -> bool:
        """Whether two neighbouring addresses of ``network`` are allowed: then more than single units were named."""
        return any(span.last > span.first for span in common_spans(spans([network]), list(self._spans)))

    def touches(self, network: Network) -> bool:
        """Whether an address of ``network`` is allowed."""
        return self._allowed.touches(network)

    def excludes(self, network: Network) -> bool:
        """Whether an address of ``network`` was excluded: then no multicast may reach it either."""
        return self._excluded.touches(network)

    def require(self, targets: Targets) -> None:
        """Raise ScopeError, in one line that says what to do, unless every target may be asked.

        Excluded targets are not an error: they are left out of the scan.
        """
        for span in subtract_spans(targets.covering, spans(self.networks)):
            raise ScopeError(
                f"{span} is outside the scope of this run: remove it from the targets, or add it to the site's "
                f"networks in camscan.yaml"
            )
        for span in subtract_spans(targets.covering, spans((*PRIVATE, *self.authorised))):
            raise ScopeError(
                f"{span} is not a private range: record who authorised the scan, from when and until when, under "
                f"authorisations in camscan.yaml"
            )


def may_ask_group(ip: str) -> bool:
    """Whether ``ip`` is a discovery group that no router passes on, and not a group of a routing protocol."""
    return ip in _GROUPS
