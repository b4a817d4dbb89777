"""Finds the directory of the built-in database."""

from __future__ import annotations

import functools
from pathlib import Path


@functools.cache
def built_in_folder() -> Path:
    """Directory of the built-in database: inside an installed package, beside the package in a checkout."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "_database"
    return installed if installed.is_dir() else package.parent / "fingerprints"
