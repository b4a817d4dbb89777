"""Policies as data: what each says of hand-made devices, in which words, and what its files may hold."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from planned import TODAY, asset

from camscan import policies
from camscan.asset import Place
from camscan.config.planning import LocalDecision, Planning
from camscan.errors import ConfigError
from camscan.fingerprints import built_in_folder
from camscan.model import Confidence
from camscan.plan.judging import subject_of
from camscan.policies.companies import load_ownership as load_owners
from camscan.policies.companies import plain_name
from camscan.policies.judge import Subject, rule_by_policies
from camscan.policies.proof import check_policies
from camscan.policies.read import FORBIDDEN
from camscan.policies.use import Rules, policies_in_use

KNOWN = policies.load_known_policies()
EVERYTHING = Planning(
    local_decision=LocalDecision("Cabinet 2026/114", date(2026, 9, 14), makers=("hikvision",), groups=("dahua",)),
    debarment=("Example Cameras Limited",),
)


def rules(*names: str, planning: Planning | None = None) -> Rules:
    base = planning or EVERYTHING
    return policies_in_use(KNOWN, Planning(names or None, (), base.local_decision, base.debarment))


def judged(policy: str, today: date = TODAY, planning: Planning | None = None, **facts: Any) -> bool | None:
    subject = Subject(**{"is_surveillance": True, **facts})
    return rule_by_policies(subject, rules(policy, planning=planning), today)[0].matches


def test_every_example_of_every_policy_holds() -> None:
    assert check_policies() == []


def test_these_policies_are_there() -> None:
    assert list(KNOWN.entries) == [
        "bscc-2022-concern",
        "local-decision",
        "uk-hcws386",
        "uk-procurement-act-2023",
        "us-fcc-covered",
        "us-ndaa-889",
    ]


def test_the_page_has_a_row_for_each() -> None:
    page = (Path(__file__).parents[1] / "docs" / "policies.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"^\| `([a-z0-9-]+)` \|", page, re.MULTILINE)) == sorted(KNOWN.entries)


def test_policies_that_are_not_asked_for_are_named() -> None:
    left_out = policies_in_use(KNOWN, Planning(("uk-hcws386",))).left_out
    assert "us-ndaa-889: not among the policies of camscan.yaml" in left_out
    assert not any(line.startswith("uk-hcws386") for line in left_out)


FACTS = "jurisdiction: GB, basis: checked, source: s"
ENDED = "relation: affiliate, since: '2020-01-02', until: '2020-01-01'"


class TestHcws386:
    """The written statement: the law that the maker is under, and the place."""

    def test_it_names_no_manufacturer(self) -> None:
        assert not any(clause.makers or clause.brands for clause in KNOWN.entries["uk-hcws386"].clauses)
        assert not re.search("(?i)hikvision|dahua", KNOWN.entries["uk-hcws386"].says)

    @pytest.mark.parametrize(
        ("facts", "matches"),
        [
            ({"maker": "hikvision", "sensitivity": "1", "network_zone": "segregated"}, True),
            ({"maker": "hikvision", "sensitivity": "2", "network_zone": "segregated"}, False),
            ({"maker": "dahua", "sensitivity": "4", "network_zone": "core"}, True),
            ({"maker": "dahua", "network_zone": "core"}, True),
            ({"maker": "dahua", "network_zone": "internet_facing"}, None),
            ({"maker": "dahua"}, None),
            ({"maker": "hisilicon", "sensitivity": "1"}, None),
            ({"maker": "axis", "sensitivity": "1", "network_zone": "core"}, False),
            ({"maker": "axis"}, False),
            ({"sensitivity": "1", "network_zone": "core"}, None),
            ({"sensitivity": "4", "network_zone": "segregated"}, None),
            ({"maker": "netwave", "sensitivity": "1"}, None),
        ],
    )
    def test_by_hand(self, facts: dict[str, Any], matches: bool | None) -> None:
        assert judged("uk-hcws386", **facts) is matches

    def test_the_owner_of_the_maker_counts(self) -> None:
        assert KNOWN.ownership.owner_countries("2n", TODAY) == {"CZ", "SE", "JP"}
        assert judged("uk-hcws386", maker="2n", network_zone="core") is False


class TestNames:
    """Lists of names: the maker, its subsidiaries where the text says so, the badge never in place of the maker."""

    @pytest.mark.parametrize("policy", ["us-ndaa-889", "us-fcc-covered", "bscc-2022-concern"])
    def test_a_rebrand_matches_through_its_maker(self, policy: str) -> None:
        assert judged(policy, maker="hikvision", brand="ANNKE") is True
        assert judged(policy, maker="raysharp", brand="ANNKE") is False
        assert judged(policy, brand="ANNKE") is None

    def test_a_subsidiary_matches_only_where_the_text_says_subsidiaries(self) -> None:
        assert judged("us-ndaa-889", brand="EZVIZ") is True
        assert judged("us-fcc-covered", brand="Imou") is True
        assert judged("bscc-2022-concern", brand="EZVIZ") is None

    def test_a_company_that_was_sold_is_a_subsidiary_no_more(self) -> None:
        assert judged("us-ndaa-889", brand="Lorex", today=date(2022, 6, 1)) is True
        assert judged("us-ndaa-889", brand="Lorex", maker="reolink", today=date(2022, 6, 1)) is True
        assert judged("us-ndaa-889", brand="Lorex", maker="reolink") is False
        assert judged("us-ndaa-889", brand="Lorex") is None

    def test_whether_a_camera_of_huawei_is_telecommunications_equipment_is_not_said(self) -> None:
        assert judged("us-ndaa-889", maker="huawei") is None
        assert judged("us-fcc-covered", maker="huawei") is True

    def test_marks_of_a_part_do_not_say_who_built_the_unit(self) -> None:
        for policy in ("us-ndaa-889", "us-fcc-covered", "bscc-2022-concern", "uk-hcws386"):
            assert judged(policy, maker="hisilicon", sensitivity="1", network_zone="core") is None
        assert judged("us-fcc-covered", maker="huawei") is True

    def test_the_survey_counts_a_badge(self) -> None:
        assert judged("bscc-2022-concern", maker="dahua", brand="Honeywell") is True
        assert judged("bscc-2022-concern", maker="hanwha", brand="Honeywell") is True
        assert judged("bscc-2022-concern", maker="hanwha") is False


class TestTime:
    @pytest.mark.parametrize(
        ("policy", "day"),
        [
            ("us-ndaa-889", date(2019, 8, 13)),
            ("us-fcc-covered", date(2021, 3, 12)),
            ("bscc-2022-concern", date(2023, 2, 16)),
        ],
    )
    def test_a_policy_says_nothing_before_its_day(self, policy: str, day: date) -> None:
        assert judged(policy, maker="hikvision", today=day) is True
        assert judged(policy, maker="hikvision", today=day.replace(day=day.day - 1)) is False

    def test_the_decision_holds_from_its_date_on(self) -> None:
        assert judged("local-decision", maker="hikvision", today=date(2026, 9, 13)) is False
        assert judged("local-decision", maker="hikvision", today=date(2026, 9, 14)) is True

    def test_a_policy_that_ended(self, tmp_path: Path) -> None:
        overlay(tmp_path, effective={"since": "2020-01-01", "until": "2025-12-31"})
        known = policies.load_known_policies([tmp_path])
        used = policies_in_use(known, Planning(("our-rule",)))
        subject = Subject(maker="axis", is_surveillance=True)
        assert [rule_by_policies(subject, used, day)[0].matches for day in (date(2025, 12, 31), date(2026, 1, 1))] == [
            True,
            False,
        ]
        assert "it ended on 31 December 2025" in rule_by_policies(subject, used, date(2026, 1, 1))[0].reason


class TestDebarment:
    def test_without_a_list_nothing_is_compared(self) -> None:
        used = policies_in_use(KNOWN, Planning())
        assert "uk-procurement-act-2023" not in [policy.id for policy in used.policies]
        assert any("no list supplied" in line for line in used.left_out)

    def test_asked_for_without_a_list_it_says_so_and_never_matches(self) -> None:
        ruling = rule_by_policies(
            Subject(maker="hikvision", is_surveillance=True),
            policies_in_use(KNOWN, Planning(("uk-procurement-act-2023",))),
            TODAY,
        )[0]
        assert ruling.matches is not True
        assert "no list was supplied" in ruling.reason

    @pytest.mark.parametrize(
        ("listed", "matches"),
        [
            ("Zhejiang Dahua Technology Co., Ltd.", True),
            ("ZHEJIANG DAHUA TECHNOLOGY CO LTD", True),
            ("Dahua", True),
            ("Dahua Doors", False),
        ],
    )
    def test_names_are_compared_without_case_punctuation_and_legal_form(self, listed: str, matches: bool) -> None:
        planning = Planning(debarment=(listed,))
        assert judged("uk-procurement-act-2023", planning=planning, maker="dahua") is matches

    def test_an_owner_on_the_list_counts(self) -> None:
        planning = Planning(debarment=("China Electronics Technology Group Corporation, owned by the state",))
        assert judged("uk-procurement-act-2023", planning=planning, maker="hikvision") is True

    def test_the_supplier_counts_whoever_built_it(self) -> None:
        assert judged("uk-procurement-act-2023", maker="axis", supplier="EXAMPLE CAMERAS LTD.") is True
        assert judged("uk-procurement-act-2023", supplier="Example Cameras Limited") is True
        assert judged("uk-procurement-act-2023", supplier="Somebody else") is None


class TestLocalDecision:
    def test_empty_it_is_not_in_use(self) -> None:
        assert (
            "local-decision: nothing entered (planning: local_decision)" in policies_in_use(KNOWN, Planning()).left_out
        )

    def test_makers_groups_badges_and_places(self) -> None:
        decision = LocalDecision(
            "Cabinet 7", date(2026, 1, 1), ("hikvision",), ("dahua",), ("Swann",), ("school",), ("1", "2")
        )
        planning = Planning(local_decision=decision)
        place: dict[str, Any] = {"site_type": "school", "sensitivity": "2"}
        several: list[dict[str, Any]] = [
            {"maker": "hikvision"},
            {"brand": "Imou"},
            {"brand": "SWANN", "maker": "raysharp"},
        ]
        for facts in several:
            assert judged("local-decision", planning=planning, **place, **facts) is True
        assert judged("local-decision", planning=planning, **place, maker="axis") is False
        assert judged("local-decision", planning=planning, **place) is None
        assert judged("local-decision", planning=planning, site_type="street", maker="hikvision") is False
        assert judged("local-decision", planning=planning, site_type="school", maker="hikvision") is None

    def test_of_places_alone_the_maker_does_not_matter(self) -> None:
        planning = Planning(local_decision=LocalDecision("Cabinet 7", date(2026, 1, 1), site_types=("care",)))
        assert judged("local-decision", planning=planning, site_type="care") is True
        assert judged("local-decision", planning=planning, site_type="office", maker="hikvision") is False

    def test_the_sentence_has_minute_and_date(self) -> None:
        ruling = rule_by_policies(Subject(maker="hikvision", is_surveillance=True), rules("local-decision"), TODAY)[0]
        assert ruling.reason == (
            "The council decided it (Cabinet 2026/114, 14 September 2026): it is made by Hikvision. "
            "This binds the council."
        )

    def test_a_maker_that_there_is_not(self) -> None:
        decision = LocalDecision("7", date(2026, 1, 1), makers=("hickvision",), where="camscan.yaml:9")
        with pytest.raises(ConfigError, match=r"^camscan.yaml:9: 'hickvision' is not a maker that camscan knows; did "):
            policies_in_use(KNOWN, Planning(local_decision=decision))

    @pytest.mark.parametrize("name", ["HIKVISION", "Hikvision", " hikvision", "Hangzhou Hikvision Digital Technology"])
    def test_a_maker_in_any_case_and_by_its_name(self, name: str) -> None:
        decision = LocalDecision("7", date(2026, 1, 1), groups=(name,))
        assert judged("local-decision", planning=Planning(local_decision=decision), maker="hikvision") is True

    def test_it_decides_the_scope_alone(self) -> None:
        assert policies_in_use(KNOWN, EVERYTHING).scope == {"local-decision"}
        assert policies_in_use(KNOWN, Planning()).scope == {"uk-hcws386", "us-fcc-covered", "us-ndaa-889"}


class TestUnknown:
    @pytest.mark.parametrize("policy", list(KNOWN.entries))
    def test_an_unknown_maker_is_never_clear(self, policy: str) -> None:
        places: list[dict[str, Any]] = [{}, {"site_type": "street", "sensitivity": "4", "network_zone": "segregated"}]
        for facts in places:
            assert judged(policy, **facts) is None

    def test_a_possible_maker_is_not_a_maker(self) -> None:
        possible = asset(confidence=Confidence.POSSIBLE)
        subject = subject_of(possible, KNOWN.ownership)
        ruling = rule_by_policies(subject, rules("us-ndaa-889"), TODAY)[0]
        assert ruling.matches is None
        assert "Hikvision is only its possible maker, so a person has to inspect it" in ruling.reason

    def test_a_possible_maker_that_a_person_confirmed_is_one(self) -> None:
        for row in (
            asset(confidence=Confidence.POSSIBLE, lifecycle_status="confirmed"),
            asset(confidence=Confidence.POSSIBLE, last_confirmed_on="2026-01-05"),
        ):
            subject = subject_of(row, KNOWN.ownership)
            assert rule_by_policies(subject, rules("us-ndaa-889"), TODAY)[0].matches is True

    def test_what_is_surely_no_camera_is_no_matter_of_these_policies(self) -> None:
        printer = asset(maker=None, model=None, kind="printer", is_camera=False)
        doubtful = asset(maker=None, model=None, kind="printer", is_camera=False, confidence=Confidence.POSSIBLE)
        for row, matches in ((printer, False), (doubtful, None)):
            assert rule_by_policies(subject_of(row, KNOWN.ownership), rules("us-ndaa-889"), TODAY)[0].matches is matches

    def test_what_people_stated_counts_where_no_scan_says_more(self) -> None:
        stated = asset(maker=None, stated_manufacturer="Hangzhou Hikvision Digital Technology")
        assert subject_of(stated, KNOWN.ownership).maker == "hikvision"
        unheard = asset(maker=None, stated_manufacturer="Chubb")
        ruling = rule_by_policies(subject_of(unheard, KNOWN.ownership), rules("us-ndaa-889"), TODAY)[0]
        assert ruling.matches is None
        assert "its maker is unknown: 'Chubb', as stated by a person, does not show who built it" in ruling.reason

    def test_the_site_map_says_where(self) -> None:
        row = asset(place=Place("Depot", sensitivity="1", network_zone="segregated"))
        assert rule_by_policies(subject_of(row, KNOWN.ownership), rules("uk-hcws386"), TODAY)[0].matches is True


class TestWords:
    def every_sentence(self) -> list[str]:
        subjects = [
            Subject(
                maker=maker, brand=brand, is_sure=sure, is_surveillance=camera, sensitivity=level, network_zone=zone
            )
            for maker in ("", "hikvision", "dahua", "huawei", "axis", "netwave")
            for brand in ("", "EZVIZ", "Honeywell")
            for sure in (True, False)
            for camera in (True, False, None)
            for level, zone in (("", ""), ("1", "core"), ("4", "segregated"))
        ]
        used = [rules(), policies_in_use(KNOWN, Planning(tuple(KNOWN.entries)))]
        days = (date(2015, 1, 1), TODAY)
        return [
            each.reason
            for subject in subjects
            for one in used
            for day in days
            for each in rule_by_policies(subject, one, day)
        ]

    def test_nothing_is_ever_called_what_camscan_cannot_know(self) -> None:
        sentences = self.every_sentence()
        texts = [
            text
            for policy in KNOWN.entries.values()
            for text in (policy.title, policy.says, policy.status, policy.binding_on, policy.note)
        ]
        bad = re.compile(
            r"(?i)\b(bann?(ed|s|ing)?|illegal|unlawful|prohibited|forbidden|must be removed|non-compliant)\b"
        )
        assert len(sentences) > 1000
        assert [text for text in (*sentences, *texts) if bad.search(text) or FORBIDDEN.search(text)] == []

    def test_every_sentence_says_why_and_whom_it_binds(self) -> None:
        for sentence in self.every_sentence():
            assert re.fullmatch(r"[A-Z].*(: |, because ).+\. (This|The list) binds .+\.", sentence), sentence
            assert not set("{}\n") & set(sentence)
            assert len(sentence) < 500

    def test_one_in_full(self) -> None:
        subject = Subject(maker="dahua", brand="Amcrest", is_surveillance=True, sensitivity="2", network_zone="core")
        assert rule_by_policies(subject, rules("uk-hcws386"), TODAY)[0].reason == (
            "HCWS386 asks departments to keep such equipment off sensitive sites and core networks: it is made by "
            "Dahua (sold as Amcrest), a company under the law of the People's Republic of China, and it is on the core "
            "network. "
            "This binds United Kingdom central government departments only and is advice for a council."
        )


def overlay(directory: Path, **members: object) -> Path:
    """A policy of one's own, with these members in place of its own; None takes one out."""
    policy: dict[str, object] = {
        "id": "our-rule",
        "title": "our own rule",
        "jurisdiction": "GB",
        "status": "in force",
        "effective": {"since": "2020-01-01"},
        "binding_on": "us",
        "citation": "the handbook",
        "basis": "checked",
        "says": "Our rule has it: {why}. This binds {binding_on}.",
        "matches": [{"makers": ["axis"]}],
        "examples": [{"maker": "axis", "matches": "yes"}],
        "counterexamples": [{"maker": "hikvision"}],
        **members,
    }
    path = directory / "policies" / "our-rule.yaml"
    path.parent.mkdir(exist_ok=True)
    whole = {key: value for key, value in policy.items() if value is not None}
    path.write_text(yaml.safe_dump(whole, default_style='"', sort_keys=False), encoding="utf-8")
    return path


