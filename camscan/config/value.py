"""Readers of single values of camscan.yaml.

Each takes a node, and raises ConfigError with file, line and what to do.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import TypeVar

from camscan.asset.columns import BY_NAME
from camscan.dates import read_day
from camscan.errors import ConfigError
from camscan.strict_yaml import Node

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Faults = list[ConfigError]
"""The mistakes so far: a file is read completely, so that all of them can be listed at once."""

_T = TypeVar("_T")
_LAST_PORT = 65535


def read_entries(node: Node, allowed: Iterable[str], *required: str) -> dict[str, Node]:
    """The entries of a mapping. Raises ConfigError if it has other keys, or lacks a required one."""
    allowed = tuple(allowed)
    found = node.only(*allowed)
    missing = [key for key in required if key not in found]
    if missing:
        raise node.error(f"'{missing[0]}' is missing; an entry has {', '.join(allowed)}")
    return found


def read_each(nodes: Iterable[Node], reader: Callable[[Node], _T], faults: Faults) -> list[_T]:
    """Read every node. Returns the values that could be read; mistakes are added to ``faults``."""
    found = []
    for node in nodes:
        try:
            found.append(reader(node))
        except ConfigError as error:
            faults.append(error)
    return found


def read_word(node: Node) -> str:
    """Read one line of text that is not empty."""
    text = node.text().strip()
    if not text or not text.isprintable():
        raise node.error("expected a name in one line")
    return text


def read_path(node: Node, base: Path) -> Path:
    """Read a path relative to ``base``; ``~`` at its beginning is a home directory."""
    try:
        return base / Path(read_word(node)).expanduser()
    except RuntimeError:
        raise node.error(f"{node.text().strip()}: that home folder is not known; write the whole path") from None


def read_column(node: Node, name: str) -> str:
    """Read a value of the register's column ``name``, by the same rule as people's entries."""
    from camscan.asset.entry import normalise  # noqa: PLC0415 - only for a site map

    try:
        return normalise(BY_NAME[name], read_word(node))
    except ValueError as error:
        raise node.error(str(error)) from None


def read_date(node: Node) -> date:
    """Read a day, in the forms of :func:`camscan.dates.read_day`."""
    try:
        return read_day(node.text())
    except ValueError as error:
        raise node.error(str(error)) from None


def read_number(node: Node, least: int, most: int, what: str) -> int:
    """Read a whole number from ``least`` to ``most``."""
    text = node.text()
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(most)) and least <= int(text) <= most):
        raise node.error(f"'{text}' is not a {what}; it is a number from {least} to {most}")
    return int(text)


def read_ports(node: Node) -> tuple[int, ...]:
    """Read TCP ports."""
    return tuple(read_number(item, 1, _LAST_PORT, "port") for item in node.items())


def read_some_networks(node: Node) -> tuple[Network, ...]:
    """Read at least one network."""
    found = read_networks(node)
    if not found:
        raise node.error("at least one network is needed, such as 10.1.2.0/24")
    return found


def read_networks(node: Node) -> tuple[Network, ...]:
    """Read networks; there may be none."""
    return tuple(map(read_single_network, node.items()))


def read_single_network(node: Node) -> Network:
    """Read one network."""
    try:
        return read_network(node.text())
    except ValueError as error:
        raise node.error(str(error)) from None


def read_network(text: str) -> Network:
    """Parse ``10.1.2.0/24`` as a network. Raises ValueError with a sentence for any other text."""
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        pass
    try:
        meant = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise ValueError(f"'{text}' is not a network; write it as 10.1.2.0/24, or 10.1.2.3 for one address") from None
    raise ValueError(f"'{text}' has address bits beyond its prefix; did you mean {meant}?")


def is_within(one: Network, other: Network) -> bool:
    """Whether every address of ``one`` is in ``other``."""
    if isinstance(one, ipaddress.IPv4Network):
        return isinstance(other, ipaddress.IPv4Network) and one.subnet_of(other)
    return isinstance(other, ipaddress.IPv6Network) and one.subnet_of(other)


def do_overlap(one: Network, other: Network) -> bool:
    """Whether two networks share an address."""
    return one.version == other.version and one.overlaps(other)


def join_networks(networks: Iterable[Network]) -> list[Network]:
    """The same addresses in as few networks as possible.

    A network that all of them cover together is then within one of them.
    """
    found = tuple(networks)
    four = [network for network in found if isinstance(network, ipaddress.IPv4Network)]
    six = [network for network in found if isinstance(network, ipaddress.IPv6Network)]
    return [*ipaddress.collapse_addresses(four), *ipaddress.collapse_addresses(six)]
