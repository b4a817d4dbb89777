"""A register as an earlier camscan would have written it: the same rows in the tables of its time."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from camscan.register import schema
from camscan.register.backends import STEPS, built, sqlite

LOST = {"tally", "event", "listing", "overview", "touched"}
"""Tables that earlier versions did not have, and that hold no entries; listings are made again."""


def rewrite(path: Path, version: str) -> None:
    """Put what a register holds into the tables of ``version``. There must be no entries of people, who came later."""
    old = path.with_name(f"{path.name}.{version}")
    connection = built.connect_over(sqlite.connect_driver(old, readonly=False))
    built.upgrade_tables(connection, version)
    connection.close()
    connection.engine.dispose()
    with closing(sqlite3.connect(old)) as raw:
        raw.execute("ATTACH DATABASE ? AS present", [str(path)])
        for table in schema.METADATA.sorted_tables:
            then = [row[1:] for row in raw.execute(f"PRAGMA main.table_info({table.name})")]
            now = {row[1] for row in raw.execute(f"PRAGMA present.table_info({table.name})")}
            if not then:
                held = raw.execute(f"SELECT count(*) FROM present.{table.name}").fetchone()[0]
                assert not held or table.name in LOST, table.name
                continue
            shared = [name for name, *_ in then if name in now]
            lost = {name: b"" for name, kind, required, *_ in then if required and name not in now and kind == "BLOB"}
            names = ", ".join([*shared, *lost])
            given = ", ".join([*shared, *("x''" for _ in lost)])
            raw.execute(f"INSERT INTO main.{table.name} ({names}) SELECT {given} FROM present.{table.name}")
        raw.commit()
        raw.execute("DETACH DATABASE present")
        assert raw.execute("PRAGMA foreign_key_check").fetchall() == []
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    old.replace(path)


def one_step_further(monkeypatch: pytest.MonkeyPatch, folder: Path, step: str) -> None:
    """Make the program one version newer: with a step ``9000`` of the given text after today's."""
    home = STEPS
    steps = folder / "migrations"
    (steps / "versions").mkdir(parents=True)
    for file in (home / "env.py", *(home / "versions").glob("[0-9]*.py")):
        (steps / file.relative_to(home)).write_bytes(file.read_bytes())
    (steps / "versions" / "9000_next.py").write_text(step)
    monkeypatch.setattr("camscan.register.backends.STEPS", steps)
    for module in ("backends", "backends.sqlite", "backends.postgresql"):
        monkeypatch.setattr(f"camscan.register.{module}.VERSION", "9000")
    monkeypatch.setattr(built.upgrade_tables, "__defaults__", ("9000",))
