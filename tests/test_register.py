"""What goes into the register comes out of it: every observation, every reply, any text; and nothing twice."""

from __future__ import annotations

import dataclasses
import itertools
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from sample_report import DAY, HOSTILE, NOON, camera, nameless, report
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from camscan import register as room
from camscan.errors import RegisterError
from camscan.model import Attempt, Capability, Confidence, Device, Identification, Observation, Outcome
from camscan.register import Register, column_types, open_register, schema


def observed(*values: str, ip: str = "192.0.2.2", when: datetime = NOON) -> Device:
    """Camera 1, showing these values of one key and nothing else."""
    seen = tuple(Observation(ip, 80, "http", "http.header", value, when) for value in values)
    return dataclasses.replace(camera(1, ip=ip, when=when), observations=seen)


def shown(book: Register, *, current: bool | None = None) -> list[tuple[str, str, str, bool]]:
    (row,) = book.devices()
    return [
        (stored.observation.value, stored.first_scan, stored.last_scan, stored.current)
        for stored in book.evidence(row.asset_id)
        if current is None or stored.current is current
    ]


class TestEvidence:
    def test_every_observation_comes_back(self, book: Register) -> None:
        device = camera(1, observations=30)
        book.record(report(device))
        (row,) = book.devices()
        evidence = book.evidence(row.asset_id)
        assert [stored.observation for stored in evidence] == list(device.observations)
        assert all(stored.current and stored.first_scan == stored.last_scan == "scan-1" for stored in evidence)

    def test_one_that_holds_is_stored_once_and_each_sighting_is_kept(self, book: Register) -> None:
        for number in range(1, 6):
            book.record(report(camera(1, observations=30), scan_id=f"scan-{number}", when=NOON + number * DAY))
        sizes = book.count_rows()
        assert (sizes["observation"], sizes["fact"], sizes["device_state"]) == (30, 30, 1)
        assert (sizes["sighting"], sizes["scan"], sizes["payload"], sizes["attempt"]) == (5, 5, 1, 5)
        (row,) = book.devices()
        assert {stored.last_scan for stored in book.evidence(row.asset_id)} == {"scan-5"}
        assert [seen.scan_id for seen in book.history(row.asset_id)] == [f"scan-{number}" for number in range(1, 6)]

    def test_one_that_ends_and_comes_again_says_so(self, book: Register) -> None:
        for number, values in enumerate((["a", "b"], ["a"], ["a", "b"], ["a", "b"]), start=1):
            book.record(report(observed(*values, when=NOON + number * DAY), scan_id=str(number)))
        assert sorted(shown(book)) == [("a", "1", "4", True), ("b", "1", "1", False), ("b", "3", "4", True)]

    def test_one_that_ends_while_the_device_is_away_ends_at_its_last_sighting(self, book: Register) -> None:
        book.record(report(observed("a"), scan_id="1"))
        book.record(report(scan_id="2"))
        book.record(report(observed("b"), scan_id="3"))
        assert shown(book) == [("b", "3", "3", True), ("a", "1", "1", False)]

    def test_the_same_fact_at_two_devices_is_stored_once(self, book: Register) -> None:
        book.record(report(observed("a"), nameless("192.0.2.9"), nameless("192.0.2.10")))
        assert book.count_rows()["fact"] == 2
        assert book.count_rows()["observation"] == 3

    def test_the_same_value_from_two_ports_is_two_observations(self, book: Register) -> None:
        device = observed("a")
        other = device.observations[0]._replace(port=81)
        book.record(report(dataclasses.replace(device, observations=(*device.observations, other))))
        assert len(shown(book)) == 2

    def test_one_repeated_within_a_scan_keeps_its_earliest_time(self, book: Register) -> None:
        later = observed("a", when=NOON + DAY).observations
        device = observed("a")
        book.record(report(dataclasses.replace(device, observations=(*later, *device.observations))))
        (row,) = book.devices()
        assert [stored.observation.seen_at for stored in book.evidence(row.asset_id)] == [NOON]

    def test_every_attempt_and_reply_comes_back(self, book: Register) -> None:
        attempts = (
            Attempt("http", "192.0.2.2", 80, Outcome.ANSWERED, payload=bytes(range(256)) * 40, seen_at=NOON),
            Attempt("rtsp", "192.0.2.2", 554, Outcome.MALFORMED, detail="no CSeq", payload=b"x", seen_at=NOON),
            Attempt("tls", "192.0.2.3", 443, Outcome.BUG, detail="KeyError", seen_at=NOON),
        )
        book.record(report(attempts=attempts))
        assert tuple(book.attempts("scan-1")) == attempts
        assert book.attempts("scan-1", "192.0.2.3") == [attempts[2]]
        assert book.attempts("scan-2") == []

    def test_a_scan_comes_back_with_its_coverage(self, book: Register) -> None:
        of = report(camera(1), site="Depot")
        book.record(of)
        (scan,) = book.scans()
        for member in ("scan_id", "started_at", "finished_at", "completion", "site", "targets", "pace", "coverage"):
            assert getattr(scan, member) == getattr(of, member)
        assert scan.devices == 1

    def test_an_empty_scan_is_a_scan(self, book: Register) -> None:
        assert book.record(report()).devices == 0
        assert len(book.scans()) == 1

    def test_a_scan_is_recorded_once(self, book: Register) -> None:
        book.record(report(camera(1)))
        with pytest.raises(RegisterError, match=r"^scan scan-1 is already in the register; nothing was recorded$"):
            book.record(report(camera(2)))
        assert len(book.devices()) == 1

    def test_times_of_other_zones_are_stored_as_utc(self, book: Register) -> None:
        local = NOON.astimezone(timezone(timedelta(hours=5, minutes=30)))
        book.record(report(camera(1, when=local), when=local))
        (row,) = book.devices()
        assert row.first_seen == NOON
        assert row.first_seen.utcoffset() == timedelta(0)


