"""Pages of lists, from the listing and the audit log, on SQLite and on PostgreSQL: every row once, in order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import product
from pathlib import Path

import pytest
from sample_report import DAY, NOON, camera, nameless, report

from camscan.app.device_list import SORTS, Filter, find_by_past_address, page_of_devices
from camscan.app.listing_lines import make_lister
from camscan.app.timeline import device_timeline
from camscan.config import Config
from camscan.register import Condition, Edit, ListingQuery, LogQuery, Register, open_register

ROLE = "CCTV manager"


@pytest.fixture(scope="module")
def devices() -> int:
    return 130


@pytest.fixture
def book(register_at: str | Path, devices: int) -> Iterator[Register]:
    with open_register(register_at) as opened:
        opened.list_by(make_lister(Config()))
        found = [
            camera(number, ip=f"192.0.2.{number + 1}", serial=f"{number % 7}A{number:05}") for number in range(devices)
        ]
        opened.record(report(*found, nameless("198.51.100.9")))
        rows = opened.devices()
        edits = [Edit(row.asset_id, "site_name", f"Site {number % 3}") for number, row in enumerate(rows) if number % 4]
        edits += [Edit(rows[0].asset_id, "notes", "100%_\\ <b>"), Edit(rows[5].asset_id, "council_asset_tag", "T-%_1")]
        opened.edit_entries(edits, role=ROLE, how="test", at=NOON)
        opened.list_now()
        yield opened


def test_every_device_stands_on_one_page_whichever_way_it_is_sorted(book: Register, devices: int) -> None:
    for sort, descending in product(SORTS, (False, True)):
        wanted = [Filter(sort=sort, descending=descending, page=page) for page in (1, 2, 3)]
        numbers = [row.number for each in wanted for row in page_of_devices(book, each).rows]
        assert len(numbers) == len(set(numbers)) == devices + 1


def test_it_is_sorted_and_what_is_empty_comes_last(book: Register) -> None:
    for descending in (False, True):
        pages = [page_of_devices(book, Filter(sort="site", descending=descending, page=page)) for page in (1, 2, 3)]
        sites = [row.site for page in pages for row in page.rows]
        filled = [site for site in sites if site]
        assert sites[: len(filled)] == sorted(filled, reverse=descending)
        assert not any(sites[len(filled) :])


def test_a_page_beyond_the_last_is_the_last(book: Register) -> None:
    for page in (4, 99, 10**9, 10**30):
        found = page_of_devices(book, Filter(page=page))
        assert (found.page, found.pages, found.total, found.first, found.last) == (3, 3, 131, 101, 131)


def test_filters_hold_together(book: Register) -> None:
    one = page_of_devices(book, Filter(site="Site 1", maker="hikvision", text="192.0.2. ds-2cd"))
    assert one.total
    assert {row.site for row in one.rows} == {"Site 1"}
    assert (
        page_of_devices(book, Filter(site="")).total
        + sum(page_of_devices(book, Filter(site=f"Site {number}")).total for number in range(3))
        == page_of_devices(book, Filter()).total
    )
    assert page_of_devices(book, Filter(maker="unknown")).total == 1
    assert page_of_devices(book, Filter(site="nowhere")).total == 0


def test_marks_of_sql_are_text(book: Register) -> None:
    assert [row.tag for row in page_of_devices(book, Filter(text="t-%_1")).rows] == ["T-%_1"]
    for text in ("%", "_", "\\", "'", "''; --"):
        assert page_of_devices(book, Filter(text=text)).total in {0, 1}


def test_who_may_not_see_an_address_does_not_find_by_it(book: Register) -> None:
    assert page_of_devices(book, Filter(text="192.0.2.7")).total
    assert page_of_devices(book, Filter(text="192.0.2.7"), plain=True).total == 0
    assert page_of_devices(book, Filter(text="t-%_1"), plain=True).total == 1


def test_only_the_sites_that_may_be_seen(book: Register) -> None:
    assert {row.site for row in page_of_devices(book, Filter(), sites={"Site 1"}).rows} == {"Site 1"}
    assert page_of_devices(book, Filter(), sites=()).total == 0
    number = page_of_devices(book, Filter(site="Site 2")).rows[0]
    assert find_by_past_address(book, number.addresses, None) == [number.number]
    assert find_by_past_address(book, number.addresses, {"Site 1"}) == []


def test_rows_that_are_in_no_count_are_left_out_of_what_is_in_scope(book: Register) -> None:
    rows, total = book.page(ListingQuery(where=[Condition("asset_id", [book.devices()[0].asset_id], is_not=True)]))
    assert (len(rows), total) == (50, 130)


class TestLog:
    def test_the_newest_come_first_and_each_stands_once(self, book: Register) -> None:
        first, total = book.read_log(LogQuery(most=60))
        second, _ = book.read_log(LogQuery(start=60, most=60))
        numbers = [each.number for each in (*first, *second)]
        assert numbers == sorted(set(numbers), reverse=True)
        assert total == len(numbers) == len(book.changes())

    def test_it_is_narrowed_by_role_column_device_and_day(self, book: Register) -> None:
        _, total = book.read_log(LogQuery(column="council_asset_tag", role=ROLE))
        assert total == 1
        assert book.read_log(LogQuery(role="nobody"))[1] == 0
        assert book.read_log(LogQuery(asset_id=book.devices()[0].asset_id))[1] == 1
        assert book.read_log(LogQuery(since=NOON + DAY))[1] == 0
        assert book.read_log(LogQuery(before=NOON))[1] == 0
        assert book.read_log(LogQuery(since=NOON, before=NOON + timedelta(seconds=1)))[1] == len(book.changes())
        assert book.log_values() == ([ROLE], ["council_asset_tag", "notes", "site_name"])


def test_the_mark_changes_with_what_people_and_scans_do(book: Register) -> None:
    before = book.mark()
    assert book.mark() == before
    book.edit_entries([Edit(book.devices()[3].asset_id, "notes", "x")], role=ROLE, how="test")
    after = book.mark()
    assert after != before
    book.record(report(camera(1), scan_id="later", when=NOON + DAY))
    assert book.mark() != after


def test_a_timeline_has_scans_and_people_in_one_list(book: Register) -> None:
    row = book.devices()[5]
    book.edit_entries(
        [Edit(row.asset_id, "planned_removal_date", "2027-03-31"), Edit(row.asset_id, "estimated_cost", "250.00")],
        role=ROLE,
        how="test",
        because="Cabinet",
        at=datetime(2026, 5, 1, tzinfo=UTC),
    )
    first, *rest = device_timeline(book, book.devices_by_number([row.asset_id])[0])
    titles = ["Planned removal: 31 March 2027", "Estimated cost (£): £250.00", "Status: Planned"]
    assert sorted(first.title.split("\n")) == sorted(titles)
    assert (first.by, first.says, first.at.date()) == (ROLE, "Cabinet", date(2026, 5, 1))
    assert [each.title for each in rest if not each.by][-1] == "Seen for the first time"


def test_an_empty_cell_can_be_asked_for(book: Register) -> None:
    rows = book.devices()
    book.edit_entries([Edit(row.asset_id, "estimated_cost", "5.00") for row in rows[:3]], role=ROLE, how="test")
    book.list_now()
    wanted: dict[str, list[int | None]] = {"none": [None], "five": [500], "either": [None, 500]}
    totals = {name: book.page(ListingQuery(where=[Condition("pence", values)]))[1] for name, values in wanted.items()}
    assert totals == {"none": len(rows) - 3, "five": 3, "either": len(rows)}
    assert page_of_devices(book, Filter(costless=True, everything=True)).total == len(rows) - 3
