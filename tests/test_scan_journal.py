"""The journal of a run: whatever was cut off, what is before it is whole; what it says is never trusted."""

from __future__ import annotations

import ipaddress
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from udp_replies import SADP_CAMERA, SADP_HELLO

from camscan import fingerprints
from camscan.errors import OutputError
from camscan.model import Attempt, Outcome, Reply
from camscan.net.datagram import DatagramPort
from camscan.net.door import Door
from camscan.net.pace import FAST
from camscan.net.scope import Scope
from camscan.net.span import Span
from camscan.net.target import addresses, parse_targets
from camscan.probes import as_unsolicited, read_reply
from camscan.probes import load as load_probes
from camscan.scan.checkpoint import Checkpoint
from camscan.scan.coverage import Tally, make_coverage
from camscan.scan.engine import Scan
from camscan.scan.host_record import Proof
from camscan.scan.journal import STALE, Head, interrupted_runs, journal_place, path_of, remember_round, write_head
from camscan.scan.journal.read import load_journal
from camscan.scan.journal.write import Journal
from camscan.scan.plan import Plan
from camscan.scan.state import ScanState

DATABASE = fingerprints.load_database()
PROBES = load_probes()
TARGETS = parse_targets(["127.60.0.0/24"])
NOON = datetime(2026, 3, 2, 12, 0, 0, tzinfo=UTC)
HEAD = Head("0123abcd", NOON, targets=("127.60.0.0/24",), options={"pace": "fast"})
HTTP = b"HTTP/1.1 200 OK\r\nServer: App-webs/\r\nContent-Type: text/html\r\n\r\n<title>Caf\xc3\xa9</title>\x00\xff"


class Running:
    """What the journal hears of a scan, without a network."""

    def __init__(self) -> None:
        self.state = ScanState(DATABASE)
        self.tally = Tally()
        self.on_done: Callable[[str], None] = lambda _ip: None

    @property
    def scan(self) -> Scan:
        return cast("Scan", self)

    def answer(self, ip: str, payload: bytes = HTTP, probe: str = "http", port: int = 80) -> Attempt:
        attempt = read_reply(PROBES[probe], Reply(probe, payload, ip, port, NOON))
        self.state.record(attempt)
        return attempt


@contextmanager
def journal(path: Path) -> Iterator[tuple[Journal, Running]]:
    running = Running()
    opened = Journal.begin(path, HEAD)
    opened.attach(running.scan)
    yield opened, running
    opened.close(remove=False)


def span(text: str) -> Span:
    (found,) = parse_targets([text]).spans
    return found


def whole(path: Path) -> tuple[Running, list[Attempt]]:
    """A journal with a bit of everything, in two entries; what was recorded."""
    with journal(path) as (opened, running):
        attempts = [running.answer("127.60.0.1"), running.answer("127.60.0.2", b"SSH-2.0-x\r\n")]
        running.state.record(Attempt("http", "127.60.0.3", 80, Outcome.REFUSED))
        running.state.record(Attempt("http", "127.60.0.4", 80, Outcome.TIMED_OUT))
        running.state.record(Attempt("rtsp", "127.61.0.9", 554, Outcome.UNREACHABLE))
        running.tally.datagrams["sadp"] += 4
        running.tally.add_note("nothing was asked by multicast: …")
        for number in (1, 2, 4):
            running.on_done(f"127.60.0.{number}")
        opened.write(opened.gather_lines(running.scan))
        attempts.append(running.answer("fe80::5%lo", b"\x00" * 40, "sadp", 37020))
        bug = Attempt("onvif", "127.60.0.3", 80, Outcome.BUG, detail="KeyError: 'é'", seen_at=NOON)
        running.state.record(bug)
        attempts.append(bug)
        running.on_done("127.60.0.3")
        opened.write(opened.gather_lines(running.scan))
        assert opened.gather_lines(running.scan) == b""
    return running, attempts


