"""Devices by site, read some at a time: the same, in the same order, as those of a register that is read at once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sample_report import DAY, NOON, ROLE, camera, enter, nameless, report

from camscan import sheets
from camscan.app import by_site, sites, spreadsheet
from camscan.app import report as report_facts
from camscan.app.assess import today_utc
from camscan.app.by_site import Devices, list_first, read_by_site
from camscan.app.devices import device_site
from camscan.app.foi_estate import make_estate
from camscan.app.plan import plan_progress_by, propose_plan
from camscan.app.report import gather_facts
from camscan.app.sites import known_sites
from camscan.app.workspace import Workspace, workspace_of
from camscan.asset import Asset, Grouping, Judgement, RecordType
from camscan.config import Config
from camscan.config.planning import LocalDecision, Planning
from camscan.errors import UsageError
from camscan.register import NewRow, Register, batches, open_register

DECISION = LocalDecision("Cabinet 4", date(2026, 5, 12), groups=("hikvision",))
SETTINGS = Config(planning=Planning(local_decision=DECISION))


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Devices of several sites and of none, one that is entered twice, a recorder with rows behind it."""
    path = tmp_path_factory.mktemp("by-site") / "camscan.db"
    with open_register(path) as book:
        found = [camera(0, ip="192.0.2.200", kind="nvr", model="DS-7608NI")]
        found += [camera(number, ip=f"192.0.2.{200 - number * 30}") for number in range(1, 7)]
        book.record(report(*found, nameless("192.0.2.9"), site="Town Hall"))
        later = camera(11, ip="198.51.100.3", when=NOON + 9 * DAY)
        book.record(report(later, scan_id="later", when=NOON + 9 * DAY, site="depot", targets=("198.51.100.0/24",)))
        recorder = book.devices()[0].asset_id
        rows = [
            NewRow(RecordType.IMPORTED, {"stated_ip_address": "198.51.100.3", "stated_manufacturer": "Hikvision"}),
            NewRow(RecordType.IMPORTED, {"stated_model": "X1"}),
            *(NewRow(RecordType.BEHIND_RECORDER, {}, recorder, channel) for channel in (1, 2)),
        ]
        book.add_devices(rows, role=ROLE, how="test")
        numbers = [row.asset_id for row in book.devices()]
        enter(book, numbers[3], site_name="Annexe")
        enter(book, numbers[4], site_name="TOWN HALL", recorder_asset_id=recorder)
    return path


@pytest.fixture
def space(path: Path) -> Workspace:
    space = workspace_of(SETTINGS, str(path))
    list_first(space)
    return space


