"""The listing is what it would be if it were made from nothing, whatever was done to the register and on which day."""

from __future__ import annotations

import contextlib
import functools
import lzma
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pg_server
import pytest
from sample_report import HOSTILE, NOON, ROLE, camera, nameless, report

from camscan import fingerprints
from camscan.addresses import sort_key
from camscan.app import assess, listing_lines
from camscan.app.edition import settings_hash
from camscan.app.listing import ListFilter, list_devices
from camscan.app.overview import Overview, load_overview
from camscan.app.plan import plan_progress
from camscan.app.screen_row import ScreenRow, screen_row
from camscan.app.screen_rows import ScreenList, screen_list
from camscan.app.workspace import Workspace, workspace_of
from camscan.asset import Place, RecordType
from camscan.config import Config
from camscan.config.planning import LocalDecision, Planning
from camscan.errors import UsageError
from camscan.fingerprints import Database
from camscan.model import Device
from camscan.plan import tally_devices
from camscan.register import Edit, NewRow, Register, open_register, schema, watching
from camscan.register import glance as glances
from camscan.register.glance import read_at_a_glance
from camscan.register.types import Lister

KEPT = Path(__file__).with_name("registers") / "f04b037.db.xz"
STEPS = 15
OTHERS = (
    Config(),
    Config(planning=Planning(policies=("uk-hcws386",))),
    Config(planning=Planning(local_decision=LocalDecision("12/26", date(2026, 3, 9), makers=("hikvision", "dahua")))),
)
"""Settings by which devices are judged in different ways."""


@functools.cache
def database() -> Database:
    return fingerprints.load_database()


class Day:
    """The day that it is, as the program sees it."""

    def __init__(self) -> None:
        self.now = NOON.date()

    def __call__(self) -> date:
        return self.now


@pytest.fixture
def day(monkeypatch: pytest.MonkeyPatch) -> Day:
    clock = Day()
    monkeypatch.setattr(assess, "today_utc", clock)
    return clock


def lines_of(book: Register) -> list[Mapping[str, Any]]:
    return [{name: value for name, value in row.items() if name != "device_id"} for row in book.lines()]


def from_nothing(book: Register, settings: Config, day: date) -> Sequence[Mapping[str, Any]]:
    """The lines of every device, as the lister makes them of what the register says without its listing."""
    made = listing_lines.make_lister(settings).lines(book.devices(), day)
    return [{**line, "facts": as_json(line["facts"])} for line in made]


def as_json(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: as_json(member) for name, member in value.items()}
    return [as_json(member) for member in value] if isinstance(value, list | tuple) else value


def assert_listed(book: Register, settings: Config, day: date) -> None:
    assert book.is_listed()
    assert lines_of(book) == from_nothing(book, settings, day)


