"""Telling people what changed: what is worth a message, and one file for each way to send it.

``decide.py`` says what is told and what was told already; ``message.py`` and ``text.py`` what a message says. A
channel is a file of ``channels/`` that exposes ``CHANNEL``, found by its place. Nothing here reads a register.
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
from camscan.words import listed

_OF_ALL = frozenset({"name", "channel", "classes", "detail"})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of sending one message."""

    is_sent: bool
    """Whether somebody took it. That it was read, or shown, nobody can say."""
    detail: str = ""
    """In a few words: who took it, or why nobody did; without a secret."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One way to tell somebody."""

    name: str
    title: str
    """As a phrase for lists: ``mail, over SMTP with STARTTLS``."""
    needs: Sequence[Sequence[str]]
    """Options of a recipient; of each group exactly one."""
    send: Callable[[Message, Recipient], Outcome]
    """Sends it within a minute. Raises ConfigError where a secret cannot be read, UsageError for a missing library."""
    takes: Sequence[str] = ()
    """Options that it may have beside those."""


@functools.cache
def load_channels() -> Mapping[str, Channel]:
    """Every channel by name, in alphabetical order."""
    names = sorted(module.name for module in pkgutil.iter_modules(channels.__path__) if not module.name.startswith("_"))
    found = [importlib.import_module(f"{channels.__name__}.{name}").CHANNEL for name in names]
    return {channel.name: channel for channel in found}


def channel_of(recipient: Recipient) -> Channel:
    """The channel of a recipient whose options fit it. Raises ConfigError with file and line where they do not."""
    found = load_channels().get(recipient.channel)
    if found is None:
        raise recipient.error_about(
            f"there is no channel '{recipient.channel}'; the channels are: {', '.join(load_channels())}"
        )
    said = recipient.options_given()
    for group in found.needs:
        given = [each for each in group if each in said]
        if not given:
            raise recipient.error_about(f"{found.name} needs {listed([_option_name(each) for each in group], 'or')}")
        if len(given) > 1:
            raise recipient.error_about(f"{found.name} takes one of {listed(given)}, not both")
    others = said - _OF_ALL - {*found.takes, *(each for group in found.needs for each in group)}
    if others:
        raise recipient.error_about(f"{found.name} does not use {listed(sorted(others))}; take it out")
    return found


def _option_name(option: str) -> str:
    """How an option is written: a secret is named by where it is kept."""
    return f"{option}_file" if option in {"password", "secret"} else option if option not in LISTS else f"'{option}'"
