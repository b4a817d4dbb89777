"""Three years of a council: twelve sites, forty scans, and all that happens to a register meanwhile.

``make long`` tells it of 500 devices, on both stores; ``make test`` of as many as the calendar needs, on a file.
Reports are made from the replies of the simulated estate (``council.py``); people work through the command line.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from command_line import Camscan, command
from council import Council, Unit, replies_of
from earlier import one_step_further, rewrite

from camscan import fingerprints, sheets
from camscan.app.listing_lines import make_lister
from camscan.asset import Asset, Lifecycle, Presence
from camscan.asset.columns import BY_NAME
from camscan.cells import harmless_cell
from camscan.config import find_config
from camscan.model import Confidence, Identification
from camscan.register import open_register, schema

SITES = 12
MANY, FEW = 500, 160
"""Devices. Of the few, each site has at least eight that say who they are."""
SCANS = 40
START = datetime(2022, 1, 10, 9, tzinfo=UTC)
BETWEEN = timedelta(days=27)
ROLE = "CCTV manager"
DECISION = """\
planning:
  local_decision: {minute: Cabinet 2021/114, date: '2021-09-14', groups: [hikvision, dahua]}
"""


RULE = """
- id: own.townhall
  when: {sadp.model: '^.+$'}
  then: {brand: Town Hall Cameras}
  certainty: 0.995
  source: the council's contract
  examples:
    - see: {sadp.model: DS-2CD2385G1-I}
      then: {brand: Town Hall Cameras}
  counterexamples:
    - see: {sadp.model: ''}
"""
"""A fingerprint of the council's own."""


@dataclass
class Book:
    """The register, as its users reach it."""

    camscan: Camscan
    path: str
    """A file, or the address of a PostgreSQL database."""
    settings: Path

    def run(self, *arguments: str, code: int = 0) -> str:
        """One command; what it printed."""
        got, out, err = self.camscan(*arguments, "--register", self.path, "--config", str(self.settings))
        assert got == code, (arguments, got, out, err)
        return out

    def rows(self) -> dict[str, Asset]:
        """Every row by asset id."""
        with open_register(self.path, readonly=True) as book:
            return {row.asset_id: row for row in book.devices()}


