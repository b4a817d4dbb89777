"""The matcher: which rules fit what a device said, and what they claim of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import re2

from camscan.cache import ENTRY, Cache, size_of_texts
from camscan.fingerprints.claim import fill_claim
from camscan.fingerprints.entry import Condition, Rule
from camscan.fingerprints.index import Index
from camscan.fingerprints.values import Values
from camscan.model import Match

LIMIT = 8192
"""Characters of a value that are matched."""

_ROOM = 2 << 20
"""Bytes of each kind that are kept of what was matched before."""

_SHOWN = 100
"""Characters of a value that a person is shown."""

_WHOLE = re.compile(r"(?:\(\?i\))?\^\(\?P<(?P<name>\w+)>(?:\\.|\[(?:\\.|[^\]\\\[])+\]|[^()\[\\])*\)\$")
"""A pattern that is one group from the first character to the last: what it takes is the value that fits it."""


class Ready(NamedTuple):
    """A rule with everything that is the same at each match worked out: this runs for every reply."""

    rule: Rule
    wanted: list[tuple[str, list[int]]]
    """For each key, its conditions by number; none where the key must be absent."""
    barred: list[tuple[str, list[int]]]
    """For each key that is asked for \"without\", the conditions that none of its values may fit."""
    asked: list[tuple[Condition, ...]]
    """The conditions themselves, of each key that is wanted."""
    keys: tuple[str, ...]
    claims: Mapping[str, str] | None
    """Where no text of it is taken from a value."""


class _Fits(NamedTuple):
    """What the values of one key fit."""

    numbers: tuple[int, ...]
    """The conditions, in order."""
    first: Mapping[int, int]
    """For each condition, the first value that fits it, by its place."""


_NO_FITS = _Fits((), {})


class _Chosen(NamedTuple):
    """A rule that fits, and by which of its conditions."""

    place: int
    """The place of the rule."""
    rests_on: tuple[tuple[str, int, int], ...]
    """Key, place of the condition among those of its key, number of the condition; -1 twice where it is absent."""
    fitting: tuple[tuple[str, int], ...]
    """Key and number of the conditions that a value fits."""
    label: tuple[int, ...]
    """Tells it from every other rule, and from the same one that fits otherwise."""


_Shape = tuple[tuple[str, tuple[int, ...]], ...]
"""Which conditions the values of each key fit: that alone decides which rules do."""


