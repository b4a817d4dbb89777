# SPDX-FileCopyrightText: 2026 the camscan authors
# SPDX-License-Identifier: GPL-2.0-only
"""What stops camscan-link: one line for a person and an exit code for the scanner."""

from __future__ import annotations

import enum


class Code(enum.IntEnum):
    """Exit codes; ``camscan/net/link.py`` reads them."""

    USAGE = 2
    PRIVILEGE = 3
    INTERFACE = 4
    UNSUPPORTED = 5
    """The system is not Linux, or scapy is missing."""
    FILE = 6
    """A capture file cannot be read, or the output cannot be written."""
    CUT = 7
    """A capture file ends too early or contradicts itself; everything before that place was read."""


class Trouble(Exception):  # noqa: N818 - the program's own word
    """An error in one line that says what is wrong and what to do."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code
