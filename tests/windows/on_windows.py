"""A plugin of pytest: leaves out what cannot be on Windows, each with its reason, and counts."""

from __future__ import annotations

import fnmatch

import pytest

from windows.suite import LEFT_OUT


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is left out."""
    for item in items:
        name = item.nodeid.replace("\\", "/").removeprefix("tests/test_")
        for pattern, reason in LEFT_OUT.items():
            if fnmatch.fnmatchcase(name, pattern):
                item.add_marker(pytest.mark.skip(reason=f"on Windows: {reason}"))
