"""The commands by which people say what they know, as typed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click
import made_once
import pytest
from command_line import Camscan
from sample_report import HOSTILE, camera, nameless, report

from camscan.asset import Asset
from camscan.asset.columns import CONTROLLERS
from camscan.cli.not_ours import COMMAND as NOT_OURS
from camscan.register import Register, open_register

SERIAL = "DS-2CD2385G1-I20190701AAWR000000001"


def choices(command: click.Command, option: str) -> tuple[str, ...]:
    (kind,) = (parameter.type for parameter in command.params if parameter.name == option)
    assert isinstance(kind, click.Choice)
    return tuple(kind.choices)


@pytest.fixture(autouse=True)
def home(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory with a register of four devices; acting as the CCTV manager."""
    monkeypatch.setenv("CAMSCAN_ROLE", "CCTV manager")
    made_once.put(four_devices, workplace)
    return workplace


def four_devices(folder: Path) -> None:
    with open_register(folder / "camscan.db") as book:
        book.record(report(camera(1), camera(2), camera(3), nameless("192.0.2.200"), site="Depot"))


@pytest.fixture
def book(home: Path) -> Iterator[Register]:
    with open_register(home / "camscan.db", readonly=True) as register:
        yield register


def at(book: Register, ip: str = "192.0.2.2") -> Asset:
    (row,) = book.find_devices(ip)
    return row


def entries(book: Register, ip: str = "192.0.2.2") -> dict[str, str]:
    return dict(at(book, ip).entries)


def today() -> str:
    """Asked again each time: a run may begin before midnight."""
    return datetime.now(UTC).astimezone().date().isoformat()


