"""Where tests keep their files: in memory, where there is room. Thousands of small registers cost a disk much."""

from __future__ import annotations

import os
from pathlib import Path

SHARED = Path("/dev/shm")
_ROOM = 3 << 30
"""Bytes; a whole run takes about a fifth of that."""


def folder() -> str | None:
    """A folder in memory from which programs may be run; None if there is none, or little space (as in a container)."""
    if not hasattr(os, "statvfs") or not SHARED.is_dir() or not os.access(SHARED, os.W_OK):
        return None
    room = os.statvfs(SHARED)
    runs_programs = not room.f_flag & (os.ST_NOEXEC | os.ST_NOSUID)
    return str(SHARED) if runs_programs and room.f_bavail * room.f_frsize > _ROOM else None
