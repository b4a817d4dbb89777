# SPDX-FileCopyrightText: 2026 the camscan authors
# SPDX-License-Identifier: GPL-2.0-only
"""The command line of camscan-link: arguments in, JSON Lines out."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from ipaddress import IPv4Address
from select import select
from socket import AF_INET, SOCK_STREAM, socket

from camscan.link import arp, request
from camscan.link.interface import find_interface
from camscan.link.options import Options, read_plain
from camscan.link.output import print_message, print_messages
from camscan.link.raw import give_up_privileges, keep_silent, open_packets
from camscan.link.trouble import Code, Trouble

PIPE = 4096


def run(arguments: Sequence[str] | None = None) -> int:
    """Carry out one command. Returns the exit code: 0 or one of :class:`Code`."""
    _occupy_standard_streams()
    try:
        given = sys.argv[1:] if arguments is None else arguments
        options = read_plain(given) or _read_any(given)
        _COMMANDS[options.command](options)
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


def _read_any(arguments: Sequence[str]) -> Options:
    from camscan.link import usage  # noqa: PLC0415 - a scan starts sooner without it

    return usage.read_any(arguments)


def _run_check(options: Options) -> None:
    where = find_interface(options.interface)
    open_packets(where, arp.ETH_P_ARP, arp.REPLIES_ONLY).close()
    subnets = sorted({str(address.network) for address in where.addresses})
    print_message({"interface": where.name, "mac": where.mac.hex(":"), "subnets": subnets})


def _arp_sweep(options: Options) -> None:
    asked = _read_request()
    where = find_interface(options.interface)
    planned = arp.plan_sweep(where, asked.targets)
    packets = open_packets(where, arp.ETH_P_ARP, arp.REPLIES_ONLY)
    give_up_privileges()

    def print_answers(found: Sequence[tuple[IPv4Address, bytes]]) -> None:
        print_messages({"ip": str(ip), "mac": mac.hex(":")} for ip, mac in found)

    with packets:
        sweep = arp.Sweep(
            *(packets, planned, where.edge_addresses(), print_answers),
            on_asked_once=lambda: print_message({"asked_once": True}),
            on_round=lambda asks: print_message({"asks": asks}),
        )
        counts = sweep.run(pps=options.pps, rounds=options.rounds, wait=options.wait, linger=options.linger)
    print_message({"done": True, "asked": counts.asked, "sent": counts.sent, "answered": counts.answered})


def _search_layer2(options: Options) -> None:
    from camscan.link import inquiry  # noqa: PLC0415 - the other commands start sooner without it

    inquiry.run_search(options)


def _listen(options: Options) -> None:
    from camscan.link import hearing  # noqa: PLC0415 - the other commands start sooner without it

    hearing.run_listen(options)


def _read(options: Options) -> None:
    from camscan.link import hearing  # noqa: PLC0415 - the other commands start sooner without it

    hearing.run_read(options)


def _syn_sweep(options: Options) -> None:
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


_COMMANDS: Mapping[str, Callable[[Options], None]] = {
    "check": _run_check,
    "arp-sweep": _arp_sweep,
    "syn-sweep": _syn_sweep,
    "sadp-l2": _search_layer2,
    "listen": _listen,
    "read": _read,
}
