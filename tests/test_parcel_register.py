"""Parcels into a register: the same rows as the scan itself makes, twice is once, and never another site's devices."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from command_line import Camscan
from parcels import KEY, OAK, OTHER_KEY, make_attempt, parcel, rows, sadp, scan, some
from sample_report import DAY, NOON

from camscan.app.record import record_report
from camscan.app.resume import journal_folder
from camscan.asset import Presence
from camscan.config import find_config
from camscan.model import Attempt, Report
from camscan.output import write_bytes_atomically
from camscan.parcel.keys import key_words, public_key_of
from camscan.parcel.write import pack_report
from camscan.register import Register, open_register
from camscan.scan.journal import Head, kept_path, path_of
from camscan.scan.journal.write import Journal

ELM = "10.13.0.0/24"
SITES = f"""\
sites:
- name: Oak School
  cidrs: [{OAK}]
- name: Elm School
  cidrs: [{ELM}]
"""
WORDS = key_words(public_key_of(KEY))
FILE = "oak.camparcel"


def recorded(report: Report, register: str = "camscan.db") -> None:
    with open_register(register) as book:
        record_report(report, book, find_config(None))


def alike(book: Register) -> list[tuple[Any, ...]]:
    """What two registers say of presence, whatever they call their devices."""
    return sorted((row.identification.serial, row.presence, row.scans_missed) for row in book.devices())


def devices(register: str = "camscan.db") -> dict[str, Any]:
    with open_register(register, readonly=True) as book:
        return {row.identification.serial or row.ip_addresses[0]: row for row in book.devices()}


@pytest.fixture(autouse=True)
def home(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (workplace / "camscan.yaml").write_text(SITES)
    monkeypatch.setenv("XDG_STATE_HOME", str(workplace / "state"))
    return workplace


def oak(*attempts: Attempt, when: datetime = NOON, **members: Any) -> Path:
    """A parcel of a scan of Oak School."""
    return parcel(Path(FILE), scan(*(attempts or some(when)), when=when, **members))


class TestTakenIn:
    def test_it_gives_the_same_rows_as_the_scan_itself(self, camscan: Camscan) -> None:
        report = scan(*some())
        recorded(report, "direct.db")
        parcel(Path(FILE), report)
        code, out, err = camscan("parcel", "import", FILE, "--trust-once")
        assert (code, err) == (0, "")
        assert "Recorded: the scan of Oak School of 02 March 2026" in out
        assert "2 devices: 2 new, 0 changed" in out
        assert rows() == rows("direct.db")

    def test_twice_changes_nothing(self, camscan: Camscan) -> None:
        oak()
        camscan("parcel", "import", FILE, "--trust-once")
        before = rows()
        code, out, _ = camscan("parcel", "import", FILE, "--trust-once")
        assert code == 0
        assert "is in the register already; nothing was changed" in out
        assert rows() == before

    def test_one_changed_byte_is_refused(self, camscan: Camscan) -> None:
        content = bytearray(oak().read_bytes())
        content[-20] ^= 1
        Path(FILE).write_bytes(content)
        code, out, err = camscan("parcel", "import", FILE, "--trust-once")
        assert (code, out) == (2, "")
        assert err == f"camscan: {FILE}: was changed after it was signed, or is cut off; nothing was read of it\n"
        assert not Path("camscan.db").exists() or rows()["device"] == []

    def test_the_id_of_another_scan_is_refused(self, camscan: Camscan) -> None:
        report = scan(*some())
        parcel(Path(FILE), report)
        camscan("parcel", "import", FILE, "--trust-once")
        before = rows()
        parcel(Path("other.camparcel"), replace(scan(*some()[:1]), scan_id=report.scan_id))
        code, _, err = camscan("parcel", "import", "other.camparcel", "--trust-once")
        assert code == 2
        assert "has the id of another parcel" in err
        assert rows() == before

    def test_it_is_counted_what_its_key_may_not_speak_for(self, camscan: Camscan) -> None:
        oak(*some(), make_attempt("10.13.0.7", sadp(7)))
        code, out, _ = camscan("parcel", "import", FILE, "--trust-once")
        assert code == 0
        assert "Left out, because its key may not speak for it: 0 asked addresses, 1 reply" in out
        assert {ip for row in devices().values() for ip in row.ip_addresses} == {"10.12.0.4", "10.12.0.5"}


class TestTrust:
    def test_a_key_that_is_not_known_is_refused_where_nobody_can_be_asked(self, camscan: Camscan) -> None:
        oak()
        code, out, err = camscan("parcel", "import", FILE)
        assert (code, out) == (2, "")
        assert WORDS in err
        assert "camscan parcel trust oak.camparcel" in err

    def test_it_is_trusted_once_and_not_asked_again(self, camscan: Camscan) -> None:
        oak()
        code, _, err = camscan("parcel", "trust", FILE, "--words", WORDS.title())
        assert (code, err) == (0, "Trusted from now on, as Oak School: Oak School\n")
        assert camscan("parcel", "import", FILE)[0] == 0
        assert len(devices()) == 2

    def test_a_key_that_was_revoked_is_not_believed_once_more(self, camscan: Camscan) -> None:
        oak()
        camscan("parcel", "trust", FILE, "--words", WORDS)
        assert camscan("collector", "revoke", "Oak School", "--role", "ICT")[0] == 0
        for words in (("import", FILE), ("import", FILE, "--trust-once"), ("trust", FILE, "--words", WORDS)):
            code, _, err = camscan("parcel", *words)
            assert (code, err) == (
                2,
                f"camscan: {FILE}: its key (Oak School) is revoked here; whoever sent it needs a new key\n",
            )

    def test_other_words_are_another_key(self, camscan: Camscan) -> None:
        oak()
        code, _, err = camscan("parcel", "trust", FILE, "--words", key_words(public_key_of(OTHER_KEY)))
        assert code == 2
        assert "these are not the words of the key that signed it" in err
        assert camscan("parcel", "import", FILE)[0] == 2

    def test_a_person_at_a_terminal_is_asked(self, camscan: Camscan, monkeypatch: pytest.MonkeyPatch) -> None:
        asked: list[str] = []
        monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
        monkeypatch.setattr("click.confirm", lambda text, **_: asked.append(text))
        oak()
        code, _, err = camscan("parcel", "import", FILE)
        assert code == 1
        assert WORDS in err
        assert "It would speak for: Oak School (256 addresses)" in err
        monkeypatch.setattr("click.confirm", lambda *_, **__: True)
        assert camscan("parcel", "import", FILE)[0] == 0
        assert asked == ["Trust this key from now on?"]

    def test_a_key_of_one_site_may_not_speak_for_another(self, camscan: Camscan) -> None:
        oak()
        camscan("parcel", "trust", FILE, "--words", WORDS)
        parcel(Path("elm.camparcel"), scan(make_attempt("10.13.0.4", sadp(4)), site="Elm School", targets=[ELM]))
        code, _, err = camscan("parcel", "import", "elm.camparcel")
        assert code == 2
        assert "is not approved here for this site" in err
        assert camscan("parcel", "trust", "elm.camparcel", "--words", WORDS)[0] == 0
        assert camscan("parcel", "import", "elm.camparcel")[0] == 0
        assert camscan("parcel", "import", FILE)[0] == 0

    def test_a_site_that_the_map_does_not_have_cannot_take_the_networks_of_others(self, camscan: Camscan) -> None:
        parcel(Path(FILE), scan(*some(), site="Nowhere"))
        code, _, err = camscan("parcel", "import", FILE, "--trust-once")
        assert code == 2
        assert "its key may not speak for any of it" in err


def lived(*numbers: int, when: datetime = NOON, site: str = "Oak School", targets: str = OAK) -> Report:
    """A scan that saw these cameras, each at its own address."""
    base = targets.rpartition(".")[0]
    return scan(
        *(make_attempt(f"{base}.{n}", sadp(n), when=when) for n in numbers), when=when, site=site, targets=[targets]
    )


def imported(camscan: Camscan, report: Report) -> tuple[int, str, str]:
    parcel(Path(FILE), report)
    return camscan("parcel", "import", FILE, "--trust-once")


class TestLate:
    def test_it_is_evidence_and_history_and_no_presence(self, camscan: Camscan) -> None:
        recorded(lived(4, 5, when=NOON))
        recorded(lived(4, when=NOON + 2 * DAY))
        before = devices()
        code, out, _ = imported(camscan, lived(5, 6, when=NOON + DAY))
        assert code == 0
        assert "It is older than a recorded scan of the same addresses" in out
        after = devices()
        for serial, row in before.items():
            now = after[serial]
            assert (now.presence, now.last_scan, now.scans_missed) == (row.presence, row.last_scan, row.scans_missed)
            assert now.identification == row.identification
        with open_register("camscan.db", readonly=True) as book:
            (fifth,) = (row for row in after.values() if "10.12.0.5" in row.ip_addresses)
            assert fifth.presence is Presence.MISSED
            assert fifth.last_seen == NOON + DAY
            assert len(book.history(fifth.asset_id)) == fifth.sightings == 2
            (sixth,) = (row for row in after.values() if "10.12.0.6" in row.ip_addresses)
            assert sixth.sightings == 1
            assert [scan.finished_at for scan in book.scans()] == sorted(scan.finished_at for scan in book.scans())
            assert [scan.is_late for scan in book.scans()] == [False, True, False]
            assert book.report().finished_at == NOON + 2 * DAY + timedelta(minutes=1)

    def test_the_register_is_sound_and_goes_on_as_if_nothing_had_come(self, camscan: Camscan) -> None:
        first, newest, late = lived(4, 5), lived(4, when=NOON + 2 * DAY), lived(5, when=NOON + DAY)
        for register in ("camscan.db", "other.db"):
            recorded(first, register)
            recorded(newest, register)
        imported(camscan, late)
        for register in ("camscan.db", "other.db"):
            recorded(lived(4, when=NOON + 3 * DAY), register)
        with open_register("camscan.db") as book, open_register("other.db") as other:
            assert book.find_faults() == []
            assert alike(book) == alike(other)

    def test_what_it_showed_can_be_read_again(self, camscan: Camscan) -> None:
        recorded(lived(4, when=NOON + 2 * DAY))
        old = make_attempt("10.12.0.4", sadp(4).replace(b"V5.6.2build 190701", b"V5.5.0build 170725"), when=NOON)
        report = scan(old)
        imported(camscan, report)
        with open_register("camscan.db", readonly=True) as book:
            (device,) = book.report(report.scan_id).devices
            assert device.identification.firmware == "V5.5.0build 170725"
            assert {seen.value for seen in device.observations if seen.key == "sadp.firmware"} == {"V5.5.0build 170725"}
            (row,) = book.devices()
            assert row.identification.firmware == "V5.6.2build 190701"
            current = [each for each in book.evidence(row.asset_id) if each.current]
            assert "V5.5.0build 170725" not in {each.observation.value for each in current}

    def test_another_site_does_not_make_it_late(self, camscan: Camscan) -> None:
        recorded(lived(4, when=NOON + 2 * DAY, site="Elm School", targets=ELM))
        _, out, _ = imported(camscan, lived(5, when=NOON))
        assert "It is older" not in out


class TestOthers:
    """What a false collector says of other sites' devices costs only itself."""

    @pytest.fixture
    def elm(self) -> dict[str, Any]:
        recorded(lived(7, 8, site="Elm School", targets=ELM))
        return devices()

    def untouched(self, before: dict[str, Any]) -> None:
        with open_register("camscan.db", readonly=True) as book:
            now = {row.asset_id: row for row in book.devices()}
            for row in before.values():
                assert now[row.asset_id] == row
            assert book.find_faults() == []

    def test_a_camera_of_another_site_does_not_move(self, camscan: Camscan, elm: dict[str, Any]) -> None:
        assert imported(camscan, scan(make_attempt("10.12.0.4", sadp(7), when=NOON + DAY), when=NOON + DAY))[0] == 0
        self.untouched(elm)
        with open_register("camscan.db", readonly=True) as book:
            assert "is at Elm School, which has not said that it moved" in book.conflicts()[0].detail

    def test_its_own_site_recognises_it_ever_after(self, camscan: Camscan, elm: dict[str, Any]) -> None:
        twice = (
            make_attempt("10.12.0.4", sadp(7), when=NOON + DAY),
            make_attempt("10.12.0.5", sadp(7), when=NOON + DAY),
        )
        assert imported(camscan, scan(*twice, when=NOON + DAY))[0] == 0
        self.untouched(elm)
        moved = scan(
            make_attempt("10.13.0.77", sadp(7), when=NOON + 2 * DAY),
            make_attempt("10.13.0.8", sadp(8), when=NOON + 2 * DAY),
            when=NOON + 2 * DAY,
            site="Elm School",
            targets=[ELM],
        )
        recorded(moved)
        seventh = next(row for row in elm.values() if "10.13.0.7" in row.ip_addresses)
        with open_register("camscan.db", readonly=True) as book:
            now = {row.asset_id: row for row in book.devices()}
        assert now[seventh.asset_id].ip_addresses == ("10.13.0.77",)

    def test_silence_elsewhere_is_not_believed(self, camscan: Camscan, elm: dict[str, Any]) -> None:
        report = lived(4, when=NOON + DAY)
        code, out, _ = imported(camscan, replace(report, targets=(OAK, ELM)))
        assert code == 0
        assert "Left out, because its key may not speak for it: 254 asked addresses" in out
        self.untouched(elm)