class Life:
    """Whatever may happen to a register, in any order."""

    def __init__(self, chance: random.Random, day: Day, where: str) -> None:
        self.chance = chance
        self.day = day
        self.where = where
        self.settings = OTHERS[0]
        self.scans = 0

    def opened(self, *, listed: bool = True) -> Register:
        book = open_register(self.where)
        if listed:
            book.list_by(listing_lines.make_lister(self.settings))
        return book

    def step(self) -> None:
        """One thing; one time in four by a program that knows nothing of the listing."""
        what = self.chance.choice(
            (
                *(self.scan, self.scan, self.edit, self.edit, self.add, self.merge, self.settle, self.another_map),
                *(self.another_day, self.other_settings, self.reidentify, self.note),
            )
        )
        with self.opened(listed=self.chance.random() < 0.75) as book:
            what(book)

    def device(self) -> Device:
        number = self.chance.randrange(12)
        ip = f"192.0.2.{self.chance.randrange(1, 14)}"
        when = NOON + timedelta(days=self.scans)
        if number < 2:
            return nameless(ip, when=when)
        maker = self.chance.choice(("hikvision", "hikvision", "dahua", None))
        kind = self.chance.choice(("camera", "camera", "nvr", None))
        return camera(number, ip=ip, when=when, maker=maker, kind=kind)

    def scan(self, book: Register) -> None:
        self.scans += 1
        found = {each.ip_addresses: each for each in (self.device() for _ in range(self.chance.randrange(6)))}
        by_serial = {each.identification.serial or each.ip_addresses: each for each in found.values()}
        when = NOON + timedelta(days=self.scans)
        site = self.chance.choice(("", "School", "Depot"))
        is_listed = book._lister is not None
        book.record(report(*by_serial.values(), scan_id=f"s{self.scans}", when=when, site=site), counted=is_listed)

    def one(self, book: Register) -> str:
        rows = book.devices()
        return self.chance.choice(rows).asset_id if rows else ""

    def edit(self, book: Register) -> None:
        near = self.day.now + timedelta(days=self.chance.randrange(-40, 40))
        column, value = self.chance.choice(
            (
                ("planned_removal_date", near.isoformat()),
                ("lifecycle_status", self.chance.choice(("confirmed", "not_ours", "ordered"))),
                ("site_name", self.chance.choice(("Library", "school", ""))),
                ("blocked_by", self.chance.choice(("the roof", ""))),
                ("estimated_cost", "250.50"),
                ("purchase_date", (near - timedelta(days=365 * 5 + 1)).isoformat()),
                ("warranty_or_support_end", near.isoformat()),
                ("stated_manufacturer", self.chance.choice(("Dahua", "Axis", ""))),
                ("recorder_asset_id", self.one(book)),
                ("replacement_asset_id", self.one(book)),
            )
        )
        if name := self.one(book):
            self.tried(lambda: book.edit_entries([Edit(name, column, value)], role=ROLE, how="test"))

    def note(self, book: Register) -> None:
        if name := self.one(book):
            book.append_line(name, "notes", "seen", role=ROLE, how="test")

    def add(self, book: Register) -> None:
        entries = {"stated_manufacturer": self.chance.choice(("Hikvision", "Nobody")), "site_name": "Attic"}
        book.add_devices([NewRow(RecordType.MANUAL, entries)], role=ROLE, how="test")

    def merge(self, book: Register) -> None:
        keep, gone = self.one(book), self.one(book)
        if keep != gone:
            book.merge_devices(keep, gone, role=ROLE)

    def settle(self, book: Register) -> None:
        for each in book.conflicts()[:1]:
            book.close_conflicts([each.number], role=ROLE)

    def another_map(self, book: Register) -> None:
        name = self.chance.choice(("School", "Depot", "Town hall"))
        zone = self.chance.choice(("core", "segregated", ""))
        places = [Place(name, ref="100", network_zone=zone), Place(name, subnet="192.0.2.0/29", vlan="7")]
        book.remember_sites(places[: self.chance.randrange(3)])

    def reidentify(self, book: Register) -> None:
        book.reidentify(database(), apply=True, at=NOON + timedelta(days=self.scans))

    def another_day(self, _book: Register) -> None:
        self.day.now += timedelta(days=self.chance.choice((1, 1, 7, 30, -2)))

    def other_settings(self, _book: Register) -> None:
        self.settings = self.chance.choice(OTHERS)

    def tried(self, edit: Any) -> None:
        with contextlib.suppress(UsageError):
            edit()


@pytest.mark.parametrize("seed", range(4))
def test_it_is_what_it_would_be_from_nothing(register_at: str, day: Day, seed: int) -> None:
    life = Life(random.Random(seed), day, register_at)
    for number in range(STEPS):
        life.step()
        if number % 3 == 0:  # also after several things that nobody listed
            with life.opened() as book:
                if not book.is_listed():
                    book.list_now()
                assert_listed(book, life.settings, day.now)
    with life.opened() as book:
        book.list_now()
        before = lines_of(book)
        damage(book, "DELETE FROM overview")
        book.list_now()
        assert lines_of(book) == before
        assert_listed(book, life.settings, day.now)


def damage(book: Register, statement: str) -> None:
    with book._database.begin_writing() as connection:
        connection.exec_driver_sql(statement)


