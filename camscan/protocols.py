"""Properties of each protocol apart from its probe: how it travels and how far its answers are trusted. Pure.

One table, best first: if two protocols disagree about a device, the upper one is trusted. A protocol that is not
listed, such as that of a new probe, is trusted last and proves no maker. Its transport follows from its probe, which is
found by its place.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Mapping

from camscan.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Protocol:
    """The properties of a protocol."""

    name: str
    """The name of its probe, and the first part of its fact keys: ``sadp`` in ``sadp.model``."""
    transport: str = "tcp"
    """``tcp``, ``udp``, or ``link`` for protocols below IP."""
    declares_maker: bool = False
    """Whether a device names its maker in this protocol, or only one maker uses the protocol."""
    typed: tuple[str, ...] = ()
    """Fields whose text a person typed: they never outrank what the hardware reports."""


_BEST_FIRST = (
    Protocol("sadp", "udp", declares_maker=True),
    Protocol("dhip", "udp", declares_maker=True, typed=("machine_name",)),
    Protocol("dahua5050", "udp", typed=("name",), declares_maker=True),
    Protocol("isapi", declares_maker=True, typed=("device_name",)),
    Protocol("dahua_cgi", declares_maker=True),
    Protocol("onvif", declares_maker=True, typed=("hostname",)),
    Protocol("rpc2", declares_maker=True),
    Protocol("dvrip", declares_maker=True),
    Protocol("wsd", "udp", typed=("name", "location")),
    Protocol("snmp", "udp", typed=("sysname",)),
    Protocol("ssdp", "udp"),
    Protocol("upnp", declares_maker=True, typed=("friendly_name",)),
    Protocol("mdns", "udp", typed=("instance", "host")),
    Protocol("dhcp", "udp", typed=("host_name",)),
    Protocol("rtsp"),
    Protocol("http", typed=("title",)),
    Protocol("tls"),
    Protocol("ftp"),
    Protocol("telnet"),
    Protocol("favicon"),
    Protocol("mac", "link"),
)

PROTOCOLS: Mapping[str, Protocol] = {protocol.name: protocol for protocol in _BEST_FIRST}

RANKS: Mapping[str, int] = {name: place for place, name in enumerate(PROTOCOLS)}
"""Protocol -> its rank; 0 is the best."""

LAST = len(RANKS)
"""The rank of every protocol that is not listed."""

TYPED = frozenset(f"{protocol.name}.{field}" for protocol in _BEST_FIRST for field in protocol.typed)
"""Fact keys whose text a person typed."""


def protocol_of(key: str) -> Protocol:
    """The protocol of a fact key (``sadp.model``) or of a probe (``sadp``)."""
    name = key.partition(".")[0]
    return PROTOCOLS.get(name) or _unlisted_protocol(name)


@functools.lru_cache(maxsize=1024)
def _unlisted_protocol(name: str) -> Protocol:
    """The protocol of a new probe: UDP if the probe sends datagrams. A name without a probe counts as TCP."""
    try:
        probe = importlib.import_module(f"camscan.probes.{name}").PROBE
    except (ImportError, AttributeError):
        return Protocol(name)
    return Protocol(name, "udp" if probe.datagrams or probe.listen_ports else "tcp")


_SHOWN = {protocol.name: protocol.transport.upper() for protocol in _BEST_FIRST}


def transport_of(probe: str) -> str:
    """The transport of a probe's protocol, as people write it: ``UDP``, ``TCP``."""
    return _SHOWN.get(probe) or _unlisted_protocol(probe).transport.upper()


def rank_of(key: str) -> int:
    """The rank of the protocol of a fact key or of a probe; a smaller number is better."""
    return RANKS.get(key.partition(".")[0], LAST)
