"""One format per file. Each exposes ``EXPORT``; files are found by convention, there is no registry.

A format is of a scan, of the register, or of both. ``camscan export NAME`` offers every one; ``camscan scan --export
NAME=FILE`` those of a scan. Everything that a device says is hostile text: a format that a terminal or a spreadsheet
opens passes it through :func:`camscan.output.visible` first.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TextIO

from camscan.addresses import sort_key
from camscan.asset import Asset, Judgement
from camscan.model import Device, Report


@dataclass(frozen=True, slots=True)
class Inventory:
    """The register on one day, as an export of it is given."""

    assets: Sequence[Asset]
    judgements: Mapping[str, Judgement]
    """Asset number -> what follows from policies, vulnerabilities and the council's formula on that day."""
    on: date
    organisation: str = ""
    """As ``camscan.yaml`` says; empty where it does not."""


@dataclass(frozen=True, slots=True)
class Export:
    """One format."""

    name: str
    suffix: str
    """With the dot: ``.csv``."""
    title: str
    """What it is and whom it is for, as a phrase for lists: ``the devices as CSV, one row each``."""
    of_scan: Callable[[Report, TextIO], None] | None = None
    """Writes the report of one scan."""
    of_register: Callable[[Inventory, TextIO], None] | None = None
    """Writes what the register knows."""


@functools.cache
def load() -> Mapping[str, Export]:
    """Every export by name, in alphabetical order."""
    found = [importlib.import_module(f"{__name__}.{module.name}").EXPORT for module in pkgutil.iter_modules(__path__)]
    return {export.name: export for export in sorted(found, key=lambda export: export.name)}


def by_address(device: Device) -> tuple[int, int, str]:
    """A sort key: the first address of the device; one without an address comes last."""
    return sort_key(device.ip_addresses[0] if device.ip_addresses else "")
