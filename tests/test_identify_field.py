"""Of several answers to one question, which contradictions are told; when a name or a key is enough to go by."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from camscan.fingerprints import load_database
from camscan.identify import identify_box, statement
from camscan.identify.field import LONGEST, Answer, list_answers, list_conflicts
from camscan.identify.keys import Key, is_recognised_by
from camscan.identify.merge import _list_addresses
from camscan.model import Attempt, Match, Observation, Outcome


def said(text: str, certainty: float, *, typed: bool = False) -> Answer:
    return Answer(text, certainty, f"something said {text}", "hikvision.sadp", (not typed, certainty, 0))


CHOSEN = said("V5.5.0", 0.99)


def test_an_answer_of_just_the_certainty_asked_for_is_reported_and_one_below_is_not() -> None:
    told = list_conflicts([CHOSEN, said("V5.7.0", 0.5), said("V5.8.0", 0.49)], CHOSEN, "firmware", 0.5)
    assert told == ["firmware: V5.5.0 (something said V5.5.0) or V5.7.0 (something said V5.7.0)"]


def test_what_somebody_typed_contradicts_nobody() -> None:
    assert list_conflicts([CHOSEN, said("V5.7.0", 0.9, typed=True)], CHOSEN, "firmware", 0.5) == []


def test_the_same_text_is_reported_once() -> None:
    assert len(list_conflicts([CHOSEN, said("V5.7.0", 0.9), said("V5.7.0", 0.8)], CHOSEN, "firmware", 0.5)) == 1


@pytest.mark.parametrize("key", ["model", "serial", "firmware"])
def test_a_text_as_long_as_a_page_is_not_a_field(key: str) -> None:
    def answers(text: str) -> list[str]:
        return [one.text for one in list_answers([Match("x", {key: text}, 0.9, "it said so", key, (key,))], key)]

    assert answers("V5" * (LONGEST // 2)) == ["V5" * (LONGEST // 2)]
    assert answers("V5" * LONGEST) == []


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
    assert is_recognised_by("onvif", one, other) is is_enough
    assert is_recognised_by("onvif", [uuid], [uuid, macs[0]])  # one of them tells no address


@pytest.mark.parametrize(
    ("one", "other", "agree"),
    [
        ("V5.5.0 build 170725", "v5.5.0,build 170725", True),
        ("V5.5.0 build 170725", "V5.5.0", True),
        ("V5.5.0", "V5.5.0 build 170725", True),
        ("V5.5.0 build 170725", "V5.5.0 build 180314", False),
        ("V5.5.0 build 170725", "V5.6.0 build 170725", False),
        ("V5.5.0 build 170725", "a text without a version", False),
        ("a text without a version", "V5.5.0", False),
        ("Without a version", "without a version", True),
    ],
)
def test_two_texts_of_firmware_agree_where_version_and_whatever_both_say_of_the_day_do(
    one: str, other: str, *, agree: bool
) -> None:
    assert list_conflicts([said(one, 0.9), said(other, 0.9)], said(one, 0.9), "firmware", 0.5) == (
        [] if agree else [f"firmware: {one} (something said {one}) or {other} (something said {other})"]
    )


FULL = "DS-2CD2385G1-I20190801AAWRD12345678"


@pytest.mark.parametrize(
    ("one", "other", "agree"),
    [
        (FULL, "D12345678", True),
        ("D12345678", FULL, True),
        ("4K01a", "4k01A", True),
        ("4K01", "4K 01", False),  # of a model, a blank makes no difference
        ("DH-4K01", "4K01", False),
    ],
)
def test_a_serial_number_agrees_with_its_short_form_and_with_no_other(one: str, other: str, *, agree: bool) -> None:
    assert bool(list_conflicts([said(one, 0.9), said(other, 0.9)], said(one, 0.9), "serial", 0.5)) is not agree


@pytest.mark.parametrize(("theirs", "is_enough"), [("hikvision", True), ("dahua", False), (None, True)])
def test_a_serial_number_without_its_maker_tells_a_unit_unless_both_makers_are_known_and_differ(
    theirs: str | None, *, is_enough: bool
) -> None:
    unit, *macs = Key("unit", "A1"), Key("mac", "44:19:b6:00:00:01"), Key("mac", "44:19:b6:00:00:02")
    other = [unit, macs[1], *([Key("serial", f"{theirs}|A1")] if theirs else [])]
    assert is_recognised_by("unit", [unit, macs[0], Key("serial", "hikvision|A1")], other) is is_enough


def test_what_a_model_number_claims_names_the_manufacturer_that_was_stated_beside_it_once() -> None:
    facts = {"onvif.manufacturer": "Acme Cameras", "onvif.model": "DS-2CD2385G1-I"}
    when = datetime(2026, 3, 2, tzinfo=UTC)
    found = identify_box(
        [Observation("192.0.2.1", 80, "onvif", key, value, when) for key, value in facts.items()], load_database()
    )
    (maker,) = [line for line in found.because if "maker hikvision" in line]
    beside = ", beside onvif.manufacturer = Acme Cameras (TCP 80)"
    assert maker.startswith(f"onvif.model = DS-2CD2385G1-I (TCP 80){beside}: maker hikvision")
    # Of what names no maker, nothing has to be weighed.
    assert "onvif.model = DS-2CD2385G1-I (TCP 80): model DS-2CD2385G1-I [generic.onvif.model 0.85]" in found.because


def test_a_reply_without_an_address_adds_none() -> None:
    when = datetime(2026, 3, 2, tzinfo=UTC)
    attempts = [Attempt("onvif", ip, 80, Outcome.ANSWERED, seen_at=when) for ip in ("", "192.0.2.2", "192.0.2.1", "")]
    assert _list_addresses(attempts) == ("192.0.2.2", "192.0.2.1")
