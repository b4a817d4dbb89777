"""A device that states its maker is believed before any pattern of a model number, over whatever protocol."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from camscan import fingerprints
from camscan.fingerprints import Database
from camscan.identify import identify_box
from camscan.model import Confidence, Identification, Observation

SEEN = datetime(2026, 11, 29, 9, 0, tzinfo=UTC)
SURE = (Confidence.CONFIRMED, Confidence.PROBABLE)


@pytest.fixture(scope="module")
def database() -> Database:
    return fingerprints.load_database()


def what(database: Database, *facts: tuple[str, str], ip: str = "192.0.2.9") -> Identification:
    return identify_box(
        [Observation(ip, 80, key.partition(".")[0], key, value, SEEN) for key, value in facts], database
    )


@pytest.mark.parametrize(
    ("stated", "model", "maker"),
    [
        ("UNIVIEW", "NVR301-08S3-P8", "uniview"),
        ("VIVOTEK", "SD9364-EHL", "vivotek"),
        ("LILIN", "NVR109", "lilin"),
        ("D-Link Corporation", "NVR7000", "dlink"),
        ("GeoVision Inc.", "SD2322-IR", "geovision"),
        ("Synology Inc.", "NVR1218", "synology"),
    ],
)
@pytest.mark.parametrize(
    "keys",
    [
        ("onvif.manufacturer", "onvif.model"),
        ("wsd.manufacturer", "wsd.hardware"),
        ("wsd.name", "wsd.hardware"),
        ("upnp.manufacturer", "upnp.model_name"),
        ("isapi.manufacturer", "isapi.model"),
    ],
)
def test_a_known_maker_wins_over_a_model_number(
    database: Database, keys: tuple[str, str], stated: str, model: str, maker: str
) -> None:
    found = what(database, (keys[0], stated), (keys[1], model))
    assert (found.maker, found.confidence in SURE) == (maker, True)
    assert not found.conflicts


@pytest.mark.parametrize("stated", ["Wanscam", "Tenvis", "Escam", "Qwertyuiop Imaging", "IPC", "General"])
@pytest.mark.parametrize("model", ["IPC-HDW4300C", "DH-SD2920T-GN", "DS-2CD2720F-IZS", "NVR4108HS-8P"])
@pytest.mark.parametrize(
    ("who", "which"),
    [("onvif.manufacturer", "onvif.model"), ("wsd.manufacturer", "wsd.hardware"), ("wsd.name", "wsd.hardware")],
)
def test_an_unheard_of_name_holds_a_model_number_down(
    database: Database, who: str, which: str, model: str, stated: str
) -> None:
    found = what(database, (who, stated), (which, model))
    assert found.confidence not in SURE
    assert found.model == model


def test_what_an_unheard_of_device_states_is_shown(database: Database) -> None:
    found = what(database, ("onvif.manufacturer", "Qwertyuiop Imaging"), ("onvif.model", "Q1"))
    assert (found.brand, found.maker, found.is_camera_system) == ("Qwertyuiop Imaging", None, True)


@pytest.mark.parametrize("word", ["IPCAM", "H.264", "Network Camera", "General", "ONVIF", "China", "N/A", "hd ipc"])
def test_a_word_that_names_nobody_is_not_a_brand(database: Database, word: str) -> None:
    assert what(database, ("onvif.manufacturer", word)).brand is None


def test_a_badge_silences_patterns_of_makers_that_it_does_not_buy_from(database: Database) -> None:
    found = what(database, ("onvif.manufacturer", "ABUS"), ("onvif.model", "NVR10030"))
    assert (found.brand, found.maker, found.confidence) == ("ABUS", "hikvision", Confidence.POSSIBLE)


def test_a_badge_does_not_silence_the_maker_behind_it(database: Database) -> None:
    found = what(database, ("onvif.manufacturer", "Amcrest"), ("onvif.model", "IPC-HDW4300C"))
    assert (found.brand, found.maker, found.confidence) == ("Amcrest", "dahua", Confidence.PROBABLE)


def test_a_serial_number_of_the_maker_s_grammar_is_not_silenced(database: Database) -> None:
    serial = ("onvif.serial", "DS-2CD2385G1-I20200414AAWRE33000001")
    found = what(database, ("onvif.manufacturer", "Qwertyuiop"), ("onvif.model", "Q1"), serial)
    assert (found.brand, found.maker, found.confidence) == ("Qwertyuiop", "hikvision", Confidence.PROBABLE)


def test_a_device_that_puts_its_model_number_everywhere_states_nothing(database: Database) -> None:
    found = what(database, ("wsd.name", "IPC-HDW4300C"), ("wsd.hardware", "IPC-HDW4300C"))
    assert (found.maker, found.confidence) == ("dahua", Confidence.PROBABLE)


@pytest.mark.parametrize(
    ("fact", "brand"),
    [
        (("http.title", "Wanscam HW0029"), "Wanscam"),
        (("http.realm", "Tenvis JPT3815W"), "Tenvis"),
        (("rtsp.realm", "Vivotek IP8332"), "Vivotek"),
        (("snmp.sysdescr", "GeoVision GV-BX1200"), "GeoVision"),
        (("mdns.txt", "manufacturer=Qwertyuiop"), "Qwertyuiop"),
        (("mdns.instance", "Zosi C289"), "Zosi"),
        (("rtsp.body", 'v=0\r\ns=Session streamed by "MERCURY RTSP Server"\r\n'), "TP-Link"),
    ],
)
def test_names_are_read_wherever_they_are_stated(database: Database, fact: tuple[str, str], brand: str) -> None:
    assert what(database, fact).brand == brand


@pytest.mark.parametrize(
    "text",
    ["Ring of roads", "March 2026 report", "Reception", "Hikvision Dubai | Authorized Hikvision Distributor in UAE"],
)
def test_free_text_of_people_names_no_maker(database: Database, text: str) -> None:
    found = what(database, ("http.title", text))
    assert found.confidence not in SURE
    assert found.brand in {None, "Hikvision"}


@pytest.mark.parametrize(
    ("target", "named"),
    [
        ("/doc/page/login.asp", True),
        ("./doc/page/login.asp?_1690000000", True),
        ("http://192.0.2.9/doc/page/login.asp", True),
        ("https://192.0.2.9:443/doc/page/login.asp", True),
        ("http://10.99.99.99/doc/page/login.asp", False),
        ("//10.99.99.99/doc/page/login.asp", False),
        ("http://cameras.example/doc/page/login.asp", False),
        ("http://user@10.99.99.99/doc/page/login.asp", False),
    ],
)
def test_a_redirect_to_another_host_tells_nothing_of_this_one(database: Database, target: str, named: bool) -> None:
    found = what(database, ("http.redirect", target))
    assert (found.maker == "hikvision") is named


@pytest.mark.parametrize(
    ("facts", "maker"),
    [
        ([("onvif.manufacturer", "Amcrest")], "dahua"),
        ([("onvif.manufacturer", "ANNKE")], "hikvision"),
        ([("onvif.manufacturer", "GE Security")], "hikvision"),
        ([("onvif.manufacturer", "Honeywell"), ("onvif.model", "HFD6GR2")], "dahua"),
        ([("wsd.name", "BCS"), ("wsd.types", "dn:NetworkVideoTransmitter")], "dahua"),
        ([("wsd.name", "Intelbras_VIP_Camera"), ("wsd.hardware", "VIP_1230_D_G4")], "dahua"),
        ([("mac.address", "24:fd:0d:00:00:01")], "dahua"),
        ([("onvif.manufacturer", "Swann")], None),
        ([("onvif.manufacturer", "Honeywell")], None),
    ],
)
def test_a_badge_alone_says_possible(database: Database, facts: list[tuple[str, str]], maker: str | None) -> None:
    found = what(database, *facts)
    assert (found.maker, found.confidence) == (maker, Confidence.POSSIBLE)
    assert any("id.brand" in reason or "id.model" in reason for reason in found.because)


@pytest.mark.parametrize(
    "facts",
    [
        [("onvif.manufacturer", "Honeywell"), ("onvif.model", "HC30WB5R1")],
        [("wsd.name", "Honeywell_Eterna"), ("wsd.hardware", "Honeywell_IPCAM-5MP")],
    ],
)
def test_a_line_of_a_badge_that_others_build_says_nothing(database: Database, facts: list[tuple[str, str]]) -> None:
    found = what(database, *facts)
    assert (found.brand, found.maker, found.confidence) == ("Honeywell", None, Confidence.UNKNOWN)


SADP = {
    "sadp.type": "ProbeMatch/inquiry",
    "sadp.model": "DS-2CD2385G1-I",
    "sadp.serial": "DS-2CD2385G1-I20200414AAWRE33000001",
    "sadp.firmware": "V5.6.2build 190701",
    "sadp.mac": "58:50:ed:00:00:01",
    "sadp.ipv4": "192.0.2.9",
    "sadp.digital_channels": "1",
    "sadp.analog_channels": "0",
}


@pytest.mark.parametrize(
    "foreign",
    [
        {"sadp.serial": "5A00173E0F"},
        {"sadp.firmware": "1.0.4"},
        {"sadp.mac": "02:00:00:00:00:01"},
        {"sadp.field": "IPv4Address=192:0:2:9"},
        {"sadp.field": "MAC=5850ED.000001"},
    ],
)
def test_a_foreign_form_in_an_answer_to_sadp_is_not_proof(database: Database, foreign: dict[str, str]) -> None:
    assert what(database, *SADP.items()).confidence is Confidence.CONFIRMED
    assert what(database, *(SADP | foreign).items()).confidence is not Confidence.CONFIRMED


def test_a_stranger_that_answers_sadp_is_possible_and_no_camera(database: Database) -> None:
    strange = {"sadp.model": "GATE-7", "sadp.serial": "5A00173E0F", "sadp.firmware": "1.0.4"}
    none = {"sadp.digital_channels": "0", "sadp.field": "IPv4Address=192:0:2:9"}
    found = what(database, *(SADP | strange | none).items())
    assert (found.maker, found.confidence) == ("hikvision", Confidence.POSSIBLE)
    assert found.is_camera_system is not True


@pytest.mark.parametrize(("model", "is_camera"), [("DS-2CD2385G1-I", True), ("DS-K1T671M", True), ("GATE-7", None)])
def test_the_model_says_whether_it_is_a_camera_and_sadp_does_not(
    database: Database, model: str, is_camera: bool | None
) -> None:
    facts = {key: value for key, value in SADP.items() if not key.endswith("_channels")} | {"sadp.model": model}
    assert what(database, *facts.items()).is_camera_system is is_camera


@pytest.mark.parametrize("text", ["Hikvision", "Dahua camera 3", "Hikvision DVR front door"])
def test_what_people_type_accuses_nobody_however_often_it_is_reported(database: Database, text: str) -> None:
    typed = ("wsd.name", "http.title", "mdns.instance", "upnp.friendly_name")
    for key in (*typed, "dhip.machine_name", "isapi.device_name", "snmp.sysname"):
        assert what(database, (key, text)).confidence not in SURE, key
    found = what(database, *((key, text) for key in typed))
    assert (found.maker is not None, found.confidence in SURE) == (True, False)
