"""Where the built-in database is."""

from __future__ import annotations

import functools
from pathlib import Path


@functools.cache
def built_in_folder() -> Path:
    """Directory of the database that comes with camscan: inside an installed package, beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "_database"
    return installed if installed.is_dir() else package.parent / "fingerprints"
