"""Stage 6 of recording: what contradicts, for a person to settle."""

from __future__ import annotations

from sample_report import camera, report
from sample_stored import ask, entries_of, stored_row

from camscan.register.record.conflicts import (
    Question,
    StoredConflicts,
    list_contradictions,
    list_questions,
    new_questions,
)
from camscan.register.record.matching import match_devices

ASKED = Question(100, "ROW-100", "possible-duplicate", "the same device?", 7)


def test_a_key_that_two_devices_of_a_report_claim_is_asked_of_both() -> None:
    question = ask(report(camera(1, serial="S2019070112"), camera(2, serial="S2019070112")))
    assert [
        (doubt.device, doubt.kind, doubt.other_in_report)
        for doubt in list_contradictions(question, match_devices(question))
    ] == [
        (0, "shared-key", 1),
        (1, "shared-key", 0),
    ]


def test_a_maker_that_differs_is_asked() -> None:
    of, row = report(camera(1, maker="dahua")), stored_row(7, camera(1))
    question = ask(of, row)
    found = list_questions(list_contradictions(question, match_devices(question)), entries_of(of, row))
    assert [(each.device, each.kind, each.detail) for each in found] == [
        (7, "maker-changed", "was hikvision, now dahua")
    ]


def test_what_contradicts_in_nothing_is_not_asked() -> None:
    question = ask(report(camera(1)), stored_row(7, camera(1)))
    assert list_contradictions(question, match_devices(question)) == ()


def test_a_question_is_asked_once() -> None:
    stored = StoredConflicts(fresh=5, names={7: "ROW-7"})
    (noted,) = new_questions([ASKED, ASKED], (), stored)
    assert (noted.id, noted.question, noted.other) == (5, ASKED, "ROW-7")
    said = StoredConflicts(noted_before=frozenset({(100, "possible-duplicate", "the same device?")}))
    assert new_questions([ASKED], (), said) == ()


def test_what_a_person_has_settled_of_two_rows_is_not_asked() -> None:
    assert new_questions([ASKED], (), StoredConflicts(separate_pairs=frozenset({frozenset({7, 100})}))) == ()