class TestFiles:
    def test_an_overlay_adds_and_replaces(self, tmp_path: Path) -> None:
        overlay(tmp_path)
        assert check_policies([tmp_path]) == []
        assert "our-rule" in policies.load_known_policies([tmp_path]).entries
        overlay(tmp_path, id="us-ndaa-889")
        assert policies.load_known_policies([tmp_path]).entries["us-ndaa-889"].title == "our own rule"

    @pytest.mark.parametrize(("scope", "is_in"), [(None, True), ("yes", True), ("no", False)])
    def test_whether_it_decides_the_scope(self, tmp_path: Path, scope: str | None, is_in: bool) -> None:
        overlay(tmp_path, scope=scope)
        assert policies.load_known_policies([tmp_path]).entries["our-rule"].in_scope is is_in

    @pytest.mark.parametrize(
        ("clause", "verdict", "because"),
        [
            ({}, True, ""),
            ({"verdict": "yes"}, True, ""),
            ({"verdict": "unknown", "because": "the text does not say"}, None, "the text does not say"),
        ],
    )
    def test_what_a_clause_says(
        self, tmp_path: Path, clause: dict[str, str], verdict: bool | None, because: str
    ) -> None:
        examples = [{"maker": "axis", "matches": "unknown" if verdict is None else "yes"}]
        overlay(tmp_path, matches=[{"makers": ["axis"], **clause}], examples=examples)
        assert check_policies([tmp_path]) == []
        (read,) = policies.load_known_policies([tmp_path]).entries["our-rule"].clauses
        assert (read.makers, read.verdict, read.because) == (("axis",), verdict, because)

    def test_kinds_and_capabilities_are_those_of_the_vocabulary(self, tmp_path: Path) -> None:
        (tmp_path / "vocabulary.yaml").write_text(
            "kind.bell: Door bell\ncapability.chime: It rings\n", encoding="utf-8"
        )
        clause = {"kind": ["camera", "bell"], "capability": ["ptz", "chime"]}
        overlay(
            tmp_path,
            matches=[clause],
            examples=[{"maker": "axis", "kind": "bell", "capability": "chime", "matches": "yes"}],
            counterexamples=[{"maker": "axis", "kind": "recorder", "capability": "chime"}],
        )
        assert check_policies([tmp_path]) == []
        (read,) = policies.load_known_policies([tmp_path]).entries["our-rule"].clauses
        assert (read.kind, read.capability) == (("camera", "bell"), ("ptz", "chime"))
        overlay(tmp_path, matches=[{"kind": ["chime"]}])
        assert "'chime' is not one of: " in check_policies([tmp_path])[0].message
        overlay(tmp_path, matches=[{"capability": ["bell"]}])
        assert "'bell' is not one of: " in check_policies([tmp_path])[0].message

    def test_the_order_is_that_of_the_names(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        overlay(tmp_path, id="a-rule")
        assert list(policies.load_known_policies([tmp_path]).entries) == ["a-rule", *KNOWN.entries]
        path = overlay(tmp_path)
        path.with_name("another.yaml").write_bytes(path.read_bytes())
        found = Path.glob
        monkeypatch.setattr(Path, "glob", lambda place, pattern: sorted(found(place, pattern), reverse=True))
        (problem,) = check_policies([tmp_path])
        assert problem.file == str(path)
        assert "another.yaml" in problem.message

    def test_a_sentence_with_a_minute_that_nobody_fills(self, tmp_path: Path) -> None:
        overlay(tmp_path, says="Ours ({minute}{date}): {why}. This binds {binding_on}.")
        used = policies_in_use(policies.load_known_policies([tmp_path]), Planning(("our-rule",)))
        (ruling,) = rule_by_policies(Subject(maker="axis", is_surveillance=True), used, TODAY)
        assert ruling.reason.startswith("Ours (): it is made by Axis")

    @pytest.mark.parametrize(
        ("members", "message"),
        [
            ({"title": None}, "'title' is missing"),
            ({"id": "Our Rule"}, "the id 'Our Rule' must look like uk-hcws386"),
            ({"jurisdiction": "Britain"}, "'Britain' is not a country in two letters"),
            ({"basis": "rumour"}, "basis is one of checked, second-hand, general knowledge, found 'rumour'"),
            ({"effective": {"since": "2020-13-01"}}, "'2020-13-01' is not a date"),
            ({"effective": {"since": "2020-02-01", "until": "2020-01-01"}}, "it ends before it begins"),
            ({"matches": []}, "a policy has matches, or filled_by"),
            ({"matches": [{"reach": "group"}]}, "it asks for nothing, so every device would match"),
            ({"matches": [{"makers": ["hickvision"]}]}, "'hickvision' is neither in makers.yaml nor in ownership.yaml"),
            ({"matches": [{"site_type": ["castle"]}]}, "'castle' is not one of: street, office"),
            ({"matches": [{"sensitivity": ["5"]}]}, "'5' is not one of: 1, 2, 3, 4"),
            ({"matches": [{"network_zone": ["lan"]}]}, "'lan' is not one of: core, segregated"),
            ({"matches": [{"kind": ["camcorder"]}]}, "'camcorder' is not one of: "),
            ({"matches": [{"capability": ["xray"]}]}, "'xray' is not one of: "),
            ({"matches": [{"makers": ["axis"], "verdict": "unknown"}]}, "says why in 'because'"),
            ({"matches": [{"maker": ["axis"]}]}, "unknown key 'maker'; did you mean 'makers'?"),
            ({"examples": []}, "at least one is needed"),
            ({"examples": [{"maker": "axis"}]}, "'matches' is missing"),
            ({"counterexamples": [{"maker": "hikvision", "matches": "yes"}]}, "unknown key 'matches'"),
            ({"says": "It is banned: {why}. This binds {binding_on}."}, "'banned': say what the text asks"),
            ({"says": "It must be removed: {why} {binding_on}."}, "camscan does not judge"),
            ({"title": "the prohibited list"}, "'prohibited': say what the text asks"),
            ({"says": "Only {why}."}, "the sentence says {why} it matches and what it is {binding_on}"),
            ({"says": "{why} {binding_on} {maker}."}, "braces hold one of binding_on, date, minute, why"),
            ({"says": "{why} {binding_on} {"}, "braces hold one of"),
            ({"says": "{why} {binding_on}"}, "ends with a full stop"),
            ({"trial": {"makers": ["axis"]}}, "has a 'trial' for its examples, and no other has one"),
        ],
    )
    def test_what_is_wrong_is_reported_with_file_and_line(
        self, tmp_path: Path, members: dict[str, object], message: str
    ) -> None:
        path = overlay(tmp_path, **members)
        problems = check_policies([tmp_path])
        assert len(problems) == 1
        assert message in problems[0].message
        assert str(problems[0]).startswith(f"{path}:{problems[0].line}: ")
        assert problems[0].line > 0
        with pytest.raises(ConfigError):
            policies.load_known_policies([tmp_path])

    @pytest.mark.parametrize(
        ("members", "said"),
        [
            ({"examples": [{"maker": "hikvision", "matches": "yes"}]}, "should get yes and gets no"),
            ({"examples": [{"brand": "Axis", "matches": "yes"}]}, "should get yes and gets unknown"),
            ({"counterexamples": [{"maker": "axis"}]}, "should get no and gets yes"),
        ],
    )
    def test_an_example_that_is_judged_otherwise(self, tmp_path: Path, members: dict[str, object], said: str) -> None:
        overlay(tmp_path, **members)
        assert [said in str(problem) for problem in check_policies([tmp_path])] == [True]

    def test_two_files_with_one_id(self, tmp_path: Path) -> None:
        path = overlay(tmp_path)
        path.with_name("another.yaml").write_bytes(path.read_bytes())
        assert "the id 'our-rule' is already used in" in check_policies([tmp_path])[0].message

    def test_a_policy_that_is_asked_for_and_is_not_there(self) -> None:
        with pytest.raises(
            ConfigError, match=r"^c.yaml:3: there is no policy 'uk-hcws387'; the policies are: bscc-2022"
        ):
            policies_in_use(KNOWN, Planning(("uk-hcws387",), where="c.yaml:3"))
        with pytest.raises(ConfigError, match="'us-ndaa-889' is to decide the scope, but is not among the policies"):
            policies_in_use(KNOWN, Planning(("uk-hcws386",), ("us-ndaa-889",)))


class TestOwnership:
    def test_every_row_says_where_it_is_from_and_how_sure_that_is(self) -> None:
        for company in KNOWN.ownership.companies.values():
            assert company.source
            assert company.basis in {"checked", "second-hand", "general knowledge"}

    def test_the_groups_that_camscan_is_about(self) -> None:
        chain = KNOWN.ownership.owner_chain
        assert chain("ezviz", TODAY) == ("ezviz", "hikvision", "cetc")
        assert chain("imou", TODAY) == ("imou", "dahua")
        assert chain("dahua", TODAY) == ("dahua",)  # a tenth of the shares makes no owner
        assert chain("luminys", date(2024, 1, 31)) == ("luminys", "dahua")
        assert chain("luminys", date(2024, 2, 1)) == ("luminys",)
        assert chain("nobody", TODAY) == ("nobody",)

    def test_names_as_people_write_them(self) -> None:
        assert plain_name("Zhejiang Dahua Technology Co., Ltd.") == plain_name("ZHEJIANG DAHUA TECHNOLOGY CO LTD")
        assert plain_name("Co. Ltd.") == "co ltd"
        assert KNOWN.ownership.maker_of_name("hangzhou hikvision digital technology co ltd") == "hikvision"
        assert {KNOWN.ownership.maker_of_name(name) for name in ("Hikvision", "HIK VISION", "Hik-Vision")} == {
            "hikvision"
        }
        assert KNOWN.ownership.maker_of_name("nobody") is None

    def test_a_name_under_which_only_others_build_is_not_a_maker(self) -> None:
        assert [KNOWN.ownership.maker_of_name(name) for name in ("Honeywell", "Speco", "Bosch")] == [
            None,
            None,
            "bosch",
        ]

    @pytest.mark.parametrize(
        ("row", "message"),
        [
            ("{name: A, jurisdiction: GB, basis: checked}", "'source' is missing"),
            ("{name: A, jurisdiction: GB, basis: checked, source: ' '}", "no source"),
            (
                "{name: A, jurisdiction: GB, basis: checked, source: s, owners: [{company: b, relation: subsidiary}]}",
                "the company 'b' has no row of its own",
            ),
            (
                "{name: A, jurisdiction: GB, basis: checked, source: s, owners: [{company: a, relation: friend}]}",
                "relation is one of subsidiary, affiliate, found 'friend'",
            ),
            (
                f"{{name: A, {FACTS}, owners: [{{company: a, {ENDED}}}]}}",
                "it ends before it begins, on 2020-01-02",
            ),
        ],
    )
    def test_what_is_wrong_with_a_row(self, tmp_path: Path, row: str, message: str) -> None:
        (tmp_path / "ownership.yaml").write_text(f"a: {row}\n", encoding="utf-8")
        assert [message in str(problem) for problem in check_policies([tmp_path])] == [True]

    @pytest.mark.parametrize(("word", "is_part"), [("yes", True), ("no", False)])
    def test_whether_it_makes_parts_is_reported(self, tmp_path: Path, word: str, is_part: bool) -> None:
        row = f"a: {{name: A, jurisdiction: GB, basis: checked, source: s, part: '{word}'}}"
        (tmp_path / "ownership.yaml").write_text(f"{row}\n", encoding="utf-8")
        assert load_owners([tmp_path]).companies["a"].is_part is is_part

    def test_companies_that_own_each_other_end_somewhere(self, tmp_path: Path) -> None:
        owners = "owners: [{company: %s, relation: affiliate}]"
        rows = "{name: N, jurisdiction: GB, basis: checked, source: s, %s}"
        text = f"a: {rows % owners % 'b'}\nb: {rows % owners % 'a'}\n"
        (tmp_path / "ownership.yaml").write_text(text, encoding="utf-8")
        assert load_owners([tmp_path]).owner_chain("a", TODAY) == ("a", "b")

    def test_the_three_tables_are_kept_apart(self) -> None:
        makers = yaml.safe_load((built_in_folder() / "makers.yaml").read_text(encoding="utf-8"))
        assert not {"jurisdiction", "owners"} & {key for maker in makers.values() for key in maker}
        owners = (built_in_folder() / "ownership.yaml").read_text(encoding="utf-8")
        assert not any(policy in owners for policy in KNOWN.entries)
