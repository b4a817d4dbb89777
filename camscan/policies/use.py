"""Which policies are in use, filled from camscan.yaml, and which of them put a device in scope. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, replace
from datetime import date, timedelta

from camscan.asset.spelling import nearest_hint
from camscan.config.planning import LocalDecision, Planning
from camscan.dataclass import dataclass
from camscan.dates import day_text
from camscan.errors import ConfigError
from camscan.policies.companies import Ownership
from camscan.policies.read import Clause, Policies, Policy


@dataclass(frozen=True, slots=True)
class Rules:
    """The policies in use, filled from camscan.yaml, and those of them that put a device in scope."""

    policies: tuple[Policy, ...]
    scope: frozenset[str]
    ownership: Ownership
    filled: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Policy -> the values for its sentence, besides {why} and {binding_on}."""
    left_out: tuple[str, ...] = ()
    """Why a policy is not in use, one sentence each."""
    is_decided: bool = True
    """Whether the council said what decides: by its own decision, or a choice of policies. Otherwise nothing is in
    scope yet, and ``scope`` only names what would be."""

    def policy_title(self, policy: str) -> str:
        """The name for people of a policy in use."""
        return next(known.title for known in self.policies if known.id == policy)

    def describe_decision(self, policy: str) -> str:
        """``local decision of 12 May 2026, minute 114``; the title of a policy that others made."""
        words = self.filled.get(policy)
        if not words:
            return self.policy_title(policy)
        minute = words["minute"]
        named = minute if minute.casefold().startswith("minute") else f"minute {minute}"
        return f"local decision of {words['date']}, {named}"


def policies_in_use(known: Policies, planning: Planning) -> Rules:
    """The policies that camscan.yaml chooses. Raises ConfigError if it names one that does not exist."""
    for name in (*(planning.policies or ()), *(planning.scope or ())):
        if name not in known.entries:
            there = ", ".join(known.entries)
            raise ConfigError(f"{planning.where}: there is no policy '{name}'; the policies are: {there}")
    filled = {policy.id: _fill_policy(policy, planning, known.ownership) for policy in known.entries.values()}
    wanted = planning.policies
    used = [filled[name] for name in (wanted if wanted is not None else filled)]
    used = [policy for policy in used if wanted is not None or not policy.is_empty]
    chosen = {policy.id for policy in used}
    scope = planning.scope if planning.scope is not None else _deciding_policies(used)
    if missing := [name for name in scope if name not in chosen]:
        raise ConfigError(
            f"{planning.where}: '{missing[0]}' is to decide the scope, but is not among the policies in use"
        )
    decision = planning.local_decision
    words = {"minute": decision.minute, "date": day_text(decision.date)} if decision else {}
    return Rules(
        policies=tuple(used),
        scope=frozenset(scope),
        ownership=known.ownership,
        filled={policy.id: words for policy in used if policy.filled_by == "local_decision"},
        left_out=tuple(_not_in_use(policy) for policy in filled.values() if policy.id not in chosen),
        is_decided=planning.scope is not None or any(map(_is_local_decision, used)),
    )


def _deciding_policies(used: Sequence[Policy]) -> list[str]:
    """The policies that decide the scope if camscan.yaml does not say: the council's own decision, once there is one.

    Before that, the policies of others: they decide nothing, and show what the council has to decide.
    """
    local = [policy.id for policy in used if _is_local_decision(policy)]
    return local or [policy.id for policy in used if policy.in_scope and not policy.is_empty]


def _is_local_decision(policy: Policy) -> bool:
    """Whether it is the council's own decision, and that exists."""
    return policy.filled_by == "local_decision" and not policy.is_empty


def _not_in_use(policy: Policy) -> str:
    if policy.filled_by == "debarment" and policy.is_empty:
        return f"{policy.id}: no list supplied (planning: debarment), so nothing is compared with it"
    if policy.is_empty:
        return f"{policy.id}: nothing entered (planning: {policy.filled_by})"
    return f"{policy.id}: not among the policies of camscan.yaml"


def _fill_policy(policy: Policy, planning: Planning, known: Ownership) -> Policy:
    if policy.filled_by == "debarment" and planning.debarment:
        return replace(policy, clauses=(Clause(names=planning.debarment),))
    decision = planning.local_decision
    if policy.filled_by == "local_decision" and decision:
        makers, groups = (_company_keys(names, decision.where, known) for names in (decision.makers, decision.groups))
        return replace(
            policy, clauses=_decision_clauses(replace(decision, makers=makers, groups=groups)), since=decision.date
        )
    return policy


def _company_keys(names: Sequence[str], where: str, known: Ownership) -> tuple[str, ...]:
    """The keys of the makers and companies that a decision names; names in any case are accepted.

    Raises ConfigError.
    """
    found = [known.maker_of_name(name) or name.strip().casefold() for name in names]
    for name, key in zip(names, found, strict=True):
        if key not in known.makers and key not in known.companies:
            meant = nearest_hint(name, sorted({*known.makers, *known.companies})) or "; name it as in `camscan explain`"
            raise ConfigError(f"{where}: '{name}' is not a maker that camscan knows{meant}")
    return tuple(dict.fromkeys(found))


def _decision_clauses(decision: LocalDecision) -> tuple[Clause, ...]:
    place = Clause(site_type=decision.site_types, sensitivity=decision.sensitivity)
    clauses = (
        *((replace(place, makers=decision.makers),) if decision.makers else ()),
        *((replace(place, makers=decision.groups, reach="group"),) if decision.groups else ()),
        *((replace(place, brands=decision.brands),) if decision.brands else ()),
    )
    return clauses or (place,)


def days_of_change(rules: Rules) -> Iterator[date]:
    """The days from which a policy may say something else about a device, in no order. It changes on no other days."""
    for policy in rules.policies:
        yield policy.since
        yield from _dates_after(policy.until)
    for company in rules.ownership.companies.values():
        for owner in company.owners:
            if owner.since:
                yield owner.since
            yield from _dates_after(owner.until)


def _dates_after(last: date | None) -> Iterator[date]:
    if last and last < date.max:
        yield last + timedelta(days=1)
