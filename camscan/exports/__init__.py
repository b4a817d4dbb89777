"""One format per file. Each exposes ``EXPORT``; files are found by convention, there is no registry.

Everything that a device says is hostile text: a format that a terminal or a spreadsheet opens passes it through
:func:`camscan.output.visible` first.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TextIO

from camscan.addresses import sort_key
from camscan.model import Device, Report


@dataclass(frozen=True, slots=True)
class Export:
    """One format."""

    name: str
    suffix: str
    """With the dot: ``.csv``."""
    write: Callable[[Report, TextIO], None]


@functools.cache
def load() -> Mapping[str, Export]:
    """Every export by name, in alphabetical order."""
    found = [importlib.import_module(f"{__name__}.{module.name}").EXPORT for module in pkgutil.iter_modules(__path__)]
    return {export.name: export for export in sorted(found, key=lambda export: export.name)}


def by_address(device: Device) -> tuple[int, int, str]:
    """A sort key: the first address of the device; one without an address comes last."""
    return sort_key(device.ip_addresses[0] if device.ip_addresses else "")
