# SPDX-FileCopyrightText: 2026 the camscan authors
# SPDX-License-Identifier: GPL-2.0-only
"""camscan-link: the small program that holds the privilege to send and hear raw packets.

It is a separate program, not a part of the scanner: nothing imports it, and it imports nothing of camscan. It takes
arguments and, if a list is needed, one JSON object on standard input; it writes JSON Lines to standard output, and one
plain line to standard error when it cannot continue. ``docs/camscan-link.md`` describes both.

Only :mod:`camscan.link.dissect` imports scapy, and only the commands that hear or read packets import that.
"""

from __future__ import annotations

import gc


def main() -> int:
    """Entry point of ``camscan-link``."""
    gc.set_threshold(50_000, 10, 10)  # nothing that is loaded is garbage
    from camscan.link.program import run  # noqa: PLC0415 - keeps `import camscan.link` free of everything

    try:
        return run()
    finally:
        gc.freeze()  # otherwise Python looks through all objects for garbage, which takes an eighth of a short run
