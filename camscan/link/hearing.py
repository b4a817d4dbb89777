# SPDX-FileCopyrightText: 2026 the camscan authors
# SPDX-License-Identifier: GPL-2.0-only
"""The commands that hear or read packets: ``listen`` and ``read``."""

from __future__ import annotations

import os
import time
from typing import Any

from camscan.link import capture, listen
from camscan.link.datagrams import MARKS
from camscan.link.interface import find_interface
from camscan.link.layers import ETHERNET
from camscan.link.once import PrintedReplies
from camscan.link.options import Options
from camscan.link.output import print_message, print_new
from camscan.link.raw import ETH_P_ALL, frames_for, give_up_privileges, open_packets
from camscan.link.reader import TCP_PORTS, UDP_PORTS, Reader, is_within_any
from camscan.link.trouble import Code, Trouble

_NOWHERE = "/dev/null/none"
"""A folder that nobody can make."""


def run_listen(options: Options) -> None:
    """Print what devices send about themselves, as it is heard."""
    where = find_interface(options.interface)
    reader = Reader(_load_dhcp())
    packets = open_packets(where, ETH_P_ALL, listen.filter_program(UDP_PORTS, TCP_PORTS, MARKS), multicast=True)
    give_up_privileges()
    once = PrintedReplies()
    with packets:
        for frame in frames_for(packets, options.seconds):
            print_new(reader.take(ETHERNET, time.time(), frame), once, f"{where.name}-")
    print_new(reader.close(), once, f"{where.name}-")
    print_message({"done": True, **_count_messages(reader, once)})


def run_read(options: Options) -> None:
    """Print what devices sent about themselves, from a capture file. Raises Trouble if it cannot be read completely."""
    reader = Reader(_load_dhcp(), is_within_any(options.also))
    once, where, cut = PrintedReplies(), "standard input" if options.file == "-" else options.file, ""
    try:
        with open(0 if options.file == "-" else options.file, "rb", buffering=0) as file:  # noqa: PTH123 - the open file outlives the privilege to open it
            give_up_privileges()
            source = capture.Source(file)
            for packet in capture.read_packets(source):
                if said := reader.take(*packet):
                    print_new(said, once)
    except OSError as error:
        raise Trouble(Code.FILE, f"cannot read {where}: {error.strerror}") from None
    except capture.NotACapture as error:
        raise Trouble(Code.FILE, f"{where} is not a capture file (pcap or pcapng): {error}") from None
    except capture.Broken as error:
        cut = str(error)
    print_new(reader.close(), once)
    print_message(
        {"done": True, **_count_messages(reader, once), "packets": source.number, **({"cut": cut} if cut else {})}
    )
    if cut:
        raise Trouble(Code.CUT, f"{where}: {cut}; what came before it was read")


def _count_messages(reader: Reader, once: PrintedReplies) -> dict[str, Any]:
    """The last message: how many replies there were and what was not read. Counts of nought are left out."""
    unread = {**reader.counts, "fragments": reader.fragments.given_up, "conversations": reader.streams.given_up}
    unread = {what: number for what, number in unread.items() if number}
    more = {"left_out": once.left_out, "unread": unread}
    return {"answered": once.count, **{name: value for name, value in more.items() if value}}


def _load_dhcp() -> Any:
    """The module that dissects DHCP, which needs scapy; None if scapy is missing or cannot start on this system.

    Everything else is read without it.

    scapy keeps a cache of pickles in the user's folder and writes there: as root it must do neither.
    """
    for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        os.environ[name] = _NOWHERE
    try:
        from camscan.link import dissect  # noqa: PLC0415 - scapy is an extra, and takes 0.3 s to import

        dissect.prepare_scapy()
    except (ImportError, AttributeError, OSError):  # the last two: Windows lacks what scapy asks for
        return None
    return dissect
