"""The draft of a programme: nobody twice, nobody forgotten, no limit passed, whole sites where they fit."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from planned import TODAY, asset, judgement
from test_plan_status import estates

from camscan.asset import Asset, Judgement
from camscan.errors import UsageError
from camscan.plan import Limits, Proposal, propose_programme
from camscan.plan.calendar import budget_year, month_of

BEGIN, BY = date(2026, 12, 1), date(2027, 11, 15)


def judged(rows: Sequence[Asset], priorities: Mapping[int, int] | None = None) -> dict[str, Judgement]:
    """All in scope; priority 3 where ``priorities`` (number -> priority) says nothing."""
    by_id = {f"CAM-{number:04}": priority for number, priority in (priorities or {}).items()}
    return {row.asset_id: judgement("yes", by_id.get(row.asset_id, 3)) for row in rows}


def site(name: str, numbers: Sequence[int], **entries: str) -> list[Asset]:
    rows = []
    for number in numbers:
        row = asset(number)
        rows.append(Asset(row.asset_id, row.record_type, row.identification, entries={"site_name": name, **entries}))
    return rows


def months(draft: Proposal) -> dict[str, tuple[str, ...]]:
    return {phase.name: phase.devices for phase in draft.phases}


class TestAnyEstate:
    """Whatever the register holds and whatever the limits are."""

    limits = st.builds(
        Limits,
        per_month=st.one_of(st.none(), st.integers(1, 5)),
        budget=st.one_of(st.none(), st.integers(0, 900).map(Decimal)),
        is_yearly=st.booleans(),
        cost_each=st.one_of(st.none(), st.just(Decimal("33.33"))),
    )

    @given(estates(), limits)
    @examples(80)
    def test_every_device_in_scope_stands_in_exactly_one_place(
        self, estate: tuple[list[Asset], dict[str, Judgement]], limits: Limits
    ) -> None:
        rows, judgements = estate
        draft = propose_programme(rows, judgements, TODAY, by=BY, begin=BEGIN, limits=limits)
        places = Counter(draft.kept) + Counter(draft.unplaced) + Counter(draft.unpriced)
        for phase in draft.phases:
            places += Counter(phase.devices)
        for left in draft.left.values():
            places += Counter(left)
        assert set(places.values()) <= {1}
        assert set(places) == {name for name, each in judgements.items() if each.in_scope == "yes"}
        assert {name for phase in draft.phases for name in phase.kept} <= set(draft.kept)

    @given(estates(), limits)
    @examples(80)
    def test_no_limit_is_passed(self, estate: tuple[list[Asset], dict[str, Judgement]], limits: Limits) -> None:
        rows, judgements = estate
        draft = propose_programme(rows, judgements, TODAY, by=BY, begin=BEGIN, limits=limits)
        by_id = {row.asset_id: row for row in rows}
        spent: dict[str, Decimal] = defaultdict(Decimal)
        paid_before: dict[str, Decimal] = defaultdict(Decimal)

        def price(name: str) -> Decimal:
            text = by_id[name].entries.get("estimated_cost")
            return Decimal(text) if text else limits.cost_each or Decimal(0)

        for name in draft.kept:
            day = date.fromisoformat(by_id[name].entries["planned_removal_date"])
            if day <= BY:
                paid_before[budget_year(day) if limits.is_yearly else ""] += price(name)
        for phase in draft.phases:
            if limits.per_month is not None and phase.devices:
                assert len(phase.devices) + len(phase.kept) <= limits.per_month
            pot = budget_year(phase.month.first) if limits.is_yearly else ""
            spent[pot] += sum((price(name) for name in phase.devices), Decimal(0))
        for pot, money in spent.items():
            assert limits.budget is None or money == 0 or money + paid_before[pot] <= limits.budget

    @given(estates(), limits)
    @examples(40)
    def test_days_lie_within_the_programme_and_in_their_month(
        self, estate: tuple[list[Asset], dict[str, Judgement]], limits: Limits
    ) -> None:
        rows, judgements = estate
        draft = propose_programme(rows, judgements, TODAY, by=BY, begin=BEGIN, limits=limits)
        assert [phase.month for phase in draft.phases] == sorted({phase.month for phase in draft.phases})
        for phase in draft.phases:
            assert BEGIN <= phase.day <= BY
            assert month_of(phase.day) == phase.month

    @given(estates(), limits, st.randoms())
    @examples(40)
    def test_the_same_register_gives_the_same_draft_in_whatever_order(
        self, estate: tuple[list[Asset], dict[str, Judgement]], limits: Limits, random: object
    ) -> None:
        rows, judgements = estate
        shuffled = sorted(rows, key=lambda _: random.random())  # type: ignore[attr-defined]
        first = propose_programme(rows, judgements, TODAY, by=BY, begin=BEGIN, limits=limits)
        second = propose_programme(shuffled, judgements, TODAY, by=BY, begin=BEGIN, limits=limits)
        assert months(first) == months(second)
        assert first.advice == second.advice

    @given(estates(), st.integers(1, 3))
    @examples(40)
    def test_what_is_said_to_be_needed_is_enough(
        self, estate: tuple[list[Asset], dict[str, Judgement]], per_month: int
    ) -> None:
        rows, judgements = estate
        short = date(2027, 1, 31)
        draft = propose_programme(rows, judgements, TODAY, by=short, begin=BEGIN, limits=Limits(per_month))
        needed = [found[1] for line in draft.advice if (found := re.search(r"(\d+) devices? a month are needed", line))]
        assert bool(needed) == bool(draft.unplaced)
        if needed:
            enough = propose_programme(rows, judgements, TODAY, by=short, begin=BEGIN, limits=Limits(int(needed[0])))
            assert enough.unplaced == ()
            less = propose_programme(rows, judgements, TODAY, by=short, begin=BEGIN, limits=Limits(int(needed[0]) - 1))
            assert less.unplaced != ()


class TestSites:
    def test_the_most_pressing_site_comes_first_and_whole(self) -> None:
        rows = site("Library", (1, 2, 3)) + site("School", (4, 5, 6)) + site("Depot", (7, 8, 9))
        draft = propose_programme(
            rows, judged(rows, {5: 1, 9: 2}), TODAY, by=BY, begin=BEGIN, limits=Limits(per_month=3)
        )
        assert months(draft) == {
            "2026-12": ("CAM-0005", "CAM-0004", "CAM-0006"),
            "2027-01": ("CAM-0009", "CAM-0007", "CAM-0008"),
            "2027-02": ("CAM-0001", "CAM-0002", "CAM-0003"),
        }
        assert [phase.sites for phase in draft.phases] == [("School",), ("Depot",), ("Library",)]
        assert [phase.day for phase in draft.phases] == [date(2026, 12, 31), date(2027, 1, 31), date(2027, 2, 28)]

    def test_a_small_site_fills_the_room_that_a_whole_one_leaves(self) -> None:
        rows = site("A", (1, 2, 3)) + site("B", (4, 5)) + site("C", (6,))
        priorities = {1: 1, 4: 2, 6: 3}
        draft = propose_programme(rows, judged(rows, priorities), TODAY, by=BY, begin=BEGIN, limits=Limits(per_month=4))
        assert [phase.sites for phase in draft.phases] == [("A", "C"), ("B",)]

    def test_a_site_that_no_month_holds_is_spread_over_following_months(self) -> None:
        rows = site("Hall", range(1, 6))
        draft = propose_programme(rows, judged(rows, {5: 1}), TODAY, by=BY, begin=BEGIN, limits=Limits(per_month=2))
        assert months(draft) == {
            "2026-12": ("CAM-0005", "CAM-0001"),
            "2027-01": ("CAM-0002", "CAM-0003"),
            "2027-02": ("CAM-0004",),
        }

    def test_two_names_of_one_building_are_one_site(self) -> None:
        rows = site("Hall", (1,), uprn="100") + site("Hall annexe", (2,), uprn="100")
        draft = propose_programme(rows, judged(rows), TODAY, by=BY, begin=BEGIN, limits=Limits(per_month=2))
        assert [phase.sites for phase in draft.phases] == [("Hall", "Hall annexe")]

    def test_a_name_in_capitals_is_the_same_site(self) -> None:
        rows = site("Hall", (1,)) + site("HALL", (2,)) + site("Depot", (3,))
        draft = propose_programme(rows, judged(rows), TODAY, by=BY, begin=BEGIN, limits=Limits(per_month=2))
        assert [phase.sites for phase in draft.phases] == [("Hall",), ("Depot",)]

    def test_without_a_number_a_month_it_is_spread_evenly(self) -> None:
        rows = [row for number in range(24) for row in site(f"S{number:02}", (number,))]
        draft = propose_programme(rows, judged(rows), TODAY, by=date(2027, 11, 30), begin=BEGIN)
        assert [len(phase.devices) for phase in draft.phases] == [2] * 12

    @pytest.mark.parametrize(
        ("large", "devices"),
        [
            (8, [8, 4, 0]),  # twice an even month's share: nobody comes twice
            (9, [4, 4, 4]),
        ],
    )
    def test_a_site_of_more_than_two_months_shares_is_spread(self, large: int, devices: list[int]) -> None:
        rows = site("Hall", range(1, large + 1)) + site("Depot", range(large + 1, 13))
        draft = propose_programme(rows, judged(rows, {1: 1}), TODAY, by=date(2027, 2, 28), begin=BEGIN)
        by_month = {phase.name: len(phase.devices) for phase in draft.phases}
        assert [by_month.get(month, 0) for month in ("2026-12", "2027-01", "2027-02")] == devices

    def test_a_site_waits_for_a_month_that_holds_it_where_somebody_said_how_many(self) -> None:
        rows = site("Depot", range(10, 13), planned_removal_date="2026-12-10") + site("Hall", range(1, 10))
        draft = propose_programme(
            rows, judged(rows), TODAY, by=date(2027, 2, 28), begin=BEGIN, limits=Limits(per_month=9)
        )
        assert [(phase.name, len(phase.devices)) for phase in draft.phases] == [("2026-12", 0), ("2027-01", 9)]

    def test_where_no_month_stays_even_it_is_the_one_with_the_fewest(self) -> None:
        rows = site("Hall", range(1, 6)) + site("Depot", range(6, 10)) + site("Lodge", range(10, 13))
        draft = propose_programme(rows, judged(rows, {1: 1, 6: 2}), TODAY, by=date(2027, 1, 31), begin=BEGIN)
        assert [phase.sites for phase in draft.phases] == [("Hall",), ("Depot", "Lodge")]

    def test_months_that_have_their_share_take_a_large_site_all_the_same(self) -> None:
        rows = site("Hall", range(1, 10)) + site("Depot", range(10, 13))
        for month, first in (("2026-12", 20), ("2027-01", 30), ("2027-02", 40)):
            rows += site("Lodge", range(first, first + 4), planned_removal_date=f"{month}-10")
        draft = propose_programme(rows, judged(rows, {1: 1}), TODAY, by=date(2027, 2, 28), begin=BEGIN)
        assert draft.unplaced == ()

    def test_what_costs_nothing_takes_no_money(self) -> None:
        rows = site("Hall", (1, 2, 3), estimated_cost="0.00")
        limits = Limits(per_month=1, budget=Decimal("0.50"))
        draft = propose_programme(rows, judged(rows), TODAY, by=BY, begin=BEGIN, limits=limits)
        assert [len(phase.devices) for phase in draft.phases] == [1, 1, 1]

    def test_the_last_phase_ends_with_the_programme(self) -> None:
        rows = site("Hall", (1, 2))
        draft = propose_programme(rows, judged(rows), TODAY, by=date(2026, 12, 15), begin=BEGIN)
        assert [phase.day for phase in draft.phases] == [date(2026, 12, 15)]


class TestWhatIsThereAlready:
    def test_planned_devices_keep_their_dates_and_take_their_room(self) -> None:
        rows = site("Hall", (1, 2), planned_removal_date="2026-12-10") + site("Depot", (3, 4))
        draft = propose_programme(rows, judged(rows), TODAY, by=BY, begin=BEGIN, limits=Limits(per_month=3))
        assert draft.kept == ("CAM-0001", "CAM-0002")
        assert [(phase.name, phase.devices, phase.kept) for phase in draft.phases] == [
            ("2026-12", (), ("CAM-0001", "CAM-0002")),
            ("2027-01", ("CAM-0003", "CAM-0004"), ()),
        ]

    def test_blocked_and_accepted_and_gone_are_left_alone(self) -> None:
        rows = (
            site("Hall", (1,), blocked_by="lease")
            + site("Hall", (2,), lifecycle_status="accepted_risk")
            + site("Hall", (3,), lifecycle_status="removed")
            + site("Hall", (4,), lifecycle_status="not_ours")
            + site("Hall", (5,))
        )
        draft = propose_programme(rows, judged(rows), TODAY, by=BY, begin=BEGIN)
        assert draft.left == {
            "blocked": ("CAM-0001",),
            "accepted_risk": ("CAM-0002",),
            "removed": ("CAM-0003",),
            "closed": ("CAM-0004",),
        }
        assert list(draft.planned) == ["CAM-0005"]

    def test_what_is_out_of_scope_or_unknown_is_not_planned(self) -> None:
        rows = site("Hall", (1, 2, 3))
        judgements = dict(zip((row.asset_id for row in rows), map(judgement, ("yes", "no", "unknown")), strict=True))
        assert list(propose_programme(rows, judgements, TODAY, by=BY, begin=BEGIN).planned) == ["CAM-0001"]

    def test_of_one_site_only(self) -> None:
        rows = site("Hall", (1,)) + site("Depot", (2,)) + site("Depot", (3,), planned_removal_date="2026-12-01")
        draft = propose_programme(
            rows, judged(rows), TODAY, by=BY, begin=BEGIN, limits=Limits(per_month=1), site="HALL"
        )
        assert months(draft) == {"2026-12": (), "2027-01": ("CAM-0001",)}
        assert draft.left == {"other_site": ("CAM-0002",)}


class TestWhatIsNeeded:
    def test_too_few_a_month(self) -> None:
        rows = site("Hall", range(1, 11))
        draft = propose_programme(
            rows, judged(rows), TODAY, by=date(2027, 2, 28), begin=BEGIN, limits=Limits(per_month=2)
        )
        assert len(draft.unplaced) == 4
        assert draft.advice == (
            "4 of 10 devices cannot be placed by 2027-02-28",
            "to finish by then, 4 devices a month are needed, not 2",
            "with 2 a month it lasts until 2027-04",
        )

    def test_too_little_money(self) -> None:
        rows = site("Hall", (1, 2, 3), estimated_cost="100.00")
        draft = propose_programme(rows, judged(rows), TODAY, by=BY, begin=BEGIN, limits=Limits(budget=Decimal(250)))
        assert draft.unplaced == ("CAM-0003",)
        assert draft.advice == (
            "1 of 3 devices cannot be placed by 2027-11-15",
            "together they cost £300.00, but only £250.00 of the budget is left: £300.00 is needed, not £250.00",
        )

    def test_too_little_money_a_year(self) -> None:
        rows = site("Hall", range(1, 8), estimated_cost="100.00")
        limits = Limits(budget=Decimal(200), is_yearly=True)
        draft = propose_programme(rows, judged(rows), TODAY, by=BY, begin=BEGIN, limits=limits)
        spent = Counter[str]()
        for phase in draft.phases:
            spent[budget_year(phase.day)] += len(phase.devices)
        assert spent == {"2026/27": 2, "2027/28": 2}
        assert draft.advice[1] == (
            "together they cost £700.00, but only £400.00 of the budget is left in 2 financial years: about £350.00 a "
            "year is needed, not"
            " £200.00"
        )

    def test_money_that_is_planned_already_is_not_free(self) -> None:
        rows = site("Hall", (1,), estimated_cost="200.00", planned_removal_date="2027-01-10")
        rows += site("Depot", (2,), estimated_cost="100.00")
        draft = propose_programme(rows, judged(rows), TODAY, by=BY, begin=BEGIN, limits=Limits(budget=Decimal(250)))
        assert draft.unplaced == ("CAM-0002",)
        assert draft.advice[1] == (
            "together they cost £100.00, but only £50.00 of the budget is left: £300.00 is needed, not £250.00"
        )

    def test_with_a_budget_a_device_without_a_cost_waits_for_one(self) -> None:
        rows = site("Hall", (1,))
        draft = propose_programme(rows, judged(rows), TODAY, by=BY, begin=BEGIN, limits=Limits(budget=Decimal(250)))
        assert draft.unpriced == ("CAM-0001",)
        assert "1 device without an estimated cost cannot be budgeted" in draft.advice[0]
        priced = Limits(budget=Decimal(250), cost_each=Decimal(250))
        assert propose_programme(rows, judged(rows), TODAY, by=BY, begin=BEGIN, limits=priced).planned

    def test_limits_that_hold_only_one_by_one(self) -> None:
        # Two a month until March and 100 pounds a year: December to March is one year, and pays for one device.
        rows = site("Hall", (1, 2), estimated_cost="100.00")
        limits = Limits(per_month=1, budget=Decimal(100), is_yearly=True)
        full = site("Depot", (3, 4, 5), estimated_cost="0.00", planned_removal_date="2027-04-15")
        draft = propose_programme(
            rows + full, judged(rows + full), TODAY, by=date(2027, 4, 30), begin=BEGIN, limits=limits
        )
        assert draft.unplaced == ("CAM-0002",)
        assert draft.advice[-1] == "each limit alone would be enough, but all together are not: raise one of them"

    def test_dates_that_make_no_programme(self) -> None:
        with pytest.raises(UsageError, match="would end on 2026-11-30, before it starts on 2026-12-01"):
            propose_programme([], {}, TODAY, by=date(2026, 11, 30), begin=BEGIN)
        with pytest.raises(UsageError, match="is the year right"):
            propose_programme([], {}, TODAY, by=date(2926, 11, 30))

    def test_nothing_to_do(self) -> None:
        draft = propose_programme([], {}, TODAY, by=BY)
        assert (draft.phases, draft.planned, draft.advice) == ((), {}, ())
