"""The engine on small databases of its own, and the shipped database against its own examples."""

from __future__ import annotations

import hashlib
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from camscan import fingerprints
from camscan.errors import ConfigError
from camscan.fingerprints.claim import fill_claim
from camscan.fingerprints.conditions import is_anchored
from camscan.fingerprints.entry import Condition, Rule
from camscan.fingerprints.match import LIMIT, Matcher
from camscan.fingerprints.values import seen_values
from camscan.model import Observation

VOCABULARY = """
sadp.model: model
sadp.mac: MAC
http.title: title
http.header: header
http.body: body
mac.address: MAC
kind.camera: a camera
capability.thermal: sees heat
"""
MAKERS = "hikvision: {name: Hikvision}\nezviz: {name: EZVIZ, group: hikvision}\naxis: {name: Axis}\n"
SADP = """
- id: hikvision.sadp
  when: {sadp.model: '^(?P<model>.+)$'}
  then: {maker: hikvision, model: '{model}'}
  certainty: 0.99
  source: captured reply
  examples:
    - see: {sadp.model: DS-2CD2385G1-I}
      then: {model: DS-2CD2385G1-I}
  counterexamples:
    - see: {sadp.model: ''}
"""
SEEN = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def base(tmp_path: Path) -> Path:
    directory = tmp_path / "base"
    (directory / "hikvision").mkdir(parents=True)
    (directory / "vocabulary.yaml").write_text(VOCABULARY)
    (directory / "makers.yaml").write_text(MAKERS)
    (directory / "hikvision" / "sadp.yaml").write_text(SADP)
    return directory


def load(base: Path, *overlays: Path) -> fingerprints.Database:
    return fingerprints.load_database(overlays, base=base, cache=base.parent / "cache")


def observation(key: str, value: str, port: int = 0, probe: str = "http") -> Observation:
    return Observation("192.0.2.1", port, probe, key, value, SEEN)


def entry(**changes: str) -> str:
    """One entry, with members replaced, or left out where the change is empty."""
    members = {
        "id": "axis.title",
        "when": "{http.title: '^AXIS (?P<m>\\S+)$'}",
        "then": "{maker: axis, model: '{m}'}",
        "certainty": "0.8",
        "source": "captured reply",
        "examples": "[{see: {http.title: AXIS M1034-W}, then: {model: M1034-W}}]",
        "counterexamples": "[{see: {http.title: Taxis}}]",
    }
    members |= changes
    lines = [f"{key}: {value}" for key, value in members.items() if value]
    return "- " + "\n  ".join(lines) + "\n"


def test_a_fingerprint_claims_what_its_groups_hold(base: Path) -> None:
    (match,) = load(base).match_facts([observation("sadp.model", "DS-2CD2385G1-I", 37020, "sadp")])
    assert match.claims == {"maker": "hikvision", "model": "DS-2CD2385G1-I"}
    assert match.because == "sadp.model = DS-2CD2385G1-I (UDP 37020)"
    assert (match.fingerprint, match.family, match.keys) == ("hikvision.sadp", "sadp", ("sadp.model",))


def test_a_list_of_alternatives_is_one_pattern(base: Path) -> None:
    when = r"{http.title: {begins: '(?i)^axis ', any: ['(?P<m>M\d+)', 'Q\d+$']}}"
    examples = "[{see: {http.title: AXIS M1034-W}, then: {model: M1034}}, {see: {http.title: axis q1615}}]"
    (base / "axis.yaml").write_text(entry(when=when, examples=examples))
    database = load(base)
    assert fingerprints.check_database(base=base) == []
    assert database.match_facts([observation("http.title", "Axis P1455")]) == []
    (match,) = database.match_facts([observation("http.title", "AXIS M1034-W")])
    assert match.claims["model"] == "M1034"