def filled(where: str) -> Register:
    book = open_register(where)
    book.record(report(*map(camera, range(5)), scan_id="first"))
    book.list_by(listing_lines.make_lister(Config()))
    book.list_now()
    return book


def test_an_edit_writes_its_line_in_its_own_transaction(register_at: str, day: Day) -> None:
    with filled(register_at) as book:
        name = book.devices()[2].asset_id
        book.edit_entries([Edit(name, "planned_removal_date", "2026-04-01")], role=ROLE, how="test")
        assert_listed(book, Config(), day.now)
        assert [line["planned"] for line in lines_of(book) if line["asset_id"] == name] == ["2026-04-01"]


@pytest.mark.usefixtures("day")
def test_an_edit_writes_no_other_line(register_at: str) -> None:
    with filled(register_at) as book:
        asked: list[str] = []
        own = listing_lines.make_lister(Config())
        book.list_by(watched(own, asked))
        name = book.devices()[2].asset_id
        book.edit_entries([Edit(name, "notes", "on the roof")], role=ROLE, how="test")
        assert asked == [name]


def watched(own: Lister, asked: list[str]) -> Lister:
    def lines(assets: Any, on: date) -> Any:
        asked.extend(asset.asset_id for asset in assets)
        return own.lines(assets, on)

    return replace(own, lines=lines)


def test_a_scan_has_only_those_judged_that_are_not_as_they_were(register_at: str, day: Day) -> None:
    """Of the others, only their last sighting or the missing of them is new: their lines are right all the same."""
    one, two = ("198.51.100.9", "198.51.100.10")
    both = replace(camera(10, ip=two), ip_addresses=(two, "198.51.100.11"))
    swapped = replace(both, ip_addresses=("198.51.100.11", two))
    scans: list[tuple[Device, ...]] = [
        (camera(9, ip=one), both),
        (camera(9, ip=one), both),
        (both,),
        (camera(9, ip=one), swapped),
        (camera(9, ip=one), camera(10, ip=two)),
        (camera(9, ip=one, firmware="V5.7.0build 230101"), camera(10, ip=two)),
        (camera(9, ip=one), camera(11, ip="198.51.100.12")),
    ]
    judged = [{9, 10}, set(), set(), {9, 10}, {10}, {9}, {9, 11}]
    with filled(register_at) as book:
        for number, (found, expected) in enumerate(zip(scans, judged, strict=True)):
            asked: list[str] = []
            book.list_by(watched(listing_lines.make_lister(Config()), asked))
            when = NOON + timedelta(days=number)
            seen = (replace(each, first_seen=when, last_seen=when) for each in found)
            scan = report(*seen, scan_id=f"there-{number}", when=when, targets=("198.51.100.0/24",))
            book.record(scan, counted=True)
            numbers = {row.asset_id: int((row.identification.serial or "")[-2:]) for row in book.devices()}
            assert {numbers[name] for name in asked} == expected, number
            assert_listed(book, Config(), day.now)


def test_lines_say_whether_what_is_gone_answers_and_when_it_stops(register_at: str, day: Day) -> None:
    there = ("198.51.100.0/24",)
    with filled(register_at) as book:
        book.record(report(camera(9, ip="198.51.100.9"), camera(8, ip="198.51.100.8"), scan_id="there", targets=there))
        (name,) = (row.asset_id for row in book.devices() if row.ip_addresses == ("198.51.100.9",))
        gone = {"lifecycle_status": "removed", "removal_evidence_ref": "WO 12", "actual_removal_date": "2026-03-03"}
        book.edit_entries([Edit(name, *entry) for entry in gone.items()], role=ROLE, how="test")
        for number, seen in enumerate(((8, 9), (8, 9), (8,), (8, 9), (8,)), start=1):
            when = NOON + timedelta(days=400 * number)
            found = (camera(each, ip=f"198.51.100.{each}", when=when) for each in seen)
            book.record(report(*found, scan_id=f"again-{number}", when=when, targets=there), counted=True)
            assert_listed(book, Config(), day.now)
            assert [line["answers"] for line in lines_of(book) if line["asset_id"] == name] == [9 in seen]


