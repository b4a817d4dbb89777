"""Answers what a text means, for a person: a name on a camera, a number on its label, a device's reply. Pure."""

from __future__ import annotations

import difflib
import ipaddress
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from camscan.fingerprints import Database
from camscan.fingerprints.badges import Badge, plain_name
from camscan.fingerprints.naming import Grammar
from camscan.identify.answer.badge import readings_of_name
from camscan.identify.answer.label import readings_of_number
from camscan.identify.answer.reading import OURS, Reading
from camscan.identify.answer.reply import names_its_place, readings_of_bare_text, readings_of_reply

__all__ = ["OURS", "Answer", "Reading", "answer_text"]

_CLOSE = 0.75
_MOST_CLOSE = 3
_LONGEST = 400


@dataclass(frozen=True, slots=True)
class Answer:
    """Every reading of a text, the surest first; if there is none, names with nearly the same spelling."""

    readings: tuple[Reading, ...]
    closest: tuple[str, ...] = ()


def answer_text(text: str, database: Database, grammars: Sequence[Grammar], badges: Sequence[Badge]) -> Answer:
    """What is known about a text that a person found on a device, a label, an invoice or in a reply."""
    text = text.strip()
    if not text or len(text) > _LONGEST:
        return Answer(())
    address = _read_address(text)
    if address and _is_of_an_estate(text):
        return Answer((address,))
    says = list(readings_of_reply(text, database)) if names_its_place(text) else []
    found = (
        says
        or list(readings_of_name(text, database, badges))
        or list(readings_of_number(text, database, grammars, badges))
    )
    found = (
        found or list(_badge_and_model(text, database, grammars, badges)) or list(readings_of_bare_text(text, database))
    )
    found += [address] if address else []  # four numbers may be a firmware as well
    return Answer(tuple(found), () if found else _closest_names(text, database, badges))


def _read_address(text: str) -> Reading | None:
    """The reading of a text as an address or a network; None for other texts."""
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
    if network.num_addresses > 1:
        told = (
            "This is a network of addresses, not a text that a maker wrote. "
            f"`camscan scan {text}` asks the devices there what they are."
        )
        return Reading("address", "network", told, ())
    this = "This is" if _is_of_an_estate(text) else "If it is an address, it is"
    told = (
        f"{this} the address of a device, not a text that a maker wrote. "
        f"`camscan show {text}` says what the register knows about the device there; `camscan scan {text}` asks it."
    )
    return Reading("address", "IP address", told, ())


def _is_of_an_estate(text: str) -> bool:
    """Whether an address cannot be taken for a version: a private one, one of IPv6, a network."""
    network = ipaddress.ip_network(text, strict=False)
    return network.version == 6 or "/" in text or network.is_private or network.is_link_local  # noqa: PLR2004 - IPv6


def _badge_and_model(
    text: str, database: Database, grammars: Sequence[Grammar], badges: Sequence[Badge]
) -> Iterator[Reading]:
    """``Amcrest IP8M-2496E``: a name, and a model number after it."""
    words = text.split()
    for count in range(len(words) - 1, 0, -1):
        name, rest = " ".join(words[:count]), " ".join(words[count:])
        if found := list(readings_of_name(name, database, badges)):
            about = list(readings_of_number(rest, database, grammars, badges))
            if not about:
                told = f"{found[0].answer} Nothing is known about '{rest}' itself."
                found = [replace(found[0], answer=told), *found[1:]]
            yield from found
            yield from (one for one in about if one.about != found[0].about)
            return


def _closest_names(text: str, database: Database, badges: Sequence[Badge]) -> tuple[str, ...]:
    names = {
        plain_name(name): name
        for name in (*(maker.name for maker in database.makers.values()), *(b.name for b in badges))
    }
    close = difflib.get_close_matches(plain_name(text), names, n=_MOST_CLOSE, cutoff=_CLOSE)
    return tuple(names[name] for name in close)