class TestBackAgain:
    def test_what_was_proved_and_what_was_not_comes_back(self, tmp_path: Path) -> None:
        with journal(tmp_path / "journal") as (opened, running):
            state = running.state
            mine, forged = (Reply("sadp", body, "127.60.0.1", 37020, NOON) for body in (SADP_CAMERA, SADP_HELLO))
            state.record(read_reply(PROBES["sadp"], forged), is_sign_of_life=False)
            opened.write(opened.gather_lines(running.scan))
            state.record(read_reply(PROBES["sadp"], mine), proof=Proof.OWN)
            state.note_presence("127.60.0.2")
            state.note_cut_off("127.60.0.3", "tcp/443")
            opened.write(opened.gather_lines(running.scan))
            state.note_cut_off("127.60.0.3", "tcp/80")
            opened.write(opened.gather_lines(running.scan))
            assert opened.gather_lines(running.scan) == b""
        found = load_journal(tmp_path / "journal", TARGETS.spans).checkpoint
        again = ScanState(DATABASE)
        found.restore(again, Tally(), TARGETS, lambda _attempt: False)
        assert (again.alive, again.present) == ({"127.60.0.1"}, {"127.60.0.2"})
        assert again.cut_off == {"127.60.0.3": "tcp/443, tcp/80"}
        assert again.proven_digests("127.60.0.1") == state.proven_digests("127.60.0.1")
        assert [bool(one.observations) for one in again.attempts()] == [False, True]

    def test_an_answer_that_was_heard_unasked_before_comes_back_as_proved(self, tmp_path: Path) -> None:
        other = SADP_CAMERA.replace(b"<DHCP>true<", b"<DHCP>false<")
        with journal(tmp_path / "journal") as (opened, running):
            state = running.state
            first, second = (
                read_reply(PROBES["sadp"], Reply("sadp", body, "127.60.0.1", 37020, NOON))
                for body in (SADP_CAMERA, other)
            )
            for attempt in (first, as_unsolicited(second), second):
                state.record(attempt, proof=Proof.OWN if attempt.is_solicited else Proof.NONE)
                opened.write(opened.gather_lines(running.scan))
        again = ScanState(DATABASE)
        load_journal(tmp_path / "journal", TARGETS.spans).checkpoint.restore(
            again, Tally(), TARGETS, lambda _attempt: False
        )
        assert len(state.proven_digests("127.60.0.1")["sadp"]) == 2
        assert again.proven_digests("127.60.0.1") == state.proven_digests("127.60.0.1")

    def test_everything_comes_back(self, tmp_path: Path) -> None:
        running, attempts = whole(tmp_path / "journal")
        past = load_journal(tmp_path / "journal", TARGETS.spans)
        assert past.head == HEAD
        found = past.checkpoint
        assert found.attempts == tuple(attempts)
        assert found.finished == (span("127.60.0.1-4"),)
        assert [*addresses(found.met)] == ["127.60.0.1", "127.60.0.2", "127.60.0.3"]
        assert found.notes == ("nothing was asked by multicast: …",)
        state, tally = ScanState(DATABASE), Tally()
        met = found.restore(state, tally, TARGETS)
        assert met == {"127.60.0.1", "127.60.0.2", "127.60.0.3"}
        assert state.alive == running.state.alive
        assert state.unreachable == running.state.unreachable
        assert state.outcomes == running.state.outcomes
        assert state.attempts() == running.state.attempts()
        running.tally.asked = 4
        running.tally.begin(span("127.60.0.1-4"))
        assert (tally.asked, tally.done) == (4, 4)
        assert make_coverage(state, tally, TARGETS, listened=False) == make_coverage(
            running.state, running.tally, TARGETS, listened=False
        )

    def test_what_was_said_unasked_comes_back_as_that(self, tmp_path: Path) -> None:
        hello = b"<Hello><Types>hello</Types><DeviceDescription>DS-2CD2032-I</DeviceDescription></Hello>"
        reply = Reply("sadp", hello, "127.60.0.7", 37020, NOON, is_solicited=False)
        with journal(tmp_path / "journal") as (opened, running):
            running.state.record(read_reply(PROBES["sadp"], reply))
            opened.write(opened.gather_lines(running.scan))
        found = load_journal(tmp_path / "journal", TARGETS.spans).checkpoint
        assert [attempt.is_solicited for attempt in found.attempts] == [False]
        assert found.attempts == running.state.attempts()
        state = ScanState(DATABASE)
        found.restore(state, Tally(), TARGETS)
        assert (state.alive, state.unproven_addresses()) == (set(), ["127.60.0.7"])

    def test_it_may_be_read_by_its_owner_alone(self, tmp_path: Path) -> None:
        whole(tmp_path / "journal")
        assert (tmp_path / "journal").stat().st_mode & 0o077 == 0

    def test_continued_and_cut_off_and_continued(self, tmp_path: Path) -> None:
        path = tmp_path / "journal"
        whole(path)
        with path.open("ab") as stream:
            stream.write(b'{"mark": {"done": [[4, 21')
        running = Running()
        past = load_journal(path, TARGETS.spans)
        past.checkpoint.restore(running.state, running.tally, TARGETS)
        again = Journal.resume(path, past)
        again.attach(running.scan)
        running.answer("127.60.0.9")
        running.on_done("127.60.0.9")
        again.write(again.gather_lines(running.scan))
        again.note_end("scan-2")
        again.close(remove=False)
        found = load_journal(path, TARGETS.spans)
        assert found.ended == "scan-2"
        assert [*addresses(found.checkpoint.finished)] == [f"127.60.0.{number}" for number in (1, 2, 3, 4, 9)]
        assert found.checkpoint.attempts[:-1] == past.checkpoint.attempts
        ids = [json.loads(line).get("id") for line in path.read_text(encoding="utf-8").splitlines()]
        assert len({*ids} - {None}) == len([each for each in ids if each])

    def test_removed_when_it_is_over(self, tmp_path: Path) -> None:
        opened = Journal.begin(tmp_path / "journal", HEAD)
        opened.close(remove=True)
        assert [*tmp_path.iterdir()] == []

    def test_a_full_disk_costs_the_journal_and_not_the_scan(self, tmp_path: Path) -> None:
        running = Running()
        with Path("/dev/full").open("wb", buffering=0) as full:
            opened = Journal(tmp_path / "journal", full, HEAD)
            opened.attach(running.scan)
            running.answer("127.60.0.1")
            opened.write(opened.gather_lines(running.scan))
            assert opened.trouble == "No space left on device"
            opened.note_end("scan-1")


