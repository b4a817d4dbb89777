"""camscan work, on a real PostgreSQL server: whatever dies in the middle, every parcel is recorded, and once."""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import unquote

import pg_server
import pytest
from centre_place import BEGIN, SITES, Place, place
from command_line import Camscan
from parcels import scan, some
from pg_server import Server, free_port
from starlette.testclient import TestClient
from test_centre import Site

from camscan import work
from camscan.app import arrivals, queueing, worker
from camscan.app.queueing import INGEST
from camscan.app.worker import StandIn
from camscan.errors import RegisterError
from camscan.store.parcels import Parcels
from camscan.web.application import make_application
from camscan.web.desk import Desk, Setting

pytestmark = pytest.mark.slow
pytest.importorskip("procrastinate", reason="the extra postgresql is not installed: make install EXTRAS=postgresql")
HERE = Path(__file__).parent
SOON = worker.Pace(0.4, 1.2)
LONG = 60.0
"""Seconds; none of these tests needs a tenth of it."""


@pytest.fixture
def centre(workplace: Path, postgresql_at: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    (workplace / "camscan.yaml").write_text(SITES)
    monkeypatch.setenv("XDG_STATE_HOME", str(workplace / "state"))
    with place(postgresql_at) as made:
        yield made


class Queue:
    """The queue of a centre, as its tables are."""

    def __init__(self, centre: Place, server: Server) -> None:
        self.address = str(centre.space.where)
        schema = unquote(self.address).rpartition("=")[2]
        self._server, self._schema = server, f"{schema}_queue"
        work.make_tables(self.address)

    def run(self, statement: str) -> list[tuple[object, ...]]:
        return self._server.run(f"SET search_path = {self._schema}; {statement}")

    def rows(self, query: str) -> list[tuple[object, ...]]:
        return self._server.run(query.replace("procrastinate_", f"{self._schema}.procrastinate_"))

    def standing(self) -> work.QueueState:
        found = work.read_state(self.address, SOON)
        assert found is not None
        return found


@pytest.fixture
def queue(centre: Place, postgresql_server: Server) -> Queue:
    return Queue(centre, postgresql_server)


def working(centre: Place, until: Callable[[], bool] | None = None) -> list[str]:
    """What a worker says that works until then, or until nothing is left."""
    said: list[str] = []
    over = time.monotonic() + LONG

    def is_over() -> bool:
        assert time.monotonic() < over, said
        return until() if until else False

    worker.run_worker(centre.space, SOON, is_over=is_over, tell=said.append, warn=said.append, is_once=until is None)
    return said


def is_recorded(centre: Place, queue: Queue) -> Callable[[], bool]:
    """Nothing waits, and no job is being done any more."""
    return lambda: not Parcels(centre.store).waiting() and not queue.standing().jobs.keys() & {"todo", "doing"}


class TestRecording:
    def test_what_has_arrived_is_recorded_in_the_order_of_the_scans(self, centre: Place) -> None:
        late, early = centre.arrive(2), centre.arrive(1)
        said = working(centre)
        assert [line for line in said if line.startswith("Parcel")] == [
            f"Parcel {early.scan_id}: recorded",
            f"Parcel {late.scan_id}: recorded",
        ]
        assert centre.scans() == [early.scan_id, late.scan_id]

    def test_three_that_send_much_do_not_hold_up_a_fourth(self, centre: Place) -> None:
        report = centre.flood()
        said = working(centre)
        assert len(said) == len(centre.scans()) == 13
        assert said.index(f"Parcel {report.scan_id}: recorded") == 3

    def test_doing_it_again_does_nothing(self, centre: Place, queue: Queue) -> None:
        report = centre.arrive()
        working(centre)
        assert work.enqueue(queue.address, INGEST, [report.scan_id]) == 1
        assert work.enqueue(queue.address, INGEST, [report.scan_id, report.scan_id]) == 0
        working(centre)
        assert (centre.scans(), centre.states()) == ([report.scan_id], ["1 recorded"])

    def test_a_register_that_is_busy_is_waited_for(self, centre: Place, queue: Queue) -> None:
        centre.arrive()
        scanning = centre.space.open()
        left = threading.Timer(1.5, scanning.close)
        left.start()
        working(centre, is_recorded(centre, queue))
        left.join()
        assert len(centre.scans()) == 1
        assert centre.states() == ["1 recorded"]

    def test_what_fails_is_tried_again_by_the_clock(self, centre: Place, monkeypatch: pytest.MonkeyPatch) -> None:
        report = centre.arrive()
        with monkeypatch.context() as patch:
            patch.setattr("camscan.register.record.writing.record_attempts", lambda *_: 1 // 0)
            assert set(working(centre)) == {f"Parcel {report.scan_id}: waiting"}  # a minute may begin meanwhile
        assert centre.scans() == []
        assert working(centre) == [f"Parcel {report.scan_id}: recorded"]

    def test_a_register_that_fails_is_left_alone_until_the_next_tick(
        self, centre: Place, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        reports = [centre.arrive(number) for number in range(5)]

        def fail(*_: object) -> None:
            raise RegisterError("the disk is full")

        with monkeypatch.context() as patch:
            patch.setattr("camscan.register.record.writing.record_attempts", fail)
            for _ in range(3):
                minute = time.time() // 60
                lines = working(centre)
                if time.time() // 60 == minute:  # otherwise a tick came in between
                    break
            assert len(lines) == 3
        assert len(working(centre)) == 5
        assert centre.scans() == [each.scan_id for each in reports]

    def test_on_another_machine_it_says_so_and_loses_nothing(
        self, centre: Place, monkeypatch: pytest.MonkeyPatch, workplace: Path
    ) -> None:
        report = centre.arrive()
        with monkeypatch.context() as patch:
            patch.setenv("XDG_STATE_HOME", str(workplace / "elsewhere"))
            line, last = working(centre)
        assert "camscan work must run where camscan serve runs" in line
        assert last == "No parcel was recorded, and 1 parcel left: `camscan collector list` says why"
        assert centre.states() == ["1 waiting"]
        assert working(centre) == [f"Parcel {report.scan_id}: recorded"]


class TestKilled:
    @pytest.mark.parametrize("statement", [1, 25, 0])
    def test_in_the_middle_of_a_parcel(self, centre: Place, queue: Queue, statement: int) -> None:
        """At the first statement, in the midst of the register, and between the register and the end of the job."""
        report = centre.arrive()
        program = [sys.executable, str(HERE / "dying_worker.py"), queue.address, str(statement)]
        done = subprocess.run(program, capture_output=True, text=True, check=False, timeout=LONG)
        assert done.returncode == -9, done.stderr
        assert queue.standing().jobs["doing"] == 1
        assert centre.scans() == ([] if statement else [report.scan_id])
        working(centre, is_recorded(centre, queue))
        assert (centre.scans(), centre.states()) == ([report.scan_id], ["1 recorded"])

    def test_a_job_whose_worker_was_removed_meanwhile_is_done(self, centre: Place, queue: Queue) -> None:
        report = centre.arrive()
        work.enqueue(queue.address, INGEST, [report.scan_id])
        queue.run(
            "INSERT INTO procrastinate_workers DEFAULT VALUES;"
            "UPDATE procrastinate_jobs SET status = 'doing', worker_id = (SELECT max(id) FROM procrastinate_workers);"
            "DELETE FROM procrastinate_workers"
        )
        assert (queue.standing().stalled, queue.standing().unseen) == (1, None)
        working(centre, is_recorded(centre, queue))
        assert (centre.scans(), centre.states()) == ([report.scan_id], ["1 recorded"])

    def test_what_kills_every_worker_is_left_for_a_person(self, centre: Place, queue: Queue) -> None:
        report = centre.arrive()
        for _ in range(2):
            assert arrivals.note_broken_off(centre.store, report.scan_id)
        work.enqueue(queue.address, INGEST, [report.scan_id])
        queue.run("UPDATE procrastinate_jobs SET status = 'doing'")
        working(centre, is_recorded(centre, queue))
        assert (centre.scans(), centre.states()) == ([], ["1 refused"])
        assert queue.standing().jobs["failed"] == 1

    def test_what_the_clock_put_in_is_not_done_again(self, centre: Place, queue: Queue) -> None:
        work.enqueue(queue.address, queueing.TICK, [""])
        queue.run("UPDATE procrastinate_jobs SET status = 'doing'")
        working(centre, lambda: not queue.standing().stalled)
        assert queue.rows("SELECT status FROM procrastinate_jobs WHERE task_name = 'tick' ORDER BY id LIMIT 1") == [
            ("failed",)
        ]


class TestTwoWorkers:
    def test_they_share_the_parcels(self, centre: Place, queue: Queue) -> None:
        reports = [centre.arrive(number) for number in range(5)]
        said: list[list[str]] = []
        threads = [
            threading.Thread(target=lambda: said.append(working(centre, is_recorded(centre, queue)))) for _ in range(2)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(LONG)
        assert centre.scans() == sorted(each.scan_id for each in reports)
        assert centre.states() == ["5 recorded"]
        lines = [line for each in said for line in each if line.startswith("Parcel")]
        assert sorted(lines) == [f"Parcel {scan_id}: recorded" for scan_id in centre.scans()]

    def test_one_that_works_beside_serve_does_not_fight_with_it(self, centre: Place, queue: Queue) -> None:
        """Even where serve takes the worker for gone."""
        reports = [centre.arrive(number) for number in range(5)]

        def until() -> bool:
            with contextlib.suppress(RegisterError):
                arrivals.record_arrivals(centre.space, centre.store)
            return is_recorded(centre, queue)()

        working(centre, until)
        assert centre.scans() == sorted(each.scan_id for each in reports)
        assert centre.states() == ["5 recorded"]

    def test_what_comes_over_https_is_handed_to_it_at_once(self, centre: Place, queue: Queue) -> None:
        desk = Desk(centre.space, Setting())
        site = Site(TestClient(make_application(desk), base_url="http://127.0.0.1:8377"))
        report = scan(*some(BEGIN), when=BEGIN)
        states: list[str] = []

        def until() -> bool:
            if not states and queue.standing().unseen is not None:
                states.append(site.send(report).json()["state"])
            if len(states) == 1 and not Parcels(centre.store).waiting():
                states.append(site.ask("GET", f"/parcel/{report.scan_id}/result").json()["state"])
            return len(states) == 2

        with contextlib.closing(desk):
            working(centre, until)
        assert states == ["waiting", "recorded"]

    def test_serve_leaves_it_to_a_worker_and_stands_in_for_one(self, centre: Place, queue: Queue) -> None:
        report = centre.arrive()
        stand_in = StandIn(centre.space, lambda: centre.store)
        queue.run("INSERT INTO procrastinate_workers DEFAULT VALUES")
        stand_in.look(report.finished_at)
        assert centre.states() == ["1 waiting"]
        assert queueing.hand_to_worker(centre.space, report.scan_id)
        assert queue.standing().jobs == {"todo": 1}
        queue.run("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '3 minutes'")
        assert not queueing.hand_to_worker(centre.space, report.scan_id)
        stand_in.look(report.finished_at)
        assert (centre.scans(), centre.states()) == ([report.scan_id], ["1 recorded"])
        working(centre)
        assert centre.scans() == [report.scan_id]


@pytest.mark.usefixtures("workplace")
class TestServer:
    def test_connections_that_are_lost_are_made_anew(self, centre: Place, queue: Queue) -> None:
        is_cut = False

        def until() -> bool:
            nonlocal is_cut
            if not is_cut and queue.standing().unseen is not None:
                query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE '% queue'"
                queue.rows(query)
                is_cut = queueing.hand_to_worker(centre.space, centre.arrive().scan_id)
            return is_cut and not Parcels(centre.store).waiting()

        said = working(centre, until)
        assert len(centre.scans()) == 1
        assert len([line for line in said if "the queue cannot be reached" in line]) <= 1

    def test_a_server_that_is_not_there_is_one_line(self, camscan: Camscan) -> None:
        address = f"postgresql://camscan@127.0.0.1:{free_port()}/estate"
        code, out, err = camscan("work", "--register", address)
        assert (code, out, err.count("\n")) == (1, "", 1)

    def test_a_register_in_a_file_has_no_queue(self, camscan: Camscan) -> None:
        code, out, err = camscan("work", "--register", "camscan.db")
        assert (code, out) == (2, "")
        assert err == (
            "camscan: camscan.db: camscan work needs a register on a PostgreSQL server (--register postgresql://…); "
            "for one in a file, camscan serve records what arrives itself\n"
        )

    def test_the_command_makes_every_table_and_ends(self, camscan: Camscan, postgresql_at: str) -> None:
        assert work.read_state(postgresql_at) is None
        idle = (0, "Nothing to do: no parcel waits\n", "")
        assert camscan("work", "--once", "--register", postgresql_at) == idle
        found = work.read_state(postgresql_at)
        assert found is not None
        assert found.unseen is None  # it has said that it ends
        assert camscan("work", "--once", "--register", postgresql_at) == idle

    def test_who_may_not_make_a_schema_is_told_what_to_do(self, centre: Place, postgresql_server: Server) -> None:
        address = postgresql_server.reader_of(str(centre.space.where))
        with pytest.raises(
            RegisterError, match=r"administrator run: CREATE SCHEMA test_\w+_queue AUTHORIZATION reader_"
        ):
            work.make_tables(address)

    def test_another_programs_schema_is_left_alone(self, queue: Queue) -> None:
        queue.run(f"COMMENT ON SCHEMA {queue._schema} IS 'mine'")
        with pytest.raises(RegisterError, match="another program's tables"):
            work.make_tables(queue.address)

    def test_without_the_library_it_says_how_to_add_it(self, camscan: Camscan, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(work, "is_available", lambda: False)
        code, _, err = camscan("work", "--register", "postgresql://camscan@127.0.0.1/estate")
        assert code == 2
        assert "EXTRAS=postgresql" in err

    def test_sigterm_ends_it(self, queue: Queue) -> None:
        program = [sys.executable, "-m", "camscan", "work", "--register", queue.address, "--heartbeat", "0.5"]
        process = subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ)
        until = time.monotonic() + LONG
        while queue.standing().unseen is None:
            assert time.monotonic() < until
            assert process.poll() is None
            time.sleep(0.1)
        process.terminate()
        out, err = process.communicate(timeout=LONG)
        assert (process.returncode, out, err) == (0, "", "")
        assert queue.standing().unseen is None


def test_the_metrics_say_how_the_queue_stands(centre: Place, queue: Queue, camscan: Camscan) -> None:
    report = centre.arrive()
    work.enqueue(queue.address, INGEST, [report.scan_id])
    queue.run("UPDATE procrastinate_jobs SET status = 'doing'")
    code, text, _ = camscan("metrics", "-", "--register", queue.address)
    assert code == 0
    lines = text.splitlines()
    assert 'camscan_queue_jobs{status="doing"} 1' in lines
    assert "camscan_queue_stalled 1" in lines
    assert "camscan_queue_worker 0" in lines
    assert "no worker has been seen" in camscan("collector", "list", "--register", queue.address)[1]


def test_a_server_that_dies_and_comes_back(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped at once while a worker waits for jobs; the same worker records what arrives afterwards."""
    if pg_server.program("initdb") is None:
        pytest.skip("no PostgreSQL server here: apt-get install postgresql")
    monkeypatch.setenv("XDG_STATE_HOME", str(workplace / "state"))
    monkeypatch.setattr("camscan.work.link.SECONDS", 1.0)
    (workplace / "camscan.yaml").write_text(SITES)
    with pg_server.running() as server, contextlib.ExitStack() as stack:
        centre = stack.enter_context(place(server.place()))
        command = Path(f"/proc/{server.process}/cmdline").read_bytes().rstrip(b"\0").split(b"\0")
        said: list[str] = []

        def step() -> Iterator[bool]:
            while (found := work.read_state(str(centre.space.where))) is None or found.unseen is None:
                yield False
            os.kill(server.process, signal.SIGQUIT)  # pg_ctl stop -m immediate
            os.waitid(os.P_PID, server.process, os.WEXITED | os.WNOWAIT)
            while not any("cannot be reached" in line for line in said):
                yield False
            again = subprocess.Popen(command, cwd=server.folder, stderr=subprocess.DEVNULL, **pg_server.drop_rights())
            stack.callback(again.wait, timeout=30)
            stack.callback(again.send_signal, signal.SIGQUIT)
            while not any("can be reached again" in line for line in said):
                yield False
            centre.arrive()
            while not queueing.hand_to_worker(centre.space, Parcels(centre.store).waiting()[0].scan_id):
                yield False
            while Parcels(centre.store).waiting():
                yield False

        going = step()
        run = functools.partial(worker.run_worker, centre.space, SOON, tell=said.append, warn=said.append)
        run(is_over=lambda: next(going, True))
        assert centre.states() == ["1 recorded"]
        assert len(centre.scans()) == 1
        assert [line.partition(": the queue ")[2][:12] for line in said if line.startswith("postgres")] == [
            "cannot be re",
            "can be reach",
        ]
