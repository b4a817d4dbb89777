"""Every earlier register becomes one of today, whole or not at all, and what it held is still there."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sample_report import camera, report
from sqlalchemy import Boolean, Connection, Float, Integer, LargeBinary, MetaData, String, inspect
from sqlalchemy import column as sql_column
from sqlalchemy import table as sql_table

from camscan.errors import BusyError, RegisterError
from camscan.model import Coverage, Identification
from camscan.register import open_register, schema
from camscan.register.backends import STEPS, Mode, built, known_revisions, postgresql, sqlite
from camscan.register.backends.lock import Lock
from camscan.register.codec import coverage_to_json, identification_to_json

EARLIEST = "0001"
PEOPLES = "0003"
NEWER = {"event", "tally", "people", "change", "site", "subnet"}
"""Tables that came with that version, empty where an upgrade made them."""


def script() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(STEPS))
    config.set_main_option("path_separator", "os")
    return ScriptDirectory.from_config(config)


def at(where: str | Path, version: str) -> None:
    """Make a register of an earlier version, with a row in every table."""
    with _tables(where, version) as connection:
        inspector = inspect(connection)
        for table in schema.METADATA.sorted_tables:
            if table in schema.READ_MODEL or not inspector.has_table(table.name):  # a later step made it
                continue
            columns = inspector.get_columns(table.name)
            keys = inspector.get_pk_constraint(table.name)["constrained_columns"]
            wanted = [each for each in columns if not each["nullable"] or each["name"] in keys]
            given = {each["name"]: _some(each["name"], each["type"]) for each in wanted}
            connection.execute(sql_table(table.name, *map(sql_column, given)).insert().values(given))
        connection.commit()


@contextmanager
def _tables(where: str | Path, version: str) -> Iterator[Connection]:
    """The tables of a version, made by the steps up to it, as the program of its time would have."""
    if "://" not in str(where):
        connection = built.connect_over(sqlite.connect_driver(Path(where), readonly=False))
        built.upgrade_tables(connection, version)
        yield connection
    else:
        kept = postgresql.PostgreSQL(str(where), Mode.RUN)
        kept.make_tables(version)
        connection = kept.connection
        yield connection
    connection.close()
    connection.engine.dispose()


def _some(name: str, kind: object) -> object:
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
    if isinstance(kind, String) and kind.length:
        return {27: "2026-01-01T00:00:00.000000Z", 3: "mac"}.get(kind.length, "x")
    if isinstance(kind, Boolean):
        return True
    return b"" if isinstance(kind, LargeBinary) else 1 if isinstance(kind, (Integer, Float)) else "x"


def test_the_version_is_the_newest_step() -> None:
    assert script().get_current_head() == schema.VERSION
    assert known_revisions() == {step.revision for step in script().walk_revisions()}


def test_the_steps_lead_to_the_tables_of_the_program(new_register_at: str) -> None:
    with _tables(new_register_at, EARLIEST):
        pass
    with open_register(new_register_at) as book:
        context = MigrationContext.configure(book._connection, opts={"compare_type": True})
        differences = compare_metadata(context, schema.METADATA)
    assert differences == []


def test_a_new_register_is_what_the_steps_make(new_register_at: str) -> None:
    with _tables(new_register_at, EARLIEST):
        pass
    with open_register(new_register_at) as book:
        stepped = _described(book._connection)
        every = MetaData()
        every.reflect(book._connection)
        every.drop_all(book._connection)
        book._connection.commit()
    with open_register(new_register_at) as book:
        assert _described(book._connection) == stepped


def _described(connection: Connection) -> dict[str, object]:
    """Everything that a database says of its tables, and which version they are said to be."""
    inspector = inspect(connection)
    found: dict[str, object] = {
        name: (
            sorted(
                (each["name"], str(each["type"]), each["nullable"], each.get("default"))
                for each in inspector.get_columns(name)
            ),
            inspector.get_pk_constraint(name),
            sorted(map(str, inspector.get_foreign_keys(name))),
            sorted(map(str, inspector.get_unique_constraints(name))),
            sorted(map(str, inspector.get_check_constraints(name))),
            sorted(map(str, inspector.get_indexes(name))),
        )
        for name in inspector.get_table_names()
    }
    found["version"] = connection.exec_driver_sql("SELECT version_num FROM alembic_version").all()
    connection.rollback()
    return found


@pytest.mark.parametrize("version", sorted(known_revisions()))
def test_every_earlier_version_is_upgraded(new_register_at: str, version: str) -> None:
    at(new_register_at, version)
    if version == schema.READABLE:
        with open_register(new_register_at, readonly=True) as book:
            assert [row.asset_id for row in book.devices()] == ["x"]
    elif version != schema.VERSION:
        with pytest.raises(RegisterError, match="an older camscan wrote it; the next scan upgrades it"):
            open_register(new_register_at, readonly=True)
    with open_register(new_register_at) as book:
        sizes = book.count_rows()
    assert {name for name, size in sizes.items() if size != 1} == (set() if version >= PEOPLES else NEWER)
    with open_register(new_register_at) as book:
        book.record(report(camera(1)))
        assert [scan.scan_id for scan in book.scans()] == ["old", "scan-1"]
        assert [row.asset_id for row in book.devices()][:1] == ["x"]
        current = MigrationContext.configure(book._connection).get_current_revision()
        book._connection.rollback()
        assert current == schema.VERSION
        assert [line for line in book.find_faults() if "names" in line] == []  # no reference was lost


def test_people_may_upgrade_it_too(new_register_at: str) -> None:
    at(new_register_at, "0002")
    with open_register(new_register_at, editing=True) as book, open_register(new_register_at):
        assert [row.asset_id for row in book.devices()] == ["x"]


def test_but_not_while_a_run_of_the_earlier_program_goes_on(new_register_at: str) -> None:
    at(new_register_at, "0002")
    with _held(new_register_at), pytest.raises(BusyError, match="another camscan run is writing to it"):
        open_register(new_register_at, editing=True)


@contextmanager
def _held(where: str) -> Iterator[None]:
    """By a run, whatever its version."""
    if "://" not in where:
        lock = Lock(Path(where))
        yield
        lock.release()
    else:
        kept = postgresql.PostgreSQL(where, Mode.RUN)
        kept.take_lock()
        yield
        kept.close()


@pytest.fixture
def tomorrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program one step further: a folder of steps that has today's and one that a test may write."""
    steps = tmp_path / "migrations"
    (steps / "versions").mkdir(parents=True)
    for file in (STEPS / "env.py", *(STEPS / "versions").glob("[0-9]*.py")):
        (steps / file.relative_to(STEPS)).write_bytes(file.read_bytes())
    monkeypatch.setattr("camscan.register.backends.STEPS", steps)
    for module in ("backends", "backends.sqlite", "backends.postgresql"):
        monkeypatch.setattr(f"camscan.register.{module}.VERSION", "9000")
    monkeypatch.setattr(built.upgrade_tables, "__defaults__", ("9000",))
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