class Matcher:
    """Rules ready to be matched against the facts of one device.

    Devices of an estate say mostly the same. So what a value fits, which rules fit then, and what they say of these
    values are each worked out once, and kept for as long as there is room.
    """

    __slots__ = ("_by_key", "_chosen", "_compiled", "_fitted", "_indexes", "_rules", "_said", "asked")

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._indexes: dict[str, Index] = {}
        self._by_key: dict[str, dict[int, list[int]]] = {}
        self._rules: list[Ready] = []
        self._compiled: dict[str, Any] = {}
        self._fitted: Cache[tuple[str, tuple[str, ...]], _Fits] = Cache(_ROOM)
        self._chosen: Cache[_Shape, list[_Chosen]] = Cache(_ROOM)
        self._said: Cache[tuple[object, ...], Match] = Cache(_ROOM)
        for rule in rules:
            self._rules.append(self._prepare_rule(rule))
        users = Counter((key, number) for one in self._rules for key, numbers in one.wanted for number in numbers)
        for place, ready in enumerate(self._rules):
            # A rule is looked at only where its rarest condition fits: a hundred rules may ask for the same maker.
            likely = [one for one in ready.wanted if one[1]]
            key, numbers = min(likely, key=lambda one: sum([users[one[0], number] for number in one[1]]))
            by_condition = self._by_key.setdefault(key, {})
            for number in numbers:
                by_condition.setdefault(number, []).append(place)
        absent = {key for one in self._rules for key, numbers in one.wanted if not numbers}
        self.asked = frozenset(self._indexes.keys() | absent)
        """Every key that a rule asks for, or asks not to be there: no other makes a difference."""

    def _prepare_rule(self, rule: Rule) -> Ready:
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
        return Ready(rule, wanted, barred, asked, keys, None if "{" in "".join(claims.values()) else claims)

    def _index_of_key(self, key: str) -> Index:
        index = self._indexes.get(key)
        if index is None:
            index = self._indexes[key] = Index()
        return index

    def match_values(self, values: Values) -> list[Match]:
        """Every rule that fits, in the order of the rules."""
        fits = {key: self._find_fits(key, seen) for key, seen in values.items() if key in self.asked}
        shape = tuple([(key, one.numbers) for key, one in fits.items()])
        chosen = self._chosen.get(shape)
        if chosen is None:
            chosen = self._choose_rules(fits)
            self._chosen.keep(shape, chosen, ENTRY * (1 + len(shape) + 2 * len(chosen)))
        told: dict[tuple[str, int], str] = {}
        return [self._add_match(one, values, fits, told) for one in chosen]

    def _find_fits(self, key: str, seen: Sequence[tuple[str, str]]) -> _Fits:
        index = self._indexes.get(key)
        if index is None:
            return _NO_FITS
        likely = [(at, value) for at, (value, _) in enumerate(seen) if index.may_fit(value)]
        if not likely:
            return _NO_FITS
        asked = key, tuple([value for value, _ in seen])
        known = self._fitted.get(asked)
        if known is not None:
            return known
        first: dict[int, int] = {}
        for at, value in likely:
            for number in self._fitting_conditions(key, index, value[:LIMIT]):
                first.setdefault(number, at)
        found = _Fits(tuple(sorted(first)), first)
        self._fitted.keep(asked, found, ENTRY + 2 * ENTRY * len(first) + size_of_texts(asked[1]))
        return found

    def _fitting_conditions(self, key: str, index: Index, value: str) -> Iterable[int]:
        """As in the index; for one of several values, such as a header, which other devices send with others."""
        known = self._fitted.get((key, (value,)))
        return known.numbers if known is not None else index.fitting_conditions(value)

    def _choose_rules(self, fits: Mapping[str, _Fits]) -> list[_Chosen]:
        candidates: set[int] = set()
        for key, by_condition in self._by_key.items():
            if key in fits:
                candidates.update(rule for number in fits[key].first for rule in by_condition.get(number, ()))
        found = (self._choose_fit(place, fits) for place in sorted(candidates))
        return [one for one in found if one is not None]

    def _choose_fit(self, place: int, fits: Mapping[str, _Fits]) -> _Chosen | None:
        """How a rule fits; None if it does not."""
        ready = self._rules[place]
        if not all(_has_any(fits.get(key), numbers) if numbers else key not in fits for key, numbers in ready.wanted):
            return None
        if any(_has_any(fits.get(key), numbers) for key, numbers in ready.barred):
            return None
        rests_on: list[tuple[str, int, int]] = []
        for key, numbers in ready.wanted:
            at = next((at for at, one in enumerate(numbers) if one in fits[key].first), -1) if numbers else -1
            rests_on.append((key, at, numbers[at] if numbers else -1))
        fitting = tuple((key, number) for key, at, number in rests_on if at >= 0)
        return _Chosen(place, tuple(rests_on), fitting, (place, *(at for _, at, _ in rests_on)))

    def _add_match(
        self, chosen: _Chosen, values: Values, fits: Mapping[str, _Fits], told: dict[tuple[str, int], str]
    ) -> Match:
        """The match of a rule that fits; ``told`` keeps how each value is shown, as many rules look at the same one."""
        seen = [values[key][fits[key].first[number]] for key, number in chosen.fitting]
        asked = (*chosen.label, *seen)
        known = self._said.get(asked)
        if known is not None:
            return known
        rule, _, _, conditions, keys, claims = self._rules[chosen.place]
        because: list[str] = []
        groups: dict[str, str] = {}
        for (key, at, number), of_key in zip(chosen.rests_on, conditions, strict=True):
            if at < 0:
                because.append(f"no {key}")
                continue
            place = fits[key].first[number]
            value, where = values[key][place]
            text = told.get((key, place))
            if text is None:
                text = told[key, place] = f"{key} = {_shorten_value(value)}{where}"
            because.append(text)
            if claims is None:
                self._capture_groups(of_key[at], value[:LIMIT], groups)
        if claims is None:
            claims = {key: text for key, template in rule.then if (text := fill_claim(template, groups))}
        found = Match(rule.id, claims, rule.certainty, ", ".join(because), rule.family, keys)
        size = size_of_texts([found.because, *claims.values(), *(value for value, _ in seen)])
        self._said.keep(asked, found, 3 * ENTRY + size)
        return found

    def _capture_groups(self, condition: Condition, value: str, groups: dict[str, str]) -> None:
        if condition.operator not in {"pattern", "search"} or "(?P<" not in condition.text:
            return
        payload = value.encode(errors="replace")
        if whole := _WHOLE.fullmatch(condition.text):
            groups[whole["name"]] = payload.decode()
            return
        pattern = self._compiled.get(condition.text)
        if pattern is None:
            pattern = self._compiled[condition.text] = re2.compile(condition.text)
        found = pattern.search(payload)  # of bytes: RE2 need not count characters
        if found:
            groups |= {name: text.decode() for name, text in found.groupdict().items() if text is not None}


def _has_any(found: _Fits | None, numbers: Sequence[int]) -> bool:
    return found is not None and any(number in found.first for number in numbers)


def _shorten_value(value: str) -> str:
    """As much of a value as a person reads, on one line."""
    line = " ".join(value[: 2 * _SHOWN].split())
    return line if len(line) <= _SHOWN and len(value) <= 2 * _SHOWN else f"{line[: _SHOWN - 1]}…"
