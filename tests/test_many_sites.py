"""What happens when something dies between a site and its centre: nothing is lost, and nothing comes twice."""

from __future__ import annotations

import contextlib
import errno
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pg_server
import pytest
from command_line import Camscan
from joined import Way, collector_at, enrol, finish_scan, lived, take_in
from parcels import OAK, rows

from camscan import output
from camscan.app import collect
from camscan.app.record import record_report
from camscan.app.uploads import folder_of
from camscan.app.workspace import find_workspace
from camscan.asset import Presence
from camscan.errors import RegisterError, UsageError
from camscan.parcel import client
from camscan.parcel.client import AlteredError, CentreError, KeyRefusedError
from camscan.register import open_register
from camscan.register.store import Register
from camscan.store.collectors import Collectors
from camscan.web.desk import Desk, Setting

SITES = f"role: ICT\nsites:\n- name: Oak School\n  cidrs: [{OAK}]\n- name: Elm School\n  cidrs: [10.13.0.0/24]\n"
NOW = datetime.now(UTC) - timedelta(minutes=5)
DAY = timedelta(days=1)


@pytest.fixture
def desk(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    (workplace / "camscan.yaml").write_text(SITES)
    monkeypatch.setenv("XDG_STATE_HOME", str(workplace / "state"))
    open_register("camscan.db").close()
    made = Desk(find_workspace(), Setting())
    yield made
    made.close()


@pytest.fixture
def way(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Way:
    made = Way(desk)
    made.stands(monkeypatch)
    return made


@pytest.fixture
def own(way: Way, workplace: Path, camscan: Camscan) -> collect.Place:
    """A collector that is enrolled and approved."""
    assert way
    found = collector_at(workplace / "oak")
    enrol(found, camscan)
    return found


def again(own: collect.Place) -> collect.CollectorRound:
    """Rounds, until one comes to its end; a centre that does not answer is asked again."""
    for _ in range(20):
        try:
            return collect.do_round(own)
        except CentreError:
            continue
    raise AssertionError("no round came to its end")


def scans() -> list[str]:
    with open_register("camscan.db", readonly=True) as book:
        return [each.scan_id for each in book.scans()]


class TestLine:
    def test_three_weeks_without_one(self, own: collect.Place, way: Way, desk: Desk) -> None:
        """What was found meanwhile comes in its order, and late where the centre knows something newer."""
        first = finish_scan(own, NOW - 22 * DAY, (4, 5))
        collect.do_round(own)
        take_in(desk)
        way.is_cut = True
        late = []
        for days, cameras in ((21, (4, 5)), (14, (4, 5, 6)), (7, (4,))):
            late.append(finish_scan(own, NOW - days * DAY, cameras))
            with pytest.raises(CentreError, match="cannot be reached"):
                collect.do_round(own)
        newest = lived(NOW - 3 * DAY, (4, 5))
        with open_register("camscan.db") as book:  # somebody went there with a laptop
            record_report(newest, book, desk.space.settings)
        way.is_cut = False
        done = collect.do_round(own)
        assert (done.sent, done.left) == (3, 0)
        assert take_in(desk).recorded == 3
        with open_register("camscan.db", readonly=True) as book:
            kept = {each.scan_id: each.is_late for each in book.scans()}
            rows = {row.ip_addresses[0]: row for row in book.devices()}
            assert book.report().scan_id == newest.scan_id
        assert kept == {first.scan_id: False, newest.scan_id: False} | {each.scan_id: True for each in late}
        assert rows["10.12.0.5"].presence is Presence.SEEN  # the scan that missed it is older than the one that saw it
        assert rows["10.12.0.5"].scans_missed == 0
        assert rows["10.12.0.6"].sightings == 1

    def test_answers_that_are_lost_one_after_another(self, own: collect.Place, way: Way, desk: Desk) -> None:
        """Each request arrives once, and its answer does not: in the end every scan is there once."""
        reports = [finish_scan(own, NOW - days * DAY, (4, 5)) for days in (2, 1)]
        lost: set[str] = set()

        def loses(request: httpx.Request) -> bool:
            name = f"{request.method} {request.url.path}"
            is_new = name not in lost
            lost.add(name)
            return is_new

        way.loses = loses
        while again(own).left:
            take_in(desk)
        take_in(desk)
        assert len(lost) == 7  # one poll; of each parcel, how much is there, a part, and its end
        assert scans() == [each.scan_id for each in reports]

    def test_a_line_that_breaks_within_a_parcel(
        self, own: collect.Place, way: Way, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(client, "PART", 300)
        report = finish_scan(own, NOW, range(4, 40))
        broken = iter((False, False, True, False, True))
        way.loses = lambda request: request.method == "PUT" and next(broken, False)
        left = [again(own).left for _ in range(3)]
        assert left == [1, 1, 0]
        puts = [each for each in way.passed if each.startswith("PUT")]
        (size,) = (path.stat().st_size for path in own.sent.iterdir())
        assert len(puts) == -(-size // 300)  # none was sent twice
        take_in(desk)
        assert scans() == [report.scan_id]

    def test_a_proxy_that_rewrites_what_is_sent(self, own: collect.Place, way: Way, desk: Desk) -> None:
        report = finish_scan(own, NOW, (4, 5))
        way.rewrites = lambda request: request.content[:-1] + b"?" if request.method == "PUT" else None
        for _ in range(5):
            with pytest.raises(AlteredError, match=r"exempt 127\.0\.0\.1 from the inspection of HTTPS"):
                collect.do_round(own)
        with pytest.raises(AlteredError):
            collect.do_round(own)
        (heard,) = Collectors(desk.store).all()
        assert heard.said["error"] == "something on the way changes what is sent (5 times so far)"
        assert not any(folder_of(desk.space).glob("*.camparcel"))
        way.rewrites = lambda _request: None
        assert collect.do_round(own).sent == 1
        collect.do_round(own)
        assert Collectors(desk.store).all()[0].said["error"] == ""
        assert take_in(desk).recorded == 1
        assert scans() == [report.scan_id]

    def test_one_parcel_that_is_never_taken_does_not_hold_up_the_next(
        self, own: collect.Place, way: Way, desk: Desk
    ) -> None:
        first = finish_scan(own, NOW - DAY, (4,))
        collect.do_round(own)
        path = next(own.sent.iterdir())
        path.unlink()
        finish_scan(own, NOW, (4, 5))
        (kept,) = own.folder.glob("camscan.db.finished-*")
        other = kept.with_name(kept.name.replace(kept.name.rpartition("finished-")[2], first.scan_id))
        shutil.copy(kept, other)  # other content under an id that the centre has
        warnings: list[str] = []
        done = collect.do_round(own, warn=warnings.append)
        assert (done.sent, done.left) == (1, 0)
        assert "another parcel has this id" in warnings[0]
        assert [each.stem for each in own.refused.iterdir()] == [first.scan_id]
        assert take_in(desk).recorded == 2
        assert way.passed


class TestCentre:
    def test_a_database_of_yesterday(self, own: collect.Place, way: Way, desk: Desk, tmp_path: Path) -> None:
        """Register, service file and parcels are those of yesterday: the last parcels come again by themselves."""
        finish_scan(own, NOW - 2 * DAY, (4, 5))
        collect.do_round(own)
        take_in(desk)
        yesterday = tmp_path / "yesterday"
        yesterday.mkdir()
        desk.store.close()
        copy_centre(Path(), yesterday)
        for days, cameras in ((1, (4,)), (0, (4, 6))):
            finish_scan(own, NOW - days * DAY, cameras)
            collect.do_round(own)
            take_in(desk)
        desk.store.close()
        before = rows()
        copy_centre(yesterday, Path())
        assert len(scans()) == 1
        done = collect.do_round(own)
        assert done.sent == 2
        assert take_in(desk).recorded == 2
        after = rows()
        told = ("scan", "device", "sighting", "attempt", "observation")
        assert {name: after.get(name) for name in told} == {name: before.get(name) for name in told}
        assert collect.do_round(own).sent == 0
        assert way.passed

    def test_an_enrolment_that_the_backup_does_not_have(
        self, way: Way, desk: Desk, workplace: Path, camscan: Camscan, tmp_path: Path
    ) -> None:
        desk.store.close()
        yesterday = tmp_path / "yesterday"
        yesterday.mkdir()
        copy_centre(Path(), yesterday)
        own = collector_at(workplace / "oak")
        enrol(own, camscan)
        desk.store.close()
        copy_centre(yesterday, Path())
        report = finish_scan(own, NOW, (4,))
        with pytest.raises(KeyRefusedError, match="this key is not known here"):
            collect.do_round(own)
        enrol(own, camscan)
        assert collect.do_round(own).sent == 1
        assert take_in(desk).recorded == 1
        assert scans() == [report.scan_id]
        assert way.passed

    def test_one_file_that_was_lost(self, own: collect.Place, desk: Desk) -> None:
        report = finish_scan(own, NOW, (4, 5))
        collect.do_round(own)
        next(folder_of(desk.space).glob("*.camparcel")).unlink()
        assert take_in(desk).recorded == 0
        assert collect.do_round(own).sent == 1
        assert take_in(desk).recorded == 1
        assert scans() == [report.scan_id]

    def test_a_full_disk_takes_nothing_and_loses_nothing(
        self, own: collect.Place, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        report = finish_scan(own, NOW, (4, 5))
        with monkeypatch.context() as patch:
            patch.setattr("camscan.app.uploads.create_file", no_room)
            done = collect.do_round(own, warn=(warnings := list[str]()).append)
        assert (done.sent, done.left) == (0, 1)
        assert "took no part of the parcel at 0 (HTTP status 503)" in warnings[0]
        assert collect.do_round(own).sent == 1
        assert take_in(desk).recorded == 1
        assert scans() == [report.scan_id]

    def test_a_register_that_cannot_be_written_for_an_hour(
        self, own: collect.Place, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        report = finish_scan(own, NOW, (4, 5))
        collect.do_round(own)
        with monkeypatch.context() as patch:
            patch.setattr(Register, "record", failing(RegisterError("the disk is full")))
            for _ in range(20):
                assert take_in(desk).refused == 0
        assert take_in(desk).recorded == 1
        assert scans() == [report.scan_id]


class TestCollector:
    def test_a_copy_of_it(self, own: collect.Place, way: Way, workplace: Path, camscan: Camscan) -> None:
        """Whoever copies the folder stops both, at the first request that one of them did not know of."""
        collect.do_round(own)
        shutil.copytree(workplace / "oak", workplace / "copy")
        copy = collect.read_place(workplace / "copy" / "collector.yaml")
        collect.do_round(own)
        finish_scan(copy, NOW, (4,))  # which the other one does not have: it says something else
        with pytest.raises(KeyRefusedError, match="two programs use this key"):
            collect.do_round(copy)
        with pytest.raises(KeyRefusedError, match="was stopped"):
            collect.do_round(own)
        assert " stopped " in camscan("collector", "list")[1]
        assert way.passed

    def test_a_full_disk_gives_up_what_the_centre_has(
        self, own: collect.Place, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        finish_scan(own, NOW - DAY, (4,))
        collect.do_round(own)
        assert list(own.sent.iterdir())
        assert own.reserve.stat().st_size == 65_536
        real = output._create_beside

        def full_while_there_is_something(target: Path) -> tuple[Path, int]:
            if own.reserve.exists() or list(own.sent.iterdir()):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return real(target)

        monkeypatch.setattr(output, "_create_beside", full_while_there_is_something)
        assert collect.do_round(own).state == "approved"
        assert list(own.sent.iterdir()) == []
        assert Collectors(desk.store).all()[0].said["error"] == ""

    def test_a_scan_that_has_no_room_in_the_spool_stays_and_the_centre_is_reported(
        self, own: collect.Place, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        report = finish_scan(own, NOW, (4, 5))
        with monkeypatch.context() as patch:
            patch.setattr("camscan.app.spool.create_file", no_room)
            assert collect.do_round(own).sent == 0
        assert "could not be made ready to be sent" in Collectors(desk.store).all()[0].said["error"]
        assert collect.do_round(own).sent == 1
        take_in(desk)
        assert scans() == [report.scan_id]

    def test_a_clock_that_is_wrong(
        self, own: collect.Place, way: Way, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        report = finish_scan(own, NOW, (4, 5))
        with monkeypatch.context() as patch:
            patch.setattr(time, "time", lambda now=time.time: now() + 3600)
            with pytest.raises(CentreError, match="the clock here differs from the centre's, which says 20"):
                collect.do_round(own)
        assert collect.do_round(own).sent == 1
        take_in(desk)
        assert scans() == [report.scan_id]
        assert way.passed

    def test_two_of_them_cover_one_site(
        self, own: collect.Place, desk: Desk, workplace: Path, camscan: Camscan
    ) -> None:
        other = collector_at(workplace / "beside")
        enrol(other, camscan, name="Oak, the other one")
        for each, days in ((own, 2), (other, 1), (own, 0)):
            finish_scan(each, NOW - days * DAY, (4, 5))
            assert collect.do_round(each).sent == 1
        assert take_in(desk).recorded == 3
        with open_register("camscan.db", readonly=True) as book:
            assert [row.sightings for row in book.devices()] == [3, 3]

    def test_a_state_that_cannot_be_read_says_what_to_do(self, own: collect.Place) -> None:
        (own.folder / "state.json").write_bytes(b"{")
        with pytest.raises(Exception, match="cannot be read; remove it, and enrol"):
            collect.do_round(own)
        (own.folder / "state.json").unlink()
        with pytest.raises(UsageError, match="has not enrolled"):
            collect.do_round(own)


def copy_centre(source: Path, target: Path) -> None:
    """Everything that a centre keeps, as an older backup has it: what came later is gone."""
    for path in target.glob("camscan*.db*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    for path in source.glob("camscan*.db*"):
        shutil.copytree(path, target / path.name) if path.is_dir() else shutil.copy(path, target / path.name)


def no_room(*_: Any, **__: Any) -> Any:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def failing(error: Exception) -> Callable[..., Any]:
    def fail(*_: Any, **__: Any) -> Any:
        raise error

    return fail


@pytest.fixture
def server() -> Iterator[pg_server.Server]:
    """A server of its own, to be stopped."""
    if pg_server.program("initdb") is None:
        pytest.skip("no PostgreSQL server here: apt-get install postgresql")
    with pg_server.running() as made:
        yield made


@pytest.fixture
def served(server: pg_server.Server, workplace: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A centre whose register is on that server, which waits until what it has written is safe."""
    monkeypatch.setenv("XDG_STATE_HOME", str(workplace / "state"))
    address = server.place().replace("?options=", "?options=-csynchronous_commit%3Don%20")
    (workplace / "camscan.yaml").write_text(f"register: {address}\n{SITES}")
    open_register(address).close()
    made = Desk(find_workspace(), Setting())
    Way(made).stands(monkeypatch)
    yield made
    made.close()


@contextlib.contextmanager
def stopped(server: pg_server.Server) -> Iterator[Callable[[], None]]:
    """A server that was stopped at once (``pg_ctl stop -m immediate``); what is given starts it again."""
    command = Path(f"/proc/{server.process}/cmdline").read_bytes().rstrip(b"\0").split(b"\0")
    os.kill(server.process, signal.SIGQUIT)
    os.waitid(os.P_PID, server.process, os.WEXITED | os.WNOWAIT)
    with contextlib.ExitStack() as stack:

        def start() -> None:
            again = subprocess.Popen(command, cwd=server.folder, stderr=subprocess.DEVNULL, **pg_server.drop_rights())
            stack.callback(again.wait, timeout=30)
            stack.callback(again.send_signal, signal.SIGQUIT)

        yield start


def test_a_database_server_that_dies(server: pg_server.Server, served: Desk, workplace: Path, camscan: Camscan) -> None:
    """Stopped at once while a parcel waits to be recorded and another to be sent; then both are there, once."""
    own = collector_at(workplace / "oak")
    enrol(own, camscan)
    reports = [finish_scan(own, NOW - DAY, (4, 5))]
    assert collect.do_round(own).sent == 1
    with stopped(server) as start:
        reports.append(finish_scan(own, NOW, (4, 5)))
        with pytest.raises(CentreError, match="HTTP status 503 the centre cannot take anything now"):
            collect.do_round(own)
        with pytest.raises(RegisterError):
            take_in(served)
        start()
        for _ in range(300):
            with contextlib.suppress(CentreError):
                assert collect.do_round(own).sent == 1
                break
            time.sleep(0.1)
        assert take_in(served).recorded == 2
        with open_register(served.space.where, readonly=True) as book:
            assert [each.scan_id for each in book.scans()] == [each.scan_id for each in reports]
            assert book.find_faults() == []


@pytest.mark.long
def test_worker_and_server_are_killed_while_parcels_come(
    server: pg_server.Server, served: Desk, workplace: Path, camscan: Camscan
) -> None:
    """From site to register: the worker is killed again and again, the server once, and every scan is there once."""
    pytest.importorskip("procrastinate", reason="the extra postgresql is not installed")
    own = collector_at(workplace / "oak")
    enrol(own, camscan)
    (workplace / "camscan.yaml").write_text(
        f"{(workplace / 'camscan.yaml').read_text()}centre:\n  parts_per_second: 99\n"
    )
    reports = [finish_scan(own, NOW - timedelta(hours=30 - number), (4, 5 + number)) for number in range(24)]
    command = [sys.executable, "-m", "camscan", "work", "--heartbeat", "0.4", "--stalled-after", "1.5"]
    chance = random.Random(18)
    with contextlib.ExitStack() as stack:

        def begin() -> subprocess.Popen[bytes]:
            started = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            stack.callback(started.wait, timeout=30)
            stack.callback(started.kill)
            return started

        worker = begin()
        while again(own).left:
            time.sleep(0.1)
        for turn in range(6):
            so_far = count_scans(served)
            wait_until(lambda: count_scans(served) >= min(24, so_far + 2))  # noqa: B023 - within the turn
            time.sleep(chance.uniform(0, 0.2))
            if turn == 3:
                start = stack.enter_context(stopped(server))
                start()
            else:
                worker.kill()
                worker.wait()
                worker = begin()
        wait_until(lambda: count_scans(served) == 24)
        with open_register(served.space.where, readonly=True) as book:
            assert [each.scan_id for each in book.scans()] == [each.scan_id for each in reports]
            assert book.find_faults() == []
            found = alike(book)
    with open_register("direct.db") as book:
        for report in reports:
            record_report(report, book, served.space.settings)
        assert found == alike(book)


def alike(book: Register) -> list[tuple[object, ...]]:
    """What two registers say of their devices, whatever they call them.

    Not how often each was missed: a parcel whose worker was killed comes after the next ones, so it is late.
    """
    return sorted((row.identification.serial, row.sightings, row.ip_addresses) for row in book.devices())


def count_scans(served: Desk) -> int:
    """How many scans the register has; -1 while its server is away."""
    with contextlib.suppress(RegisterError), open_register(served.space.where, readonly=True) as book:
        return len(book.scans())
    return -1


def wait_until(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.2)
