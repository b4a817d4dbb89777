"""The one headline: what is counted, how it is said, and that every place says the same."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from command_line import Camscan
from planned import SEEN, asset
from sample_report import NOON, camera, enter, nameless, record, report

from camscan.app.headline import headline_of_report
from camscan.app.listing_lines import make_lister
from camscan.asset import Asset, Presence, RecordType
from camscan.config import find_config, load_config
from camscan.headline import Headline, Unit, count_units
from camscan.model import Confidence, Coverage, Observation
from camscan.plan.estate_count import count_headline, is_in_place
from camscan.policies import companies
from camscan.register import Edit, NewRow, open_register
from camscan.words import count_text

KNOWN = companies.load_ownership()
DECISION = "planning:\n  local_decision: {minute: '114', date: '2025-05-12', groups: [hikvision, dahua]}\n"


class TestSentence:
    @pytest.mark.parametrize(
        ("counts", "sentence"),
        [
            (
                Headline(67, 48, 9, 10, 2, 0, possible=4, unknown=17, channels_not_read=158),
                (
                    "Hikvision or Dahua: 67 devices (48 cameras, 9 recorders, 10 other) at 2 sites; 4 more possible; "
                    "17 unknown, to be looked at; up to 158 recorder channels not read."
                ),
            ),
            (Headline(1, 1, sites=1), "Hikvision or Dahua: 1 device (1 camera) at 1 site."),
            (
                Headline(1, 0, 1, channels_not_read=1, strangers=1),
                (
                    "Hikvision or Dahua: 1 device (1 recorder); up to 1 recorder channel not read; "
                    "and 1 answered from an address you did not name."
                ),
            ),
            (
                Headline(1200, 1199, 0, 1, 3, 5, strangers=3),
                (
                    "Hikvision or Dahua: 1,200 devices (1,199 cameras, 1 other) at 3 sites, 5 of the devices site not "
                    "known"
                    "; and 3 answered from addresses you did not name."
                ),
            ),
            (Headline(), "Hikvision or Dahua: none found."),
            (
                Headline(possible=4, unknown=17),
                "Hikvision or Dahua: none found; 4 possible; 17 unknown, to be looked at.",
            ),
            (Headline(is_scanned=False), "Hikvision or Dahua: none found; nothing was scanned yet."),
        ],
    )
    def test_as_it_is_read_aloud(self, counts: Headline, sentence: str) -> None:
        assert counts.text == sentence
        assert counts.as_json()["headline"] == sentence


class TestWhatIsCounted:
    def test_a_maker_and_how_sure(self) -> None:
        units = [
            Unit("hikvision", is_sure=True, kind="camera", is_camera_system=True, site="a"),
            Unit("dahua", is_sure=True, kind="nvr", is_camera_system=True, channels=16, site="a"),
            Unit("dahua", is_sure=True, kind="switch", is_camera_system=False, site="b"),
            Unit("hikvision", is_sure=True, kind=None, is_camera_system=None),
            Unit("hikvision", is_sure=False, kind="nvr", is_camera_system=True, channels=8, site="c"),
            Unit("axis", is_sure=True, kind="camera", is_camera_system=True, site="a"),
            Unit(None, is_sure=False, kind=None, is_camera_system=None),
            Unit(None, is_sure=True, kind="camera", is_camera_system=True),
            Unit(None, is_sure=True, kind="printer", is_camera_system=False),
            Unit(None, is_sure=False, kind="vms", is_camera_system=None),
            Unit(None, is_sure=True, kind="server", is_camera_system=False, open_ports=("tcp/554",)),
        ]
        assert count_units(units) == Headline(4, 1, 1, 2, 2, 1, possible=1, unknown=3, channels_not_read=16)

    @pytest.mark.parametrize("kind", ["dvr", "nvr", "mobile_recorder"])
    def test_recorders(self, kind: str) -> None:
        assert count_units([Unit("dahua", is_sure=True, kind=kind, is_camera_system=True)]).recorders == 1

    @pytest.mark.parametrize("kind", ["encoder", "intercom", "access_control", "vms", "storage", "bodycam", None])
    def test_others(self, kind: str | None) -> None:
        assert count_units([Unit("dahua", is_sure=True, kind=kind, is_camera_system=True)]).other == 1


class TestRows:
    """When a row stands for a device that is there."""

    @pytest.mark.parametrize(
        ("row", "devices"),
        [
            (asset(), 1),
            (asset(presence=Presence.OFFLINE), 1),
            (asset(presence=Presence.UNREACHABLE_SCOPE), 1),
            (asset(lifecycle_status="accepted_risk"), 1),
            (asset(lifecycle_status="planned", planned_removal_date="2027-01-01"), 1),
            (asset(lifecycle_status="removed", actual_removal_date="2026-11-21", presence=Presence.OFFLINE), 0),
            (asset(lifecycle_status="removed", actual_removal_date="2026-11-21"), 0),
            (asset(lifecycle_status="removed", actual_removal_date="2026-11-19"), 1),
            (asset(lifecycle_status="disposed", actual_removal_date="2026-11-21", presence=Presence.MISSED), 0),
            (asset(lifecycle_status="not_ours"), 0),
            (asset(lifecycle_status="false_positive"), 0),
        ],
    )
    def test_by_what_people_said_and_scans_saw(self, row: Asset, devices: int) -> None:
        assert count_headline([row], [], KNOWN).devices == devices == is_in_place(row)

    def test_people_make_a_possible_maker_sure(self) -> None:
        possible = {"confidence": Confidence.POSSIBLE}
        rows = [
            asset(1, **possible),  # type: ignore[arg-type]  # as above
            asset(2, lifecycle_status="confirmed", **possible),  # type: ignore[arg-type]
            asset(3, stated_manufacturer="Hikvision", **possible),  # type: ignore[arg-type]
            asset(4, maker=None, is_camera=None, kind=None, stated_manufacturer="Samsung"),
        ]
        found = count_headline(rows, [], KNOWN)
        assert (found.devices, found.possible, found.unknown) == (2, 1, 0)

    def test_an_address_alone_counts_until_somebody_answers_there(self) -> None:
        nobody = {"maker": None, "is_camera": None, "kind": None, "model": None}
        alone = replace(asset(1, **nobody), ip_addresses=("192.0.2.7",))  # type: ignore[arg-type]  # as above
        assert count_headline([alone], [], KNOWN).unknown == 1
        later = replace(asset(2, last_seen=SEEN + timedelta(days=1)), ip_addresses=("192.0.2.7",))
        found = count_headline([alone, later], [], KNOWN)
        assert (found.devices, found.unknown) == (1, 0)
        earlier = replace(later, last_seen=SEEN - timedelta(days=1))
        assert count_headline([alone, earlier], [], KNOWN).unknown == 1

    def test_sites_by_number_before_name_and_in_any_case(self) -> None:
        rows = [
            asset(1, site_name="Town Hall", uprn="100"),
            asset(2, site_name="Annexe", uprn="100"),
            asset(3, site="depot"),
            asset(4, site_name="Depot"),
            asset(5),
        ]
        found = count_headline(rows, [], KNOWN)
        assert (found.devices, found.sites, found.without_site) == (5, 2, 1)

    def test_channels_are_read_one_by_one_or_all_by_a_login(self) -> None:
        recorder = replace(asset(1, kind="nvr"), channels=16)
        hanging = asset(2, record_type=RecordType.BEHIND_RECORDER, recorder="CAM-0001")
        named = asset(3, recorder_asset_id="CAM-0001")
        assert count_headline([recorder, hanging, named], [], KNOWN).channels_not_read == 14
        read = replace(recorder, hints={"channels": "read"})
        assert count_headline([read, hanging], [], KNOWN).channels_not_read == 0
        few = replace(recorder, channels=1)
        assert count_headline([few, hanging, named], [], KNOWN).channels_not_read == 0


SITES = """\
sites:
  - name: Depot
    cidrs: [192.0.2.0/25]
  - name: Library
    cidrs: [192.0.2.128/25]
