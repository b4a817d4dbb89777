"""``run:`` of camscan.yaml: unattended runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from types import MappingProxyType

from camscan.config.authorisation import Window, read_window
from camscan.config.value import read_number, read_path, read_word
from camscan.dataclass import dataclass
from camscan.strict_yaml import Node

KEYS = ("every", "window", "days", "backups", "keep", "after", "metrics")
DAYS = {"day": 1, "week": 7}
"""Words for a number of days."""
WEEK = 7
KEEP = 14
_MOST_DAYS = 366
_MOST_BACKUPS = 1000


@dataclass(frozen=True, slots=True)
class Running:
    """The settings in ``run:``, or the defaults."""

    every: int = WEEK
    """Days between two scans of a site, unless the site has its own."""
    window: Window | None = None
    """Hours in which a run scans, within those of the authorisations; None for any hour."""
    backups: Path | None = None
    """Folder of the backups; None for ``backups`` beside the register."""
    keep: int = KEEP
    """How many backups are kept; 0 for no backups."""
    after: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Format of an export, or ``report`` -> the file or folder that each run replaces."""
    metrics: Path | None = None
    """File for a textfile collector; None for no file."""
    lines: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Format -> ``file:line``."""


def read_running(node: Node, base: Path) -> Running:
    """Read the section; files are relative to ``base``. Raises ConfigError with file and line."""
    keys = node.only(*KEYS)
    after = keys["after"].entries() if "after" in keys else {}
    return Running(
        every=read_interval(keys["every"]) if "every" in keys else WEEK,
        window=read_window(keys),
        backups=read_path(keys["backups"], base) if "backups" in keys else None,
        keep=read_number(keys["keep"], 0, _MOST_BACKUPS, "number of backups") if "keep" in keys else KEEP,
        after=MappingProxyType({name: str(read_path(each, base)) for name, each in after.items()}),
        metrics=read_path(keys["metrics"], base) if "metrics" in keys else None,
        lines=MappingProxyType({name: f"{each.file}:{each.line}" for name, each in after.items()}),
    )


def read_interval(node: Node) -> int:
    """Read ``day``, ``week``, or a number of days."""
    text = read_word(node)
    if text in DAYS:
        return DAYS[text]
    if not text.isdecimal():
        raise node.error(f"'{text}' is not day, week or a number of days")
    return read_number(node, 1, _MOST_DAYS, "number of days")