def test_only_lines_that_a_day_ends_are_written_on_the_next(register_at: str, day: Day) -> None:
    with filled(register_at) as book:
        name = book.devices()[1].asset_id
        book.edit_entries([Edit(name, "planned_removal_date", day.now.isoformat())], role=ROLE, how="test")
        asked: list[str] = []
        book.list_by(watched(listing_lines.make_lister(Config()), asked))
        day.now += timedelta(days=1)
        assert not book.is_listed()
        book.list_now()
        assert asked == [name]
        assert [line["standing"] for line in lines_of(book) if line["asset_id"] == name] == ["overdue"]


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM overview",
        "DELETE FROM listing WHERE device_id = 2",
        "UPDATE overview SET content = '{\"turn\":'",
        "UPDATE overview SET content = '[]'",
        "UPDATE device SET presence = 'offline' WHERE id = 3",
        "DROP TABLE listing",
        "DROP TABLE touched",
    ],
)
def test_a_damaged_one_is_made_again(register_at: str, day: Day, statement: str) -> None:
    with filled(register_at) as book:
        damage(book, statement)
        assert not book.is_listed()
        book.list_now()
        assert_listed(book, Config(), day.now)


def test_one_that_nobody_watches_is_made_again(tmp_path: Any, day: Day) -> None:
    with filled(str(tmp_path / "camscan.db")) as book:
        damage(book, "DROP TRIGGER listing_people_update")
        assert not book.is_listed()
        book.list_now()
        assert_listed(book, Config(), day.now)


@pytest.mark.usefixtures("day")
def test_an_edit_leaves_a_rebuilding_to_readers(register_at: str) -> None:
    with filled(register_at) as book:
        asked: list[str] = []
        book.list_by(watched(listing_lines.make_lister(OTHERS[1]), asked))
        book.edit_entries([Edit(book.devices()[2].asset_id, "notes", "x")], role=ROLE, how="test")
        assert asked == []
        assert not book.is_listed()


def test_the_count_of_a_scan_is_that_of_all_devices(register_at: str, day: Day) -> None:
    """Counted from the listing as ``tally`` counts what ``devices`` says."""
    with filled(register_at) as book:
        first, second, *_ = (row.asset_id for row in book.devices())
        book.edit_entries(
            [Edit(first, "in_scope", "yes"), Edit(first, "estimated_cost", "250.55")], role=ROLE, how="test"
        )
        gone = {"lifecycle_status": "removed", "removal_evidence_ref": "WO 12", "actual_removal_date": "2026-03-01"}
        book.edit_entries([Edit(second, *entry) for entry in gone.items()], role=ROLE, how="test")
        later = NOON + timedelta(days=1)
        book.record(report(camera(1), camera(7), scan_id="later", when=later), counted=True)
        rows = book.devices()
        expected = tally_devices(rows, assess.judge_assets(rows, Config(), day.now), day.now)
        assert book.tallies()[-1][1] == {**expected, "scope": assess.scope_mark(Config())}
        assert expected["cost_remaining"] == 250.55


# ── what is counted from it ──────────────────────────────────────────────────────────────────────────────────────


def as_counted(space: Workspace) -> Overview:
    """From all devices, as it was always counted."""
    found = plan_progress(space, on=f"{assess.today_utc()}")
    return Overview(found.day, found.status, tuple(found.points), found.looked, found.headline, found.is_map_stale)


def kept(space: Workspace) -> bool:
    """Whether the overview can be read without opening the register for more than a look."""
    day = assess.today_utc()
    return bool(
        read_at_a_glance(
            space.where, settings_hash(space.settings), day, lambda seen: seen.find_document("programme", day)
        )
    )


@pytest.mark.parametrize("seed", range(10, 13))
@pytest.mark.slow
def test_what_is_counted_is_what_all_devices_come_to(register_at: str, day: Day, seed: int) -> None:
    life = Life(random.Random(seed), day, register_at)
    for _ in range(STEPS):
        life.step()
        space = workspace_of(life.settings, life.where)
        first = load_overview(space)
        assert kept(space) or register_at.startswith("postgresql")
        assert load_overview(space) == first == as_counted(space)
        assert screen_list(space, Rows) == as_listed(space)


