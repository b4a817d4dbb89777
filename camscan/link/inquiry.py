# SPDX-FileCopyrightText: 2026 the camscan authors
# SPDX-License-Identifier: GPL-2.0-only
"""The layer-2 search: the command ``sadp-l2``."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv6Address

from camscan.link import sadp
from camscan.link.interface import find_interface
from camscan.link.once import PrintedReplies
from camscan.link.options import Options
from camscan.link.output import print_message, print_new
from camscan.link.raw import frames_for, give_up_privileges, open_packets, send_frame


def run_search(options: Options) -> None:
    """Send the SADP inquiry, and print the answers."""
    where = find_interface(options.interface)
    packets = open_packets(where, sadp.ETH_P_SADP, sadp.ANSWERS_ONLY)
    give_up_privileges()
    source = where.addresses[0].ip if where.addresses else IPv4Address(0)
    once = PrintedReplies()
    with packets:
        for _round in range(options.rounds):
            counter = int.from_bytes(os.urandom(4), "big")
            send_frame(packets, sadp.inquiry_frame(sadp.Ask.INQUIRY, counter, where.mac, source, IPv6Address(0)))
            for frame in frames_for(packets, options.seconds / options.rounds):
                reply = sadp.make_reply(frame)
                if reply:
                    now = datetime.now(UTC).isoformat(timespec="milliseconds")
                    print_new([{**reply, "seen_at": now}], once, "layer2-")
    print_message({"done": True, "sent": options.rounds, "answered": once.count})
