"""Warns if camscan.yaml has more sites than the register."""

from __future__ import annotations

from typing import TYPE_CHECKING

from camscan.cli._words import warn

if TYPE_CHECKING:
    from camscan.config import Config


def warn_of_stale_map(settings: Config, *, is_stale: bool) -> None:
    """Warn on standard error that camscan.yaml has places that the register does not know yet."""
    if is_stale:
        warn(
            f"the sites in {settings.path} have changed, and the register does not have the changes yet: the next "
            f"scan brings them, or"
            " `camscan sites import FILE --apply`"
        )