"""


def seen(key: str, value: str) -> tuple[Observation, ...]:
    return (Observation("192.0.2.200", 37020, "sadp", key, value, NOON),)


def of_two_sites() -> None:
    """A register: six devices of the two at two sites, one of them gone, one possible, two unknown, one stranger."""
    recorder = replace(camera(200, kind="nvr"), observations=seen("sadp.digital_channels", "16"))
    possible = camera(3, confidence=Confidence.POSSIBLE, certainty=0.4)
    devices = [camera(1), camera(2), possible, camera(130), camera(140, kind="intercom"), recorder, camera(4)]
    others = [nameless("192.0.2.9"), nameless("192.0.2.210"), camera(5, maker="axis")]
    strange = Coverage(254, 10, 0, 244, 0, 0, strangers=("192.168.1.64",))
    with open_register("camscan.db") as book:
        book.record(replace(report(*devices, *others), coverage=strange))
        rows = {row.identification.serial: row.asset_id for row in book.devices()}
        gone = {"actual_removal_date": "2026-03-02", "removal_evidence_ref": "WO-1"}
        enter(book, rows[camera(4).identification.serial], lifecycle_status="removed", **gone)


SAID = (
    "Hikvision or Dahua: 5 devices (3 cameras, 1 recorder, 1 other) at 2 sites; 1 more possible; "
    "2 unknown, to be looked at; up to 16 recorder channels not read; and 1 answered from an address you did not name."
)


def headlines(text: str) -> list[str]:
    return re.findall(r"^Hikvision or Dahua: .*$", text, re.MULTILINE)


class TestEveryPlace:
    def test_on_one_register(self, camscan: Camscan, workplace: Path) -> None:
        (workplace / "camscan.yaml").write_text(SITES, encoding="utf-8")
        camscan("sites", "list")
        of_two_sites()
        with open_register("camscan.db", editing=True) as book:
            book.remember_sites(find_config(None).places())
        told: dict[str, list[str]] = {}
        told["show"] = headlines(camscan("show")[1])
        told["plan status"] = headlines(camscan("plan", "status")[1])
        document = json.loads(camscan("plan", "status", "--json")[1])
        told["plan status --json"] = [document["headline"]]
        assert told == {place: [SAID] for place in told}
        assert document["headline_counts"] == {
            "devices": 5,
            "cameras": 3,
            "recorders": 1,
            "other": 1,
            "sites": 2,
            "without_site": 0,
            "possible": 1,
            "unknown": 2,
            "channels_not_read": 16,
            "strangers": 1,
        }

    @pytest.mark.usefixtures("workplace")
    def test_a_stranger_that_was_named_or_went_is_none(self) -> None:
        strange = Coverage(254, 1, 0, 253, 0, 0, strangers=("192.0.2.77", "198.51.100.7"))
        with open_register("camscan.db") as book:
            book.record(replace(report(camera(1), scan_id="scan-1", targets=("192.0.2.0/26",)), coverage=strange))
            assert count_headline(book.devices(), book.scans(), KNOWN).strangers == 2
            record(book, camera(1), targets=("192.0.2.64/26",))
            assert count_headline(book.devices(), book.scans(), KNOWN).strangers == 1
            record(book, camera(1), targets=("192.0.2.0/26",))
            assert count_headline(book.devices(), book.scans(), KNOWN).strangers == 0

    @pytest.mark.usefixtures("workplace")
    def test_nothing_was_scanned(self, camscan: Camscan) -> None:
        with open_register("camscan.db"):
            pass
        assert headlines(camscan("show")[1]) == ["Hikvision or Dahua: none found; nothing was scanned yet."]

    @pytest.mark.usefixtures("workplace")
    def test_one_that_answers_on_the_day_of_its_removal(self, camscan: Camscan) -> None:
        gone = {"lifecycle_status": "removed", "removal_evidence_ref": "WO 12"}
        with open_register("camscan.db") as book:
            (asset,) = book.record(report(camera(1))).new
            edits = [Edit(asset, *entry) for entry in gone.items()]
            book.edit_entries(edits, role="CCTV manager", how="test", at=NOON + timedelta(hours=1))
        assert headlines(camscan("show")[1]) == ["Hikvision or Dahua: none found."]
        with open_register("camscan.db") as book:
            book.record(report(camera(1), scan_id="later", when=NOON + timedelta(hours=2)))
        there = ["Hikvision or Dahua: 1 device (1 camera)."]
        told = [headlines(camscan(*words)[1]) for words in (("show",), ("plan", "status"))]
        assert told == [there, there]

    @pytest.mark.usefixtures("workplace")
    @pytest.mark.parametrize(("more", "devices"), [({}, 1), ({"council_asset_tag": "CCTV-1"}, 2)])
    def test_an_address_that_people_entered_and_a_scan_found(
        self, camscan: Camscan, more: dict[str, str], devices: int
    ) -> None:
        """An address alone is the device that answers there; a label may be another's, until somebody settles it."""
        entries = {"stated_ip_address": "192.0.2.9", "stated_manufacturer": "Hikvision", **more}
        with open_register("camscan.db") as book:
            book.add_devices([NewRow(RecordType.IMPORTED, entries)], role="CCTV manager", how="test")
        (before,) = headlines(camscan("show")[1])
        with open_register("camscan.db") as book:
            book.record(report(camera(1, ip="192.0.2.9")))
        told = {headlines(camscan(*words)[1])[0] for words in (("show",), ("plan", "status"))}
        assert before.startswith("Hikvision or Dahua: 1 device (1 other)")
        assert [each.partition(" (")[0] for each in told] == [f"Hikvision or Dahua: {count_text(devices)}"]

    @pytest.mark.usefixtures("workplace")
    def test_a_maker_that_is_misspelt_leaves_the_device_to_be_looked_at(self, camscan: Camscan) -> None:
        """It is neither of the two makers nor of another one: no count may lose it."""
        with open_register("camscan.db") as book:
            record(book, nameless("192.0.2.9", is_camera_system=True))
            enter(book, book.devices()[0].asset_id, stated_manufacturer="Hikvison")
        (told,) = headlines(camscan("show", "--unknown")[1])
        assert told == "Hikvision or Dahua: none found; 1 unknown, to be looked at."
        assert "192.0.2.9" in camscan("show", "--unknown")[1]

    def test_a_badge_that_people_entered_is_only_possible_everywhere(self, camscan: Camscan, workplace: Path) -> None:
        """Also with a planned day, and after a visit: whoever looks at the device sees the badge."""
        (workplace / "camscan.yaml").write_text(DECISION, encoding="utf-8")
        rows = [
            {"stated_manufacturer": name, "council_asset_tag": name, **more}
            for name, more in (
                ("ANNKE", {}),
                ("HiLook", {"planned_removal_date": "2027-03-31"}),
                ("Honeywell", {}),
                ("HIK VISION", {}),
            )
        ]
        with open_register("camscan.db") as book:
            book.add_devices([NewRow(RecordType.IMPORTED, row) for row in rows], role="CCTV manager", how="test")
        camscan("visited", "ANNKE", "HiLook")
        camscan("metrics", "out.prom")
        told = {headlines(camscan(*words)[1])[0] for words in (("show",), ("plan", "status"), ("foi", "pack"))}
        assert told == {"Hikvision or Dahua: 1 device (1 other); 2 more possible; 1 unknown, to be looked at."}
        assert 'maker="possible",presence="not_scanned"} 2' in (workplace / "out.prom").read_text(encoding="utf-8")
        assert "Possibly Hikvision, sold as ANNKE" in camscan("show", "ANNKE")[1]

    def test_what_is_entered_twice_is_in_no_count_of_the_programme(self, camscan: Camscan, workplace: Path) -> None:
        """The headline, the programme, lists, spreadsheets and what is kept of the scan count one device of the two."""
        (workplace / "camscan.yaml").write_text(DECISION, encoding="utf-8")
        entries = {"stated_ip_address": "192.0.2.9", "stated_manufacturer": "Hikvision", "estimated_cost": "500.00"}
        seen = replace(report(camera(1, ip="192.0.2.9"), camera(2)), scan_id="scan-2")
        with open_register("camscan.db") as book:
            book.list_by(make_lister(load_config(workplace / "camscan.yaml")))
            book.add_devices([NewRow(RecordType.IMPORTED, entries)], role="CCTV manager", how="test")
            alone = book.devices()[0].asset_id
            book.record(report(camera(2)), counted=True)
            book.record(seen, counted=True)
            kept = [(tally["in_scope"], tally["systems_remaining"]) for _, tally in book.tallies()]
            (device,) = (row.asset_id for row in book.devices() if "192.0.2.9" in row.ip_addresses and row.last_seen)
        status = json.loads(camscan("plan", "status", "--json")[1])
        page = camscan("plan", "status")[1]
        listed = json.loads(camscan("show", "--in-scope", "--json")[1])["devices"]
        (shown,) = json.loads(camscan("show", alone, "--json")[1])["devices"]
        short = camscan("register", "export", "-")[1]
        full = camscan("register", "export", "--full", "-")[1]
        assert kept == [(2, 2), (2, 2)]
        assert (status["headline_counts"]["devices"], status["total"]["in_scope"], len(listed)) == (2, 2, 2)
        assert (status["entered_twice"], status["out_of_scope"], status["scope_unknown"]) == (1, 0, 0)
        assert re.search(r"^In scope +2 ", page, re.MULTILINE)
        assert re.search(r"^Entered twice +1 ", page, re.MULTILINE)
        assert alone not in short
        assert alone in full
        assert (shown["in_scope"], device in shown["in_scope_reason"]) == ("no", True)


def test_of_a_report_alone() -> None:
    recorder = replace(camera(2, kind="dvr"), observations=seen("sadp.analog_channels", "8"))
    read = replace(camera(3, kind="nvr"), observations=seen("isapi.channel", "1: name=Door, ip=192.0.2.4"))
    found = headline_of_report(report(camera(1), recorder, read, nameless(), site="Depot"))
    assert found.text == (
        "Hikvision or Dahua: 3 devices (1 camera, 2 recorders) at 1 site; 1 unknown, to be looked at; "
        "up to 8 recorder channels not read."
    )


def test_of_a_report_of_several_sites() -> None:
    seen_at = {1: "192.0.2.1", 2: "192.0.2.2", 3: "192.0.2.3"}
    whole = report(*(camera(number, ip=ip) for number, ip in seen_at.items()))
    found = headline_of_report(replace(whole, sites={"192.0.2.1": "Depot", "192.0.2.2": "Town Hall"}))
    assert (found.sites, found.without_site) == (2, 1)
    assert found.text == "Hikvision or Dahua: 3 devices (3 cameras) at 2 sites, 1 of the devices site not known."