def kept(report: Report) -> None:
    """As ``camscan scan --keep-journal`` keeps a scan."""
    write_bytes_atomically(
        kept_path(journal_folder("camscan.db"), report.scan_id), lambda stream: stream.writelines([pack_report(report)])
    )


class TestExport:
    def test_the_newest_that_is_kept(self, camscan: Camscan, home: Path) -> None:
        kept(scan(*some()))
        newest = scan(*some(NOON + DAY), when=NOON + DAY)
        kept(newest)
        code, out, err = camscan("parcel", "export", FILE)
        assert (code, err) == (0, "")
        assert f"Scan {newest.scan_id} is in {FILE}" in out
        assert f"A new key was made: {home}/state/camscan/signing-key.pem" in out
        assert Path(FILE).stat().st_mode & 0o077 == 0
        code, again, _ = camscan("parcel", "export", "again.camparcel")
        assert "A new key" not in again
        assert Path("again.camparcel").read_bytes() == Path(FILE).read_bytes()

    def test_one_that_is_named(self, camscan: Camscan) -> None:
        first = scan(*some())
        kept(first)
        kept(scan(*some(NOON + DAY), when=NOON + DAY))
        _, out, _ = camscan("parcel", "export", FILE, "--scan", first.scan_id[:13])
        assert first.scan_id in out

    def test_without_any_it_says_how(self, camscan: Camscan) -> None:
        code, _, err = camscan("parcel", "export", FILE)
        assert code == 2
        assert "scan with --keep-journal" in err
        assert not Path(FILE).exists()

    def test_no_file_is_replaced(self, camscan: Camscan) -> None:
        kept(scan(*some()))
        Path(FILE).write_text("mine")
        assert camscan("parcel", "export", FILE)[0] == 2
        assert Path(FILE).read_text() == "mine"
        assert camscan("parcel", "export", FILE, "--force")[0] == 0

    def test_a_scan_that_was_interrupted(self, camscan: Camscan) -> None:
        begun = datetime.now(UTC) - timedelta(hours=1)
        report = scan(*some(begun), when=begun)
        head = Head("01234567", begun, sites=("Oak School",), scan=report.scan_id, asked=(OAK,), site="Oak School")
        path = path_of(journal_folder("camscan.db"), head.key)
        lines = [line for line in _lines(report) if b'"tail"' not in line][1:]
        Journal.begin(path, head).close(remove=False)
        done = int.from_bytes(bytes([10, 12, 0, 4]))
        with path.open("ab") as stream:
            stream.writelines([*lines, b'{"mark": {"done": [[4, %d, %d]]}}\n' % (done, done + 1)])
        _, out, _ = camscan("parcel", "export", FILE)
        assert f"Scan {report.scan_id}.1, which was interrupted, is in {FILE}" in out
        _, again, _ = camscan("parcel", "export", "again.camparcel")
        assert f"{report.scan_id}.1" in again
        assert Path("again.camparcel").read_bytes() == Path(FILE).read_bytes()
        code, out, _ = camscan("parcel", "import", FILE, "--trust-once", "--register", "centre.db")
        assert code == 0
        assert "(interrupted)" in out
        found = devices("centre.db")
        assert {ip for row in found.values() for ip in row.ip_addresses} == {"10.12.0.4", "10.12.0.5"}
        with open_register("centre.db", readonly=True) as book:
            assert book.scans()[0].coverage.not_tried == 252


def _lines(report: Report) -> list[bytes]:
    import gzip  # noqa: PLC0415 - only here

    return gzip.decompress(pack_report(report)).splitlines(keepends=True)


def test_show_says_what_is_in_it(camscan: Camscan) -> None:
    oak()
    code, out, err = camscan("parcel", "show", FILE)
    assert (code, err) == (0, "")
    assert f"Signed by     {WORDS}" in out
    assert "Known here as nobody: the key is not approved" in out
    assert "Holds         3 replies, 4 attempts" in out
    assert "In register   no" in out
    assert not Path("camscan.db").exists()
    camscan("parcel", "trust", FILE, "--words", WORDS)
    camscan("parcel", "import", FILE)
    out = camscan("parcel", "show", FILE)[1]
    assert "Known here as Oak School, for Oak School" in out
    assert "In register   yes" in out
