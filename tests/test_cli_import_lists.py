"""What other systems list, on the command line: what it adds, whom it means, and what it never touches."""

from __future__ import annotations

import csv
import json
import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from command_line import Camscan, command
from sample_report import DAY, NOON, camera, nameless, report

from camscan.asset import Asset, Event, Lifecycle, Presence, RecordType
from camscan.model import Device
from camscan.register import open_register

MAC = "44:19:b6:0a:0b:0c"
ROUTER = f"192.0.2.7 dev eth1.20 lladdr {MAC} REACHABLE\n"


BIG_LEASE = """lease 192.0.2.7 {
  starts 2 2026/05/12 10:00:00;
  cltt 2 2026/05/12 10:00:00;
  binding state active;
  hardware ethernet 44:19:b6:0a:0b:0c;
}
"""


@pytest.fixture
def camscan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Camscan:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("CAMSCAN_ROLE", "CCTV manager")
    return command(capsys)


def listed(text: str, when: datetime = NOON, name: str = "core-1.txt") -> None:
    Path(name).write_text(text)
    os.utime(name, (when.timestamp(), when.timestamp()))


def scanned(*devices: Device, number: int = 0) -> None:
    with open_register("camscan.db") as book:
        book.record(report(*devices, scan_id=f"scan-{number}", when=NOON + number * DAY))


def rows() -> list[Asset]:
    with open_register("camscan.db", readonly=True) as book:
        assert book.find_faults() == []
        return book.devices()


def routed(ip: str = "192.0.2.7") -> Device:
    """A camera behind a router: no MAC address on the wire, and nothing that is unique to it."""
    return nameless(ip, maker="hikvision", kind="camera", is_camera_system=True, certainty=0.9)


def test_without_apply_it_is_only_said_and_no_register_is_made(camscan: Camscan) -> None:
    listed(ROUTER)
    code, out, err = camscan("import", "arp", "core-1.txt")
    assert (code, err) == (0, "")
    assert "1 entry: 0 known devices, 1 new device" in out
    assert out.endswith("would be 1 new, 0 updated, 0 unchanged. Nothing was written to it; --apply writes it.\n")
    assert not Path("camscan.db").exists()


def test_a_routed_camera_gets_its_mac_address(camscan: Camscan) -> None:
    scanned(routed())
    (before,) = rows()
    listed(ROUTER)
    code, out, _ = camscan("import", "arp", "core-1.txt", "--apply")
    assert code == 0
    assert f"MAC {MAC}" in out
    (after,) = rows()
    assert after.mac_addresses == (MAC,)
    assert after.past_mac_addresses == ()
    assert (after.presence, after.last_seen, after.last_scan) == (before.presence, before.last_seen, before.last_scan)
    assert after.identification.certainty == before.identification.certainty
    told = json.loads(camscan("show", MAC, "--json")[1])
    assert told["devices"][0]["mac_addresses"] == [MAC]


def test_it_stays_known_when_the_device_is_scanned_again_through_the_router(camscan: Camscan) -> None:
    scanned(routed())
    listed(ROUTER)
    camscan("import", "arp", "core-1.txt", "--apply")
    scanned(routed(), number=1)
    (row,) = rows()
    assert (row.mac_addresses, row.sightings) == ((MAC,), 2)
    _, out, _ = camscan("show", "192.0.2.7", "--evidence")
    assert "listed.in = ARP table (core-1.txt)" in out


