"""``camscan explain``: every kind of text that a person may bring, answered in sentences; the unknown is told so."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camscan.cli import main
from camscan.errors import ConfigError
from camscan.fingerprints import badges, load_database, naming
from camscan.fingerprints import check_database as check_fingerprints
from camscan.identify.answer import OURS, Answer, Reading, answer_text

DATABASE = load_database()
GRAMMARS = naming.load_grammars()
BADGES = badges.load_badges()


def asked(text: str) -> Answer:
    return answer_text(text, DATABASE, GRAMMARS, BADGES)


def first(text: str) -> Reading:
    return asked(text).readings[0]


def parts(reading: Reading) -> dict[str, str]:
    return {line.part: line.says for line in reading.lines}


def test_a_badge_says_who_sells_who_builds_how_sure_since_when_and_what_not() -> None:
    reading = first("amcrest")
    assert reading.kind == "badge"
    assert reading.answer.startswith("Amcrest is a name on cameras and recorders that Dahua builds")
    told = parts(reading)
    assert told["Sold by"] == "Amcrest Technologies, United States"
    assert told["Built by"] == "Dahua"
    assert "possible" in told["How sure"]
    assert told["Since when"] == "not known"
    assert "some newer models" in told["Which not"]
    (built,) = (line for line in reading.lines if line.part == "Built by")
    assert built.grade.startswith("well founded")
    assert built.source


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Lorex", "Dahua owned Lorex from 2018 to November 2022"),
        ("IndigoVision", "until April 2021"),
        ("Honeywell", "HC30"),
        ("Bosch", "sells cameras of its own, and some that Dahua builds"),
        ("Swann", "The name alone does not say who built a camera"),
        ("EZVIZ", "a name of Hikvision's own group"),
        ("Imou", "a name of Dahua's own group"),
        ("Saxxon", "No unit has been shown"),
        ("TruVision", "TruVision, listed as Interlogix"),
        ("IC-Realtime", "Dahua builds"),
        ("q see", "Q-See"),
        ("Honeywell HFD6GR2", "Dahua builds the Performance line"),
        ("Honeywell HC30W45R3", "Nothing is known about 'HC30W45R3' itself"),
        ("Swann", "Built by Hikvision: some lines"),
        ("ANNKE", "ANNKE is a name on cameras and recorders that Hikvision builds"),
    ],
)
def test_what_a_badge_says(text: str, words: str) -> None:
    reading = first(text)
    assert reading.kind == "badge"
    assert words in "\n".join([reading.about, reading.answer, *parts(reading).values()])


def test_every_badge_of_the_page_is_answered_and_never_more_than_possible() -> None:
    for badge in BADGES:
        if set(OURS) & set(badge.makers) and badge.name not in {"Hikvision", "Dahua"}:
            reading = first(badge.name)
            assert reading.kind == "badge", badge.name
            assert "possible" in reading.answer, badge.name
            assert any(DATABASE.makers[key].name in reading.answer for key in OURS if key in badge.makers), badge.name


def test_no_badge_claims_a_maker_more_surely_than_its_entry() -> None:
    for badge in BADGES:
        assert badge.certainty <= 0.45, badge.name
        assert badge.founded != "own" or len(badge.makers) == 1, badge.name


@pytest.mark.parametrize(("text", "name"), [("Hikvision", "Hikvision"), ("dahua", "Dahua")])
def test_our_makers_list_their_names(text: str, name: str) -> None:
    reading = first(text)
    assert reading.kind == "maker"
    assert reading.answer.startswith(f"{name} is a maker. It sells its devices under its own name; all or some")


def test_the_beginning_of_a_company_s_name_is_enough() -> None:
    assert first("Hangzhou Hikvision").about == "Hikvision, a maker"
    assert asked("Hangzhou").readings == ()


def test_a_badge_s_serial_number_leads_to_the_badge() -> None:
    readings = asked("AMC094B09882D50001").readings
    assert [reading.kind for reading in readings] == ["serial", "badge"]
    assert "Dahua builds" in readings[1].answer


@pytest.mark.parametrize("text", ["Axis", "Hanwha Techwin", "Mobotix", "Vivotek"])
def test_another_maker_is_not_called_ours(text: str) -> None:
    reading = first(text)
    assert reading.kind == "maker"
    assert "is a maker of its own" in reading.answer


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("DS-2CD2386G2-ISU/SL", "model", "network camera, turret, 8 MP"),
        ("IPC-HDW3549HP-AS-PV-S2", "model", "5 MP"),
        ("CMIP9342-28", "model", "If Hikvision built it"),
        ("Amcrest IP8M-2496E", "badge", "Dahua builds"),
        ("DS-2CD2385G1-I20190817AAWRD12345678W", "serial", "It was made on 2019-08-17"),
        ("6C04DDAPAK00001", "serial", "an estimate; do not rely on it"),
        ("907F3C6C00000001", "serial", "This is not a serial number"),
        ("44:19:b6:00:00:01", "mac", "registered to Hikvision"),
        ("4419b6", "mac", "registered to Hikvision"),
        ("44-19-B6", "mac", "registered to Hikvision"),
        ("9c:8e:cd:00:00:01", "mac", "registered to Amcrest"),
        ("00:00:5e:00:00:01", "mac", "Hikvision or Dahua may still have built it"),
        ("02:00:00:00:00:01", "mac", "says nothing about the maker"),
        ("V5.6.3 build 190923", "firmware", "how Hikvision writes its firmware"),
        ("2.820.0000000.18.R, Build Date: 2021-08-18", "firmware", "how Dahua writes its firmware"),
        ("O=HIKVISION,CN=www.hikvision.com", "certificate", "built by Hikvision"),
        (
            "subject=/C=CN/ST=ZheJiang/L=HangZhou/O=Hikvision/OU=GA/CN=ga.hikvision.com",
            "certificate",
            "a system of Hikvision",
        ),
        ("issuer: O = DahuaTech, CN = Product Root CA", "certificate", "built by Dahua"),
        ("O=Shanghai Dahua Scale Factory,CN=x", "certificate", "camscan cannot conclude anything from this"),
        ("Server: App-webs/", "header", "built by Hikvision"),
        ("App-webs/", "header", "built by Hikvision"),
        ("Server: nginx/1.22.1", "header", "It says nothing about who built the device"),
        ("lighttpd/1.4.69", "header", "It says nothing about who built the device"),
        ("Server: Apache/2.4.57 (Debian)", "header", "is not a camera"),
        ('WWW-Authenticate: Digest realm="Login to 4F07335PAZ90001", nonce="1"', "header", "built by Dahua"),
        ('realm="IP Camera(C1234)"', "header", "built by Hikvision"),
        ("title: HikCentral Professional", "header", "Hikvision's management software on a server"),
        ("HikCentral Professional", "header", "It is not a camera"),
    ],
)
def test_what_a_text_says(text: str, kind: str, words: str) -> None:
    reading = first(text)
    assert reading.kind == kind
    assert words in reading.answer


@pytest.mark.parametrize("text", ["", " ", "-", "nonsense", "0", "\ud800", "x" * 5000, "Reception camera by the door"])
def test_what_says_nothing_has_no_reading(text: str) -> None:
    assert asked(text).readings == ()


@pytest.mark.parametrize(
    ("text", "name"), [("Amcrset", "Amcrest"), ("Hickvision", "Hikvision"), ("Intelbrass", "Intelbras")]
)
def test_a_misspelled_name_is_reported(text: str, name: str) -> None:
    found = asked(text)
    assert found.readings == ()
    assert name in found.closest


@given(st.text(max_size=200))
@settings(max_examples=100)
def test_any_text_is_answered_or_left(text: str) -> None:
    for reading in asked(text).readings:
        assert reading.answer
        assert not re.search(r"\bNone\b|  |: \.|\{\}", reading.answer), reading.answer


def run(*words: str) -> int:
    with pytest.raises(SystemExit) as caught:
        main(list(words))
    return int(caught.value.code or 0)


def test_the_command_answers_in_sentences_first(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("explain", "ic", "realtime") == 0
    out = capsys.readouterr().out
    assert out.startswith(
        "IC Realtime: a name on cameras\n  IC Realtime is a name on cameras and recorders that Dahua builds"
    )
    assert "Since when:" in out


def test_the_command_says_what_to_try(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("explain", "Amcrset") == 1
    err = capsys.readouterr().err
    assert "nothing is known about 'Amcrset'" in err
    assert "Did you mean: Amcrest?" in err
    assert "That does not mean that Hikvision or Dahua did not build the device" in err
    assert "camscan scan ADDRESS" in err


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("explain", "Amcrest", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["text"], found["known"], found["try"]) == ("Amcrest", True, [])
    (reading,) = found["readings"]
    assert reading["kind"] == "badge"
    assert {"part": "Since when", "says": "not known", "how_sure": "", "from": ""} in reading["parts"]
    assert run("explain", "nonsense", "--json") == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["known"], found["readings"]) == (False, [])
    assert found["try"]


def test_the_old_name_says_the_new_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("fingerprints", "explain", "Amcrest") == 2
    assert "it is now: camscan explain" in capsys.readouterr().err


ENTRY = """\
- id: oem.badge.parkeye
  brand: ParkEye
  makers: [dahua]
  when: {id.brand: '(?i)^parkeye$'}
  certainty: 0.35
  source: this test
  examples: [{see: {id.brand: ParkEye}}]
  counterexamples: [{see: {id.brand: Park}}]
  badge: {sold_by: ParkEye Ltd, since: since 2020, founded: protocol}
"""


def test_a_badge_of_the_user_s_own(tmp_path: Path) -> None:
    (tmp_path / "oem.yaml").write_text(ENTRY)
    assert check_fingerprints((tmp_path,)) == []
    found = answer_text("parkeye", load_database((tmp_path,)), GRAMMARS, badges.load_badges((tmp_path,)))
    assert parts(found.readings[0])["Since when"] == "since 2020"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("founded: protocol", "founded: hearsay", "founded is one of own, firmware, protocol, reports, lists"),
        ("since: since 2020", "since: ''", "'since' is empty"),
        ("since: since 2020", "sinse: 2020", "sinse"),
    ],
)
def test_a_wrong_badge_is_named_with_its_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    (tmp_path / "oem.yaml").write_text(ENTRY.replace(old, new))
    (problem,) = check_fingerprints((tmp_path,))
    assert (problem.line, message in problem.message) == (9, True), problem
    with pytest.raises(ConfigError, match=r"oem\.yaml:9"):
        badges.load_badges((tmp_path,))
