"""Who is in scope and why, in which order, when, and how far it has got. Pure: rows in, judgements and plans out.

``policy`` says what each policy says, ``priority`` holds the formula, ``judging`` brings both to the rows, ``standing``
counts, ``proposal`` drafts a programme, ``status`` and ``burndown`` say how far it has got.
"""

from __future__ import annotations

from camscan.plan.burndown import Plan, Point, burn_down, plan_of
from camscan.plan.capacity import Limits
from camscan.plan.judging import judge, judge_by
from camscan.plan.priority import in_words
from camscan.plan.proposal import Phase, Proposal, propose
from camscan.plan.standing import DEFINITIONS, Counts, tally
from camscan.plan.status import Money, Row, Status, status, table
from camscan.policies.use import Rules, in_use

__all__ = [
    "DEFINITIONS",
    "Counts",
    "Limits",
    "Money",
    "Phase",
    "Plan",
    "Point",
    "Proposal",
    "Row",
    "Rules",
    "Status",
    "burn_down",
    "in_use",
    "in_words",
    "judge",
    "judge_by",
    "plan_of",
    "propose",
    "status",
    "table",
    "tally",
]
