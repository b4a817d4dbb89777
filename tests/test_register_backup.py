"""Backups are registers; they come back whole, into a file and onto a server; check finds what is wrong."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import killed
import made_once
import psycopg
import pytest
from command_line import Camscan, contents
from sample_report import HOSTILE, NOON, camera, report

from camscan.errors import BusyError, OutputError, RegisterError, UsageError
from camscan.register import Edit, Register, open_register, schema
from camscan.register.backends import built, sqlite


@pytest.fixture
def filled(register_at: str) -> str:
    """A register with something of everything, and hostile text."""
    if "://" in register_at:
        fill(register_at)
    else:
        made_once.put(filled_file, Path(register_at).parent)
    return register_at


def filled_file(folder: Path) -> None:
    fill(str(folder / "camscan.db"))


def fill(where: str) -> None:
    killed.prepare(where)
    with open_register(where) as book:
        when = NOON + timedelta(days=3)
        book.record(report(camera(3, when=when, model=HOSTILE, brand="a\x00b\ud800"), scan_id="hostile", when=when))
        names = [row.asset_id for row in book.devices()]
        book.merge_devices(names[4], names[5], role="estates")


def everything(book: Register) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table, decoded; without the counts, which are made from the others."""
    with book._reading_built() as connection:
        return {
            name: sorted(map(tuple, connection.execute(table.select()).all()), key=repr)
            for name, table in schema.METADATA.tables.items()
            if name != schema.overview.name
        }


def run(where: str, statement: str) -> None:
    """Something that camscan would never do."""
    if "://" in where:
        with psycopg.connect(where) as connection:
            connection.execute(statement.encode())
    else:
        with closing(sqlite3.connect(where)) as raw:
            raw.execute(statement)
            raw.commit()


