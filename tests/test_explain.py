"""What texts say, part by part. Serial numbers have the real grammar and made-up endings."""

from __future__ import annotations

from pathlib import Path

import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from camscan.cli import main
from camscan.errors import ConfigError
from camscan.fingerprints import badges, load_database, naming
from camscan.identify.answer import answer_text
from camscan.identify.explain import Explanation, explain_text

DATABASE = load_database()
GRAMMARS = naming.load_grammars()

GRAMMAR = """
- id: x.camera
  maker: x
  about: camera
  pattern: '^X(?P<form>[BD])(?P<zoom>\\d\\d)(?P<options>-.*)?$'
  source: this test
  parts:
    form: {about: form, values: {B: {solid: bullet}}}
    zoom: {about: zoom, number: {fair: '{n} times'}}
    options: {about: option, letters: {-A: {solid: microphone}, ZZ: {weak: zoom}}}
  examples: [XB04-A]
  counterexamples: [YB04]
"""


def told(text: str) -> list[Explanation]:
    return explain_text(text, DATABASE, GRAMMARS)


def lines(text: str) -> dict[str, tuple[str, str]]:
    return {line.part: (line.says, line.grade) for explanation in told(text) for line in explanation.lines if line.part}


def says(text: str) -> str:
    return "\n".join(f"{line.part}: {line.says} ({line.grade})" for one in told(text) for line in one.lines)


def test_the_shipped_grammars_keep_their_examples() -> None:
    assert naming.check_grammars() == []
    assert {grammar.maker for grammar in GRAMMARS} == {"hikvision", "dahua"}
    assert all(grammar.maker in DATABASE.makers for grammar in GRAMMARS)


def test_the_main_parts_of_every_example_are_explained() -> None:
    main_parts = {"type", "series", "form", "resolution", "channels", "zoom"}
    for grammar in GRAMMARS:
        for model, _ in grammar.examples:
            for said in grammar.read_model(model) or ():
                assert said.says or said.about not in main_parts, (model, said)


def test_grammars_and_rules_say_the_same() -> None:
    compared = 0
    for entry in DATABASE.entries:
        claims = dict(entry.rule.then)
        for example in entry.examples:
            model = dict(example.see).get("id.model", "")
            maker = dict(example.see).get("id.maker", "")
            for grammar in GRAMMARS if "resolution" in claims else ():
                if grammar.maker == maker and (parts := grammar.read_model(model)):
                    compared += 1
                    assert claims["resolution"] in [said.says for said in parts if said.about == "resolution"], model
    assert compared > 15


@pytest.mark.parametrize(
    ("text", "part", "meaning", "grade"),
    [
        ("DS-2CD2385G1-I", "3", "form: turret", "solid"),
        ("DS-2CD2385G1-I", "8", "resolution: 8 MP", "solid"),
        ("DS-2CD2386G2-ISU/SL", "U", "option: built-in microphone; without it there may be one too", "solid"),
        ("DS-2CD2386G2-ISU/SL", "/SL", "option: flashing light and loudspeaker", "solid"),
        ("iDS-2CD7A86G0/P-IZHSY", "/P", "option: reads number plates", "fair"),
        ("DS-2DE4425IWG-E", "25", "zoom: 25 times optical zoom", "solid"),
        ("DS-7616NI-K2", "16", "channels: 16 channels", "solid"),
        ("DHI-NVR4108HS-8P-4KS2", "08", "channels: 8 channels", "fair"),
        ("IPC-HDW3549HP-AS-PV-S2", "-PV", "option: TiOC: siren or loudspeaker, red and blue light", "solid"),
        ("IPC-HFW2121S", "1", "light: infrared", "solid"),
        ("IPC-HF71242F-Z-X", "12", "resolution: 12 MP", "solid"),
        ("DS-2TD2637B-10/P", "B", "purpose: screens people for body temperature", "fair"),
        ("ds-2cd2385g1-i", "g1", "generation: the second of G0, G1, G2, G3: an order, no year", "weak"),
    ],
)
def test_what_a_part_says(text: str, part: str, meaning: str, grade: str) -> None:
    assert lines(text)[part] == (meaning, grade)


def test_an_unknown_letter_is_reported_as_unknown() -> None:
    assert lines("DS-2CD2385G1-IQ")["Q"] == ("option: not known here", "not known")
    assert lines("NVR4108HS-A180")["A180"] == ("option: not known here", "not known"), "-A180 is not -A"


def test_rules_name_kind_and_capabilities() -> None:
    text = says("DS-2CD2386G2-ISU/SL")
    assert "kind: camera (0.96)" in text
    assert "can: speaker (solid)" in text


def test_a_rebrand_is_possible_at_most() -> None:
    (badge,) = (one for one in told("CMIP9342-28") if one.about.startswith("badge"))
    assert {line.says for line in badge.lines} == {"brand: LTS", "maker: hikvision"}
    assert all(float(line.grade) <= 0.45 for line in badge.lines)


