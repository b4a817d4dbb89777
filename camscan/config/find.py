"""Finds ``camscan.yaml``; what reads it is loaded only if there is one."""

from __future__ import annotations

import os
from pathlib import Path

from camscan import system
from camscan.config.settings import FILE_NAME, Config


def find_config(path: str | Path | None = None) -> Config:
    """The configuration: from ``path``, $CAMSCAN_CONFIG, ./camscan.yaml or the user's directory; else the defaults.

    Raises ConfigError with file and line. A file that was named must exist.
    """
    found = find_file(path)
    if found is None:
        return Config()
    from camscan.config.read import load_config  # noqa: PLC0415 - see above

    return load_config(found)


def find_file(path: str | Path | None = None) -> Path | None:
    """The file that ``find_config`` would read."""
    named = path or os.environ.get("CAMSCAN_CONFIG")
    if named:
        return Path(named)
    return next((each for each in (Path(FILE_NAME), _user_directory() / FILE_NAME) if each.is_file()), None)


def _user_directory() -> Path:
    return system.config_home() / "camscan"
