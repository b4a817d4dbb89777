# SPDX-FileCopyrightText: 2026 the camscan authors
# SPDX-License-Identifier: GPL-2.0-only
"""Reads any command line of camscan-link with argparse: it prints the help, and says what is wrong."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from ipaddress import ip_network
from typing import NoReturn

from camscan.link.options import COMMANDS, NotAllowedError, Option, Options
from camscan.link.trouble import Code, Trouble


def read_any(arguments: Sequence[str]) -> Options:
    """The options of a command line. Raises Trouble for a wrong one; ``--help`` ends the program."""
    return _make_parser().parse_args(arguments, Options())


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """End with one line, without the usage."""
        raise Trouble(Code.USAGE, f"{message}; see {self.prog} --help")


def _make_parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="camscan-link", description="Raw packets for camscan; JSON Lines on stdout.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, text: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text)
        added.set_defaults(command=name)
        return added

    for name, known in COMMANDS.items():
        added = command(name, known.help)
        for flag, option in known.options.items():
            if option.default is False:
                added.add_argument(flag, action="store_true", help=option.help)
            else:
                is_required = option.default is None
                read = _explained(option)
                added.add_argument(flag, type=read, default=option.default, required=is_required, help=option.help)
    also = "a network outside the private ranges whose devices count too; may be repeated"
    of_file = command("read", "print what devices say about themselves in a capture file")
    of_file.add_argument("file", help="pcap or pcapng; - is standard input, such as a pipe from tcpdump")
    of_file.add_argument("--also", type=ip_network, action="append", default=[], metavar="NETWORK", help=also)
    return parser


def _explained(option: Option) -> Callable[[str], object]:
    """The reader of an option, for argparse: it prints the message of its own error only."""

    def read(text: str) -> object:
        try:
            return option.read(text)
        except NotAllowedError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    read.__name__ = option.read.__name__
    return read
