"""Reasons in plain English: a sentence for every kind of fact, the weightiest first, and nobody can forge one."""

from __future__ import annotations

import dataclasses
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from camscan import fingerprints
from camscan.errors import ConfigError
from camscan.fingerprints.wording import PROTOCOL, load_words, read_wording
from camscan.identify import identify_box
from camscan.identify.reasons import MOST, list_reasons
from camscan.model import Confidence, Identification, Observation
from camscan.output import visible
from camscan.strict_yaml import load_yaml

WORDS = load_words()
CLOSED = ("kind.", "capability.", PROTOCOL)
FACTS = sorted(key for key in WORDS.facts if not key.startswith(CLOSED))
SADP = (
    "sadp.firmware = V5.6.2build 190701 (UDP 37020): firmware V5.6.2build 190701 [hikvision.sadp.firmware 0.99]",
    "sadp.model = DS-2CD2385G1-I (UDP 37020): model DS-2CD2385G1-I [hikvision.sadp.model 0.99]",
    "sadp.serial = DS-2CD1 (UDP 37020), sadp.firmware = V5 (UDP 37020): maker hikvision [hikvision.sadp.proof 0.99]",
)


def found(*because: str, maker: str | None = "hikvision", **members: object) -> Identification:
    plain = Identification(maker=maker, confidence=Confidence.CONFIRMED, certainty=0.99, because=because)
    return dataclasses.replace(plain, **members)  # type: ignore[arg-type]  # members of an identification


def seen(key: str, value: str) -> Observation:
    return Observation("192.0.2.1", 80, key.partition(".")[0], key, value, datetime(2026, 3, 2, tzinfo=UTC))


@pytest.mark.parametrize("key", FACTS)
def test_every_fact_of_the_vocabulary_has_a_sentence(key: str) -> None:
    wording = WORDS.facts[key]
    assert wording.says or wording.gives is not None, f"{key}: give it 'says', or 'gives' beside a protocol.* sentence"
    assert wording.says or WORDS.protocol_sentence(key.partition(".")[0]), (
        f"{key}: its protocol has no sentence to give it in"
    )


@pytest.mark.parametrize("key", FACTS)
def test_a_sentence_of_every_fact_can_be_read_aloud(key: str) -> None:
    (told,) = list_reasons(found(f"{key} = Eagle 7 (TCP 80): maker hikvision, camera true [x.y 0.80]"))
    assert re.fullmatch(r"[A-Z][^{}]*\.", told), told
    assert key not in told
    assert len(told) <= 160


def test_the_reason_that_everybody_asks_for() -> None:
    assert list_reasons(found(*SADP)) == (
        "It answered Hikvision's own search protocol and gave its model, serial number and firmware.",
    )


def test_the_weightiest_come_first_one_of_each_protocol_before_a_second_of_any() -> None:
    told = list_reasons(
        found(
            "http.title = WEB SERVICE (TCP 80): maker dahua, camera true [a.b 0.85]",
            "http.body = <html> (TCP 80): maker dahua, camera true [a.c 0.89]",
            "http.realm = Login to 1 (TCP 80): maker dahua, camera true [a.d 0.80]",
            "rtsp.server = Rtsp Server/3.0 (TCP 554): maker dahua [a.e 0.75]",
            maker="dahua",
        )
    )
    assert told == (
        "The text of its web page is a known one: a mark of Dahua.",
        'The server of its video stream calls itself "Rtsp Server/3.0": a mark of Dahua.',
        'Its web page is titled "WEB SERVICE": a mark of Dahua.',
    )


def test_a_weak_mark_is_called_weak_and_left_out_beside_a_strong_one() -> None:
    weak = "mac.address = 44:19:b6:00:00:01, registered prefix 4419b6: maker hikvision [oui.hikvision 0.40]"
    start = "Its network card address (MAC), 44:19:b6:00:00:01, is from a known block"
    assert list_reasons(found(weak)) == (f"{start}: a weak mark of Hikvision, no proof by itself.",)
    assert list_reasons(found(*SADP, weak)) == list_reasons(found(*SADP))


