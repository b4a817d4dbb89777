"""Counts that add up: standing, tally, status, tables, costs, burn-down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from planned import TODAY, asset, judgement

from camscan.app.assess import scope_mark
from camscan.asset import Asset, Judgement, Lifecycle, Place, Presence
from camscan.config import Config
from camscan.config.planning import LocalDecision, Planning
from camscan.model import Capability
from camscan.plan import group_table, make_burndown, make_plan, programme_status, tally_devices
from camscan.plan.calendar import Month, budget_year, months_between
from camscan.plan.standing import Counts, Standing, count_devices, removal_standing
from camscan.plan.status import BY, Money

_SITES = ("Town Hall", "Library", "Depot", "")


@st.composite
def estates(draw: st.DrawFn) -> tuple[list[Asset], dict[str, Judgement]]:
    """Any devices in any state, judged in any way."""
    rows, judgements = [], {}
    entries: dict[str, Any]
    for number in range(draw(st.integers(0, 25))):
        entries = {
            "lifecycle_status": draw(st.sampled_from(sorted(Lifecycle))),
            "planned_removal_date": _day(draw, 400),
            "actual_removal_date": _day(draw, 0),
            "blocked_by": draw(st.sampled_from(("", "", "lease"))),
            "estimated_cost": draw(st.sampled_from(("", "100.00", "0.10", "99.99"))),
            "accepted_until": _day(draw, 60),
            "removal_phase": draw(st.sampled_from(("", "1", "2"))),
            "site_name": draw(st.sampled_from(_SITES)),
            "controller": draw(st.sampled_from(("", "own", "landlord"))),
            "recorder_asset_id": draw(st.sampled_from(("", "CAM-0000", "CAM-0001"))),
        }
        row = asset(
            number,
            maker=draw(st.sampled_from(("hikvision", "dahua", None))),
            presence=draw(st.sampled_from(sorted(Presence))),
            capabilities=draw(st.sampled_from(((), ("audio",), ("audio", "face")))),
            **{name: text for name, text in entries.items() if text},
        )
        rows.append(row)
        scope = draw(st.sampled_from(("yes", "yes", "yes", "no", "unknown")))
        judgements[row.asset_id] = judgement(scope, draw(st.integers(1, 4)))
    return rows, judgements


def _day(draw: st.DrawFn, ahead: int) -> str:
    days = draw(st.one_of(st.none(), st.integers(-400, ahead)))
    return "" if days is None else (TODAY + timedelta(days=days)).isoformat()


class TestStanding:
    @pytest.mark.parametrize(
        ("entries", "where"),
        [
            ({}, Standing.NO_DATE),
            ({"planned_removal_date": "2026-11-23"}, Standing.PLANNED),
            ({"planned_removal_date": "2026-11-22"}, Standing.OVERDUE),
            ({"planned_removal_date": "2026-11-22", "blocked_by": "lease"}, Standing.BLOCKED),
            ({"lifecycle_status": "accepted_risk", "blocked_by": "lease"}, Standing.ACCEPTED_RISK),
            ({"lifecycle_status": "accepted_risk", "accepted_until": "2026-11-23"}, Standing.ACCEPTED_RISK),
            ({"lifecycle_status": "accepted_risk", "accepted_until": "2026-11-22"}, Standing.NO_DATE),
            ({"lifecycle_status": "removed", "planned_removal_date": "2026-11-22"}, Standing.REMOVED),
            ({"lifecycle_status": "disposed"}, Standing.REMOVED),
            ({"lifecycle_status": "not_ours"}, Standing.CLOSED),
            ({"lifecycle_status": "false_positive"}, Standing.CLOSED),
            ({"lifecycle_status": "ordered", "planned_removal_date": "2027-01-01"}, Standing.PLANNED),
        ],
    )
    def test_the_first_that_holds(self, entries: dict[str, str], where: Standing) -> None:
        row = Asset("CAM-1", asset().record_type, asset().identification, entries=entries)
        assert removal_standing(row, TODAY) is where


class TestCounts:
    """One housing, one system, one building: three numbers that are never added to each other."""

    def test_by_hand(self) -> None:
        rows = [
            asset(1, kind="nvr", site_name="Town Hall", uprn="100"),
            asset(2, recorder_asset_id="CAM-0001", site_name="Town hall annexe", uprn="100"),
            asset(3, recorder="CAM-0001", site_name="Town Hall", uprn="100"),
            asset(4, site_name="Library"),
            asset(5, place=Place("Library")),
            asset(6, site="Depot"),
            asset(7),
        ]
        assert count_devices(rows) == Counts(devices=7, systems=5, sites=3, without_site=1)

    def test_a_system_is_counted_once_even_where_its_recorder_is_another_make(self) -> None:
        cameras = [asset(number, recorder_asset_id="CAM-0900") for number in (1, 2)]
        assert count_devices(cameras).systems == 1

    def test_nothing(self) -> None:
        assert count_devices([]) == Counts()


class TestArithmetic:
    @given(estates())
    @examples(60)
    def test_everything_adds_up(self, estate: tuple[list[Asset], dict[str, Judgement]]) -> None:
        rows, judgements = estate
        found = programme_status(rows, judgements, TODAY)
        total = found.total
        assert total.in_scope == total.remaining + total.removed + total.closed
        assert total.in_scope == sum(total.standings.values())
        assert total.remaining == sum(
            total.standings[each]
            for each in (
                Standing.PLANNED,
                Standing.OVERDUE,
                Standing.NO_DATE,
                Standing.BLOCKED,
                Standing.ACCEPTED_RISK,
            )
        )
        assert total.unconfirmed <= total.remaining
        assert found.in_scope.devices == total.in_scope
        assert found.remaining.devices == total.remaining
        assert found.removed.devices == total.removed
        assert found.unknown_maker <= found.scope_unknown
        assert len(found.overdue) == total.standings[Standing.OVERDUE]
        assert len(found.soon) <= total.standings[Standing.PLANNED]
        for lines in (found.by_phase, found.by_year):
            assert sum(line.devices for line in lines) == total.remaining
            assert sum(line.cost for line in lines) == sum(line.cost for line in found.by_phase)
        assert sum(line.devices for line in found.spent) == total.removed

    @given(estates())
    @examples(40)
    def test_every_table_has_the_totals(self, estate: tuple[list[Asset], dict[str, Judgement]]) -> None:
        rows, judgements = estate
        total = programme_status(rows, judgements, TODAY).total
        for by in BY:
            lines = group_table(rows, judgements, TODAY, by)
            for row in lines:
                assert row.in_scope == row.remaining + row.removed + row.closed
            if by != "capability":
                assert sum(row.in_scope for row in lines) == total.in_scope
                assert sum(row.remaining for row in lines) == total.remaining
                assert sum(row.unconfirmed for row in lines) == total.unconfirmed

    @given(estates())
    @examples(40)
    def test_the_tally_says_what_the_status_says(self, estate: tuple[list[Asset], dict[str, Judgement]]) -> None:
        rows, judgements = estate
        found, counts = programme_status(rows, judgements, TODAY), tally_devices(rows, judgements, TODAY)
        assert counts["in_scope"] == counts["remaining"] + counts["removed"] + counts["closed"]
        assert counts["in_scope"] == found.total.in_scope
        assert counts["unconfirmed"] == found.total.unconfirmed
        assert counts["systems_remaining"] == found.remaining.systems
        assert counts["sites_remaining"] == found.remaining.sites
        assert counts["cost_remaining"] == pytest.approx(float(sum(line.cost for line in found.by_year)))
        assert counts["answers_after_removal"] == len(found.answers_after_removal)
        for each in Standing:
            assert counts[each.value] == found.total.standings[each]


class TestByHand:
    """Ten devices, every figure written down beforehand."""

    rows = (
        asset(1, site_name="Hall", planned_removal_date="2026-11-01", estimated_cost="100.00", removal_phase="A"),
        asset(2, site_name="Hall", planned_removal_date="2027-02-21", estimated_cost="200.50", removal_phase="A"),
        asset(3, site_name="Hall", planned_removal_date="2027-02-22", removal_phase="B"),
        asset(4, site_name="Library", planned_removal_date="2027-04-01", estimated_cost="50.00", removal_phase="B"),
        asset(5, site_name="Library", presence=Presence.OFFLINE),
        asset(6, blocked_by="lease", presence=Presence.MISSED),
        asset(7, lifecycle_status="accepted_risk"),
        asset(
            8,
            lifecycle_status="removed",
            actual_removal_date="2026-03-31",
            estimated_cost="80.00",
            last_seen=datetime(2026, 3, 30, tzinfo=UTC),
            presence=Presence.OFFLINE,
        ),
        asset(9, lifecycle_status="removed", actual_removal_date="2026-04-01"),
        asset(10, maker=None),
    )
    judgements: Mapping[str, Judgement] = {
        row.asset_id: judgement("unknown" if row.identification.maker is None else "yes", 2) for row in rows
    }

    def test_counts(self) -> None:
        found = programme_status(self.rows, self.judgements, TODAY)
        total = found.total
        assert (total.in_scope, total.remaining, total.removed, total.closed) == (9, 7, 2, 0)
        assert [total.standings[each] for each in Standing] == [2, 0, 1, 1, 1, 3, 1]
        assert (total.unconfirmed, found.scope_unknown, found.unknown_maker) == (2, 1, 1)
        assert found.remaining == Counts(devices=7, systems=7, sites=2, without_site=2)
        assert found.answers_after_removal == ("CAM-0009",)

    def test_days(self) -> None:
        found = programme_status(self.rows, self.judgements, TODAY)
        assert [due.asset_id for due in found.overdue] == ["CAM-0001"]
        assert [due.asset_id for due in found.soon] == ["CAM-0002"]  # 90 days on is 21 February 2027
        on_the_day = programme_status([asset(1, planned_removal_date=f"{TODAY}")], {"CAM-0001": judgement()}, TODAY)
        assert (on_the_day.overdue, len(on_the_day.soon)) == ((), 1)

    def test_costs(self) -> None:
        found = programme_status(self.rows, self.judgements, TODAY)
        assert found.by_phase == (
            Money("A", 2, Decimal("300.50"), 0),
            Money("B", 2, Decimal("50.00"), 1),
            Money("not said", 3, Decimal(0), 3),
        )
        assert found.by_year == (
            Money("2026/27", 3, Decimal("300.50"), 1),
            Money("2027/28", 1, Decimal("50.00"), 0),
            Money("not said", 3, Decimal(0), 3),
        )
        assert found.spent == (Money("2025/26", 1, Decimal("80.00"), 0), Money("2026/27", 1, Decimal(0), 1))

    def test_by_site(self) -> None:
        lines = group_table(self.rows, self.judgements, TODAY, "site")
        assert [(row.name, row.in_scope, row.remaining, row.removed) for row in lines] == [
            ("Hall", 3, 3, 0),
            ("Library", 2, 2, 0),
            ("not said", 4, 2, 2),
        ]

    def test_by_capability_a_device_may_stand_in_several_rows(self) -> None:
        rows = [asset(1, capabilities=("audio", "face")), asset(2, capabilities=("audio",)), asset(3)]
        lines = group_table(rows, {row.asset_id: judgement() for row in rows}, TODAY, "capability")
        assert [(row.name, row.remaining) for row in lines] == [("audio", 2), ("face", 1), ("none known", 1)]

    def test_burn_down(self) -> None:
        tallies = [
            (date(2026, 9, 5), {"remaining": 9.0, "unconfirmed": 0.0}),
            (date(2026, 9, 28), {"remaining": 8.0, "unconfirmed": 1.0}),
            (date(2026, 11, 20), {"remaining": 7.0, "unconfirmed": 2.0}),
        ]
        points = make_burndown(tallies, make_plan(self.rows, self.judgements, TODAY), TODAY)
        told = {str(point.month): (point.remaining, point.unconfirmed, point.planned) for point in points}
        assert min(told) == "2026-03"
        assert max(told) == "2027-04"
        assert told["2026-03"] == (None, None, 8)
        assert told["2026-04"] == (None, None, 7)
        assert told["2026-09"] == (8, 1, 7)
        assert told["2026-11"] == (7, 2, 6)
        assert told["2027-02"] == (None, None, 4)
        assert told["2027-04"] == (None, None, 3)  # without a date, blocked, accepted: nobody plans to take them down
        assert {point.day for point in points if str(point.month) == "2026-11"} == {TODAY}

    def test_counts_by_another_decision_are_left_out(self) -> None:
        tallies = [(date(2026, 9, 5), {"remaining": 90.0, "scope": 1.0}), (TODAY, {"remaining": 8.0, "scope": 2.0})]
        points = make_burndown(tallies, make_plan(self.rows, self.judgements, TODAY), TODAY, 2.0)
        told = {str(point.month): (point.remaining, point.is_other_scope) for point in points}
        assert (told["2026-09"], told[f"{TODAY:%Y-%m}"]) == ((None, True), (8, False))

    def test_what_decides_the_scope(self) -> None:
        decided = Planning(local_decision=LocalDecision("Cabinet 4", TODAY, groups=("hikvision",)))
        again = replace(decided, local_decision=LocalDecision("Cabinet 9", TODAY, groups=("hikvision",)))
        marks = [scope_mark(Config(planning=each)) for each in (Planning(), decided, again)]
        assert (marks[0] == marks[1], marks[1] == marks[2]) == (False, True)


class TestSpelling:
    """Whatever the case in which people and scans write a name, it is one; it is shown as most write it."""

    rows = (
        asset(1, site_name="Hall", owner_service="Parks", removal_phase="Phase 1"),
        asset(2, site_name="HALL", owner_service="PARKS", removal_phase="phase 1"),
        asset(3, site="HALL", owner_service="parks", removal_phase="phase 1"),
        asset(4, maker=None, stated_manufacturer="bosch", site_name="Library"),
        asset(5, maker=None, stated_manufacturer="Bosch", site_name="Library"),
    )
    judgements: Mapping[str, Judgement] = {row.asset_id: judgement() for row in rows}

    @pytest.mark.parametrize(
        ("by", "expected"),
        [
            ("site", [("HALL", 3), ("Library", 2)]),
            ("service", [("Parks", 3), ("not said", 2)]),
            ("maker", [("hikvision", 3), ("Bosch", 2)]),
        ],
    )
    def test_tables(self, by: str, expected: list[tuple[str, int]]) -> None:
        lines = group_table(self.rows, self.judgements, TODAY, by)
        assert [(row.name, row.remaining) for row in lines] == expected

    def test_counts(self) -> None:
        assert count_devices(self.rows).sites == 2
        assert count_devices([asset(1, uprn="N1"), asset(2, uprn="n1")]).sites == 1

    def test_the_site_map_says_how_a_site_is_spelled(self) -> None:
        place = Place("Town Hall")
        rows = [asset(number, place=place, site_name="TOWN HALL") for number in (1, 2, 3)]
        (line,) = group_table(rows, {row.asset_id: judgement() for row in rows}, TODAY, "site")
        assert line.name == "Town Hall"

    def test_phases_and_days(self) -> None:
        names = ((11, "Hall"), (12, "HALL"), (13, "HALL"))
        rows = [asset(number, site_name=name, planned_removal_date="2026-12-01") for number, name in names]
        judgements = {**self.judgements, **{row.asset_id: judgement() for row in rows}}
        found = programme_status([*rows, *self.rows], judgements, TODAY)
        assert {due.site for due in found.soon} == {"HALL"}
        assert [line.name for line in found.by_phase] == ["phase 1", "not said"]


class TestBurnDown:
    @given(estates())
    @examples(40)
    def test_the_plan_only_falls_and_begins_with_what_is_in_scope(
        self, estate: tuple[list[Asset], dict[str, Judgement]]
    ) -> None:
        rows, judgements = estate
        counts = tally_devices(rows, judgements, TODAY)
        plan = make_plan(rows, judgements, TODAY)
        points = make_burndown([(TODAY, counts)], plan, TODAY)
        assert plan.in_scope == counts["in_scope"] - counts["closed"]
        lines = [point.planned for point in points]
        assert lines == sorted(lines, reverse=True)
        assert [point.remaining for point in points if point.remaining is not None] == [counts["remaining"]]
        # By the last planned day only those are left that nobody plans to take down.
        idle = counts["no_date"] + counts["blocked"] + counts["accepted_risk"]
        assert lines[-1] == idle

    def test_without_scans_and_devices(self) -> None:
        points = make_burndown([], make_plan([], {}, TODAY), TODAY)
        assert [(str(point.month), point.planned, point.remaining) for point in points] == [("2026-11", 0, None)]

    def test_a_moment_is_as_good_as_a_day(self) -> None:
        scans = [(datetime(2026, 10, 31, 23, 59, tzinfo=UTC), {"remaining": 3.0})]
        points = make_burndown(scans, make_plan([], {}, TODAY), TODAY)
        assert points[0].remaining == 3
        assert points[0].unconfirmed is None


class TestCalendar:
    @pytest.mark.parametrize(
        ("day", "year"),
        [
            (date(2026, 3, 31), "2025/26"),
            (date(2026, 4, 1), "2026/27"),
            (date(2026, 12, 31), "2026/27"),
            (date(2027, 1, 1), "2026/27"),
            (date(2099, 4, 1), "2099/00"),
        ],
    )
    def test_the_budget_year_begins_in_april(self, day: date, year: str) -> None:
        assert budget_year(day) == year

    def test_months(self) -> None:
        assert [str(month) for month in months_between(date(2026, 11, 30), date(2027, 2, 1))] == [
            "2026-11",
            "2026-12",
            "2027-01",
            "2027-02",
        ]
        assert months_between(date(2027, 2, 1), date(2027, 1, 31)) == []
        assert Month(2028, 2).last == date(2028, 2, 29)


def test_a_device_without_a_priority_does_not_hide_the_highest_of_its_site() -> None:
    rows = [asset(1, site="Depot"), asset(2, site="Depot"), asset(3, site="Depot")]
    priorities = (None, 4, 2)
    judgements = {row.asset_id: judgement(priority=given) for row, given in zip(rows, priorities, strict=True)}
    (line,) = group_table(rows, judgements, TODAY, "site")
    assert line.highest == 2


def test_what_is_not_a_device_of_ours_is_not_a_question_of_scope() -> None:
    rows = [asset(1, maker=None), asset(2, lifecycle_status="not_ours"), asset(3, lifecycle_status="false_positive")]
    found = programme_status(rows, {row.asset_id: judgement("unknown") for row in rows}, TODAY)
    assert (found.scope_unknown, found.unknown_maker) == (1, 1)


def test_one_building_under_two_names_is_one_site_by_its_number() -> None:
    hall, annexe = Place("Hall", ref="B7"), Place("Annexe", ref="b7")
    rows = [asset(1, place=hall), asset(2, place=annexe), asset(3, site_name="Hall"), asset(4, place=hall, uprn="100")]
    found = programme_status(rows, {row.asset_id: judgement() for row in rows}, TODAY)
    assert found.in_scope.sites == 3


def test_what_a_device_can_do_by_a_guess_alone_is_in_no_row() -> None:
    row = asset(1, capabilities=("face", "anpr"))
    known = {"face": Capability("solid", "model"), "anpr": Capability("weak", "model")}
    row = replace(row, identification=replace(row.identification, capabilities=known))
    lines = group_table([row], {row.asset_id: judgement()}, TODAY, "capability")
    assert [line.name for line in lines] == ["face"]