@pytest.mark.parametrize(
    ("changes", "line", "message"),
    [
        ({"when": "{http.titel: '^a'}"}, 2, "unknown key 'http.titel'; did you mean 'http.title'?"),
        ({"when": "{http.title: 'AXIS'}", "then": "{maker: axis}"}, 2, "must begin with '^'"),
        ({"when": "{http.title: '^a|b'}", "then": "{maker: axis}"}, 2, "must begin with '^'"),
        ({"when": "{http.title: '^(a'}", "then": "{maker: axis}"}, 2, "not RE2 syntax"),
        ({"when": "{http.title: '^(?=a)'}", "then": "{maker: axis}"}, 2, "not RE2 syntax"),
        ({"when": "{http.title: {like: a}}", "then": "{maker: axis}"}, 2, "unknown key 'like'"),
        ({"when": "{http.title: {absent: 'true'}}", "then": "{maker: axis}"}, 2, "nothing that can be seen"),
        ({"when": "{http.title: {contains: ''}}", "then": "{maker: axis}"}, 2, "fits everything"),
        ({"when": "{http.title: {any: []}}", "then": "{maker: axis}"}, 2, "fits everything"),
        ({"when": "{http.title: {any: [a, '']}}", "then": "{maker: axis}"}, 2, "fits everything"),
        ({"when": "{http.title: {begins: A, any: [a]}}", "then": "{maker: axis}"}, 2, "must begin with '^'"),
        ({"when": "{http.title: {any: ['(a']}}", "then": "{maker: axis}"}, 2, "not RE2 syntax"),
        ({"when": "{http.title: {begins: '^A'}}", "then": "{maker: axis}"}, 2, "one of contains"),
        (
            {"when": "{http.title: {any: [a], search: b}}", "then": "{maker: axis}"},
            2,
            "only 'begins' goes with any",
        ),
        ({"then": "{maker: axsi}"}, 3, "'axsi' is not in makers.yaml; did you mean 'axis'?"),
        ({"then": "{colour: red}"}, 3, "unknown claim 'colour'"),
        ({"then": "{model: '{n}'}"}, 3, "no condition has a group of that name"),
        ({"then": "{model: '{m|reverse}'}"}, 3, "known filters are"),
        ({"then": "{model: '{m'}"}, 3, "braces"),
        ({"then": "{kind: toaster}"}, 3, "'kind.toaster' is not in vocabulary.yaml"),
        ({"then": "{camera: 'yes'}"}, 3, "camera is true or false"),
        ({"then": "{capability.thermal: surely}"}, 3, "is one of"),
        ({"then": "{}"}, 3, "claims nothing"),
        ({"certainty": "1.5"}, 4, "at most 1, found '1.5'"),
        ({"certainty": "nan"}, 4, "certainty must be a number"),
        ({"source": "' '"}, 5, "no source"),
        ({"source": ""}, 1, "'source' is missing"),
        ({"examples": "[]"}, 6, "no example, no fingerprint"),
        ({"counterexamples": ""}, 1, "'counterexamples' is missing"),
        ({"id": "Axis"}, 1, "must look like maker.mark"),
        ({"remark": "x"}, 8, "unknown key 'remark'"),
    ],
)
def test_a_wrong_entry_is_refused_with_file_and_line(
    base: Path, changes: dict[str, str], line: int, message: str
) -> None:
    path = base / "axis.yaml"
    path.write_text(entry(**changes))
    with pytest.raises(ConfigError) as caught:
        load(base)
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert message in str(caught.value)


def test_anchors_and_duplicate_keys_are_refused(base: Path) -> None:
    (base / "axis.yaml").write_text("- &one\n  id: a.b\n")
    with pytest.raises(ConfigError, match=r"axis\.yaml:1: .*anchors"):
        load(base)
    (base / "axis.yaml").write_text("- id: a.b\n  id: a.c\n")
    with pytest.raises(ConfigError, match=r"axis\.yaml:2: the key 'id' is used twice"):
        load(base)


def test_an_overlay_adds_and_replaces_without_touching_ours(base: Path, tmp_path: Path) -> None:
    overlay = tmp_path / "mine"
    overlay.mkdir()
    (overlay / "own.yaml").write_text(entry() + SADP.replace("maker: hikvision", "maker: ezviz"))
    database = load(base, overlay)
    found = database.match_facts([observation("sadp.model", "X"), observation("http.title", "AXIS M1")])
    assert {match.fingerprint: match.claims["maker"] for match in found} == {
        "hikvision.sadp": "ezviz",
        "axis.title": "axis",
    }
    assert database.version.endswith("+overlay")
    assert load(base).version != database.version
    assert fingerprints.check_database([overlay], base=base) == []


