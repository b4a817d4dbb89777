"""The matcher: which rules fit what a device said, and what they claim about it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from sys import getsizeof
from typing import NamedTuple

import re2

from camscan.cache import ENTRY, Cache, size_of_texts
from camscan.fingerprints.claim import fill_claim, groups_of
from camscan.fingerprints.entry import Condition, Rule
from camscan.fingerprints.index import Index
from camscan.fingerprints.values import Values
from camscan.model import Match

LIMIT = 8192
"""Maximum characters of a value that are matched."""

_ROOM = 2 << 20
"""Bytes of each kind of earlier result that are kept."""

_NAMED_GROUP = re.compile(r"\(\?P<(\w+)>")

_SHOWN = 100
"""Maximum characters of a value that a person is shown."""

_WHOLE = re.compile(r"(?:\(\?i\))?\^\(\?P<(?P<name>\w+)>(?:\\.|\[(?:\\.|[^\]\\\[])+\]|[^()\[\\])*\)\$")
"""A pattern that is one group from the first character to the last: the group is the whole matching value."""


class PreparedRule(NamedTuple):
    """A rule with everything that does not change between matches, because this runs for every reply."""

    rule: Rule
    wanted: list[tuple[str, list[int]]]
    """For each key, the numbers of its conditions; none if the key must be absent."""
    barred: list[tuple[str, list[int]]]
    """For each key with "without", the conditions that none of its values may match."""
    asked: list[tuple[Condition, ...]]
    """The conditions themselves, for each wanted key."""
    keys: tuple[str, ...]
    claims: Mapping[str, str] | None
    """The claims, if none of their texts comes from a value; otherwise None."""


NUMBERS = frozenset({"serial", "mac", "firmware", "build"})
"""Claims in which units of a model differ, and on which no other claim depends."""


class _KeyMatches(NamedTuple):
    """What the values of one key match."""

    numbers: tuple[int, ...]
    """Numbers of the conditions, in order."""
    first: Mapping[int, int]
    """For each condition, the index of the first value that matches it."""
    places: tuple[int, ...]
    """The places of these values, in order."""
    is_numbering: bool
    """Whether nothing is taken from these values but the unit's own numbers: see :data:`NUMBERS`."""


_NO_FITS = _KeyMatches((), {}, (), is_numbering=False)


class _Chosen(NamedTuple):
    """A rule that fits, with the conditions by which it does."""

    place: int
    """Index of the rule."""
    rests_on: tuple[tuple[str, int, Condition | None], ...]
    """Key, and the number of the condition with the condition itself; -1 and None if the key is absent."""


class Kin:
    """Units that say the same in everything that rules look at, except for their own numbers."""

    __slots__ = ("chosen", "matches", "own")

    def __init__(self, chosen: Sequence[_Chosen], matches: Sequence[Match], own: Sequence[int]) -> None:
        self.chosen = chosen
        """The rules that fit."""
        self.matches = matches
        """The matches of the first of these units."""
        self.own = own
        """Which of them rest on a number: by their places."""


_Shape = tuple[tuple[str, tuple[int, ...]], ...]
"""The conditions that the values of each key match: only these decide which rules fit."""


