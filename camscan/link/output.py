# SPDX-FileCopyrightText: 2026 the camscan authors
# SPDX-License-Identifier: GPL-2.0-only
"""What camscan-link prints: JSON Lines, each written at once."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping

TYPE_CHECKING = False  # typing takes a millisecond to load
if TYPE_CHECKING:
    from typing import Any

    from camscan.link.once import PrintedReplies


def print_message(message: Mapping[str, Any]) -> None:
    """Print a message as one line of JSON."""
    print_messages((message,))


def print_messages(messages: Iterable[Mapping[str, Any]]) -> None:
    """Print messages, one line each, and wake the reader once."""
    sys.stdout.write("".join(json.dumps(message) + "\n" for message in messages))  # ASCII, whatever the locale is
    sys.stdout.flush()


def print_new(replies: Iterable[dict[str, Any]], once: PrintedReplies, prefix: str = "") -> None:
    """Print each reply the first time it is heard, numbered."""
    for reply in replies:
        if once.is_new(reply):
            print_message({"id": f"{prefix}{once.count}", **reply})
