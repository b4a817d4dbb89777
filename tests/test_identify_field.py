"""Of several answers to one question, which contradictions are told; when a name or a key is enough to go by."""

from __future__ import annotations

import pytest

from camscan.identify import statement
from camscan.identify.field import Answer, conflicts
from camscan.identify.keys import Key, recognises
from camscan.model import Match


def said(text: str, certainty: float, *, typed: bool = False) -> Answer:
    return Answer(text, certainty, f"something said {text}", "hikvision.sadp", (not typed, certainty, 0))


CHOSEN = said("V5.5.0", 0.99)


def test_an_answer_of_just_the_certainty_asked_for_is_told_and_one_below_is_not() -> None:
    told = conflicts([CHOSEN, said("V5.7.0", 0.5), said("V5.8.0", 0.49)], CHOSEN, "firmware", 0.5)
    assert told == ["firmware: V5.5.0 (something said V5.5.0) or V5.7.0 (something said V5.7.0)"]


def test_what_somebody_typed_contradicts_nobody() -> None:
    assert conflicts([CHOSEN, said("V5.7.0", 0.9, typed=True)], CHOSEN, "firmware", 0.5) == []


def test_the_same_text_is_told_once() -> None:
    assert len(conflicts([CHOSEN, said("V5.7.0", 0.9), said("V5.7.0", 0.8)], CHOSEN, "firmware", 0.5)) == 1


@pytest.mark.parametrize(
    ("text", "claims", "is_itself"),
    [
        ("Hi-Look", {"brand": "HiLook"}, True),
        ("HiLook", {"brand": "Annke"}, False),
        ("HiLook", {}, False),
        ("", {}, False),
        ("ipc-t240h", {"model": "IPC-T240H-C"}, True),
        ("camera", {"model": "Camera-2"}, False),  # a word without a digit is no model number
    ],
)
def test_a_name_that_is_the_unit_s_badge_or_model_number_names_no_other_maker(
    text: str, claims: dict[str, str], *, is_itself: bool
) -> None:
    match = Match("oem.hilook", claims, 0.4, "its model number", "brand", ("id.model",))
    assert statement._is_unit_itself(text, match) is is_itself


@pytest.mark.parametrize(
    ("besides", "is_enough"), [([], False), ([Key("serial", "hikvision|A1")], True), ([Key("unit", "A1")], True)]
)
def test_a_uuid_of_two_with_different_mac_addresses_needs_a_serial_number_beside_it(
    besides: list[Key], *, is_enough: bool
) -> None:
    uuid, *macs = Key("onvif", "316d4de6"), Key("mac", "44:19:b6:00:00:01"), Key("mac", "44:19:b6:00:00:02")
    one, other = ([uuid, mac, *besides] for mac in macs)
    assert recognises("onvif", one, other) is is_enough
    assert recognises("onvif", [uuid], [uuid, macs[0]])  # one of them tells no address
