"""kill -9 at every moment of something that writes to a register, and a look at what is left after each.

A program of its own, which forks one victim after another: starting Python for each would take minutes. Each line that
it reads is a JSON list: where, the action, ``statements`` or ``times``, a number, and the backup. Its answer to each is
a JSON line: how many were killed, or what was wrong.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

import compiled_once
from sample_report import NOON, camera, nameless, report
from sqlalchemy import Engine, event

from camscan.asset import RecordType
from camscan.errors import BusyError
from camscan.register import Edit, NewRow, open_register
from camscan.register.backends import built, sqlite  # noqa: F401 - loads what the victims need, once
from camscan.register.store import Register

Action = Callable[[str], None]

DEVICES, FEW = 40, 20
"""Of a register that is looked at, and of one that is killed at every statement: these do not depend on how many."""
_BUSY = 75
_AT_ONCE = 0.0001
"""Seconds: a timer of none would never ring."""


def prepare(where: str, devices: int = DEVICES) -> None:
    """A register with two scans, a contradiction, people's entries and a row by hand."""
    with open_register(where) as book:
        book.record(report(*map(camera, range(devices)), nameless(), scan_id="1"))
        book.record(report(*map(camera, range(devices)), scan_id="2", when=NOON + timedelta(days=1)))
        names = [row.asset_id for row in book.devices()]
        book.edit_entries([Edit(name, "location_detail", "roof") for name in names[:5]], role="estates", how="set")
        book.add_devices([NewRow(RecordType.MANUAL, {"location_detail": "cellar"})], role="estates", how="add")


def record(where: str) -> None:
    """A scan: old devices, new ones, changed ones."""
    when = NOON + timedelta(days=2)
    found = [camera(number, firmware="V9", when=when, observations=6) for number in range(5, FEW + 10)]
    with open_register(where) as book:
        book.record(report(*found, scan_id="3", when=when))


def edit(where: str) -> None:
    """What a spreadsheet brings: entries of many rows."""
    with open_register(where, editing=True) as book:
        edits = [Edit(row.asset_id, "location_detail", "moved") for row in book.devices()]
        edits += [Edit(row.asset_id, "estimated_cost", "120") for row in book.devices()]
        book.edit_entries(edits, role="estates", how="import")


def add(where: str) -> None:
    """Add rows that no scan has seen."""
    rows = [NewRow(RecordType.IMPORTED, {"location_detail": f"shelf {number}"}) for number in range(5)]
    with open_register(where, editing=True) as book:
        book.add_devices(rows, role="estates", how="import")


def merge(where: str) -> None:
    """Merge two rows that are one device."""
    with open_register(where, editing=True) as book:
        first, second, *_ = (row.asset_id for row in book.devices())
        book.merge_devices(first, second, role="estates")


def back_up(where: str) -> None:
    """Write a backup over an older one."""
    with open_register(where, readonly=True) as book:
        book.write_backup(Path(os.environ["BACKUP"]), force=True)


def restore(where: str) -> None:
    """Restore a backup into an empty register."""
    with open_register(where) as book:
        book.restore_backup(Path(os.environ["BACKUP"]))


def open_register_there(where: str) -> None:
    """Open the register, which makes or upgrades it."""
    open_register(where).close()


ACTIONS: Mapping[str, Action] = {
    each.__name__: each for each in (prepare, record, edit, add, merge, back_up, restore, open_register_there)
}


def hear_statements(strike: Callable[[str], None]) -> None:
    """Have every statement to a file told from now on, whether SQLAlchemy or the driver runs it, before it runs.

    Not a PRAGMA: some follow the COMMIT.
    """
    connect = sqlite.connect_driver

    def hear(statement: str) -> None:
        if not statement.startswith("PRAGMA"):
            strike(statement)

    def connect_and_tell(path: Path, *, readonly: bool) -> sqlite3.Connection:
        driver = connect(path, readonly=readonly)
        driver.set_trace_callback(hear)
        return driver

    sqlite.connect_driver = connect_and_tell