def test_what_only_a_list_knows_is_in_the_register_as_such(camscan: Camscan) -> None:
    listed(ROUTER)
    camscan("import", "arp", "core-1.txt", "--apply")
    (row,) = rows()
    assert (row.record_type, row.presence) == (RecordType.LISTED, Presence.NOT_SCANNED)
    assert (row.first_seen, row.last_seen, row.ip_addresses, row.mac_addresses) == (None, None, ("192.0.2.7",), (MAC,))
    assert row.identification.confidence == "possible"
    scanned(camera(2, ip="192.0.2.9"))
    (row, _) = rows()
    assert (row.presence, row.scans_missed) == (Presence.NOT_SCANNED, 0)
    with open_register("camscan.db", readonly=True) as book:
        (new,) = (each for each in book.happenings() if each.asset_id == row.asset_id)
    assert (new.event, new.detail) == (Event.NEW, "in the ARP table (core-1.txt); it never answered a scan")


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(routed(), id="through a router, and says nothing unique"),
        pytest.param(camera(7, ip="192.0.2.7", mac=None), id="through a router, with its serial number"),
        pytest.param(camera(655363 + 9, ip="192.0.2.40", mac=MAC), id="with its MAC address, at another address"),
    ],
)
def test_when_it_answers_a_scan_it_is_the_same_row(camscan: Camscan, answer: Device) -> None:
    listed(ROUTER)
    camscan("import", "arp", "core-1.txt", "--apply")
    (before,) = rows()
    scanned(answer)
    (after,) = rows()
    assert after.asset_id == before.asset_id
    assert (after.record_type, after.presence) == (RecordType.NETWORK, Presence.SEEN)


def test_a_scan_that_finds_another_mac_address_there_finds_another_device(camscan: Camscan) -> None:
    listed(ROUTER)
    camscan("import", "arp", "core-1.txt", "--apply")
    scanned(camera(9, ip="192.0.2.7"))
    assert len(rows()) == 2


@pytest.mark.parametrize(("days", "known"), [(-20, False), (-3, True), (20, True), (60, False)])
def test_an_address_alone_means_the_device_that_held_it_then(camscan: Camscan, days: int, known: bool) -> None:
    scanned(routed())
    listed(ROUTER, NOON + days * DAY)
    assert camscan("import", "arp", "core-1.txt", "--apply", "--as-of", f"{NOON + days * DAY:%Y-%m-%d}")[0] == 0
    assert any(row.mac_addresses and row.last_seen for row in rows()) is known


def test_a_list_moves_nobody_and_raises_no_alarm(camscan: Camscan) -> None:
    scanned(camera(1, ip="192.0.2.8"))
    (before,) = rows()
    camscan("removed", "192.0.2.8", "--evidence", "WO-1")
    (mac,) = before.mac_addresses
    listed(f"192.0.2.77 dev eth1.20 lladdr {mac} STALE\n", NOON + DAY)
    _, out, _ = camscan("import", "arp", "core-1.txt", "--apply")
    assert "ALARM" not in out
    (after,) = rows()
    assert (after.ip_addresses, after.lifecycle) == (("192.0.2.8",), Lifecycle.REMOVED)
    assert after.elsewhere["ip"].value == "192.0.2.77"


def test_what_nothing_calls_a_camera_is_counted_and_entered_only_on_request(camscan: Camscan) -> None:
    listed("192.0.2.30 dev eth1.20 lladdr 02:00:00:00:00:30 REACHABLE\n")
    _, out, _ = camscan("import", "arp", "core-1.txt", "--apply")
    assert "Left out: 1 device of which nothing says that they are cameras or recorders" in out
    assert rows() == []
    camscan("import", "arp", "core-1.txt", "--apply", "--everything")
    assert [row.ip_addresses for row in rows()] == [("192.0.2.30",)]


def test_the_same_list_twice_adds_nothing(camscan: Camscan) -> None:
    listed(ROUTER)
    camscan("import", "arp", "core-1.txt", "--apply")
    _, out, _ = camscan("import", "arp", "core-1.txt", "--apply")
    assert out.endswith("Register camscan.db: 0 new, 0 updated, 1 unchanged\n")


