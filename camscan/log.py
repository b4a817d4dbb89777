"""The log of a run, address by address: what was asked, what was answered, what was decided.

Nothing is logged until somebody switches it on (``camscan/app/log.py``, which also makes text from devices harmless). A
credential is never passed to it.
"""

from __future__ import annotations

import enum
import logging

LOGGER = logging.getLogger("camscan")


class Layout(enum.StrEnum):
    """The form of a line of the log."""

    TEXT = "text"
    JSON = "json"


def is_on(*, detailed: bool = False) -> bool:
    """Whether anything is logged; with ``detailed``, whether every question is. Ask before collecting what to log."""
    return LOGGER.isEnabledFor(logging.DEBUG if detailed else logging.INFO)


def event(what: str, ip: str, /, **facts: object) -> None:
    """Log an event of an address: an answer, a decision. ``what`` is our text; the facts may be text from a device."""
    if LOGGER.isEnabledFor(logging.INFO):
        LOGGER.info(what, extra={"ip": ip, "facts": facts})


def detail(what: str, ip: str, /, **facts: object) -> None:
    """Log a step in between: a question, a connection, a reply before it was read."""
    if LOGGER.isEnabledFor(logging.DEBUG):
        LOGGER.debug(what, extra={"ip": ip, "facts": facts})
