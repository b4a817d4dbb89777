"""Small words for people: how camscan was called, how long something takes."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

_MINUTE = 60
_HOUR = 3600
_THOUSAND = 1000
_ROUND_MINUTES = 15
"""Up to here minutes are said one by one, then in fives."""


def program() -> str:
    """How to call camscan again, as it can be typed: ``camscan``, or ``.venv/bin/camscan`` in a checkout."""
    called = sys.argv[0]
    if Path(called).name != "__main__.py":
        return called if os.sep in called and Path(called).is_file() else "camscan"
    beside = Path(sys.executable).with_name("camscan")
    return os.path.relpath(beside) if beside.is_file() else f"{sys.executable} -m camscan"


def size(count: int) -> str:
    """Bytes as people say them: 640 KB, 12.3 MB."""
    kilobytes = count / 1024
    return f"{kilobytes:.0f} KB" if kilobytes < _THOUSAND else f"{kilobytes / 1024:,.1f} MB"


def duration(seconds: float) -> str:
    """About how long: no more precise than an estimate is."""
    if seconds <= 1.5 * _MINUTE:
        return f"{max(10, round(seconds / 10) * 10)} seconds"
    minutes = seconds / _MINUTE
    if minutes < _ROUND_MINUTES:
        return f"{round(minutes)} minutes"
    if seconds < 1.5 * _HOUR:
        return f"{round(minutes / 5) * 5} minutes"
    return f"{round(seconds / _HOUR)} hours" if seconds >= 10 * _HOUR else f"{round(seconds / _HOUR * 2) / 2:g} hours"


def warn(sentence: str) -> None:
    """One line on standard error, beside whatever else is printed."""
    click.echo(f"camscan: {sentence}", err=True)
