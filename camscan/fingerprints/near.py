"""Finds fingerprints that nearly fit, which shows why a reply was not recognised."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import re2

from camscan.fingerprints.entry import ALONE, Condition, Rule
from camscan.fingerprints.match import LIMIT
from camscan.fingerprints.values import Values

_FLAGS = re.compile(r"\(\?[imsU]+\)")


class Miss(NamedTuple):
    """A condition that failed."""

    key: str
    wanted: str
    """The condition as it is written."""
    seen: tuple[str, ...]
    """The actual values; empty if the key was not seen."""
    why: str


class NearMiss(NamedTuple):
    """A fingerprint that does not fit, but of which a part does."""

    rule: Rule
    fits: tuple[str, ...]
    """Keys whose conditions match."""
    misses: tuple[Miss, ...]
    nearness: float
    """0…1: the share of its conditions that match; a condition that nearly matches counts half."""


def find_near_misses(rules: Iterable[Rule], values: Values) -> list[NearMiss]:
    """Fingerprints of which a part fits, or would fit with other case or at another position; the nearest first."""
    found = [near for rule in rules if not rule.needs_decision and (near := _near_miss(rule, values)) is not None]
    return sorted(found, key=lambda near: (-near.nearness, near.rule.id))


def _near_miss(rule: Rule, values: Values) -> NearMiss | None:
    if not any(key in values for key, conditions in rule.when if conditions[0].operator not in ALONE):
        return None
    fits: list[str] = []
    misses: list[Miss] = []
    close = 0
    for key, conditions in rule.when:
        miss = _missed_condition(key, conditions, [value[:LIMIT] for value, _ in values.get(key, ())])
        if miss is None:
            fits.append(key)
        else:
            misses.append(miss)
            close += miss.why.startswith("would fit")
    # A condition that something is absent is true for most replies, so it does not count here.
    seen = [key for key in fits if key in values]
    if not misses or not (seen or close):
        return None
    return NearMiss(rule, tuple(fits), tuple(misses), (len(seen) + close / 2) / len(rule.when))


def _missed_condition(key: str, conditions: Sequence[Condition], seen: Sequence[str]) -> Miss | None:
    if conditions[0].operator == "absent":
        return Miss(key, "not to be seen", tuple(seen), "was seen") if seen else None
    if conditions[0].operator == "without":
        barred = tuple(value for value in seen if _condition_fits(conditions[0], value))
        return Miss(key, condition_text(conditions[0]), barred, "was seen") if barred else None
    if any(_condition_fits(condition, value) for condition in conditions for value in seen):
        return None
    wanted = " or ".join(condition_text(condition) for condition in conditions)
    if not seen:
        return Miss(key, wanted, (), "was not seen")
    why = next((told for condition in conditions for value in seen if (told := _almost_fits(condition, value))), "")
    return Miss(key, wanted, tuple(seen), why or "does not fit")


def condition_text(condition: Condition) -> str:
    """A condition as a fingerprint writes it."""
    return condition.text if condition.operator == "pattern" else f"{{{condition.operator}: {condition.text}}}"


def _condition_fits(condition: Condition, value: str) -> bool:
    if condition.operator == "equals":
        return value == condition.text
    if condition.operator == "contains":
        return condition.text in value
    return _is_found(condition.text, value)


def _almost_fits(condition: Condition, value: str) -> str:
    """The small difference between a value and a condition; empty if the difference is not small."""
    if condition.operator in {"equals", "contains"}:
        text, folded = condition.text.casefold(), value.casefold()
        if folded == text or (condition.operator == "contains" and text in folded):
            return "would fit but for upper and lower case"
        return "would fit as {contains: …}" if condition.operator == "equals" and condition.text in value else ""
    flags = _FLAGS.match(condition.text)
    body = condition.text[flags.end() :] if flags else condition.text
    if _is_found(f"(?i){condition.text}", value):
        return "would fit but for upper and lower case"
    inner = re.sub(r"(?<!\\)\$$", "", body.removeprefix("^"))
    loose = f"{flags[0] if flags else ''}{inner}"
    # A pattern that matches the empty text matches everything once it is not anchored.
    if _is_found(loose, "") or not _is_found(loose, value):
        return ""
    return "would fit elsewhere in the text: see ^ and $"


def _is_found(pattern: str, value: str) -> bool:
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options).search(value.encode(errors="replace").decode()) is not None
    except re2.error:
        return False
