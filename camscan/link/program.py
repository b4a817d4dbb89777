# SPDX-FileCopyrightText: 2026 the camscan authors
# SPDX-License-Identifier: GPL-2.0-only
"""The command line of camscan-link: arguments in, JSON Lines out."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, ip_network
from select import select
from socket import AF_INET, SOCK_STREAM, socket

from camscan.link import arp, request
from camscan.link.interface import find_interface
from camscan.link.output import print_message
from camscan.link.raw import give_up_privileges, keep_silent, open_packets
from camscan.link.request import MOST_PPS
from camscan.link.trouble import Code, Trouble

TYPE_CHECKING = False  # what takes a millisecond to load is loaded only if it is needed: a sweep starts sooner
if TYPE_CHECKING:
    from typing import NoReturn

PIPE = 4096
MOST_SECONDS = 7 * 86400


def run(arguments: Sequence[str] | None = None) -> int:
    """Carry out one command. Returns the exit code: 0 or one of :class:`Code`."""
    _occupy_standard_streams()
    try:
        options = _make_parser().parse_args(arguments)
        options.command(options)
        sys.stdout.flush()
    except Trouble as trouble:
        print(f"camscan-link: {trouble}", file=sys.stderr)  # noqa: T201 - the program's output
        return trouble.code
    except BrokenPipeError:
        _discard_output()  # the program that read the output has ended
    except OSError as error:
        _discard_output()
        with contextlib.suppress(OSError):
            print(f"camscan-link: {error.filename or 'its output'}: {error.strerror}", file=sys.stderr)  # noqa: T201 - as above
        return Code.FILE
    except KeyboardInterrupt:
        return 130
    return 0


def _occupy_standard_streams() -> None:
    """Put the null device in the place of closed standard streams: a packet socket must not take their numbers."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, "r" if number == 0 else "w", encoding="utf-8", closefd=False))  # noqa: SIM115 - as long as the program


