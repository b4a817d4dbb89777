"""Values that people pick by name: a maker, a badge, a site, a kind of device.

Every command checks them here. Capitals and small letters are equal, and the error for an unknown name suggests similar
ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from camscan.asset import Asset
from camscan.asset.spelling import nearest_hint, plain_name
from camscan.errors import UsageError
from camscan.fingerprints import badges
from camscan.fingerprints.wording import load_words
from camscan.patterns import late
from camscan.plan.standing import recorded_site
from camscan.policies import companies
from camscan.policies.companies import load_ownership as ownership
from camscan.words import list_text

__all__ = [
    "RECORDER",
    "UNKNOWN",
    "badges_of",
    "maker_name",
    "nearest_hint",
    "ownership",
    "pick_brand",
    "pick_kinds",
    "pick_maker",
    "pick_name",
    "pick_site",
]

UNKNOWN = "unknown"
"""The word that picks devices whose value is not known."""
RECORDER = ("nvr", "dvr", "mobile_recorder")
"""The kinds that ``recorder`` picks, as the headline counts them."""
_TELLING = 3
"""From this many characters, a part of a name shows which name is meant."""
_FEW = 6
"""How many names a message lists."""


def pick_name(what: str, text: str, known: Iterable[str]) -> str:
    """The name among ``known`` that a person means, in any letter case. Raises UsageError that lists the names."""
    names = {name.casefold(): name for name in known if name}
    found = names.get(text.strip().casefold())
    if found is None:
        raise UsageError(f"there is no {what} '{text}'{_did_you_mean(text, list(names.values()))}")
    return found


def pick_maker(text: str, overlays: Sequence[Path] = ()) -> str:
    """The key of a maker by its key or any of its names; ``unknown`` is also allowed. Raises UsageError."""
    if text.strip().casefold() == UNKNOWN:
        return UNKNOWN
    known = companies.load_ownership(overlays)
    if key := known.maker_of_name(text):
        return key
    badge = next(
        (badge for badge in badges.load_badges(overlays) if badge.name.casefold() == text.strip().casefold()), None
    )
    if badge:
        built = " or ".join(known.company_name(key) for key in badge.makers)
        raise UsageError(f"{badge.name} is a badge on devices built by {built}; use --brand '{badge.name}'")
    raise UsageError(f"there is no maker '{text}'{_similar_makers(text, known) or _OF_MAKERS}")


_MAKERS_CHANGED = late(r"was (\w+), now (\w+)")
_OF_MAKERS = "; `camscan explain NAME` says what is known about a name"


def _similar_makers(text: str, known: companies.Ownership) -> str:
    """A hint which maker may have been meant.

    One with a name that contains the text, or one that is spelled similarly.
    """
    part = text.strip().casefold()
    names = [(maker.name, (maker.key, maker.name, *maker.aliases)) for maker in known.makers.values()]
    holding = [name for name, several in names if any(part in one.casefold() for one in several)]
    if len(part) >= _TELLING and holding:
        return f"; did you mean {list_text(holding[:_FEW], 'or')}?"
    return nearest_hint(text, [name for name, _ in names] + [key for _, (key, *_) in names])


def maker_name(key: str | None, otherwise: str = UNKNOWN) -> str:
    """The name by which people know a maker."""
    return load_words().maker_name(key) if key else otherwise


def plain_detail(detail: str) -> str:
    """A question about a device with the makers' names: the register stores makers by their keys."""
    found = _MAKERS_CHANGED.fullmatch(detail)
    return f"was {maker_name(found[1])}, now {maker_name(found[2])}" if found else detail


def pick_brand(text: str, rows: Iterable[Asset], overlays: Sequence[Path] = ()) -> str:
    """The badge that a person means, as the database or the register spells it. Raises UsageError."""
    known = [badge.name for badge in badges.load_badges(overlays)]
    known += [maker.name for maker in companies.load_ownership(overlays).makers.values()]
    return pick_name("badge", text, [*known, *(name for row in rows for name in badges_of(row))])


def badges_of(row: Asset) -> tuple[str, ...]:
    """The badges of a device: the one that a person entered, and the one that a scan saw."""
    return tuple(filter(None, (row.entries.get("brand_on_badge"), row.identification.brand)))


def pick_site(text: str, rows: Iterable[Asset], others: Iterable[str] = ()) -> str:
    """The site that a person means, as the register spells it. Raises UsageError.

    ``others`` are sites that may have no device yet.
    """
    known = dict.fromkeys([*others, *sorted({recorded_site(row) for row in rows} - {""})])
    if not known:
        raise UsageError(f"there is no site '{text}': neither camscan.yaml nor the register names any")
    return pick_name("site", text, known)


def pick_kinds(text: str, overlays: Sequence[Path] = ()) -> frozenset[str]:
    """The kinds of device that a word means: one of the vocabulary, ``recorder`` or ``unknown``. Raises UsageError."""
    facts = load_words(overlays).facts
    known: Mapping[str, tuple[str, ...]] = {
        **{key.removeprefix("kind."): (key.removeprefix("kind."),) for key in facts if key.startswith("kind.")},
        "recorder": RECORDER,
        UNKNOWN: (UNKNOWN,),
    }
    return frozenset(known[pick_name("kind of device", plain_name(text), known)])


def _did_you_mean(text: str, names: Sequence[str]) -> str:
    more = f" and {len(names) - _FEW} more" if len(names) > _FEW else ""
    return nearest_hint(text, names) or f"; choose from: {', '.join(names[:_FEW])}{more}"
