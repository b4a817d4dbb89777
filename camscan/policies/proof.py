"""Checks whether the policies judge their own examples as the examples say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from camscan.config.planning import LocalDecision, Planning
from camscan.errors import ConfigError
from camscan.fingerprints.entry import Problem
from camscan.policies.judge import Subject, rule_by_policies
from camscan.policies.read import Case, Policies, Policy, list_problems, load_known_policies
from camscan.policies.use import policies_in_use

TRIAL_DAY = date(2026, 1, 1)
"""The day on which examples are judged, unless they name another."""


def check_policies(overlays: Sequence[Path] = (), *, base: Path | None = None) -> list[Problem]:
    """Everything wrong with the policies and the table of owners, and every example that is judged differently."""
    found = list_problems(overlays, base=base)
    return found or list(_check_examples(load_known_policies(overlays, base=base)))


def _check_examples(known: Policies) -> Iterator[Problem]:
    for policy in known.entries.values():
        try:
            rules = policies_in_use(known, _trial_planning(policy))
        except ConfigError as error:
            yield Problem(policy.file, policy.line, policy.id, f"its trial: {error}")
            continue
        for case in policy.cases:
            given = rule_by_policies(_make_subject(case), rules, _trial_day(policy, case))[0]
            if given.matches is not case.matches:
                words = {True: "yes", False: "no", None: "unknown"}
                yield Problem(
                    policy.file,
                    case.line,
                    policy.id,
                    f"the example should get {words[case.matches]} and gets {words[given.matches]}: {given.reason}",
                )


def _trial_planning(policy: Policy) -> Planning:
    """The policy alone, filled with its trial values."""
    planning = Planning(policies=(policy.id,), scope=(policy.id,))

    def read_texts(key: str) -> tuple[str, ...]:
        value = policy.trial.get(key, ())
        return tuple(map(str, value)) if isinstance(value, list) else ()

    match policy.filled_by:
        case "debarment":
            return replace(planning, debarment=read_texts("names"))
        case "local_decision":
            decision = LocalDecision(
                minute=str(policy.trial.get("minute", "")),
                date=policy.since,
                makers=read_texts("makers"),
                groups=read_texts("groups"),
                brands=read_texts("brands"),
                site_types=read_texts("site_types"),
                sensitivity=read_texts("sensitivity"),
            )
            return replace(planning, local_decision=decision)
    return planning


def _trial_day(policy: Policy, case: Case) -> date:
    if "day" in case.facts:
        return date.fromisoformat(case.facts["day"])
    day = max(TRIAL_DAY, policy.since)
    return min(day, policy.until) if policy.until else day


def _make_subject(case: Case) -> Subject:
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
