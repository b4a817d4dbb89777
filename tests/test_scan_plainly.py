"""A scan knows of an address what its facts say: whoever asks early, late, for the first time or once more.

Whether a device is identified at all, which rules are tried and which results are remembered is decided by short cuts.
Here each answer is compared with one that takes none of them (``plainly``).
"""

from __future__ import annotations

import itertools
import os
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from examples import cases, examples, tries
from hypothesis import given
from hypothesis import strategies as st
from plainly import PlainDatabase, empty_caches, plain_copy, seen_plainly

from camscan import fingerprints
from camscan.captures import read_captures
from camscan.fingerprints import Database
from camscan.fingerprints.entry import Condition, Rule
from camscan.fingerprints.index import Index
from camscan.identify import identify_box
from camscan.identify.reasons import list_reasons
from camscan.model import Attempt, Observation, Outcome, Reply
from camscan.probes import Seen, as_unsolicited, load, read_reply
from camscan.scan.host_record import Proof
from camscan.scan.state import ScanState

CORPUS = os.environ.get("CAMSCAN_CORPUS", "")
NEEDS_CORPUS = pytest.mark.skipif(not CORPUS, reason="CAMSCAN_CORPUS does not name a file of labelled replies")
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
UNIT = "10.9.0.3"
OURS = fingerprints.load_database()
PLAIN = plain_copy(OURS)
Facts = Sequence[tuple[str, str]]
SHOWN: list[Facts] = [
    example.see
    for entry in OURS.entries
    for example in (*entry.examples, *entry.counterexamples)
    if not any(key.startswith("id.") for key, _ in example.see)
]
"""What the devices in the examples and counterexamples of every fingerprint say."""
EACH = [fact for facts in SHOWN for fact in facts]


def observations(facts: Facts) -> list[Observation]:
    return [Observation(UNIT, 0, key.partition(".")[0], key, value, NOON) for key, value in facts]


def attempts_of(facts: Facts) -> Iterator[Attempt]:
    """One reply for each protocol in which something is said."""
    for probe, told in itertools.groupby(observations(facts), key=lambda seen: seen.probe):
        seen = tuple(told)
        yield Attempt(probe, UNIT, 0, Outcome.ANSWERED, seen, payload=repr(seen).encode(), seen_at=NOON)


def everything(seen: Seen) -> tuple[object, ...]:
    """All that a probe can ask of what is known, and what every probe makes of it."""
    return (
        (list(seen.facts.items()), seen.spoken, seen.maker, seen.confirmed, seen.complete, seen.no_camera),
        {
            name: (probe.wants(seen), probe.learned_ports and probe.learned_ports(seen))
            for name, probe in load().items()
        },
    )


def compare(database: Database, plain: PlainDatabase, facts: Facts) -> None:
    """The identification itself, and whether all that it holds was thought possible."""
    found = identify_box(observations(facts), database)
    assert found == identify_box(observations(facts), plain), facts
    for claim in ("maker", "brand", "model", "firmware", "serial", "kind"):
        assert getattr(found, claim) is None or database.may_claim(claim, {key for key, _ in facts}), (claim, facts)


def compare_as_it_grows(database: Database, plain: PlainDatabase, steps: Sequence[tuple[Attempt, Proof]]) -> ScanState:
    """Ask after every reply; then ask once more what was known after each of them, though more has been said since."""
    state, known = ScanState(database), []
    for place, (attempt, proof) in enumerate(steps):
        state.record(attempt, proof=proof)
        if UNIT not in state.hosts:
            continue
        seen, said = state.seen(UNIT), seen_plainly(state.hosts[UNIT].attempts, plain)
        if place % 2:  # the others are asked only later
            assert everything(seen) == everything(said), attempt
        known.append((seen, said))
    for seen, said in known:
        assert everything(seen) == everything(said)
    return state


def grow(facts: Facts) -> list[tuple[Attempt, Proof]]:
    return [(attempt, Proof.NONE) for attempt in attempts_of(facts)]


def test_every_example_alone_says_what_it_says_plainly() -> None:
    assert len(SHOWN) > 3000
    for facts in SHOWN:
        compare(OURS, PLAIN, facts)


