"""A register that an earlier version wrote opens, says what it said, and recognises the same devices.

``registers/f04b037.db.xz`` is what commit f04b037 wrote of one scan of the simulated estate: every serial number
and MAC address in it is made up.
"""

from __future__ import annotations

import lzma
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from camscan import fingerprints
from camscan.fingerprints import Database
from camscan.identify import make_device as device_of
from camscan.identify.keys import device_marks
from camscan.model import Attempt, Completion, Coverage, Device, Outcome, Report
from camscan.register import Register, open_register

KEPT = Path(__file__).with_name("registers") / "f04b037.db.xz"


@pytest.fixture
def earlier(tmp_path: Path) -> Path:
    path = tmp_path / "camscan.db"
    path.write_bytes(lzma.decompress(KEPT.read_bytes()))
    return path


@pytest.fixture(scope="module")
def database() -> Database:
    return fingerprints.load_database()


def seen_again(book: Register, database: Database) -> Iterator[Device]:
    """Every device, from the evidence that is kept of it, a day later."""
    for row in book.devices():
        later = [
            each.observation._replace(seen_at=each.observation.seen_at + timedelta(days=1))
            for each in book.evidence(row.asset_id)
        ]
        answers = [
            Attempt(each.probe, each.ip, each.port, Outcome.ANSWERED, (each,), seen_at=each.seen_at) for each in later
        ]
        if not answers:
            assert row.last_seen
            answers = [Attempt("http", row.ip_addresses[0], 80, Outcome.ANSWERED, (), seen_at=row.last_seen)]
        yield device_of(answers, database)


def test_it_opens_and_is_sound(earlier: Path) -> None:
    with open_register(earlier, readonly=True) as book:
        assert len(book.devices()) == 95
        assert (len(book.scans()), book.find_faults(), book.conflicts()) == (1, [], [])


def test_its_keys_are_those_of_today(earlier: Path) -> None:
    """By what it recognises a device, a scan of the same device is recognised now."""
    with closing(sqlite3.connect(earlier)) as raw:
        stored: dict[str, set[tuple[str, str]]] = {}
        for name, kind, value in raw.execute(
            "SELECT asset_id, device_key.kind, value FROM device_key JOIN device ON device.id = device_id"
        ):
            stored.setdefault(name, set()).add((kind, value))
    with open_register(earlier, readonly=True) as book:
        for row in book.devices():
            (seen,) = book.history(row.asset_id)
            evidence = tuple(each.observation for each in book.evidence(row.asset_id))
            addresses = seen.ip_addresses, seen.mac_addresses
            then = Device(seen.identification, *addresses, (), seen.first_seen, seen.last_seen, evidence)
            now = {(key.kind, key.value) for key in device_marks(then).keys}
            assert stored.get(row.asset_id, set()) <= now, row.asset_id


def test_the_same_estate_is_the_same_rows(earlier: Path, database: Database) -> None:
    with open_register(earlier) as book:
        before = {row.asset_id: row.ip_addresses for row in book.devices()}
        devices = tuple(seen_again(book, database))
        (first,) = book.scans()
        when = first.finished_at + timedelta(days=1)
        recorded = book.record(
            Report(
                scan_id="later",
                started_at=when,
                finished_at=when + timedelta(minutes=1),
                completion=Completion.COMPLETE,
                site=first.site,
                targets=first.targets,
                pace="fast",
                version="0",
                database=database.version,
                devices=devices,
                coverage=Coverage(256, len(devices), 0, 256 - len(devices), 0, 0),
            )
        )
        assert (recorded.devices, recorded.new, recorded.conflicts) == (95, (), ())
        assert {row.asset_id: row.ip_addresses for row in book.devices()} == before
        assert all(row.sightings == 2 for row in book.devices())
        assert book.find_faults() == []
