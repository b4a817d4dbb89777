"""Counts a Front in a separate program, because a large register takes seconds and 200 MB, and pages must not wait.

``python -m camscan.app.front_apart`` reads its task from standard input and writes a pickled Front; only
:func:`count_apart` starts it.
"""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

from camscan.app.front import Front, bring_up_to_date, gather_front
from camscan.app.workspace import Workspace, workspace_of
from camscan.config import Config, load_config
from camscan.errors import CamscanError, RegisterError

__all__ = ["can_count_apart", "count_apart"]

_SECONDS = 600.0
_COMMAND = (sys.executable, "-P", "-m", "camscan.app.front_apart")
"""The program imports from the same place as this one, and not from the directory in which it is started."""


def can_count_apart(space: Workspace) -> bool:
    """Whether a separate program would read the same settings: they are those of a file, or the defaults."""
    return space.settings.path is not None or space.settings == Config()


def count_apart(space: Workspace, *, is_read_only: bool) -> Front:
    """Bring the listing up to date, unless nothing may be written, and count. Raises RegisterError if it fails."""
    path = space.settings.path
    where = space.where if "://" in str(space.where) else Path(space.where).absolute()
    task = {"config": str(path.absolute()) if path else "", "where": str(where), "is_read_only": is_read_only}
    try:
        done = subprocess.run(  # noqa: S603 - ourselves, with nothing of the task on the command line
            _COMMAND,
            input=json.dumps(task).encode(),
            capture_output=True,
            timeout=_SECONDS,
            check=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        found = pickle.loads(done.stdout)  # noqa: S301 - what our own program has written
    except (OSError, subprocess.SubprocessError, pickle.UnpicklingError, EOFError) as error:
        raise RegisterError(f"{space.name}: it could not be counted ({type(error).__name__})") from error
    if isinstance(found, Front):
        return found
    raise RegisterError(str(found))


def _main() -> None:
    task = json.loads(sys.stdin.buffer.read())
    settings = load_config(Path(task["config"])) if task["config"] else Config()
    found: Front | str
    try:
        space = workspace_of(settings, task["where"])
        if not task["is_read_only"]:
            bring_up_to_date(space)
        found = gather_front(space)
    except CamscanError as error:
        found = str(error)
    sys.stdout.buffer.write(pickle.dumps(found))


if __name__ == "__main__":
    _main()
