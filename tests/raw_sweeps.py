"""Replaces camscan-link in tests, where it may not send anything."""

from __future__ import annotations

from collections.abc import AsyncIterator

from camscan.net import link


async def unavailable(*_arguments: object, **_options: object) -> AsyncIterator[tuple[str, str]]:
    """A sweep, or an inquiry, of a program without the privilege."""
    for pair in [("", "")][:0]:
        yield pair
    raise link.Unavailable("no privilege")