class Rows(list[ScreenRow]):
    """The rows of a list."""

    def add(self, row: ScreenRow) -> None:
        self.append(row)


def as_listed(space: Workspace) -> ScreenList[Rows]:
    """The list as it is made of all devices."""
    with space.open(readonly=True) as book:
        found = list_devices(book, space.settings, ListFilter())
    rows = sorted(found.rows, key=lambda row: (not row.ip_addresses, [*map(sort_key, row.ip_addresses[:1])]))
    return ScreenList(Rows(screen_row(row, found.maker(row)) for row in rows), found.others, found.headline)


@pytest.mark.usefixtures("day")
def test_the_list_on_the_screen_says_of_hostile_texts_what_the_devices_say(register_at: str) -> None:
    with open_register(register_at) as book:
        hostile: dict[str, Any] = dict.fromkeys(("brand", "model", "firmware", "serial", "kind"), HOSTILE)
        found = camera(1, maker="\x1amaker", **hostile), camera(2, model="\x1amodel", is_camera_system=None)
        others = camera(3, ip="192.0.2.30", maker=None, is_camera_system=False), nameless("fe80::1%eth0")
        book.record(report(*found, *others, nameless("192.0.2.9", model="é" * 300), site="Schüle\x00"))
        name = book.devices()[0].asset_id
        entries = {"council_asset_tag": "T" * 150, "location_detail": "under\nthe stairs"}
        book.edit_entries([Edit(name, *entry) for entry in entries.items()], role=ROLE, how="test")
    space = workspace_of(Config(), register_at)
    told = screen_list(space, Rows)
    assert told == as_listed(space)
    assert told is not None
    assert told.others == 1


def test_whoever_may_not_write_counts_from_all_devices(tmp_path: Path, day: Day) -> None:
    path = tmp_path / "camscan.db"
    filled(str(path)).close()
    space = workspace_of(Config(), path)
    day.now += timedelta(days=1)
    with open_register(path) as writer, writer._database.begin_writing():
        assert load_overview(space) is None
    assert load_overview(space) == as_counted(space)


def test_who_may_only_read_a_register_on_a_server_reads_what_was_counted(
    postgresql_server: pg_server.Server, postgresql_at: str, day: Day
) -> None:
    space = workspace_of(Config(), postgresql_at)
    filled(postgresql_at).close()
    reader = workspace_of(Config(), postgresql_server.reader_of(postgresql_at))
    assert load_overview(replace(reader, settings=OTHERS[1])) is None  # by these settings nobody has judged them
    assert load_overview(reader) == as_counted(space)  # counted, and kept by nobody
    assert load_overview(space) == load_overview(reader) == as_counted(space)
    assert screen_list(reader, Rows) == as_listed(space)
    day.now += timedelta(days=1)
    with space.open(editing=True) as writer:
        with writer._database.begin_writing():  # nobody waits for it: no line is out of date on that day
            assert load_overview(space) == as_counted(space)
        writer.edit_entries(
            [Edit(writer.devices()[0].asset_id, "planned_removal_date", "2026-04-01")], role=ROLE, how="test"
        )
    day.now += timedelta(days=60)
    assert load_overview(reader) is None  # one is overdue by now, and its line does not say so


def test_a_look_upgrades_no_earlier_register(tmp_path: Path) -> None:
    path = tmp_path / "camscan.db"
    path.write_bytes(lzma.decompress(KEPT.read_bytes()))
    before = path.read_bytes()
    assert load_overview(workspace_of(Config(), path)) is None
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"", b"no register", b"SQLite format 3\0" + b"\1" * 200])
def test_a_file_that_is_not_a_register_shows_nothing(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "camscan.db"
    path.write_bytes(content)
    assert read_at_a_glance(path, "", date(2026, 3, 2), lambda _: True) is None


def test_a_look_knows_the_version_and_the_triggers() -> None:
    assert (glances.VERSION, glances.TRIGGERS) == (schema.VERSION, watching.EXPECTED)
