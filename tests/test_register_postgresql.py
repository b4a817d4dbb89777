"""A register on a real PostgreSQL server: whatever goes wrong is one line, and nothing of anybody else's is touched."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pg_server
import psycopg
import pytest
from pg_server import Server
from sample_report import camera, report
from sqlalchemy import Engine, event

from camscan.cli import main
from camscan.errors import BusyError, CamscanError, RegisterError
from camscan.output import mask_password
from camscan.register import Edit, open_register
from camscan.register.backends import postgresql
from camscan.register.schema import VERSION

PASSWORD = "correct:horse/battery@staple"
QUOTED = "correct%3Ahorse%2Fbattery%40staple"


@contextmanager
def refused(says: str, kind: type[CamscanError] = RegisterError) -> Iterator[None]:
    with pytest.raises(kind) as caught:
        yield
    message = str(caught.value)
    assert re.match(r"postgresql://[^ ]*: ", message)
    assert says in message
    assert "\n" not in message
    for part in ("horse", "battery", "staple"):
        assert part not in message


def place(server: Server, user: str, database: str = "estate", host: str = "") -> str:
    """Another user's address on the same server."""
    port = re.search(r":(\d+)/", server.address)
    assert port
    return f"postgresql://{user}@{host or '127.0.0.1'}:{port[1]}/{database}"


@pytest.fixture(scope="module")
def server(postgresql_server: Server) -> Server:
    """With the users that these tests need."""
    if not postgresql_server.folder:
        pytest.skip("needs a server of its own: CAMSCAN_POSTGRESQL names somebody else's")
    postgresql_server.run(f"CREATE USER locked PASSWORD '{PASSWORD}'")
    postgresql_server.run("CREATE USER shut")
    postgresql_server.run("CREATE USER reader")
    postgresql_server.run("CREATE USER closed NOLOGIN")
    postgresql_server.run("GRANT CREATE ON DATABASE estate TO locked")
    postgresql_server.run("CREATE SCHEMA AUTHORIZATION locked")
    return postgresql_server


def folder(server: Server) -> Path:
    assert server.folder
    return server.folder


class TestAddress:
    @pytest.mark.parametrize(
        "rest",
        ["u:p@ss-wd@host/db", "u:p/ss-wd@host/db", "u:p?ss-wd@host/db", "u:p#ss-wd@host/db", "u:p:ss-wd@host/db"],
    )
    def test_a_password_that_can_be_read_in_two_ways_is_refused_and_no_part_is_shown(self, rest: str) -> None:
        with pytest.raises(RegisterError, match="write %40 for @") as refused:
            open_register(f"postgresql://{rest}")
        assert "ss-wd" not in str(refused.value)

    @pytest.mark.parametrize(
        ("address", "shown"),
        [
            ("postgresql://me@host/db", "postgresql://me@host/db"),
            ("postgresql://me:secret@host/db", "postgresql://me:***@host/db"),
            ("postgresql://me:sec@ret/x@host/db", "postgresql://me:***@host/db"),
            ("postgresql://:secret@/db", "postgresql://:***@/db"),
            ("postgresql://host/db?user=me&password=secret&sslmode=require", "…password=***&sslmode=require"),
            ("postgresql://host:5432/db?application_name=x", "postgresql://host:5432/db?application_name=x"),
        ],
    )
    def test_its_password_is_masked(self, address: str, shown: str) -> None:
        assert mask_password(address).endswith(shown.lstrip("…"))
        assert "secret" not in mask_password(address)
        assert "ret/x" not in mask_password(address)

    @pytest.mark.parametrize(
        "address",
        [
            f"postgresql://me:{PASSWORD}@127.0.0.1:1/db",
            "postgresql://me@127.0.0.1:battery/db",
            "postgresql://127.0.0.1/db?horse=staple",
        ],
    )
    def test_one_that_cannot_be_read_gives_nothing_away(self, address: str) -> None:
        with pytest.raises(RegisterError) as caught:
            open_register(address)
        assert "horse/" not in str(caught.value)
        assert "\n" not in str(caught.value)
        assert "invalid" not in str(caught.value)

    def test_a_path_may_have_lost_a_slash(self, postgresql_at: str) -> None:
        with open_register(Path(postgresql_at)) as book:
            assert book.scans() == []

    def test_without_the_library(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "psycopg", None)
        with refused("run `make install EXTRAS=postgresql` in camscan's folder"):
            open_register("postgresql://127.0.0.1:1/camscan")


