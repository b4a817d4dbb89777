"""``camscan import nmap`` on the command line: nothing is written before --apply; spreadsheets come in here too."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import Camscan, command
from sample_report import DAY, NOON, camera, report

from camscan.register import Edit, open_register

ESTATE = """<nmaprun scanner="nmap" version="7" xmloutputversion="1.05" start="1772452800">
<host><status state="up" reason="arp-response"/><address addr="192.0.2.7" addrtype="ipv4"/>
<address addr="44:19:B6:0A:0B:0C" addrtype="mac"/>
<ports><port protocol="tcp" portid="80"><state state="open" reason="syn-ack"/></port></ports></host>
<runstats><finished time="1772452900"/><hosts up="1" down="0" total="1"/></runstats></nmaprun>
"""


@pytest.fixture
def camscan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Camscan:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("CAMSCAN_ROLE", "CCTV manager")
    (tmp_path / "estate.xml").write_text(ESTATE)
    return command(capsys)


def known() -> list[str]:
    with open_register("camscan.db", readonly=True) as book:
        return [row.ip_addresses[0] for row in book.devices()]


def test_without_apply_it_is_only_said_and_no_register_is_made(camscan: Camscan) -> None:
    code, out, err = camscan("import", "nmap", "estate.xml")
    assert (code, err) == (0, "")
    assert out.endswith(
        "Register camscan.db: would be 1 new, 0 changed, 0 returned. Nothing was written to it; --apply writes it.\n"
    )
    assert "192.0.2.7" in out
    assert not Path("camscan.db").exists()


def test_with_apply_it_is_recorded_and_then_nothing_would_be_new(camscan: Camscan) -> None:
    assert camscan("import", "nmap", "estate.xml", "--apply")[0] == 0
    assert known() == ["192.0.2.7"]
    Path("estate.xml").write_text(ESTATE.replace("192.0.2.7", "192.0.2.8").replace("0C", "0D"))
    _, out, _ = camscan("import", "nmap", "estate.xml")
    assert "Register camscan.db: would be 1 new, 0 changed, 0 returned" in out
    assert known() == ["192.0.2.7"]


@pytest.fixture
def scanned(camscan: Camscan) -> Camscan:
    """Two cameras that scans have seen until ten days after the file; one of them is not seen since, and is removed."""
    later = NOON + 10 * DAY
    with open_register("camscan.db") as book:
        book.record(report(camera(1, ip="192.0.2.7", when=later), camera(2, ip="192.0.2.8", when=later), when=later))
        book.record(report(camera(1, ip="192.0.2.7", when=later + DAY), scan_id="next", when=later + DAY))
    assert camscan("removed", "192.0.2.8", "--evidence", "WO-1")[0] == 0
    return camscan


@pytest.mark.parametrize("number", [1, 2])
def test_an_older_file_does_not_change_what_scans_have_seen_since(scanned: Camscan, number: int) -> None:
    """Neither where a device is, nor that it is not seen, nor that it was removed."""
    (mac,) = camera(number).mac_addresses
    Path("estate.xml").write_text(ESTATE.replace("192.0.2.7", "192.0.2.99").replace("44:19:B6:0A:0B:0C", mac))
    with open_register("camscan.db", readonly=True) as book:
        before = book.devices()
    headline = scanned("show")[1].splitlines()[-1]
    for words in (("import", "nmap", "estate.xml"), ("import", "nmap", "estate.xml", "--apply")):
        code, out, err = scanned(*words)
        assert (code, err) == (0, "")
        assert "0 new, 0 changed, 0 returned, 1 left unchanged, because a scan has seen them since" in out
        assert "ALARM" not in out
    with open_register("camscan.db", readonly=True) as book:
        assert book.devices() == before
    assert scanned("show")[1].splitlines()[-1] == headline


@pytest.mark.parametrize(("days", "alarms"), [(9, 0), (12, 1)])
def test_a_file_from_before_a_removal_was_entered_is_not_an_alarm(camscan: Camscan, days: int, alarms: int) -> None:
    """What it saw hung there still; a newer file has seen a device that is back."""
    with open_register("camscan.db") as book:
        book.record(report(camera(1), when=NOON))
        (row,) = book.devices()
        entries = {"lifecycle_status": "removed", "removal_evidence_ref": "WO-1"}
        edits = [Edit(row.asset_id, *each) for each in entries.items()]
        book.edit_entries(edits, role="CCTV manager", how="test", at=NOON + 10 * DAY)
    start = int((NOON + days * DAY).timestamp())
    text = ESTATE.replace("44:19:B6:0A:0B:0C", row.mac_addresses[0])
    Path("estate.xml").write_text(text.replace("1772452800", str(start)).replace("1772452900", str(start + 100)))
    _, out, _ = camscan("import", "nmap", "estate.xml", "--apply")
    assert out.count("ALARM") == alarms


def test_nmap_itself_is_not_run_without_apply(camscan: Camscan) -> None:
    assert camscan("import", "nmap", "--run", "192.168.7.0/24") == (
        0,
        "nmap would ask 254 addresses. Nothing was asked; --apply runs nmap and writes the result.\n",
        "",
    )


def test_a_spreadsheet_comes_in_by_either_name(camscan: Camscan) -> None:
    camscan("import", "nmap", "estate.xml", "--apply")
    camscan("register", "export", "--view", "full", "--force", "register.csv")
    told = camscan("import", "sheet", "register.csv")
    assert told[0] == 0
    assert told == camscan("register", "import", "register.csv")


def test_the_headline_is_that_of_the_register_before_and_after(camscan: Camscan) -> None:
    _, out, _ = camscan("import", "nmap", "estate.xml")
    assert "Hikvision or Dahua: none found; nothing was scanned yet.\nThis scan found: none found; 1 possible.\n" in out
    camscan("import", "nmap", "estate.xml", "--apply")
    Path("estate.xml").write_text(ESTATE.replace("192.0.2.7", "192.0.2.8").replace("0C", "0D"))
    _, out, _ = camscan("import", "nmap", "estate.xml")
    assert "Hikvision or Dahua: none found; 1 possible.\n" in out


def test_a_quiet_import_says_what_is_new_and_else_nothing(camscan: Camscan) -> None:
    code, out, err = camscan("import", "nmap", "estate.xml", "--apply", "--quiet")
    assert (code, out) == (0, "")
    assert err.startswith("First scan of estate.xml. ")
    assert camscan("import", "nmap", "estate.xml", "--apply", "--quiet") == (0, "", "")
