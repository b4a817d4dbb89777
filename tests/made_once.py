"""A folder that many tests begin with: built once in each process, and copied for each test."""

from __future__ import annotations

import atexit
import functools
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

Builder = Callable[[Path], None]
"""Puts files into an empty folder; a function of a module, so that it is known again."""


@functools.cache
def _built(build: Builder) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="camscan-made-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    build(folder)
    return folder


def put(build: Builder, folder: Path) -> None:
    """What ``build`` makes, in this folder, with the rights that it was made with."""
    shutil.copytree(_built(build), folder, dirs_exist_ok=True)
