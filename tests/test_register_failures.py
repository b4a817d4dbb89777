"""What goes wrong with a register is one clear line, and the old register is as it was, byte for byte."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sample_report import camera, report

from camscan import system
from camscan.asset import Change
from camscan.errors import BusyError, CamscanError, RegisterError
from camscan.register import Edit, open_register
from camscan.register.schema import APPLICATION_ID, VERSION

ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
POSIX_ONLY = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals, limits or permissions")


@pytest.fixture
def register(tmp_path: Path) -> Path:
    """A register with one scan of three cameras, closed."""
    path = tmp_path / "state" / "camscan.db"
    path.parent.mkdir()
    with open_register(path) as book:
        book.record(report(*map(camera, range(3)), scan_id="old"))
    return path


def fingerprint(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@contextmanager
def untouched(path: Path) -> Iterator[None]:
    before = fingerprint(path)
    yield
    assert fingerprint(path) == before


@contextmanager
def refused(path: Path, says: str, kind: type[CamscanError] = RegisterError) -> Iterator[None]:
    with pytest.raises(kind, match=re.escape(says)) as caught:
        yield
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def whole(path: Path, *scans: str) -> None:
    """Assert that the register is sound and holds exactly these scans with all that belongs to them."""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    with open_register(path, readonly=True) as book:
        assert tuple(scan.scan_id for scan in book.scans()) == scans
        assert sum(row.sightings for row in book.devices()) == sum(scan.devices for scan in book.scans())


BIG = "report(*(camera(n, observations=10) for n in range(1000)), scan_id='new')"


def python(code: str, *arguments: object) -> subprocess.Popen[str]:
    """A program with the sample reports at hand."""
    head = "import sys; from sample_report import *; from camscan.register import open_register\n"
    folder = Path(__file__).parent
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(folder), str(folder.parent)))}
    return subprocess.Popen(
        [sys.executable, "-c", head + textwrap.dedent(code), *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )


class TestOpening:
    def test_a_directory_that_is_missing(self, tmp_path: Path) -> None:
        path = tmp_path / "missing" / "camscan.db"
        for readonly in (False, True):
            with refused(path, f"the folder {path.parent} does not exist; create it first"):
                open_register(path, readonly=readonly)

    def test_a_directory_in_place_of_a_file(self, tmp_path: Path) -> None:
        with refused(tmp_path, "it is a folder; name a file in it"):
            open_register(tmp_path)

    @pytest.mark.parametrize("content", [b"x", b"ip,mac\n" * 50, b"SQLite format 3\x00", os.urandom(5000)])
    def test_a_file_that_is_not_a_database(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "devices.csv"
        path.write_bytes(content)
        for readonly in (False, True):
            with untouched(path), refused(path, "it is not a register; name another file with --register"):
                open_register(path, readonly=readonly)

    def test_the_database_of_another_program(self, tmp_path: Path) -> None:
        path = tmp_path / "places.sqlite"
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("CREATE TABLE bookmarks (id)")
        for readonly in (False, True):
            with untouched(path), refused(path, "another program's database"):
                open_register(path, readonly=readonly)
        assert [each.name for each in tmp_path.iterdir()] == ["places.sqlite"]

    def test_a_register_that_is_damaged(self, register: Path) -> None:
        content = bytearray(register.read_bytes())
        content[4096:] = b"\xff" * (len(content) - 4096)
        register.write_bytes(content)
        with untouched(register), refused(register, "it is damaged; restore it from a backup"):
            open_register(register).record(report(camera(1)))

    def test_a_reader_finds_no_register(self, tmp_path: Path) -> None:
        path = tmp_path / "camscan.db"
        with refused(path, "there is no register; run a scan first"):
            open_register(path, readonly=True)
        assert list(tmp_path.iterdir()) == []

    def test_an_empty_file_becomes_a_register(self, tmp_path: Path) -> None:
        path = tmp_path / "camscan.db"
        path.touch()
        with open_register(path) as book:
            assert book.scans() == []

    @pytest.mark.parametrize("path", ["mysql://me:secret@db/camscan", Path("oracle://me:secret@db/camscan")])
    def test_another_kind_of_server(self, path: str | Path) -> None:
        with pytest.raises(RegisterError, match=r"^[a-z]+://me:\*\*\*@db/camscan: is not a register; name a file"):
            open_register(path)

    def test_a_reader_cannot_record(self, register: Path) -> None:
        with (
            untouched(register),
            open_register(register, readonly=True) as book,
            refused(register, "opened for reading only"),
        ):
            book.record(report(camera(9)))

    def test_reading_changes_nothing(self, register: Path) -> None:
        names = {each.name for each in register.parent.iterdir()}
        with untouched(register), open_register(register, readonly=True) as book:
            assert len(book.devices()) == 3
        assert {each.name for each in register.parent.iterdir()} == names


class TestNewer:
    def test_a_newer_register_is_refused_untouched(self, register: Path) -> None:
        with closing(sqlite3.connect(register)) as connection:
            connection.execute("UPDATE alembic_version SET version_num = '9999'")
            connection.execute("PRAGMA user_version = 9999")
            connection.commit()
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        names = {each.name for each in register.parent.iterdir()}
        for readonly in (False, True):
            with (
                untouched(register),
                refused(register, f"(version 9999; this one reads up to {VERSION}); upgrade camscan"),
            ):
                open_register(register, readonly=readonly)
        assert {each.name for each in register.parent.iterdir()} == names

    def test_a_fault_that_only_the_log_shows_is_found(self, register: Path) -> None:
        """The newer program crashed before its log was folded into the file."""
        shutil.copytree(register.parent, register.parent.with_name("copy"))
        copy = register.parent.with_name("copy") / register.name
        with closing(sqlite3.connect(copy)) as connection:
            connection.execute("PRAGMA wal_autocheckpoint = 0")
            connection.execute("UPDATE alembic_version SET version_num = '9999'")
            connection.commit()
            for suffix in ("", "-wal"):
                shutil.copyfile(f"{copy}{suffix}", f"{register}{suffix}")
        for readonly in (False, True):
            with refused(register, "(version 9999"):
                open_register(register, readonly=readonly)


class TestPermissions:
    @POSIX_ONLY
    @pytest.mark.skipif(ROOT, reason="root may write anywhere")
    def test_a_read_only_file(self, register: Path) -> None:
        register.chmod(0o400)
        with untouched(register), refused(register, "it is read-only"):
            open_register(register).record(report(camera(9)))

    @POSIX_ONLY
    @pytest.mark.skipif(ROOT, reason="root may write anywhere")
    def test_a_read_only_directory_can_be_read(self, register: Path) -> None:
        (register.parent / "camscan.db.lock").unlink()
        register.parent.chmod(0o500)
        try:
            with untouched(register), open_register(register, readonly=True) as book:
                assert len(book.devices()) == 3
            with untouched(register), refused(register, "the lock file beside it cannot be opened: Permission denied"):
                open_register(register)
        finally:
            register.parent.chmod(0o700)

    @POSIX_ONLY
    @pytest.mark.skipif(not ROOT, reason="needs root to become somebody else")
    @pytest.mark.parametrize(
        ("file_mode", "directory_mode", "says"),
        [
            (0o444, 0o777, "it is read-only"),
            (0o444, 0o555, "the lock file beside it cannot be opened: Permission denied"),
        ],
    )
    def test_as_an_ordinary_user(self, register: Path, file_mode: int, directory_mode: int, says: str) -> None:
        (register.parent / "camscan.db.lock").unlink()
        register.chmod(file_mode)
        register.parent.chmod(directory_mode)
        for parent in list(register.parents)[1:-1]:
            parent.chmod(parent.stat().st_mode | 0o055)
        code = """
        import os
        import camscan.register.store, camscan.register.record  # as root, who may read the program
        import alembic.command, encodings.utf_8_sig
        os.setgid(65534); os.setuid(65534)
        with open_register(sys.argv[1], readonly=True) as book:
            assert len(book.devices()) == 3
        try:
            open_register(sys.argv[1]).record(report(camera(9)))
        except Exception as error:
            print(type(error).__name__, error)
        """
        with untouched(register):
            out, err = python(code, register).communicate(timeout=60)
        assert out.startswith(f"RegisterError {register}: "), err
        assert says in out


class TestFullDisk:
    """Each way in which a disk can be full, and after it the register opens and records again."""

    def test_the_database_may_grow_no_more(self, register: Path) -> None:
        before = fingerprint(register)
        with open_register(register) as book:
            pages = book._connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            book._connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 2}")
            book._connection.rollback()
            with refused(register, "the disk is full; free some space and run again. Nothing of this run was recorded"):
                book.record(report(*map(camera, range(500)), scan_id="new"))
        assert fingerprint(register) == before
        whole(register, "old")

    @POSIX_ONLY
    def test_files_may_grow_no_more(self, register: Path) -> None:
        code = f"""
        import resource, signal, os
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        with open_register(sys.argv[1]) as book:
            limit = os.path.getsize(sys.argv[1]) + 50_000
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
            try:
                book.record({BIG})
            except Exception as error:
                print(type(error).__name__, error)
        """
        with untouched(register):
            out, err = python(code, register).communicate(timeout=60)
        assert out.startswith(f"RegisterError {register}: the disk"), err
        assert out.count("\n") == 1
        whole(register, "old")

    @POSIX_ONLY
    @pytest.mark.skipif(not ROOT or not shutil.which("unshare"), reason="needs root to mount a small disk")
    @pytest.mark.parametrize("existing", [True, False])
    def test_a_small_disk(self, tmp_path: Path, existing: bool) -> None:
        """A tmpfs of 1 MB, mounted in a namespace of its own."""
        code = f"""
        import os, hashlib
        here = sys.argv[1]
        path = os.path.join(here, "camscan.db")
        digest = lambda: hashlib.sha256(open(path, "rb").read()).hexdigest()
        if {existing}:
            with open_register(path) as book:
                book.record(report(camera(1), scan_id="old"))
            before = digest()
        else:
            open(os.path.join(here, "other"), "wb").write(bytes(1024 * 1024 - 20480))
        try:
            with open_register(path) as book:
                book.record({BIG})
        except Exception as error:
            print(type(error).__name__, error)
        if {existing}:
            assert digest() == before
            with open_register(path) as book:
                book.record(report(camera(2), scan_id="after"))
                print([scan.scan_id for scan in book.scans()])
        else:
            print(sorted(os.listdir(here)))
        """
        script = tmp_path / "program.py"
        head = "import sys; from sample_report import *; from camscan.register import open_register\n"
        script.write_text(head + textwrap.dedent(code))
        disk = tmp_path / "disk"
        disk.mkdir()
        folder = Path(__file__).parent
        shell = f'mount -t tmpfs -o size=1m none "{disk}" && exec "{sys.executable}" "{script}" "{disk}"'
        done = subprocess.run(
            ["unshare", "--mount", "sh", "-c", shell],
            env={**os.environ, "PYTHONPATH": os.pathsep.join((str(folder), str(folder.parent)))},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if "mount" in done.stderr and not done.stdout:
            pytest.skip(f"no mount here: {done.stderr.strip()}")
        first, second = done.stdout.splitlines()
        assert first.startswith(f"RegisterError {disk}/camscan.db: the disk"), done.stderr
        assert second == ("['old', 'after']" if existing else "['camscan.db.lock', 'other']"), done.stderr


@contextmanager
def tried(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Each attempt to take the lock beside a register, and each wait."""
    found: list[str] = []
    take = system.take_lock

    def taking(descriptor: int) -> bool:
        found.append("lock")
        return take(descriptor)  # a lock that waits would wait here for ever

    monkeypatch.setattr(system, "take_lock", taking)
    monkeypatch.setattr(time, "sleep", lambda _seconds: found.append("wait"))
    yield found