def test_a_broken_part_is_one_line_with_its_position_and_the_rest_is_taken(camscan: Camscan) -> None:
    listed(f"core-1$ ip neigh\n{ROUTER}192.0.2.300 dev eth1 lladdr 02:00:00:00:00:01 STALE\n")
    code, _, err = camscan("import", "arp", "core-1.txt", "--apply")
    assert code == 3
    assert err.splitlines()[-1].startswith("camscan: core-1.txt, line 3: ")
    assert len(rows()) == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("nowhere.txt",), "camscan: nowhere.txt: there is no such file; check the name and the folder"),
        (("core-1.txt", "--as-of", "yesterday"), "camscan: 'yesterday' is not a time; write it as 2026-05-12"),
        (("core-1.txt", "--as-of", "2999-01-01"), "camscan: '2999-01-01' is in the future"),
        (("core-1.txt", "--form", "rune"), "camscan: there is no format 'rune'; the formats are:"),
        (("core-1.txt", "--site", "Nowhere"), "camscan: "),
        (("letter.txt",), "camscan: letter.txt: camscan does not recognise the format (ARP table)"),
        (("two\nlines.txt",), "camscan: two\N{REPLACEMENT CHARACTER}lines.txt: there is no such file"),
        (("-", "-"), "camscan: '-' may be given only once"),
        (("/dev/zero", "--form", "any"), "camscan: /dev/zero: cannot be read: it is a device of this computer"),
    ],
)
def test_a_mistake_is_one_line(camscan: Camscan, words: tuple[str, ...], message: str) -> None:
    listed(ROUTER)
    listed("Dear all,\n", name="letter.txt")
    code, out, err = camscan("import", "arp", *words)
    assert (code, out) == (2, "")
    assert err.startswith(message)
    assert err.count("\n") == 1


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="a file of Linux that cannot be read")
def test_a_file_that_cannot_be_read_to_its_end_is_named(camscan: Camscan) -> None:
    code, out, err = camscan("import", "arp", "/proc/self/mem")
    assert (code, out) == (2, "")
    assert err == "camscan: /proc/self/mem: cannot be read to its end: Input/output error\n"


def test_devices_that_scans_and_lists_know_are_sound_after_a_merge(camscan: Camscan) -> None:
    """The row that is kept has what lists said of the one that goes."""
    scanned(camera(1, ip="192.0.2.7", mac=None))
    listed(ROUTER)
    camscan("import", "arp", "core-1.txt", "--apply")
    scanned(camera(1, ip="192.0.2.7", mac=None), number=1)
    (row,) = rows()
    assert row.elsewhere["mac"].basis == "ARP table (core-1.txt)"


def test_what_a_list_says_is_shown_with_its_basis(camscan: Camscan) -> None:
    listed(ROUTER)
    camscan("import", "arp", "core-1.txt", "--apply")
    _, out, _ = camscan("show", "192.0.2.7")
    assert "Last seen      no scan has seen it; in the ARP table (core-1.txt) as of 2 March 2026" in out
    assert f"MAC address    {MAC} (ARP table (core-1.txt), 2 March 2026)" in out
    told = json.loads(camscan("show", "192.0.2.7", "--json")[1])["devices"][0]
    assert (told["mac_addresses"], told["mac_source"]) == ([MAC], "ARP table (core-1.txt)")
    assert told["elsewhere"]["mac"] == {
        "value": MAC,
        "basis": "ARP table (core-1.txt)",
        "at": "2026-03-02T12:00:00.000Z",
    }
    assert told["reasons"][-1] == "It did not say so itself, and nothing else supports it."
    camscan("register", "export", "--view", "full", "list.csv")
    (row,) = csv.DictReader(Path("list.csv").read_text(encoding="utf-8-sig").splitlines())
    assert row["last_heard"] == "2026-03-02T12:00:00Z"
    assert row["listed_elsewhere"].startswith(f"MAC {MAC}: ARP table (core-1.txt), 2 March 2026")


def test_what_a_person_entered_stands_before_what_a_list_says(camscan: Camscan) -> None:
    listed(ROUTER)
    camscan("import", "arp", "core-1.txt", "--apply")
    camscan("set", "192.0.2.7", "switch_port=CT-9, port 1")
    camscan("import", "arp", "core-1.txt", "--apply")
    (row,) = rows()
    assert row.entry("switch_port") == "CT-9, port 1"


def test_a_lease_gives_name_and_mac_and_a_zone_gives_hints_only(camscan: Camscan) -> None:
    scanned(routed())
    Path("leases").write_text(f"1778623200 {MAC} 192.0.2.7 IPC-7 *\n")
    assert camscan("import", "dhcp", "leases", "--as-of", "2026-03-02", "--apply")[0] == 0
    zone = "$ORIGIN example.\ncam-7 IN A 192.0.2.7\nprinter IN A 192.0.2.99\n"
    Path("example.zone").write_text(zone)
    code, out, _ = camscan("import", "dns", "example.zone", "--as-of", "2026-03-03", "--apply")
    assert code == 0
    assert "1 known device, 0 new devices" in out
    (row,) = rows()
    assert (row.mac_addresses, row.hints["hostname"]) == ((MAC,), "cam-7.example")
    assert row.hints["mac_source"] == "DHCP table (leases)"
    assert row.identification.maker == "hikvision"


