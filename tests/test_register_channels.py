"""Cameras that only a recorder tells of, and cameras that scans see too: each is one row."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample_report import DAY, NOON, camera, nameless, record, report

from camscan.asset import Asset, Event, Happening, Presence, RecordType
from camscan.identify.channel_count import count_channels
from camscan.model import Attempt, Confidence, Device, Observation, Outcome
from camscan.register import Edit, NewRow, Recorded, Register
from camscan.register.record.channel_lists import ListedCamera, read_channels

SERIAL = "DS-7616NI-K21620190701CCRRD12345678WCVU"
RECORDER = {"model": "DS-7616NI-K2", "serial": SERIAL, "mac": "44:19:b6:00:99:01", "kind": "nvr"}
CAMERA = "DS-2CD2385G1-I20190701AAWRD12345607"
OTHER = "DS-2CD2385G1-I20190701AAWRD12345608"


def observed(key: str, value: str, ip: str = "192.0.2.200") -> Observation:
    return Observation(ip, 80, key.partition(".")[0], key, value, NOON)


def recorder(*lines: str, key: str = "isapi.channel", **claims: str) -> Device:
    """A recorder that was asked with a login, and its list of channels."""
    known = camera(200, ip="192.0.2.200", observations=0, **{**RECORDER, **claims})  # type: ignore[arg-type]  # by name
    return dataclasses.replace(known, observations=tuple(observed(key, line) for line in lines))


def seventh() -> Device:
    """The camera that the recorder tells of, as a scan sees it."""
    return camera(7, serial=CAMERA)


def told(number: int, *, serial: str | None = CAMERA, model: str = "DS-2CD2385G1-I", name: str = "Yard") -> str:
    parts = {"name": name, "ip": f"192.168.254.{number}", "model": model, "serial": serial, "protocol": "HIKVISION"}
    return f"{number}: " + ", ".join(f"{word}={value}" for word, value in parts.items() if value)


def behind(book: Register) -> list[Asset]:
    return [row for row in book.devices() if row.recorder_asset_id]


class TestRead:
    def test_every_word_of_a_line(self) -> None:
        line = "4: name=Yard, north, ip=10.0.0.4, model=M-1, serial=S-2, firmware=V3, protocol=ONVIF"
        assert read_channels([observed("isapi.channel", line)]) == [
            ListedCamera(4, "Yard, north", "10.0.0.4", "M-1", "S-2", "V3", "ONVIF")
        ]

    @pytest.mark.parametrize("name", ["Channel1", "CAM 12", "Camera 01", "IPCamera 03", "IPC", "通道1", "ch_4"])
    def test_a_channel_that_nobody_named_proves_no_camera(self, name: str) -> None:
        assert read_channels([observed("dahua_cgi.channel", f"1: name={name}")]) == []

    @pytest.mark.parametrize("line", ["", "?: name=Yard", "0: name=Yard", "name=Yard", "1:", "99999: name=Yard"])
    def test_what_names_no_channel_is_none(self, line: str) -> None:
        assert read_channels([observed("isapi.channel", line)]) == []

    def test_a_placeholder_is_not_a_serial(self) -> None:
        (found,) = read_channels([observed("isapi.channel", "1: name=Yard, serial=N/A, model=DS-2CD2385G1-I")])
        assert (found.serial, found.model) == ("", "DS-2CD2385G1-I")

    @given(st.text())
    def test_any_text(self, text: str) -> None:
        assert all(found.number == 3 for found in read_channels([observed("isapi.channel", f"3: {text}")]))


class TestCount:
    def test_up_to_as_many_as_it_says(self) -> None:
        sadp = [observed("sadp.analog_channels", "4"), observed("sadp.digital_channels", "8")]
        dhip = [observed("dhip.video_inputs", "0"), observed("dhip.remote_video_inputs", "16")]
        assert count_channels("dvr", sadp) == 12
        assert count_channels("nvr", [*sadp, *dhip]) == 16
        assert count_channels("nvr", [observed("onvif.video_source", str(number)) for number in range(5)]) == 5

    @pytest.mark.parametrize("kind", ["camera", None, "intercom"])
    def test_only_recorders_have_any(self, kind: str | None) -> None:
        assert count_channels(kind, [observed("sadp.analog_channels", "4")]) is None

    @pytest.mark.parametrize("count", ["", "0", "many", "-1", "99999", "²", "9" * 5000])
    def test_what_is_not_a_count_is_none(self, count: str) -> None:
        assert count_channels("nvr", [observed("sadp.digital_channels", count)]) is None

    def test_it_stays_known_when_a_scan_hears_nothing_of_it(self, book: Register) -> None:
        device = recorder()
        seen = observed("sadp.digital_channels", "16")
        record(book, dataclasses.replace(device, observations=(seen,)))
        record(book, device)
        assert [row.channels for row in book.devices()] == [16]


class TestRows:
    def test_one_for_each_camera_that_it_tells_of(self, book: Register) -> None:
        recorded = record(book, recorder(told(1), "2: name=Camera 02", "3: name=Lobby"))
        (nvr,) = recorded.new
        first, third = behind(book)
        assert (first.record_type, first.presence, first.first_seen) == (
            RecordType.BEHIND_RECORDER,
            Presence.NOT_SCANNED,
            None,
        )
        assert (first.recorder_asset_id, first.channel, third.channel) == (nvr, 1, 3)
        assert (first.identification.maker, first.identification.model) == ("hikvision", "DS-2CD2385G1-I")
        assert first.identification.because[0].startswith(f"recorder {nvr} tells of its channel 1: name=Yard")
        assert first.hints == {"location_hint": "Yard", "told_address": "192.168.254.1"}
        assert (third.identification.maker, third.identification.confidence) == (None, Confidence.UNKNOWN)
        added = [each for each in recorded.happenings if each.event is Event.RECORDER_ADDED_CAMERA]
        assert [(each.asset_id, each.new) for each in added] == [
            (first.asset_id, f"{nvr} channel 1"),
            (third.asset_id, f"{nvr} channel 3"),
        ]

    def test_it_is_reported_once(self, book: Register) -> None:
        record(book, recorder(told(1)))
        before = book.devices()
        again = record(book, recorder(told(1)))
        assert (again.new, again.happenings, len(book.devices())) == ((), (), len(before))

    def test_a_scan_without_a_login_takes_nothing_away(self, book: Register) -> None:
        record(book, recorder(told(1)))
        (before,) = behind(book)
        record(book, recorder())
        assert behind(book) == [before]

    def test_more_that_is_reported_later_fills_the_row(self, book: Register) -> None:
        record(book, recorder(told(1, serial=None)))
        (before,) = behind(book)
        assert record(book, recorder(told(1))).happenings == ()
        (after,) = behind(book)
        assert (after.asset_id, after.identification.serial) == (before.asset_id, CAMERA)

    @pytest.mark.parametrize("other", [{"serial": OTHER}, {"serial": None, "model": "X-1"}])
    def test_another_camera_on_the_channel_is_another_row(self, book: Register, other: dict[str, str]) -> None:
        record(book, recorder(told(1)))
        (before,) = behind(book)
        recorded = record(book, recorder(told(1, **other)))
        (after,) = behind(book)
        assert after.asset_id != before.asset_id
        (happening,) = recorded.happenings
        assert before.asset_id in happening.detail
        (old,) = book.find_devices(before.asset_id)
        assert (old.recorder_asset_id, old.channel) == ("", None)

    def test_a_camera_that_changes_its_channel_keeps_its_row(self, book: Register) -> None:
        record(book, recorder(told(1), told(2, serial=OTHER)))
        one, two = (row.asset_id for row in behind(book))
        recorded = record(book, recorder(told(1, serial=OTHER), told(2)))
        assert {row.asset_id: row.channel for row in behind(book)} == {one: 2, two: 1}
        assert len(recorded.happenings) == 2
        assert record(book, recorder(told(1, serial=OTHER), told(2))).happenings == ()

    def test_channels_of_two_recorders_are_kept_apart(self, book: Register) -> None:
        second = recorder("1: name=Hall", serial=SERIAL.replace("D12345678", "D87654321"), mac="44:19:b6:00:99:02")
        record(book, recorder("1: name=Yard"), second)
        assert len(behind(book)) == 2


class TestSeenDirectly:
    def test_a_camera_that_a_later_scan_sees_is_the_same_row(self, book: Register) -> None:
        record(book, recorder(told(1)))
        (row,) = behind(book)
        book.edit_entries([Edit(row.asset_id, "notes", "by the gate")], role="CCTV manager", how="test")
        recorded = record(book, recorder(), seventh())
        assert (recorded.new, recorded.recognised, recorded.happenings) == ((), (row.asset_id,), ())
        (now,) = behind(book)
        assert (now.record_type, now.presence) == (RecordType.NETWORK, Presence.SEEN)
        assert (now.asset_id, now.entries, now.channel) == (row.asset_id, {"notes": "by the gate"}, 1)
        assert now.ip_addresses == seventh().ip_addresses

    def test_a_camera_that_was_seen_before_is_the_same_row(self, book: Register) -> None:
        (asset,) = record(book, seventh()).new
        recorded = record(book, recorder(told(1)), seventh())
        (row,) = behind(book)
        assert (row.asset_id, row.record_type, len(book.devices())) == (asset, RecordType.NETWORK, 2)
        assert [each.asset_id for each in recorded.happenings if each.event is Event.RECORDER_ADDED_CAMERA] == [asset]
        assert row.identification.because == seventh().identification.because

    def test_one_of_the_same_scan_too(self, book: Register) -> None:
        record(book, seventh(), recorder(told(1)))
        assert len(book.devices()) == 2

    def test_a_row_that_was_only_a_channel_becomes_part_of_the_camera(self, book: Register) -> None:
        record(book, recorder("1: name=Yard"))
        (before,) = behind(book)
        record(book, seventh(), recorder("1: name=Yard"))
        record(book, seventh(), recorder(told(1)))
        (row,) = behind(book)
        assert row.identification.serial == CAMERA
        assert before.asset_id not in {each.asset_id for each in book.devices()}
        assert row.hints["location_hint"] == "Yard"

    def test_where_a_person_wrote_on_it_it_keeps_its_row(self, book: Register) -> None:
        record(book, recorder("1: name=Yard"))
        (before,) = behind(book)
        book.edit_entries([Edit(before.asset_id, "notes", "by the gate")], role="CCTV manager", how="test")
        record(book, seventh(), recorder(told(1)))
        assert before.asset_id in {each.asset_id for each in book.devices()}

    def test_what_answers_at_the_address_that_the_recorder_tells_may_be_the_same(self, book: Register) -> None:
        (asset,) = record(book, nameless("192.168.254.1", maker="hikvision")).new
        lines = told(1, serial=None), told(2, serial=None)
        (conflict,) = record(book, recorder(*lines)).conflicts
        first, _ = behind(book)
        assert (conflict.kind, conflict.asset_id, conflict.other) == ("possible-duplicate", first.asset_id, asset)
        assert record(book, recorder(*lines)).conflicts == ()
        book.merge_devices(asset, first.asset_id, role="CCTV manager")
        assert {row.asset_id for row in behind(book)} >= {asset}
        assert record(book, recorder(*lines)).conflicts == ()
        assert len(book.devices()) == 3

    @pytest.mark.parametrize("other", [{"maker": "axis"}, {"maker": "hikvision", "model": "DS-2CD2043G0-I"}])
    def test_what_is_something_else_is_not(self, book: Register, other: dict[str, str]) -> None:
        record(book, nameless("192.168.254.1", **other))  # type: ignore[arg-type]  # by name
        assert record(book, recorder(told(1, serial=None))).conflicts == ()

    def test_the_recorder_is_not_taken_for_its_own_channel(self, book: Register) -> None:
        (nvr,) = record(book, recorder(told(1, serial=SERIAL, model="DS-7616NI-K2"))).new
        assert {row.asset_id for row in book.devices()} >= {nvr}
        assert book.find_devices(nvr)[0].recorder_asset_id == ""

    def test_a_row_that_a_person_stated_is_recognised(self, book: Register) -> None:
        new = NewRow(RecordType.IMPORTED, {"stated_serial_number": CAMERA})
        (asset,) = book.add_devices([new], role="CCTV manager", how="test")
        record(book, recorder(told(1)))
        assert [row.asset_id for row in behind(book)] == [asset]


def whole(*numbers: int) -> bytes:
    """A recorder's list of network channels, as enrichment keeps the reply."""
    rows = "".join(f"<InputProxyChannel><id>{number}</id><name>Yard</name></InputProxyChannel>" for number in numbers)
    body = f'<?xml version="1.0"?><InputProxyChannelList version="1.0">{rows}</InputProxyChannelList>\n'
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\n\r\n" + body.encode()