def test_one_example_after_another_is_known_as_it_would_be_plainly() -> None:
    told = random.Random(3).sample(SHOWN, len(SHOWN) // 2)
    for one, other in cases(list(zip(told[::2], told[1::2], strict=False))):
        compare_as_it_grows(OURS, PLAIN, [*grow(one), *grow(other)])


@pytest.mark.parametrize("seed", range(3))
def test_devices_of_several_examples_are_known_so_in_any_order(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(tries(80)):
        facts = list(itertools.chain(*chance.sample(SHOWN, chance.randint(2, 5))))
        for _ in range(2):
            compare_as_it_grows(OURS, PLAIN, grow(facts))
            chance.shuffle(facts)


def test_what_is_proved_forged_or_said_unasked_is_known_so_too() -> None:
    chance = random.Random(5)
    for _ in range(tries(120)):
        told = list(attempts_of(list(itertools.chain(*chance.sample(SHOWN, 3)))))
        told += [as_unsolicited(one) for one in chance.sample(told, len(told) // 2)]
        told += [Attempt(one.probe, UNIT, 8000, Outcome.ANSWERED, payload=b"?") for one in told[:2]]  # without a fact
        chance.shuffle(told)
        state = compare_as_it_grows(OURS, PLAIN, [(one, chance.choice(list(Proof))) for one in told])
        state.doubt(UNIT, {told[0].probe})
        assert everything(state.seen(UNIT)) == everything(seen_plainly(state.hosts[UNIT].attempts, PLAIN))


def corpus_attempts() -> list[Attempt]:
    lines = Path(CORPUS).read_text(encoding="utf-8").splitlines()
    replies = [one for line in lines for one in read_captures([line]) if isinstance(one, Reply)]
    return [read_reply(load()[one.probe], replace(one, ip=UNIT, seen_at=NOON)) for one in replies]


@NEEDS_CORPUS
def test_labelled_replies_alone_and_in_pairs_are_known_so() -> None:
    told = corpus_attempts()
    for one, other in itertools.pairwise(told):
        compare_as_it_grows(OURS, PLAIN, [(one, Proof.NONE), (other, Proof.NONE)])


# ── what anybody may say ─────────────────────────────────────────────────────────────────────────────────────

ODD = ["", " ", "\0", "\\", ".*", "(?i)", "^$", "[", "N/A", "x" * 9000, "\u00e9" * 5000, "\ud83d", "a\ud800", "\u00df"]
LONG_S, KELVIN = "\u017f", "\u212a"
"""Letters that are an s and a k to whoever does not look at case."""


def made_odd(value: str, how: int) -> str:
    return (
        value,
        value.swapcase(),
        value.upper(),
        f"{value}\n",
        f" {value}",
        value[:-1],
        re.sub("[sS]", LONG_S, re.sub("[kK]", KELVIN, value)),
        value + "x" * 9000,
        "x" * (8192 - len(value) // 2) + value,
        f"{value}\ud800",
        re.sub(r"\d", "7", value),
        re.escape(value),
        "".join(chr(ord(one) + 0xFEE0) if "!" <= one <= "~" else one for one in value),  # full width
    )[how]


WAYS = 13
KEYS = sorted({key for key, _ in EACH})
FACT = st.one_of(
    st.tuples(st.sampled_from(EACH), st.integers(0, WAYS - 1)).map(
        lambda one: (one[0][0], made_odd(one[0][1], one[1]))
    ),
    st.tuples(st.sampled_from(KEYS), st.one_of(st.sampled_from(ODD), st.text(max_size=30))),
)


@examples(200)
@given(st.lists(FACT, min_size=1, max_size=8))
def test_whatever_is_said_it_is_known_so(facts: list[tuple[str, str]]) -> None:
    compare(OURS, PLAIN, facts)
    compare_as_it_grows(OURS, PLAIN, grow(facts))


# ── fingerprints of a user ───────────────────────────────────────────────────────────────────────────────────

DEVICE_KEYS = (
    "http.title",
    "http.server",
    "http.realm",
    "sadp.serial",
    "sadp.mac",
    "dhip.serial",
    "onvif.manufacturer",
)
DECIDED_KEYS = ("id.maker", "id.model", "id.brand", "id.firmware", "id.serial")
WORDS = ("ab", "DS-1", "Dahua", "hikvision", "cam", "Acme", "V5.6.2", "a\\", "a|b")
ENDS = ("", "1", "22", "N/A", " build 190701", "^(?P<serial>ab.*)$")
GROUPS = ("serial", "model", "other")
TEXTS = {
    "maker": ("hikvision", "dahua", "axis"),
    "model": ("DS-1", "IPC-2"),
    "serial": ("S1", "S2"),
    "firmware": ("V5.6.2", "V5.6.2 build 190701"),
    "brand": ("Acme", "Lorex"),
    "kind": ("camera", "vms"),
    "camera": ("true", "false"),
    "build": ("190701",),
    "capability.audio": ("solid", "weak"),
}


def any_condition(chance: random.Random) -> Condition:
    word, group = re.escape(chance.choice(WORDS)), chance.choice(GROUPS)
    fold = chance.choice(("", "(?i)"))
    return chance.choice(
        (
            Condition("equals", chance.choice(WORDS) + chance.choice(ENDS)),
            Condition("contains", chance.choice(WORDS)),
            Condition("pattern", f"{fold}^{word}"),
            Condition("pattern", f"{fold}^(?:{word}|{re.escape(chance.choice(WORDS))})"),
            Condition("pattern", f"{fold}^{word}(?P<{group}>.*)$"),
            Condition("pattern", f"{fold}^(?P<{group}>{word}.*)$"),
            Condition("pattern", r"^(?P<other>.*?)(?P<serial>\d+)$"),
            Condition("pattern", r"^(?P<serial>.+)(?P<model>\d)$"),
            Condition(chance.choice(("pattern", "equals", "contains")), "^(?P<serial>ab.*)$"),
            Condition("search", rf"(?P<{group}>\d+)"),
        )
    )


def any_rule(chance: random.Random, number: int, decided: Sequence[str]) -> Rule:
    """A fingerprint that claims anything, from anything."""
    how = chance.random()
    keys = chance.sample(DEVICE_KEYS, chance.randint(1, 3)) if how < 0.8 else []
    keys += chance.sample(decided, chance.randint(1, 2)) if how > 0.75 else []
    when: list[tuple[str, tuple[Condition, ...]]] = []
    for place, key in enumerate(keys):
        only = chance.random() if place else 1.0
        alone = Condition("absent", "true") if only < 0.12 else Condition("without", f"^{chance.choice(WORDS[:7])}")
        several = tuple(dict.fromkeys(any_condition(chance) for _ in range(chance.randint(1, 2))))
        when.append((key, (alone,) if only < 0.24 else several))
    asked = [one.text for _, conditions in when for one in conditions if one.operator in {"pattern", "search"}]
    groups = sorted({name for text in asked for name in re.findall(r"\?P<(\w+)>", text)})
    then = {key: chance.choice(texts) for key, texts in TEXTS.items() if chance.random() < 0.3}
    then |= {key: f"{{{chance.choice(groups)}}}" for key in ("serial", "model", "firmware") if groups and key in then}
    certainty = chance.choice((0.3, 0.45, 0.6, 0.75, 0.85, 0.95, 0.99))
    family = chance.choice(("http", "sadp", "dhip"))
    return Rule(f"any.{number}", tuple(when), tuple((then or {"serial": "S1"}).items()), certainty, family)


@pytest.mark.parametrize("seed", range(4))
def test_whatever_a_user_claims_from_whatever_it_is_known_so(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(tries(250)):
        decided = DECIDED_KEYS[: chance.choice((3, 3, 5))]
        rules = [any_rule(chance, number, decided) for number in range(chance.choice((3, 8, 20)))]
        own = replace(OURS, rules=tuple(rules), sections={}, prefixes={})
        plain = plain_copy(own)
        for _ in range(3):
            keys = chance.choices(DEVICE_KEYS, k=chance.randint(1, 5))
            facts = [(key, chance.choice(WORDS) + chance.choice(ENDS)) for key in keys]
            for _ in range(3):  # units that differ in a number
                compare(own, plain, facts)
                facts = [(key, re.sub(r"\d$", str(chance.randrange(10)), value)) for key, value in facts]
            compare(own, plain, [*facts, ("onvif.manufacturer", chance.choice(("7 7", "Acme", "Dahua")))])
            compare_as_it_grows(own, plain, grow(facts))


OVERLAY = r"""
- id: own.exact
  when: {http.title: {equals: '^(?P<serial>Q[0-9]+)$'}, ssdp.header: '^x-label: (?P<model>.+)$'}
  then: {maker: dahua, model: '{model}'}
  certainty: 0.80
  source: our own label
  examples:
    - see: {http.title: '^(?P<serial>Q[0-9]+)$', ssdp.header: 'x-label: NVR-X'}
      then: {model: NVR-X}
  counterexamples:
    - see: {http.title: Q77, ssdp.header: 'x-label: NVR-X'}

- id: own.number
  when: {http.realm: '^(?P<serial>Q[0-9]+)$'}
  then: {maker: dahua, model: NVR-X, firmware: '1.0', serial: '{serial}'}
  certainty: 0.95
  source: our own label
  examples:
    - see: {http.realm: Q77}
      then: {serial: Q77}
  counterexamples:
    - see: {http.realm: R77}

- id: own.path
  when: {tls.subject_ou: '^(?:C:\\|/)cam$'}
  then: {maker: hikvision, model: NVR-Y}
  certainty: 0.85
  source: our own label
  examples:
    - see: {tls.subject_ou: /cam}
    - see: {tls.subject_ou: 'C:\cam'}
  counterexamples:
    - see: {tls.subject_ou: 'C:|/cam'}

- id: own.quiet
  when: {id.model: '^NVR-(?P<serial>Y)$', sadp.type: {absent: 'true'}}
  then: {firmware: '2.0', serial: 'Q{serial}'}
  certainty: 0.95
  source: our own label
  examples:
    - see: {id.model: NVR-Y}
      then: {serial: QY}
  counterexamples:
    - see: {id.model: NVR-Y, sadp.type: ProbeMatch}
"""


@pytest.fixture(scope="module")
def overlaid(tmp_path_factory: pytest.TempPathFactory) -> Database:
    folder = tmp_path_factory.mktemp("own")
    (folder / "own.yaml").write_text(OVERLAY, encoding="utf-8")
    return fingerprints.load_database((folder,), cache=tmp_path_factory.mktemp("cache"))


def test_a_text_that_is_looked_for_is_not_taken_for_the_pattern_that_it_spells(overlaid: Database) -> None:
    exact = [("http.title", "^(?P<serial>Q[0-9]+)$"), ("ssdp.header", "x-label: NVR-X")]
    plain = plain_copy(overlaid)
    for facts in ([*exact, ("http.realm", "Q77")], [("http.realm", "Q77")]):
        compare(overlaid, plain, facts)
        assert identify_box(observations(facts), overlaid).serial == "Q77"


@pytest.mark.parametrize("unit", ["/cam", "C:\\cam"])
def test_one_of_two_beginnings_may_end_in_a_backslash(overlaid: Database, unit: str) -> None:
    compare(overlaid, plain_copy(overlaid), [("tls.subject_ou", unit)])
    assert identify_box(observations([("tls.subject_ou", unit)]), overlaid).maker == "hikvision"


def test_what_follows_from_the_model_alone_makes_a_device_complete(overlaid: Database) -> None:
    facts = [("tls.subject_ou", "/cam"), ("sadp.type", "ProbeMatch/inquiry")]
    state = compare_as_it_grows(overlaid, plain_copy(overlaid), grow(facts[:1]))
    assert state.seen(UNIT).complete
    state = compare_as_it_grows(overlaid, plain_copy(overlaid), grow(facts))
    assert not state.seen(UNIT).complete


def test_units_of_one_model_state_their_maker_each_for_itself() -> None:
    for key, model in itertools.product(("onvif.model", "isapi.model"), ("IPC-HFW1230S", "DS-2CD2042WD-I", "Q6055-E")):
        for where in ("onvif.manufacturer", "wsd.manufacturer"):
            for stated in (" ", "7 7", model, "", "Acme Security", "8 8", model):
                compare(OURS, PLAIN, [(key, model), (where, stated)])


SIGNS = (
    "a",
    "b",
    "S",
    "k",
    "-",
    "/",
    " ",
    r"\.",
    r"\\",
    r"\|",
    r"\(",
    "[a|b]",
    r"\d",
    ".",
    "(?:a|k)",
    "a*",
    "b?",
    "k{2}",
)
TEXT = st.lists(st.sampled_from(SIGNS), min_size=1, max_size=3).map("".join)


@examples(500)
@given(
    st.sampled_from(("", "(?i)")),
    st.lists(TEXT, min_size=1, max_size=3).map("|".join),
    TEXT,
    st.lists(st.text(st.sampled_from(f"abSsKk-/ .\\|(7{LONG_S}{KELVIN}"), max_size=5), min_size=30, max_size=60),
)
def test_no_value_is_passed_over_that_a_pattern_fits(fold: str, choice: str, rest: str, values: list[str]) -> None:
    for pattern in (f"{fold}^(?:{choice}){rest}", f"{fold}^{rest}(?:{choice})", f"{fold}^(?:{choice})"):
        index = Index()
        index.add_condition(Condition("pattern", pattern))
        for value in values:
            assert index.may_fit(value) or not index.fitting_conditions(value), (pattern, value)


# ── what is remembered ───────────────────────────────────────────────────────────────────────────────────────


def test_nothing_that_is_remembered_changes_an_answer() -> None:
    chance = random.Random(11)
    asked = [observations([*one, *other]) for one, other in itertools.pairwise(chance.sample(SHOWN, tries(600)))]
    full = [identify_box(seen, OURS) for _ in range(2) for seen in asked]
    why = [list_reasons(found) for found in full]
    for place, seen in enumerate(asked):
        empty_caches(OURS)
        found = identify_box(seen, OURS)
        assert full[place] == full[place + len(asked)] == found
        assert why[place] == list_reasons(found)


@NEEDS_CORPUS
def test_a_reply_is_read_alike_whatever_was_read_before() -> None:
    told, again = corpus_attempts(), corpus_attempts()
    assert told == again
    assert len(told) > 300
    for one in told:
        empty_caches(OURS)
        assert read_reply(load()[one.probe], Reply(one.probe, one.payload, UNIT, one.port, NOON)) == one