@pytest.fixture
def book(space: Workspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[Register]:
    monkeypatch.setattr(batches, "_BATCH", 3)
    with space.open(readonly=True) as book:
        yield book


def whole(book: Register, **wanted: object) -> Devices:
    """As it is where the listing cannot be used."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(by_site, "has_lines", lambda *_: False)
        return read_by_site(book, SETTINGS, **wanted)  # type: ignore[arg-type]  # as given


def listed(devices: Devices) -> list[tuple[Asset, Judgement]]:
    return [(row, judged[row.asset_id]) for rows, judged in devices.batches() for row in rows]


@pytest.mark.parametrize("wanted", [{}, {"on": date(2027, 5, 1)}, {"site": "town hall"}, {"site": "Depot "}], ids=repr)
def test_the_same_devices_in_the_same_order(book: Register, wanted: dict[str, object]) -> None:
    found = read_by_site(book, SETTINGS, **wanted)  # type: ignore[arg-type]  # as given
    assert len(list(found.batches())) > ("site" not in wanted)
    assert listed(found) == listed(found) == listed(whole(book, **wanted))
    assert dict(found.around.channels_in_register) == dict(whole(book, **wanted).around.channels_in_register) != {}
    assert found.around.today == whole(book, **wanted).around.today


def test_a_row_that_stands_for_another_device_is_not_in_scope(book: Register) -> None:
    reasons = [each.in_scope_reason for _, each in listed(read_by_site(book, SETTINGS))]
    assert sum(reason.startswith("counted as ") for reason in reasons) == 1


def test_only_what_the_caller_may_see(book: Register) -> None:
    def sees(row: Asset) -> bool:
        return device_site(row) == "Annexe"

    found = read_by_site(book, SETTINGS, sees=sees)
    assert [device_site(row) for row, _ in listed(found)] == ["Annexe"]
    assert listed(found) == listed(whole(book, sees=sees))
    with pytest.raises(UsageError, match="no device at the site Depot"):
        read_by_site(book, SETTINGS, sees=sees, site="Depot")


@pytest.mark.parametrize("read", [read_by_site, lambda book, _, site: whole(book, site=site)], ids=["lines", "whole"])
def test_a_site_that_there_is_not(book: Register, read: object) -> None:
    with pytest.raises(UsageError, match="did you mean depot"):
        read(book, SETTINGS, site="Depto")  # type: ignore[operator]  # one of the two


@pytest.mark.parametrize("suffix", sheets.load_formats())
@pytest.mark.parametrize("view", ["full", "short"])
def test_a_sheet_is_the_same_however_it_is_cut(
    book: Register, monkeypatch: pytest.MonkeyPatch, view: str, suffix: str
) -> None:
    sheet = sheets.load_formats()[suffix]
    at_once = spreadsheet.RegisterSheet(whole(book), SETTINGS, view)
    expected = sheet.read(b"".join(at_once.pieces(sheet)))
    monkeypatch.setattr(spreadsheet, "_SLAB", 4)
    in_pieces = spreadsheet.RegisterSheet(read_by_site(book, SETTINGS), SETTINGS, view)
    found = sheet.read(b"".join(in_pieces.pieces(sheet)))
    assert [page.lines for page in found][-2:] == [page.lines for page in expected][-2:]  # the first names the minute
    assert (in_pieces.rows, in_pieces.every, in_pieces.scope) == (at_once.rows, at_once.every, at_once.scope)


def test_a_register_that_nobody_may_write_is_read_as_it_is(
    space: Workspace, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_register(path) as book:  # nobody lists it: its lines are out of date now
        enter(book, book.devices()[5].asset_id, notes="written")
    assert not by_site.is_listed(space)
    with monkeypatch.context() as patched, space.open(readonly=True) as book:
        patched.setattr(by_site, "may_list", lambda _: False)
        list_first(space)
        assert not by_site.is_listed(space)
        assert any(row.entries.get("notes") == "written" for row, _ in listed(read_by_site(book, SETTINGS)))
    list_first(space)
    assert by_site.is_listed(space)


@pytest.mark.parametrize("by", Grouping)
def test_the_programme_by_group_is_the_same_from_the_lines(space: Workspace, by: Grouping) -> None:
    found = plan_progress_by(space, by)
    today = today_utc().isoformat()
    assert found == plan_progress_by(space, by, on=today)  # which reads every device
    assert len(found.rows) >= 1


def answers(space: Workspace) -> list[object]:
    """What is made of every device: a draft of the programme, answers to a request, the report, the sites."""
    later = today_utc() + 400 * DAY
    with space.open(readonly=True) as book:
        draft = propose_plan(book, SETTINGS, by=later.isoformat())
        estate = make_estate(book, SETTINGS, later)
    draft_made = draft.proposal, draft.candidates, draft.named
    facts = [gather_facts(space, on) for on in (None, later.isoformat())]
    return [draft_made, estate, facts, known_sites(space, is_named=True).devices]


def test_what_is_made_of_every_device_is_the_same_from_pieces(
    space: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(batches, "_BATCH", 3)
        patched.setattr(Register, "devices", None)  # nobody reads every device at once
        in_pieces = answers(space)
    for module in (by_site, report_facts, sites):
        monkeypatch.setattr(module, "has_lines", lambda *_: False)
    assert in_pieces == answers(space)