def _edit(path: Path, name: str) -> list[Change]:
    with open_register(path, editing=True) as book:
        return book.edit_entries([Edit(name, "location_detail", "roof")], role="estates", how="set")


class TestTwoAtOnce:
    def test_a_second_run_is_reported_at_once(self, register: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        with open_register(register) as book:
            busy = refused(register, "another camscan run is writing to it; wait until it has ended", BusyError)
            with monkeypatch.context() as patched, tried(patched) as tries, busy:
                open_register(register)
            assert tries == ["lock"]  # once, and never waited
            book.record(report(camera(9), scan_id="new"))
        whole(register, "old", "new")
        open_register(register).close()

    def test_people_edit_while_a_scan_is_running(self, register: Path) -> None:
        with open_register(register) as scan:
            with open_register(register, editing=True) as book, open_register(register, editing=True) as other:
                for each, name in zip((book, other), [row.asset_id for row in book.devices()], strict=False):
                    each.edit_entries([Edit(name, "location_detail", "roof")], role="estates", how="set")
            scan.record(report(camera(9), scan_id="new"))
            assert sum(row.entry("location_detail") == "roof" for row in scan.devices()) == 2
        whole(register, "old", "new")

    def test_an_edit_waits_for_a_scan_that_is_being_recorded(self, register: Path) -> None:
        with (
            open_register(register) as scan,
            open_register(register, editing=True) as book,
            ThreadPoolExecutor() as pool,
        ):
            name = book.devices()[0].asset_id
            with scan._writing():
                waiting = pool.submit(_edit, register, name)
                time.sleep(0.3)
                assert not waiting.done()
                assert len(book.devices()) == 3  # reading waits for nobody
            assert len(waiting.result(timeout=60)) == 1

    def test_people_do_not_make_a_register_by_a_slip_of_the_pen(self, tmp_path: Path) -> None:
        path = tmp_path / "camscan.bd"
        with refused(path, "there is no register; run a scan first, or name another file with --register"):
            open_register(path, editing=True, create=False)
        assert list(tmp_path.iterdir()) == []

    def test_but_may_begin_one(self, tmp_path: Path) -> None:
        path = tmp_path / "camscan.db"
        with open_register(path, editing=True) as book, open_register(path) as scan:
            scan.record(report(camera(1)))
            assert len(book.devices()) == 1

    def test_its_exit_code_is_4(self) -> None:
        assert BusyError.exit_code == 4

    def test_readers_need_no_lock(self, register: Path) -> None:
        with open_register(register), open_register(register, readonly=True) as book:
            assert len(book.devices()) == 3

    @POSIX_ONLY
    def test_a_run_that_was_killed_holds_nothing(self, register: Path) -> None:
        holder = python("book = open_register(sys.argv[1]); print('open', flush=True); sys.stdin.read()", register)
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        with refused(register, "another camscan run", BusyError):
            open_register(register)
        holder.kill()
        holder.communicate()
        open_register(register).close()

    def test_another_program_that_holds_the_database(self, register: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("camscan.register.backends.sqlite.BUSY_SECONDS", 0.1)
        with closing(sqlite3.connect(register, isolation_level=None)) as other, open_register(register) as book:
            other.execute("BEGIN IMMEDIATE")
            with refused(register, "another program is writing to it", BusyError):
                book.record(report(camera(9)))
            other.execute("ROLLBACK")
            book.record(report(camera(9), scan_id="new"))


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> int:
    """How much SQLite does to record the big report, in hundreds of its own instructions."""
    code = f"""
    steps = 0
    def count():
        global steps
        steps += 1
    with open_register(sys.argv[1]) as book:
        book._connection.connection.driver_connection.set_progress_handler(count, 100)
        book.record({BIG})
    print(steps)
    """
    out, err = python(code, tmp_path_factory.mktemp("work") / "camscan.db").communicate(timeout=60)
    assert out, err
    return int(out)


@POSIX_ONLY
class TestKilled:
    """kill -9 at many moments: the register is the old one or the new one, and the next run goes on."""

    @pytest.mark.parametrize("share", [0.05, 0.3, 0.5, 0.7, 0.9, 0.99])
    def test_while_recording(self, register: Path, work: int, share: float) -> None:
        code = f"""
        import os, signal
        of = {BIG}
        left = int(sys.argv[2])
        def strike():
            global left
            left -= 1
            if left <= 0:
                os.kill(os.getpid(), signal.SIGKILL)
        with open_register(sys.argv[1]) as book:
            book._connection.connection.driver_connection.set_progress_handler(strike, 100)
            book.record(of)
        """
        victim = python(code, register, max(1, int(work * share)))
        victim.communicate(timeout=60)
        assert victim.returncode == -signal.SIGKILL
        whole(register, "old")
        with open_register(register) as book:
            book.record(report(camera(9), scan_id="next"))
        whole(register, "old", "next")

    def test_between_commit_and_close(self, register: Path) -> None:
        code = """
        import os, signal
        book = open_register(sys.argv[1])
        book.record(report(camera(9), scan_id="new"))
        os.kill(os.getpid(), signal.SIGKILL)
        """
        victim = python(code, register)
        victim.communicate(timeout=60)
        assert victim.returncode == -signal.SIGKILL
        assert register.with_name("camscan.db-wal").stat().st_size > 0
        whole(register, "old", "new")

    def test_while_the_register_is_made(self, tmp_path: Path) -> None:
        path = tmp_path / "camscan.db"
        code = """
        import os, signal, sqlite3
        from camscan.register.backends import sqlite
        def struck(connection):
            os.kill(os.getpid(), signal.SIGKILL)
        sqlite.write_ahead = struck
        if sys.argv[2] == "within":
            real = sqlite.make_tables
            def make(connection):
                real(connection)
                struck(connection)
            sqlite.make_tables = make
        open_register(sys.argv[1])
        """
        for moment in ("within", "after"):
            victim = python(code, path, moment)
            victim.communicate(timeout=60)
            assert victim.returncode == -signal.SIGKILL
            with open_register(path) as book:
                assert book.scans() == []
            path.unlink()


def test_the_application_id_says_what_the_file_is(register: Path) -> None:
    with closing(sqlite3.connect(register)) as connection:
        assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
        assert connection.execute("PRAGMA user_version").fetchone() == (int(VERSION),)
