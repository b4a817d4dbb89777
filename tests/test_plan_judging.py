"""Scope and priority of hand-made devices, with the formula worked out by hand."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from types import MappingProxyType, ModuleType

import pytest
from examples import examples
from growth import steps
from hypothesis import given
from hypothesis import strategies as st
from planned import SEEN, TODAY, asset

from camscan import policies, vulnerabilities
from camscan.asset import Asset, Elsewhere, Judgement, Place, RecordType
from camscan.config.planning import FACTORS, Formula, LocalDecision, Planning
from camscan.model import Confidence
from camscan.plan import describe_formula, judge_devices, judging, policies_in_use, priority
from camscan.plan.priority import (
    Levels,
    age_level,
    capability_level,
    days_of_age,
    exposure_level,
    weakness_level,
    weigh_levels,
)
from camscan.vulnerabilities.assess import Standing, Verdict

KNOWN = policies.load_known_policies()
WEAK = vulnerabilities.load_weaknesses()
RULES = policies_in_use(KNOWN, Planning())


def one(row: Asset, planning: Planning | None = None, formula: Formula | None = None) -> Judgement:
    rules = policies_in_use(KNOWN, planning) if planning else RULES
    return judge_devices([row], rules, formula or Formula(), WEAK, TODAY)[row.asset_id]


class TestFormula:
    """Each figure multiplied on paper."""

    @pytest.mark.parametrize(
        ("levels", "score", "priority"),
        [
            (("1", "recognition", "internet", "exploited", "old"), 115.2, 1),  # 4 × 2 × 3 × 3 × 1.6
            (("2", "enhanced", "core", "possible", "middle"), 17.55, 2),  # 3 × 1.5 × 2 × 1.5 × 1.3
            (("2", "plain", "segregated", "none", "middle"), 3.9, 4),  # 3 × 1 × 1 × 1 × 1.3
            (("1", "plain", "segregated", "none", "new"), 4, 3),  # the threshold itself counts
            (("4", "plain", "segregated", "none", "new"), 1, 4),
            (("unknown", "unknown", "unknown", "unknown", "unknown"), 8.44, 3),  # 2.5 × 1.25 × 1.5 × 1.5 × 1.2
            (("3", "enhanced", "core", "exploited", "unknown"), 21.6, 1),  # 2 × 1.5 × 2 × 3 × 1.2
        ],
    )
    def test_by_hand(self, levels: tuple[str, ...], score: float, priority: int) -> None:
        found = weigh_levels(Levels(*levels), Formula())
        assert (found.score, found.priority) == (score, priority)

    def test_the_reason_has_every_figure_and_says_what_is_unknown(self) -> None:
        assert weigh_levels(Levels("2", "plain", "core", "unknown", "unknown"), Formula()).reason == (
            "sensitivity 3 (2, vulnerable people) × capability 1 (a plain picture, as far as known) × exposure 2 (on "
            "the core network) × weakness 1.5 (not known for this make or model) × age 1.2 (not known) = 10.8: "
            "priority 2; nothing is known about weakness and age, so the stated middle value is used"
        )

    def test_an_unknown_counts_between_the_least_and_the_most(self) -> None:
        for levels in FACTORS.values():
            known = [value for name, value in levels.items() if name != "unknown"]
            assert min(known) < levels["unknown"] < max(known)

    def test_the_council_sets_its_own(self) -> None:
        factors = {**FACTORS, "age": {**FACTORS["age"], "old": 10.0}}
        own = Formula(MappingProxyType(factors), (100.0, 50.0, 40.0))
        assert weigh_levels(Levels("1", "plain", "segregated", "none", "old"), own).score == 40
        assert weigh_levels(Levels("1", "plain", "segregated", "none", "old"), own).priority == 3
        assert not own.is_default
        assert Formula().is_default

    def test_it_is_printed_with_every_number(self) -> None:
        told = describe_formula(Formula())
        assert told[0].startswith("Score = sensitivity × capability × exposure × weakness × age, with the number of")
        for line, levels in zip(told[1:6], FACTORS.values(), strict=True):
            assert [f"= {value:g}" in line for value in levels.values()] == [True] * len(levels)
        assert told[-2:] == (
            "Priority 1 from 20, 2 from 10, 3 from 4, else 4.",
            "This is the formula that comes with camscan.",
        )
        assert describe_formula(Formula(thresholds=(30, 20, 10)))[-1] == "This is set in camscan.yaml."

    @given(st.tuples(*(st.sampled_from(sorted(levels)) for levels in FACTORS.values())), st.integers(0, 4))
    @examples(200)
    def test_more_pressing_levels_never_lower_the_priority(self, levels: tuple[str, ...], which: int) -> None:
        factor = list(FACTORS.values())[which]
        highest = max(factor, key=factor.__getitem__)
        worse = Levels(*(highest if place == which else level for place, level in enumerate(levels)))
        before, after = weigh_levels(Levels(*levels), Formula()), weigh_levels(worse, Formula())
        assert after.score >= before.score
        assert after.priority <= before.priority
        assert 1 <= before.priority <= 4


class TestLevels:
    def test_capability(self) -> None:
        assert capability_level("camera", ("audio", "face"), is_model_known=True) == "recognition"
        assert capability_level("camera", ("audio",), is_model_known=True) == "enhanced"
        assert capability_level("nvr", (), is_model_known=True) == "enhanced"
        assert capability_level("camera", ("wifi",), is_model_known=True) == "plain"
        assert capability_level("camera", (), is_model_known=False) == "unknown"

    def test_exposure(self) -> None:
        assert exposure_level("segregated", "yes") == "internet"
        assert exposure_level("internet_facing", "no") == "internet"
        assert exposure_level("core", "unknown") == "core"
        assert exposure_level("segregated", "") == "segregated"
        assert exposure_level("", "no") == "unknown"

    @pytest.mark.parametrize(
        ("row", "level"),
        [
            (asset(purchase_date="2018-11-23"), "old"),
            (asset(purchase_date="2018-11-24"), "middle"),
            (asset(purchase_date="2021-11-23"), "middle"),
            (asset(purchase_date="2021-11-24"), "new"),
            (asset(purchase_date="2026-12-01"), "unknown"),
            (asset(purchase_date="2026-01-01", warranty_or_support_end="2026-11-22"), "old"),
            (asset(purchase_date="2026-01-01", warranty_or_support_end="2026-11-23"), "new"),
            (asset(serial="DS-2CD2132F-IS20160307AAWR590123456"), "old"),
            (asset(serial="DS-2CD2132F-IS20240307AAWRL90123456"), "new"),
            (asset(serial="590123456"), "unknown"),
            (asset(maker="dahua", serial="4A040C2PAU4C91E"), "old"),
            (asset(maker="axis", serial="4A040C2PAU4C91E"), "unknown"),
            (asset(), "unknown"),
        ],
    )
    def test_age(self, row: Asset, level: str) -> None:
        assert age_level(row, TODAY) == level

    @pytest.mark.parametrize(
        "row",
        [
            asset(purchase_date="2020-02-29"),
            asset(purchase_date="2019-05-10", warranty_or_support_end="2025-12-31"),
            asset(warranty_or_support_end="2024-02-29"),
            asset(serial="DS-2CD2132F-IS20160307AAWR590123456"),
            asset(maker="dahua", serial="4A040C2PAU4C91E"),
        ],
    )
    def test_the_level_changes_only_on_the_days_of_age(self, row: Asset) -> None:
        days = [date(2013, 1, 1) + timedelta(days=number) for number in range(6600)]
        changes = {day for before, day in pairwise(days) if age_level(row, before) != age_level(row, day)}
        assert changes <= set(days_of_age(row))
        assert changes

    def test_what_another_system_lists_counts_where_no_person_spoke(self) -> None:
        lists = {"internet_exposed": Elsewhere("yes", "a firewall", SEEN)}
        listed = replace(asset(network_zone="core"), elsewhere=lists)
        assert "(from the internet)" in one(listed).priority_reason
        said = replace(asset(network_zone="core", internet_exposed="no"), elsewhere=lists)
        assert "(on the core network)" in one(said).priority_reason

    @pytest.mark.parametrize(
        ("standings", "level"),
        [
            ([(Standing.UNKNOWN, True), (Standing.AFFECTED, True)], "exploited"),
            ([(Standing.UNKNOWN, True), (Standing.AFFECTED, False)], "affected"),
            ([(Standing.UNKNOWN, True)], "possible"),
            ([], "none"),
        ],
    )
    def test_the_worst_weakness_decides(self, standings: list[tuple[Standing, bool]], level: str) -> None:
        known = {each.kev is not None: each for each in WEAK.entries}
        verdicts = [Verdict(known[is_exploited], standing, "") for standing, is_exploited in standings]
        assert weakness_level(verdicts, is_covered=True) == level
        assert verdicts or weakness_level(verdicts, is_covered=False) == "unknown"

    @pytest.mark.parametrize(
        ("row", "level"),
        [
            (asset(firmware="V5.3.0 build 150513"), "3 (one that is being exploited)"),
            (asset(firmware="V5.4.41 build 170310"), "1.5"),
            (asset(maker="axis", model="M1034"), "1.5 (not known for this make or model)"),
            (asset(model=None), "1.5 (not known for this make or model)"),
        ],
    )
    def test_weakness(self, row: Asset, level: str) -> None:
        own = Planning(local_decision=LocalDecision("1", date(2026, 1, 1), makers=("hikvision", "axis")))
        assert f"weakness {level}" in one(row, own).priority_reason

    def test_a_repaired_weakness_is_left_out(self) -> None:
        assert "CVE-2017-7921 affected, exploited" in one(asset(firmware="V5.3.0 build 150513")).weaknesses
        told = one(asset(firmware="V5.4.41 build 170310")).weaknesses
        assert not [each for each in told if each.startswith("CVE-2017-7921")]

    def test_without_the_table_of_weaknesses_that_factor_is_unknown(self) -> None:
        row = asset(firmware="V5.3.0 build 150513")
        assert (
            "weakness 1.5 (not known"
            in judge_devices([row], RULES, Formula(), None, TODAY)[row.asset_id].priority_reason
        )


class TestScope:
    def test_a_person_decides_before_any_policy(self) -> None:
        no = one(asset(in_scope="no", scope_decision_ref="Cabinet 12/2026"))
        assert (no.in_scope, no.in_scope_reason) == ("no", "entered by a person: Cabinet 12/2026")
        assert no.priority is None
        assert no.score == 0
        yes = one(asset(maker="axis", in_scope="yes"))
        assert (yes.in_scope, yes.in_scope_reason) == ("yes", "entered by a person")
        assert yes.priority in {1, 2, 3, 4}
        assert one(asset(in_scope="unknown")).in_scope == "unknown"

    def test_then_the_policies_that_decide(self) -> None:
        chosen = Planning(scope=("us-fcc-covered", "us-ndaa-889"))
        found = one(asset(), chosen)
        assert (found.in_scope, found.in_scope_reason) == ("yes", "the FCC's Covered List")
        assert found.scope_line == "In scope: the FCC's Covered List"
        assert one(asset(maker="axis"), chosen).in_scope == "no"
        assert one(asset(maker=None), chosen).in_scope == "unknown"
        assert one(asset(confidence=Confidence.POSSIBLE), chosen).in_scope == "unknown"

    def test_without_a_decision_nothing_is_in_scope(self) -> None:
        found = one(asset())
        assert (found.in_scope, found.priority) == ("unknown", None)
        assert found.would_match == ("us-fcc-covered", "us-ndaa-889")
        assert found.scope_line == (
            "In scope: no decision recorded; would match the FCC's Covered List and section 889 of the United States' "
            "NDAA for 2019"
        )
        axis = one(asset(maker="axis"))
        assert (axis.in_scope, axis.would_match) == ("no", ())
        nobody = one(asset(maker=None))
        assert (nobody.in_scope, nobody.would_match) == ("unknown", ())
        assert nobody.scope_line.startswith("In scope: not known; no decision recorded. It is not known whether ")
        chosen = one(asset(), Planning(policies=("us-ndaa-889", "local-decision")))
        assert (chosen.in_scope, chosen.would_match) == ("unknown", ("us-ndaa-889",)), "to show is not to decide"

    @pytest.mark.parametrize(("minute", "named"), [("114", "minute 114"), ("Minute 114/26", "Minute 114/26")])
    def test_the_decision_in_one_line(self, minute: str, named: str) -> None:
        own = Planning(local_decision=LocalDecision(minute, date(2026, 5, 12), groups=("hikvision",)))
        assert one(asset(), own).scope_line == f"In scope: local decision of 12 May 2026, {named}"
        assert one(asset(maker="axis"), own).scope_line.startswith("Not in scope: The council's own decision does not")

    def test_a_policy_that_is_only_shown_decides_nothing(self) -> None:
        found = one(asset(maker="honeywell"))
        assert [each.policy for each in found.rulings if each.matches] == ["bscc-2022-concern"]
        assert found.in_scope == "no"

    def test_the_councils_own_decision_decides_alone(self) -> None:
        own = Planning(local_decision=LocalDecision("7", date(2026, 1, 1), ("hikvision",), site_types=("school",)))
        school, street = (Place("S", type=kind) for kind in ("school", "street"))
        assert one(asset(place=school), own).in_scope == "yes"
        assert one(asset(place=street), own).in_scope == "no"
        assert one(asset(), own).in_scope == "unknown"

    def test_what_is_not_ours_or_no_such_device_is_out(self) -> None:
        assert one(asset(lifecycle_status="not_ours")).in_scope == "no"
        assert one(asset(lifecycle_status="false_positive")).in_scope == "no"
        own = Planning(local_decision=LocalDecision("7", date(2026, 1, 1), ("hikvision",)))
        assert one(asset(lifecycle_status="not_ours"), own).in_scope == "no"
        assert one(asset(lifecycle_status="removed"), own).in_scope == "yes"

    def test_no_policy_that_decides_makes_unknown(self) -> None:
        found = one(asset(), Planning(scope=()))
        assert found.in_scope == "unknown"
        assert "planning: scope" in found.in_scope_reason

    def test_only_what_is_in_scope_has_a_priority(self) -> None:
        unknown = one(asset(maker=None))
        assert unknown.priority is None
        assert unknown.score > 0

    def test_the_first_policy_says_why_none_matches(self) -> None:
        shown = Planning(policies=("us-ndaa-889", "us-fcc-covered"))
        found = one(asset(maker="axis"), shown)
        assert found.in_scope == "no"
        assert found.in_scope_reason == next(each.reason for each in found.rulings if each.policy == "us-ndaa-889")

    def test_a_make_that_no_table_knows_is_kept_as_it_was_found(self) -> None:
        typed = asset(maker="Backstreet Optics", record_type=RecordType.MANUAL)
        assert judging.known_maker(typed, RULES.ownership) == ("", True, "Backstreet Optics")
        stated = asset(maker="Backstreet Optics", record_type=RecordType.MANUAL, stated_manufacturer="Dahua")
        assert judging.known_maker(stated, RULES.ownership) == ("dahua", True, "")
        assert judging.known_maker(asset(maker="backstreet"), RULES.ownership) == ("backstreet", True, "")
        unsure = asset(confidence=Confidence.POSSIBLE)
        assert judging.known_maker(unsure, RULES.ownership) == ("hikvision", False, "")
        confirmed = asset(confidence=Confidence.POSSIBLE, stated_manufacturer="HIKVISION")
        assert judging.known_maker(confirmed, RULES.ownership) == ("hikvision", True, "")
        other = asset(confidence=Confidence.POSSIBLE, stated_manufacturer="Dahua")
        assert judging.known_maker(other, RULES.ownership) == ("hikvision", False, "")

    def test_the_rulings_stand_in_the_order_of_the_policies(self) -> None:
        wanted = ("us-ndaa-889", "uk-hcws386")
        assert tuple(each.policy for each in one(asset(), Planning(wanted)).rulings) == wanted


class TestSites:
    """What the site map says of a place holds for its devices, unless somebody said otherwise of one."""

    hall = Place("Hall", sensitivity="4", network_zone="segregated")
    depot = Place("Depot", sensitivity="1", network_zone="core")

    def reasons(self, *rows: Asset) -> list[str]:
        return [each.priority_reason for each in judge_devices(rows, RULES, Formula(), WEAK, TODAY).values()]

    def test_each_device_has_the_words_of_its_own_site(self) -> None:
        depot, hall, again, nowhere = self.reasons(
            asset(1, place=self.depot),
            asset(2, place=self.hall, lifecycle_status="planned", in_scope="yes"),
            asset(3, place=self.depot),
            asset(4, in_scope="yes"),
        )
        assert "sensitivity 4 (1, " in depot
        assert "on the core network" in depot
        assert "sensitivity 1 (4, " in hall
        assert "on the core network" not in hall
        assert again == depot
        assert "sensitivity 2.5 (not recorded)" in nowhere

    def test_what_was_said_of_the_device_counts_before(self) -> None:
        (reason,) = self.reasons(asset(place=self.depot, site_sensitivity="2"))
        assert "sensitivity 3 (2, " in reason
        assert "on the core network" in reason

    def test_a_site_s_words_are_put_together_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        calls: Counter[str] = Counter()
        real = Place.entries

        def counting(place: Place) -> Mapping[str, str]:
            calls[place.name] += 1
            return real(place)

        monkeypatch.setattr(Place, "entries", counting)
        self.reasons(*(asset(number, place=(self.hall, self.depot)[number % 2]) for number in range(6)))
        assert calls == {"Hall": 1, "Depot": 1}


def many(count: int) -> list[Asset]:
    """Devices of 200 sites, four models and 315 builds, each with a serial number of its own."""
    places = [
        Place(f"Site {n}", str(n), "school", str(n % 4 + 1), network_zone=("core", "segregated")[n % 2])
        for n in range(200)
    ]
    return [
        asset(
            n,
            model=("DS-2CD2132F-IS", "DS-2CD2385G1-I", "DS-2CD2146G2-ISU", "DS-7616NI-K2")[n % 4],
            firmware=f"V5.{n % 5}.{n % 9} build 1{n % 9}0{n % 7 + 1}15",
            serial=f"DS-2CD2132F-IS2016030{n % 9 + 1}AAWR{n:09}",
            place=places[n % 200],
            council_asset_tag=f"T{n}",
        )
        for n in range(count)
    ]


def counted(monkeypatch: pytest.MonkeyPatch, module: ModuleType, name: str, calls: Counter[str]) -> None:
    """Count how often a function is called."""
    real = getattr(module, name)

    def counting(*arguments: object) -> object:
        calls[name] += 1
        return real(*arguments)

    monkeypatch.setattr(module, name, counting)


def test_devices_that_are_alike_are_judged_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: Counter[str] = Counter()
    for module, name in ((judging, "rule_by_policies"), (judging, "assess_device"), (priority, "weigh_levels")):
        counted(monkeypatch, module, name, calls)
    assert len(judge_devices(many(1260), RULES, Formula(), WEAK, TODAY)) == 1260
    assert calls["rule_by_policies"] <= 4 * 4  # each model, as sites differ in what the policies ask
    assert calls["assess_device"] <= 4 + 4 * 315  # each model, and each of its builds
    once = calls.copy()
    calls.clear()
    assert len(judge_devices(many(2520), RULES, Formula(), WEAK, TODAY)) == 2520
    assert calls == once


@pytest.mark.slow
def test_the_work_for_one_more_device_is_small() -> None:
    few, all_ = many(1260), many(2520)
    judge_devices(few, RULES, Formula(), WEAK, TODAY)
    half, whole = (steps(functools.partial(judge_devices, rows, RULES, Formula(), WEAK, TODAY)) for rows in (few, all_))
    assert (whole - half) / 1260 < 300