class TestConnecting:
    def test_no_server(self) -> None:
        with refused("no PostgreSQL server answers there; is it running"):
            open_register(f"postgresql://me:{QUOTED}@127.0.0.1:1/camscan")

    def test_no_server_at_the_socket(self, tmp_path: Path) -> None:
        with refused("no PostgreSQL server answers there; is it running"):
            open_register(f"postgresql:///camscan?host={tmp_path}")

    def test_no_such_database(self, server: Server) -> None:
        with refused("there is no database nowhere; create it first: createdb nowhere"):
            open_register(place(server, "camscan", "nowhere"))

    def test_no_such_user(self, server: Server) -> None:
        with refused("the server has no user stranger; create it first: createuser stranger"):
            open_register(place(server, "stranger"))

    def test_a_user_who_may_not_log_in(self, server: Server) -> None:
        with refused("user closed may not log in"):
            open_register(place(server, "closed"))

    def test_a_user_whom_the_server_keeps_out(self, server: Server) -> None:
        with refused("the server does not let user shut in from this machine; it needs a line in its pg_hba.conf"):
            open_register(place(server, "shut"))

    def test_a_wrong_password(self, server: Server) -> None:
        with refused("the server refuses the password of user locked; put the right one into ~/.pgpass or PGPASSWORD"):
            open_register(place(server, "locked:wrong"))

    def test_no_password(self, server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("PGPASSFILE", str(tmp_path / "none"))
        with refused("the server asks for a password of user locked; put it into ~/.pgpass"):
            open_register(place(server, "locked"))

    def test_no_such_service(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        (tmp_path / "services").write_text("[other]\n")
        monkeypatch.setenv("PGSERVICEFILE", str(tmp_path / "services"))
        with refused("the service in the address is not in a service file"):
            open_register("postgresql:///?service=camscan")

    def test_a_certificate_that_is_asked_for(self, server: Server) -> None:
        with refused("no secure connection could be made"):
            open_register(place(server, "camscan") + "?sslmode=require")


class TestPasswords:
    """Every way in which libpq takes one; none of them is kept."""

    def check(self, address: str) -> None:
        with open_register(address) as book:
            assert book.where == mask_password(address)
            kept = book._connection.exec_driver_sql("SELECT string_agg(t::text, ',') FROM scan t").scalar()
            book._connection.rollback()
        assert kept is None or "horse" not in kept

    def test_in_the_address(self, server: Server) -> None:
        self.check(place(server, f"locked:{QUOTED}"))

    def test_in_the_environment(self, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PGPASSWORD", PASSWORD)
        self.check(place(server, "locked"))

    def test_in_the_password_file(self, server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        file = tmp_path / "pgpass"
        file.write_text("127.0.0.1:*:*:locked:" + PASSWORD.replace(":", r"\:") + "\n")
        file.chmod(0o600)
        monkeypatch.setenv("PGPASSFILE", str(file))
        self.check(place(server, "locked"))

    def test_in_a_service_file(self, server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        port = place(server, "x").split(":")[-1].split("/")[0]
        lines = ("[camscan]", "host=127.0.0.1", f"port={port}", "user=locked", f"password={PASSWORD}", "dbname=estate")
        (tmp_path / "services").write_text("\n".join(lines) + "\n")
        monkeypatch.setenv("PGSERVICEFILE", str(tmp_path / "services"))
        self.check("postgresql:///?service=camscan")

    def test_by_the_socket(self, server: Server) -> None:
        port = place(server, "x").split(":")[-1].split("/")[0]
        with open_register(
            f"postgresql:///estate?host={folder(server)}&port={port}&user=locked", readonly=True
        ) as book:
            assert book.scans() == []


class TestRights:
    def test_who_may_not_make_tables(self, server: Server) -> None:
        with refused("the server says 'permission denied for schema public'; the user of the address must own"):
            open_register(place(server, "reader"))

    def test_who_may_only_read(self, server: Server, postgresql_at: str) -> None:
        with open_register(postgresql_at) as book:
            book.record(report(camera(1)))
        schema = postgresql_at.rpartition("%3D")[2]
        reader = place(server, "reader") + f"?options=-csearch_path%3D{schema}"
        server.run(f"GRANT USAGE ON SCHEMA {schema} TO reader")
        with refused("permission denied"):
            open_register(reader, readonly=True)
        server.run(f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO reader")
        with open_register(reader, readonly=True) as book:
            assert len(book.devices()) == 1
            assert book.find_faults() == []
        with open_register(reader) as book, refused("permission denied for table scan"):
            book.record(report(camera(2), scan_id="2"))

    def test_a_server_that_is_read_only(self, postgresql_at: str) -> None:
        open_register(postgresql_at).close()
        standby = postgresql_at.replace("?options=", "?options=-cdefault_transaction_read_only%3Don%20")
        with open_register(standby, readonly=True) as book:
            assert book.scans() == []


class TestOthers:
    """What is not ours is refused, and left as it was."""

    def tables(self, server: Server, address: str) -> list[tuple[object, ...]]:
        return server.run("SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1", at=address)

    def test_another_programs_tables(self, server: Server, postgresql_at: str) -> None:
        server.run("CREATE TABLE device (id int)", at=postgresql_at)
        for readonly in (False, True):
            with refused("it holds another program's tables (device); name an empty database"):
                open_register(postgresql_at, readonly=readonly)
        assert self.tables(server, postgresql_at) == [("device",)]

    def test_another_program_that_uses_alembic(self, server: Server, postgresql_at: str) -> None:
        server.run("CREATE TABLE alembic_version (version_num varchar(32))", at=postgresql_at)
        server.run(f"INSERT INTO alembic_version VALUES ('{VERSION}')", at=postgresql_at)
        with refused("it holds another program's tables (alembic_version)"):
            open_register(postgresql_at)
        assert self.tables(server, postgresql_at) == [("alembic_version",)]

    def test_a_newer_register(self, server: Server, postgresql_at: str) -> None:
        with open_register(postgresql_at) as book:
            book.record(report(camera(1)))
        server.run("UPDATE alembic_version SET version_num = '9999'", at=postgresql_at)
        server.run("ALTER TABLE device ADD colour text", at=postgresql_at)
        for how in ({}, {"readonly": True}, {"editing": True}):
            with refused(f"a newer camscan wrote it (version 9999; this one reads up to {VERSION}); upgrade camscan"):
                open_register(postgresql_at, **how)
        assert server.run("SELECT count(*) FROM device", at=postgresql_at) == [(1,)]

    def test_an_encoding_that_cannot_hold_every_text(self, server: Server) -> None:
        server.run("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' LOCALE_PROVIDER libc TEMPLATE template0")
        with refused("the database's encoding is LATIN1"):
            open_register(place(server, "camscan", "latin"))
        assert self.tables(server, place(server, "camscan", "latin")) == []

    def test_a_schema_that_does_not_exist(self, server: Server) -> None:
        with refused("the search_path of this user names no schema that exists"):
            open_register(place(server, "camscan") + "?options=-csearch_path%3Dnowhere")

    def test_nothing_to_read(self, postgresql_at: str, server: Server) -> None:
        with refused("there is no register; run a scan first"):
            open_register(postgresql_at, readonly=True)
        with refused("there is no register; run a scan first"):
            open_register(postgresql_at, editing=True, create=False)
        assert self.tables(server, postgresql_at) == []

    def test_two_registers_in_two_schemas(self, postgresql_server: Server) -> None:
        with open_register(postgresql_server.place()) as one, open_register(postgresql_server.place()) as other:
            one.record(report(camera(1)))
            assert other.scans() == []


class TestTwoAtOnce:
    def test_a_second_run_is_reported_within_half_a_second(self, postgresql_at: str) -> None:
        asked: list[str] = []

        def asking(_connection: object, _cursor: object, statement: str, *_: object) -> None:
            asked.append(statement)

        with open_register(postgresql_at) as book:
            event.listen(Engine, "before_cursor_execute", asking)
            try:
                with refused("another camscan run is writing to it; wait until it has ended", BusyError):
                    open_register(postgresql_at)
            finally:
                event.remove(Engine, "before_cursor_execute", asking)
            # By the function that never waits (PostgreSQL's documentation, "Advisory Lock Functions"), and a few times,
            # since a server notices a moment late that a run has ended.
            assert ["_try_" in statement for statement in asked if "advisory" in statement] == [True] * 4
            assert sum(postgresql._AGAIN) < 0.5
            book.record(report(camera(1)))
        open_register(postgresql_at).close()

    def test_the_command_ends_with_4(self, postgresql_at: str, capsys: pytest.CaptureFixture[str]) -> None:
        with open_register(postgresql_at):
            for command in (["scan", "127.0.0.1", "--quiet"], ["register", "vacuum"]):
                with pytest.raises(SystemExit) as ended:
                    main([*command, "--register", postgresql_at])
                assert ended.value.code == 4
                said = capsys.readouterr().err
                assert said == (
                    f"camscan: {postgresql_at}: another camscan run is writing to it; wait until it has ended\n"
                )

    def test_people_edit_while_a_scan_is_running(self, postgresql_at: str) -> None:
        with open_register(postgresql_at) as scan:
            scan.record(report(camera(1)))
            with open_register(postgresql_at, editing=True) as book:
                (row,) = book.devices()
                book.edit_entries([Edit(row.asset_id, "location_detail", "roof")], role="estates", how="set")
            scan.record(report(camera(1), camera(2), scan_id="2"))
            assert [each.entry("location_detail") for each in scan.devices()] == ["roof", ""]

    def test_writers_take_turns_and_each_sees_what_the_one_before_left(self, postgresql_at: str) -> None:
        """Numbers are taken from the highest there is: two that did not wait would take the same."""
        with open_register(postgresql_at) as book:
            book.record(report(*map(camera, range(8))))
            names = [row.asset_id for row in book.devices()]
        troubles: list[BaseException] = []

        def edit(name: str) -> None:
            try:
                with open_register(postgresql_at, editing=True) as book:
                    for number in range(5):
                        book.edit_entries([Edit(name, "location_detail", f"room {number}")], role="estates", how="set")
            except BaseException as error:  # noqa: BLE001 - shown by the assertion
                troubles.append(error)

        threads = [threading.Thread(target=edit, args=(name,)) for name in names]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert troubles == []
        with open_register(postgresql_at, readonly=True) as book:
            assert [change.number for change in book.changes()] == list(range(1, 41))
            assert book.find_faults() == []

    def test_a_writer_gives_up_in_one_line(self, postgresql_at: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("camscan.register.backends.postgresql.BUSY_SECONDS", 1)
        with open_register(postgresql_at) as scan, open_register(postgresql_at, editing=True) as book:
            with scan._writing(), refused("another program is writing to it; wait until it has ended", BusyError):
                book.record(report(camera(1)))
            book.record(report(camera(1)))

    def test_a_reader_waits_for_nobody_and_sees_one_state(self, postgresql_at: str) -> None:
        with open_register(postgresql_at) as scan, open_register(postgresql_at, readonly=True) as reader:
            with scan._writing(), reader._reading():
                pass
            with reader._reading_built() as connection:
                connection.exec_driver_sql("SELECT 1")
                scan.record(report(camera(1)))
                assert connection.exec_driver_sql("SELECT count(*) FROM scan").scalar() == 0
            assert len(reader.scans()) == 1

    def test_a_run_that_was_killed_holds_nothing(self, postgresql_at: str) -> None:
        code = "book = open_register(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
        holder = subprocess.Popen(
            [sys.executable, "-c", f"import sys; from camscan.register import open_register; {code}", postgresql_at],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert holder.stdout
        assert holder.stdout.readline() == "open\n"
        with refused("another camscan run is writing to it", BusyError):
            open_register(postgresql_at)
        holder.kill()
        holder.communicate(timeout=30)
        for _ in range(50):  # the server notices a closed connection in its own time
            try:
                open_register(postgresql_at).close()
                break
            except BusyError:
                time.sleep(0.1)
        else:
            pytest.fail("the lock outlived the run")


def _drop(server: Server, address: str) -> None:
    """Cut every connection of this program's to a schema, as a server that is restarted does."""
    server.run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        f"WHERE application_name = 'camscan' AND pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory' "
        f"AND objid = (SELECT hashtext('{address.rpartition('%3D')[2]}') & 4294967295::bigint)::oid)"
    )


class TestLost:
    """The connection goes: whole or not at all, and the run goes on where it can."""

    def test_while_nothing_is_asked_it_is_made_again(self, server: Server, postgresql_at: str) -> None:
        with open_register(postgresql_at) as book:
            _drop(server, postgresql_at)
            book.record(report(camera(1)))
            with refused("another camscan run is writing to it", BusyError):
                open_register(postgresql_at)
            assert len(book.devices()) == 1

    def test_but_not_where_another_run_began_meanwhile(self, server: Server, postgresql_at: str) -> None:
        with open_register(postgresql_at) as book:
            _drop(server, postgresql_at)
            with open_register(postgresql_at) as other:
                with refused("another camscan run is writing to it", BusyError):
                    book.record(report(camera(1)))
                other.record(report(camera(2)))

    @pytest.mark.parametrize("table", ["scan", "device", "observation", "attempt"])
    def test_in_the_middle_of_recording(self, server: Server, postgresql_at: str, table: str) -> None:
        with open_register(postgresql_at) as book:
            book.record(report(camera(1), scan_id="old"))
        server.run(
            f"""CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$;
            CREATE TRIGGER cut AFTER INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION cut()""",
            at=postgresql_at,
        )
        with open_register(postgresql_at) as book, refused("the connection to the server was lost; run again when"):
            book.record(report(camera(1), camera(2), scan_id="new"))
        server.run(f"DROP TRIGGER cut ON {table}", at=postgresql_at)
        with open_register(postgresql_at) as book:
            assert [scan.scan_id for scan in book.scans()] == ["old"]
            book.record(report(camera(1), camera(2), scan_id="new"))
            assert book.find_faults() == []

    def test_closing_after_that_is_quiet(self, server: Server, postgresql_at: str) -> None:
        book = open_register(postgresql_at)
        _drop(server, postgresql_at)
        book.close()
        book.close()
        with open_register(postgresql_at) as again:  # nobody holds it any more
            assert again.find_faults() == []

    def test_the_server_stops(self) -> None:
        with pg_server.running() as own:
            address = own.place()
            book = open_register(address)
            book.record(report(camera(1)))
            os.kill(own.process, signal.SIGQUIT)  # at once, as a power cut
            time.sleep(0.5)
            with pytest.raises(RegisterError, match=r"no PostgreSQL server answers there|starting or stopping"):
                book.record(report(camera(2), scan_id="2"))
            book.close()


class TestTroubleOnTheServer:
    @pytest.mark.parametrize(
        ("state", "says", "kind"),
        [
            ("53100", "the server's disk is full; have space made there and run again", RegisterError),
            ("53200", "the server is out of memory", RegisterError),
            ("57014", "the server's time limit (statement_timeout) ended it", RegisterError),
            ("58030", "the server's disk reports an error", RegisterError),
            ("XX001", "it is damaged, or the server is in trouble", RegisterError),
            ("40P01", "another program is writing to it", BusyError),
            ("25006", "the server is read-only", RegisterError),
            ("P0001", "no, said the trigger", RegisterError),
        ],
    )
    def test_each_is_one_line(
        self, server: Server, postgresql_at: str, state: str, says: str, kind: type[CamscanError]
    ) -> None:
        open_register(postgresql_at).close()
        server.run(
            f"""CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE 'no, said the trigger' USING ERRCODE = '{state}', HINT = 'ask', DETAIL = 'more'; END $$;
            CREATE TRIGGER fail BEFORE INSERT ON attempt FOR EACH ROW EXECUTE FUNCTION fail()""",
            at=postgresql_at,
        )
        with open_register(postgresql_at) as book, refused(says, kind):
            book.record(report(camera(1)))
        with open_register(postgresql_at, readonly=True) as book:
            assert book.scans() == []

    @pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("unshare"), reason="needs root to mount a small disk")
    def test_a_disk_that_is_full(self) -> None:
        with pg_server.running(small_disk=True) as own:
            schema = own.place()
            address = schema.replace("?options=", "?options=-cdefault_tablespace%3Dsmall%20")
            with open_register(address) as book:
                book.record(report(camera(1), scan_id="old"))
                with refused("the server's disk is full; have space made there and run again"):
                    book.record(report(*(camera(n, observations=30) for n in range(2000)), scan_id="new"))
                assert [scan.scan_id for scan in book.scans()] == ["old"]
                assert book.find_faults() == []
                grow = ["mount", "-o", "remount,size=64m", str(folder(own) / "small")]
                subprocess.run(["nsenter", "--target", str(own.process), "--mount", *grow], check=True)
                book.record(report(camera(2), scan_id="after"))

    def test_what_a_person_cancels_is_undone(self, server: Server, postgresql_at: str) -> None:
        open_register(postgresql_at).close()
        server.run(
            """CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN PERFORM pg_sleep(20); RETURN NEW; END $$;
            CREATE TRIGGER linger BEFORE INSERT ON attempt FOR EACH ROW EXECUTE FUNCTION linger()""",
            at=postgresql_at,
        )
        code = """
            import sys
            from sample_report import camera, report
            from camscan.register import open_register
            with open_register(sys.argv[1]) as book:
                print("open", flush=True)
                book.record(report(camera(1)))
        """
        run = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(code), postgresql_at],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join((str(Path(__file__).parent), str(Path.cwd())))},
        )
        assert run.stdout
        assert run.stdout.readline() == "open\n"
        time.sleep(1)
        run.send_signal(signal.SIGINT)
        _, said = run.communicate(timeout=15)
        assert "KeyboardInterrupt" in said
        with open_register(postgresql_at, readonly=True) as book:
            assert book.scans() == []


def test_psycopg_is_new_enough() -> None:
    assert tuple(map(int, psycopg.__version__.split(".")[:2])) >= (3, 2)