class Story:
    """What happens, and beside it what the register must say in the end."""

    def __init__(self, book: Book, council: Council, folder: Path) -> None:
        self.book = book
        self.council = council
        self.folder = folder
        self.round = 0
        self.ids: defaultdict[Unit, set[str]] = defaultdict(set)
        """Unit -> every asset id under which a scan has recorded it."""
        self.diary: defaultdict[str, dict[str, str]] = defaultdict(dict)
        """Asset id -> column -> what a person entered last."""
        self.planned: list[Unit] = []
        self.down: list[Unit] = []
        """Taken down, oldest first."""
        self.history: list[dict[str, int]] = []
        """How many units hung where, after each scan: what the burn-down must say."""
        self.tripped: list[Unit] = []
        self.ghost: Unit
        self.before = ""
        """The last scan before it turned up again."""

    def scan(self) -> None:
        """All sites, and which row each unit that was up went to."""
        today = self.council.now.date()
        settings = find_config(self.book.settings)
        with open_register(self.book.path) as book:
            book.list_by(replace(make_lister(settings), day=lambda: today))
            for site in self.council.sites:
                book.record(self.council.scan(site), counted=True)
        seen = [row for row in self.book.rows().values() if row.presence is Presence.SEEN]
        at = {(row.site, ip): row.asset_id for row in seen for ip in row.ip_addresses}
        for site in self.council.sites:
            for unit in self.council.present(site):
                self.ids[unit].add(at[site, unit.ip])
        self.council.now += BETWEEN
        self.round += 1

    def row(self, unit: Unit) -> str:
        """The one row of a unit."""
        (only,) = self.ids[unit]
        return only

    def tell(self, *arguments: str) -> str:
        """A person's command."""
        return self.book.run(*arguments, "--role", ROLE)

    def enter(self, unit: Unit, **entries: str) -> None:
        """What the register must say of a unit from now on."""
        self.diary[self.row(unit)] |= entries

    def take_down(self, unit: Unit, reference: str) -> None:
        """Somebody enters that a unit, which is down already, was removed."""
        self.tell("removed", self.row(unit), "--on", self.today, "--evidence", reference)
        entered = {"actual_removal_date": self.today, "removal_evidence_ref": reference}
        self.enter(unit, lifecycle_status="removed", **entered)
        if unit not in self.down:
            self.down.append(unit)

    @property
    def today(self) -> str:
        """The day, as people write it."""
        return self.council.now.date().isoformat()

    def installed(self, site: str) -> list[Unit]:
        """Units of a site that hang there and say who they are, in the order in which they were hung up."""
        return [unit for unit in self.council.units if unit.site == site and unit.is_up and unit.is_keyed]

    def events(self, since: str) -> list[dict[str, str]]:
        """What `camscan diff` says has happened since a scan."""
        told: dict[str, list[dict[str, str]]] = json.loads(
            self.book.run("diff", "--since", since, "--all", "--json", code=1)
        )
        return told["changes"]

    def sheet(self, suffix: str, change: Callable[[dict[str, str]], dict[str, str]]) -> None:
        """Export, let somebody work on the spreadsheet, take it back in."""
        file = self.folder / f"round-{self.round}{suffix}"
        self.book.run("register", "export", "--view", "full", "--force", str(file))
        edit(file, change)
        before = self.book.rows()
        assert self.tell("register", "import", str(file))
        assert self.book.rows() == before, "a dry run changed the register"
        self.tell("register", "import", str(file), "--apply")

    def count(self) -> None:
        """What the burn-down must say of this round, from what hangs where and not from the register."""
        rows = self.book.rows()
        theirs = {unit: rows[self.row(unit)] for unit in self.ids}
        said = {unit: self.diary.get(name, {}).get("lifecycle_status", "") for unit, name in self._names()}
        scope = {unit for unit, row in theirs.items() if is_ours(row.identification, looked_at=bool(said[unit]))}
        gone = scope & set(self.down)
        not_ours = {unit for unit in scope if said[unit] == "not_ours"}
        self.history.append({"removed": len(gone), "remaining": len(scope - gone - not_ours)})

    def _names(self) -> list[tuple[Unit, str]]:
        return [(unit, self.row(unit)) for unit in self.ids]

    def ends(self) -> None:
        """The burn-down agrees with what was done, and the register holds what it held."""
        with open_register(self.book.path, readonly=True) as book:
            tallies = [counts for _, counts in book.tallies()]
        last = tallies[SITES - 1 :: SITES]
        told = [{name: counts[name] for name in ("removed", "remaining")} for counts in last]
        assert told[-len(self.history) :] == self.history
        status = json.loads(self.book.run("plan", "status", "--json"))
        assert {name: status["total"][name] for name in ("removed", "remaining")} == self.history[-1]
        assert self.book.run("register", "check")
        silent = [event for event in self.events("story-0001") if event["kind"].startswith("coverage")]
        assert silent == []  # it is back: no net change
        self.identify_anew()

    def identify_anew(self) -> None:
        """The stored evidence under a database with one rule more: what that rule is about changes, and no more."""
        before = self.book.rows()
        self.book.run("register", "reidentify", "--apply")
        assert self.book.rows() == before
        overlay = self.folder / "own"
        overlay.mkdir()
        (overlay / "own.yaml").write_text(RULE, encoding="utf-8")
        self.book.run("register", "reidentify", "--overlay", str(overlay))
        assert self.book.rows() == before
        self.book.run("register", "reidentify", "--apply", "--overlay", str(overlay))
        after = self.book.rows()
        spoke = {self.row(unit) for unit in self.ids if unit.says("sadp.model")}
        assert {name for name in after if after[name].identification.brand == "Town Hall Cameras"} == spoke
        for name, row in after.items():
            was = before[name]
            assert row == was or name in spoke
            assert replace(row, identification=was.identification) == was, "more than the identification changed"
            assert (row.identification.maker, row.identification.serial) == (
                was.identification.maker,
                was.identification.serial,
            )

    def check(self) -> None:
        """After every scan: one row for each unit, and every entry as it was made."""
        rows = self.book.rows()
        assert [ids for ids in self.ids.values() if len(ids) != 1] == []
        assert len({self.row(unit) for unit in self.ids}) == len(self.ids) == len(rows)
        wrong = {
            (name, column): (rows[name].entries.get(column), value)
            for name, entries in self.diary.items()
            for column, value in entries.items()
            if rows[name].entries.get(column) != value
        }
        assert wrong == {}
        assert {name for name, row in rows.items() if row.entries} == set(self.diary)


