# SPDX-FileCopyrightText: 2026 the camscan authors
# SPDX-License-Identifier: GPL-2.0-only
"""The commands of camscan-link with their options, and the quick way to read them.

A scan starts this program for each link, and writes every option with its whole name. Such a line is read here. Any
other is read by :mod:`camscan.link.usage`, which also says what is wrong with it, and takes a quarter of a start.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from ipaddress import IPv4Address
from types import SimpleNamespace

from camscan.link.request import MOST_PPS

MOST_SECONDS = 7 * 86400
Options = SimpleNamespace
"""``command``, and the value of each of its options."""


class NotAllowedError(ValueError):
    """A value that can be read and is not allowed; the message says why."""


class Option:
    """One option: ``read`` makes its value of a text. It is required if it has no default; False is that of a flag."""

    __slots__ = ("default", "help", "read")

    def __init__(self, read: Callable[[str], object], text: str, default: object = None) -> None:
        self.read = read
        self.help = text
        self.default = default


class Command:
    """One command, and its options by their names."""

    __slots__ = ("help", "options")

    def __init__(self, text: str, options: Mapping[str, Option]) -> None:
        self.help = text
        self.options = options


def _number_between(least: int, most: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        value = int(text)
        if not least <= value <= most:
            raise NotAllowedError(f"{value} is not between {least} and {most}")
        return value

    return number


def _read_seconds(text: str) -> float:
    value = float(text)
    if not 0 <= value <= MOST_SECONDS:  # the comparison is also false for NaN
        raise NotAllowedError(f"{text} is not between 0 and {MOST_SECONDS} seconds")
    return value


_INTERFACE = {"--interface": Option(str, "network interface, e.g. eth0")}
_PPS = _number_between(1, MOST_PPS)
COMMANDS: Mapping[str, Command] = {
    "check": Command("say whether the privilege and the interface are there; sends nothing", _INTERFACE),
    "arp-sweep": Command(
        'ask every address of {"targets": ["10.0.0.0/24", …]} on standard input',
        {
            **_INTERFACE,
            "--pps": Option(_PPS, "frames a second (default 500)", 500),
            "--rounds": Option(_number_between(1, 5), "at most so many rounds (default 2)", 2),
            "--wait": Option(_read_seconds, "seconds to wait after each round (default 0.8)", 0.8),
            "--linger": Option(_read_seconds, "seconds to wait after the last one (default 0)", 0.0),
        },
    ),
    "syn-sweep": Command(
        'find who answers TCP behind a router: {"targets": […], "ports": […], "authorised": […]} on stdin',
        {
            **_INTERFACE,
            "--gateway": Option(IPv4Address, "the router's address on that interface"),
            "--pps": Option(_PPS, "packets a second (default 500)", 500),
            "--rounds": Option(_number_between(1, 3), "how often each port is asked (default 2)", 2),
            "--steered": Option(bool, 'take {"pps": N} on further lines, while it sends', False),
            "--wait": Option(_read_seconds, "seconds for the last answers (default 1)", 1.0),
        },
    ),
    "sadp-l2": Command(
        "send the layer-2 SADP inquiry and print the answers",
        {
            **_INTERFACE,
            "--seconds": Option(_read_seconds, "how long to wait for answers (default 3)", 3.0),
            "--rounds": Option(_number_between(1, 3), "how often to ask (default 2)", 2),
        },
    ),
    "listen": Command(
        "send nothing; print what devices say about themselves",
        {**_INTERFACE, "--seconds": Option(_read_seconds, "how long to listen (default 60)", 60.0)},
    ),
}
"""The commands that ask or hear a link. ``read``, which is given a file, is left to :mod:`camscan.link.usage`."""


def read_plain(arguments: Sequence[str]) -> Options | None:
    """The options of a line that has each by its whole name, followed by its value; None for any other line."""
    command = COMMANDS.get(arguments[0]) if arguments else None
    if command is None:
        return None
    found: dict[str, object] = {name: option.default for name, option in command.options.items()}
    rest = iter(arguments[1:])
    for name in rest:
        option = command.options.get(name)
        if option is None:
            return None
        if option.default is False:
            found[name] = True
            continue
        text = next(rest, "-")
        if text.startswith("-"):  # another option, it seems
            return None
        try:
            found[name] = option.read(text)
        except ValueError:
            return None
    if None in found.values():
        return None
    return Options(command=arguments[0], **{name.removeprefix("--"): value for name, value in found.items()})
