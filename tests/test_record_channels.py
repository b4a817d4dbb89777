"""Stage 4 of recording: cameras that only their recorder tells of."""

from __future__ import annotations

import dataclasses

import pytest
from sample_report import NOON, camera, report
from sample_stored import entries_of, nowhere

from camscan.asset import Event, RecordType
from camscan.identify.keys import channel_key
from camscan.model import Attempt, Device, Observation, Outcome
from camscan.register.record.channel_lists import ListedCamera, find_listings, maker_by_recorder
from camscan.register.record.channel_rows import (
    AddedChannel,
    ChannelChanges,
    ChannelRow,
    LeftChannel,
    MergedRows,
    StoredChannels,
    UpdatedChannel,
)
from camscan.register.record.channels import update_channels

SERIAL = "DS-7616NI-K21620190701CCRRD12345678WCVU"
FIRST, SECOND = "DS-2CD2385G1-I20190701AAWRD12345607", "DS-2CD2385G1-I20190701AAWRD12345608"
LIST = b"<InputProxyChannelList><InputProxyChannel><id>2</id></InputProxyChannel></InputProxyChannelList>"


def recorder(*lines: str) -> Device:
    seen = tuple(Observation("192.0.2.200", 80, "isapi", "isapi.channel", line, NOON) for line in lines)
    known = camera(200, ip="192.0.2.200", model="DS-7616NI-K2", serial=SERIAL, kind="nvr")
    return dataclasses.replace(known, observations=seen)


@pytest.mark.parametrize(
    ("told", "maker"),
    [
        (ListedCamera(1, serial=FIRST), "hikvision"),
        (ListedCamera(1, serial="3J05B7BPAG00042"), "dahua"),
        (ListedCamera(1, protocol="HIKVISION"), "hikvision"),
        (ListedCamera(1, protocol="ONVIF"), None),
        (ListedCamera(1, serial="12345"), None),
    ],
)
def test_serial_number_or_protocol_say_who_built_a_channel(told: ListedCamera, maker: str | None) -> None:
    assert maker_by_recorder(told)[0] == maker
    assert (maker_by_recorder(told)[1] > 0) == (maker is not None)


def hung(stored: StoredChannels, *devices: Device, reply: bytes = b"") -> ChannelChanges:
    """What the recorder, which becomes row 100, tells; ``reply`` is its whole list."""
    attempt = Attempt("isapi", "192.0.2.200", 80, Outcome.ANSWERED, (), payload=reply, seen_at=NOON)
    of = report(*devices, attempts=(attempt,) if reply else ())
    entries = entries_of(of)
    return update_channels(of, entries, find_listings(of, entries), stored, find_place=nowhere, fresh=500)


def row(
    number: int, device: Device, *, channel: int | None = None, entries: dict[str, str] | None = None
) -> ChannelRow:
    """A row behind the recorder that is known by its channel alone."""
    found = device.identification
    return ChannelRow(
        number,
        f"ROW-{number}",
        RecordType.BEHIND_RECORDER,
        100,
        channel,
        found,
        {},
        found.model,
        found.serial,
        frozenset({channel_key(SERIAL, channel)} if channel else ()),
        is_listed=channel is not None,
        entries=entries,
    )


def of_rows(*rows: ChannelRow) -> StoredChannels:
    return StoredChannels(
        {each.id: each for each in rows}, {(100, each.channel): [each.id] for each in rows if each.channel}
    )


def test_a_report_without_recorders_changes_nothing() -> None:
    assert hung(StoredChannels(), camera(1)) == ChannelChanges((), (), ())


def test_each_camera_that_a_recorder_tells_of_gets_a_row() -> None:
    found = hung(StoredChannels(), recorder(f"1: name=Yard, serial={FIRST}", f"2: name=Gate, serial={SECOND}"))
    assert [(each.id, each.recorder, each.channel) for each in found.changes if isinstance(each, AddedChannel)] == [
        (500, 100, 1),
        (501, 100, 2),
    ]
    assert [draft.event for draft in found.drafts] == [Event.RECORDER_ADDED_CAMERA] * 2


def test_a_known_camera_is_updated_and_not_reported_again() -> None:
    found = hung(of_rows(row(7, camera(1), channel=1)), recorder("1: name=Yard, model=DS-2CD2385G1-I"))
    (change,) = found.changes
    assert isinstance(change, UpdatedChannel)
    assert (change.id, change.channel, change.ended_keys) == (7, 1, frozenset())
    assert found.drafts == []


def test_another_camera_on_the_channel_gets_a_row_and_the_one_before_keeps_its_own() -> None:
    before = row(7, camera(1, model="DS-2CD2143G0-I", serial=None), channel=1)
    left, added = hung(of_rows(before), recorder("1: name=Yard, model=DS-2CD2385G1-I")).changes
    assert isinstance(left, LeftChannel)
    assert left.id == 7
    assert channel_key(SERIAL, 1).value in left.places
    assert isinstance(added, AddedChannel)


def test_a_camera_of_the_same_scan_takes_over_the_row_that_was_only_its_channel() -> None:
    before = row(7, camera(1, model=None, serial=None), channel=1)
    seen = camera(7, serial=FIRST)
    merged, mended = hung(of_rows(before), recorder(f"1: name=Yard, serial={FIRST}"), seen).changes
    assert merged == MergedRows(101, 7)
    assert isinstance(mended, UpdatedChannel)
    assert (mended.id, mended.columns) == (101, {})


def test_what_a_whole_list_does_not_name_was_dropped_once() -> None:
    stored = of_rows(row(7, camera(1), channel=1), row(8, camera(2), channel=2))
    assert [draft.device for draft in hung(stored, recorder(), reply=LIST).drafts] == [7]
    assert hung(dataclasses.replace(stored, dropped_rows=frozenset({7})), recorder(), reply=LIST).drafts == []
    assert hung(stored, recorder(), reply=LIST[:-3]).drafts == ()