def test_an_overlay_is_checked_like_ours(base: Path, tmp_path: Path) -> None:
    overlay = tmp_path / "mine"
    overlay.mkdir()
    (overlay / "own.yaml").write_text(entry(source=""))
    with pytest.raises(ConfigError, match=r"mine/own\.yaml:1: .*'source' is missing"):
        load(base, overlay)
    with pytest.raises(ConfigError, match="no such folder"):
        load(base, tmp_path / "nowhere")


def messages(base: Path, content: str) -> list[str]:
    (base / "new.yaml").write_text(content)
    return [str(problem).removeprefix(f"{base}/") for problem in fingerprints.check_database(base=base)]


def test_the_checker_says_nothing_of_a_sound_database(base: Path) -> None:
    assert messages(base, entry()) == []


def test_the_checker_names_an_example_that_does_not_fit(base: Path) -> None:
    (told,) = messages(base, entry(examples="[{see: {http.title: VIVOTEK}}]"))
    assert told == "new.yaml:6: axis.title: the example does not fit its own fingerprint"


def test_the_checker_names_a_claim_that_is_not_made(base: Path) -> None:
    (told,) = messages(base, entry(examples="[{see: {http.title: AXIS A1}, then: {model: A2}}]"))
    assert "claims model 'A2', the fingerprint 'A1'" in told


def test_the_checker_names_a_counterexample_that_fits(base: Path) -> None:
    (told,) = messages(base, entry(counterexamples="[{see: {http.title: AXIS A1}}]"))
    assert "the counterexample fits" in told


def test_the_checker_names_a_duplicate_id_and_an_entry_that_adds_nothing(base: Path) -> None:
    assert "already used in" in messages(base, entry() + entry())[0]
    (told,) = messages(base, entry() + entry(id="axis.other"))
    assert "asks and claims the same as 'axis.title'" in told


def test_the_checker_runs_every_example_against_the_whole_database(base: Path) -> None:
    rival = entry(
        id="hikvision.title",
        when="{http.title: {contains: M1034}}",
        then="{maker: hikvision}",
        examples="[{see: {http.title: M1034}}]",
    )
    (told,) = messages(base, entry() + rival)
    assert told.startswith("new.yaml:6: axis.title: 'hikvision.title' (0.8) fits this example too and claims maker")
    assert messages(base, entry() + rival.replace("0.8", "0.5")) == []


def test_every_problem_is_told_not_only_the_first(base: Path) -> None:
    assert len(messages(base, entry(source="") + entry(id="a.b", certainty="2"))) == 2


OUI = """
- {id: oui.hikvision, then: {maker: hikvision}, certainty: 0.45, source: IEEE registry, prefixes: ['44:19:b6']}
- {id: oui.axis, then: {maker: axis}, certainty: 0.4, source: IEEE registry, prefixes: ['44:19:b6:a', '44:19:b6:b0:1']}
- {id: oui.module, then: {}, certainty: 0.1, source: IEEE registry, prefixes: ['44:19:b6:c']}
"""


@pytest.mark.parametrize(
    ("mac", "expected"),
    [
        ("44:19:b6:00:00:01", ["oui.hikvision"]),
        ("44:19:b6:a0:00:01", ["oui.axis"]),
        ("44:19:b6:b0:10:01", ["oui.axis"]),
        ("44:19:b6:b0:20:01", ["oui.hikvision"]),
        ("44:19:b6:c0:00:01", []),
        ("46:19:b6:00:00:01", []),
        ("45:19:b6:00:00:01", []),
        ("44:19", []),
    ],
)
def test_the_longest_registered_prefix_decides(base: Path, mac: str, expected: list[str]) -> None:
    (base / "oui.yaml").write_text(OUI)
    assert [match.fingerprint for match in load(base).match_facts([observation("sadp.mac", mac)])] == expected


def test_a_registered_prefix_is_a_weak_mark_and_stands_once(base: Path) -> None:
    (base / "oui.yaml").write_text(OUI.replace("0.45", "0.5"))
    with pytest.raises(ConfigError, match=r"oui\.yaml:2: oui\.hikvision: a MAC prefix is a weak mark"):
        load(base)
    (base / "oui.yaml").write_text(OUI.replace("'44:19:b6:a'", "'44:19:b6'"))
    with pytest.raises(ConfigError, match=r"oui\.yaml:3: oui\.axis: the prefix 44:19:b6 is already in section"):
        load(base)


