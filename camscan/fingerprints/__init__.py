"""The fingerprint database: YAML in ``fingerprints/``, checked, compiled and matched.

``read`` turns the files into entries, ``database`` loads and caches them, ``match`` finds what fits, ``check`` proves
the examples. A new fingerprint is a few lines of YAML and nothing here.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from camscan.fingerprints.database import Database, load
from camscan.fingerprints.entry import Entry, Maker, Problem
from camscan.fingerprints.place import built_in

__all__ = ["Database", "Entry", "Maker", "Problem", "built_in", "check", "load"]


def check(overlays: Sequence[Path] = (), *, base: Path | None = None) -> list[Problem]:
    """Everything wrong with the built-in database and, over it, the user's directories."""
    from camscan.fingerprints.verify import check as run  # noqa: PLC0415 - the YAML reader is not wanted by every run

    return run(overlays, base=base)
