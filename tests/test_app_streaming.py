"""Lists that are read device by device: the same bytes as those for which every device is held."""

from __future__ import annotations

import io
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sample_report import DAY, HOSTILE, NOON, ROLE, camera, enter, nameless, report

from camscan.app import listing, listing_lines, streaming
from camscan.app.listing import ListFilter
from camscan.app.streaming import Stream
from camscan.app.workspace import Workspace, workspace_of
from camscan.asset import RecordType
from camscan.config import Config
from camscan.errors import UsageError
from camscan.plan.entered_twice import entered_twice
from camscan.register import NewRow, Register, batches, open_register


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A register with devices of several sites and makers, one that is entered twice, and texts that do harm."""
    path = tmp_path_factory.mktemp("streaming") / "camscan.db"
    with open_register(path) as book:
        found = [camera(number, ip=f"192.0.2.{200 - number}") for number in range(7)]
        found += [camera(8, ip="192.0.2.30", maker="dahua", brand="Amcrest"), nameless("192.0.2.9")]
        found += [nameless("192.0.2.10", kind="printer", is_camera_system=False), camera(9, model=HOSTILE)]
        book.record(report(*found, site="Town Hall"))
        later = camera(11, ip="198.51.100.3", when=NOON + 9 * DAY)
        book.record(report(later, scan_id="later", when=NOON + 9 * DAY, site="Depot", targets=("198.51.100.0/24",)))
        rows = [{"stated_ip_address": "198.51.100.3"}, {"stated_model": "X1"}]
        book.add_devices([NewRow(RecordType.IMPORTED, each) for each in rows], role=ROLE, how="test")
        numbers = [row.asset_id for row in book.devices()]
        enter(book, numbers[0], in_scope="yes", planned_removal_date="2026-03-09", brand_on_badge="Own badge")
        enter(book, numbers[1], lifecycle_status="not_ours")
        enter(book, numbers[-2], in_scope="yes")
    return path


@pytest.fixture
def space(path: Path) -> Workspace:
    return workspace_of(Config(), str(path))


@pytest.fixture
def book(path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Register]:
    monkeypatch.setattr(batches, "_BATCH", 3)
    with open_register(path, readonly=True) as book:
        yield book


def stream(space: Workspace, book: Register, wanted: ListFilter, *, judged: bool = True) -> Stream:
    headline = streaming.headline_of(space)
    assert headline is not None
    return Stream(book, Config(), wanted, headline, judged=judged)


WANTED = [
    *(
        ListFilter(),
        ListFilter(everything=True),
        ListFilter(site="town hall"),
        ListFilter(maker="dahua"),
        ListFilter(brand="own badge"),
    ),
    *(
        ListFilter(kind="camera"),
        ListFilter(lifecycle="not_ours"),
        ListFilter(presence="seen"),
        ListFilter(new_since="2026-03-05"),
    ),
    *(ListFilter(in_scope=True), ListFilter(overdue=True), ListFilter(possible=True), ListFilter(unknown=True)),
    ListFilter(site="Depot", brand="Hikvision", everything=True),
]


@pytest.mark.parametrize("wanted", WANTED, ids=repr)
def test_the_same_devices_in_the_same_bytes(space: Workspace, book: Register, wanted: ListFilter) -> None:
    every = listing.list_devices(book, Config(), wanted, judge=True)
    rows = sorted(every.rows, key=lambda row: (not row.ip_addresses, listing_lines.sortable_address(row.ip_addresses)))
    found = stream(space, book, wanted)
    table, document = io.StringIO(), io.StringIO()
    streaming.write_csv(found, table)
    streaming.write_json(found, document)
    expected = io.StringIO()
    listing.write_csv(every, rows, expected)
    assert table.getvalue() == expected.getvalue()
    assert document.getvalue() == json.dumps(listing.listing_document(every, rows), indent=2)
    assert (found.fitting, found.others, found.describe_damage) == (len(rows), every.others, every.damage)


def test_what_is_entered_twice_is_reported_by_the_lines(space: Workspace, book: Register) -> None:
    streaming.headline_of(space)
    told = {name: device.asset_id for name, device in listing_lines.find_entered_twice(book.lines).items()}
    assert told == {name: device.asset_id for name, device in entered_twice(book.devices()).items()}
    assert len(told) == 2


def test_a_name_that_there_is_not_is_refused(space: Workspace, book: Register) -> None:
    with pytest.raises(UsageError, match="there is no site 'Town Hell'; did you mean Town Hall"):
        list(stream(space, book, ListFilter(site="Town Hell")))


def test_a_damaged_row_costs_no_other(space: Workspace, path: Path, tmp_path: Path) -> None:
    streaming.headline_of(space)
    copy = tmp_path / "copy.db"
    copy.write_bytes(path.read_bytes())
    with closing(sqlite3.connect(copy)) as connection, connection:
        connection.execute("UPDATE device SET known = '{' WHERE id = 4")
    headline = streaming.headline_of(space)
    assert headline is not None
    with open_register(copy, readonly=True) as book:
        found = Stream(book, Config(), ListFilter(everything=True), headline)
        assert len(list(found)) == len(book.legible_devices()[0])
        assert found.describe_damage == book.legible_devices()[1]


def test_a_register_that_cannot_be_listed_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "camscan.db"
    with open_register(path) as book:
        book.record(report(camera(1)))
        with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            assert streaming.headline_of(workspace_of(Config(), str(path))) is None


def test_devices_are_found_by_their_names_in_their_order_few_or_nearly_all(book: Register) -> None:
    every = book.devices()
    for some in (every[1::4], every[2:]):
        assert book.devices_by_number({row.asset_id for row in some} | {"of nobody"}) == some