def is_ours(found: Identification, *, looked_at: bool) -> bool:
    """Whether the programme counts a device: a maker that is only possible must have been looked at."""
    sure = found.confidence in {Confidence.CONFIRMED, Confidence.PROBABLE}
    return found.maker in {"hikvision", "dahua"} and (sure or looked_at)


def facts_of(rows: Mapping[str, Asset]) -> dict[str, tuple[object, ...]]:
    """What an upgrade may not lose."""
    return {name: (row.identification, row.ip_addresses, row.first_seen, row.site) for name, row in rows.items()}


def edit(file: Path, change: Callable[[dict[str, str]], dict[str, str]]) -> None:
    """What a person does to a register in a spreadsheet: opens it, changes cells, saves it."""
    sheet = sheets.format_of_file(file.name)
    lines = next(page.lines for page in sheet.read(file.read_bytes()) if any("asset_id" in x.cells for x in page.lines))
    top = next(index for index, line in enumerate(lines) if "asset_id" in line.cells)
    names = lines[top].cells
    rows = [change(dict(zip(names, line.cells, strict=False))) for line in lines[top + 1 :]]
    columns = tuple(BY_NAME[name] for name in names)
    cells = [[harmless_cell(row.get(name, "")) for name in names] for row in rows]
    with file.open("wb") as stream:
        sheet.write(sheets.Table("Register", (("What", "the register"),), columns, cells), stream)