TEXT = st.text(st.characters(), max_size=60)
SURE = st.floats(0, 1)
IDENTIFICATIONS = st.builds(
    Identification,
    maker=st.none() | TEXT,
    brand=st.none() | TEXT,
    model=st.none() | TEXT,
    firmware=st.none() | TEXT,
    serial=st.none() | TEXT,
    kind=st.none() | TEXT,
    is_camera_system=st.none() | st.booleans(),
    capabilities=st.dictionaries(TEXT, st.builds(Capability, TEXT, TEXT), max_size=2),
    confidence=st.sampled_from(Confidence),
    certainty=SURE,
    because=st.lists(TEXT, max_size=2).map(tuple),
    conflicts=st.lists(TEXT, max_size=2).map(tuple),
)


class TestAnyText:
    @examples(50)
    @given(IDENTIFICATIONS, st.lists(TEXT, max_size=4, unique=True), TEXT)
    def test_goes_in_and_comes_out(
        self, tmp_path_factory: pytest.TempPathFactory, found: Identification, values: list[str], site: str
    ) -> None:
        device = dataclasses.replace(observed(*values), identification=found)
        with open_register(tmp_path_factory.mktemp("any") / "camscan.db") as book:
            book.record(report(device, site=site, scan_id=site or "x"))
            (row,) = book.devices()
            assert row.identification == found
            assert row.site == site
            (seen,) = book.history(row.asset_id)
            assert (seen.identification, seen.scan_id) == (found, site or "x")
            assert [stored.observation.value for stored in book.evidence(row.asset_id)] == values

    def test_hostile_text_of_64_kb_too(self, book: Register) -> None:
        book.record(
            report(dataclasses.replace(observed(HOSTILE), identification=camera(1, model=HOSTILE).identification))
        )
        (row,) = book.devices()
        assert row.identification.model == HOSTILE
        assert shown(book)[0][0] == HOSTILE

    @given(TEXT)
    def test_is_stored_as_text_that_every_database_takes(self, text: str) -> None:
        column = column_types.DeviceText()
        stored = column.bind_processor(postgresql.dialect())(text)  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped
        assert stored is not None
        assert "\x00" not in stored
        stored.encode("utf-8")
        assert column.result_processor(postgresql.dialect(), None)(stored) == text  # type: ignore[no-untyped-call]  # as above


class TestFind:
    @pytest.fixture
    def full(self, book: Register) -> Register:
        book.record(report(*(camera(number) for number in range(1, 20)), nameless("2001:db8::9")))
        return book

    @pytest.mark.parametrize(
        "text",
        [
            "192.0.2.8",
            " 192.0.2.8 ",
            "44:19:b6:00:00:07",
            "44-19-B6-00-00-07",
            "4419.b600.0007",
            "DS-2CD2385G1-I20190701AAWR000000007",
            "ds-2cd2385g1-i20190701aawr000000007",
            "000000007",
            "AAWR000000007",
        ],
    )
    def test_by_address_serial_or_mac_in_any_spelling(self, full: Register, text: str) -> None:
        (row,) = full.find_devices(text)
        assert row.identification.serial == camera(7).identification.serial

    def test_by_asset_id_in_any_case(self, full: Register) -> None:
        row = full.devices()[6]
        assert full.find_devices(row.asset_id) == full.find_devices(row.asset_id.lower()) == [row]

    def test_by_an_ipv6_address_in_any_spelling(self, full: Register) -> None:
        assert len(full.find_devices("2001:0db8:0:0::9")) == 1

    @pytest.mark.parametrize("text", ["", "7", "%", "000_000007", "192.0.2.200", "x' OR 1=1 --", "\x00", "\ud800"])
    def test_what_is_not_there_is_not_found(self, full: Register, text: str) -> None:
        assert full.find_devices(text) == []

    def test_devices_of_a_maker_or_site(self, full: Register) -> None:
        full.record(report(camera(30), site="Depot", scan_id="2"))
        assert len(full.devices(maker="hikvision")) == 20
        assert len(full.devices(site="Depot")) == 1
        assert full.devices(maker="dahua") == []
        seen = [row.first_seen for row in full.devices() if row.first_seen]
        assert seen == sorted(seen)

    def test_an_unknown_device_has_no_evidence_and_no_history(self, full: Register) -> None:
        assert full.evidence("nobody") == []
        assert full.history("nobody") == []


