"""The removal priority: five factors, each at one level, multiplied. Pure; the numbers are the council's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from camscan import decode
from camscan.asset import Asset
from camscan.asset.kinds import kind_of
from camscan.config.planning import UNKNOWN, Formula
from camscan.dataclass import dataclass
from camscan.plan.standing import date_in_column
from camscan.vulnerabilities.assess import Standing, Verdict

RECOGNITION = ("face", "anpr", "attributes", "ethnicity", "body_temperature")
"""Capabilities that recognise people or vehicles."""
ENHANCED = ("audio", "ptz", "thermal", "covert", "people_counting", "perimeter", "speaker")
"""Capabilities beyond a fixed, silent picture."""
MIDDLE_YEARS, OLD_YEARS = 5, 8

_MEANS = {
    "sensitivity": "of the site, on the council's own scale",
    "capability": "what it can do",
    "exposure": "who can reach it",
    "weakness": "the worst known vulnerability",
    "age": "from the day of purchase, else of manufacture",
}
_LEVELS: Mapping[tuple[str, str], str] = {
    ("sensitivity", "1"): "1, council-critical",
    ("sensitivity", "2"): "2, vulnerable people",
    ("sensitivity", "3"): "3, general",
    ("sensitivity", "4"): "4, low",
    ("sensitivity", UNKNOWN): "not recorded",
    ("capability", "recognition"): "distinguishes people or vehicles (faces, number plates, temperature)",
    ("capability", "enhanced"): "sound, movement, thermal, counting, analysis; or holds recordings",
    ("capability", "plain"): "a plain picture, as far as known",
    ("capability", UNKNOWN): "model not known",
    ("exposure", "internet"): "from the internet",
    ("exposure", "core"): "on the core network",
    ("exposure", "segregated"): "on a separate network",
    ("exposure", UNKNOWN): "network not known",
    ("weakness", "exploited"): "one that is being exploited",
    ("weakness", "affected"): "one that its build has",
    ("weakness", "possible"): "one that its build does not rule out",
    ("weakness", "none"): "none is known that is still open",
    ("weakness", UNKNOWN): "not known for this make or model",
    ("age", "old"): f"{OLD_YEARS} years or more, or support has ended",
    ("age", "middle"): f"{MIDDLE_YEARS} to {OLD_YEARS - 1} years",
    ("age", "new"): f"under {MIDDLE_YEARS} years",
    ("age", UNKNOWN): "not known",
}


class Levels(NamedTuple):
    """The level of each factor, by the names of ``camscan.config.planning.FACTORS``."""

    sensitivity: str
    capability: str
    exposure: str
    weakness: str
    age: str


@dataclass(frozen=True, slots=True)
class Weight:
    """The result of the formula for one device's levels."""

    score: float
    priority: int
    reason: str
    """The formula with this device's figures in it."""


def weigh_levels(levels: Levels, formula: Formula) -> Weight:
    """Multiply the five, compare with the thresholds, and explain the result."""
    score = 1.0
    parts, unknown = [], []
    for name, level in zip(Levels._fields, levels, strict=True):
        value = formula.factors[name][level]
        score *= value
        parts.append(f"{name} {value:g} ({_LEVELS[name, level]})")
        if level == UNKNOWN:
            unknown.append(name)
    score = round(score, 2)
    priority = formula.priority(score)
    told = f"{' × '.join(parts)} = {score:g}: priority {priority}"
    if unknown:
        told += f"; nothing is known about {' and '.join(unknown)}, so the stated middle value is used"
    return Weight(score, priority, told)


def describe_formula(formula: Formula) -> tuple[str, ...]:
    """The formula for a report, a line for each factor: its question, and what each answer counts."""
    lines = [f"Score = {' × '.join(Levels._fields)}, with the number of the level that applies for each."]
    for name, levels in formula.factors.items():
        told = "; ".join(f"{_LEVELS[name, level]} = {value:g}" for level, value in levels.items())
        lines.append(f"{name.capitalize()}, {_MEANS[name]}: {told}.")
    first, second, third = formula.thresholds
    lines.append(f"Priority 1 from {first:g}, 2 from {second:g}, 3 from {third:g}, else 4.")
    origin = "the formula that comes with camscan" if formula.is_default else "set in camscan.yaml"
    lines.append(f"This is {origin}.")
    return tuple(lines)


def capability_level(kind: str, capabilities: Sequence[str] | frozenset[str], *, is_model_known: bool) -> str:
    """The level of what a device can do. Unknown capabilities count as absent once the model is known."""
    if any(name in capabilities for name in RECOGNITION):
        return "recognition"
    if kind_of(kind).holds_recordings or any(name in capabilities for name in ENHANCED):
        return "enhanced"
    return "plain" if is_model_known else UNKNOWN


def exposure_level(network_zone: str, internet_exposed: str) -> str:
    """The level of who can reach a device."""
    if internet_exposed == "yes" or network_zone == "internet_facing":
        return "internet"
    return network_zone if network_zone in {"core", "segregated"} else UNKNOWN


def weakness_level(verdicts: Sequence[Verdict], *, is_covered: bool) -> str:
    """The level of known vulnerabilities; ``is_covered``: the model is known, and the table covers its make."""
    if any(verdict.verdict is Standing.AFFECTED and verdict.is_exploited for verdict in verdicts):
        return "exploited"
    if any(verdict.verdict is Standing.AFFECTED for verdict in verdicts):
        return "affected"
    if any(verdict.verdict is Standing.UNKNOWN for verdict in verdicts):
        return "possible"
    return "none" if is_covered else UNKNOWN


def age_level(asset: Asset, today: date) -> str:
    """The level of age: from the day of purchase, else from the date of manufacture in its serial number."""
    support = date_in_column(asset, "warranty_or_support_end")
    if support and support < today:
        return "old"
    begun = date_in_column(asset, "purchase_date") or _manufacture_date(asset)
    if begun is None or begun > today:
        return UNKNOWN
    years = today.year - begun.year - ((today.month, today.day) < (begun.month, begun.day))
    if years >= OLD_YEARS:
        return "old"
    return "middle" if years >= MIDDLE_YEARS else "new"


def days_of_age(asset: Asset) -> Iterator[date]:
    """The days from which its age may be at another level, in no order."""
    support = date_in_column(asset, "warranty_or_support_end")
    if support and support < date.max:
        yield support + timedelta(days=1)
    begun = date_in_column(asset, "purchase_date") or _manufacture_date(asset)
    if begun is None:
        return
    yield begun
    for years in (MIDDLE_YEARS, OLD_YEARS):
        if begun.year + years > date.max.year:
            continue
        try:
            yield begun.replace(year=begun.year + years)
        except ValueError:  # the 29th of February: a year is complete on the 1st of March
            yield date(begun.year + years, 3, 1)


def _manufacture_date(asset: Asset) -> date | None:
    serial = asset.identification.serial
    if not serial:
        return None
    if asset.identification.maker == "hikvision":
        found = decode.hikvision_serial(serial)
        return found.made if found else None
    return decode.dahua_serial_date(serial) if asset.identification.maker == "dahua" else None