def test_a_switch_says_where_a_device_hangs(camscan: Camscan) -> None:
    scanned(camera(1, ip="192.0.2.8"))
    (mac,) = rows()[0].mac_addresses
    listed(
        f"CT-2#sh mac address-table\n  20    {mac.replace(':', '')[:4]}.{mac.replace(':', '')[4:8]}."
        f"{mac.replace(':', '')[8:]}    DYNAMIC     Gi1/0/14\n",
        name="table.txt",
    )
    code, out, _ = camscan("import", "mac", "table.txt", "--apply")
    assert code == 0
    assert "CT-2, port Gi1/0/14" in out
    _, out, _ = camscan("show", "192.0.2.8")
    assert "Switch port    CT-2, port Gi1/0/14 (MAC table of CT-2 (table.txt), 2 March 2026)" in out
    told = json.loads(camscan("show", mac, "--json")[1])["devices"][0]
    assert told["switch_port"] == "CT-2, port Gi1/0/14"
    assert told["elsewhere"]["vlan"]["value"] == "20"


@pytest.mark.parametrize(("days", "count"), [(0, 1), (5, 2)])
def test_a_device_that_names_another_mac_address_is_itself_on_the_same_day_only(
    camscan: Camscan, days: int, count: int
) -> None:
    """It may have two cards, or name its neighbour's; later the address may be another device's."""
    scanned(camera(1, ip="192.0.2.7"))
    listed(ROUTER, NOON + days * DAY)
    camscan("import", "arp", "core-1.txt", "--apply")
    assert len(rows()) == count


# ── What follows ─────────────────────────────────────────────────────────────────────────────────────────────────

OCTETS = ".".join(str(int(one, 16)) for one in MAC.split(":"))
KEPT_BY_A_SWITCH = f"""\
.1.3.6.1.2.1.17.4.3.1.2.{OCTETS} = INTEGER: 4
.1.3.6.1.2.1.17.4.3.1.3.{OCTETS} = INTEGER: 5
"""


def removed(camscan: Camscan) -> str:
    """A scanned camera that a person has entered as removed."""
    scanned(camera(ip="192.0.2.7", mac=MAC))
    (row,) = rows()
    code, _, err = camscan("removed", row.asset_id, "--evidence", "works order 48213")
    assert (code, err) == (0, "")
    return row.asset_id