class Matcher:
    """Rules that are ready to be matched with the facts of one device.

    Most devices of an estate say the same. So three results are computed once and kept while there is room: what a
    value matches, which rules fit then, and what they claim for units that say the same.
    """

    __slots__ = (
        *("_alike", "_by_key", "_chosen", "_fitted", "_indexes", "_kin", "_numbering", "_rules", "_takers"),
        *("_telling", "asked"),
    )

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._indexes: dict[str, Index] = {}
        self._by_key: dict[str, dict[int, list[int]]] = {}
        self._rules: list[PreparedRule] = []
        self._takers: dict[str, _Taker | None] = {}
        self._numbering: set[tuple[str, int]] = set()
        """Key and number of each condition from which a number of the unit is taken: see :data:`NUMBERS`."""
        self._telling: set[tuple[str, int]] = set()
        """The same of each from which other text is taken."""
        self._fitted: Cache[tuple[object, ...], _KeyMatches] = Cache(_ROOM)
        self._alike: Cache[tuple[str, tuple[int, ...]], _KeyMatches] = Cache(_ROOM // 4)
        self._chosen: Cache[_Shape, list[_Chosen]] = Cache(_ROOM)
        self._kin: Cache[tuple[object, ...], Kin] = Cache(_ROOM)
        for rule in rules:
            self._rules.append(self._prepare_rule(rule))
        users = Counter((key, number) for one in self._rules for key, numbers in one.wanted for number in numbers)
        for place, ready in enumerate(self._rules):
            # A rule is examined only if its rarest condition matches: a hundred rules may need the same maker.
            likely = [one for one in ready.wanted if one[1]]
            key, numbers = min(likely, key=lambda one: sum([users[one[0], number] for number in one[1]]))
            by_condition = self._by_key.setdefault(key, {})
            for number in numbers:
                by_condition.setdefault(number, []).append(place)
        absent = {key for one in self._rules for key, numbers in one.wanted if not numbers}
        self.asked = frozenset(self._indexes.keys() | absent)
        """Every key on which a rule depends, also keys that must be absent; no other key makes a difference."""

    def _prepare_rule(self, rule: Rule) -> PreparedRule:
        wanted: list[tuple[str, list[int]]] = []
        barred: list[tuple[str, list[int]]] = []
        asked: list[tuple[Condition, ...]] = []
        for key, conditions in rule.when:
            operator = conditions[0].operator
            numbers = [] if operator == "absent" else list(map(self._index_of_key(key).add_condition, conditions))
            if operator == "without":
                barred.append((key, numbers))
            else:
                wanted.append((key, numbers))
                asked.append(conditions)
        keys = tuple([key for key, numbers in wanted if numbers])
        claims = {key: text for key, text in rule.then if text}
        if "{" not in "".join(claims.values()):
            return PreparedRule(rule, wanted, barred, asked, keys, claims)
        self._note_groups(claims, wanted, asked)
        return PreparedRule(rule, wanted, barred, asked, keys, None)

    def _note_groups(
        self, claims: Mapping[str, str], wanted: Sequence[tuple[str, list[int]]], asked: Sequence[tuple[Condition, ...]]
    ) -> None:
        """Note from which conditions a rule takes numbers of the unit, and from which other text."""
        numbers = {name for key in NUMBERS & claims.keys() for name in groups_of(claims[key])}
        others = {name for key in claims.keys() - NUMBERS for name in groups_of(claims[key])}
        for (key, places), conditions in zip(wanted, asked, strict=True):
            for number, condition in zip(places, conditions, strict=False):  # no number where the key must be absent
                names = _NAMED_GROUP.findall(condition.text)
                if not others.isdisjoint(names):
                    self._telling.add((key, number))
                elif not numbers.isdisjoint(names):
                    self._numbering.add((key, number))

    def _index_of_key(self, key: str) -> Index:
        index = self._indexes.get(key)
        if index is None:
            index = self._indexes[key] = Index()
        return index

    def match_values(self, values: Values) -> list[Match]:
        """Every rule that fits, in the order of the rules."""
        return [*self.match_unit(values)[0]]

    def match_unit(self, values: Values) -> tuple[Sequence[Match], Kin]:
        """As :meth:`match_values`, and the units like this one: of their matches, all are the same but ``own``."""
        fits = {key: self._find_fits(key, seen) for key, seen in values.items() if key in self.asked}
        sign = _sign_of(fits, values)
        told: dict[tuple[str, int], str] = {}
        kin = self._kin.get(sign)
        if kin is not None:
            matches = [*kin.matches]
            for place in kin.own:
                matches[place] = self._add_match(kin.chosen[place], values, fits, told)
            return matches, kin
        chosen = self._choose_rules(fits)
        kin = Kin(
            chosen,
            [self._add_match(one, values, fits, told) for one in chosen],
            [
                place
                for place, one in enumerate(chosen)
                if any(key in fits and fits[key].is_numbering for key, _, _ in one.rests_on)
            ],
        )
        self._kin.keep(sign, kin, _size_of_kin(kin, sign))
        return kin.matches, kin

    def _find_fits(self, key: str, seen: Sequence[tuple[str, str]]) -> _KeyMatches:
        index = self._indexes.get(key)
        if index is None:
            return _NO_FITS
        if len(seen) == 1:  # most keys
            return self._fits_of_value(key, index, seen[0][0])
        likely = [(at, value) for at, (value, _) in enumerate(seen) if index.may_fit(value)]
        if not likely:
            return _NO_FITS
        asked = key, *likely
        known = self._fitted.get(asked)
        if known is None:
            first: dict[int, int] = {}
            for at, value in likely:
                for number in self._fits_of_value(key, index, value).numbers:
                    first.setdefault(number, at)
            known = self._make_fits(key, first)
            size = size_of_texts([value for _, value in likely])
            self._fitted.keep(asked, known, ENTRY + 2 * ENTRY * len(first) + size)
        return known

    def _fits_of_value(self, key: str, index: Index, value: str) -> _KeyMatches:
        """What one value fits, as the only one of its key."""
        asked = key, value
        known = self._fitted.get(asked)
        if known is not None:
            return known
        if not index.may_fit(value):
            return _NO_FITS
        numbers = tuple(index.fitting_conditions(value[:LIMIT]))
        known = self._alike.get((key, numbers))
        if known is None:
            known = self._make_fits(key, dict.fromkeys(numbers, 0))
            self._alike.keep((key, numbers), known, ENTRY * (1 + 2 * len(numbers)))
        self._fitted.keep(asked, known, ENTRY + getsizeof(value))
        return known

    def _make_fits(self, key: str, first: Mapping[int, int]) -> _KeyMatches:
        fitting = {(key, number) for number in first}
        return _KeyMatches(
            tuple(sorted(first)),
            first,
            tuple(sorted(set(first.values()))),
            is_numbering=not fitting.isdisjoint(self._numbering) and fitting.isdisjoint(self._telling),
        )

    def _choose_rules(self, fits: Mapping[str, _KeyMatches]) -> list[_Chosen]:
        shape: _Shape = tuple([(key, one.numbers) for key, one in fits.items()])
        chosen = self._chosen.get(shape)
        if chosen is None:
            chosen = list(self._fitting_rules(fits))
            self._chosen.keep(shape, chosen, ENTRY * (1 + len(shape) + 2 * len(chosen)))
        return chosen

    def _fitting_rules(self, fits: Mapping[str, _KeyMatches]) -> Iterator[_Chosen]:
        candidates: set[int] = set()
        for key, by_condition in self._by_key.items():
            if key in fits:
                candidates.update(rule for number in fits[key].first for rule in by_condition.get(number, ()))
        for place in sorted(candidates):
            if chosen := self._choose_fit(place, fits):
                yield chosen

    def _choose_fit(self, place: int, fits: Mapping[str, _KeyMatches]) -> _Chosen | None:
        """How a rule fits; None if it does not."""
        ready = self._rules[place]
        if not all(_has_any(fits.get(key), numbers) if numbers else key not in fits for key, numbers in ready.wanted):
            return None
        if any(_has_any(fits.get(key), numbers) for key, numbers in ready.barred):
            return None
        rests_on: list[tuple[str, int, Condition | None]] = []
        for (key, numbers), conditions in zip(ready.wanted, ready.asked, strict=True):
            chosen = next(((number, at) for at, number in enumerate(numbers) if number in fits[key].first), None)
            rests_on.append((key, chosen[0], conditions[chosen[1]]) if chosen else (key, -1, None))
        return _Chosen(place, tuple(rests_on))

    def _add_match(
        self, chosen: _Chosen, values: Values, fits: Mapping[str, _KeyMatches], told: dict[tuple[str, int], str]
    ) -> Match:
        """The match of a rule that fits.

        ``told`` keeps how each value is shown, because many rules use the same value.
        """
        rule, _, _, _, keys, claims = self._rules[chosen.place]
        because: list[str] = []
        groups: dict[str, str] = {}
        for key, number, condition in chosen.rests_on:
            if condition is None:
                because.append(f"no {key}")
                continue
            place = fits[key].first[number]
            value, where = values[key][place]
            text = told.get((key, place))
            if text is None:
                text = told[key, place] = f"{key} = {_shorten_value(value)}{where}"
            because.append(text)
            if claims is None:
                self._capture_groups(condition, value, groups)
        if claims is None:
            claims = {key: text for key, template in rule.then if (text := fill_claim(template, groups))}
        return Match(rule.id, claims, rule.certainty, ", ".join(because), rule.family, keys)

    def _capture_groups(self, condition: Condition, value: str, groups: dict[str, str]) -> None:
        if condition.operator not in _TAKING:
            return
        if condition.text not in self._takers:
            self._takers[condition.text] = _make_taker(condition)
        if take := self._takers[condition.text]:
            groups |= take(value[:LIMIT].encode(errors="replace"))


_TAKING = frozenset({"pattern", "search"})
"""Operators whose groups are taken: the same text may also be what a value must be equal to, or contain."""
_Taker = Callable[[bytes], Mapping[str, str]]
"""What a pattern takes from a value that fits it: the text of each group."""


def _make_taker(condition: Condition) -> _Taker | None:
    """None if the pattern takes nothing."""
    if "(?P<" not in condition.text:
        return None
    if whole := _WHOLE.fullmatch(condition.text):
        name = whole["name"]
        return lambda value: {name: value.decode()}
    search = re2.compile(condition.text).search

    def take(value: bytes) -> Mapping[str, str]:
        found = search(value)  # of bytes: RE2 need not count characters
        return {name: text.decode() for name, text in found.groupdict().items() if text is not None} if found else {}

    return take


def _sign_of(fits: Mapping[str, _KeyMatches], values: Values) -> tuple[object, ...]:
    """What all values come to, numbers of the unit aside: equal signs choose equal rules."""
    sign: list[object] = []
    for key, one in fits.items():
        sign.append(key)
        if one.is_numbering:
            sign.append(one.numbers)
        elif one.places:
            seen = values[key]
            sign += [seen[place] for place in one.places]
    return tuple(sign)


def _size_of_kin(kin: Kin, sign: tuple[object, ...]) -> int:
    """About how many bytes an entry takes: values are tuples of two texts in the sign."""
    texts = [text for part in sign if isinstance(part, tuple) for text in part if isinstance(text, str)]
    for match in kin.matches:
        texts += [match.because, *match.claims.values()]
    return ENTRY * (4 + 2 * len(sign) + 3 * len(kin.chosen)) + size_of_texts(texts)


def _has_any(found: _KeyMatches | None, numbers: Sequence[int]) -> bool:
    return found is not None and any(number in found.first for number in numbers)


def _shorten_value(value: str) -> str:
    """As much of a value as a person reads, on one line."""
    line = " ".join(value[: 2 * _SHOWN].split())
    return line if len(line) <= _SHOWN and len(value) <= 2 * _SHOWN else f"{line[: _SHOWN - 1]}…"
