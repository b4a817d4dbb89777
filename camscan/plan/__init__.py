"""Who is in scope and why, in which order, when, and how far the removal has got. Pure: rows in, plans out.

``priority`` holds the formula, ``judging`` applies it and the policies to the rows, ``standing`` counts, ``proposal``
drafts a programme, ``status`` and ``burndown`` say how far it has got.
"""

from __future__ import annotations

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
