"""The memory of programs that run for months: ``camscan serve`` and ``camscan work``."""

from __future__ import annotations

import gc

from camscan.system import share_memory

_NEW = 10_000
"""Python looks for garbage after so many new objects. Other commands let 200,000 pass, because they end soon."""
_TIMES = 10
"""It looks among the older objects once in so many times."""


def keep_memory_flat() -> None:
    """Set how this process takes and returns memory. Call it once, after most is loaded and before any thread starts.

    What is loaded by now is never garbage, so Python need not look through it. Then it can look through the rest often.
    Before, a worker's memory grew by 40 MB in ten minutes, and most of that was garbage.
    """
    share_memory()
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW, _TIMES, _TIMES)