def test_a_migration_keeps_the_rows(new_register_at: str, tomorrow: Path) -> None:
    at(new_register_at, schema.VERSION)
    tomorrow.write_text(STEP)
    with open_register(new_register_at) as book:
        book.record(report(camera(1)))
        assert len(book.devices()) == 2
        assert _version(new_register_at) == "9000"


def test_a_step_that_fails_leaves_the_old_register_untouched(new_register_at: str, tomorrow: Path) -> None:
    at(new_register_at, schema.VERSION)
    tomorrow.write_text(STEP + "    op.execute('INSERT INTO nowhere VALUES (1)')\n")
    before = _content(new_register_at)
    with pytest.raises(RegisterError, match=r'no such table: nowhere|relation "nowhere" does not exist'):
        open_register(new_register_at)
    assert _content(new_register_at) == before


def test_a_step_that_would_lose_a_reference_is_not_made(new_register_at: str, tomorrow: Path) -> None:
    at(new_register_at, schema.VERSION)
    tomorrow.write_text(STEP + "    op.execute('DELETE FROM fact')\n")
    before = _content(new_register_at)
    with pytest.raises(RegisterError, match=r"would lose references|violates foreign key constraint"):
        open_register(new_register_at)
    assert _content(new_register_at) == before


def test_a_reader_of_an_older_register_is_told_what_to_do(new_register_at: str, tomorrow: Path) -> None:
    at(new_register_at, schema.VERSION)
    tomorrow.write_text(STEP)
    before = _content(new_register_at)
    with pytest.raises(RegisterError, match="an older camscan wrote it; the next scan upgrades it"):
        open_register(new_register_at, readonly=True)
    assert _content(new_register_at) == before


def _content(where: str) -> object:
    """Of a file, every byte; of a server, every row and every column of every table."""
    if "://" not in where:
        return hashlib.sha256(Path(where).read_bytes()).hexdigest()
    names = [*schema.METADATA.tables, "alembic_version"]
    with psycopg.connect(where) as connection:
        return {name: connection.execute(f"SELECT * FROM {name}".encode()).fetchall() for name in names}


def _version(where: str) -> str:
    if "://" not in where:
        with closing(sqlite3.connect(where)) as raw:
            return str(raw.execute("PRAGMA user_version").fetchone()[0])
    with psycopg.connect(where) as connection:
        return str(connection.execute("SELECT version_num FROM alembic_version").fetchall()[0][0])
