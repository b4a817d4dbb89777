"""Whether the policies judge their own examples as these say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from camscan.config.planning import LocalDecision, Planning
from camscan.errors import ConfigError
from camscan.fingerprints.entry import Problem
from camscan.policies.judge import Subject, rule
from camscan.policies.read import Case, Policies, Policy, load, problems
from camscan.policies.use import in_use

TRIAL_DAY = date(2026, 1, 1)
"""The day on which examples are judged, unless they name another."""


def check(overlays: Sequence[Path] = (), *, base: Path | None = None) -> list[Problem]:
    """Everything wrong with the policies and the table of owners, and every example that is judged otherwise."""
    found = problems(overlays, base=base)
    return found or list(_check(load(overlays, base=base)))


def _check(known: Policies) -> Iterator[Problem]:
    for policy in known.entries.values():
        try:
            rules = in_use(known, _trial(policy))
        except ConfigError as error:
            yield Problem(policy.file, policy.line, policy.id, f"its trial: {error}")
            continue
        for case in policy.cases:
            given = rule(_example(case), rules, _trial_day(policy, case))[0]
            if given.matches is not case.matches:
                words = {True: "yes", False: "no", None: "unknown"}
                yield Problem(
                    policy.file,
                    case.line,
                    policy.id,
                    f"the example should get {words[case.matches]} and gets {words[given.matches]}: {given.reason}",
                )


def _trial(policy: Policy) -> Planning:
    """The policy alone, filled with its trial."""
    planning = Planning(policies=(policy.id,), scope=(policy.id,))

    def texts(key: str) -> tuple[str, ...]:
        value = policy.trial.get(key, ())
        return tuple(map(str, value)) if isinstance(value, list) else ()

    match policy.filled_by:
        case "debarment":
            return replace(planning, debarment=texts("names"))
        case "local_decision":
            decision = LocalDecision(
                minute=str(policy.trial.get("minute", "")),
                date=policy.since,
                makers=texts("makers"),
                groups=texts("groups"),
                brands=texts("brands"),
                site_types=texts("site_types"),
                sensitivity=texts("sensitivity"),
            )
            return replace(planning, local_decision=decision)
    return planning


def _trial_day(policy: Policy, case: Case) -> date:
    if "day" in case.facts:
        return date.fromisoformat(case.facts["day"])
    day = max(TRIAL_DAY, policy.since)
    return min(day, policy.until) if policy.until else day


def _example(case: Case) -> Subject:
    facts = case.facts
    return Subject(
        maker=facts.get("maker", ""),
        brand=facts.get("brand", ""),
        is_surveillance=True,
        kind=facts.get("kind", ""),
        capabilities=frozenset(facts["capability"].split()) if "capability" in facts else frozenset(),
        site_type=facts.get("site_type", ""),
        sensitivity=facts.get("sensitivity", ""),
        network_zone=facts.get("network_zone", ""),
        supplier=facts.get("supplier", ""),
    )