OEM = """
- id: oem.lts
  brand: LTS
  makers: [hikvision]
  when: {id.model: '^CMIP'}
  certainty: 0.4
  source: reseller list
  examples: [{see: {id.model: CMIP9342}, then: {maker: hikvision, brand: LTS}}]
  counterexamples: [{see: {id.model: XCMIP}}]
- id: oem.swann
  brand: Swann
  makers: [hikvision, axis]
  when: {id.brand: '^(?i:swann)$'}
  certainty: 0.4
  source: reseller list
  examples: [{see: {id.brand: SWANN}, then: {brand: Swann}}]
  counterexamples: [{see: {id.brand: Swannee}}]
"""


def test_a_brand_bought_from_several_makers_names_none(base: Path) -> None:
    (base / "oem.yaml").write_text(OEM)
    assert fingerprints.check_database(base=base) == []
    derived = load(base).match_decided({}, {"id.model": "CMIP9342", "id.brand": "Swann"})
    assert [dict(match.claims) for match in derived] == [
        {"brand": "LTS", "maker": "hikvision"},
        {"brand": "Swann", "makers": "hikvision or axis"},
    ]
    (base / "oem.yaml").write_text(OEM.replace("0.4", "0.7"))
    with pytest.raises(ConfigError, match="a brand alone is at most"):
        load(base)


def test_the_compiled_cache_gives_the_same_database(base: Path) -> None:
    (base / "oui.yaml").write_text(OUI)
    fresh, cached = load(base), load(base)
    assert (cached.rules, cached.sections, cached.makers) == (fresh.rules, fresh.sections, fresh.makers)
    assert len(list((base.parent / "cache").glob("fingerprints-*.json"))) == 1


@pytest.mark.parametrize("damage", [b"", b"rubbish", b"0\n{}"])
def test_a_damaged_cache_is_ignored(base: Path, damage: bytes) -> None:
    load(base)
    (path,) = (base.parent / "cache").iterdir()
    path.write_bytes(damage)
    assert load(base).match_facts([observation("sadp.model", "X")])


def test_a_cache_that_others_can_write_is_ignored(base: Path) -> None:
    load(base)
    (path,) = (base.parent / "cache").iterdir()
    body = path.read_bytes()
    path.write_bytes(body)
    assert path.stat().st_mode & 0o077 == 0
    poisoned = b'{"makers":[],"rules":[],"sections":[],"prefixes":{}}'
    path.write_bytes(hashlib.blake2b(poisoned, digest_size=16).hexdigest().encode() + b"\n" + poisoned)
    assert not load(base).rules
    path.chmod(0o666)
    assert load(base).rules


def test_a_cache_directory_that_cannot_be_written_costs_nothing(base: Path) -> None:
    (base.parent / "cache").write_text("a file where the directory should be")
    assert load(base).rules


def test_a_changed_file_is_seen(base: Path) -> None:
    before = load(base)
    (base / "axis.yaml").write_text(entry())
    assert len(load(base).rules) == len(before.rules) + 1


def rule(*when: tuple[str, tuple[Condition, ...]], **then: str) -> Rule:
    return Rule("a.b", when, tuple(then.items()), 0.9, "http")


def test_all_keys_must_fit_and_any_value_of_a_key_may() -> None:
    matcher = Matcher(
        [
            rule(
                ("http.header", (Condition("pattern", "^server: (?P<s>.+)$"),)),
                ("http.title", (Condition("equals", "Login"), Condition("contains", "Wel(come"))),
                ("mac.address", (Condition("absent", "true"),)),
                model="{s}",
            )
        ]
    )
    headers = [("http.header", "date: today"), ("http.header", "server: x/1")]
    assert matcher.match_values(seen_values([*headers, ("http.title", "Login")]))[0].claims == {"model": "x/1"}
    assert matcher.match_values(seen_values([*headers, ("http.title", "So Wel(come!")]))
    assert not matcher.match_values(seen_values([*headers, ("http.title", "Login ")]))
    assert not matcher.match_values(seen_values(headers))
    assert not matcher.match_values(seen_values([*headers, ("http.title", "Login"), ("mac.address", "x")]))


def test_an_empty_value_can_be_what_fits() -> None:
    matcher = Matcher([rule(("http.header", (Condition("pattern", "^$"),)), maker="x")])
    assert matcher.match_values(seen_values([("http.header", "")]))
    assert not matcher.match_values(seen_values([("http.header", "x")]))
    assert not matcher.match_values(seen_values([("http.title", "")]))


