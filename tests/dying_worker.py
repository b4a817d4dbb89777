"""``python tests/dying_worker.py REGISTER NUMBER``: a worker that is killed at a statement of recording a parcel.

It dies by SIGKILL before the ``NUMBER``-th statement to the database from the moment at which a parcel is recorded, or
before that COMMIT; with 0, when the parcel was recorded and its job is not ended yet.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

import killed
from sqlalchemy import Engine, event

from camscan.app import parcel, worker
from camscan.app.workspace import find_workspace


def main() -> None:
    where, number = sys.argv[1], int(sys.argv[2])
    left, record = number, parcel.record_parcel

    def strike(*_: object) -> None:
        nonlocal left
        left -= is_recording
        if is_recording and left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    is_recording = False
    event.listen(Engine, "before_cursor_execute", strike)
    event.listen(Engine, "commit", strike)
    killed.hear_statements(strike)

    def recording(*given: Any, **named: Any) -> Any:
        nonlocal is_recording
        is_recording = bool(number)
        done = record(*given, **named)
        if not number:
            os.kill(os.getpid(), signal.SIGKILL)
        return done

    vars(parcel)["record_parcel"] = recording
    worker.run_worker(
        find_workspace(None, where), worker.Pace(0.5, 2), is_over=lambda: False, tell=print, warn=print, is_once=True
    )


if __name__ == "__main__":
    main()
