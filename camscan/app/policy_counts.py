"""What each policy in use says about the devices in the register, and on what grounds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from camscan.app import assess
from camscan.app.workspace import Workspace
from camscan.asset import CLOSED
from camscan.headline import is_of_video
from camscan.plan.entered_twice import entered_twice
from camscan.plan.judging import subject_of
from camscan.policies.judge import rule_by_policies
from camscan.policies.read import Policy
from camscan.policies.use import Rules

__all__ = ["Ground", "PolicyCount", "PolicyCounts", "count_policies"]


@dataclass(frozen=True, slots=True)
class Ground:
    """One reason of a policy, and for how many devices it gives it."""

    reason: str
    devices: int


@dataclass(frozen=True, slots=True)
class PolicyCount:
    """The verdicts of one policy about the estate."""

    policy: Policy
    decides: bool
    """Whether it decides the scope, or would once the council has decided."""
    applies: int
    unknown: int
    """Devices for which it is not known whether the policy applies."""
    does_not: int
    grounds: tuple[Ground, ...]
    """Why it applies, the most frequent first."""
    open_grounds: tuple[Ground, ...]
    """Why it is not known, the most frequent first."""


@dataclass(frozen=True, slots=True)
class PolicyCounts:
    """The verdicts of all policies in use."""

    rules: Rules
    devices: int
    """Devices that were judged.

    They are, or may be, part of video surveillance, and are neither removed nor somebody else's.
    """
    policies: tuple[PolicyCount, ...]
    """The policies: those that decide the scope first, the rest in the order in which they are in use."""


def count_policies(space: Workspace) -> PolicyCounts:
    """Count the verdicts as of today. Reads every device: takes seconds for tens of thousands."""
    rules = assess.load_rules(space.settings)
    with space.open(readonly=True) as book:
        rows = book.devices()
    twice = entered_twice(rows)
    meant = [row for row in rows if row.asset_id not in twice and row.lifecycle not in CLOSED and is_of_video(row)]
    subjects = Counter(subject_of(row, rules.ownership) for row in meant)
    found: list[Mapping[bool | None, Counter[str]]] = [
        {True: Counter(), None: Counter(), False: Counter()} for _ in rules.policies
    ]
    for subject, devices in subjects.items():
        for counts, ruling in zip(found, rule_by_policies(subject, rules, assess.today_utc()), strict=True):
            counts[ruling.matches][ruling.reason] += devices
    pairs = zip(rules.policies, found, strict=True)
    counted = [_count_policy(policy, counts, rules) for policy, counts in pairs]
    return PolicyCounts(rules, len(meant), tuple(sorted(counted, key=lambda each: not each.decides)))


def _count_policy(policy: Policy, counts: Mapping[bool | None, Counter[str]], rules: Rules) -> PolicyCount:
    return PolicyCount(
        policy=policy,
        decides=policy.id in rules.scope,
        applies=counts[True].total(),
        unknown=counts[None].total(),
        does_not=counts[False].total(),
        grounds=_list_grounds(counts[True]),
        open_grounds=_list_grounds(counts[None]),
    )


def _list_grounds(counts: Counter[str]) -> tuple[Ground, ...]:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(Ground(reason, devices) for reason, devices in ordered)