def test_a_claim_whose_group_is_blank_is_left_out() -> None:
    matcher = Matcher([rule(("http.title", (Condition("pattern", "^a(?P<m> .*)?$"),)), maker="x", model="{m}")])
    assert matcher.match_values(seen_values([("http.title", "a")]))[0].claims == {"maker": "x"}
    assert matcher.match_values(seen_values([("http.title", "a   ")]))[0].claims == {"maker": "x"}
    assert matcher.match_values(seen_values([("http.title", "a b")]))[0].claims == {"maker": "x", "model": "b"}


def test_filters() -> None:
    assert fill_claim("{m|mac}", {"m": "00408C123456"}) == "00:40:8c:12:34:56"
    assert fill_claim("{m|mac}", {"m": "00408C1234"}) == ""
    assert fill_claim("DS-{m|upper}/{n|spaces}", {"m": "ab", "n": "c_d+e"}) == "DS-AB/c d e"


@pytest.mark.parametrize(
    ("pattern", "anchored"),
    [
        ("^a", True),
        ("(?i)^a", True),
        ("a", False),
        (".*a", False),
        ("^a|b", False),
        ("^a|^b", True),
        ("^(?:a|b)", True),
        (r"^a\|b", True),
        ("^[|]", True),
        ("^[]|]", True),
        ("^[^]|]", True),
        (r"^[\]|]", True),
    ],
)
def test_anchoring(pattern: str, anchored: bool) -> None:
    assert is_anchored(pattern) is anchored


def test_no_pattern_is_slow_on_any_input(monkeypatch: pytest.MonkeyPatch) -> None:
    # RE2 looks at each character once, whatever the pattern; Python's own engine would try for ages.
    def compiled(*_: object) -> None:
        pytest.fail("a pattern of a fingerprint for Python's own engine")

    nasty = [Condition("search", text) for text in ("(?P<x>(a|aa)+)b", "(a+)+b", ".*.*.*.*x")]
    matcher = Matcher([rule(("http.body", tuple(nasty)), maker="x", model="{x}")])
    with monkeypatch.context() as patched:
        patched.setattr("re._compile", compiled)
        assert matcher.match_values(seen_values([("http.body", "a" * 8000 + "!" + "a" * 100_000 + "x")])) == []
        (match,) = matcher.match_values(seen_values([("http.body", "a" * 8000 + "b")]))
    assert match.claims == {"maker": "x", "model": "a" * 8000}


def test_values_are_cut_before_matching() -> None:
    matcher = Matcher([rule(("http.body", (Condition("contains", "needle"),)), maker="x")])
    assert matcher.match_values(seen_values([("http.body", "." * (LIMIT - 6) + "needle")]))
    assert not matcher.match_values(seen_values([("http.body", "." * LIMIT + "needle")]))


@examples(150)
@given(st.lists(st.tuples(st.sampled_from(["http.title", "http.body", "mac.address"]), st.text(st.characters()))))
def test_any_text_can_be_matched(facts: list[tuple[str, str]]) -> None:
    matcher = Matcher([rule(("http.title", (Condition("pattern", "(?s)^(?P<m>.+)$"),)), model="{m}")])
    for match in matcher.match_values(seen_values(facts)):
        assert set(match.claims) <= {"model"}


def test_half_a_character_does_no_harm() -> None:
    matcher = Matcher([rule(("http.title", (Condition("pattern", "^(?P<m>.+)$"),)), model="{m}")])
    assert matcher.match_values(seen_values([("http.title", "\ud800x")]))[0].claims == {"model": "?x"}


def test_the_shipped_database_proves_its_examples() -> None:
    assert [str(problem) for problem in fingerprints.check_database()] == []


def test_the_shipped_database_loads_and_shows_its_entries() -> None:
    database = fingerprints.load_database()
    assert len(database.entries) == len(database.rules)
    assert database.find_entry("hikvision.sadp.answer") is not None
    assert database.find_entry("no.such") is None


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
def test_the_cache_is_the_owners_alone(base: Path) -> None:
    load(base)
    (path,) = (base.parent / "cache").iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    assert (base.parent / "cache").stat().st_mode & 0o777 == 0o700
