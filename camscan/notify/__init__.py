"""Tells people what changed: what is worth a message, and one file for each way to send it.

``decide.py`` chooses what to send and remembers what was sent already; ``message.py`` and ``text.py`` say what a
message contains. A channel is a file of ``channels/`` with a ``CHANNEL``, found by its place. Nothing here reads a
register.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from camscan.config.recipient import LISTS, Recipient
from camscan.notify import channels
from camscan.notify.message import Message
from camscan.words import list_text

_OF_ALL = frozenset({"name", "channel", "classes", "detail"})


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of sending one message."""

    is_sent: bool
    """Whether a server or program accepted it. Nobody can know whether it was read or shown."""
    detail: str = ""
    """In a few words: who accepted it, or why it was not accepted; without a secret."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One way to send a message."""

    name: str
    title: str
    """A phrase for lists: ``mail, over SMTP with STARTTLS``."""
    needs: Sequence[Sequence[str]]
    """Options of a recipient, in groups; a recipient has exactly one of each group."""
    send: Callable[[Message, Recipient], Outcome]
    """Sends a message within a minute.

    Raises ConfigError if a secret cannot be read, UsageError for a missing library.
    """
    takes: Sequence[str] = ()
    """Options that a recipient may have besides those."""


@functools.cache
def load_channels() -> Mapping[str, Channel]:
    """Every channel by name, in alphabetical order."""
    names = sorted(module.name for module in pkgutil.iter_modules(channels.__path__) if not module.name.startswith("_"))
    found = [importlib.import_module(f"{channels.__name__}.{name}").CHANNEL for name in names]
    return {channel.name: channel for channel in found}


def channel_of(recipient: Recipient) -> Channel:
    """The channel that a recipient's options fit. Raises ConfigError with file and line if they fit none."""
    found = load_channels().get(recipient.channel)
    if found is None:
        raise recipient.error_about(
            f"there is no channel '{recipient.channel}'; the channels are: {', '.join(load_channels())}"
        )
    said = recipient.options_given()
    for group in found.needs:
        given = [key for key in group if key in said]
        if not given:
            raise recipient.error_about(f"{found.name} needs {list_text([_option_name(key) for key in group], 'or')}")
        if len(given) > 1:
            raise recipient.error_about(f"{found.name} takes one of {list_text(given)}, not both")
    others = said - _OF_ALL - {*found.takes, *(key for group in found.needs for key in group)}
    if others:
        raise recipient.error_about(f"{found.name} does not use {list_text(sorted(others))}; take it out")
    return found


def _option_name(option: str) -> str:
    """The name of an option as it is written: a secret is named by the place where it is kept."""
    return f"{option}_file" if option in {"password", "secret"} else option if option not in LISTS else f"'{option}'"
