"""What each policy in use says about the estate, on what grounds, and whom it binds."""

from __future__ import annotations

from camscan import app
from camscan.app.policy_counts import PolicyCount, PolicyCounts
from camscan.dates import day_text
from camscan.page import Head, Kind, Table
from camscan.page.charts import Bar, Bars
from camscan.web.page import Answer, Page, PageContent, PageRequest
from camscan.words import count_text

_FEW = 5
"""How many grounds of a policy are shown; an estate of many badges has one for each."""


def show(request: PageRequest) -> Answer:
    """Draw all policies, as `camscan plan policies` lists them, with what they say about the devices."""
    found = request.desk.policies.get()
    values = {
        "is_decided": found.rules.is_decided,
        "devices": found.devices,
        "chart": _count_chart(found),
        "table": _count_table(found),
        "policies": [_policy_values(policy, is_decided=found.rules.is_decided) for policy in found.policies],
        "left_out": [_capitalise(line.partition(": ")[2]) for line in found.rules.left_out],
        "formula": app.plan.describe_formula(request.desk.space.settings.planning.formula),
    }
    return PageContent("policies", "Policies", values)


def _policy_values(each: PolicyCount, *, is_decided: bool) -> dict[str, object]:
    policy = each.policy
    until = f", until {day_text(policy.until)}" if policy.until else ""
    decides = "yes" if is_decided else "it would decide, once the council has decided"
    return {
        "title": _capitalise(policy.title),
        "facts": [
            ("Status", f"{_capitalise(policy.status)}, since {day_text(policy.since)}{until}"),
            ("Binds", _capitalise(policy.binding_on)),
            ("Decides the scope", _capitalise(decides) if each.decides else "No"),
            (
                "Source",
                [_capitalise(policy.citation), f"How well founded: {policy.basis}", *filter(None, [policy.note])],
            ),
        ],
        "is_open": each.decides,
        "applies": each.applies,
        "unknown": each.unknown,
        "does_not": each.does_not,
        "grounds": each.grounds[:_FEW],
        "more": max(len(each.grounds) - _FEW, 0),
        "open": each.open_grounds[:_FEW],
        "more_open": max(len(each.open_grounds) - _FEW, 0),
    }


def _count_table(found: PolicyCounts) -> Table:
    numbers = [Head(name, Kind.NUMBER) for name in ("Applies to", "Not known", "Does not apply to")]
    decides = "yes" if found.rules.is_decided else "would"
    rows = [
        (
            _capitalise(policy.policy.title),
            decides if policy.decides else "no",
            policy.applies,
            policy.unknown,
            policy.does_not,
        )
        for policy in found.policies
    ]
    return Table("Devices, by policy", (Head("Policy"), Head("Decides the scope"), *numbers), rows)


def _count_chart(found: PolicyCounts) -> Bars | None:
    """A chart of the devices of each policy; None for a single policy, because such a chart shows nothing."""
    if len(found.policies) < 2 or not found.devices:  # noqa: PLR2004 - as it says
        return None
    most = max(found.policies, key=lambda each: each.applies)
    bars = tuple(
        Bar(
            _capitalise(policy.policy.title), policy.applies, policy.unknown, f"{policy.applies:,} of {found.devices:,}"
        )
        for policy in found.policies
    )
    hatched = "not known" if any(policy.unknown for policy in found.policies) else ""
    description = f"Of {count_text(found.devices)}, most fall under {most.policy.title}: {most.applies:,}."
    return Bars("Devices to which each policy applies", description, bars, ("applies", hatched))


def _capitalise(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


PAGE = Page(path="/plan/policies", title="Policies", show=show, under="plan")