class TestSet:
    def test_an_entry(self, camscan: Camscan, book: Register) -> None:
        name = at(book).asset_id
        code, out, err = camscan("set", "192.0.2.2", "Planned-Removal-Date=31/3/2027", "notes=by the stair")
        assert (code, err) == (0, "")
        assert out.splitlines() == [
            f"{name} (192.0.2.2, DS-2CD2385G1-I, Depot): lifecycle_status: (empty) → planned",
            f"{name} (192.0.2.2, DS-2CD2385G1-I, Depot): planned_removal_date: (empty) → 2027-03-31",
            f"{name} (192.0.2.2, DS-2CD2385G1-I, Depot): notes: (empty) → by the stair",
            "3 entries of 1 device changed.",
        ]
        assert entries(book) == {
            "planned_removal_date": "2027-03-31",
            "notes": "by the stair",
            "lifecycle_status": "planned",
        }
        (change, *_) = book.changes()
        assert (change.role, change.how) == ("CCTV manager", "camscan set")

    def test_clearing(self, camscan: Camscan, book: Register) -> None:
        camscan("set", "192.0.2.2", "notes=x")
        assert "notes: x → (empty)" in camscan("set", "192.0.2.2", "notes=")[1]
        assert entries(book) == {}

    def test_what_stands_so_already(self, camscan: Camscan) -> None:
        camscan("set", "192.0.2.2", "notes=x")
        assert camscan("set", "192.0.2.2", "notes=x") == (0, "No change needed.\n", "")

    def test_several_devices_however_named(self, camscan: Camscan, book: Register) -> None:
        camscan("set", "192.0.2.200", "council_asset_tag=C-200")
        names = [SERIAL, "44-19-B6-00-00-02", at(book, "192.0.2.4").asset_id, "c-200", "192.0.2.2"]
        code, out, _ = camscan("set", *names, "notes=x")
        assert code == 0
        assert out.endswith("4 entries of 4 devices changed.\n")

    def test_a_whole_site(self, camscan: Camscan) -> None:
        assert camscan("set", "--site", "depot", "notes=x")[1].endswith("4 entries of 4 devices changed.\n")

    def test_a_dry_run(self, camscan: Camscan, book: Register) -> None:
        _, out, _ = camscan("set", "192.0.2.2", "notes=x", "--dry-run")
        assert out.endswith("1 entry of 1 device would change; nothing was written.\n")
        assert entries(book) == {}

    def test_one_that_is_not_known_stops_them_all(self, camscan: Camscan, book: Register) -> None:
        code, out, err = camscan("set", "192.0.2.2", "10.9.9.9", "notes=x")
        assert (code, out) == (2, "")
        assert err == "camscan: there is no device 10.9.9.9 in the register; `camscan show` lists the devices\n"
        assert entries(book) == {}

    def test_a_name_that_may_be_several(self, camscan: Camscan, home: Path) -> None:
        with open_register(home / "camscan.db") as book:
            book.record(report(camera(1, ip="192.0.2.77"), camera(9, ip="192.0.2.2"), scan_id="2"))
            book.record(report(camera(9, ip="192.0.2.78"), scan_id="3"))
        code, _, err = camscan("set", "192.0.2.2", "notes=x")
        assert code == 2
        assert err.startswith("camscan: 192.0.2.2 fits 2 devices; give the number of one: ")
        assert "192.0.2.77" in err
        assert "192.0.2.78" in err

    @pytest.mark.parametrize(
        ("words", "says"),
        [
            (["192.0.2.2", "note=x"], "there is no column 'note'; did you mean notes?"),
            (["192.0.2.2", "zebra=x"], "there is no column 'zebra'; `camscan set --columns` lists them"),
            (
                ["192.0.2.2", "controller=me"],
                "controller: 'me' is not one of: own, landlord, contractor, school, nhs, other",
            ),
            (
                ["192.0.2.2", "purchase_date=x"],
                "purchase_date: 'x' is not a date; write it as 2027-03-31, 31/03/2027 or 31 March 2027",
            ),
            (
                ["192.0.2.2", "model=x"],
                "model cannot be edited: Model number; to correct it, fill in stated_model",
            ),
            (["192.0.2.2"], "name what to enter as COLUMN=VALUE; `camscan set --columns` lists the columns"),
            (["notes=x"], "name devices (asset number, council tag, serial number, MAC or IP address), or a --site"),
            (["--site", "Nowhere", "notes=x"], "the register has no device at the site Nowhere"),
            (["192.0.2.2", "notes=x", "--role", "a@b.uk"], "'a@b.uk' is not a role; the log holds roles"),
        ],
    )
    def test_what_is_wrong_is_one_line(self, camscan: Camscan, words: list[str], says: str) -> None:
        code, out, err = camscan("set", *words)
        assert (code, out) == (2, "")
        assert err.startswith(f"camscan: {says}")
        assert err.count("\n") == 1

    def test_a_role_is_asked_for(self, camscan: Camscan, monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
        monkeypatch.delenv("CAMSCAN_ROLE")
        code, _, err = camscan("set", "192.0.2.2", "notes=x")
        assert code == 2
        ways = "Add --role 'CCTV manager', or set CAMSCAN_ROLE, or role: in camscan.yaml"
        assert err == f"camscan: which role do you act in? {ways}\n"
        (home / "camscan.yaml").write_text("role: Network team\n")
        assert camscan("set", "192.0.2.2", "notes=x")[0] == 0
        assert "[Network team, camscan set]" in camscan("register", "log")[1]

    def test_the_columns_are_listed(self, camscan: Camscan) -> None:
        code, out, _ = camscan("set", "--columns")
        assert code == 0
        assert "lifecycle_status" in out
        assert "[found, confirmed, planned, ordered, removed," in out
        assert "\nmodel " not in out

    def test_no_register_is_made(self, camscan: Camscan, home: Path) -> None:
        code, _, err = camscan("set", "192.0.2.2", "notes=x", "--register", "other.db")
        assert (code, err.count("\n")) == (1, 1)
        assert not (home / "other.db").exists()

    def test_beside_a_running_scan(self, camscan: Camscan, home: Path) -> None:
        with open_register(home / "camscan.db") as running:
            assert camscan("set", "192.0.2.2", "notes=x")[0] == 0
            assert entries(running) == {"notes": "x"}

    def test_what_a_device_says_moves_no_cursor(self, camscan: Camscan, home: Path) -> None:
        with open_register(home / "camscan.db") as book:
            book.record(report(camera(5, model=HOSTILE), scan_id="2", site=HOSTILE))
        _, out, _ = camscan("set", "192.0.2.6", "notes=x")
        assert out.replace("\n", "").isprintable()


class TestConfirm:
    def test_today_by_this_role(self, camscan: Camscan, book: Register) -> None:
        assert camscan("visited", "192.0.2.2")[0] == 0
        assert entries(book) == {
            "lifecycle_status": "confirmed",
            "last_confirmed_on": today(),
            "last_confirmed_by_role": "CCTV manager",
        }

    def test_only_one_that_was_found_moves_on(self, camscan: Camscan, book: Register) -> None:
        camscan("set", "192.0.2.2", "lifecycle_status=planned", "planned_removal_date=2027-03-31")
        camscan("visited", "192.0.2.2", "192.0.2.3", "--on", "1/2/2026", "--role", "Caretaker")
        assert entries(book)["lifecycle_status"] == "planned"
        assert entries(book)["last_confirmed_on"] == "2026-02-01"
        assert entries(book, "192.0.2.3")["lifecycle_status"] == "confirmed"

    def test_one_that_was_removed_is_reported(self, camscan: Camscan, book: Register) -> None:
        camscan("removed", "192.0.2.2", "--evidence", "W1")
        name = at(book).asset_id
        _, out, _ = camscan("visited", "192.0.2.2")
        assert out.splitlines()[-1] == (
            f"{name} is removed in the register; if it is still there, `camscan set {name} lifecycle_status=visited`"
        )

    def test_a_day_to_come(self, camscan: Camscan) -> None:
        code, _, err = camscan("visited", "192.0.2.2", "--on", "2090-01-01")
        assert code == 2
        assert "last_confirmed_on 2090-01-01 is in the future" in err


class TestRemoved:
    def test_with_its_proof(self, camscan: Camscan, book: Register) -> None:
        camscan("removed", "192.0.2.2", "192.0.2.3", "--on", "2026-02-01", "--evidence", "works order 48213")
        for ip in ("192.0.2.2", "192.0.2.3"):
            assert entries(book, ip) == {
                "lifecycle_status": "removed",
                "actual_removal_date": "2026-02-01",
                "removal_evidence_ref": "works order 48213",
            }

    def test_the_proof_is_asked_for(self, camscan: Camscan) -> None:
        code, _, err = camscan("removed", "192.0.2.2")
        assert (code, err) == (2, "camscan: missing option '--evidence'; see camscan removed --help\n")

    @pytest.mark.parametrize(
        "command",
        [
            ("removed", "192.0.2.2", "--evidence", " "),
            ("accept-risk", "192.0.2.2", "--ref", ""),
            ("not-ours", "192.0.2.2", "--because", "\t"),
        ],
        ids=lambda command: command[0],
    )
    def test_a_blank_is_not_proof(self, camscan: Camscan, book: Register, command: tuple[str, ...]) -> None:
        code, _, err = camscan(*command)
        assert (code, err) == (2, f"camscan: invalid value for '{command[2]}': it is empty; write a few words\n")
        assert entries(book) == {}

    def test_better_proof_later_keeps_the_day(self, camscan: Camscan, book: Register) -> None:
        camscan("removed", "192.0.2.2", "--on", "2026-02-01", "--evidence", "phone call")
        camscan("removed", "192.0.2.2", "--evidence", "works order")
        assert entries(book)["actual_removal_date"] == "2026-02-01"
        assert entries(book)["removal_evidence_ref"] == "works order"


class TestAcceptRisk:
    def test_with_the_minute_and_until_when(self, camscan: Camscan, book: Register) -> None:
        camscan("accept-risk", "192.0.2.2", "--ref", "Cabinet 48", "--until", "31/03/2028")
        assert entries(book) == {
            "lifecycle_status": "accepted_risk",
            "scope_decision_ref": "Cabinet 48",
            "accepted_until": "2028-03-31",
        }

    def test_until_a_day_that_has_passed(self, camscan: Camscan, book: Register) -> None:
        code, _, err = camscan("accept-risk", "192.0.2.2", "--ref", "Cabinet 48", "--until", "31/03/2021")
        assert (code, err) == (
            2,
            "camscan: the day until which the risk is accepted, 2021-03-31, has passed; name today or a later day\n",
        )
        assert entries(book) == {}

    def test_an_authorisation_that_ends_today(self, camscan: Camscan, book: Register) -> None:
        assert camscan("accept-risk", "192.0.2.2", "--ref", "Cabinet 48", "--until", today())[0] == 0
        assert entries(book)["accepted_until"] == today()

    def test_a_site_is_listed_without_its_removed_devices(self, camscan: Camscan, book: Register) -> None:
        camscan("removed", "192.0.2.2", "--evidence", "W1")
        _, out, _ = camscan("accept-risk", "--site", "Depot", "--ref", "Cabinet 48")
        assert out.splitlines()[-2:] == [
            "6 entries of 3 devices changed.",
            "Unchanged: 1 device at that site, removed or not ours.",
        ]
        assert entries(book)["lifecycle_status"] == "removed"


class TestNotOurs:
    def test_with_the_reason(self, camscan: Camscan, book: Register) -> None:
        camscan("not-ours", "192.0.2.2", "--because", "landlord's letter", "--controller", "landlord")
        assert entries(book) == {"lifecycle_status": "not_ours", "controller": "landlord"}
        assert {change.because for change in book.changes()} == {"landlord's letter"}

    def test_the_reason_is_asked_for(self, camscan: Camscan) -> None:
        assert (
            camscan("not-ours", "192.0.2.2")[2] == "camscan: missing option '--because'; see camscan not-ours --help\n"
        )

    def test_whose_it_can_be(self) -> None:
        assert choices(NOT_OURS, "controller") == CONTROLLERS[1:]


class TestNote:
    def test_notes_add_up(self, camscan: Camscan, book: Register) -> None:
        camscan("note", "192.0.2.2", "ladder needed")
        code, out, _ = camscan("note", "192.0.2.2", " key at the desk ", "--role", "Caretaker")
        assert code == 0
        assert out.endswith(f": noted: {today()} Caretaker: key at the desk\n")
        assert entries(book)["notes"] == f"{today()} CCTV manager: ladder needed\n{today()} Caretaker: key at the desk"

    @pytest.mark.parametrize(
        ("text", "says"), [(" ", "the note is empty"), ("x" * 2000, "longer than 2000 characters")]
    )
    def test_what_cannot_be_noted(self, camscan: Camscan, text: str, says: str) -> None:
        code, _, err = camscan("note", "192.0.2.2", text)
        assert code == 2
        assert says in err


class TestLog:
    def test_who_what_when_why(self, camscan: Camscan, book: Register) -> None:
        camscan("set", "192.0.2.2", "notes=x", "--because", "site walk")
        camscan("set", "192.0.2.3", "notes=y")
        name = at(book).asset_id
        first, second = camscan("register", "log")[1].splitlines()
        assert (
            first.partition("  ")[2] == f"{name}  notes: (empty) → x  [CCTV manager, camscan set] (because: site walk)"
        )
        assert camscan("register", "log", "192.0.2.3")[1].splitlines() == [second]
        assert camscan("register", "log", "--since", "1/1/2090")[1] == ""
        assert len(camscan("register", "log", "--since", "2020-01-01")[1].splitlines()) == 2


class TestShow:
    def test_one_device_shows_what_people_said(self, camscan: Camscan, book: Register) -> None:
        for number in range(7):
            camscan("set", "192.0.2.2", f"notes=note {number}\nline", "lifecycle_status=confirmed")
        out = camscan("show", "192.0.2.2", "--evidence")[1]
        assert "lifecycle:          visited\n" in out
        assert camscan("show", "--lifecycle", "visited")[1] == camscan("show", "--lifecycle", "confirmed")[1] != ""
        assert "presence:           seen\n" in out
        assert "entered by people:  notes = note 6\n                            line\n" in out
        assert "worked out:         site_name = Depot\n" in out
        assert "in scope:           " in out
        assert f"3 earlier: `camscan register log {at(book).asset_id}`" in out

    def test_a_row_by_hand(self, camscan: Camscan) -> None:
        camscan("register", "add", "manufacturer=Hikvision", "serial_number=123456789", "site_name=Library")
        out = camscan("show", "123456789")[1]
        assert '  Because        Somebody who saw it entered "Hikvision" as its maker.\n' in out
        assert "  Last seen      no scan has seen it\n" in out
        out = camscan("show", "123456789", "--evidence")[1]
        assert "presence:           not_scanned\n" in out
        assert "because:            stated by people: Hikvision\n" in out
        assert "first seen" not in out
        (row,) = (line for line in camscan("show")[1].splitlines() if "Library" in line)
        assert row.split()[1:] == ["Hikvision", "Library", "no", "date", "never", "probable", "123456789"]

    def test_a_device_or_a_list(self, camscan: Camscan) -> None:
        code, _, err = camscan("show", "192.0.2.2", "--site", "Depot")
        assert code == 2
        assert err.startswith("camscan: name a device, or say which devices to list")


class TestAdd:
    def test_a_camera_behind_a_recorder(self, camscan: Camscan, book: Register) -> None:
        recorder = at(book, "192.0.2.200").asset_id
        words = ["--recorder", "192.0.2.200", "--channel", "3", "device_type=analogue_camera", "council_asset_tag=C-3"]
        code, out, _ = camscan("register", "add", *words)
        assert code == 0
        assert out.endswith(f" behind {recorder}, channel 3\n")
        (row,) = book.find_devices("C-3")
        assert (row.recorder_asset_id, row.channel, row.identification.kind) == (recorder, 3, "analogue_camera")

    def test_a_channel_is_the_same_however_it_is_reported(self, camscan: Camscan, book: Register) -> None:
        """As columns it was taken twice, and counted twice at no site: it is where its recorder is."""
        recorder = at(book, "192.0.2.200").asset_id
        words = ["register", "add", f"recorder_asset_id={recorder}", "recorder_channel=3", "manufacturer=Hikvision"]
        assert camscan(*words)[0] == 0
        (row,) = (row for row in book.devices() if row.channel == 3)
        assert (row.recorder_asset_id, row.site) == (recorder, at(book, "192.0.2.200").site)
        code, _, err = camscan(*words)
        assert code == 2
        assert err == f"camscan: channel 3 of {recorder} is already in the register, as {row.asset_id}\n"

    def test_behind_a_camera_hangs_nothing(self, camscan: Camscan, book: Register) -> None:
        code, out, err = camscan("register", "add", "--recorder", "192.0.2.2", "--channel", "3", "model=X")
        name = at(book).asset_id
        assert (code, out) == (2, "")
        assert err == (
            f"camscan: {name} is a camera, and nothing can be behind a camera; name the recorder "
            f"(if it is one, first enter its stated_device_type, such as recorder_nvr)\n"
        )

    def test_one_that_is_there_already(self, camscan: Camscan) -> None:
        code, _, err = camscan("register", "add", f"serial_number={SERIAL}", "manufacturer=Hikvision")
        assert code == 2
        assert err.startswith(f"camscan: stated_serial_number {SERIAL} is already in the register: ")

    def test_a_dry_run_adds_nothing(self, camscan: Camscan) -> None:
        assert "nothing was written" in camscan("register", "add", "model=X", "--dry-run")[1]
        assert camscan("show")[1].count("192.0.2.") == 4

    @pytest.mark.parametrize(
        ("words", "says"),
        [
            ([], "describe the device as COLUMN=VALUE"),
            (["--channel", "3"], "--channel needs --recorder; give both"),
            (["--recorder", "10.9.9.9"], "describe the device"),
            (["--recorder", "10.9.9.9", "--channel", "1"], "there is no device 10.9.9.9"),
            (["Hikvision"], "'Hikvision': write it as COLUMN=VALUE"),
            (["recorder_channel=3"], "recorder_channel needs recorder_asset_id; give both"),
        ],
    )
    def test_what_is_wrong_is_one_line(self, camscan: Camscan, words: list[str], says: str) -> None:
        code, _, err = camscan("register", "add", *words)
        assert code == 2
        assert err.startswith(f"camscan: {says}")

    def test_into_a_register_that_is_not_there_yet(self, camscan: Camscan) -> None:
        assert camscan("register", "add", "model=X", "--register", "new.db")[0] == 0
        assert camscan("show", "--register", "new.db", "--csv")[1].count("\n") == 2
