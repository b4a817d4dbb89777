"""Every earlier register becomes one of today, whole or not at all, and what it held is still there."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sample_report import camera, report

from camscan.errors import RegisterError
from camscan.model import Coverage, Identification
from camscan.register import open_register, schema, sqlite
from camscan.register.codec import coverage_to_json, identification_to_json
from camscan.register.database import STEPS, revisions

NEWER = {"event", "tally", "people", "change", "site", "subnet"}
"""Tables that came after the first version, empty where an upgrade made them."""


def script() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(STEPS))
    config.set_main_option("path_separator", "os")
    return ScriptDirectory.from_config(config)


def at(path: Path, version: str) -> None:
    """Make a register of an earlier version, with a row in every table."""
    connection = sqlite.connect(path, readonly=False)
    sqlite.upgrade(connection, version)
    connection.close()
    connection.engine.dispose()
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("PRAGMA foreign_keys = ON")
        for table in schema.METADATA.sorted_tables:
            columns = [row[1:] for row in raw.execute(f"PRAGMA table_info({table.name})")]
            if not columns:  # a later step made it
                continue
            given = {name: _some(name, kind) for name, kind, required, _, key in columns if required or key}
            places = ", ".join("?" * len(given))
            raw.execute(f"INSERT INTO {table.name} ({', '.join(given)}) VALUES ({places})", list(given.values()))
        raw.commit()


def _some(name: str, kind: str) -> object:
    """A value that a column of any version takes, and that is read without complaint."""
    known = {
        "known": json.dumps({"identification": identification_to_json(Identification()), "open_ports": []}),
        "coverage": json.dumps(coverage_to_json(Coverage(0, 0, 0, 0, 0, 0))),
        "state": "{}",
        "targets": "[]",
        "completion": "complete",
        "confidence": "unknown",
        "outcome": "answered",
        "scan_id": "old",
        "record_type": "network",
        "presence": "seen",
        "entries": "{}",
        "counts": "{}",
        "cidr": "192.0.2.0/24",
    }
    if name in known:
        return known[name]
    if kind.startswith("VARCHAR(27"):
        return "2026-01-01T00:00:00.000000Z"
    if kind == "VARCHAR(3)":
        return "mac"
    return b"" if kind == "BLOB" else 1 if kind in {"INTEGER", "BOOLEAN", "FLOAT"} else "x"


def test_the_version_is_the_newest_step() -> None:
    assert script().get_current_head() == schema.VERSION
    assert revisions() == {step.revision for step in script().walk_revisions()}


def test_the_steps_lead_to_the_tables_of_the_program(tmp_path: Path) -> None:
    with open_register(tmp_path / "camscan.db") as book:
        context = MigrationContext.configure(book._connection, opts={"compare_type": True})
        differences = compare_metadata(context, schema.METADATA)
    assert differences == []


@pytest.mark.parametrize("version", sorted(revisions()))
def test_every_earlier_version_is_upgraded(tmp_path: Path, version: str) -> None:
    path = tmp_path / "camscan.db"
    at(path, version)
    with open_register(path) as book:
        sizes = book.sizes()
    assert {name for name, size in sizes.items() if size != 1} == (set() if version == schema.VERSION else NEWER)
    with open_register(path) as book:
        book.record(report(camera(1)))
        assert [scan.scan_id for scan in book.scans()] == ["old", "scan-1"]
        assert [row.asset_id for row in book.devices()][:1] == ["x"]
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(schema.VERSION,)]


@pytest.fixture
def tomorrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program one step further: a folder of steps that has today's and one that a test may write."""
    steps = tmp_path / "migrations"
    (steps / "versions").mkdir(parents=True)
    for file in (STEPS / "env.py", *(STEPS / "versions").glob("[0-9]*.py")):
        (steps / file.relative_to(STEPS)).write_bytes(file.read_bytes())
    monkeypatch.setattr("camscan.register.database.STEPS", steps)
    for module in ("database", "sqlite", "postgresql"):
        monkeypatch.setattr(f"camscan.register.{module}.VERSION", "9000")
    monkeypatch.setattr(sqlite.upgrade, "__defaults__", ("9000",))
    return steps / "versions" / "9000_next.py"


STEP = f"""
from alembic import op
import sqlalchemy as sa
revision = "9000"
down_revision = "{schema.VERSION}"
def upgrade():
    op.add_column("device", sa.Column("colour", sa.Text))
    with op.batch_alter_table("scan") as batch:
        batch.alter_column("pace", type_=sa.String(40))
    op.execute("UPDATE device SET colour = 'white'")
"""


def test_a_step_keeps_what_was_there(tmp_path: Path, tomorrow: Path) -> None:
    path = tmp_path / "camscan.db"
    at(path, schema.VERSION)
    tomorrow.write_text(STEP)
    with open_register(path) as book:
        book.record(report(camera(1)))
        assert len(book.devices()) == 2
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (9000,)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def test_a_step_that_fails_leaves_the_old_register_untouched(tmp_path: Path, tomorrow: Path) -> None:
    path = tmp_path / "camscan.db"
    at(path, schema.VERSION)
    tomorrow.write_text(STEP + "    op.execute('INSERT INTO nowhere VALUES (1)')\n")
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    with pytest.raises(RegisterError, match="no such table: nowhere"):
        open_register(path)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == before


def test_a_step_that_would_lose_a_reference_is_not_made(tmp_path: Path, tomorrow: Path) -> None:
    path = tmp_path / "camscan.db"
    at(path, schema.VERSION)
    tomorrow.write_text(STEP + "    op.execute('DELETE FROM fact')\n")
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    with pytest.raises(RegisterError, match="would lose references"):
        open_register(path)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == before


def test_a_reader_of_an_older_register_is_told_what_to_do(tmp_path: Path, tomorrow: Path) -> None:
    path = tmp_path / "camscan.db"
    at(path, schema.VERSION)
    tomorrow.write_text(STEP)
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    with pytest.raises(RegisterError, match="an older camscan wrote it; the next scan upgrades it"):
        open_register(path, readonly=True)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == before
