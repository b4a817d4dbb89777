"""The report: what it says of a register, for whom, and that it stands alone. No register, no clock."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import fields, replace
from datetime import date
from pathlib import Path

import pytest
from briefed import DAY, GOLDEN, NOTHING, TOWN_HALL, empty, facts, rows
from planned import asset, judgement
from sample_report import HOSTILE

from camscan.asset import Grouping, Presence
from camscan.briefing import Facts, Level, Report, compose_report, render_report, write_workbook
from camscan.briefing.estate import MOST_LISTED
from camscan.briefing.nouns import Device, Exhibit, Section
from camscan.page.table import Cell
from camscan.plan import group_table
from camscan.sheets.formats import ods


def section(report: Report, anchor: str) -> Section:
    return next(each for each in report.sections if each.anchor == anchor)


def exhibits(report: Report) -> dict[str, Exhibit]:
    return {each.name: each for part in report.sections for each in part.exhibits}


def cells(report: Report, name: str) -> list[tuple[Cell, ...]]:
    return [tuple(row) for row in exhibits(report)[name].table.rows]


def workbook(report: Report) -> bytes:
    stream = io.BytesIO()
    write_workbook(report, stream)
    return stream.getvalue()


class TestGolden:
    @pytest.mark.parametrize("level", list(Level))
    def test_the_page_is_what_it_was(self, level: Level) -> None:
        kept = GOLDEN / f"{level}.html"
        page = render_report(compose_report(facts(), level))
        assert page == kept.read_text(encoding="utf-8"), "look at it in a browser, then run: python tests/briefed.py"

    def test_the_same_facts_give_the_same_bytes(self) -> None:
        assert render_report(compose_report(facts())) == render_report(compose_report(facts()))
        assert workbook(compose_report(facts())) == workbook(compose_report(facts()))


class TestFirstPage:
    def test_it_can_be_read_aloud(self) -> None:
        in_scope, standings, end, cost, unknown, coverage = compose_report(facts()).says
        assert in_scope == (
            "8 devices are in scope for removal, in 8 systems at 2 sites; the site of 1 is not known. 2 are removed, "
            "and 6 remain"
            "."
        )
        assert standings == (
            "Of those that remain, 2 have a future date, 1 is overdue, 1 has no date yet, 1 is held up and "
            "1 is kept by decision."
        )
        assert end == "According to the plan, the last device with a date is removed by 31 March 2027."
        assert cost == (
            "Removing and replacing what remains is estimated to cost £2,150.50. No cost is entered yet for "
            "3 of these devices."
        )
        assert unknown == "It is not known whether 1 device is in scope, because its maker is not known."
        assert coverage == (
            "Coverage: scans have asked 75 % of the 508 addresses given to them, and 1 of 2 sites were scanned "
            "completely within 90 days; "
            "the newest scan ended on 20 November 2026."
        )

    def test_the_numbers_add_up(self) -> None:
        numbers = {each.name: each.value for each in compose_report(facts()).figures}
        parts = [int(numbers[name]) for name in ("Planned", "Overdue", "No date", "Held up", "Accepted risk")]
        assert sum(parts) == int(numbers["Remaining"]) == 6
        assert int(numbers["Removed"]) + 6 == int(numbers["In scope"]) == 8
        assert numbers["Coverage"] == "75 %"

    def test_the_headline_is_the_one_of_every_other_place(self) -> None:
        found = facts()
        assert compose_report(found).headline == found.headline.text

    def test_an_alarm_comes_first_and_names_devices_only_where_that_is_meant(self) -> None:
        full, summary = compose_report(facts()).notices, compose_report(facts(), Level.SUMMARY).notices
        assert full[0].word == summary[0].word == "Alarm"
        assert full[0].title == "1 device answers although somebody entered that it was removed"
        assert full[0].lines == (
            "CAM-0007 at Town Hall, entered as removed on 7 October 2026, last seen on 20 November 2026",
        )
        assert summary[0].lines == ()
        page = render_report(compose_report(facts()))
        assert page.index("Alarm") < page.index(facts().headline.text)

    def test_without_a_decision_it_says_that_nothing_is_in_scope(self) -> None:
        found = facts(is_decided=False)
        found = replace(found, status=replace(found.status, would_match=5, scope_unknown=6))
        (_, note) = compose_report(found).notices
        assert (note.word, note.lines) == ("Note", ("5 devices would match the policies in use.",))
        assert "no decision of the council is recorded" in note.title
        assert [row[1] for row in cells(compose_report(found), "Policies")] == ["would", "no"]

    def test_not_seen_is_not_gone(self) -> None:
        found = compose_report(facts([asset(1, presence=Presence.MISSED), asset(2)]))
        assert (
            "1 of those that remain was not seen by the last scans. Nobody has recorded their removal, so they count "
            "as remaining."
        ) in found.says


class TestSections:
    def test_ten_in_their_order(self) -> None:
        titles = [each.title for each in compose_report(facts()).sections]
        assert titles == [
            "Progress against the plan",
            "What it costs",
            "Where they are, and what they are",
            "Next, overdue, and without a date",
            "What has changed",
            "What is not known",
            "Why these devices, and in which order",
            "Every device in scope",
            "How to read this report",
        ]

    def test_the_burn_down_says_first_last_and_plan(self) -> None:
        found = compose_report(facts())
        chart = exhibits(found)["Progress"].chart
        assert chart is not None
        assert chart.description == (
            "In June 2026 7 devices remained. In October 2026 5 remained, of which 1 was not seen by the last scans. "
            "The plan leaves 3 at the end of March 2027."
        )
        assert cells(found, "Progress")[0] == ("June 2026", 7, 0, 8)
        assert cells(found, "Progress")[-1] == ("March 2027", None, None, 3)

    def test_counts_by_another_decision_are_said_to_be_left_out(self) -> None:
        points = tuple(replace(each, remaining=None, unconfirmed=None, is_other_scope=True) for each in facts().points)
        says = section(compose_report(facts(points=points)), "progress").says
        assert says == (
            "The plan leaves 3 at the end of March 2027.",
            "Months in which another decision was in force are left empty.",
        )

    def test_costs_sum_up_and_say_for_how_many_none_is_known(self) -> None:
        table = exhibits(compose_report(facts()))["Cost by year"].table
        assert [tuple(map(str, row)) for row in table.rows] == [
            ("2026/27", "3", "2150.50", "0"),
            ("No date yet", "3", "0", "3"),
        ]
        assert tuple(map(str, table.total)) == ("All", "6", "2150.50", "3")

    def test_one_month_is_not_a_chart(self) -> None:
        found = section(compose_report(facts(points=facts().points[:1])), "progress")
        assert found.exhibits == ()
        assert found.says[0] == "In June 2026 7 devices remained."

    def test_a_table_that_would_only_say_that_nobody_has_said_is_a_sentence(self) -> None:
        found = compose_report(facts([asset(1), asset(2)]))
        assert {"By controller", "By service"}.isdisjoint(exhibits(found))
        assert "Nobody has entered who controls the buildings." in section(found, "groups").says
        assert "By site" in exhibits(found)

    def test_none_is_reported_as_people_say_it(self) -> None:
        found = compose_report(facts([asset(1, place=TOWN_HALL)], new_at={}))
        assert "None of them is removed, and 1 remains." in found.says[0]
        assert section(found, "due").says == (
            "No device is to be removed in the next 90 days. No device is overdue, and 1 has no date.",
        )
        assert (
            "No device in scope was seen for the first time since 1 September 2026." in section(found, "changes").says
        )

    def test_what_is_due_is_by_day_and_site(self) -> None:
        found = compose_report(facts())
        assert cells(found, "Overdue") == [("St Mary's School", date(2026, 9, 30), 1, 3)]
        assert cells(found, "No date") == [("No known site", 1, 2)]

    def test_networks_that_nobody_scanned_are_named(self) -> None:
        assert cells(compose_report(facts()), "Not scanned") == [
            ("St Mary's School", "192.0.2.128/25", 126, 106, "never")
        ]

    def test_the_list_is_left_out_where_it_is_too_long_for_a_browser(self) -> None:
        found = facts()
        one, status = found.devices[0], found.status
        too_many = replace(status, total=replace(status.total, in_scope=MOST_LISTED + 1))
        short = section(compose_report(replace(found, status=too_many, devices=[])), "devices")
        assert short.exhibits == ()
        assert "5,001 devices is left out" in short.says[0]
        assert ".ods" in short.says[0]
        many = replace(found, status=too_many, devices=[one] * (MOST_LISTED + 1))
        assert len(cells(compose_report(many, listed=True), "Devices")) == MOST_LISTED + 1
        assert cells(compose_report(facts(devices=[one] * 5)), "Devices")


class TestSummary:
    def test_nothing_in_it_says_where_a_device_is_or_which(self) -> None:
        canaries = [
            "CAM-00",
            "CCTV-",
            "Town Hall",
            "Mary",
            "192.0.2",
            "Education",
            "Facilities",
            "Phase 1",
            "Landlord's",
        ]
        canaries += ["DS-2CD2132F", "Head of ICT", "serial number 1"]
        summary = render_report(compose_report(facts(), Level.SUMMARY))
        assert not [each for each in canaries if each in summary]
        full = render_report(compose_report(facts()))
        assert [each for each in canaries if each.replace("'", "&#39;") not in full] == ["Landlord's"]
        with zipfile.ZipFile(io.BytesIO(workbook(compose_report(facts(), Level.SUMMARY)))) as archive:
            unpacked = "".join(archive.read(name).decode() for name in archive.namelist())
        assert not [each for each in canaries if each in unpacked]

    def test_a_maker_that_somebody_typed_is_not_named(self) -> None:
        typed = [asset(number, maker=None, stated_manufacturer=f"Hik at Town Hall {number}") for number in (11, 12)]
        verdicts = {each.asset_id: judgement() for each in typed}
        rows = [*facts().groups[Grouping.MAKER], *group_table(typed, verdicts, DAY, Grouping.MAKER)]
        found = facts(groups={**facts().groups, Grouping.MAKER: rows})
        shown = cells(compose_report(found, Level.SUMMARY), "By maker")
        assert [row[:2] for row in shown] == [("hikvision", 7), ("dahua", 1), ("Other names", 2)]
        assert "Town Hall" not in render_report(compose_report(found, Level.SUMMARY))
        assert len(cells(compose_report(found), "By maker")) == 4

    def test_it_says_what_it_is(self) -> None:
        found = compose_report(facts(), Level.SUMMARY)
        assert found.marking == "OFFICIAL"
        assert found.subtitle.endswith("A summary, without sites and devices")
        assert {"By maker", "By capability", "By controller"} <= exhibits(found).keys()
        assert not {"By site", "By service", "Devices", "Authorisations"} & exhibits(found).keys()


class TestPoorRegisters:
    def test_an_empty_one(self) -> None:
        found = compose_report(empty())
        assert found.headline == "Hikvision or Dahua: none found; nothing was scanned yet."
        assert found.says == (
            "No device is in scope for removal.",
            "No scan is recorded: everything was entered by people.",
        )
        page = render_report(found)
        assert "Nobody has entered an estimated cost" in page
        assert "None" not in page
        assert len(ods.SHEET.read(workbook(found))) > 2

    def test_one_without_a_plan(self) -> None:
        found = compose_report(facts([asset(1), asset(2)]))
        assert "Of those that remain, 2 have no date yet." in found.says
        assert "No device has a future date" in " ".join(section(found, "progress").says)
        assert not {"Overdue", "Next"} & exhibits(found).keys()

    def test_one_that_was_never_scanned(self) -> None:
        found = compose_report(facts(looked=NOTHING, scans=0, first_scan=None, points=()))
        assert render_report(found)
        assert "No scan is recorded." in section(found, "reading").says[0]


class TestHostileText:
    TEXTS = ("<script>alert(1)</script>", "{{ 7*7 }}{% raw %}", "</style><img src=x>", '" onload="x', HOSTILE)

    @pytest.fixture(params=TEXTS, ids=["script", "braces", "style", "attribute", "control characters"])
    def wicked(self, request: pytest.FixtureRequest) -> Facts:
        text: str = request.param
        found = facts()
        device = Device(text, text, text, text, text, text, text, 1, "Planned", DAY, DAY)
        groups = {by: [replace(row, name=text) for row in lines] for by, lines in found.groups.items()}
        looked = replace(found.looked, networks=(replace(found.looked.networks[1], site=text),))
        return replace(
            found,
            organisation=text,
            role=text,
            devices=[device],
            groups=groups,
            looked=looked,
            new_at={text: 1},
            silent=[(text, text)],
            questions=[replace(found.questions[0], says=text)],
            returned=[replace(found.returned[0], site=text)],
            policies=[replace(found.policies[0], title=text, citation=text)],
        )

    def test_it_stays_text_in_the_page(self, wicked: Facts) -> None:
        page = render_report(compose_report(wicked))
        assert not re.search(r"<script|<img|\sonload=\"", page)
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", page)
        assert page.count("</style>") == 1
        page.encode()

    def test_it_stays_text_in_the_workbook(self, wicked: Facts) -> None:
        content = workbook(compose_report(wicked))
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            text = archive.read("content.xml").decode()
        assert not re.search(r"<text:p>[=+@]", text)
        assert "table:formula" not in text
        devices = next(page for page in ods.SHEET.read(content) if page.name == "Devices")
        assert len({cell for place, cell in enumerate(devices.lines[2].cells[:7]) if place}) == 1


class TestStandsAlone:
    def test_it_asks_nobody_for_anything(self) -> None:
        page = render_report(compose_report(facts()))
        assert not re.search(r"""(?:src|action|srcset|poster)\s*=|url\((?!#)|@import|<script|<link|<iframe""", page)
        assert set(re.findall(r'href="([^"]*)"', page)) >= {"#content", "#front"}
        assert all(target.startswith("#") for target in re.findall(r'href="([^"]*)"', page))
        assert "http:" not in page
        assert "https:" not in page

    def test_every_link_leads_somewhere_and_no_id_is_there_twice(self) -> None:
        page = render_report(compose_report(facts()))
        ids = re.findall(r'\sid="([^"]+)"', page)
        assert len(ids) == len(set(ids))
        named = [name for text in re.findall(r'aria-labelledby="([^"]+)"', page) for name in text.split()]
        targets = [target[1:] for target in re.findall(r'href="([^"]+)"', page)]
        assert {*named, *targets} <= set(ids)

    def test_every_table_has_a_caption_and_every_chart_words(self) -> None:
        page = render_report(compose_report(facts()))
        assert page.count("<table") == page.count("<caption") > 10
        assert page.count("<svg") == page.count("<desc") == page.count('role="img"') > 3


def test_worksheets_have_one_table_a_title_in_a1_and_a_short_name() -> None:
    content = workbook(compose_report(facts()))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        text = archive.read("content.xml").decode()
        assert "OFFICIAL-SENSITIVE" in archive.read("styles.xml").decode()
    assert "spanned" not in text
    assert "covered-table-cell" not in text
    assert text.count("<table:table-header-rows>") == text.count("<table:table ") - 1  # all but the cover
    names = re.findall(r'<table:table table:name="([^"]+)"', text)
    assert len(names) == len(set(names))
    assert max(map(len, names)) <= 31
    for page in ods.SHEET.read(content):
        assert page.lines[0].number == 1
        assert page.lines[0].cells[0]


def test_a_workbook_has_numbers_as_numbers_and_dates_as_dates() -> None:
    with zipfile.ZipFile(io.BytesIO(workbook(compose_report(facts())))) as archive:
        text = archive.read("content.xml").decode()
    assert 'office:value-type="float" office:value="2150.50"' in text
    assert 'office:value-type="date" office:date-value="2027-03-31"' in text


def test_two_thousand_devices_are_under_half_a_megabyte_and_twenty_thousand_under_three_and_a_half() -> None:
    one = Device(
        number="1MW790G-6MJY5VB7",
        site="Castle Street Car Park",
        place="Floor 2, corridor 7",
        tag="CCTV-0123",
        maker="Hikvision",
        model="DS-2CD2385G1-I",
        type="IP camera",
        priority=2,
        standing="Planned",
        planned=DAY,
        seen=DAY,
    )

    def size(devices: int, *, listed: bool | None = None) -> int:
        found = facts(devices=[one] * devices)
        status = replace(found.status, total=replace(found.status.total, in_scope=devices))
        return len(render_report(compose_report(replace(found, status=status), listed=listed)).encode())

    assert size(2_000) < 500_000
    assert size(20_000, listed=True) < 3_500_000
    assert size(20_000) < 100_000


def test_every_fact_is_used() -> None:
    """A fact that no section says would be gathered for nothing."""
    source = "".join(path.read_text(encoding="utf-8") for path in Path("camscan/briefing").glob("*.py"))
    assert [each.name for each in fields(Facts) if f"facts.{each.name}" not in source] == []


def test_rows_of_the_example_stand_in_every_way() -> None:
    assert len({facts().status.total.standings[each] > 0 for each in facts().status.total.standings}) == 2
    assert len(rows()) == 9
