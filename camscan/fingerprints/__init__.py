"""The fingerprint database: YAML in ``fingerprints/``, checked, compiled and matched.

``read`` turns the files into entries, ``database`` loads and caches them, ``match`` finds what fits, and ``verify``
checks the examples. A new fingerprint is a few lines of YAML, without any change here.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from camscan.fingerprints.database import Database, load_database
from camscan.fingerprints.entry import Entry, Maker, Problem
from camscan.fingerprints.kept import kept_database
from camscan.fingerprints.place import built_in_folder

__all__ = [
    "Database",
    "Entry",
    "Maker",
    "Problem",
    "built_in_folder",
    "check_database",
    "kept_database",
    "load_database",
]


def check_database(overlays: Sequence[Path] = (), *, base: Path | None = None) -> list[Problem]:
    """Everything that is wrong with the built-in database and with the user's directories."""
    from camscan.fingerprints.verify import verify_database as run  # noqa: PLC0415 - the YAML reader is not wanted by every run

    return run(overlays, base=base)