class TestDamaged:
    def test_cut_off_anywhere_what_is_before_it_is_whole(self, tmp_path: Path) -> None:
        path = tmp_path / "journal"
        whole(path)
        content = path.read_bytes()
        head = content.index(b"\n") + 1
        full = load_journal(path, TARGETS.spans).checkpoint
        seen = 0
        for size in range(head, len(content) + 1):
            path.write_bytes(content[:size])
            past = load_journal(path, TARGETS.spans)
            assert past.size == content.rindex(b"\n", 0, size) + 1
            assert past.checkpoint.attempts == full.attempts[: len(past.checkpoint.attempts)]
            assert len(past.checkpoint.attempts) >= seen
            seen = len(past.checkpoint.attempts)
            # No address is finished before what it said is known.
            told = {attempt.ip for attempt in past.checkpoint.attempts}
            assert {*addresses(past.checkpoint.met)} <= told | {*addresses(past.checkpoint.alive)}
        assert past.checkpoint == full

    @pytest.mark.parametrize(
        "line",
        [
            "x",
            "[]",
            "null",
            '{"mark": 3}',
            '{"mark": {"done": [[4, 9, 1]]}}',
            '{"mark": {"done": [[5, 1, 2]]}}',
            '{"mark": {"done": [[4, 1, 99999999999]]}}',
            '{"mark": {"done": [["4", 1]]}}',
            '{"mark": {"outcomes": {"http": {"eaten": 1}}}}',
            '{"mark": {"unreachable": {"10.1.2": "x"}}}',
            '{"attempt": {"probe": "http"}}',
            '{"id": "1", "protocol": "nonsense", "payload": "x"}',
            '{"id": "1", "protocol": "http", "payload_b64": "%"}',
            "\x00\x00\x00\x00",
        ],
    )
    def test_a_line_that_says_nothing_sensible_ends_it(self, tmp_path: Path, line: str) -> None:
        path = tmp_path / "journal"
        whole(path)
        lines = path.read_bytes().splitlines(keepends=True)
        path.write_bytes(b"".join([*lines[:2], line.encode() + b"\n", *lines[2:]]))
        past = load_journal(path, TARGETS.spans)
        assert len(past.checkpoint.attempts) == 1
        assert past.size == sum(map(len, lines[:2]))

    def test_addresses_that_are_not_targets_count_for_nothing(self, tmp_path: Path) -> None:
        path = tmp_path / "journal"
        first = int(ipaddress.ip_address("127.59.255.0"))
        mark = {"mark": {name: [[4, first, first + 1000], [6, 1, 2**100]] for name in ("done", "met", "alive")}}
        path.write_bytes(write_head(HEAD) + json.dumps(mark).encode() + b"\n")
        found = load_journal(path, parse_targets(["127.60.0.0/30"]).spans).checkpoint
        assert found.finished == found.met == found.alive == (span("127.60.0.1-2"),)

    def test_one_of_version_1_is_still_read(self, tmp_path: Path) -> None:
        head = json.loads(write_head(HEAD))["camscan"]
        old = {name: value for name, value in head.items() if name not in {"scan", "asked", "site"}} | {"version": 1}
        path = tmp_path / "journal"
        path.write_bytes(json.dumps({"camscan": old}).encode() + b"\n" + b'{"ended": "x"}\n')
        past = load_journal(path)
        assert (past.head.scan, past.head.targets, past.ended) == ("", HEAD.targets, "x")
        resumed = Journal.resume(path, past)
        assert resumed.scan_id(is_half=True) == resumed.scan_id(is_half=False) == ""
        resumed.close(remove=False)

    def test_a_half_is_numbered_and_what_comes_after_it_is_another(self, tmp_path: Path) -> None:
        with journal(tmp_path / "journal") as (opened, running):
            opened.head = replace(HEAD, scan="0199")
            assert opened.scan_id(is_half=True) == "0199.1"
            opened.end_half()
            assert opened.scan_id(is_half=True) == "0199.2"
            assert opened.scan_id(is_half=False) == "0199"
            past = load_journal(opened.path)
            assert (past.halves, past.is_moved_on) == (1, False)
            running.answer("127.60.0.1")
            opened.write(opened.gather_lines(running.scan))
            assert load_journal(opened.path).is_moved_on

    @pytest.mark.parametrize(
        "content", [b"", b"\n", b"{}\n", b'{"camscan": {"version": 99}}\n', b"\xff\n", b"[1]\n", b"x"]
    )
    def test_a_file_that_is_not_a_journal(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "journal"
        path.write_bytes(content)
        with pytest.raises(
            OutputError,
            match=r"is not the journal of an interrupted scan; start again with "
            r"--discard$",
        ):
            load_journal(path)

    def test_a_file_that_no_longer_exists(self, tmp_path: Path) -> None:
        with pytest.raises(
            OutputError,
            match=r"cannot be read: No such file or directory; start again with "
            r"--discard$",
        ):
            load_journal(tmp_path / "journal")

    @examples(200)
    @given(st.binary(max_size=300), st.integers(0, 2000))
    def test_any_bytes_anywhere(self, tmp_path_factory: pytest.TempPathFactory, content: bytes, place: int) -> None:
        path = tmp_path_factory.getbasetemp() / "any-journal"
        if not (path.with_name("whole-journal")).exists():
            whole(path.with_name("whole-journal"))
        good = path.with_name("whole-journal").read_bytes()
        path.write_bytes(good[:place] + content + good[place:])
        try:
            past = load_journal(path, TARGETS.spans)
        except OutputError:
            assert place < good.index(b"\n") + 1
        else:
            assert past.size <= path.stat().st_size


class TestFinding:
    def test_beside_the_register_or_in_the_users_state(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        assert journal_place("some/camscan.db") == Path("some/camscan.db")
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
        place = journal_place("postgresql://camscan:secret@db/camscan")
        assert place.parent == tmp_path / "camscan"
        assert "secret" not in place.name
        assert (
            place == journal_place("postgresql://camscan:other@db/camscan") != journal_place("postgresql://db2/camscan")
        )
        Journal.begin(path_of(place, "0123abcd"), HEAD).close(remove=False)
        assert [run.head for run in interrupted_runs(place)] == [HEAD]

    def test_every_run_oldest_first_and_nothing_else(self, tmp_path: Path) -> None:
        place = tmp_path / "a [b]*.db"
        later = replace(HEAD, key="aaaa0000", begun=NOON + timedelta(hours=1))
        for head in (later, HEAD):
            Journal.begin(path_of(place, head.key), head).close(remove=False)
        (tmp_path / "a [b]*.db.unfinished-deadbeef").write_text("no journal")
        (tmp_path / "a [b]*.db.unfinished-other").write_text("")
        Journal.begin(path_of(tmp_path / "a b.db", "0123abcd"), HEAD).close(remove=False)
        assert [run.head for run in interrupted_runs(place)] == [HEAD, later]
        assert interrupted_runs(tmp_path / "none" / "camscan.db") == []

    def test_after_a_week_without_a_word_it_is_stale(self, tmp_path: Path) -> None:
        place = tmp_path / "camscan.db"
        Journal.begin(path_of(place, HEAD.key), HEAD).close(remove=False)
        now = datetime.now(UTC)
        old = (now - STALE - timedelta(minutes=1)).timestamp()
        assert not interrupted_runs(place)[0].is_stale(now)
        os.utime(path_of(place, HEAD.key), (old, old))
        assert interrupted_runs(place)[0].is_stale(now)

    def test_what_is_recorded_of_several_sites(self, tmp_path: Path) -> None:
        place = tmp_path / "camscan.db"
        head = replace(HEAD, targets=(), everything=True)
        remember_round(place, head)
        remember_round(place, replace(head, recorded=("Town Hall",)))
        (run,) = interrupted_runs(place)
        assert (run.head.recorded, run.head.target_words) == (("Town Hall",), "all sites")
        assert [path.name for path in tmp_path.iterdir()] == ["camscan.db.unfinished-0123abcd"]


async def test_who_is_finished_with_is_asked_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: set[str] = set()
    send = DatagramPort.send

    async def spied(port: DatagramPort, payload: bytes, ip: str, number: int) -> Outcome | None:
        asked.add(ip)
        return await send(port, payload, ip, number)

    targets = parse_targets(["127.60.9.0/28"])
    running = Running()
    attempt = running.answer("127.60.9.3")
    monkeypatch.setattr(DatagramPort, "send", spied)
    earlier = Checkpoint((attempt,), finished=(span("127.60.9.1-12"),), met=(span("127.60.9.3"),))
    done: list[str] = []
    async with Door(Scope(targets.networks), FAST) as door:
        scan = Scan(
            door, Plan(targets, ports=dict.fromkeys(PROBES, ())), DATABASE, earlier=earlier, on_done=done.append
        )
        report = await scan.run()
    assert {ip for ip in asked if ip in targets} == {"127.60.9.13", "127.60.9.14"} == {*done}
    assert (report.coverage.addresses, report.coverage.not_tried, report.coverage.answered) == (14, 0, 1)
    assert [attempt.ip for attempt in report.attempts if attempt.ip in targets] == ["127.60.9.3"]