def test_two_makers_are_both_told_where_a_number_fits_both() -> None:
    assert {"what follows where Dahua made it", "what follows where Hikvision made it"} <= {
        one.about for one in told("IPC-T5442TM-AS")
    }


@pytest.mark.parametrize(("year", "grade"), [(2014, "solid"), (2019, "solid"), (2020, "fair"), (2024, "fair")])
def test_the_date_of_a_hikvision_serial(year: int, grade: str) -> None:
    found = lines(f"DS-2CD2385G1-I{year}0817AAWRD12345678W")
    assert found[f"{year}0817"] == (f"made on {year}-08-17", grade)
    assert found["AA"][1] == "weak"
    assert found["WR"][1] == "fair"
    assert found["DS-2CD2385G1-I"] == ("factory model", "solid")
    assert found["8"] == ("resolution: 8 MP", "solid"), "the model inside is explained too"
    assert found["W"] == ("not known", "not known")


def test_a_recorders_serial_has_its_channels() -> None:
    assert "unless the model ends in these digits" in says("DS-7216HQHI-F1/N1620170817CCRR812345678WCVU")


def test_the_date_of_a_dahua_serial_is_an_estimate() -> None:
    assert lines("6C04DDAPAK00001")["6C"] == ("made about March 2020: an estimate; do not rely on it", "estimate")
    assert lines("CP6C04DDAPAK00001")["CP"] == ("CP Plus", "fair")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("D12345678", "about 2019, give or take a year"),
        ("123456789", "until about 2017"),
        ("FA1234567", "two letters are seen since spring 2023"),
        ("907F3C6C00000001", "it is not a serial number"),
    ],
)
def test_short_serials_and_hashes(text: str, words: str) -> None:
    assert words in says(text)
    assert "solid" not in says(text)


def test_a_door_stations_serial_has_no_channels() -> None:
    assert lines("DS-KV9503-WBE10020230627ENAD0000001")["00"][0] == "no channels: not a recorder"


def test_a_terminals_serial_tells_its_first_firmware() -> None:
    found = lines("DS-K1T341CMFW20230901V030315ENFH3000001")
    assert found["V030315"] == ("it left the factory with firmware V3.3.15", "fair")


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("AMC094B09882D50001", "serial number of Amcrest's form"),
        ("AMC0957EE72D580001", "serial number of Amcrest's form"),
        ("ND021911000001", "serial number of Lorex's form"),
        ("K3LJ3400001RH", "serial number of Intelbras's form"),
        ("PZC4KW200000001", "serial number of Dahua's form"),
        ("3.11.0000000.1.R", "firmware of Dahua's form"),
        ("V4.61.025", "firmware of Hikvision's form"),
        ("V9.70.1", "firmware"),
    ],
)
def test_serials_and_firmware_are_not_read_as_models(text: str, about: str) -> None:
    assert [each.about for each in told(text)] == [about]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("44:19:B6:00:00:01", "44:19:b6: /24 block: maker hikvision, camera true (0.45)"),
        ("4419b6000001", "/24 block: maker hikvision"),
        ("44-19-b6", "/24 block: maker hikvision"),
        ("e4:24:6c:00:00:01", "/24 block: maker dahua"),
        ("20:f4:1b:00:00:01", "known, and proves nothing"),
        ("00:00:5e:00:00:01", "in no block of a camera maker"),
        ("02:00:00:00:00:01", "made up by software, registered to nobody"),
        ("01:00:5e:00:00:fb", "a group address, of no one unit"),
    ],
)
def test_mac_addresses(text: str, words: str) -> None:
    assert words in says(text)


def test_the_longest_prefix_decides() -> None:
    (section,) = (name for prefix, name in DATABASE.prefixes.items() if prefix == "b0b3536")
    assert "b0:b3:53:6: /28 block: maker hikvision" in says("b0:b3:53:60:00:01")
    assert section == "oui.hikvision.hikrobot"
    assert "hikvision" not in says("b0:b3:53:50:00:01")


@pytest.mark.parametrize(
    ("text", "version", "build", "form"),
    [
        ("V5.6.3 build 190923", "5.6.3", "2019-09-23", "Hikvision"),
        ("V3.4.88 build180228", "3.4.88", "2018-02-28", "Hikvision"),
        ("V4.61.030 build 230821", "4.61.030", "2023-08-21", "Hikvision"),
        ("V5.7.23_241015", "5.7.23", "2024-10-15", "Hikvision"),
        ("version=4.001.0000000.2.R,build:2022-05-10", "4.001.0000000.2.R", "2022-05-10", "Dahua"),
        ("2.820.0000000.18.R, Build Date: 2021-08-18", "2.820.0000000.18.R", "2021-08-18", "Dahua"),
        ("DH_IPC-HX4X21_Eng_P_V2.400.0000000.16.R.20170831.bin", "2.400.0000000.16.R", "2017-08-31", "Dahua"),
    ],
)
def test_every_form_of_firmware_text(text: str, version: str, build: str, form: str) -> None:
    (explanation,) = told(text)
    assert explanation.about == f"firmware of {form}'s form"
    found = lines(text)
    assert found[version] == (f"version {version}", "solid")
    assert found[build][1] == "solid"


