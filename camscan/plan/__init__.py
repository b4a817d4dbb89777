"""Who is in scope and why, in which order, when, and how far the removal has got. Pure: rows in, plans out.

``priority`` holds the formula, ``judging`` applies it and the policies to the rows, ``standing`` counts, ``proposal``
drafts a programme, ``status`` and ``burndown`` say how far it has got. A scan only judges: each name is loaded on first
use.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from camscan.plan.burndown import Plan, PlanCount, Point, make_burndown, make_plan
    from camscan.plan.capacity import Limits
    from camscan.plan.judging import judge_devices, make_judge
    from camscan.plan.priority import describe_formula
    from camscan.plan.proposal import Drafting, Phase, Proposal, propose_programme
    from camscan.plan.standing import DEFINITIONS, Counts, tally_devices
    from camscan.plan.status import Money, Row, Status, StatusCount, TableCount, group_table, programme_status
    from camscan.policies.use import Rules, policies_in_use

__all__ = [
    "DEFINITIONS",
    "Counts",
    "Drafting",
    "Limits",
    "Money",
    "Phase",
    "Plan",
    "PlanCount",
    "Point",
    "Proposal",
    "Row",
    "Rules",
    "Status",
    "StatusCount",
    "TableCount",
    "describe_formula",
    "group_table",
    "judge_devices",
    "make_burndown",
    "make_judge",
    "make_plan",
    "policies_in_use",
    "programme_status",
    "propose_programme",
    "tally_devices",
]
_HOMES: Mapping[str, str] = {
    "camscan.plan.burndown": "Plan PlanCount Point make_burndown make_plan",
    "camscan.plan.capacity": "Limits",
    "camscan.plan.judging": "judge_devices make_judge",
    "camscan.plan.priority": "describe_formula",
    "camscan.plan.proposal": "Drafting Phase Proposal propose_programme",
    "camscan.plan.standing": "DEFINITIONS Counts tally_devices",
    "camscan.plan.status": "Money Row Status StatusCount TableCount group_table programme_status",
    "camscan.policies.use": "Rules policies_in_use",
}
"""Module -> the names here that it defines, separated by blanks."""


def __getattr__(name: str) -> object:
    """One of the names above, loaded on first use."""
    for module, names in _HOMES.items():
        if name in names.split():
            return getattr(importlib.import_module(module), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