@pytest.fixture
def elsewhere(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Another empty place."""
    if request.param == "sqlite":
        yield str(tmp_path / "other.db")
    else:
        yield request.getfixturevalue("postgresql_server").place()


class TestBackup:
    def test_is_a_register_with_all_that_was_there(self, filled: str, tmp_path: Path) -> None:
        target = tmp_path / "backup.db"
        with open_register(filled, readonly=True) as book:
            assert book.write_backup(target) == target.stat().st_size
            before = everything(book)
        with open_register(target, readonly=True) as kept:
            assert everything(kept) == before
            assert kept.find_faults() == []
        assert [each.name for each in tmp_path.glob("*backup*")] == ["backup.db"]

    @pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
    def test_only_its_owner_may_read_it(self, filled: str, tmp_path: Path) -> None:
        with open_register(filled, readonly=True) as book:
            book.write_backup(tmp_path / "backup.db")
        assert stat.S_IMODE((tmp_path / "backup.db").stat().st_mode) == 0o600

    def test_is_written_over_nothing_unless_that_is_reported(self, filled: str, tmp_path: Path) -> None:
        target = tmp_path / "letter.odt"
        target.write_bytes(b"important")
        with open_register(filled, readonly=True) as book:
            with pytest.raises(UsageError, match=r"exists already; name another file, or add --force"):
                book.write_backup(target)
            assert target.read_bytes() == b"important"
            book.write_backup(target, force=True)
        with open_register(target, readonly=True) as kept:
            assert kept.scans()

    def test_never_over_the_register_itself(self, tmp_path: Path) -> None:
        path = tmp_path / "camscan.db"
        killed.prepare(str(path))
        (tmp_path / "link.db").symlink_to(path)
        with open_register(path, readonly=True) as book:
            for target in (path, tmp_path / "link.db"):
                with pytest.raises(UsageError, match="is the register itself"):
                    book.write_backup(target, force=True)
            assert book.find_faults() == []

    def test_while_a_scan_is_recorded_it_holds_one_state(self, filled: str, tmp_path: Path) -> None:
        done = threading.Event()

        def record() -> None:
            with open_register(filled) as scan:
                number = 0
                while not done.is_set():
                    number += 1
                    scan.record(report(*map(camera, range(50)), scan_id=f"busy-{number}"))

        writer = threading.Thread(target=record)
        writer.start()
        try:
            with open_register(filled, readonly=True) as book:
                for number in range(4):
                    book.write_backup(tmp_path / f"{number}.db")
        finally:
            done.set()
            writer.join()
        for number in range(4):
            with open_register(tmp_path / f"{number}.db", readonly=True) as kept:
                assert kept.find_faults() == []

    def test_a_directory_that_is_missing(self, filled: str, tmp_path: Path) -> None:
        target = tmp_path / "nowhere" / "backup.db"
        with (
            open_register(filled, readonly=True) as book,
            pytest.raises(OutputError, match="cannot be written: No such"),
        ):
            book.write_backup(target)

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a limit on the size of files")
    def test_a_disk_that_is_full(self, filled: str, tmp_path: Path) -> None:
        target = tmp_path / "backup.db"
        target.write_bytes(b"the one of last week")
        code = """
        import resource, signal, sys
        from pathlib import Path
        from camscan.register import open_register
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        with open_register(sys.argv[1], readonly=True) as book:
            resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))
            try:
                book.write_backup(Path(sys.argv[2]), force=True)
            except Exception as error:
                print(type(error).__name__, error)
        """
        program = "\n".join(line.strip() if line.startswith("        from") else line[8:] for line in code.splitlines())
        done = subprocess.run(
            [sys.executable, "-c", program, filled, str(target)],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        )
        assert done.stdout.startswith(f"OutputError {target}: the disk"), done.stderr
        assert done.stdout.count("\n") == 1
        assert target.read_bytes() == b"the one of last week"
        assert list(tmp_path.glob(".backup*")) == []

    def test_of_a_damaged_register_says_so(self, tmp_path: Path) -> None:
        path, target = tmp_path / "camscan.db", tmp_path / "backup.db"
        killed.prepare(str(path))
        content = bytearray(path.read_bytes())
        content[5 * 4096 : 6 * 4096] = b"\xff" * 4096
        path.write_bytes(content)
        with (
            open_register(path, readonly=True) as book,
            pytest.raises(OutputError, match=r"the copy is not sound|is damaged"),
        ):
            book.write_backup(target)
        assert not target.exists()


class TestRestore:
    @pytest.mark.parametrize("elsewhere", ["sqlite", "postgresql"], indirect=True)
    def test_from_anywhere_to_anywhere(self, filled: str, elsewhere: str, tmp_path: Path) -> None:
        with open_register(filled, readonly=True) as book:
            book.write_backup(tmp_path / "backup.db")
            before = everything(book)
        with open_register(elsewhere) as fresh:
            fresh.restore_backup(tmp_path / "backup.db")
            assert everything(fresh) == before
            assert fresh.find_faults() == []
            fresh.record(report(camera(1), camera(99), scan_id="after"))
            row = fresh.find_devices(camera(1).identification.serial or "")[0]
            fresh.edit_entries([Edit(row.asset_id, "location_detail", "attic")], role="estates", how="set")
            assert row.asset_id in {each[1] for each in before["device"]}
            assert fresh.find_faults() == []

    def test_never_into_a_register_that_holds_anything(self, filled: str, tmp_path: Path) -> None:
        with open_register(filled) as book:
            book.write_backup(tmp_path / "backup.db")
            before = everything(book)
            with pytest.raises(RegisterError, match="already holds a register; name a new file or an empty database"):
                book.restore_backup(tmp_path / "backup.db")
            assert everything(book) == before

    def test_of_an_earlier_version(self, register_at: str, tmp_path: Path) -> None:
        old = tmp_path / "old.db"
        connection = built.connect_over(sqlite.connect_driver(old, readonly=False))
        built.upgrade_tables(connection, "0001")
        connection.close()
        connection.engine.dispose()
        content = old.read_bytes()
        with open_register(register_at) as book:
            book.restore_backup(old)
            assert book.find_faults() == []
        assert old.read_bytes() == content

    @pytest.mark.parametrize(
        ("content", "says"),
        [(b"name,ip\n" * 99, "it is not a register"), (b"", "there is no register in it")],
    )
    def test_of_something_else(self, register_at: str, tmp_path: Path, content: bytes, says: str) -> None:
        (tmp_path / "letter.odt").write_bytes(content)
        with open_register(register_at) as book, pytest.raises(RegisterError, match=f"letter.odt: {says}"):
            book.restore_backup(tmp_path / "letter.odt")

    def test_of_a_newer_one(self, register_at: str, tmp_path: Path) -> None:
        killed.prepare(str(tmp_path / "new.db"))
        run(str(tmp_path / "new.db"), "UPDATE alembic_version SET version_num = '9999'")
        with (
            open_register(register_at) as book,
            pytest.raises(RegisterError, match=r"new.db: a newer camscan wrote it"),
        ):
            book.restore_backup(tmp_path / "new.db")


class TestNothingIsLeft:
    """A backup that cannot be used leaves all as it was: no empty register that the next scan would fill."""

    @pytest.mark.parametrize("content", [b"name,ip\n" * 99, b"", b"SQLite format 3\x00" + b"\xff" * 4096])
    def test_of_what_is_not_a_backup(self, camscan: Camscan, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "bad.db").write_bytes(content)
        before = contents(tmp_path)
        code, _, err = camscan("register", "restore", str(tmp_path / "bad.db"), "--register", str(tmp_path / "new.db"))
        assert (code, err.count("\n")) == (1, 1)
        assert {name for name in contents(tmp_path) if not name.endswith(".lock")} == {*before}

    def test_of_one_that_is_damaged_inside(self, camscan: Camscan, tmp_path: Path) -> None:
        bad = tmp_path / "bad.db"
        killed.prepare(str(bad))
        content = bytearray(bad.read_bytes())
        for page in range(3, len(content) // 4096, 2):
            content[page * 4096 : (page + 1) * 4096] = b"\xff" * 4096
        bad.write_bytes(content)
        code, _, err = camscan("register", "restore", str(bad), "--register", str(tmp_path / "new.db"))
        assert (code, err.count("\n")) == (1, 1)
        assert not (tmp_path / "new.db").exists()


class TestCheck:
    def test_a_sound_one(self, filled: str) -> None:
        with open_register(filled, readonly=True) as book:
            assert book.find_faults() == []

    @pytest.mark.parametrize(
        ("statement", "says"),
        [
            ("UPDATE device SET known = '{' WHERE id = 1", "device 1: known cannot be read"),
            (
                "UPDATE device SET known = '{}' WHERE id = 1",
                "device 1: known cannot be read (KeyError: 'identification')",
            ),
            ("UPDATE device SET first_seen = 'yesterday' WHERE id = 2", "device 2: first_seen cannot be read"),
            ("UPDATE scan SET coverage = '[]' WHERE id = 1", "scan 1: coverage cannot be read"),
            ("UPDATE people SET entries = 'x' WHERE device_id = 1", "people 1: entries cannot be read"),
            ("UPDATE device SET sightings = 9 WHERE id = 1", "should have 9 sightings, but 2 are stored"),
            (
                "UPDATE scan SET devices = 9 WHERE scan_id = '1'",
                "scan 1: should have found 9 devices, but 41 sightings",
            ),
            ("UPDATE fact SET value = 'other' WHERE id = 1", "fact 1 has changed since it was stored"),
            ("DELETE FROM change WHERE device_id = 1", "the log does not say who entered it"),
        ],
    )
    def test_what_is_wrong(self, filled: str, statement: str, says: str) -> None:
        run(filled, statement)
        with open_register(filled, readonly=True) as book:
            findings = book.find_faults()
        assert (says in " ".join(findings)) if says else findings == []
        assert len(findings) == bool(says)

    DAMAGE = ("{", "[]", "5", "[" * 5000, "\x1a\\x")
    PLACES = (
        *("device.known", "device.first_seen", "device.record_type", "device.presence", "device.site"),
        *("device_state.state", "people.entries", "scan.coverage", "scan.targets"),
        *("scan.started_at", "scan.completion"),
    )

    @pytest.mark.slow
    def test_whatever_is_damaged_is_one_line_for_every_reader(self, tmp_path: Path) -> None:
        """Nothing that is read ends in anything but an answer, or one line that says where the damage is."""
        where = tmp_path / "camscan.db"
        with open_register(where) as book:
            book.record(report(camera(1), camera(2)))
            asset_id = book.devices()[0].asset_id
            book.edit_entries([Edit(asset_id, "location_detail", "roof")], role="r", how="test")
        told: dict[str, set[str]] = {}
        for place in self.PLACES:
            table, _, name = place.partition(".")
            with closing(sqlite3.connect(where)) as raw:
                (number, before) = raw.execute(f"SELECT rowid, {name} FROM {table} LIMIT 1").fetchone()
                for value in self.DAMAGE:
                    raw.execute(f"UPDATE {table} SET {name} = ? WHERE rowid = ?", (value, number))
                    raw.commit()
                    told.setdefault(place, set()).update(self.complaints(where, asset_id))
                raw.execute(f"UPDATE {table} SET {name} = ? WHERE rowid = ?", (before, number))
                raw.commit()
        for place, lines in told.items():
            table, _, name = place.partition(".")
            assert lines, place
            assert all(f"it is damaged: {table} 1: {name} cannot be read" in line for line in lines)
            assert all(line.endswith("brings a backup back") for line in lines)
            assert all("\n" not in line and len(line) < 600 for line in lines)

    @staticmethod
    def complaints(where: Path, asset_id: str) -> set[str]:
        found = set()
        with open_register(where, readonly=True) as book:
            readers = (book.devices, book.scans, book.conflicts, book.happenings, book.find_faults)
            for read in (*readers, lambda: book.history(asset_id), lambda: book.evidence(asset_id)):
                try:
                    read()
                except RegisterError as error:
                    found.add(str(error))
        return found

    def test_show_says_what_is_damaged(self, filled: str, camscan: Camscan) -> None:
        run(filled, "UPDATE device SET known = '{' WHERE id = 1")
        code, out, err = camscan("show", "--register", filled)
        assert code == 1
        assert err.startswith("camscan: ")
        assert "1 row is damaged and not listed: " in err
        assert "device 1: known cannot be read" in err
        assert err.count("\n") == 1
        assert "192.0.2.3" in out.split(), "the others are listed"

    def test_an_entry_that_the_log_does_not_explain(self, filled: str) -> None:
        run(filled, 'UPDATE people SET entries = \'{"location_detail":"bridge"}\' WHERE device_id = 2')
        with open_register(filled, readonly=True) as book:
            (finding,) = book.find_faults()
        assert "location_detail is 'bridge'; according to the log it was last set to 'roof'" in finding

    def test_a_reply_that_is_damaged(self, filled: str) -> None:
        run(filled, "UPDATE payload SET content = digest")
        with open_register(filled, readonly=True) as book:
            assert book.find_faults() == ["payload 1 has changed since it was stored"]

    def test_references_that_lead_nowhere(self, tmp_path: Path) -> None:
        """A server does not let that happen; a file that another program wrote to may."""
        path = str(tmp_path / "camscan.db")
        killed.prepare(path)
        run(path, "UPDATE observation SET fact_id = 99999 WHERE id < 40")
        with open_register(path, readonly=True) as book:
            assert book.find_faults() == ["observation.fact_id names fact 99999, which does not exist"]

    def test_many_findings_are_summed_up(self, tmp_path: Path) -> None:
        path = str(tmp_path / "camscan.db")
        killed.prepare(path)
        run(path, "UPDATE device SET sightings = 9")
        with open_register(path, readonly=True) as book:
            findings = book.find_faults()
        assert len(findings) == 11
        assert findings[-1] == "… and 32 more like the last"

    def test_a_damaged_file(self, tmp_path: Path) -> None:
        path = tmp_path / "camscan.db"
        killed.prepare(str(path))
        content = bytearray(path.read_bytes())
        content[-4096:] = b"\xff" * 4096
        path.write_bytes(content)
        with open_register(path, readonly=True) as book:
            try:
                said = " ".join(book.find_faults())
            except RegisterError as error:  # too badly for a list of what is wrong
                said = str(error)
        assert "it is damaged; restore it from a backup" in said or "page" in said


class TestVacuum:
    def test_gives_room_back_and_keeps_everything(self, filled: str) -> None:
        run(filled, "DELETE FROM attempt")
        with open_register(filled) as book:
            before = everything(book)
            large, small = book.vacuum()
            assert 0 < small < large
            assert everything(book) == before
            assert book.find_faults() == []

    def test_not_while_a_scan_is_running(self, filled: str) -> None:
        with open_register(filled), pytest.raises(BusyError):
            open_register(filled, create=False)
        with open_register(filled, editing=True) as book, pytest.raises(RegisterError, match="not opened for a run"):
            book.vacuum()


class TestCommands:
    """As a person calls them."""

    def test_a_change_that_was_reversed(self, camscan: Camscan, filled: str, tmp_path: Path) -> None:
        backup, fresh = str(tmp_path / "backup.db"), str(tmp_path / "fresh.db")
        code, said, _ = camscan("register", "backup", backup, "--register", filled)
        assert code == 0
        assert said.startswith(f"{filled} is backed up in {backup} (")
        assert camscan("register", "backup", backup, "--register", filled)[0] == 2
        told = camscan("register", "restore", backup, "--register", fresh)
        assert told == (0, f"{fresh} was restored from {backup}: 42 devices, 3 scans\n", "")
        told = camscan("register", "check", "--register", fresh)
        assert told == (0, f"{fresh} has no faults: 42 devices, 3 scans\n", "")
        assert camscan("register", "vacuum", "--register", fresh)[0] == 0
        assert camscan("register", "restore", backup, "--register", fresh)[0] == 1
        run(fresh, "UPDATE device SET sightings = 9 WHERE id = 1")
        code, said, _ = camscan("register", "check", "--register", fresh)
        assert (code, said.count("\n")) == (1, 1)

    def test_everything_else_works_on_a_server_too(self, camscan: Camscan, postgresql_at: str) -> None:
        killed.prepare(postgresql_at)
        code, said, _ = camscan("show", "--register", postgresql_at)
        assert (code, said.count("  Hikvision  ")) == (0, killed.DEVICES)
        code, said, _ = camscan("show", "192.0.2.7", "--evidence", "--register", postgresql_at)
        assert code == 0
        assert "sadp.serial = DS-2CD2385G1-I20190701AAWR000000006" in said
        code, said, _ = camscan("diff", "--register", postgresql_at)
        assert code == 1
        code, said, _ = camscan(
            "set", "192.0.2.7", "location_detail=crypt", "--role", "estates", "--register", postgresql_at
        )
        assert code == 0, said
        code, said, _ = camscan("register", "log", "--register", postgresql_at)
        assert "crypt" in said


@pytest.mark.skipif(not shutil.which("sqlite3"), reason="the sqlite3 program is not here")
def test_any_sqlite_program_reads_a_backup(filled: str, tmp_path: Path) -> None:
    with open_register(filled, readonly=True) as book:
        book.write_backup(tmp_path / "backup.db")
    count = ["sqlite3", str(tmp_path / "backup.db"), "SELECT count(*) FROM scan"]
    assert subprocess.run(count, capture_output=True, text=True, check=True).stdout == "3\n"
