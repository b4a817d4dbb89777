"""A device that states its maker is believed before any pattern of a model number: see ``docs/certainty.md``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from camscan.fingerprints import Database
from camscan.fingerprints.stated import squeeze_name
from camscan.fingerprints.values import Values
from camscan.identify.decide import WEAK, are_one_company
from camscan.model import Match

HELD = 0.60
"""The most that a pattern of a model number counts beside a manufacturer's name that is not the maker's: "possible"."""
BELIEVED = 0.60
"""A statement below this certainty may have been typed by a person: it silences nothing."""
_SILENCED = ("maker", "brand", "camera", "kind")


def weigh_by_statement(matches: Sequence[Match], values: Values, database: Database) -> list[Match]:
    """The matches, with those that rest on a model number weighed against the device's own statement.

    A pattern for a maker that does not supply the stated name loses its claim of a maker. Beside a name that is not
    known, or a word that is not a name, it is held at :data:`HELD`, and a weak pattern claims nothing.
    """
    if not any(_names_maker(match.claims) and database.statements.rests_on_model(match) for match in matches):
        return list(matches)  # nearly always: the statement need not be looked up
    stated = _read_statement(matches, values, database)
    return [_weigh_match(match, stated, database) for match in matches] if stated.because else list(matches)


class _Stated(NamedTuple):
    """What the device states."""

    because: str
    """Empty if it states nothing."""
    text: str
    """The text of a manufacturer's field, if it names no known maker or badge."""
    behind: frozenset[str] = frozenset()
    """Makers that may be behind the names; none if the names belong to nobody who is known to build for others."""


def _read_statement(matches: Sequence[Match], values: Values, database: Database) -> _Stated:
    behind: set[str] = set()
    because = ""
    for match in matches:
        if match.certainty < BELIEVED or not _is_statement(match, database):
            continue
        because = because or match.because
        maker = match.claims.get("maker")
        behind |= {maker} if maker else set(database.builders_of_badge(match.claims["brand"]))
    if because:
        return _Stated(because, "", frozenset(behind))
    text, because = database.statements.read_statement(values)
    return _Stated(because, text)


def _is_statement(match: Match, database: Database) -> bool:
    statements = database.statements
    return statements.is_statement(match) and not (statements.rests_on_model(match) and "model" in match.claims)


def _weigh_match(match: Match, stated: _Stated, database: Database) -> Match:
    makers = _claimed_makers(match)
    if not makers or not database.statements.rests_on_model(match) or _is_statement(match, database):
        return match
    if any(are_one_company(one, other, database.makers) for one in makers for other in stated.behind):
        return match
    if stated.text and _is_unit_itself(stated.text, match):
        return match
    beside = f", beside {stated.because}"
    because = match.because.removesuffix(beside) + beside  # a match is weighed again when more is known
    if stated.behind or match.certainty < WEAK:
        return replace(match, claims=_without_maker(match.claims), because=because)
    return replace(match, certainty=min(match.certainty, HELD), because=because)


def _names_maker(claims: Mapping[str, str]) -> bool:
    return bool(claims.get("maker") or claims.get("makers"))


def _claimed_makers(match: Match) -> set[str]:
    """The makers that a match claims: one, or those from which a badge buys."""
    maker = match.claims.get("maker")
    return {maker} if maker else set(match.claims.get("makers", "").split(" or ")) - {""}


def _is_unit_itself(text: str, match: Match) -> bool:
    """Whether the text names the badge of the pattern, or is its model number: some firmware writes that everywhere."""
    stated = text.casefold()
    if stated in match.claims.get("model", "").casefold() and any(map(str.isdigit, stated)):
        return True
    return squeeze_name(text) == squeeze_name(match.claims.get("brand", "")) != ""


def _without_maker(claims: Mapping[str, str]) -> Mapping[str, str]:
    return {key: text for key, text in claims.items() if key not in {*_SILENCED, "makers"}}
