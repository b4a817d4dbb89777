"""What one device said, by key; each value with the place where it was seen. Pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping, Sequence

from camscan.model import Observation
from camscan.protocols import transport_of

_ABSOLUTE = re.compile(r"(?i)\s*(?:[a-z][a-z0-9+.-]*:)?//(?:[^/@]*@)?(?:\[(?P<six>[^\]]*)\]|(?P<host>[^:/?#]*))")

Values = dict[str, list[tuple[str, str]]]
"""Key -> (value, where it was seen), for one device."""


def group_values(observations: Iterable[Observation], heeded: Mapping[str, bool] | None = None) -> Values:
    """Observations of one device by key, each with the place where it was seen.

    A redirect to another host is left out: it is about that host, and the sender may name any host. ``heeded`` says of
    each key whether it is wanted; all are, without it.
    """
    values: Values = {}
    last, where = ("", 0), ""
    for ip, port, probe, key, value, _ in observations:
        if heeded is not None and not heeded[key]:
            continue
        if key == "http.redirect" and _leaves_device(value, ip):
            continue
        if last != (probe, port):  # the facts of one reply follow each other
            last = probe, port
            where = f" ({transport_of(probe)} {port})" if port else ""
        known = values.get(key)
        if known is None:
            values[key] = [(value, where)]
        else:
            known.append((value, where))
    return values


def _leaves_device(target: str, ip: str) -> bool:
    """Whether a redirect leads to a host that is not known to be the device itself."""
    found = _ABSOLUTE.match(target)
    if not found:
        return False
    host = found["six"] or found["host"]
    try:
        return ipaddress.ip_address(host) != ipaddress.ip_address(ip.partition("%")[0])
    except ValueError:
        return host.casefold() != ip.casefold()


def seen_values(facts: Sequence[tuple[str, str]]) -> Values:
    """The values of bare facts, as an example holds them."""
    values: Values = {}
    for key, value in facts:
        values.setdefault(key, []).append((value, ""))
    return values
