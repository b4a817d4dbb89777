"""How many inputs a property test tries: fewer while somebody works, all of them where thoroughness is asked for.

``CAMSCAN_EXAMPLES`` is a percentage of what each test names: 20 by default, 100 in ``.ci/run``; 1000 tries ten times as
many.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

PERCENT = int(os.environ.get("CAMSCAN_EXAMPLES", "20"))
FEWEST = 10


def examples(most: int) -> settings:
    """Settings of a property test that tries ``most`` inputs when it is thorough; a slow machine is not a failure."""
    return settings(
        max_examples=max(FEWEST, most * PERCENT // 100),
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
