"""How certainties combine, which answer is reported, and which replies are of one box."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from camscan import fingerprints
from camscan.fingerprints import Database, Maker
from camscan.identify import identify_box, merge_attempts
from camscan.identify.decide import certainty_word, combine_certainties, decide_camera, decide_maker
from camscan.model import Attempt, Confidence, Match, Observation, Outcome

SEEN = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
MAKERS = {key: Maker(key, key, group="hikvision" if key == "ezviz" else "") for key in ("hikvision", "ezviz", "dahua")}
HIKVISION = "DS-2CD2385G1-I20200414AAWRE33000001"
OTHER_HIKVISION = "DS-2CD2385G1-I20200414AAWRE33000002"
DAHUA = "6C01E93PAG00001"


@pytest.fixture(scope="module")
def database() -> Database:
    return fingerprints.load_database()


def mark(certainty: float, family: str = "http", **claims: str) -> Match:
    return Match(f"{family}.{certainty}", claims, certainty, f"{family}.x = y", family, (f"{family}.x",))


def seen(key: str, value: str, ip: str = "192.0.2.1", port: int = 0) -> Observation:
    return Observation(ip, port, key.partition(".")[0], key, value, SEEN)


def attempt(probe: str, ip: str, port: int = 0, at: int = 0, **facts: str) -> Attempt:
    when = SEEN + timedelta(minutes=at)
    observations = tuple(Observation(ip, port, probe, f"{probe}.{key}", text, when) for key, text in facts.items())
    return Attempt(probe, ip, port, Outcome.ANSWERED, observations, payload=b"x", seen_at=when)


def sadp(ip: str, serial: str = HIKVISION, mac: str = "44:19:b6:00:00:01", at: int = 0) -> Attempt:
    return attempt("sadp", ip, 37020, at, type="ProbeMatch/inquiry", model="DS-2CD2385G1-I", serial=serial, mac=mac)


def dhip(ip: str, serial: str = DAHUA, mac: str = "3c:ef:8c:00:00:01", at: int = 0) -> Attempt:
    facts = {"method": "client.notifyDevInfo", "device_type": "IPC-HDW1431T1-S4", "serial": serial, "mac": mac}
    return attempt("dhip", ip, 37810, at, **facts)


def test_a_build_date_stands_in_the_text_or_beside_it(database: Database) -> None:
    beside = [seen("isapi.firmware_version", "V5.7.17"), seen("isapi.firmware_released", "build 240606")]
    found = identify_box(beside, database)
    assert (found.firmware, found.build) == ("V5.7.17", "2024-06-06")
    fuller = identify_box(
        [*beside, seen("sadp.type", "ProbeMatch/inquiry"), seen("sadp.firmware", "V5.5.0build 170914")], database
    )
    told = {"V5.7.17": "2024-06-06", "V5.5.0build 170914": "2017-09-14"}
    assert fuller.build == told[fuller.firmware or ""], "never the date of one text with the other"
    assert identify_box(beside[1:], database).build is None, "a date without a version dates nothing"


# How certainties combine


@pytest.mark.parametrize(
    ("certainty", "expected"),
    [
        *((1.0, "confirmed"), (0.9, "confirmed"), (0.89, "probable"), (0.7, "probable")),
        *((0.69, "possible"), (0.3, "possible"), (0.29, "unknown"), (0.0, "unknown")),
    ],
)
def test_the_words(certainty: float, expected: str) -> None:
    assert certainty_word(certainty) == expected


def test_the_strongest_mark_of_a_family_counts_once() -> None:
    assert combine_certainties([mark(0.6), mark(0.6), mark(0.5)]) == pytest.approx(0.6)


def test_families_combine() -> None:
    assert combine_certainties([mark(0.6, "http"), mark(0.5, "tls")]) == pytest.approx(0.8)


@given(st.lists(st.floats(0.01, 0.49), max_size=40))
def test_weak_marks_never_say_more_than_possible(certainties: list[float]) -> None:
    matches = [mark(certainty, f"family{number}") for number, certainty in enumerate(certainties)]
    assert certainty_word(combine_certainties(matches)) in {Confidence.POSSIBLE, Confidence.UNKNOWN}


def test_weak_marks_beside_a_strong_one_count_as_one_weak_mark() -> None:
    weak = [mark(0.4, f"family{number}") for number in range(20)]
    assert combine_certainties([mark(0.6, "tls"), *weak]) == pytest.approx(1 - 0.4 * 0.55)


def test_the_winner_needs_a_margin() -> None:
    decision = decide_maker([mark(0.8, "http", maker="hikvision"), mark(0.7, "tls", maker="dahua")], MAKERS)
    assert decision.winner is None
    assert "hikvision (0.80) or dahua (0.70): too close to call" in decision.conflict


def test_a_weak_contrary_mark_does_not_shake_a_proof() -> None:
    decision = decide_maker([mark(0.99, "dhip", maker="dahua"), mark(0.45, "mac", maker="hikvision")], MAKERS)
    assert (decision.winner, certainty_word(decision.certainty)) == ("dahua", Confidence.CONFIRMED)
    assert decision.conflict


def test_a_contrary_mark_lowers_what_is_not_proven() -> None:
    alone = decide_maker([mark(0.75, "http", maker="dahua")], MAKERS)
    disputed = decide_maker([mark(0.75, "http", maker="dahua"), mark(0.45, "mac", maker="hikvision")], MAKERS)
    assert certainty_word(alone.certainty) is Confidence.PROBABLE
    assert (disputed.winner, certainty_word(disputed.certainty)) == ("dahua", Confidence.POSSIBLE)


def test_two_probable_makers_are_never_confirmed() -> None:
    decision = decide_maker([mark(0.99, "dhip", maker="dahua"), mark(0.75, "tls", maker="hikvision")], MAKERS)
    assert (decision.winner, certainty_word(decision.certainty)) == ("dahua", Confidence.PROBABLE)


def test_makers_of_one_company_do_not_speak_against_each_other() -> None:
    decision = decide_maker([mark(0.9, "sadp", maker="hikvision"), mark(0.85, "mac", maker="ezviz")], MAKERS)
    assert (decision.winner, decision.conflict) == ("hikvision", "")


def test_what_is_not_a_camera_is_not_accused_on_a_weak_mark() -> None:
    printer = mark(0.9, "http", camera="false")
    decision = decide_maker([printer, mark(0.45, "mac", maker="hikvision", camera="true")], MAKERS)
    assert decision.winner is None
    assert decide_camera([printer, mark(0.45, "mac", camera="true")], None).winner == "false"


def test_a_makers_own_product_that_is_not_a_camera_keeps_its_maker() -> None:
    switch = mark(0.9, "http", maker="hikvision", camera="false")
    assert decide_maker([switch, mark(0.9, "snmp", camera="false")], MAKERS).winner == "hikvision"


# One box, against the shipped database


def test_a_sadp_answer_proves_the_maker_and_says_because(database: Database) -> None:
    found = identify_box(sadp("192.0.2.1").observations, database)
    assert (found.maker, found.model, found.serial) == ("hikvision", "DS-2CD2385G1-I", HIKVISION)
    assert (found.mac, found.confidence, found.is_camera_system) == ("44:19:b6:00:00:01", Confidence.CONFIRMED, True)
    assert any(line.startswith("sadp.model = DS-2CD2385G1-I (UDP 37020): ") for line in found.because)
    assert found.conflicts == ()


def test_nothing_seen_is_unknown(database: Database) -> None:
    found = identify_box([], database)
    assert (found.maker, found.is_camera_system, found.confidence, found.certainty) == (None, None, "unknown", 0.0)


def test_a_registered_mac_alone_is_possible(database: Database) -> None:
    found = identify_box([seen("mac.address", "44:19:b6:00:00:01")], database)
    assert (found.maker, found.confidence) == ("hikvision", Confidence.POSSIBLE)


def test_what_somebody_typed_never_beats_the_hardware(database: Database) -> None:
    facts = [*sadp("192.0.2.1").observations, seen("wsd.name", "AXIS M1034-W"), seen("http.title", "DS-7604NI-K1")]
    assert identify_box(facts, database).model == "DS-2CD2385G1-I"


def test_contradicting_answers_are_reported(database: Database) -> None:
    facts = [
        *sadp("192.0.2.1").observations,
        seen("isapi.serial", OTHER_HIKVISION),
        seen("isapi.model", "DS-2CD2385G1-I"),
    ]
    found = identify_box(facts, database)
    assert found.serial == HIKVISION
    assert any(line.startswith(f"serial: {HIKVISION} (") and OTHER_HIKVISION in line for line in found.conflicts)


def test_the_firmware_with_a_build_date_is_reported_where_both_agree(database: Database) -> None:
    facts = [
        *sadp("192.0.2.1").observations,
        seen("sadp.firmware", "V5.6.2"),
        seen("onvif.firmware", "V5.6.2 build 190701"),
        seen("onvif.manufacturer", "HIKVISION"),
    ]
    found = identify_box(facts, database)
    assert found.firmware == "V5.6.2 build 190701"
    assert found.conflicts == ()


@pytest.mark.parametrize("serial", ["N/A", "REDACTED", "00000000", "**************", "907F3C6C7A1B2C3D"])
def test_a_placeholder_or_a_hash_is_not_a_serial(database: Database, serial: str) -> None:
    assert identify_box(dhip("192.0.2.1", serial=serial).observations, database).serial is None


def test_a_multicast_mac_is_not_an_mac_of_a_unit(database: Database) -> None:
    assert identify_box(dhip("192.0.2.1", mac="01:00:5e:00:00:01").observations, database).mac is None


def test_two_proofs_of_two_makers_accuse_neither(database: Database) -> None:
    facts = [*sadp("192.0.2.1").observations, *dhip("192.0.2.1").observations]
    found = identify_box(facts, database)
    assert (found.maker, found.confidence) == (None, Confidence.UNKNOWN)
    assert any("too close to call" in line for line in found.conflicts)


KEYS = [
    "sadp.model",
    "sadp.serial",
    "dhip.device_type",
    "http.title",
    "http.body",
    "wsd.scope",
    "mac.address",
    "rtsp.realm",
]


@examples(200)
@given(facts=st.lists(st.tuples(st.sampled_from(KEYS), st.text(max_size=60)), max_size=12))
def test_any_facts_are_identified_or_not(database: Database, facts: list[tuple[str, str]]) -> None:
    found = identify_box([seen(key, value) for key, value in facts], database)
    assert 0 <= found.certainty <= 1
    assert found.maker is None or found.because


@examples(50)
@given(facts=st.permutations(list(sadp("192.0.2.1").observations)))
def test_the_order_of_facts_changes_nothing_that_is_reported(database: Database, facts: list[Observation]) -> None:
    assert identify_box(facts, database) == identify_box(sadp("192.0.2.1").observations, database)


# Which replies are of one box


def test_one_address_is_one_box(database: Database) -> None:
    page = attempt("http", "192.0.2.1", 80, 1, title="Login")
    (device,) = merge_attempts([sadp("192.0.2.1"), page], database)
    assert (device.ip_addresses, device.open_ports) == (("192.0.2.1",), ("tcp/80", "udp/37020"))
    assert (device.first_seen, device.last_seen) == (SEEN, SEEN + timedelta(minutes=1))
    assert device.mac_addresses == ("44:19:b6:00:00:01",)


def test_a_serial_of_one_maker_joins_addresses(database: Database) -> None:
    (device,) = merge_attempts([sadp("192.0.2.1"), sadp("192.0.2.9", mac="44:19:b6:00:00:02")], database)
    assert device.ip_addresses == ("192.0.2.1", "192.0.2.9")


def test_a_placeholder_serial_joins_nothing(database: Database) -> None:
    found = merge_attempts([dhip("192.0.2.1", "N/A"), dhip("192.0.2.2", "N/A", "3c:ef:8c:00:00:02")], database)
    assert len(found) == 2


def test_a_mac_joins_only_where_the_maker_assigned_it(database: Database) -> None:
    assert (
        len(merge_attempts([attempt("mac", f"192.0.2.{n}", address="44:19:b6:00:00:01") for n in (1, 2)], database))
        == 1
    )
    assert (
        len(merge_attempts([attempt("mac", f"192.0.2.{n}", address="46:19:b6:00:00:01") for n in (1, 2)], database))
        == 2
    )


def test_a_routers_mac_joins_nothing(database: Database) -> None:
    found = merge_attempts(
        [attempt("mac", f"192.0.2.{n}", address="44:19:b6:00:00:01") for n in range(1, 30)], database
    )
    assert len(found) == 29


def test_contradicting_serials_keep_boxes_apart_and_are_reported(database: Database) -> None:
    found = merge_attempts([sadp("192.0.2.1"), sadp("192.0.2.2", OTHER_HIKVISION)], database)
    assert [device.identification.serial for device in found] == [HIKVISION, OTHER_HIKVISION]
    assert all(
        "shares mac 44:19:b6:00:00:01 with another box" in device.identification.conflicts[-1] for device in found
    )


def test_an_onvif_endpoint_alone_joins_no_addresses(database: Database) -> None:
    """Cheap units carry one identifier in all of them; behind a router no MAC address tells them apart."""
    own = "urn:uuid:5f5a69c2-e0ae-504f-829b-000000000001"
    constant = "urn:uuid:00000000-0000-0000-0000-000000000000"
    assert len(merge_attempts([attempt("wsd", f"192.0.2.{n}", 3702, endpoint=own) for n in (1, 2, 3)], database)) == 3
    assert len(merge_attempts([attempt("wsd", f"192.0.2.{n}", 3702, endpoint=constant) for n in (1, 2)], database)) == 2


def test_an_endpoint_in_the_firmware_of_two_units_joins_neither(database: Database) -> None:
    """A clone with the identifier of another unit is not that unit: their MAC addresses differ."""
    copied = "urn:uuid:316d4de6-a7b4-438b-8374-0000b0000001"
    ours = [
        attempt("wsd", "192.0.2.1", 3702, endpoint=copied, hardware="DS-2CD2385G1-I"),
        attempt("mac", "192.0.2.1", address="44:19:b6:00:00:01"),
    ]
    clone = [
        attempt("wsd", "192.0.2.2", 3702, endpoint=copied, hardware="IPCAM"),
        attempt("mac", "192.0.2.2", address="00:12:31:00:00:01"),
    ]
    devices = merge_attempts([*ours, *clone], database)
    assert [device.identification.maker for device in devices] == ["hikvision", None]


def test_a_certificate_joins_nothing(database: Database) -> None:
    maker = "ZheJiang Dahua Technology CO.,LTD."
    both = [attempt("tls", f"192.0.2.{n}", 443, sha256="ab" * 32, serial="01", subject_o=maker) for n in (1, 2)]
    assert len(merge_attempts(both, database)) == 2


def test_an_address_with_two_serials_is_two_boxes(database: Database) -> None:
    first = attempt("isapi", "192.0.2.1", 80, serial=HIKVISION, model="DS-2CD2385G1-I", manufacturer="hikvision")
    second = attempt("isapi", "192.0.2.1", 81, serial=OTHER_HIKVISION, model="DS-2CD2385G1-I", manufacturer="hikvision")
    found = merge_attempts([first, second], database)
    assert [(device.identification.serial, device.open_ports) for device in found] == [
        (HIKVISION, ("tcp/80",)),
        (OTHER_HIKVISION, ("tcp/81",)),
    ]
    assert all("several boxes answer on it" in device.identification.conflicts[-1] for device in found)


def test_an_address_with_two_proven_makers_is_two_boxes(database: Database) -> None:
    found = merge_attempts(
        [sadp("192.0.2.1"), dhip("192.0.2.1"), attempt("http", "192.0.2.1", 80, title="Login")], database
    )
    assert [device.identification.maker for device in found] == ["hikvision", "dahua"]
    assert [device.identification.confidence for device in found] == ["confirmed", "confirmed"]
    assert found[0].open_ports == ("tcp/80", "udp/37020")


def test_odd_text_in_a_serial_field_does_not_tear_a_box_apart(database: Database) -> None:
    description = attempt("upnp", "192.0.2.1", 49152, serial="1234-none", manufacturer="HIKVISION")
    assert len(merge_attempts([sadp("192.0.2.1"), description], database)) == 1


def test_devices_come_in_the_order_in_which_they_were_seen(database: Database) -> None:
    found = merge_attempts([dhip("192.0.2.7"), sadp("192.0.2.3"), sadp("192.0.2.9", mac="44:19:b6:00:00:09")], database)
    assert [device.ip_addresses for device in found] == [("192.0.2.7",), ("192.0.2.3", "192.0.2.9")]


def test_silence_is_not_a_device(database: Database) -> None:
    silent = Attempt("http", "192.0.2.1", 80, Outcome.TIMED_OUT, seen_at=SEEN)
    refused = Attempt("http", "192.0.2.2", 80, Outcome.REFUSED, seen_at=SEEN)
    assert merge_attempts([silent, refused], database) == []


def test_an_answer_nobody_understands_is_a_device_to_look_at(database: Database) -> None:
    odd = Attempt("http", "192.0.2.1", 80, Outcome.NOT_SPOKEN, payload=b"\0\1\2", seen_at=SEEN)
    (device,) = merge_attempts([odd], database)
    assert device.identification.confidence is Confidence.UNKNOWN


def test_round_two_follows_from_what_round_one_decided(tmp_path: Path) -> None:
    base = tmp_path / "base"
    base.mkdir()
    (base / "vocabulary.yaml").write_text("onvif.model: model\nkind.nvr: recorder\ncapability.thermal: heat\n")
    (base / "makers.yaml").write_text("hikvision: {name: Hikvision}\n")
    (base / "onvif.yaml").write_text(
        "- {id: onvif.model, when: {onvif.model: '^(?P<m>.+)$'}, then: {model: '{m}'}, certainty: 0.9, source: x,"
        " examples: [{see: {onvif.model: a}}], counterexamples: [{see: {onvif.model: ''}}]}\n"
        "- {id: models.nvr, when: {id.maker: '^hikvision$', id.model: '^LTN'}, then: {kind: nvr, camera: 'true',"
        " capability.thermal: fair}, certainty: 0.9, source: x,"
        " examples: [{see: {id.maker: hikvision, id.model: LTN8}}], counterexamples: [{see: {id.model: LTN8}}]}\n"
    )
    (base / "oem.yaml").write_text(
        "- {id: oem.lts, brand: LTS, makers: [hikvision], when: {id.model: '^LTN'}, certainty: 0.4, source: x,"
        " examples: [{see: {id.model: LTN8}}], counterexamples: [{see: {id.model: x}}]}\n"
    )
    assert fingerprints.check_database(base=base) == []
    found = identify_box([seen("onvif.model", "LTN8616")], fingerprints.load_database(base=base, cache=tmp_path))
    assert (found.maker, found.brand, found.model, found.kind) == ("hikvision", "LTS", "LTN8616", "nvr")
    assert (found.confidence, found.is_camera_system) == (Confidence.POSSIBLE, True)
    assert found.capabilities["thermal"].confidence == "fair"


def test_the_figures_of_the_documentation() -> None:
    assert combine_certainties([mark(0.6, "http"), mark(0.5, "tls")]) == pytest.approx(0.80)
    proof = decide_maker([mark(0.99, "sadp", maker="hikvision"), mark(0.45, "mac", maker="dahua")], MAKERS)
    guess = decide_maker([mark(0.75, "http", maker="hikvision"), mark(0.45, "mac", maker="dahua")], MAKERS)
    assert (round(proof.certainty, 2), round(guess.certainty, 2)) == (0.99, 0.67)
