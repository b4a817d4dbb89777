# SPDX-FileCopyrightText: 2026 the camscan authors
# SPDX-License-Identifier: GPL-2.0-only
"""Reads standard input: one JSON object that says whom to ask, and lines that change the pace. Pure.

Anybody may write there. Whatever is not understood is one line of :class:`Trouble`, or no change of pace.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network, collapse_addresses

from camscan.link.trouble import Code, Trouble

TYPE_CHECKING = False  # typing takes a millisecond to load, and dataclasses eight
if TYPE_CHECKING:
    from typing import Any

LARGEST = 4 << 20
"""The largest request in bytes."""
MOST_PORTS = 64
MOST_PPS = 100_000
_FORM = 'standard input must be {"targets": ["10.0.0.0/24", …]}'
_SHOWN = 80
"""Characters of a wrong value that the message shows."""


class Request:
    """The addresses to ask. Overlapping networks are merged, so that none is asked twice."""

    __slots__ = ("authorised", "ports", "targets")

    def __init__(
        self, targets: Sequence[IPv4Network], ports: Sequence[int] = (), authorised: Sequence[IPv4Network] = ()
    ) -> None:
        self.targets = targets
        self.ports = ports
        self.authorised = authorised


def parse_request(data: bytes) -> Request:
    """Read the one JSON object. Raises Trouble in one line for anything else."""
    if len(data) > LARGEST:
        raise Trouble(Code.USAGE, f"standard input is longer than {LARGEST >> 20} MiB; ask in several sweeps")
    try:
        members: Any = _parse_json(data)
    except (ValueError, RecursionError) as error:
        raise Trouble(Code.USAGE, f"{_FORM}: {_describe_error(error)}") from None
    if not isinstance(members, dict) or "targets" not in members:
        raise Trouble(Code.USAGE, _FORM)
    return Request(_read_networks(members, "targets"), _read_ports(members), _read_networks(members, "authorised"))


def newest_pace(lines: bytes, so_far: int) -> int:
    """The pace in the last of some lines, in packets per second; ``so_far`` if none can be read."""
    for line in lines.splitlines():
        try:
            wanted = _parse_json(line)["pps"]
        except (ValueError, RecursionError, TypeError, KeyError, IndexError):
            continue
        if type(wanted) is int or (type(wanted) is float and math.isfinite(wanted)):
            so_far = int(min(max(wanted, 1), MOST_PPS))
    return so_far


def _parse_json(data: bytes) -> Any:
    return json.loads(data, parse_constant=_refuse_name)


def _refuse_name(name: str) -> None:
    raise ValueError(f"{name} is not a number of JSON")


def _describe_error(error: Exception) -> str:
    return "nested too deeply" if isinstance(error, RecursionError) else _cut_text(str(error))


def _cut_text(text: str) -> str:
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


def _read_networks(members: Mapping[str, Any], key: str) -> list[IPv4Network]:
    listed = members.get(key, [])
    if not isinstance(listed, list):
        raise Trouble(Code.USAGE, f"{key} must be a list of networks, such as 10.0.0.0/24")
    networks = []
    for text in listed:
        try:
            networks.append(IPv4Network(text if isinstance(text, str) else ""))
        except ValueError as error:
            why = str(error) if isinstance(text, str) else repr(text)
            raise Trouble(Code.USAGE, f"{key} must be networks, such as 10.0.0.0/24: {_cut_text(why)}") from None
    return list(collapse_addresses(networks))


def _read_ports(members: Mapping[str, Any]) -> list[int]:
    listed = members.get("ports", [])
    if not isinstance(listed, list) or not all(type(port) is int and 0 < port < 1 << 16 for port in listed):
        raise Trouble(Code.USAGE, "ports must be a list of whole numbers from 1 to 65535")
    ports = list(dict.fromkeys(listed))
    if len(ports) > MOST_PORTS:
        raise Trouble(Code.USAGE, f"{len(ports):,} ports are more than one sweep may ask ({MOST_PORTS})")
    return ports