STEP = f"""
from alembic import op
import sqlalchemy as sa
revision = "9000"
down_revision = "{schema.VERSION}"
def upgrade():
    op.add_column("device", sa.Column("colour", sa.Text))
    with op.batch_alter_table("people") as batch:
        batch.add_column(sa.Column("shade", sa.Text))
"""
"""A step of a later camscan: one column more, one table built anew."""


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("register_at", "devices"),
    [
        ("sqlite", FEW),
        pytest.param("sqlite", MANY, marks=pytest.mark.long),
        pytest.param("postgresql", MANY, marks=pytest.mark.long),
    ],
    indirect=["register_at"],
)
def test_three_years(
    register_at: str, devices: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    database = fingerprints.load_database()
    council = Council(replies_of(devices + 60, tmp_path), database, SITES, START)
    settings = tmp_path / "camscan.yaml"
    settings.write_text(f"organisation: A council\n{DECISION}", encoding="utf-8")
    book = Book(command(capsys), register_at, settings)
    story = Story(book, council, tmp_path)
    council.furnish(devices)
    assert all(len(story.installed(site)) >= 8 for site in council.sites), "too few for what will happen to them"

    # The first months: an old camscan, then an upgrade.
    story.scan()
    story.scan()
    before = facts_of(book.rows())
    if "://" not in book.path:  # on a server, nobody has an older one
        rewrite(Path(book.path), "0001")
    story.scan()
    assert facts_of(book.rows()).items() >= before.items()
    assert len(book.rows()) == devices

    while story.round < SCANS:
        for site in list(council.sites)[story.round % SITES :: 4]:
            council.churn(site, 0.5)
        for event in CALENDAR.get(story.round, ()):
            event(story)
        if story.round == 20:
            one_step_further(monkeypatch, tmp_path, STEP)
        story.scan()
        story.check()
        story.count()

    story.ends()


# What happens, by the number of scans so far.


def inventory(story: Story) -> None:
    """Somebody walks round, and writes down what no scan can know."""
    for site in list(story.council.sites)[:4]:
        units = story.installed(site)[:5]
        story.tell("visited", *map(story.row, units), "--on", story.today)
        for number, unit in enumerate(units, 1):
            story.tell(
                "set", story.row(unit), f"location_detail=Corridor {number}", f"council_asset_tag={site}/{number}"
            )
            confirmed = {
                "lifecycle_status": "confirmed",
                "last_confirmed_on": story.today,
                "last_confirmed_by_role": ROLE,
            }
            story.enter(unit, location_detail=f"Corridor {number}", council_asset_tag=f"{site}/{number}", **confirmed)


def landlord(story: Story) -> None:
    """Some are the landlord's, and for some the committee accepts the risk."""
    theirs, kept = story.installed("Site 05")[:3], story.installed("Site 06")[:2]
    story.tell("not-ours", *map(story.row, theirs), "--because", "the landlord's list", "--controller", "landlord")
    story.tell("accept-risk", *map(story.row, kept), "--ref", "Committee, minute 12")
    for unit in theirs:
        story.enter(unit, lifecycle_status="not_ours", controller="landlord")
    for unit in kept:
        story.enter(unit, lifecycle_status="accepted_risk")


def programme(story: Story, suffix: str = ".csv") -> None:
    """The removal programme comes back from finance as a spreadsheet."""
    sites = {".csv": ("Site 07", "Site 08"), ".xlsx": ("Site 09",), ".ods": ("Site 10",)}[suffix]
    chosen = {story.row(unit): unit for site in sites for unit in story.installed(site)[:20]}
    day = (story.council.now + timedelta(days=400)).date().isoformat()

    def plan(row: dict[str, str]) -> dict[str, str]:
        if row["asset_id"] in chosen:
            row |= {"planned_removal_date": day, "lifecycle_status": "planned", "estimated_cost": "450.00"}
        return row

    story.sheet(suffix, plan)
    for unit in chosen.values():
        story.enter(unit, planned_removal_date=day, lifecycle_status="planned", estimated_cost="450.00")
        story.planned.append(unit)


def trip(story: Story) -> None:
    """Ten units lose their power."""
    story.tripped = story.installed("Site 11")[:10]
    for unit in story.tripped:
        unit.is_up = False


def power(story: Story) -> None:
    """Power is back. Nobody has been called removed meanwhile."""
    rows = story.book.rows()
    assert {rows[story.row(unit)].presence for unit in story.tripped} == {Presence.OFFLINE}
    assert {rows[story.row(unit)].lifecycle for unit in story.tripped} == {Lifecycle.FOUND}
    for unit in story.tripped:
        unit.is_up = True


def swap(story: Story) -> None:
    """Ten are replaced, each by another on the same address; people write down the old ones."""
    for unit in story.installed("Site 12")[:10]:
        unit.is_up = False
        story.council.install(story.council.spare(), unit.site, unit.ip)
        story.take_down(unit, "swap")


def outage(story: Story) -> None:
    """The link to a whole site breaks."""
    story.council.silent.add("Site 03")


def repaired(story: Story) -> None:
    """It took three scans; its devices were frozen, not missed."""
    rows = [row for row in story.book.rows().values() if row.site == "Site 03"]
    assert {row.presence for row in rows} == {Presence.UNREACHABLE_SCOPE}
    assert {row.scans_missed for row in rows} == {0}
    story.council.silent.clear()


def move(story: Story) -> None:
    """Three units move to another site, and keep their rows."""
    for unit in story.installed("Site 01")[5:8]:
        unit.site, unit.ip = "Site 02", story.council.free("Site 02")


def remove(story: Story) -> None:
    """The programme takes down eight."""
    for _ in range(8):
        if story.planned:
            unit = story.planned.pop(0)
            unit.is_up = False
            story.take_down(unit, f"works order {story.round}")


def reappear(story: Story) -> None:
    """One of those turns up again, plugged in elsewhere."""
    story.before = f"story-{story.council.scans:04}"
    story.ghost = story.down[12]
    story.ghost.is_up, story.ghost.site, story.ghost.ip = True, "Site 04", story.council.free("Site 04")


def caught(story: Story) -> None:
    """camscan says so at once and once; somebody takes it down for good."""
    row = story.row(story.ghost)
    found = [event for event in story.events(story.before) if event["kind"] == "reappeared_after_removal"]
    assert [event["asset_id"] for event in found] == [row]
    story.ghost.is_up = False
    story.take_down(story.ghost, "works order, once more")


CALENDAR: dict[int, tuple[Callable[[Story], None], ...]] = {
    4: (inventory,),
    5: (landlord,),
    6: (programme,),
    7: (partial(programme, suffix=".xlsx"),),
    8: (partial(programme, suffix=".ods"), trip),
    13: (power,),
    11: (swap,),
    14: (outage,),
    17: (repaired,),
    18: (move,),
    **dict.fromkeys(range(22, 32), (remove,)),
    35: (reappear,),
    36: (caught,),
}
