"""Where the store of a register in a file is."""

from __future__ import annotations

from pathlib import Path


def store_path(register: Path) -> Path:
    """The file of a store: ``camscan-service.db`` beside ``camscan.db``."""
    return register.with_name(f"{register.stem}-service{register.suffix or '.db'}")
