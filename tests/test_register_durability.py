"""kill -9 at every moment, a clock that is set back, two at once: the register is the old one or the new one.

Each victim is a process that kills itself before its n-th SQL statement or COMMIT (``killed.py``), or that is killed at
a moment by chance.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import killed
import pytest
from examples import tries
from sample_report import NOON, camera, report

from camscan.asset import Presence
from camscan.errors import RegisterError
from camscan.register import open_register
from camscan.register.backends import Mode, built, postgresql, sqlite
from camscan.register.schema import VERSION

HERE = Path(__file__).parent
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs fork and SIGKILL")


Kill = Callable[..., int]


@pytest.fixture(scope="module")
def kill() -> Iterator[Kill]:
    """How many victims there were; fails with what was wrong after one of them."""
    path = os.pathsep.join((str(HERE), str(HERE.parent)))
    killer = subprocess.Popen(
        [sys.executable, HERE / "killed.py"],
        env={**os.environ, "PYTHONPATH": path},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert killer.stdin
    assert killer.stdout
    words, answers = killer.stdin, killer.stdout

    def ask(where: str, action: str, how: str, number: int, backup: Path | None = None) -> int:
        print(json.dumps([where, action, how, number, str(backup)]), file=words, flush=True)
        answer: object = json.loads(answers.readline())
        assert isinstance(answer, int), answer
        return answer

    with killer:
        yield ask


@pytest.fixture
def register(register_at: str) -> str:
    """Where there is a register with something of everything."""
    killed.prepare(register_at, killed.FEW)
    return register_at


class TestKilled:
    @pytest.mark.parametrize(("action", "least"), [("record", 30), ("edit", 10), ("add", 10), ("merge", 20)])
    def test_at_every_statement(self, kill: Kill, register: str, action: str, least: int) -> None:
        stride = 4 if "://" in register else 2
        assert kill(register, action, "statements", stride) > least // stride
        with open_register(register) as book:  # and life goes on
            book.record(report(camera(1), scan_id="next"))
            assert book.find_faults() == []

    @pytest.mark.parametrize("action", ["record", "edit"])
    def test_at_any_time(self, kill: Kill, register: str, action: str) -> None:
        assert kill(register, action, "times", tries(30)) > 2

    def test_while_a_backup_is_written_the_older_one_stays(self, kill: Kill, tmp_path: Path) -> None:
        where, backup = str(tmp_path / "camscan.db"), tmp_path / "backup.db"
        with open_register(where) as book:
            book.write_backup(backup)  # of an empty register
            book.record(report(*(camera(number, observations=20) for number in range(400))))
        assert kill(where, "back_up", "times", 12, backup=backup) > 2
        with open_register(backup, readonly=True) as kept:
            assert len(kept.devices()) in {0, 400}
            assert kept.find_faults() == []

    def test_while_a_backup_is_restored(self, kill: Kill, register_at: str, tmp_path: Path) -> None:
        source, backup = tmp_path / "source.db", tmp_path / "backup.db"
        killed.prepare(str(source))
        with open_register(source, readonly=True) as book:
            book.write_backup(backup)
        open_register(register_at).close()
        assert kill(register_at, "restore", "statements", 5, backup=backup) > 5
        with open_register(register_at, readonly=True) as book, open_register(source, readonly=True) as old:
            assert killed.look(book) == killed.look(old)
            assert book.find_faults() == []

    def test_while_a_file_is_upgraded(self, tmp_path: Path) -> None:
        path = tmp_path / "camscan.db"
        connection = built.connect_over(sqlite.connect_driver(path, readonly=False))
        built.upgrade_tables(connection, "0001")
        connection.close()
        number = 1
        while killed.at_statement(killed.open_register_there, str(path), number):
            number += 3
            with closing(sqlite3.connect(path)) as raw:
                assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
                assert raw.execute("PRAGMA user_version").fetchone() == (1,)
                assert raw.execute("SELECT version_num FROM alembic_version").fetchall() == [("0001",)]
        assert number > 30
        with open_register(path, readonly=True) as book:
            assert book.find_faults() == []

    def test_while_a_register_on_a_server_is_upgraded(self, postgresql_at: str) -> None:
        old = postgresql.PostgreSQL(postgresql_at, Mode.RUN)
        old.make_tables("0001")
        old.close()
        number = 1
        while killed.at_statement(killed.open_register_there, postgresql_at, number):
            number += 4
            with pytest.raises(RegisterError, match="an older camscan wrote it"):
                open_register(postgresql_at, readonly=True)
        assert number > 30
        with open_register(postgresql_at, readonly=True) as book:
            assert book.find_faults() == []

    def test_while_it_is_made(self, new_register_at: str) -> None:
        number = 1
        while killed.at_statement(killed.open_register_there, new_register_at, number):
            number += 5
            with pytest.raises(RegisterError, match="there is no register"):
                open_register(new_register_at, readonly=True)
        assert number > 30
        assert killed.whole(new_register_at)


class TestClock:
    def test_set_back_loses_nothing(self, register_at: str) -> None:
        """What came last goes by the order of recording; the first and last sighting by what the clock said."""
        with open_register(register_at) as book:
            book.record(report(camera(1), camera(2), scan_id="1", when=NOON))
            earlier = NOON - timedelta(days=400)
            book.record(report(camera(1, when=earlier, firmware="V9"), scan_id="2", when=earlier))
            assert [scan.scan_id for scan in book.scans()] == ["1", "2"]
            one, two = book.devices()
            assert (one.last_scan, one.identification.firmware, one.sightings) == ("2", "V9", 2)
            assert (one.first_seen, one.last_seen) == (earlier, NOON + timedelta(seconds=2))
            assert (one.presence, two.presence) == (Presence.SEEN, Presence.MISSED)
            assert [seen.scan_id for seen in book.history(one.asset_id)] == ["1", "2"]
            assert {each.event.value for each in book.happenings("1")} == {"firmware_changed", "missed"}
            assert book.find_faults() == []

    def test_a_clock_in_the_far_past_or_future(self, register_at: str) -> None:
        with open_register(register_at) as book:
            for number, when in enumerate((NOON, NOON.replace(year=1970), NOON.replace(year=2106), NOON)):
                book.record(report(camera(1, when=when), scan_id=str(number), when=when))
            (row,) = book.devices()
            assert row.sightings == 4
            assert row.last_scan == "3"
            assert book.find_faults() == []


class TestUntouched:
    def test_a_newer_file_is_unchanged_byte_for_byte(self, tmp_path: Path) -> None:
        path = tmp_path / "camscan.db"
        killed.prepare(str(path))
        with closing(sqlite3.connect(path)) as raw:
            raw.execute("UPDATE alembic_version SET version_num = '9999'")
            raw.execute("PRAGMA user_version = 9999")
            raw.commit()
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        before = path.read_bytes()
        for how in ({"editing": True}, {"editing": True, "create": False}, {"readonly": True}, {}):
            with pytest.raises(RegisterError, match=rf"version 9999; this one reads up to {VERSION}"):
                open_register(path, **how)
        assert path.read_bytes() == before
