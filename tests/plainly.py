"""Identification as plainly as it can be written: nothing is remembered, skipped or looked up in an index.

Every rule is tried with every value of its keys, each condition by itself, for every question anew.
"""

from __future__ import annotations

import functools
import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

import re2

from camscan.cache import Cache
from camscan.fingerprints import Database
from camscan.fingerprints.claim import fill_claim
from camscan.fingerprints.database import Unit
from camscan.fingerprints.entry import ALONE, Condition, Rule
from camscan.fingerprints.mac_blocks import match_registry
from camscan.fingerprints.match import LIMIT, Kin
from camscan.fingerprints.values import Values
from camscan.identify import identify_box
from camscan.model import Attempt, Confidence, Match
from camscan.probes import Seen, forget_replies
from camscan.scan.host_record import observations_of, ports_by_protocol


class _Everything(dict[str, bool]):
    """Every key is heeded."""

    def __missing__(self, key: str) -> bool:
        return True


class PlainDatabase(Database):
    """A database that tries every rule, and forgets everything at once."""

    heeded: Mapping[str, bool] = _Everything()

    @functools.cached_property
    def rounds(self) -> tuple[list[tuple[Rule, set[str]]], list[tuple[Rule, set[str]]]]:
        """The rules of the two rounds, each with the keys without which it cannot fit."""
        found: tuple[list[tuple[Rule, set[str]]], list[tuple[Rule, set[str]]]] = [], []
        for rule in self.rules:
            needed = {key for key, conditions in rule.when if conditions[0].operator not in ALONE}
            found[rule.needs_decision].append((rule, needed))
        return found

    def match_unit(self, values: Values) -> Unit:
        """Every rule of the first round that fits; none of the matches counts as shared with another unit."""
        found = list(_try_rules(self, values, is_second=False))
        more = replace(self.statements).match_statements(values, found)
        more += match_registry(values, self.prefixes, self.sections)
        return Unit([*found, *more], Kin([], [], []), [*found, *more])

    def match_decided(self, values: Values, decided: Mapping[str, str]) -> list[Match]:
        """The same for the second round."""
        known = values | {key: [(text, "")] for key, text in decided.items()}
        return list(_try_rules(self, known, is_second=True))

    def builders_of_badge(self, brand: str) -> frozenset[str]:
        """The makers that any rule names with a badge."""
        self.__dict__.pop("_builders_by_badge", None)
        return super().builders_of_badge(brand)


def plain_copy(database: Database) -> PlainDatabase:
    """The same fingerprints, matched plainly."""
    names = ("version", "directories", "makers", "rules", "sections", "prefixes", "statements")
    copy = PlainDatabase(**{name: getattr(database, name) for name in names})
    copy.__dict__.update(identified_cache=Cache(0), judged_cache=Cache(0))
    return copy


def empty_caches(database: Database) -> None:
    """Forget every earlier result on which an identification by this database may rest, wherever it is kept."""
    database.forget_devices()
    forget_replies()
    database.statements._looked_up.clear()
    for matcher in (database._first_matcher, database._second_matcher):
        for cache in (matcher._fitted, matcher._alike, matcher._chosen, matcher._kin, matcher._takers):
            cache.clear()
    for table in (database._builders_by_badge, database._needed, database.heeded):
        cast("dict[object, object]", table).clear()
    for function in _remembering():
        function.cache_clear()


@functools.cache
def _remembering() -> list[Any]:
    """Every function of camscan that remembers its latest results; not those that load something once."""
    found = [one for one in gc.get_objects() if isinstance(one, functools._lru_cache_wrapper)]
    ours = [one for one in found if str(one.__module__).startswith("camscan.")]
    return [one for one in ours if one.cache_parameters()["maxsize"] is not None]


def seen_plainly(attempts: Sequence[Attempt], plain: PlainDatabase) -> Seen:
    """What a probe may know of an address with these attempts: identified at once, in any case."""
    told = observations_of(attempts)
    facts: dict[str, dict[str, None]] = {}
    for seen in told:
        facts.setdefault(seen.key, {})[seen.value] = None
    who = identify_box(told, plain)
    is_sure = who.confidence in {Confidence.CONFIRMED, Confidence.PROBABLE}
    return Seen(
        facts={key: tuple(values) for key, values in facts.items()},
        maker=who.maker if is_sure else None,
        confirmed=who.maker is not None and who.confidence is Confidence.CONFIRMED,
        complete=is_sure and None not in {who.maker, who.model, who.firmware, who.serial},
        no_camera=is_sure and who.is_camera_system is False,
        spoken=ports_by_protocol(attempts),
    )


_Fitting = Callable[[str, Condition], tuple[str, str] | None]
"""The first value of a key that fits a condition, with the place where it was seen."""


def _try_rules(database: PlainDatabase, values: Values, *, is_second: bool) -> Iterator[Match]:
    fits: _Fitting = functools.cache(lambda key, condition: _first_fitting(condition, values.get(key, ())))
    for rule, needed in database.rounds[is_second]:
        if needed <= values.keys() and (match := _try_rule(rule, values, fits)):
            yield match


def _try_rule(rule: Rule, values: Values, fits: _Fitting) -> Match | None:
    because: list[str] = []
    groups: dict[str, str] = {}
    keys: list[str] = []
    for key, conditions in rule.when:
        operator = conditions[0].operator
        if operator == "absent":
            if key in values:
                return None
            because.append(f"no {key}")
            continue
        found = next(((one, seen) for one in conditions if (seen := fits(key, one))), None)
        if (found is None) is (operator != "without"):
            return None
        if found is not None:
            fitting, (value, where) = found
            keys.append(key)
            because.append(f"{key} = {_shown(value)}{where}")
            groups |= _taken(fitting, value)
    claims = {key: text for key, form in rule.then if (text := fill_claim(form, groups))}
    return Match(rule.id, claims, rule.certainty, ", ".join(because), rule.family, tuple(keys))


def _first_fitting(condition: Condition, seen: Sequence[tuple[str, str]]) -> tuple[str, str] | None:
    return next((one for one in seen if _fits(condition, one[0])), None)


def _fits(condition: Condition, value: str) -> bool:
    cut = value[:LIMIT]
    if condition.operator == "equals":
        return cut == condition.text
    if condition.operator == "contains":
        return condition.text in cut
    return _compile(condition.text).search(cut.encode(errors="replace")) is not None


def _taken(condition: Condition, value: str) -> dict[str, str]:
    if condition.operator not in {"pattern", "search"}:
        return {}
    found = _compile(condition.text).search(value[:LIMIT].encode(errors="replace"))
    return {name: text.decode() for name, text in found.groupdict().items() if text is not None}


_compile = functools.cache(re2.compile)


def _shown(value: str) -> str:
    """As much of a value as is quoted: 100 characters on one line."""
    line = " ".join(value[:200].split())
    return line if len(line) <= 100 and len(value) <= 200 else f"{line[:99]}…"