class TestDropped:
    """A channel that was listed and is not any more, while the recorder listed all that it has."""

    @staticmethod
    def list_(book: Register, *told_: str, reply: bytes, outcome: Outcome = Outcome.ANSWERED) -> Recorded:
        number = len(book.scans()) + 1
        attempt = Attempt("isapi", "192.0.2.200", 80, outcome, payload=reply)
        when = NOON + number * DAY
        return book.record(report(recorder(*told_), scan_id=f"scan-{number}", when=when, attempts=(attempt,)))

    @staticmethod
    def dropped(found: Iterable[Happening]) -> list[str]:
        return [each.old for each in found if each.event is Event.RECORDER_DROPPED_CAMERA]

    def test_it_is_reported_once_and_the_row_stays(self, book: Register) -> None:
        self.list_(book, told(1), told(2, serial=OTHER), reply=whole(1, 2))
        before = behind(book)
        recorded = self.list_(book, told(1), reply=whole(1))
        (happening,) = recorded.happenings
        assert (happening.event, happening.asset_id) == (Event.RECORDER_DROPPED_CAMERA, before[1].asset_id)
        assert (happening.old, happening.new) == (f"{before[1].recorder_asset_id} channel 2", "")
        assert happening.detail == (
            f"the recorder at 192.0.2.200 does not list its channel 2 any more (DS-2CD2385G1-I {OTHER})"
        )
        assert self.list_(book, told(1), reply=whole(1)).happenings == ()
        assert behind(book) == before

    def test_one_that_is_listed_again_is_reported_and_there_and_back_is_nothing(self, book: Register) -> None:
        self.list_(book, told(1), told(2, serial=OTHER), reply=whole(1, 2))
        self.list_(book, told(1), reply=whole(1))
        recorded = self.list_(book, told(1), told(2, serial=OTHER), reply=whole(1, 2))
        assert [each.event for each in recorded.happenings] == [Event.RECORDER_ADDED_CAMERA]
        assert book.happenings("scan-1") == []
        self.list_(book, told(1), reply=whole(1))
        assert len(self.dropped(book.happenings("scan-1"))) == 1
        assert book.happenings("scan-2") == []

    def test_of_all_that_it_had(self, book: Register) -> None:
        self.list_(book, told(1), told(2, serial=OTHER), reply=whole(1, 2))
        empty = b"HTTP/1.1 200 OK\r\n\r\n<InputProxyChannelList/>"
        assert len(self.dropped(self.list_(book, reply=empty).happenings)) == 2

    @pytest.mark.parametrize(
        "reply",
        [
            b"",
            whole(1)[:-30],
            whole(1).replace(b"InputProxyChannelList", b"DeviceInfo"),
            whole(1, 9).replace(b"<id>9</id>", b""),
            b"HTTP/1.1 200 OK\r\n\r\n",
        ],
    )
    def test_an_answer_in_part_proves_nothing(self, book: Register, reply: bytes) -> None:
        self.list_(book, told(1), told(2, serial=OTHER), reply=whole(1, 2))
        assert self.list_(book, told(1), reply=reply).happenings == ()

    def test_nor_does_one_that_was_not_understood(self, book: Register) -> None:
        self.list_(book, told(1), told(2, serial=OTHER), reply=whole(1, 2))
        assert self.list_(book, told(1), reply=whole(1), outcome=Outcome.NOT_SPOKEN).happenings == ()

    def test_a_channel_with_fewer_facts_is_still_listed(self, book: Register) -> None:
        self.list_(book, told(1), told(2, serial=OTHER), reply=whole(1, 2))
        assert self.list_(book, told(1), "2: name=Camera 02", reply=whole(1, 2)).happenings == ()

    def test_a_camera_that_changes_its_channel_is_not_dropped(self, book: Register) -> None:
        self.list_(book, told(1), reply=whole(1))
        recorded = self.list_(book, told(4), reply=whole(4))
        assert [each.event for each in recorded.happenings] == [Event.RECORDER_ADDED_CAMERA]

    def test_what_it_never_listed_it_cannot_drop(self, book: Register) -> None:
        self.list_(book, told(1), reply=whole(1))
        entries = {"recorder_asset_id": behind(book)[0].recorder_asset_id, "recorder_channel": "2"}
        row = NewRow(RecordType.MANUAL, entries)
        (by_hand,) = book.add_devices([row], role="CCTV manager", how="test")
        assert self.list_(book, told(1), reply=whole(1)).happenings == ()
        self.list_(book, told(1), "2: name=Gate", reply=whole(1, 2))
        (happening,) = self.list_(book, told(1), reply=whole(1)).happenings
        assert happening.asset_id == by_hand
