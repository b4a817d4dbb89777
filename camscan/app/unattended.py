"""Allows one unattended run at a time: a lock of the operating system, which a kill does not leave behind."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from camscan.app.resume import journal_folder
from camscan.app.workspace import Workspace
from camscan.errors import BusyError
from camscan.output import explain_errors, make_folder
from camscan.register.backends.lock import Lock


@contextlib.contextmanager
def lock_runs(space: Workspace) -> Iterator[None]:
    """Hold the lock of a register's runs and alerts. Raises BusyError if another program holds it."""
    place = journal_folder(str(space.where))
    with explain_errors(place):
        make_folder(place.parent)
    try:
        lock = Lock(place.with_name(f"{place.name}.run"))
    except BusyError as error:
        raise BusyError(f"{space.name}: another `camscan run` is running; wait until it has ended") from error
    try:
        yield
    finally:
        lock.release()
