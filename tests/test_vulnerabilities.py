"""Known weaknesses: the shipped file against its own examples, the judging, the catalogue, and what is refused."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from camscan import fingerprints
from camscan.errors import ConfigError, OutputError, UsageError
from camscan.model import Identification
from camscan.vulnerabilities import kev
from camscan.vulnerabilities.assess import NOT_COMPARABLE, Standing, assess_device, check_weaknesses
from camscan.vulnerabilities.kev import Flag
from camscan.vulnerabilities.read import FILE, load_weaknesses

KNOWN = load_weaknesses(catalogue=Path("/nonexistent/kev.json"))

ENTRY = """
weaknesses:
  - id: CVE-2026-10001
    maker: hikvision
    what: a made-up weakness
    source: this test
    kinds: [camera]
    affected:
      - {models: '^DS-2CD', builds: {until: '2021-07-02', fixed: '2021-09-19'}}
    examples:
      - {model: DS-2CD1, firmware: V5.5.0 build 210101, verdict: affected}
    counterexamples:
      - {model: DS-7616NI}
"""


def told(maker: str, model: str | None, firmware: str = "", **more: str) -> dict[str, tuple[str, str]]:
    found = Identification(maker=maker, model=model, firmware=firmware or None, **more)  # type: ignore[arg-type]
    return {verdict.cve: (str(verdict.verdict), verdict.reason) for verdict in assess_device(found, KNOWN)}


def write(directory: Path, text: str) -> Path:
    (directory / "makers.yaml").write_text("hikvision: {name: Hikvision}\n")
    (directory / FILE).write_text(text)
    return directory


def test_the_shipped_file_keeps_its_own_examples() -> None:
    assert check_weaknesses() == []
    assert len(KNOWN.entries) >= 15


def test_every_maker_and_kind_is_a_word_of_the_database() -> None:
    makers = fingerprints.load_database().makers
    vocabulary = (fingerprints.built_in_folder() / "vocabulary.yaml").read_text(encoding="utf-8")
    for entry in KNOWN.entries:
        assert entry.maker in makers
        for kind in entry.kinds:
            assert f"\nkind.{kind}:" in vocabulary, (entry.id, kind)


@pytest.mark.parametrize(
    ("cve", "added"),
    [
        ("CVE-2017-7921", date(2026, 3, 5)),
        ("CVE-2021-36260", date(2022, 1, 10)),
        ("CVE-2021-33044", date(2024, 8, 21)),
        ("CVE-2021-33045", date(2024, 8, 21)),
        ("CVE-2020-5735", date(2021, 11, 3)),
    ],
)
def test_the_exploited_ones_are_flagged(cve: str, added: date) -> None:
    flags = {entry.id: entry.kev for entry in KNOWN.entries}
    assert (flag := flags[cve]) is not None
    assert flag.added == added


def test_builds_decide_and_not_version_numbers() -> None:
    # 5.4.5 came after 5.4.41: read as numbers it would seem older than the repaired version.
    assert told("hikvision", "DS-2CD2132F-IS", "V5.4.5 build 170124")["CVE-2017-7921"][0] == "fixed"
    assert told("hikvision", "DS-2CD2132F-IS", "V5.4.5")["CVE-2017-7921"] == (
        "unknown",
        "firmware V5.4.5 has no build date",
    )


def test_the_last_affected_and_the_first_repaired_build() -> None:
    for build, verdict in (("210702", "affected"), ("210703", "unknown"), ("210918", "unknown"), ("210919", "fixed")):
        assert told("hikvision", "DS-2CD2146G2-ISU", f"V5.5.134 build {build}")["CVE-2021-36260"][0] == verdict


def test_a_build_told_beside_the_version_is_compared() -> None:
    """Over ISAPI the version and its date are two members; the text of the firmware has no build then."""
    model, version, cve = "DS-2CD2146G2-ISU", "V5.5.80", "CVE-2021-36260"
    assert told("hikvision", model, version)[cve][0] == "unknown"
    assert told("hikvision", model, version, build="2021-03-30")[cve][0] == "affected"
    assert told("hikvision", model, version, build="2024-06-06")[cve][0] == "fixed"
    own = told("hikvision", model, f"{version} build 240606", build="2021-03-30")
    assert own[cve][0] == "fixed", "the build in the firmware's own text comes first"


def test_every_verdict_says_why() -> None:
    for model, firmware in (
        ("DS-2CD2146G2-ISU", "V5.5.134 build 201014"),
        ("DS-K1T341AM", "V3.2.30"),
        ("DS-7616NI", ""),
    ):
        assert all(reason for _, reason in told("hikvision", model, firmware).values())


def test_rebrands_share_the_family_and_not_the_builds() -> None:
    found = told("hikvision", "CMIP9342-28", "V5.7.1 build 240101", brand="LTS", kind="camera")
    assert found["CVE-2017-7921"] == ("unknown", f"{NOT_COMPARABLE}: sold as LTS")
    assert all(verdict == "unknown" for verdict, _ in found.values())
    assert "CVE-2025-66176" not in found, "an access terminal's weakness is none of a camera's"


def test_the_makers_own_badges_are_compared() -> None:
    found = told("hikvision", "IPC-B140H", "V5.5.84 build 190520", brand="HiLook", kind="camera")
    assert found["CVE-2025-66177"][0] == "affected"


@pytest.mark.parametrize("maker", ["axis", "uniview"])
def test_other_makers_have_none_of_these(maker: str) -> None:
    assert told(maker, "DS-2CD2132F-IS", "V5.3.0 build 150513") == {}


def test_without_maker_or_model_nothing_is_reported() -> None:
    assert told("hikvision", None, "V5.3.0 build 150513") == {}
    assert assess_device(Identification(model="DS-2CD2132F-IS"), KNOWN) == []


def test_the_most_pressing_comes_first() -> None:
    found = Identification(maker="dahua", model="IPC-HDW5421S", firmware="2.420.0000.0.R, build: 2016-06-18")
    verdicts = assess_device(found, KNOWN)
    assert [verdict.verdict for verdict in verdicts] == sorted(
        (verdict.verdict for verdict in verdicts), key=list(Standing).index
    )
    assert verdicts[0].is_exploited
    assert verdicts[0].cve == "CVE-2021-33044"


def test_half_a_character_is_not_an_error() -> None:
    assert told("hikvision", "DS-7616NI-Q2\ud800", "V4.61.030 build 230821\ud800")["CVE-2025-66177"][0] == "affected"


@given(st.text(max_size=200), st.text(max_size=200), st.sampled_from(["hikvision", "dahua"]))
@examples(150)
def test_any_text_gets_a_verdict_or_none(model: str, firmware: str, maker: str) -> None:
    for verdict in assess_device(Identification(maker=maker, model=model, firmware=firmware), KNOWN):
        assert verdict.reason


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("CVE-2026-10001", "CVE-26-1", 3, "not a CVE number"),
        ("maker: hikvision", "maker: hikvison", 4, "not in makers.yaml"),
        ("'2021-07-02'", "'32 July 2021'", 9, "not a date"),
        ("'^DS-2CD'", "'DS-2CD'", 9, r"must begin with '\^'"),
        ("'^DS-2CD'", "'^DS-(2CD'", 9, "not RE2 syntax"),
        ("builds: {until", "biulds: {until", 9, "did you mean 'builds'"),
        ("verdict: affected", "verdict: bad", 11, "a verdict is one of"),
        ("    source: this test\n", "", 3, "'source' is missing"),
        (", builds: {until: '2021-07-02', fixed: '2021-09-19'}", "", 9, "must say listed: 'no'"),
    ],
)
def test_a_wrong_file_is_named_with_its_line(tmp_path: Path, old: str, new: str, line: int, message: str) -> None:
    base = write(tmp_path, ENTRY.replace(old, new, 1))
    with pytest.raises(ConfigError, match=rf"{FILE}:{line}: .*{message}"):
        load_weaknesses(base=base, catalogue=tmp_path / "none")
    assert [problem.line for problem in check_weaknesses(base=base)] == [line]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("verdict: affected", "verdict: fixed", "should get fixed, and gets affected"),
        ("model: DS-7616NI", "model: DS-2CD3", "it is a counterexample, and gets unknown"),
    ],
)
def test_an_example_that_does_not_hold_is_a_problem(tmp_path: Path, old: str, new: str, message: str) -> None:
    (problem,) = check_weaknesses(base=write(tmp_path, ENTRY.replace(old, new)))
    assert message in str(problem)
    assert problem.id == "CVE-2026-10001"


def test_an_overlay_replaces_an_entry(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(ENTRY.replace("CVE-2026-10001", "CVE-2017-7921"))
    known = load_weaknesses([tmp_path], catalogue=tmp_path / "none")
    assert next(entry.what for entry in known.entries if entry.id == "CVE-2017-7921") == "a made-up weakness"
    assert len(known.entries) == len(KNOWN.entries)


def catalogue(tmp_path: Path, *entries: object, **more: object) -> Path:
    path = tmp_path / "known_exploited_vulnerabilities.json"
    path.write_text(json.dumps({"catalogVersion": "2026.11.20", "vulnerabilities": entries, **more}))
    return path


def test_a_catalogue_renews_flags_and_takes_none_away(tmp_path: Path) -> None:
    path = catalogue(
        tmp_path,
        {"cveID": "CVE-2025-31701", "dateAdded": "2026-10-01", "dueDate": "2026-10-22", "vendorProject": "Dahua"},
        {"cveID": "CVE-2021-36260", "dateAdded": "2022-01-10"},
    )
    version, flags = kev.read_catalogue(path)
    assert version == "2026.11.20"
    kept = tmp_path / "data" / "kev.json"
    kev.store_catalogue(version, flags, kept)
    flagged = {entry.id: entry.kev for entry in load_weaknesses(catalogue=kept).entries}
    assert flagged["CVE-2025-31700"] == Flag(date(2026, 10, 1), date(2026, 10, 22)), "a sibling's flag is the family's"
    assert flagged["CVE-2021-36260"] == Flag(date(2022, 1, 10))
    assert flagged["CVE-2017-7921"] is not None, "an old catalogue takes no flag away"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a KEV catalogue"),
        (b"<html>", "not a KEV catalogue"),
        (b"[]", "not a KEV catalogue"),
        (b"\xff\xfe", "not a KEV catalogue"),
        (b"[" * 100_000, "not a KEV catalogue"),
        (b'{"vulnerabilities": []}', "'catalogVersion' is missing"),
        (b'{"catalogVersion": 3, "vulnerabilities": []}', "is not text"),
        (b'{"catalogVersion": "x", "vulnerabilities": 7}', "not a KEV catalogue"),
        (b'{"catalogVersion": "x", "vulnerabilities": [{"cveID": "CVE-2021-36260"}]}', "'dateAdded' is missing"),
        (
            b'{"catalogVersion": "x", "vulnerabilities": [{"cveID": "7", "dateAdded": "2022-01-10"}]}',
            "not a CVE number",
        ),
        (
            b'{"catalogVersion": "x", "vulnerabilities": [{"cveID": "CVE-2021-36260", "dateAdded": "soon"}]}',
            "Invalid isoformat",
        ),
    ],
)
def test_what_is_not_a_catalogue_is_refused_in_one_line(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "kev.json"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=message) as caught:
        kev.read_catalogue(path)
    assert "\n" not in str(caught.value)


def test_a_missing_catalogue_is_one_line_too(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        kev.read_catalogue(tmp_path / "none.json")


def test_kept_flags_that_are_damaged_say_what_to_do(tmp_path: Path) -> None:
    kept = tmp_path / "kev.json"
    kept.write_text('{"flags": {"CVE-2021-36260": 7}}')
    with pytest.raises(UsageError, match="import the catalogue again"):
        load_weaknesses(catalogue=kept)


def test_a_directory_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(OutputError, match="cannot be written"):
        kev.store_catalogue("x", {}, tmp_path / "data" / "kev.json")


@pytest.mark.parametrize(
    ("maker", "model", "firmware", "cve", "verdict"),
    [
        # The CVE record lists NXI-K and NI-Q, not NI-K: membership of a line that is not named stays open.
        ("hikvision", "DS-7616NI-K2", "V4.61.030 build 230821", "CVE-2025-66177", "unknown"),
        ("hikvision", "DS-7616NXI-K2", "V4.61.030 build 230821", "CVE-2025-66177", "affected"),
        ("hikvision", "DS-7608NI-Q2/8P", "V4.30.216 build 210201", "CVE-2021-36260", "affected"),
        ("hikvision", "DS-7608NI-Q2/8P", "V4.31.000 build 210511", "CVE-2021-36260", "affected"),
        ("hikvision", "DS-2CD2343G2-IU", "V5.5.150 build 210104", "CVE-2021-36260", "affected"),
        ("hikvision", "DS-K1T341AM", "V3.2.30 build 221223", "CVE-2023-28809", "fixed"),
        ("hikvision", "DS-K1T341AM", "V3.2.30 build 221222", "CVE-2023-28809", "affected"),
        ("hikvision", "DS-2CD2042WD-I", "V5.4.5 build 170124", "CVE-2021-36260", "unknown"),
        ("dahua", "NVR4108HS-8P-4KS2", "4.002.0000000.1.R,build:2024-01-25", "CVE-2024-39950", "unknown"),
    ],
)
def test_what_the_records_say(maker: str, model: str, firmware: str, cve: str, verdict: str) -> None:
    assert told(maker, model, firmware)[cve][0] == verdict


def test_numbers_of_other_makers_are_not_taken_along() -> None:
    named = {name for entry in KNOWN.entries for name in (entry.id, *entry.also)}
    assert not named & {"CVE-2024-39943", "CVE-2023-6341"}, "a file server's and a court register's"
