"""What a probe may know: who it is is worked out when somebody asks, and is then what the facts say."""

from __future__ import annotations

import pytest

from camscan import fingerprints
from camscan.model import Confidence, Identification
from camscan.scan.seen import SeenSoFar

WHOLE = Identification(
    maker="dahua", model="IPC", firmware="2.8", serial="7K01", confidence=Confidence.CONFIRMED, certainty=0.99
)


@pytest.mark.parametrize("claim", ["serial", "firmware", "model", "maker"])
def test_what_can_lead_to_a_claim_is_never_denied(claim: str) -> None:
    database = fingerprints.load_database()
    examples = [example for entry in database.entries for example in entry.examples if claim in example.then]
    assert len(examples) > 5
    for example in examples:
        keys = {key for key, _ in example.see}
        assert database.may_claim(claim, keys) or any(key.startswith("id.") for key in keys), example


def test_what_cannot_is_denied() -> None:
    database = fingerprints.load_database()
    assert not database.may_claim("serial", {"mac.address", "http.title"})
    assert not database.may_claim("serial", set())
    assert not database.may_claim("colour", {"http.title"})


def test_who_it_is_is_asked_only_when_it_matters() -> None:
    asked: list[Identification] = []

    def identify() -> Identification:
        asked.append(WHOLE)
        return WHOLE

    seen = SeenSoFar({"http.server": ("x",)}, {"http": (80,)}, identify, may_be_complete=False)
    assert (seen.facts, seen.spoken, seen.complete) == ({"http.server": ("x",)}, {"http": (80,)}, False)
    assert not asked
    assert (seen.maker, seen.confirmed, seen.no_camera) == ("dahua", True, False)
    assert asked


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        (WHOLE, ("dahua", True, True, False)),
        (Identification(), (None, False, False, False)),
        (Identification(maker="dahua", confidence=Confidence.POSSIBLE, certainty=0.5), (None, False, False, False)),
        (
            Identification(is_camera_system=False, confidence=Confidence.PROBABLE, certainty=0.8),
            (None, False, False, True),
        ),
    ],
)
def test_it_is_what_the_facts_say(who: Identification, expected: tuple[object, ...]) -> None:
    seen = SeenSoFar({}, {}, lambda: who, may_be_complete=True)
    assert (seen.maker, seen.confirmed, seen.complete, seen.no_camera) == expected
