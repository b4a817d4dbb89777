# SPDX-FileCopyrightText: 2026 the camscan authors
# SPDX-License-Identifier: GPL-2.0-only
"""The command line of camscan-link: arguments in, JSON Lines out."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import secrets
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv6Address, ip_network
from select import select
from socket import AF_INET, SOCK_STREAM, socket
from typing import Any, NoReturn

from camscan.link import arp, capture, listen, request, sadp
from camscan.link.datagrams import MARKS
from camscan.link.interface import find_interface
from camscan.link.layers import ETHERNET
from camscan.link.once import Once
from camscan.link.raw import ETH_P_ALL, give_up_privileges, keep_silent, open_packets, receive_frame, send_frame
from camscan.link.reader import TCP_PORTS, UDP_PORTS, Reader, is_within_any
from camscan.link.request import MOST_PPS
from camscan.link.trouble import Code, Trouble

FRAME = 65536
PIPE = 4096
MOST_SECONDS = 7 * 86400
NOWHERE = "/dev/null/none"
"""A folder that nobody can make."""


def run(arguments: Sequence[str] | None = None) -> int:
    """Carry out one command; the exit code is 0 or one of :class:`Code`."""
    _occupy_standard_streams()
    try:
        options = _make_parser().parse_args(arguments)
        options.command(options)
        sys.stdout.flush()
    except Trouble as trouble:
        print(f"camscan-link: {trouble}", file=sys.stderr)  # noqa: T201 - the program's output
        return trouble.code
    except BrokenPipeError:
        _discard_output()  # whoever listened has gone
    except OSError as error:
        _discard_output()
        with contextlib.suppress(OSError):
            print(f"camscan-link: {error.filename or 'its output'}: {error.strerror}", file=sys.stderr)  # noqa: T201 - as above
        return Code.FILE
    except KeyboardInterrupt:
        return 130
    return 0


def _occupy_standard_streams() -> None:
    """Put the null device where a standard stream is closed: a packet socket must not take its number, and its text."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, "r" if number == 0 else "w", encoding="utf-8", closefd=False))  # noqa: SIM115 - as long as the program


def _discard_output() -> None:
    """Python would complain once more on exit about what cannot be written."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One line, without the usage."""
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
    layer2 = command("sadp-l2", _run_sadp, "send the layer-2 SADP inquiry and print the answers")
    layer2.add_argument("--seconds", type=_read_seconds, default=3.0, help="how long to wait for answers (default 3)")
    layer2.add_argument("--rounds", type=_number_between(1, 3), default=2, help="how often to ask (default 2)")
    hear = command("listen", _run_listen, "send nothing; print what devices say of themselves")
    hear.add_argument("--seconds", type=_read_seconds, default=60.0, help="how long to listen (default 60)")
    also = "a network outside the private ranges whose devices count too; may be repeated"
    read = command("read", _run_read, "print what devices say of themselves in a capture file", live=False)
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
    if not 0 <= value <= MOST_SECONDS:  # nor is it, where it is not a number
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and {MOST_SECONDS} seconds")
    return value


