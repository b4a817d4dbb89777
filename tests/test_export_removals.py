"""``camscan export removals``: the sheet for contractors, its way back, and the calendar of works."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import icalendar
import pytest
from command_line import Camscan
from export_samples import HOSTILE, estate, hostile, ordinary, texts_of
from sample_report import DAY, camera, report

from camscan.app.workspace import find_workspace
from camscan.drafts import whole_text
from camscan.exports import count_reasons, removals
from camscan.exports.removals import COLUMNS

GOLDEN = Path(__file__).parent / "golden" / "exports"


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


class TestSheet:
    def test_columns_are_a_promise(self) -> None:
        assert texts_of(removals.make_removals(ordinary(), {}))[""].partition("\r\n")[0] == (
            "asset_id,council_asset_tag,site_name,uprn,site_type,controller,owner_service,location_detail,device_type,"
            "manufacturer,model,recorder_asset_id,removal_priority,standing,lifecycle_status,planned_removal_date,"
            "removal_phase,blocked_by,replacement_make_model,estimated_cost,budget_code,funding_source,"
            "actual_removal_date,removal_evidence_ref,data_wiped,disposal_certificate_ref,last_confirmed_on,presence,"
            "scope_decision_ref,revision,inherited"
        )

    def test_the_whole_file(self) -> None:
        assert texts_of(removals.make_removals(ordinary(), {}))[""] == (GOLDEN / "removals.csv").read_bytes().decode()

    def test_by_day_then_priority_then_site(self) -> None:
        found = rows(texts_of(removals.make_removals(ordinary(), {}))[""])
        order = [(row["planned_removal_date"] or "9", row["removal_priority"], row["site_name"]) for row in found]
        assert order == sorted(order)
        assert [row["standing"] for row in found][:1] == ["overdue"]

    def test_every_device_is_in_it_or_left_out_with_a_reason(self) -> None:
        made = removals.make_removals(ordinary(), {})
        assert made.devices + len(made.left_out) == len(estate())
        assert count_reasons(made.left_out) == (
            "2 of unknown scope, 1 already removed, 1 entered as a false alarm, 1 not in scope, "
            "1 not part of video surveillance, 1 not the council's"
        )

    def test_a_guess_is_not_a_maker(self) -> None:
        inventory = ordinary()
        guessed = [
            replace(item, judgement=replace(item.judgement, in_scope="yes"))
            for item in inventory.items
            if item.asset.identification.confidence.value == "possible"
        ]
        found = rows(texts_of(removals.make_removals(replace(inventory, items=guessed), {}))[""])
        assert [row["manufacturer"] for row in found] == ["unknown"]

    def test_no_text_is_run_and_every_row_has_its_cells(self) -> None:
        text = texts_of(removals.make_removals(hostile(), {}))[""]
        text.encode("utf-8")
        assert not set(text) & set("\x00\x1b\x07")
        found = list(csv.reader(io.StringIO(text, newline="")))
        assert len(found) == 1 + len(HOSTILE)
        assert {len(row) for row in found} == {len(COLUMNS)}
        assert not [cell for row in found for cell in row if cell.lstrip()[:1] in {*"=+-@"} and cell.strip()]


class TestCalendar:
    def test_the_whole_file(self) -> None:
        made = removals.make_removals(ordinary(), {"ics": "works.ics"})
        assert whole_text(made.other_files["ics"]) == (GOLDEN / "removals.ics").read_bytes().decode()

    def test_one_event_for_each_site_and_day(self) -> None:
        text = whole_text(removals.make_removals(ordinary(), {"ics": ""}).other_files["ics"])
        events = list(icalendar.Calendar.from_ical(text).walk("VEVENT"))
        assert [(event["summary"], event.decoded("dtstart")) for event in events] == [
            ("Overdue: Camera removal, Town Hall: 1 device", date(2026, 11, 1)),
            ("Camera removal, St Mary's School: 1 device", date(2027, 3, 31)),
            ("Camera removal, Town Hall: 1 device", date(2027, 3, 31)),
        ]
        assert {event.decoded("dtend") - event.decoded("dtstart") for event in events} == {timedelta(days=1)}
        assert len({event["uid"] for event in events}) == 3
        assert "192.0.2" not in text

    def test_hostile_sites_are_text(self) -> None:
        text = whole_text(removals.make_removals(hostile(), {"ics": ""}).other_files["ics"])
        assert max(len(line.encode()) for line in text.split("\r\n")) <= 75
        assert not set(text) & set("\x00\x1b\x07\u202e")
        assert text.count("\r\nBEGIN:") == text.count("BEGIN:VEVENT\r\n")
        events = list(icalendar.Calendar.from_ical(text).walk())
        assert {event.name for event in events} == {"VCALENDAR", "VEVENT"}
        assert len(events) == 1 + len(HOSTILE)


DECISION = "planning:\n  local_decision: {minute: Cabinet 4, date: 12 May 2026, groups: [hikvision, dahua]}\n"


SITES = "sites:\n  - {{name: {}, cidrs: [192.0.2.0/24], controller: {}}}\n"


class TestContractor:
    """Out, filled in, checked, taken: and the programme is as far as the contractor got."""

    @pytest.fixture(autouse=True)
    def home(self, workplace: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        monkeypatch.setenv("CAMSCAN_ROLE", "CCTV manager")
        (workplace / "camscan.yaml").write_text(DECISION)
        with find_workspace().open() as book:
            book.record(report(*map(camera, range(1, 7)), when=datetime.now(UTC) - 2 * DAY))
        return workplace

    def fill(self, home: Path, of: dict[str, dict[str, str]]) -> None:
        """As a contractor fills it in: by the number of the device."""
        sheet = home / "removals.csv"
        found = [{**row, **of.get(row["asset_id"], {})} for row in rows(sheet.read_bytes().decode())]
        with sheet.open("w", newline="", encoding="utf-8") as stream:
            table = csv.DictWriter(stream, COLUMNS)
            table.writeheader()
            table.writerows(found)

    def test_the_round(self, camscan: Camscan, home: Path) -> None:
        planned = (date.today() + timedelta(days=60)).isoformat()  # noqa: DTZ011 - any day ahead
        names = ["192.0.2.2", "192.0.2.3", "192.0.2.4"]
        assert camscan("plan", "set", *names, "--on", planned, "--cost", "450")[0] == 0
        code, out, err = camscan("export", "removals", "removals.csv", "--ics", "works.ics")
        assert (code, out, err) == (0, "removals.csv: 6 devices\n", "")
        assert (home / "works.ics").read_text().count("BEGIN:VEVENT") == 1
        first, second, third, *_ = (row["asset_id"] for row in rows((home / "removals.csv").read_text()))
        # Meanwhile somebody in the office gives the second one a location: nobody's work is lost.
        camscan("set", second, "location_detail=north stair")
        done = {"actual_removal_date": "20/03/2026", "removal_evidence_ref": "WO-1"}
        self.fill(
            home,
            {
                first: {**done, "data_wiped": "yes", "disposal_certificate_ref": "WEEE-77"},
                second: done,
                third: {"actual_removal_date": "21/03/2026"},
            },
        )
        code, out, _ = camscan("register", "import", "removals.csv")
        assert code == 3
        assert "give the removal_evidence_ref too" in out
        assert "standing" not in out
        with find_workspace().open(readonly=True) as book:
            assert {row.lifecycle.value for row in book.devices()} == {"planned", "found"}
        code, out, _ = camscan("register", "import", "removals.csv", "--apply", "--because", "contractor's return")
        assert code == 3
        with find_workspace().open(readonly=True) as book:
            found = {row.asset_id: row for row in book.devices()}
        assert [found[name].lifecycle.value for name in (first, second, third)] == ["removed", "removed", "planned"]
        assert found[first].entries["disposal_certificate_ref"] == "WEEE-77"
        assert found[first].entries["data_wiped"] == "yes"
        assert found[second].entries["location_detail"] == "north stair"
        self.is_counted(camscan)

    def is_counted(self, camscan: Camscan) -> None:
        """Two are gone, for two prices; the next scan counts four that remain, and the sheet has four."""
        status = json.loads(camscan("plan", "status", "--json")[1])
        assert (status["in_scope"]["devices"], status["removed"]["devices"]) == (6, 2)
        with find_workspace().open() as book:
            left = [camera(number) for number in range(1, 7) if number not in {1, 2}]
            book.record(report(*left, scan_id="after", when=datetime.now(UTC)), counted=True)
        points = json.loads(camscan("plan", "status", "--json")[1])["burn_down"]
        assert [point["remaining"] for point in points if point["remaining"] is not None][-1] == 4
        out = camscan("export", "removals", "removals.csv", "--force")[1]
        assert out == "removals.csv: 4 devices\nleft out: 2 already removed; --left-out FILE lists them\n"

    def test_what_the_site_map_says_meanwhile_is_not_an_edit(self, camscan: Camscan, home: Path) -> None:
        (home / "camscan.yaml").write_text(DECISION + SITES.format("Town Hall", "landlord"))
        camscan("sites", "list")
        with find_workspace().open() as book:
            book.remember_sites(find_workspace().settings.places())
        camscan("export", "removals", "removals.csv")
        assert rows((home / "removals.csv").read_text())[0]["site_name"] == "Town Hall"
        (home / "camscan.yaml").write_text(DECISION + SITES.format("Guildhall", "own"))
        with find_workspace().open() as book:
            book.remember_sites(find_workspace().settings.places())
        code, out, err = camscan("register", "import", "removals.csv")
        assert (code, err) == (0, "")
        assert out.splitlines()[-1].startswith("0 entries of 0 devices would change")

    def test_an_edit_of_camscans_own_columns_is_reported(self, camscan: Camscan, home: Path) -> None:
        camscan("export", "removals", "removals.csv")
        first = rows((home / "removals.csv").read_text())[0]["asset_id"]
        self.fill(home, {first: {"model": "something else", "location_detail": "roof"}})
        code, out, _ = camscan("register", "import", "removals.csv", "--apply")
        assert code == 3
        assert "model is camscan's own column; 'something else' was skipped" in out
        with find_workspace().open(readonly=True) as book:
            assert book.devices_by_number([first])[0].entries == {"location_detail": "roof"}

    def test_what_was_not_filled_in_changes_nothing(self, camscan: Camscan) -> None:
        camscan("export", "removals", "removals.csv")
        code, out, err = camscan("register", "import", "removals.csv")
        assert (code, err) == (0, "")
        assert out.splitlines()[-1].startswith("0 entries of 0 devices would change")