class TestHouse:
    def test_importing_the_room_loads_no_database_library(self) -> None:
        code = "import sys, camscan.register; sys.exit(bool({'sqlalchemy', 'alembic'} & set(sys.modules)))"
        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

    def test_the_register_class_can_be_named(self, book: Register) -> None:
        assert isinstance(book, room.Register)
        with pytest.raises(AttributeError):
            room.ScanState  # noqa: B018 - it is the access that is tested

    def test_the_tables_can_be_made_on_postgresql(self) -> None:
        for table in schema.METADATA.sorted_tables:
            statement = str(CreateTable(table).compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call]  # as above
            assert "INTEGER PRIMARY KEY" not in statement
            assert statement.strip().startswith("CREATE TABLE")

    def test_recording_writes_to_no_table_but_its_own(self, tmp_path: Path) -> None:
        """What people enter lives beside it and is theirs."""
        path = tmp_path / "camscan.db"
        open_register(path).close()
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("CREATE TABLE person_entry (asset_id TEXT REFERENCES device (asset_id), note TEXT)")
            connection.commit()
        touched: set[str] = set()

        def watch(action: int, one: str | None, *_: object) -> int:
            if action in {sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE} and one:
                touched.add(one)
            return sqlite3.SQLITE_OK

        with open_register(path) as book:
            driver: Any = book._connection.connection.driver_connection
            driver.set_authorizer(watch)
            first = book.record(report(camera(1), nameless()))
            book.record(report(camera(1, mac="44:19:b6:00:99:99"), camera(2, mac="44:19:b6:00:00:01"), scan_id="2"))
            driver.set_authorizer(None)
        assert first.devices == 2
        theirs = {"people", "change", "site", "subnet", "tally", "listing", "overview"}
        assert touched == set(schema.METADATA.tables) - theirs

    def test_a_scan_costs_few_statements_whatever_its_size(self, tmp_path: Path) -> None:
        counts = []
        for size in (10, 100):
            with open_register(tmp_path / f"{size}.db") as book:
                statements: list[str] = []
                driver: Any = book._connection.connection.driver_connection
                driver.set_trace_callback(statements.append)
                book.record(report(*(camera(number) for number in range(size))))
                own = [each[:30] for each in statements if not each.startswith("--")]  # those of triggers begin so
                counts.append(len([*itertools.groupby(own)]))  # the rows of one table, written one after the other
        assert counts[0] == counts[1] < 50

    def test_readers_go_on_while_a_scan_is_recorded(self, tmp_path: Path) -> None:
        path = tmp_path / "camscan.db"
        with open_register(path) as writer:
            writer.record(report(camera(1)))
            with open_register(path, readonly=True) as reader, writer._connection.begin():
                writer._connection.exec_driver_sql("DELETE FROM attempt")
                assert len(reader.devices()) == 1
                assert reader.count_rows()["attempt"] == 1

    def test_a_closed_register_is_one_file_and_a_lock(self, tmp_path: Path) -> None:
        path = tmp_path / "camscan.db"
        with open_register(path) as book:
            book.record(report(camera(1)))
        with open_register(path, readonly=True) as book:
            assert len(book.devices()) == 1
        assert sorted(each.name for each in tmp_path.iterdir()) == ["camscan.db", "camscan.db.lock"]

    def test_a_name_that_a_uri_would_bend_is_only_a_name(self, tmp_path: Path) -> None:
        path = tmp_path / "100% ours?mode=memory#1.db"
        with open_register(path) as book:
            book.record(report(camera(1)))
        assert path.is_file()
        with open_register(path, readonly=True) as book:
            assert len(book.devices()) == 1
