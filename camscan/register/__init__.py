"""The register: every device that was ever found, with its evidence and history. Only this room and the store use SQL.

Importing this package is cheap; the database libraries are loaded when a register is opened.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from camscan.register.heard import collect_log_numbers
from camscan.register.types import (
    ChangeMark,
    Condition,
    Conflict,
    Edit,
    ListedDevice,
    ListingQuery,
    LogQuery,
    NewRow,
    Recorded,
    RecordedList,
    Reidentified,
    Review,
    SeenQuestion,
    SettledConflict,
    Sighting,
    StoredObservation,
    StoredScan,
    UndoneImport,
)

if TYPE_CHECKING:
    from camscan.register.store import Register

__all__ = [
    "ChangeMark",
    "Condition",
    "Conflict",
    "Edit",
    "ListedDevice",
    "ListingQuery",
    "LogQuery",
    "NewRow",
    "Recorded",
    "RecordedList",
    "Register",
    "Reidentified",
    "Review",
    "SeenQuestion",
    "SettledConflict",
    "Sighting",
    "StoredObservation",
    "StoredScan",
    "UndoneImport",
    "collect_log_numbers",
    "open_register",
    "restore_register",
]


def open_register(where: str | Path, *, readonly: bool = False, editing: bool = False, create: bool = True) -> Register:
    """Open the register at ``where``; writing creates or upgrades it and holds its lock until it is closed.

    ``readonly`` needs no lock and changes nothing. ``editing`` is for people's edits: it writes, but holds no lock, so
    that people can edit while a scan is running; each edit waits until a transaction that is running has ended. Without
    ``create``, a missing register is not created.

    Raises RegisterError in one line if it cannot be used (and leaves it unchanged), and BusyError if another run holds
    it.
    """
    from camscan.register.backends import Mode  # noqa: PLC0415 - 0.2 s that only an open register needs
    from camscan.register.store import open_any  # noqa: PLC0415 - as above

    return open_any(where, Mode.READ if readonly else Mode.EDIT if editing else Mode.RUN, create=create)


def restore_register(where: str | Path, source: Path) -> Register:
    """Create a register at ``where`` with the content of a backup, open for a run.

    Raises RegisterError if the backup cannot be used, or if the register is not empty; nothing is changed then.
    """
    from camscan.register.restoring import restore_any  # noqa: PLC0415 - as above

    return restore_any(where, source)


def __getattr__(name: str) -> object:
    """Load ``Register`` when it is first used."""
    if name == "Register":
        from camscan.register.store import Register  # noqa: PLC0415 - as above

        return Register
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
