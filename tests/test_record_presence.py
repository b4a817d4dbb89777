"""Stage 5 of recording: who was looked for but not seen."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from sample_report import NOON, camera, report
from sample_stored import entries_of, nowhere

from camscan.asset import Event, Presence
from camscan.model import Completion, Report
from camscan.register.record.presence import (
    Missing,
    PresenceChanges,
    Removal,
    SightedDevice,
    StoredPresence,
    count_missed,
)

REMOVED = Removal(3, None, "disposed")


def stored(*, missed: int = 0, ip: str = "192.0.2.77", **members: Any) -> StoredPresence:
    """A register with one device, which the last scan but ``missed`` saw."""
    row = SightedDevice(7, "ROW-7", "", Presence.MISSED if missed else Presence.SEEN, missed, 1, (ip,))
    empty: dict[str, Any] = {
        "removals": {},
        "known": {},
        "same_scans": frozenset({1}),
        "last_complete": None,
        "silent_subnets": frozenset(),
    }
    return StoredPresence((row,), **{**empty, **members})


def search() -> Report:
    """A scan that asked every address of 192.0.2.0/24, and found a camera there."""
    of = report(camera(1))
    return dataclasses.replace(of, coverage=dataclasses.replace(of.coverage, is_search=True))


def looked(of: Report, before: StoredPresence) -> PresenceChanges:
    return count_missed(of, 2, entries_of(of), before, nowhere, offline_after=3)


@pytest.mark.parametrize(
    ("missed", "now", "event"),
    [(0, Presence.MISSED, [Event.MISSED]), (1, Presence.MISSED, []), (2, Presence.OFFLINE, [Event.OFFLINE])],
)
def test_a_device_that_was_not_seen_is_missed_then_offline(missed: int, now: Presence, event: list[Event]) -> None:
    found = looked(search(), stored(missed=missed))
    assert found.missing == [Missing(7, now, missed + 1)]
    assert [draft.event for draft in found.drafts] == event


def test_a_device_outside_the_targets_is_not_missed() -> None:
    assert looked(search(), stored(ip="198.51.100.7", same_scans=frozenset())).missing == []


def test_a_scan_that_was_ended_early_misses_nobody() -> None:
    of = dataclasses.replace(search(), completion=Completion.INTERRUPTED)
    assert looked(of, stored()) == PresenceChanges(drafts=[])


def test_a_subnet_that_gave_signs_of_life_and_gives_none_is_silent_and_its_devices_are_not_missed() -> None:
    of = dataclasses.replace(search(), devices=())
    found = looked(of, stored())
    assert found.missing == [Missing(7, Presence.UNREACHABLE_SCOPE, 0)]
    assert [(draft.event, draft.old) for draft in found.drafts] == [(Event.COVERAGE_LOST, "192.0.2.0/24")]
    assert looked(of, stored(silent_subnets=frozenset({"192.0.2.0/24"}))).drafts == []


def test_a_silent_subnet_that_answers_again_is_reported() -> None:
    (restored, *_) = looked(search(), stored(silent_subnets=frozenset({"192.0.2.0/24"}))).drafts
    assert (restored.event, restored.new) == (Event.COVERAGE_RESTORED, "192.0.2.0/24")


def test_a_removal_is_confirmed_once() -> None:
    found = looked(search(), stored(removals={7: REMOVED}, known={7: {}}))
    assert [draft.event for draft in found.drafts] == [Event.CONFIRMED_REMOVED]
    again = looked(search(), stored(removals={7: REMOVED}, known=found.verified_removals))
    assert (again.drafts, again.verified_removals) == ([], {})


def test_a_removal_that_was_recorded_while_the_scan_ran_is_not_confirmed() -> None:
    removal = dataclasses.replace(REMOVED, at=NOON)
    assert looked(search(), stored(removals={7: removal}, known={7: {}})).verified_removals == {}
