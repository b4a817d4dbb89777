"""The shipped database: it passes its own check, and does not repeat the errors that other tools are known for."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from camscan import fingerprints
from camscan.fingerprints import Database
from camscan.identify import identify_box
from camscan.model import Confidence, Identification, Observation

SEEN_AT = datetime(2026, 1, 1, tzinfo=UTC)
ACCUSED = {"hikvision", "dahua"}
STRONG = {Confidence.CONFIRMED, Confidence.PROBABLE}


@pytest.fixture(scope="module")
def database() -> Database:
    return fingerprints.load_database()


def seen(database: Database, *facts: tuple[str, str]) -> Identification:
    def observations() -> Iterable[Observation]:
        for key, value in facts:
            yield Observation("192.0.2.1", 0, key.partition(".")[0], key, value, SEEN_AT)

    return identify_box(list(observations()), database)


def test_the_database_passes_its_own_check() -> None:
    assert [str(problem) for problem in fingerprints.check_database()] == []


@pytest.mark.parametrize(
    ("prefix", "owner"),
    [
        ("000dc5", "EchoStar"),
        ("0002c9", "Mellanox"),
        ("00258b", "Mellanox"),
        ("00095b", "Netgear"),
        ("000393", "Apple"),
        ("00156d", "Ubiquiti"),
        ("000c6e", "ASUS"),
        ("00000c", "Cisco"),
        ("004048", "nobody that sells cameras, though a public list says Amcrest"),
        ("9016c8", "nobody that sells cameras, though a public list says Amcrest"),
        ("08ea40", "Bilian, whose Wi-Fi modules sit in cameras of several makers"),
        ("20f41b", "Bilian, whose Wi-Fi modules sit in cameras of several makers"),
        ("c0619a", "a shared block: only the /28 of CETC Haikang is known"),
    ],
)
def test_prefixes_that_other_tools_give_to_camera_makers(database: Database, prefix: str, owner: str) -> None:
    found = seen(database, ("mac.prefix", prefix))
    assert found.maker not in {*ACCUSED, "reolink"}, owner
    assert found.brand not in {"Amcrest", "Reolink"}, owner


@pytest.mark.parametrize(
    ("prefix", "maker", "brand"),
    [
        ("e4246c", "dahua", None),
        ("5850ed", "hikvision", None),
        ("588fcf", "hikvision", "EZVIZ"),
        ("906a94", "dahua", "Imou"),
        ("9c8ecd", "dahua", "Amcrest"),
        ("142ffd", "hikvision", "LTS"),
        ("accc8e", "axis", None),
    ],
)
def test_a_prefix_says_possible_and_no_more(database: Database, prefix: str, maker: str, brand: str | None) -> None:
    found = seen(database, ("mac.prefix", prefix))
    assert (found.maker, found.brand) == (maker, brand)
    assert found.confidence is Confidence.POSSIBLE


def test_the_longest_prefix_wins(database: Database) -> None:
    assert seen(database, ("mac.address", "c0:61:9a:e0:00:01")).maker is None
    assert seen(database, ("mac.address", "34:46:63:20:00:01")).brand == "Amcrest"


@pytest.mark.parametrize(
    "facts",
    [
        [("http.server", "GoAhead-Webs")],
        [("http.server", "webserver")],
        [("http.server", "")],
        [("upnp.device_type", "urn:schemas-upnp-org:device:EmbeddedNetDevice:1")],
        [("wsd.scope", "onvif://www.onvif.org/location/country/china")],
        [("wsd.scope", "onvif://www.onvif.org/extension/unique_identifier"), ("wsd.name", "IPC-BO")],
        [
            ("onvif.manufacturer", "IPCAM"),
            ("onvif.namespace", "http://www.onvifext.com/onvif/ext/ver10/wsdl"),
            ("onvif.namespace", "http://www.onvifext.com/onvif/ext/ver10/schema"),
        ],
        [("rtsp.server", "Hipcam RealServer/V1.0")],
        [("http.realm", "Login to your account")],
        [("http.realm", "Login to camera 12")],
        [("tls.subject_o", "Shanghai Dahua Scale Factory"), ("http.realm", "Shanghai Dahua Scale Factory")],
        [("snmp.sysname", "CCTV-017"), ("snmp.sysdescr", "HP J9776A 2530-24G Switch, revision YA.16.02")],
        [("port.open", "tcp/37777"), ("port.open", "tcp/8000"), ("port.open", "tcp/554")],
        [("http.realm", "TiVo DVR")],
        [("http.title", "Samsung and Hikvision compared")],
    ],
)
def test_look_alikes_are_not_accused(database: Database, facts: list[tuple[str, str]]) -> None:
    found = seen(database, *facts)
    assert not (found.maker in ACCUSED and found.confidence in STRONG), found.because


def test_weak_marks_never_add_up_to_an_accusation(database: Database) -> None:
    found = seen(
        database,
        ("port.open", "tcp/37777"),
        ("mac.prefix", "e4246c"),
        ("wsd.scope", "onvif://www.onvif.org/extension/unique_identifier"),
        ("dhcp.parameter_list", "1,3,4,5,6,12,15,28,42"),
    )
    assert found.confidence not in STRONG


def test_a_weighing_terminal_is_not_a_camera(database: Database) -> None:
    found = seen(database, ("http.realm", "Shanghai Dahua Scale Factory"))
    assert (found.maker, found.is_camera_system) == (None, False)


def test_login_to_is_not_always_lorex(database: Database) -> None:
    assert seen(database, ("rtsp.realm", "Login to 4M0747EPAB90002")).brand != "Lorex"
    assert seen(database, ("rtsp.realm", "Login to ND01180000001")).brand == "Lorex"
    assert seen(database, ("rtsp.realm", "Login to 4M0747EPAB90002")).serial == "4M0747EPAB90002"
    assert seen(database, ("rtsp.realm", "Login to 907F3C6C00000001")).serial is None


def test_a_brand_icon_is_neither_model_nor_recorder(database: Database) -> None:
    found = seen(database, ("favicon.md5", "efca7d9aeaad122133c65cdf628ac574"))
    assert (found.maker, found.model, found.kind) == ("hikvision", None, None)


def test_hikvision_is_not_always_a_recorder(database: Database) -> None:
    assert seen(database, ("http.server", "DNVRS-Webs")).kind is None
    assert seen(database, ("http.server", "DNVRS-Webs"), ("isapi.model", "DS-2CD2385G1-I")).kind == "camera"


SADP = [
    ("sadp.type", "ProbeMatch/inquiry"),
    ("sadp.serial", "DS-2CD2385G1-I20200414AAWRE33000001"),
    ("sadp.firmware", "V5.6.2build 190701"),
]


@pytest.mark.parametrize(
    ("facts", "brand", "maker"),
    [
        ([*SADP, ("sadp.model", "IPC-B121H")], "HiLook", "hikvision"),
        ([*SADP, ("sadp.model", "DS-2CD2385G1-I")], "Hikvision", "hikvision"),
        ([("dhip.method", "client.notifyDevInfo"), ("dhip.vendor", "Lorex")], "Lorex", "dahua"),
        ([("dhip.method", "client.notifyDevInfo"), ("dhip.device_type", "BCS-TIP3401IR-E-V")], "BCS", "dahua"),
    ],
)
def test_badge_and_maker_are_apart(database: Database, facts: list[tuple[str, str]], brand: str, maker: str) -> None:
    found = seen(database, *facts)
    assert (found.brand, found.maker, found.confidence) == (brand, maker, Confidence.CONFIRMED)


@pytest.mark.parametrize("brand", ["Swann", "ABUS", "Honeywell", "TRENDnet", "Speco"])
def test_badges_of_several_makers_name_none(database: Database, brand: str) -> None:
    found = seen(database, ("onvif.manufacturer", brand))
    assert (found.brand, found.maker) == (brand, None)


def test_a_badge_of_one_maker_says_possible(database: Database) -> None:
    found = seen(database, ("onvif.manufacturer", "Amcrest"))
    assert (found.brand, found.maker, found.confidence) == ("Amcrest", "dahua", Confidence.POSSIBLE)


def test_other_makers_are_recognised_as_themselves(database: Database) -> None:
    claims = [dict(rule.then) for rule in database.rules]
    named = {claim["maker"] for claim in claims if claim.get("camera") == "true" and "maker" in claim}
    assert len(named - ACCUSED) >= 25
    required = "axis hanwha bosch uniview tiandy vivotek avigilon mobotix reolink tplink ubiquiti xiongmai tvt foscam"
    required += " panasonic sony dlink milesight sunell pelco arecont acti geovision huawei flir grandstream canon"
    assert set(required.split()) <= named


@pytest.mark.parametrize(
    ("maker", "model", "kind", "capabilities"),
    [
        ("hikvision", "DS-2TD2637B-10/P", "camera", {"thermal", "body_temperature"}),
        ("hikvision", "DS-K1T671TM-3XF", "access_control", {"face", "body_temperature"}),
        ("hikvision", "iDS-2CD7A26G0/P-IZHS", "camera", {"anpr", "face"}),
        ("hikvision", "DS-2CD2146G2-ISU", "camera", {"audio", "perimeter"}),
        ("hikvision", "DS-7616NI-K2", "nvr", set()),
        ("dahua", "IPC-HDW3549HP-AS-PV-S2", "camera", {"speaker", "perimeter"}),
        ("dahua", "XVR5108HE-I3", "dvr", {"face"}),
        ("dahua", "VTO2000A", "intercom", {"audio"}),
    ],
)
def test_model_numbers(database: Database, maker: str, model: str, kind: str, capabilities: set[str]) -> None:
    claims: dict[str, str] = {}
    for match in database.match_decided({}, {"id.maker": maker, "id.model": model}):
        claims.update(match.claims)
    assert claims["kind"] == kind
    assert capabilities <= {key.removeprefix("capability.") for key in claims if key.startswith("capability.")}


def test_a_missing_letter_claims_nothing(database: Database) -> None:
    claims = [
        match.claims for match in database.match_decided({}, {"id.maker": "hikvision", "id.model": "DS-2CD2385G1-I"})
    ]
    assert not [key for claim in claims for key in claim if key.startswith("capability.")]


@pytest.mark.slow
def test_the_walk_through_of_the_documentation(tmp_path: Path) -> None:
    text = (Path(__file__).parent.parent / "docs" / "fingerprints.md").read_text(encoding="utf-8")
    blocks = [textwrap.dedent(block) for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)]
    shown, entry, makers = blocks[:3]  # what follows is of other files
    (tmp_path / "parkeye.yaml").write_text(entry, encoding="utf-8")
    (tmp_path / "makers.yaml").write_text(makers, encoding="utf-8")
    (tmp_path / "shown.yaml").write_text(shown, encoding="utf-8")
    assert [str(problem) for problem in fingerprints.check_database([tmp_path])] == []
    found = seen(fingerprints.load_database([tmp_path]), ("http.realm", "ParkEye P200"))
    assert (found.brand, found.model, found.is_camera_system) == ("ParkEye", "P200", True)
