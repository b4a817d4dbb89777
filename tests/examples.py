"""How much a test tries: less while somebody works, all of it where thoroughness is asked for.

``CAMSCAN_EXAMPLES`` is a percentage of the random inputs that a property test names: 20 by default; 1000 tries ten
times as many. ``CAMSCAN_CASES`` is a percentage of the cases in a long table: 20 by default, and 100 in ``.ci/run``,
since a case that is left out there is tried nowhere.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TypeVar

from hypothesis import HealthCheck, settings

PERCENT = int(os.environ.get("CAMSCAN_EXAMPLES", "20"))
CASES = int(os.environ.get("CAMSCAN_CASES", "20"))
FEWEST = 10
Case = TypeVar("Case")


def examples(most: int) -> settings:
    """Settings of a property test that tries ``most`` inputs when it is thorough; a slow machine is not a failure."""
    return settings(
        max_examples=tries(most),
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )


def tries(most: int) -> int:
    """How often something is done at random where a thorough run does it ``most`` times."""
    return max(FEWEST, most * PERCENT // 100)


def cases(table: Sequence[Case]) -> Sequence[Case]:
    """Of a long table, every case where a test run is thorough, else one in so many from its beginning to its end."""
    return table[:: max(1, 100 // CASES)]