def _discard_output() -> None:
    """Discard what cannot be written, or Python complains about it once more on exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """End with one line, without the usage."""
        raise Trouble(Code.USAGE, f"{message}; see {self.prog} --help")


def _make_parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="camscan-link", description="Raw packets for camscan; JSON Lines on stdout.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, function: object, text: str, *, live: bool = True) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text)
        added.set_defaults(command=function)
        if live:
            added.add_argument("--interface", required=True, help="network interface, e.g. eth0")
        return added

    command("check", _run_check, "say whether the privilege and the interface are there; sends nothing")
    sweep = command("arp-sweep", _arp_sweep, 'ask every address of {"targets": ["10.0.0.0/24", …]} on standard input')
    sweep.add_argument("--pps", type=_number_between(1, MOST_PPS), default=500, help="frames a second (default 500)")
    sweep.add_argument("--rounds", type=_number_between(1, 5), default=2, help="at most so many rounds (default 2)")
    sweep.add_argument("--wait", type=_read_seconds, default=0.8, help="seconds to wait after each round (default 0.8)")
    sweep.add_argument(
        "--linger", type=_read_seconds, default=0.0, help="seconds to wait after the last one (default 0)"
    )
    syn_text = 'find who answers TCP behind a router: {"targets": […], "ports": […], "authorised": […]} on stdin'
    syn_sweep = command("syn-sweep", _syn_sweep, syn_text)
    syn_sweep.add_argument("--gateway", type=IPv4Address, required=True, help="the router's address on that interface")
    syn_sweep.add_argument(
        "--pps", type=_number_between(1, MOST_PPS), default=500, help="packets a second (default 500)"
    )
    syn_sweep.add_argument(
        "--rounds", type=_number_between(1, 3), default=2, help="how often each port is asked (default 2)"
    )
    syn_sweep.add_argument("--steered", action="store_true", help='take {"pps": N} on further lines, while it sends')
    syn_sweep.add_argument("--wait", type=_read_seconds, default=1.0, help="seconds for the last answers (default 1)")
    layer2 = command("sadp-l2", _search_layer2, "send the layer-2 SADP inquiry and print the answers")
    layer2.add_argument("--seconds", type=_read_seconds, default=3.0, help="how long to wait for answers (default 3)")
    layer2.add_argument("--rounds", type=_number_between(1, 3), default=2, help="how often to ask (default 2)")
    hear = command("listen", _listen, "send nothing; print what devices say about themselves")
    hear.add_argument("--seconds", type=_read_seconds, default=60.0, help="how long to listen (default 60)")
    also = "a network outside the private ranges whose devices count too; may be repeated"
    read = command("read", _read, "print what devices say about themselves in a capture file", live=False)
    read.add_argument("file", help="pcap or pcapng; - is standard input, such as a pipe from tcpdump")
    read.add_argument("--also", type=ip_network, action="append", default=[], metavar="NETWORK", help=also)
    return parser


def _number_between(least: int, most: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        value = int(text)
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{value} is not between {least} and {most}")
        return value

    return number


def _read_seconds(text: str) -> float:
    value = float(text)
    if not 0 <= value <= MOST_SECONDS:  # the comparison is also false for NaN
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and {MOST_SECONDS} seconds")
    return value


def _run_check(options: argparse.Namespace) -> None:
    where = find_interface(options.interface)
    open_packets(where, arp.ETH_P_ARP, arp.REPLIES_ONLY).close()
    subnets = sorted({str(address.network) for address in where.addresses})
    print_message({"interface": where.name, "mac": where.mac.hex(":"), "subnets": subnets})


def _arp_sweep(options: argparse.Namespace) -> None:
    asked = _read_request()
    where = find_interface(options.interface)
    planned = arp.plan_sweep(where, asked.targets)
    packets = open_packets(where, arp.ETH_P_ARP, arp.REPLIES_ONLY)
    give_up_privileges()

    def print_answer(ip: IPv4Address, mac: bytes) -> None:
        print_message({"ip": str(ip), "mac": mac.hex(":")})

    with packets:
        sweep = arp.Sweep(
            *(packets, planned, where.edge_addresses(), print_answer),
            on_asked_once=lambda: print_message({"asked_once": True}),
            on_round=lambda asks: print_message({"asks": asks}),
        )
        counts = sweep.run(pps=options.pps, rounds=options.rounds, wait=options.wait, linger=options.linger)
    print_message({"done": True, "asked": counts.asked, "sent": counts.sent, "answered": counts.answered})


def _search_layer2(options: argparse.Namespace) -> None:
    from camscan.link import inquiry  # noqa: PLC0415 - the other commands start sooner without it

    inquiry.run_search(options)


def _listen(options: argparse.Namespace) -> None:
    from camscan.link import hearing  # noqa: PLC0415 - the other commands start sooner without it

    hearing.run_listen(options)


def _read(options: argparse.Namespace) -> None:
    from camscan.link import hearing  # noqa: PLC0415 - the other commands start sooner without it

    hearing.run_read(options)


def _syn_sweep(options: argparse.Namespace) -> None:
    from camscan.link import syn  # noqa: PLC0415 - the other commands start sooner without it

    asked = _read_request(one_line=options.steered)
    if not asked.ports:
        raise Trouble(Code.USAGE, "ports must say on which ports to ask")
    syn.check_scope(asked.targets, asked.authorised)
    where = find_interface(options.interface)
    mac, source = syn.resolve_gateway(where, options.gateway)
    with socket(AF_INET, SOCK_STREAM) as reserved:  # so that no connection of this machine uses the port
        keep_silent(reserved)
        reserved.bind((str(source), 0))
        reserved.listen(1)
        port = reserved.getsockname()[1]
        packets = open_packets(where, syn.ETH_P_IP, syn.answer_filter(port))
        give_up_privileges()
        head = mac + where.mac + syn.ETH_P_IP.to_bytes(2, "big")
        with packets:
            sweep = syn.Sweep(
                packets,
                syn.Template(head, int(source), port),
                asked.targets,
                asked.ports,
                lambda ip, port, is_open: print_message({"ip": str(ip), "port": port, "open": is_open}),
                lambda first, last: print_message({"swept": [str(first), str(last)]}),
                lambda late, answered: print_message({"late": late, "of": answered}),
                options.pps,
                _newest_pace if options.steered else lambda pps: pps,
                lambda ip: print_message({"unreachable": str(ip)}),
            )
            sweep.run(rounds=options.rounds, wait=options.wait)
    print_message({"done": True, "sent": sweep.sent, "answered": len(sweep.answered)})


def _newest_pace(pps: int) -> int:
    """The newest pace on standard input; the present pace if nothing came."""
    if not select([0], [], [], 0)[0]:
        return pps
    return request.newest_pace(os.read(0, PIPE), pps)  # one write, one line: a pipe takes so much at once


def _read_request(*, one_line: bool = False) -> request.Request:
    """Read the one JSON object on standard input, or on its first line."""
    with open(0, "rb", buffering=0 if one_line else -1, closefd=False) as stream:  # what follows the line is for later
        return request.parse_request(
            stream.readline(request.LARGEST + 1) if one_line else stream.read(request.LARGEST + 1)
        )
