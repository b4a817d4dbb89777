"""One device as a row: what each column says, and that no device can say anything harmful."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any

import pytest
from sample_report import HOSTILE, NOON, camera

from camscan.asset import Asset, Judgement, Place, Presence, RecordType, Ruling, kinds
from camscan.asset.columns import BY_NAME, CAPABILITY_LEVELS, COLUMNS, DEVICE_TYPES, Kind, Owner
from camscan.fingerprints import built_in_folder
from camscan.model import Capability, Confidence, Identification
from camscan.policies.companies import Ownership, load_ownership
from camscan.sheets.row import Setting, device_row, make_setting
from camscan.strict_yaml import load_yaml


@cache
def companies() -> Ownership:
    return load_ownership()


def cells(of: Asset, judgement: Judgement | None = None, **behind: int) -> dict[str, str]:
    return dict(device_row(of, judgement, Setting(companies(), date(2026, 11, 23), behind)))


def scanned(**claims: Any) -> Asset:
    device = camera(1, **claims)
    return Asset(
        "A1",
        RecordType.NETWORK,
        device.identification,
        device.ip_addresses,
        device.mac_addresses,
        device.open_ports,
        site="Depot",
        presence=Presence.MISSED,
        scans_missed=2,
        first_seen=NOON,
        last_seen=NOON,
        last_scan="scan-1",
        sightings=3,
        hints={"hostname": "cam-1", "location_hint": "north stair", "mac_source": "sadp"},
    )


def test_every_column_is_there_and_only_they() -> None:
    assert set(cells(scanned())) == set(BY_NAME)
    assert all(isinstance(text, str) for text in cells(scanned()).values())


def test_what_a_scan_found() -> None:
    found = cells(scanned(because=("sadp.model = X (UDP 37020): maker hikvision [hikvision.sadp 0.99]",)))
    expected = {
        "asset_id": "A1",
        "record_type": "network",
        "lifecycle_status": "found",
        "presence": "missed",
        "site_name": "Depot",
        "ip_addresses": "192.0.2.2",
        "mac_addresses": "44:19:b6:00:00:01",
        "mac_source": "sadp",
        "hostname": "cam-1",
        "location_hint": "north stair",
        "device_type": "ip_camera",
        "manufacturer": "Hikvision",
        "manufacturer_basis": "declared",
        "brand_on_badge": "Hikvision",
        "oem_relationship": "none_known",
        "model": "DS-2CD2385G1-I",
        "firmware_version": "V5.6.2build 190701",
        "firmware_date": "2019-07-01",
        "connection": "ip",
        "open_services": "80; 554; 37020",
        "first_seen": "2026-03-02T12:00:00Z",
        "last_scan": "scan-1",
        "scans_missed": "2",
        "confidence": "99",
        "confidence_word": "confirmed",
        "handling": "OFFICIAL-SENSITIVE",
        "revision": "0",
        "notes": "",
    }
    assert {name: found[name] for name in expected} == expected


def test_nothing_known_stays_unknown() -> None:
    found = cells(Asset("A1", RecordType.MANUAL, Identification()))
    told = {name: text for name, text in found.items() if text and name != "inherited"}
    assert told == {
        "asset_id": "A1",
        "record_type": "manual",
        "lifecycle_status": "found",
        "presence": "not_scanned",
        "device_type": "unknown",
        "manufacturer": "unknown",
        "oem_relationship": "unknown",
        "confidence": "0",
        "confidence_word": "unknown",
        "handling": "OFFICIAL-SENSITIVE",
        "revision": "0",
        **{column.name: "unknown" for column in COLUMNS if column.choices == CAPABILITY_LEVELS},
    }


def test_a_model_never_proves_that_something_is_switched_on() -> None:
    known = {
        "ptz": Capability("solid", "model has a P"),
        "speaker": Capability("reported", "datasheet"),
        "face": Capability("weak", "series"),
    }
    found = cells(scanned(capabilities=known))
    assert {name: found[name] for name in found if name.startswith("cap_")} == {
        "cap_ptz": "supported",
        "cap_audio": "supported",
        "cap_thermal": "unknown",
        "cap_face": "unknown",
        "cap_anpr": "unknown",
        "cap_people_count": "unknown",
        "cap_analytics_other": "unknown",
    }
    assert found["capability_basis"] == "ptz: solid (model has a P); speaker: reported (datasheet); face: weak (series)"
    assert found["device_type"] == "ptz"


def test_what_people_entered_holds_and_the_rest_is_shown_for_them() -> None:
    place = Place(
        "Depot", ref="0100", type="depot", sensitivity="3", controller="own", subnet="192.0.2.0/24", vlan="20"
    )
    of = replace(scanned(), place=place, entries={"controller": "nhs", "notes": "=1"}, revision=7)
    found = cells(of)
    assert (found["controller"], found["notes"], found["uprn"]) == ("nhs", "=1", "0100")
    assert found["vlan_or_subnet"] == "192.0.2.0/24 (VLAN 20)"
    shown = json.loads(found["inherited"])
    assert "controller" not in shown
    assert (shown["uprn"], shown["lifecycle_status"], found["revision"]) == ("0100", "found", "7")


def test_what_is_stated_is_used_where_no_scan_says_more() -> None:
    entries = {"stated_manufacturer": "Dahua", "stated_device_type": "thermal"}
    found = Identification(maker="dahua", kind="camera", because=("stated by people: Dahua",), certainty=0.7)
    told = cells(Asset("A1", RecordType.MANUAL, found, entries=entries))
    assert (told["manufacturer"], told["manufacturer_basis"], told["device_type"]) == ("Dahua", "human", "thermal")
    scan = replace(scanned(), entries={"stated_device_type": "intercom"})
    assert cells(scan)["device_type"] == "ip_camera"


@pytest.mark.parametrize(
    ("because", "basis"),
    [
        ("sadp.model = DS (UDP 37020): maker hikvision, model DS [hikvision.sadp 0.99]", "declared"),
        ("http.server = App-webs/ (TCP 80): maker hikvision [hikvision.http 0.75]", "firmware_fingerprint"),
        ("mac.address = 44:19:b6:00:00:01, registered prefix 4419b6: maker hikvision [hikvision 0.45]", "oui"),
        ("id.brand = HiLook: maker hikvision [oem.hilook 0.45]", "oem_table"),
        ("stated by people: Hikvision", "human"),
    ],
)
def test_what_the_manufacturer_rests_on(because: str, basis: str) -> None:
    lines = ("rtsp.server = x (TCP 554): kind camera [x 0.99]", because)
    assert cells(scanned(because=lines))["manufacturer_basis"] == basis


@pytest.mark.parametrize(
    ("maker", "brand", "told"),
    [
        ("hikvision", "Hikvision", "none_known"),
        ("hikvision", "HiLook", "none_known"),
        ("hikvision", "EZVIZ", "subsidiary_of Hikvision"),
        ("dahua", "A badge that nobody knows", "rebrand_of Dahua"),
        ("dahua", None, "unknown"),
        (None, "Eagle Eyes", "unknown"),
    ],
)
def test_badge_and_builder(maker: str | None, brand: str | None, told: str) -> None:
    assert cells(scanned(maker=maker, brand=brand))["oem_relationship"] == told


def test_policies_and_priority() -> None:
    judgement = Judgement(
        rulings=(
            Ruling("us-ndaa-889", matches=True, reason="Because of the maker."),
            Ruling("uk-hcws386", matches=None, reason="The zone is not known."),
            Ruling("local-decision", matches=True, reason="The Cabinet decided."),
        ),
        in_scope="yes",
        priority=2,
        weaknesses=("CVE-2021-36260 affected, exploited",),
    )
    found = cells(scanned(), judgement)
    assert found["policy_matches"] == "us-ndaa-889; local-decision"
    assert found["policy_reason"] == "Because of the maker. The Cabinet decided."
    assert (found["in_scope"], found["removal_priority"]) == ("yes", "2")
    assert found["known_weaknesses"] == "CVE-2021-36260 affected, exploited"
    entered = cells(replace(scanned(), entries={"in_scope": "no"}), judgement)
    assert entered["in_scope"] == "no"
    assert cells(scanned())["policy_matches"] == ""


def test_channels_of_a_recorder() -> None:
    recorder = replace(scanned(), channels=16)
    assert cells(recorder)["recorder_channels"] == "up to 16, unread"
    assert cells(recorder, A1=4)["recorder_channels"] == "up to 16, 4 in the register"
    channel = Asset("A2", RecordType.BEHIND_RECORDER, Identification(), recorder_asset_id="A1", channel=3)
    found = cells(channel)
    assert (found["recorder_asset_id"], found["recorder_channel"], found["connection"]) == ("A1", "3", "")
    by_hand = Asset("A3", RecordType.MANUAL, Identification(), entries={"recorder_asset_id": "A1"})
    assert make_setting([recorder, channel, by_hand], companies(), date(2026, 1, 1)).channels_in_register == {"A1": 2}


def test_no_device_can_say_anything_harmful() -> None:
    claims = dict.fromkeys(("brand", "model", "firmware", "serial"), HOSTILE)
    hints = dict.fromkeys(("hostname", "location_hint", "mac_source"), HOSTILE)
    of = replace(scanned(**claims, because=(HOSTILE,) * 3), hints=hints, site=HOSTILE, open_ports=(HOSTILE,))
    for name, text in cells(of).items():
        assert text.isprintable(), name
        assert len(text) <= (10_000 if name == "inherited" else 2000)
    assert len(cells(of)["evidence"]) <= 300


def test_why_is_reported_in_plain_english_and_in_whole_sentences() -> None:
    sadp = (
        "sadp.serial = DS-1 (UDP 37020): maker hikvision [h.sadp 0.99]",
        "sadp.model = X (UDP 37020): model X [h.m 0.99]",
    )
    assert cells(scanned(because=sadp))["evidence"] == (
        "It answered Hikvision's own search protocol and gave its model and serial number."
    )
    long = tuple(
        f"{key} = {'A' * 90} (TCP 80): maker hikvision [x.y 0.90]"
        for key in ("http.title", "rtsp.realm", "tls.subject")
    )
    told = cells(scanned(because=long))["evidence"]
    assert len(told) <= 300
    assert told.endswith(".")


def test_choices_and_numbers_are_what_the_columns_promise() -> None:
    found = cells(scanned(), Judgement(in_scope="yes", priority=1))
    for column in COLUMNS:
        text = found[column.name]
        if column.choices and text:
            assert text in column.choices, column.name
        if column.kind is Kind.NUMBER and text:
            assert text.isdecimal(), column.name
        if column.kind is Kind.DATE and text:
            date.fromisoformat(text)


def test_every_kind_of_the_vocabulary_has_a_device_type() -> None:
    known = [key for key in load_yaml(built_in_folder() / "vocabulary.yaml").entries() if key.startswith("kind.")]
    assert {f"kind.{name}" for name in kinds.KINDS} <= set(known)
    for key in known:
        assert kinds.device_type(key.removeprefix("kind.")) in DEVICE_TYPES
    for type_ in DEVICE_TYPES:
        kind = kinds.kind_of_type(type_)
        assert kind is None or f"kind.{kind}" in known
        assert kind is not None or type_ in {"other", "unknown"}


def test_no_column_has_two_owners() -> None:
    assert {column.owner for column in COLUMNS} == set(Owner)
    assert Confidence.UNKNOWN.value == cells(Asset("A1", RecordType.MANUAL, Identification()))["confidence_word"]
