"""A register of years, 20,000 devices and 500 scans: the commands that people use daily, as whole programs; and a scan.

On an SQLite file, and where there is a PostgreSQL server to start, in a register on one too.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path

import pg_server
from big_register import DEVICES, SCANS, address, fill
from measure import Case, Row, Usage, duration, in_turns, median, timed, used
from sample_report import NOON, camera, report

from camscan.app.workspace import workspace_of
from camscan.config import Config
from camscan.register import Edit, open_register

REPEATS = 3
AIM = 2.0
"""Seconds of the whole command, start of Python included."""
SCANNED = 2000
ONE_SITE = 500


def daily(folder: Path) -> dict[str, Sequence[str]]:
    """What each command is called, and its arguments."""
    month = f"{NOON - timedelta(days=30):%Y-%m-%d}"
    return {
        "show": ("show",),
        "show one device": ("show", address(DEVICES // 2)),
        "diff of a month": ("diff", "--since", month),
        "plan status": ("plan", "status"),
        "register export, CSV": ("register", "export", "--view", "full", "--force", str(folder / "register.csv")),
        "register log": ("register", "log", "--since", month),
    }


def run(where: str, arguments: Sequence[str]) -> Usage:
    """The whole command; one that fails is no measurement."""
    program = "import sys; from camscan.__main__ import main\ntry: main()\nexcept SystemExit as end: code = end.code"
    check = "sys.exit(0 if code in (None, 0, 1) else code)"  # 1: diff found something
    return used(sys.executable, "-c", f"{program}\n{check}", *arguments, "--register", where)


def measure_sqlite() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        where = str(Path(folder) / "camscan.db")
        fill(where)
        yield from measure(where, Path(folder), "SQLite")
        yield Row("size of the file", f"{Path(where).stat().st_size / 2**20:.0f} MB")
        with open_register(where, readonly=True) as book:
            backup = Path(folder) / "backup.db"
            yield Row("register backup", duration(timed(lambda: book.write_backup(backup))))
            yield Row("register check", duration(timed(book.find_faults)))


def measure_postgresql() -> Iterator[Row]:
    with pg_server.running() as server, tempfile.TemporaryDirectory() as folder:
        where = server.place()
        fill(where)
        server.run("ANALYZE", at=where)  # as the server's own housekeeping does within a minute
        yield from measure(where, Path(folder), "PostgreSQL")


def measure(where: str, folder: Path, kind: str) -> Iterator[Row]:
    os.chdir(folder)  # no camscan.yaml of the checkout
    with workspace_of(Config(), where).open() as book:
        yield Row(f"{kind}: write the line of every device", duration(timed(book.list_now)))
    processor: dict[str, list[float]] = {name: [] for name in daily(folder)}

    def act(name: str, arguments: Sequence[str]) -> float:
        usage = run(where, arguments)
        processor[name].append(usage.processor)
        return usage.seconds

    actions = {name: partial(act, name, arguments) for name, arguments in daily(folder).items()}
    for name, times in in_turns(REPEATS, actions).items():
        middle = median(times)
        what = f"{kind}: `camscan {name}` of {DEVICES:,} devices, {SCANS} scans"
        beside = f"{duration(median(processor[name]))} of processor"
        yield Row(what, duration(middle), beside, aim=duration(AIM), kept=middle < AIM)
    yield from measure_listing(where, kind)
    with open_register(where) as book:
        times = []
        for number in range(REPEATS):
            when = NOON + timedelta(days=number)
            found = (camera(each, ip=address(each), when=when, observations=10) for each in range(SCANNED))
            scan = report(*found, scan_id=f"again-{number}", when=when, targets=("10.0.0.0/16",))
            times.append(timed(lambda scan=scan: book.record(scan)))  # type: ignore[misc]  # a default binds the loop's value
    yield Row(f"{kind}: record a scan of {SCANNED:,} devices into it", duration(median(times)))


def measure_listing(where: str, kind: str) -> Iterator[Row]:
    """What keeping the listing costs: the line of an edited device, the lines of a scan of one site."""
    with workspace_of(Config(), where).open() as book:
        name = book.find_devices(address(DEVICES // 2))[0].asset_id
        edit = partial(book.edit_entries, role="estates", how="benchmark")
        times = [timed(partial(edit, [Edit(name, "notes", f"seen {number}")])) for number in range(REPEATS)]
        yield Row(f"{kind}: edit one device, and write its line", duration(median(times)))
        times = []
        for number in range(REPEATS):
            when = NOON + timedelta(hours=1 + number)
            found = (camera(each, ip=address(each), when=when, observations=10) for each in range(ONE_SITE))
            scan = report(*found, scan_id=f"counted-{number}", when=when, targets=("10.0.0.0/23",))
            times.append(timed(partial(book.record, scan, counted=True)))
        yield Row(f"{kind}: record a scan of {ONE_SITE} devices, and count all", duration(median(times)))


CASES = (Case("years", 3, measure_sqlite),) + (
    (Case("years-postgresql", 5, measure_postgresql, asked_for=True),) if pg_server.program("initdb") else ()
)