@pytest.fixture
def late(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file may be of a day that is long after the removal was entered."""
    monkeypatch.setattr("camscan.app.elsewhere._CLOCKS", timedelta(days=365_000))


@pytest.mark.usefixtures("late")
@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("arp", ROUTER),
        ("mac", f"CT-2#show mac address-table\n  20    {MAC}    DYNAMIC     Gi1/0/4\n"),
        ("snmp", f".1.3.6.1.2.1.17.4.3.1.2.{OCTETS} = INTEGER: 4\n"),
        ("dhcp", BIG_LEASE.replace("2026/05/12", "2099/01/05")),
    ],
)
def test_a_removed_device_that_is_still_on_the_network_is_an_alarm_once(
    camscan: Camscan, source: str, text: str
) -> None:
    asset = removed(camscan)
    Path("list.txt").write_text(text)
    words = ("import", source, "list.txt", "--as-of", "2099-01-05 12:00", "--apply")
    code, _, err = camscan(*words)
    assert code == 0
    assert "ALARM: 1 device recorded as removed is still there" in err
    assert f"{asset} was recorded as removed, and is in the" in err
    with open_register("camscan.db", readonly=True) as book:
        told = [each for each in book.happenings() if each.event is Event.REAPPEARED_AFTER_REMOVAL]
    assert [each.asset_id for each in told] == [asset]
    assert "as of 5 January 2099" in told[0].detail
    (row,) = rows()
    assert row.lifecycle is Lifecycle.REMOVED  # a person's word; only a person takes it back
    assert camscan(*words)[2] == ""


@pytest.mark.usefixtures("late")
@pytest.mark.parametrize(
    ("source", "text", "when"),
    [
        ("arp", ROUTER, "2026-05-11 12:00"),
        ("arp", ROUTER.replace("REACHABLE", "STALE"), "2099-01-05 12:00"),
        ("mac", f"CT-2#show mac address-table\n  20    {MAC}    STATIC     Gi1/0/4\n", "2099-01-05 12:00"),
        ("snmp", KEPT_BY_A_SWITCH, "2099-01-05 12:00"),
        ("dns", "cam IN A 192.0.2.7\n", "2099-01-05 12:00"),
        ("dhcp", f"host cam {{ hardware ethernet {MAC}; fixed-address 192.0.2.7; }}\n", "2099-01-05 12:00"),
        ("dhcp", f"4102444800 {MAC} 192.0.2.7 cam *\n", "2099-01-05 12:00"),
    ],
    ids=[
        "before the removal",
        "stale",
        "static",
        "bound to a port",
        "a name",
        "a reservation",
        "a lease that says nothing of when",
    ],
)
def test_what_says_nothing_of_the_network_now_is_not_an_alarm(
    camscan: Camscan, source: str, text: str, when: str
) -> None:
    removed(camscan)
    Path("list.txt").write_text(text)
    code, _, err = camscan("import", source, "list.txt", "--as-of", when, "--apply")
    assert (code, err) == (0, "")


def test_reidentify_judges_what_is_only_listed_and_finds_it_as_it_was(camscan: Camscan, tmp_path: Path) -> None:
    listed(ROUTER)
    camscan("import", "arp", "core-1.txt", "--apply")
    assert camscan("register", "reidentify")[1].startswith("Nothing changes")
    (row,) = rows()
    assert (row.record_type, row.identification.kind) == (RecordType.LISTED, None)
    mark = tmp_path / "marks" / "dahua"
    mark.mkdir(parents=True)
    (mark / "own.yaml").write_text(
        "- id: own.interface\n"
        "  when: {listed.interface: '^eth1'}\n"
        "  then: {kind: camera}\n"
        "  certainty: 0.2\n"
        "  source: our own cabling\n"
        "  examples:\n"
        "    - see: {listed.interface: eth1.20}\n"
        "  counterexamples:\n"
        "    - see: {listed.interface: eth2}\n"
    )
    code, out, _ = camscan("register", "reidentify", "--overlay", str(mark.parent), "--apply")
    assert (code, out.splitlines()[0]) == (0, f"{row.asset_id}: kind: none → camera")
    (row,) = rows()
    assert (row.record_type, row.identification.kind) == (RecordType.LISTED, "camera")


def test_the_last_scan_is_never_a_list(camscan: Camscan) -> None:
    scanned(camera(ip="192.0.2.9"))
    listed(ROUTER)
    camscan("import", "arp", "core-1.txt", "--apply")
    with open_register("camscan.db", readonly=True) as book:
        assert book.report().scan_id == "scan-0"
        newest = book.scans()[-1]
        assert newest.coverage.is_listing
        assert book.report(newest.scan_id).devices == ()


ZONED = """sites:
  - name: Town Hall
    subnets:
      - {cidr: 192.0.2.0/24, vlan: 20, network_zone: segregated}
      - {cidr: 198.51.100.0/24, vlan: 30, network_zone: core}
      - {cidr: 203.0.113.0/24, vlan: 30, network_zone: segregated}
"""


@pytest.mark.parametrize(("vlan", "zone"), [("20", "segregated"), ("30", ""), ("40", "")])
def test_the_vlan_of_a_list_says_the_kind_of_network(camscan: Camscan, vlan: str, zone: str) -> None:
    Path("camscan.yaml").write_text(ZONED)
    listed(f"CT-2#show mac address-table\n  {vlan}    {MAC}    DYNAMIC     Gi1/0/4\n")
    assert camscan("import", "mac", "core-1.txt", "--site", "Town Hall", "--apply")[0] == 0
    (row,) = rows()
    assert row.entry("network_zone") == zone
    if zone:
        assert row.elsewhere["network_zone"].basis == "MAC table of CT-2 (core-1.txt)"
