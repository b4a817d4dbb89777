"""Stored evidence under another fingerprint database: what changes is what the database says differently, no more."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from sample_report import DAY, NOON, report

from camscan import fingerprints
from camscan.asset import Asset, Event, RecordType
from camscan.cli import cli
from camscan.fingerprints import Database
from camscan.identify import merge_attempts
from camscan.model import Attempt, Device, Observation, Outcome, Report
from camscan.register import Edit, NewRow, Register, open_register
from camscan.register.judging import with_new_sighting

RULE = """
- id: own.acme
  when: {http.server: '^AcmeCam/(?P<firmware>[0-9.]+)$'}
  then: {maker: MAKER, model: Acme 1, firmware: '{firmware}', camera: 'true', kind: camera}
  certainty: 0.9
  source: a test
  examples:
    - see: {http.server: AcmeCam/1.0}
      then: {maker: MAKER, firmware: '1.0'}
  counterexamples:
    - see: {http.server: nginx}
"""


@pytest.fixture(scope="module")
def database() -> Database:
    return fingerprints.load_database()


def with_rule(folder: Path, maker: str) -> Database:
    """The database with a rule of our own for AcmeCam."""
    (folder / maker).mkdir()
    (folder / maker / "own.yaml").write_text(RULE.replace("MAKER", maker), encoding="utf-8")
    return fingerprints.load_database([folder / maker])


def device(database: Database, ip: str, **facts: str) -> Device:
    """What a scan makes of these facts: ``http_server="…"`` is the fact ``http.server``."""
    attempts = []
    for name, value in facts.items():
        probe = name.partition("_")[0]
        seen = Observation(ip, 80, probe, name.replace("_", ".", 1), value, NOON)
        attempts.append(Attempt(probe, ip, 80, Outcome.ANSWERED, (seen,), payload=value.encode(), seen_at=NOON))
    (found,) = merge_attempts(attempts, database)
    return found


def hikvision(database: Database, ip: str = "192.0.2.1", **facts: str) -> Device:
    told = {"sadp_model": "DS-2CD2385G1-I", "sadp_serial": "DS-2CD2385G1-I20190701AAWRD12345678", **facts}
    return device(database, ip, **told)


def scan(number: int, *devices: Device) -> Report:
    return report(*devices, scan_id=f"scan-{number}", when=NOON + number * DAY)


def everything(book: Register) -> list[Asset]:
    return book.devices()


class TestNothingChanges:
    def test_the_same_database_says_the_same(self, book: Register, database: Database) -> None:
        acme = device(database, "192.0.2.2", http_server="AcmeCam/1.0")
        book.record(scan(1, hikvision(database, sadp_mac="44:19:b6:00:00:01"), acme))
        assert book.reidentify(database) == []

    def test_nor_where_what_is_known_was_told_over_several_scans(self, book: Register, database: Database) -> None:
        book.record(scan(1, hikvision(database, sadp_firmware="V5.6.2build 190701")))
        book.record(scan(2, hikvision(database)))
        before = everything(book)
        assert before[0].identification.firmware
        assert book.reidentify(database, apply=True) == []
        assert everything(book) == before
        assert book.happenings("scan-2") == []

    def test_rows_that_no_scan_saw_are_left_alone(self, book: Register, database: Database) -> None:
        from_people = NewRow(RecordType.MANUAL, {"stated_model": "DS-2CD2385G1-I"})
        book.add_devices([from_people], role="CCTV manager", how="test")
        before = everything(book)
        assert book.reidentify(database, apply=True) == []
        assert everything(book) == before


class TestAnotherRule:
    def test_changes_exactly_the_rows_that_it_is_about(
        self, book: Register, database: Database, tmp_path: Path
    ) -> None:
        acme = device(database, "192.0.2.2", http_server="AcmeCam/1.0")
        other = device(database, "192.0.2.3", http_server="nginx")
        book.record(scan(1, hikvision(database), acme, other))
        camera, found, last = everything(book)
        ours = with_rule(tmp_path, "dahua")

        (change,) = book.reidentify(ours)
        assert everything(book) == [camera, found, last], "a dry run changed the register"
        assert change.asset_id == found.asset_id
        told = {name: (old, new) for name, old, new in change.changes}
        assert told["maker"] == ("", "dahua")
        assert told["model"] == ("", "Acme 1")
        assert told["is_camera_system"] == ("", "yes")

        assert book.reidentify(ours, apply=True) == [change]
        now = {row.asset_id: row for row in everything(book)}
        assert now[camera.asset_id] == camera
        assert now[last.asset_id] == last
        assert now[found.asset_id] == dataclasses.replace(found, identification=change.after)
        assert change.after.maker == "dahua"
        assert book.reidentify(ours, apply=True) == []

    def test_it_is_an_event_of_no_scan(self, book: Register, database: Database, tmp_path: Path) -> None:
        book.record(scan(1, device(database, "192.0.2.2", http_server="AcmeCam/1.0")))
        ours = with_rule(tmp_path, "dahua")
        book.reidentify(ours, apply=True, at=NOON + 5 * DAY)
        (happening,) = book.happenings("scan-1")
        assert (happening.event, happening.old, happening.new) == (Event.MAKER_CHANGED, "unknown", "dahua")
        assert (happening.scan_id, happening.at) == ("", NOON + 5 * DAY)
        assert ours.version in happening.detail
        book.record(scan(2, device(ours, "192.0.2.2", http_server="AcmeCam/1.0")))
        assert book.happenings("scan-2") == []

    def test_back_to_the_old_rule_is_back_to_the_old_row(
        self, book: Register, database: Database, tmp_path: Path
    ) -> None:
        book.record(scan(1, device(database, "192.0.2.2", http_server="AcmeCam/1.0")))
        before = everything(book)
        for ours in (with_rule(tmp_path, "dahua"), with_rule(tmp_path, "axis"), database):
            assert len(book.reidentify(ours, apply=True)) == 1
        assert everything(book) == before
        assert book.happenings("scan-1") == []

    def test_what_people_entered_and_when_it_was_seen_stay(
        self, book: Register, database: Database, tmp_path: Path
    ) -> None:
        (asset,) = book.record(scan(1, device(database, "192.0.2.2", http_server="AcmeCam/1.0"))).new
        entries = {"notes": "by the stair", "stated_manufacturer": "Hikvision", "lifecycle_status": "confirmed"}
        book.edit_entries(
            [Edit(asset, name, value) for name, value in entries.items()], role="CCTV manager", how="test"
        )
        (before,) = everything(book)
        book.reidentify(with_rule(tmp_path, "dahua"), apply=True)
        (after,) = everything(book)
        assert after.entries == entries
        kept = {field.name for field in dataclasses.fields(Asset)} - {"identification"}
        assert {name: getattr(after, name) for name in kept} == {name: getattr(before, name) for name in kept}
        assert after.identification.maker == "dahua"

    def test_a_later_scan_recognises_the_unit_under_its_new_maker(
        self, book: Register, database: Database, tmp_path: Path
    ) -> None:
        book.record(scan(1, device(database, "192.0.2.2", http_server="AcmeCam/1.0", upnp_serial="AC-778812")))
        ours = with_rule(tmp_path, "dahua")
        book.reidentify(ours, apply=True)
        again = device(ours, "192.0.2.50", http_server="AcmeCam/1.0", upnp_serial="AC-778812")
        if again.identification.serial:
            assert book.record(scan(2, again)).new == ()

    def test_what_an_earlier_sighting_told_stays_where_the_rule_is_not_about_it(
        self, book: Register, database: Database, tmp_path: Path
    ) -> None:
        book.record(scan(1, hikvision(database, sadp_mac="44:19:b6:00:00:01")))
        weaker = device(database, "192.0.2.1", mac_address="44:19:b6:00:00:01", http_server="AcmeCam/1.0")
        assert book.record(scan(2, weaker)).new == ()
        before = everything(book)
        assert before[0].identification.model == "DS-2CD2385G1-I"
        assert book.reidentify(with_rule(tmp_path, "axis"), apply=True) == []
        assert everything(book) == before


class TestAnew:
    def test_what_stronger_evidence_had_said_before_stands(self, database: Database) -> None:
        known = hikvision(database).identification
        weak = dataclasses.replace(known, maker="dahua", certainty=0.3)
        other = dataclasses.replace(known, maker="axis", certainty=0.3)
        assert with_new_sighting(known, weak, other).maker == "hikvision"

    def test_a_value_from_a_changed_rule_is_removed(self, database: Database) -> None:
        known = hikvision(database).identification
        silent = dataclasses.replace(known, model=None)
        assert with_new_sighting(known, known, silent).model is None
        assert with_new_sighting(known, silent, silent) == known


class TestCommand:
    def test_it_says_what_would_change_and_writes_only_with_apply(self, tmp_path: Path, database: Database) -> None:
        path = tmp_path / "camscan.db"
        with_rule(tmp_path, "dahua")
        with open_register(path) as book:
            (asset,) = book.record(scan(1, device(database, "192.0.2.2", http_server="AcmeCam/1.0"))).new
        own = ["--overlay", str(tmp_path / "dahua"), "--register", str(path)]

        dry = CliRunner().invoke(cli, ["register", "reidentify", *own])
        assert f"{asset}: maker: none → dahua\n" in dry.output
        assert dry.output.endswith("1 device would change; nothing was written. --apply writes it\n")
        done = CliRunner().invoke(cli, ["register", "reidentify", "--apply", *own])
        assert done.output.endswith("1 device changed; `camscan diff` lists it\n")
        again = CliRunner().invoke(cli, ["register", "reidentify", "--apply", *own])
        assert again.output.startswith("Nothing changes: ")
        shutil.rmtree(tmp_path / "dahua")
        back = CliRunner().invoke(cli, ["register", "reidentify", "--register", str(path)])
        assert f"{asset}: maker: dahua → none\n" in back.output

    def test_without_a_register_it_says_so(self, tmp_path: Path) -> None:
        done = CliRunner().invoke(cli, ["register", "reidentify", "--apply", "--register", str(tmp_path / "no.db")])
        assert done.exit_code != 0
        assert "there is no register" in str(done.exception)
        assert not (tmp_path / "no.db").exists()
