"""Who is in scope and why, in which order, when, and how far it has got. Pure: rows in, judgements and plans out.

``policy`` says what each policy says, ``priority`` holds the formula, ``judging`` brings both to the rows,
``standing`` counts.
"""

from __future__ import annotations

from camscan.plan.judging import judge
from camscan.plan.policy import Rules, in_use
from camscan.plan.standing import tally

__all__ = ["Rules", "in_use", "judge", "tally"]