def test_firmware_without_a_date_says_that_it_cannot_be_compared() -> None:
    assert "no build date" in says("V2.800.0000000.12.R")
    assert lines("V2.800.0000000.12.R")["R"] == ("a release", "fair")


@pytest.mark.parametrize("text", ["", " ", "-", "nonsense", "HP LaserJet 400", "AXIS", "0", "DS", "\ud800"])
def test_what_says_nothing_is_not_explained(text: str) -> None:
    assert told(text) == []


@given(st.text(max_size=160))
@examples(150)
def test_any_text_is_read_or_left(text: str) -> None:
    for explanation in told(text):
        assert explanation.lines


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["explain", "DS-2CD2385G1-I"])
    assert not caught.value.code
    assert "form: turret" in capsys.readouterr().out


def test_the_command_says_what_it_does_not_know(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["explain", "nonsense"])
    assert caught.value.code == 1
    assert "nothing is known about 'nonsense'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("'^X", "'X", 5, "must begin with"),
        ("form: {about", "from: {about", 8, "no group 'from'"),
        ("{solid: bullet}", "{sure: bullet}", 8, "the grades are"),
        ("about: form, values: {B: {solid: bullet}}", "about: form", 8, "one of values, letters, number"),
        ("examples: [XB04-A]", "examples: []", 11, "at least one"),
        ("examples: [XB04-A]", "examples: [XQ]", 11, "not built like this"),
        ("counterexamples: [YB04]", "counterexamples: [XB04]", 12, "fits, and must not"),
    ],
)
def test_a_wrong_grammar_is_named_with_its_line(tmp_path: Path, old: str, new: str, line: int, message: str) -> None:
    (tmp_path / naming.FILE).write_text(GRAMMAR.replace(old, new, 1))
    (problem,) = naming.check_grammars(base=tmp_path)
    assert (problem.line, message in problem.message) == (line, True), problem


def test_a_grammar_reads_values_numbers_and_letters(tmp_path: Path) -> None:
    (tmp_path / naming.FILE).write_text(GRAMMAR)
    (grammar,) = naming.load_grammars(base=tmp_path)
    said = [(one.part, one.says) for one in grammar.read_model("XD04-A-AB-QZZ1") or ()]
    assert said == [
        ("D", ""),
        ("04", "4 times"),
        ("-A", "microphone"),
        ("AB", ""),
        ("Q", ""),
        ("ZZ", "zoom"),
        ("1", ""),
    ]


def test_an_id_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / naming.FILE).write_text(GRAMMAR + GRAMMAR)
    with pytest.raises(ConfigError, match="already in this file"):
        naming.load_grammars(base=tmp_path)


@pytest.mark.parametrize("text", ["", " "])
def test_the_command_asks_for_a_text_where_it_is_empty(capsys: pytest.CaptureFixture[str], text: str) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["explain", text])
    assert caught.value.code == 2
    assert capsys.readouterr().err.startswith("camscan: name what to explain")


def test_the_names_of_a_maker_are_one_list(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["explain", "Dahua"])
    told = " ".join(capsys.readouterr().out.split())
    listed = told[told.index(" as ") : told.index(" more.")]
    assert listed.count(" and ") == 1


@pytest.mark.parametrize("text", ["10.1.2.3", " 192.168.254.7 ", "fe80::1", "2001:db8::7"])
def test_an_address_is_not_read_as_firmware(capsys: pytest.CaptureFixture[str], text: str) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["explain", text])
    out = " ".join(capsys.readouterr().out.split())
    assert caught.value.code == 0
    assert out.startswith("IP address This is the address of a device")
    assert f"`camscan show {text.strip()}` says what the register knows" in out
    assert "Firmware" not in out


def test_four_numbers_may_be_either() -> None:
    found = answer_text("3.200.1.4", DATABASE, GRAMMARS, badges.load_badges())
    assert [reading.kind for reading in found.readings] == ["firmware", "address"]
    assert found.readings[1].answer.startswith("If it is an address")


def test_a_network_is_to_be_scanned() -> None:
    (reading,) = answer_text("10.1.2.0/24", DATABASE, GRAMMARS, badges.load_badges()).readings
    assert "`camscan scan 10.1.2.0/24`" in reading.answer
