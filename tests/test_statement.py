"""A device that states its maker is believed before any pattern of a model number, over whatever protocol."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from camscan import fingerprints
from camscan.fingerprints import Database
from camscan.identify import identify
from camscan.model import Confidence, Identification, Observation

SEEN = datetime(2026, 11, 29, 9, 0, tzinfo=UTC)
SURE = (Confidence.CONFIRMED, Confidence.PROBABLE)


@pytest.fixture(scope="module")
def database() -> Database:
    return fingerprints.load()


def what(database: Database, *facts: tuple[str, str], ip: str = "192.0.2.9") -> Identification:
    return identify([Observation(ip, 80, key.partition(".")[0], key, value, SEEN) for key, value in facts], database)


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
def test_a_word_that_names_nobody_is_no_brand(database: Database, word: str) -> None:
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
