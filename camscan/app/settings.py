"""A camscan.yaml: what is wrong with it, and how a new one is made."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from camscan import output
from camscan.app.assess import rules
from camscan.config import Config
from camscan.config.check import Finding, Level
from camscan.config.check import check as check_config
from camscan.errors import ConfigError, UsageError
from camscan.net.scope import PRIVATE
from camscan.probes import load as load_probes


def check_settings(config: Config, faults: Sequence[ConfigError]) -> list[Finding]:
    """What could not be read, then what looks wrong in the rest; the errors first."""
    found = [Finding(Level.ERROR, str(fault)) for fault in (*faults, *_planned(config))]
    found += check_config(config, datetime.now(UTC), private=PRIVATE, probes=load_probes())
    return sorted(found, key=lambda each: each.level is not Level.ERROR)


def _planned(config: Config) -> list[ConfigError]:
    """Whether the policies and companies that planning names are there."""
    try:
        rules(config)
    except ConfigError as error:
        return [error]
    return []


def write_new(file: Path, text: str) -> None:
    """Write a file that does not exist yet. Raises UsageError where it does, OutputError where it cannot be made."""
    try:
        output.write_new(file, lambda stream: stream.writelines([text]))
    except FileExistsError:
        raise UsageError(f"{file}: exists, and is not overwritten; name another file") from None
