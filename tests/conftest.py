"""Which tests may run beside each other (``pytest -n 2``)."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

ROOT = Path(__file__).resolve().parents[1]
ESTATES = ("camscan.demo", "camscan.cli.demo", "estate_truth")


@functools.cache
def group(file: str) -> str:
    """A file's tests stay together. Files that run estates take turns: on loopback, every estate hears every group."""
    text = (ROOT / file).read_text(encoding="utf-8")
    return "estates" if any(name in text for name in ESTATES) else file


class ByGroup(LoadScopeScheduling):  # type: ignore[misc]  # xdist ships no types
    """Hands whole groups to the workers."""

    def _split_scope(self, nodeid: str) -> str:
        return group(nodeid.partition("::")[0])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByGroup:
    return ByGroup(config, log)