def at_statement(action: Action, where: str, number: int) -> bool:
    """Whether it was killed before its ``number``-th statement, or before it said COMMIT as the ``number``-th."""

    def victim() -> None:
        left = number

        def strike(*_: object) -> None:
            nonlocal left
            left -= 1
            if left <= 0:
                os.kill(os.getpid(), signal.SIGKILL)

        if "://" in where:
            event.listen(Engine, "before_cursor_execute", strike)
            event.listen(Engine, "commit", strike)
        else:
            hear_statements(strike)
        action(where)

    while (killed := _was_killed(_forked(victim), signal.SIGKILL)) is None:
        time.sleep(0.02)
    return killed


def after(action: Action, where: str, seconds: float) -> bool:
    """Whether it was killed so long after it began.

    A timer of the victim ends it as SIGKILL would. One of ours could be late on a busy machine, and find nobody left.
    """

    def victim() -> None:
        signal.setitimer(signal.ITIMER_REAL, max(seconds, _AT_ONCE))  # instead of the alarm of _forked
        action(where)

    while (killed := _was_killed(_forked(victim), signal.SIGALRM)) is None:
        time.sleep(0.02)
    return killed


def _forked(victim: Callable[[], None]) -> int:
    process = os.fork()
    if process:
        return process
    signal.alarm(60)
    code = 1
    try:
        victim()
        code = 0
    except BusyError:
        code = _BUSY
    finally:
        os._exit(code)


def _was_killed(process: int, by: signal.Signals) -> bool | None:
    """Whether the process was killed by this signal.

    None if the one before had not ended yet: a server notices late that a program has ended.
    """
    status = os.waitpid(process, 0)[1]
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == by:
        return True
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) == _BUSY:
        return None
    if status:
        raise SystemExit(f"the victim failed: {status}")
    return False


def look(book: Register) -> tuple[object, ...]:
    """All that a person would notice, and nothing that two goes of one action would tell differently."""
    sizes = dict(book.count_rows())
    rows = sorted((row.identification.serial or "", sorted(row.entries.items())) for row in book.devices())
    return sizes, rows, [scan.scan_id for scan in book.scans()]


def whole(where: str) -> tuple[object, ...]:
    """What is in the register; fails unless it is sound."""
    with open_register(where, readonly=True) as book:
        if findings := book.find_faults():
            raise SystemExit(f"not sound: {findings}")
        return look(book)


def every_statement(action: Action, where: str, stride: int) -> int:
    """Kill at the first statement, and every so manieth after it, until it comes to its end; how many were killed.

    All of them left the old state, and the one that came to its end a new one.
    """
    before = whole(where)
    number = 1
    while at_statement(action, where, number):
        if whole(where) != before:
            raise SystemExit(f"killed before statement {number}, and something was written")
        number += stride
    if whole(where) == before:
        raise SystemExit("nothing was done")
    return number // stride


def at_random(action: Action, where: str, kills: int) -> int:
    """Kill at moments by chance, also within statements and within COMMIT, until it comes to its end or as many are."""
    before = whole(where)
    chance = random.Random(4)
    seconds = 0.008
    for killed in range(kills):
        came_to_its_end = not after(action, where, chance.uniform(0, seconds))
        if whole(where) != before or came_to_its_end:
            return killed
        seconds *= 1.2
    return kills


def rehearse(action: Action, where: str) -> None:
    """Do it once to a copy: what SQLAlchemy makes of each statement is then known to every victim, as to the first."""
    compiled_once.begin()
    if "://" not in where:
        with tempfile.TemporaryDirectory() as folder:
            action(str(shutil.copy(where, folder)))


def main() -> None:
    for line in sys.stdin:
        where, name, how, number, backup = json.loads(line)
        os.environ["BACKUP"] = backup
        try:
            if how == "statements":
                rehearse(ACTIONS[name], where)
            answer: int | str = (every_statement if how == "statements" else at_random)(ACTIONS[name], where, number)
        except SystemExit as error:
            answer = str(error)
        sys.stdout.write(f"{json.dumps(answer)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