def _print_message(message: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")  # in ASCII, whatever the locale
    sys.stdout.flush()


def _run_check(options: argparse.Namespace) -> None:
    where = find_interface(options.interface)
    open_packets(where, arp.ETH_P_ARP, arp.REPLIES_ONLY).close()
    subnets = sorted({str(address.network) for address in where.addresses})
    _print_message({"interface": where.name, "mac": where.mac.hex(":"), "subnets": subnets})


def _arp_sweep(options: argparse.Namespace) -> None:
    asked = _read_request()
    where = find_interface(options.interface)
    planned = arp.plan_sweep(where, asked.targets)
    packets = open_packets(where, arp.ETH_P_ARP, arp.REPLIES_ONLY)
    give_up_privileges()

    def heard(ip: IPv4Address, mac: bytes) -> None:
        _print_message({"ip": str(ip), "mac": mac.hex(":")})

    with packets:
        sweep = arp.Sweep(
            *(packets, planned, where.edges(), heard),
            asked_once=lambda: _print_message({"asked_once": True}),
            asks=lambda asks: _print_message({"asks": asks}),
        )
        counts = sweep.run(pps=options.pps, rounds=options.rounds, wait=options.wait, linger=options.linger)
    _print_message({"done": True, "asked": counts.asked, "sent": counts.sent, "answered": counts.answered})


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
        packets = open_packets(where, syn.ETH_P_IP, syn.answers_to(port))
        give_up_privileges()
        head = mac + where.mac + syn.ETH_P_IP.to_bytes(2, "big")
        with packets:
            sweep = syn.Sweep(
                packets,
                syn.Template(head, int(source), port),
                asked.targets,
                asked.ports,
                lambda ip, port, is_open: _print_message({"ip": str(ip), "port": port, "open": is_open}),
                lambda first, last: _print_message({"swept": [str(first), str(last)]}),
                lambda late, answered: _print_message({"late": late, "of": answered}),
                options.pps,
                _newest_pace if options.steered else lambda pps: pps,
                lambda ip: _print_message({"unreachable": str(ip)}),
            )
            sweep.run(rounds=options.rounds, wait=options.wait)
    _print_message({"done": True, "sent": sweep.sent, "answered": len(sweep.answered)})


def _newest_pace(pps: int) -> int:
    """The newest pace on standard input; the one so far where nothing came."""
    if not select([0], [], [], 0)[0]:
        return pps
    return request.newest_pace(os.read(0, PIPE), pps)  # one write, one line: shorter than what a pipe takes at once


def _read_request(*, one_line: bool = False) -> request.Request:
    """Read the one JSON object on standard input, or on its first line."""
    with open(0, "rb", buffering=0 if one_line else -1, closefd=False) as stream:  # what follows a line is for later
        return request.parse_request(
            stream.readline(request.LARGEST + 1) if one_line else stream.read(request.LARGEST + 1)
        )


def _run_sadp(options: argparse.Namespace) -> None:
    where = find_interface(options.interface)
    packets = open_packets(where, sadp.ETH_P_SADP, sadp.ANSWERS_ONLY)
    give_up_privileges()
    source = where.addresses[0].ip if where.addresses else IPv4Address(0)
    once = Once()
    with packets:
        for _round in range(options.rounds):
            counter = secrets.randbits(32)
            send_frame(packets, sadp.inquiry_frame(sadp.Ask.INQUIRY, counter, where.mac, source, IPv6Address(0)))
            for frame in _frames_for(packets, options.seconds / options.rounds):
                reply = sadp.make_reply(frame)
                if reply:
                    now = datetime.now(UTC).isoformat(timespec="milliseconds")
                    _print_new([{**reply, "seen_at": now}], once, "layer2-")
    _print_message({"done": True, "sent": options.rounds, "answered": once.count})


def _frames_for(packets: socket, seconds: float) -> Iterator[bytes]:
    """Frames as they come, for so many seconds."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        if select([packets], [], [], left)[0] and (frame := receive_frame(packets, FRAME)):
            yield frame


def _run_listen(options: argparse.Namespace) -> None:
    where = find_interface(options.interface)
    reader = Reader(_load_dhcp())
    packets = open_packets(where, ETH_P_ALL, listen.filter_program(UDP_PORTS, TCP_PORTS, MARKS), multicast=True)
    give_up_privileges()
    once = Once()
    with packets:
        for frame in _frames_for(packets, options.seconds):
            _print_new(reader.take(ETHERNET, time.time(), frame), once, f"{where.name}-")
    _print_new(reader.close(), once, f"{where.name}-")
    _print_message({"done": True, **_count_messages(reader, once)})


def _run_read(options: argparse.Namespace) -> None:
    reader = Reader(_load_dhcp(), is_within_any(options.also))
    once, where, cut = Once(), "standard input" if options.file == "-" else options.file, ""
    try:
        with open(0 if options.file == "-" else options.file, "rb", buffering=0) as file:  # noqa: PTH123 - the open file outlives the privilege to open it
            give_up_privileges()
            source = capture.Source(file)
            for packet in capture.read_packets(source):
                if said := reader.take(*packet):
                    _print_new(said, once)
    except OSError as error:
        raise Trouble(Code.FILE, f"cannot read {where}: {error.strerror}") from None
    except capture.NotACapture as error:
        raise Trouble(Code.FILE, f"{where} is not a capture file (pcap or pcapng): {error}") from None
    except capture.Broken as error:
        cut = str(error)
    _print_new(reader.close(), once)
    _print_message(
        {"done": True, **_count_messages(reader, once), "packets": source.number, **({"cut": cut} if cut else {})}
    )
    if cut:
        raise Trouble(Code.CUT, f"{where}: {cut}; what came before it was read")


def _count_messages(reader: Reader, once: Once) -> dict[str, Any]:
    """How much was said, and what was not read; parts that are nought are left out."""
    unread = {**reader.counts, "fragments": reader.fragments.given_up, "conversations": reader.streams.given_up}
    unread = {what: number for what, number in unread.items() if number}
    more = {"left_out": once.left_out, "unread": unread}
    return {"answered": once.count, **{name: value for name, value in more.items() if value}}


def _load_dhcp() -> Any:
    """The module that takes DHCP apart, which needs scapy; None where that is missing: all else is read without it.

    scapy keeps a cache of pickles in the user's folder, and writes there: as root it must do neither.
    """
    for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        os.environ[name] = NOWHERE
    try:
        from camscan.link import dissect  # noqa: PLC0415 - scapy is an extra, and takes 0.3 s to import
    except ModuleNotFoundError:
        return None
    dissect.prepare_scapy()
    return dissect


def _print_new(replies: Iterable[dict[str, Any]], once: Once, prefix: str = "") -> None:
    """Print each reply the first time it is heard, numbered."""
    for reply in replies:
        if once.is_new(reply):
            _print_message({"id": f"{prefix}{once.count}", **reply})
