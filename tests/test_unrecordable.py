"""A value that breaks the recording costs the device that says it, and not the scan."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import pytest
from sample_report import NOON, camera, report

from camscan.app.record import record_and_write
from camscan.errors import RegisterError
from camscan.identify.channel_count import count_channels
from camscan.model import Device, Observation
from camscan.register import Register, open_register
from camscan.register.record import writing

POISON = "9" * 5000


def poisoned(device: Device) -> Device:
    seen = Observation(device.ip_addresses[0], 37020, "sadp", "sadp.field", POISON, NOON)
    return dataclasses.replace(device, observations=(*device.observations, seen))


@pytest.fixture
def faulty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Recording fails as soon as a device says one value."""

    def fail(kind: str | None, seen: Sequence[Observation]) -> int | None:
        if POISON in {each.value for each in seen}:
            raise ValueError(f"Exceeds the limit: {POISON[:3]}")
        return count_channels(kind, seen)

    monkeypatch.setattr(writing, "count_channels", fail)


@pytest.mark.usefixtures("faulty")
def test_the_others_are_recorded_and_it_is_a_row_too(tmp_path: Path) -> None:
    told: list[str] = []
    of = report(camera(1), poisoned(camera(2)), camera(3))
    with open_register(tmp_path / "camscan.db") as book:
        recorded = record_and_write(of, book, {}, warn=told.append)
        rows = book.devices()
        (scan,) = book.scans()
    assert (recorded.devices, len(rows)) == (3, 3)
    assert {row.identification.maker for row in rows} == {"hikvision"}
    (sentence,) = told
    assert sentence.startswith(f"what {of.devices[1].ip_addresses[0]} said could not be recorded, which is a fault")
    assert sentence in scan.coverage.notes


def test_a_fault_of_no_device_is_raised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_everything: object, **_named: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Register, "record", fail)
    with open_register(tmp_path / "camscan.db") as book, pytest.raises(ZeroDivisionError):
        record_and_write(report(camera(1)), book, {})


def test_what_a_person_must_see_is_not_taken_for_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def refuse(*_everything: object, **_named: object) -> None:
        asked.append(1)
        raise RegisterError("the disk is full")

    monkeypatch.setattr(Register, "record", refuse)
    with open_register(tmp_path / "camscan.db") as book, pytest.raises(RegisterError, match="full"):
        record_and_write(report(camera(1)), book, {})
    assert len(asked) == 1
