"""``planning:`` of camscan.yaml: policies in use, the council's own decision, the formula of the removal priority."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from types import MappingProxyType

from camscan.asset.columns import SENSITIVITIES, SITE_TYPES
from camscan.config.value import read_date, read_path
from camscan.dataclass import dataclass
from camscan.strict_yaml import MAX_BYTES, Node

UNKNOWN = "unknown"
"""The level of a factor about which nothing is known."""
FACTORS: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "sensitivity": {"1": 4.0, "2": 3.0, "3": 2.0, "4": 1.0, UNKNOWN: 2.5},
        "capability": {"recognition": 2.0, "enhanced": 1.5, "plain": 1.0, UNKNOWN: 1.25},
        "exposure": {"internet": 3.0, "core": 2.0, "segregated": 1.0, UNKNOWN: 1.5},
        "weakness": {"exploited": 3.0, "affected": 2.0, "possible": 1.5, "none": 1.0, UNKNOWN: 1.5},
        "age": {"old": 1.6, "middle": 1.3, "new": 1.0, UNKNOWN: 1.2},
    }
)
"""The formula that comes with camscan: factor -> level -> its value."""
THRESHOLDS = (20.0, 10.0, 4.0)
"""Lowest scores of priority 1, 2 and 3; lower scores have priority 4."""

_LARGEST = 1000


@dataclass(frozen=True, slots=True)
class Formula:
    """The formula of the removal priority: one value of each factor, multiplied and compared with thresholds."""

    factors: Mapping[str, Mapping[str, float]] = field(default_factory=lambda: FACTORS)
    thresholds: tuple[float, float, float] = THRESHOLDS

    @property
    def is_default(self) -> bool:
        """Whether it is the formula that comes with camscan."""
        return self == Formula()

    def priority(self, score: float) -> int:
        """The priority of a score: 1 (first) to 4."""
        return 1 + sum(score < threshold for threshold in self.thresholds)


@dataclass(frozen=True, slots=True)
class LocalDecision:
    """The council's own decision. It covers devices by builder, group or badge, and by site."""

    minute: str
    date: date
    makers: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    """Companies with their subsidiaries and affiliates."""
    brands: tuple[str, ...] = ()
    site_types: tuple[str, ...] = ()
    """Empty for every site."""
    sensitivity: tuple[str, ...] = ()
    """Empty for every site."""
    where: str = ""
    """``file:line``."""


@dataclass(frozen=True, slots=True)
class Planning:
    """The settings in ``planning:``, or the defaults."""

    policies: tuple[str, ...] | None = None
    """Ids of the policies in use; None for every policy that has a rule."""
    scope: tuple[str, ...] | None = None
    """Ids of the policies that put a device in scope. None for the local decision, or without one for the policies in
    use that are not marked ``scope: no``."""
    local_decision: LocalDecision | None = None
    debarment: tuple[str, ...] = ()
    """Names on the debarment list, as its publisher writes them."""
    formula: Formula = field(default_factory=Formula)
    where: str = ""
    """``file:line``."""


def read_planning(node: Node, base: Path) -> Planning:
    """Read the section; files are relative to ``base``. Raises ConfigError with file and line."""
    members = node.only("policies", "scope", "local_decision", "debarment", "priority")
    return Planning(
        policies=_read_lines(members["policies"]) if "policies" in members else None,
        scope=_read_lines(members["scope"]) if "scope" in members else None,
        local_decision=read_decision(members["local_decision"]) if "local_decision" in members else None,
        debarment=_read_debarment(members["debarment"], base) if "debarment" in members else (),
        formula=_read_formula(members["priority"]) if "priority" in members else Formula(),
        where=f"{node.file}:{node.line}",
    )


def read_decision(node: Node) -> LocalDecision:
    """Read the council's decision. Raises ConfigError with file and line."""
    members = node.only("minute", "date", "makers", "groups", "brands", "site_types", "sensitivity")
    for key in ("minute", "date"):
        if key not in members:
            raise node.error(f"'{key}' is missing: a decision needs its minute and its date")

    def read_several(key: str, allowed: tuple[str, ...] = ()) -> tuple[str, ...]:
        found = _read_lines(members[key]) if key in members else ()
        for text in found:
            if allowed and text not in allowed:
                raise members[key].error(f"'{text}' is not one of: {', '.join(allowed)}")
        return found

    decision = LocalDecision(
        minute=_read_line(members["minute"]),
        date=read_date(members["date"]),
        makers=read_several("makers"),
        groups=read_several("groups"),
        brands=read_several("brands"),
        site_types=read_several("site_types", SITE_TYPES),
        sensitivity=read_several("sensitivity", SENSITIVITIES),
        where=f"{node.file}:{node.line}",
    )
    if decision == LocalDecision(decision.minute, decision.date, where=decision.where):
        raise node.error("it does not name any devices: give makers, groups, brands, site_types or sensitivity")
    return decision


def _read_line(node: Node) -> str:
    text = node.text().strip()
    if not text or not text.isprintable():
        raise node.error("expected a text in one line")
    return text


def _read_lines(node: Node) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(_read_line, node.items())))


def _read_debarment(node: Node, base: Path) -> tuple[str, ...]:
    """Read a list of names, or a file with one name on each line."""
    if not isinstance(node.value, str):
        return _read_lines(node)
    path = read_path(node, base)
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise node.error(f"{path}: cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise node.error(f"{path}: not UTF-8 text; save the file as UTF-8, one name on each line") from error
    if len(content) > MAX_BYTES:
        raise node.error(f"{path}: larger than {MAX_BYTES // 1024 // 1024} MB; is this the right file?")
    lines = (line.strip() for line in text.splitlines())
    return tuple(dict.fromkeys(line for line in lines if line and not line.startswith("#")))


def _read_formula(node: Node) -> Formula:
    members = node.only(*FACTORS, "thresholds")
    factors = {
        name: {**levels, **_read_levels(members[name], levels)} if name in members else levels
        for name, levels in FACTORS.items()
    }
    found = Formula(MappingProxyType(factors))
    return replace(found, thresholds=_read_thresholds(members["thresholds"])) if "thresholds" in members else found


def _read_levels(node: Node, known: Mapping[str, float]) -> dict[str, float]:
    return {level: _read_number(value) for level, value in node.only(*known).items()}


def _read_thresholds(node: Node) -> tuple[float, float, float]:
    numbers = [_read_number(item) for item in node.items()]
    if len(numbers) != len(THRESHOLDS) or sorted(set(numbers), reverse=True) != numbers:
        raise node.error("thresholds are three numbers, the largest first: the lowest scores for priority 1, 2 and 3")
    return numbers[0], numbers[1], numbers[2]


def _read_number(node: Node) -> float:
    try:
        number = Decimal(node.text())
    except InvalidOperation:
        number = Decimal(-1)
    if not number.is_finite() or not 0 < number <= _LARGEST:
        raise node.error(f"'{node.text()}' is not a number above 0 and up to {_LARGEST}")
    return float(number)