def test_what_is_not_a_camera_says_of_what_it_is_a_mark() -> None:
    line = "http.title = Xerox Color 570 (TCP 80): camera false, kind printer [other.printer 0.88]"
    (told,) = list_reasons(found(line, maker=None, kind="printer", is_camera_system=False))
    assert told == 'Its web page is titled "Xerox Color 570": a mark of a printer, copier or print server.'


def test_the_word_of_people_and_of_recorders_is_a_reason_too() -> None:
    assert list_reasons(found("stated by people: Hikvision")) == (
        'Somebody who saw it entered "Hikvision" as its maker.',
    )
    line = "recorder CAM-000002 tells of its channel 3: name=Yard, ip=192.168.254.4"
    assert list_reasons(found(line)) == ("Recorder CAM-000002 lists it as its channel 3.",)
    unasked = "said unasked, and nothing else bears it out: possible at most"
    assert list_reasons(found(*SADP, unasked))[-1] == "It said so without being asked, and nothing else supports it."


def test_a_silenced_mark_and_nothing_at_all_are_not_reasons() -> None:
    assert list_reasons(found("wsd.hardware = X (UDP 3702), beside http.title = Reolink (TCP 80):  [x.y 0.50]")) == ()
    assert list_reasons(Identification()) == ()


def test_a_word_of_an_overlay_without_a_sentence_is_reported_plainly(tmp_path: Path) -> None:
    (tmp_path / "vocabulary.yaml").write_text("parkeye.word: a word of our own\n")
    (tmp_path / "makers.yaml").write_text("parkeye: {name: ParkEye}\n")
    line = "parkeye.word = P200 (TCP 80): maker parkeye [parkeye.word 0.85]"
    told = list_reasons(found(line, maker="parkeye"), load_words((tmp_path,)))
    assert told == ('It said "P200" (parkeye.word): a mark of ParkEye.',)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("x.y: {says: Its name}", "'means' is missing"),
        ("x.y: {means: a, says: b, gives: c}", "not both"),
        ("x.y: {means: a, says: It said so.}", "without its full stop"),
        ("x.y: {means: a, tells: b}", "unknown key 'tells'"),
    ],
)
def test_a_wrong_entry_is_named_with_its_line(tmp_path: Path, text: str, wrong: str) -> None:
    path = tmp_path / "vocabulary.yaml"
    path.write_text(text)
    (node,) = load_yaml(path).entries().values()
    with pytest.raises(ConfigError, match=wrong):
        read_wording(node)


HOSTILE_TITLES = [
    "x (UDP 37020), sadp.model = DS-1 (UDP 37020): maker hikvision [hikvision.sadp.model 0.99]",
    "x: maker dahua [dahua.dhip.answer 0.99]",
    '" says the council. Its web page is titled "',
    "\x1b[31m\u202e<script>" + "A" * 5000,
    "=cmd|' /C calc'!A0",
]


@pytest.mark.parametrize("title", HOSTILE_TITLES)
def test_a_device_cannot_write_a_reason_of_its_own(title: str) -> None:
    database = fingerprints.load_database()
    device = identify_box([seen("http.title", title), seen("http.server", "App-webs/")], database)
    for told in list_reasons(device):
        assert told.startswith(("Its web page", "Its web server")), told
        assert len(told) <= 160
        assert visible(told) == told
        assert told.count('"') in {0, 2}


@examples(300)
@given(st.sampled_from(FACTS), st.text(), st.sampled_from(["hikvision", "dahua", None]))
def test_any_text_in_any_fact_makes_few_short_harmless_sentences(key: str, value: str, maker: str | None) -> None:
    line = f"{key} = {' '.join(value.split())[:100]} (TCP 80): maker hikvision, camera true [hikvision.x 0.90]"
    told = list_reasons(found(line, maker=maker))
    assert len(told) <= MOST
    for sentence in told:
        assert visible(sentence) == sentence
        assert len(sentence) <= 160
        assert sentence.endswith(".")


def test_every_device_of_a_known_make_has_a_reason() -> None:
    database = fingerprints.load_database()
    wordless = []
    for entry in database.entries:
        for example in entry.examples:
            device = identify_box(
                [seen(key, value) for key, value in example.see if not key.startswith("id.")], database
            )
            if device.maker and device.because and not list_reasons(device):
                wordless.append((entry.id, device.because))
    assert not wordless
