"""Which replies count: those that answer a question of ours. Nothing is sent."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from udp_replies import SADP_CAMERA, SADP_HELLO

from camscan import captures, fingerprints
from camscan.identify import merge_attempts
from camscan.model import Confidence, Device, Outcome, Reply
from camscan.net.target import parse_targets
from camscan.probes import load
from camscan.scan.coverage import Tally, make_coverage
from camscan.scan.replies import CROWD, MOST_STRANGERS, PASSIVE_CROWD, REPLIES_PER_ADDRESS, Replies
from camscan.scan.state import ScanState

DATABASE = fingerprints.load_database()
PROBES = load()
TARGETS = parse_targets(["10.9.0.0/16"])
UNIT, FACTORY = "10.9.0.3", "192.0.2.64"
ECHOED = b"1E0F4C6A-90E4-44C0-842B-703F46B5AA01"
"""What the captured reply echoes."""
SADP, WSD, DHIP = 37020, 3702, 37810
SEARCH_ANSWER = b'{"method":"client.notifyDevInfo","params":{"deviceInfo":{"DeviceType":"IPC-HDW1431T1-S4"}}}'
PROBE_MATCH = (
    b'<?xml version="1.0"?><Envelope><Header><wsa:RelatesTo xmlns:wsa="x">urn:uuid:%s</wsa:RelatesTo></Header><Body>'
    b"<ProbeMatches><ProbeMatch><Scopes>onvif://www.onvif.org/name/HIKVISION%%20DS-2CD2032-I "
    b"onvif://www.onvif.org/hardware/DS-2CD2032-I onvif://www.onvif.org/location/city/hangzhou</Scopes></ProbeMatch>"
    b"</ProbeMatches></Body></Envelope>"
)


def hearing(*, attached: bool = False, routed: bool = False, is_passive: bool = False) -> Replies:
    return Replies(
        *(ScanState(DATABASE), Tally(), PROBES, TARGETS),
        needs_proof=lambda _ip: attached,
        is_routed=lambda _ip: routed,
        is_passive=is_passive,
    )


def camera(identifier: str, serial: str = "AAWRE33700001") -> bytes:
    return SADP_CAMERA.replace(ECHOED, identifier.encode()).replace(b"AAWRE33700001", serial.encode())


def direct(replies: Replies, ip: str = UNIT) -> str:
    """As a camera spells the identifier of the question that it was asked itself."""
    return str(replies.identifiers.identifier_for(ip, "inquiry", 0)).upper()


def devices(replies: Replies) -> list[Device]:
    replies.settle_devices(is_complete=True)
    return merge_attempts(replies.state.attempts(), DATABASE)


def notes(replies: Replies) -> list[str]:
    return list(
        make_coverage(replies.state, replies.tally, TARGETS, replies.strangers, listened=replies.is_passive).notes
    )


def sure(replies: Replies) -> list[Confidence]:
    return [device.identification.confidence for device in devices(replies)]


def test_an_identifier_is_of_one_address_and_one_question() -> None:
    ids = hearing().identifiers
    asked = [
        ids.identifier_for(ip, label, n)
        for ip in (UNIT, FACTORY)
        for label in ("inquiry", "inquiry_v32")
        for n in (0, 1)
    ]
    assert len(set(asked)) == len(asked)
    assert ids.identifier_for(UNIT, "inquiry", 0) == asked[0]
    assert asked[0] != hearing().identifiers.identifier_for(UNIT, "inquiry", 0)


@pytest.mark.parametrize(
    "spell",
    [
        str,
        lambda uuid: str(uuid).upper(),
        lambda uuid: f"{{{uuid}}}",
        lambda uuid: f" urn:uuid:{uuid}\n",
        lambda uuid: uuid.hex,
        lambda uuid: str(uuid)[:31],
    ],
)
def test_an_identifier_is_known_in_every_spelling(spell: object) -> None:
    ids = hearing().identifiers
    text = spell(ids.identifier_for(UNIT, "inquiry", 1))  # type: ignore[operator]
    assert ids.is_direct(PROBES["sadp"], camera(text), UNIT)
    assert not ids.is_direct(PROBES["sadp"], camera(text), "10.9.0.4")


@pytest.mark.parametrize(
    "text", ["", "0", "00000000-0000-0000-0000-000000000000", "cecaa147-11af-4a34-b6b5-615d875386d3", "deadbeef"]
)
def test_a_different_identifier_is_not_an_echo(text: str) -> None:
    replies = hearing()
    replies.identifiers.identifier_for_group()
    assert not replies.identifiers.is_direct(PROBES["sadp"], camera(text), UNIT)
    assert not replies.identifiers.is_to_group(PROBES["sadp"], camera(text))


@pytest.mark.parametrize("to_group", [False, True])
def test_who_echoes_a_question_counts_fully_wherever_the_answer_goes(to_group: bool) -> None:
    replies = hearing()
    hear = replies.on_group_datagram if to_group else replies.on_datagram
    hear(camera(direct(replies)), UNIT, SADP)
    question = replies.identifiers.identifier_for_group()
    hear(PROBE_MATCH % str(question).encode(), "10.9.0.4", WSD)
    assert [device.identification.maker for device in devices(replies)] == ["hikvision", "hikvision"]
    assert Confidence.POSSIBLE not in sure(replies)


def test_who_was_asked_and_answers_to_the_port_that_asked_counts_without_an_echo() -> None:
    replies = hearing()
    replies.on_datagram(camera("0"), UNIT, SADP)
    replies.on_datagram(SEARCH_ANSWER, "10.9.0.4", DHIP)
    assert sure(replies) == [Confidence.CONFIRMED, Confidence.CONFIRMED]


@pytest.mark.parametrize("payload", [SADP_CAMERA, SADP_HELLO], ids=["somebody else's answer", "hello"])
def test_what_is_reported_to_the_group_unasked_is_kept_and_possible_at_most(payload: bytes) -> None:
    replies = hearing()
    replies.on_group_datagram(payload, UNIT, SADP)
    (device,) = devices(replies)
    found = device.identification
    assert (found.maker, found.model, found.confidence) == ("hikvision", "DS-2CD2385G1-I", Confidence.POSSIBLE)
    assert found.because[-1].startswith("said unasked")
    assert [attempt.payload for attempt in replies.state.attempts()] == [payload]
    assert not replies.state.has_answered_in(UNIT, "sadp")  # it is still asked itself


def test_what_was_said_unasked_counts_once_it_is_said_as_an_answer() -> None:
    replies = hearing()
    same = camera("0")
    replies.on_group_datagram(same, UNIT, SADP)
    replies.on_datagram(same, UNIT, SADP)
    assert sure(replies) == [Confidence.CONFIRMED]
    assert [attempt.is_solicited for attempt in replies.state.attempts()] == [True]


@pytest.mark.parametrize("forged_first", [True, False])
@pytest.mark.parametrize("to_group", [True, False])
def test_beside_an_echo_nothing_else_of_that_protocol_is_believed(forged_first: bool, to_group: bool) -> None:
    replies = hearing()
    forged = replies.on_group_datagram if to_group else replies.on_datagram
    said: list[Callable[[], None]] = [
        lambda: forged(camera("0", "AAWRE99999999"), UNIT, SADP),
        lambda: replies.on_datagram(camera(direct(replies)), UNIT, SADP),
    ]
    for say in said if forged_first else reversed(said):
        say()
    (device,) = devices(replies)
    assert device.identification.serial == "DS-2CD2385G1-I20200414AAWRE33700001"
    assert device.identification.confidence is Confidence.CONFIRMED
    assert len(replies.state.attempts()) == 2  # kept, as what it is


def test_what_another_address_was_asked_is_of_no_use_to_a_forger() -> None:
    replies = hearing()
    replies.on_group_datagram(camera(direct(replies, "10.9.0.4")), UNIT, SADP)
    assert sure(replies) == [Confidence.POSSIBLE]


def test_an_address_that_no_mac_stands_behind_is_not_a_device() -> None:
    replies = hearing(attached=True)
    question = replies.identifiers.identifier_for_group()
    replies.on_group_datagram(camera(str(question)), UNIT, SADP)
    replies.on_datagram(SEARCH_ANSWER, "10.9.0.4", DHIP)
    replies.on_group_datagram(camera(str(question), "AAWRE33700009"), "10.9.0.5", SADP)
    replies.on_reply(Reply("mac", b"44:19:b6:00:00:03", "10.9.0.5"))
    assert replies.state.alive == {"10.9.0.5"}
    assert replies.state.unproven_addresses() == [UNIT, "10.9.0.4"]  # these are asked directly
    assert [device.ip_addresses for device in devices(replies)] == [("10.9.0.5",)]
    assert any(f"datagrams came from 2 addresses ({UNIT}, 10.9.0.4)" in note for note in notes(replies))


def test_where_a_scan_was_interrupted_nobody_is_called_forged() -> None:
    replies = hearing(attached=True)
    replies.on_datagram(SEARCH_ANSWER, UNIT, DHIP)
    replies.settle_devices(is_complete=False)
    assert UNIT in replies.state.hosts


def forge(replies: Replies, network: str, count: int) -> None:
    for number in range(count):
        ip = f"{network}.{number // 250}.{number % 250 + 1}"
        replies.on_group_datagram(camera(str(UUID(int=number)), f"AAWRE{number:08}"), ip, SADP)


@pytest.mark.slow
def test_a_crowd_is_one_sentence() -> None:
    replies = hearing()
    replies.on_datagram(camera(direct(replies)), UNIT, SADP)
    forge(replies, "10.9", 1500)
    forge(replies, "192.168", 1500)
    assert len(devices(replies)) == 1
    crowd = [note for note in notes(replies) if note.startswith("a crowd of ")]
    assert len(crowd) == 1
    assert int(crowd[0].split()[3].replace(",", "")) > 2700
    assert len(notes(replies)) <= 2


def test_a_few_are_listed() -> None:
    replies = hearing()
    forge(replies, "10.9", CROWD)
    forge(replies, "192.168", 3)
    assert len(devices(replies)) == CROWD
    assert any("3 addresses that you did not name were heard, unasked" in note for note in notes(replies))


@pytest.mark.slow
def test_who_only_listens_lists_more_and_calls_nobody_forged() -> None:
    replies = hearing(attached=True, is_passive=True)
    forge(replies, "10.9", PASSIVE_CROWD + 10)
    found = devices(replies)
    assert len(found) == PASSIVE_CROWD
    assert {device.identification.confidence for device in found} == {Confidence.POSSIBLE}
    told = notes(replies)
    assert any(note.startswith("a crowd of 10 ") for note in told)
    assert [note for note in told if "MAC" in note or "answered a question" in note] == []


def test_a_factory_address_is_named_and_not_entered() -> None:
    replies = hearing()
    replies.on_datagram(camera(str(replies.identifiers.identifier_for_group())), FACTORY, SADP)
    assert devices(replies) == []
    covered = make_coverage(replies.state, replies.tally, TARGETS, replies.strangers, listened=False)
    assert covered.strangers == (FACTORY,)
    assert any(
        note.startswith(f"1 address that you did not name answered: {FACTORY} (hikvision DS-2CD2385G1-I)")
        and "--keep-strangers" in note
        for note in covered.notes
    )


def test_strangers_take_no_more_than_their_room() -> None:
    replies = hearing()
    question = str(replies.identifiers.identifier_for_group())
    for number in range(MOST_STRANGERS + 100):
        replies.on_datagram(camera(question, f"AAWRE{number:08}"), f"172.16.{number // 250}.{number % 250}", SADP)
    assert len(replies.strangers.hosts) == MOST_STRANGERS


def test_who_floods_is_not_read_for_ever() -> None:
    replies = hearing()
    for number in range(REPLIES_PER_ADDRESS + 20):
        replies.on_datagram(SEARCH_ANSWER.replace(b"S4", b"S%d" % number), UNIT, DHIP)
    assert len(replies.state.attempts()) == REPLIES_PER_ADDRESS
    replies.settle_devices(is_complete=True)
    assert any(note.startswith(f"{UNIT} sent more than {REPLIES_PER_ADDRESS} datagrams") for note in notes(replies))


def test_the_mark_goes_with_a_captured_reply() -> None:
    replies = hearing()
    replies.on_group_datagram(SADP_CAMERA, UNIT, SADP)
    lines = list(captures.write_captures(replies.state.attempts()))
    (reply,) = captures.read_captures(lines)
    assert isinstance(reply, Reply)
    assert not reply.is_solicited
    (device,) = captures.identify_replies([reply], DATABASE)
    assert device.identification.confidence is Confidence.POSSIBLE


def test_answers_in_the_name_of_routed_addresses_are_a_crowd_where_nothing_else_speaks_for_them() -> None:
    replies = hearing(routed=True)
    question = str(replies.identifiers.identifier_for_group())
    replies.on_datagram(camera(direct(replies)), UNIT, SADP)  # nobody else was told its identifier
    for number in range(100):
        replies.on_datagram(SEARCH_ANSWER, f"10.9.1.{number}", DHIP)
        replies.on_datagram(camera(question, f"AAWRE{number:08}"), f"10.9.2.{number}", SADP)
    assert replies.state.alive == {UNIT}
    assert [device.ip_addresses for device in devices(replies)] == [(UNIT,)]
    assert any(note.startswith("a crowd of 200 ") for note in notes(replies))


def test_a_few_answers_in_the_name_of_routed_addresses_are_possible_at_most() -> None:
    replies = hearing(routed=True)
    replies.on_datagram(SEARCH_ANSWER, "10.9.0.4", DHIP)
    replies.on_datagram(camera(str(replies.identifiers.identifier_for_group())), "10.9.0.5", SADP)
    assert replies.state.unproven_addresses() == ["10.9.0.4", "10.9.0.5"]  # these are asked directly
    assert sure(replies) == [Confidence.POSSIBLE, Confidence.POSSIBLE]


def test_a_routed_address_that_says_it_again_to_a_port_of_its_own_counts_fully() -> None:
    replies = hearing(routed=True)
    replies.on_datagram(SEARCH_ANSWER, UNIT, DHIP)
    assert replies.protocols_to_confirm(UNIT) == ["dhip"]
    replies.on_own_answer(SEARCH_ANSWER, UNIT, DHIP)
    assert replies.protocols_to_confirm(UNIT) == []
    assert replies.state.alive == {UNIT}
    assert sure(replies) == [Confidence.CONFIRMED]


def test_beside_what_a_port_of_its_own_was_told_nothing_else_of_that_protocol_is_believed() -> None:
    replies = hearing(routed=True)
    forged = SEARCH_ANSWER.replace(b"IPC-HDW1431T1-S4", b"NVR5216-16P-4KS2E")
    replies.on_datagram(forged, UNIT, DHIP)
    replies.on_datagram(SEARCH_ANSWER, UNIT, DHIP)
    replies.on_own_answer(SEARCH_ANSWER, UNIT, DHIP)
    replies.on_datagram(forged + b" ", UNIT, DHIP)
    (device,) = devices(replies)
    assert (device.identification.model, device.identification.confidence) == ("IPC-HDW1431T1-S4", "confirmed")


def test_the_same_answer_to_a_group_and_to_a_question_alone_is_kept_once_with_the_better_proof() -> None:
    replies = hearing()
    replies.on_datagram(camera(str(replies.identifiers.identifier_for_group())), UNIT, SADP)
    replies.on_datagram(camera(direct(replies)), UNIT, SADP)
    replies.on_datagram(camera(str(replies.identifiers.identifier_for_group()), "AAWRE99999999"), UNIT, SADP)
    assert [bool(one.observations) for one in replies.state.attempts()] == [True, False]
    assert replies.state.has_proved(UNIT, "sadp")
    (device,) = devices(replies)
    assert device.identification.serial == "DS-2CD2385G1-I20200414AAWRE33700001"


@pytest.mark.parametrize("kept", ["attached", "routed"])
def test_an_icmp_error_shows_presence_and_proves_nothing(kept: str) -> None:
    replies = hearing(attached=kept == "attached", routed=kept == "routed")
    replies.on_datagram(SEARCH_ANSWER, UNIT, DHIP)
    for ip in (UNIT, "10.9.0.4"):
        replies.on_refusal(ip, SADP, Outcome.REFUSED)
    assert (replies.state.alive, replies.state.present) == (set(), {UNIT, "10.9.0.4"})
    assert replies.state.unproven_addresses() == [UNIT]
    found = devices(replies)
    assert [device.identification.confidence for device in found] == [Confidence.POSSIBLE] * (kept == "routed")
    covered = make_coverage(replies.state, replies.tally, TARGETS, replies.strangers, listened=False)
    assert covered.refused + covered.answered == 2
    assert covered.living == ({"10.9.0.0/24": 1} if kept == "routed" else {})


def test_on_an_attached_link_is_reported_again_what_cannot_all_be_of_one_unit() -> None:
    replies = hearing(attached=True)
    replies.on_reply(Reply("mac", b"02:00:00:00:00:03", UNIT))
    replies.on_datagram(SEARCH_ANSWER, UNIT, DHIP)
    assert replies.protocols_to_confirm(UNIT) == []
    replies.on_datagram(SEARCH_ANSWER.replace(b"IPC-HDW1431T1-S4", b"NVR5216-16P-4KS2E"), UNIT, DHIP)
    assert replies.protocols_to_confirm(UNIT) == ["dhip"]


def test_a_flood_in_the_name_of_a_unit_does_not_silence_it() -> None:
    replies = hearing()
    for number in range(REPLIES_PER_ADDRESS + 20):
        replies.on_datagram(SEARCH_ANSWER + b" " * number, UNIT, DHIP)
    assert replies.is_flooded(UNIT)
    replies.on_datagram(camera("0"), UNIT, SADP)
    replies.on_datagram(camera(direct(replies)), UNIT, SADP)
    assert [one.probe for one in replies.state.attempts()].count("sadp") == 1
    replies.on_own_answer(SEARCH_ANSWER, UNIT, DHIP)
    assert [one.is_solicited for one in replies.state.attempts() if one.probe == "dhip"].count(True) == 1


@pytest.mark.parametrize("kept", ["attached", "routed"])
def test_where_a_scan_was_interrupted_nothing_counts_fully_that_was_not_proved(kept: str) -> None:
    replies = hearing(attached=kept == "attached", routed=kept == "routed")
    for number in range(CROWD + 8):
        replies.on_datagram(SEARCH_ANSWER, f"10.9.0.{number + 1}", DHIP)
    replies.settle_devices(is_complete=False)
    found = merge_attempts(replies.state.attempts(), DATABASE)
    assert {device.identification.confidence for device in found} == {Confidence.POSSIBLE}
    assert len(found) == CROWD + 8
    assert [note for note in notes(replies) if "could not be asked again before the scan was interrupted" in note]
