"""What is told of what happened, as a table: once, not within a week, flapping once, twenty and a number."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from camscan.notify.decide import ONCE, QUIET, ChosenNews, Event, Note, choose_items, compose_messages
from camscan.notify.message import KINDS, MOST, Item
from camscan.notify.text import item_line, list_parts, subject_line

NOW = datetime(2026, 3, 2, 19, 0, tzinfo=UTC)
DAY = timedelta(days=1)
SCANS = [f"scan-{number}" for number in range(1, 31)]
NEW = Item("new", "A-1", "192.0.2.7", asset_id="A-1", site="Depot")
LOST = Item("coverage_lost", "192.0.2.0/24", site="Depot", brief="a subnet of Depot")
BACK = replace(LOST, kind="coverage_restored")
ALARM = Item("reappeared_after_removal", "A-1", "2026-01-05", asset_id="A-1", site="Depot")
MOVED = Item("moved_site", "A-1", "Library", asset_id="A-1", site="Library", old="Depot")
OVERDUE = Item("overdue", "A-1", "2026-02-28", asset_id="A-1", site="Depot")


def told(item: Item, ago: timedelta) -> Note:
    return Note(item.kind, item.subject, item.value, NOW - ago)


def changed(item: Item, scan: int) -> Note:
    return Note(item.kind, item.subject, item.value, NOW - (30 - scan) * DAY, SCANS[scan - 1], is_told=False)


def kinds(chosen: ChosenNews) -> list[str]:
    return [item.kind for item in chosen.items]


@pytest.mark.parametrize(
    ("happens", "lasts", "past", "wanted"),
    [
        ([NEW], [], [], ["new"]),
        ([], [], [], []),
        ([NEW], [], [told(NEW, 6 * DAY)], []),
        ([NEW], [], [told(NEW, 7 * DAY)], ["new"]),
        ([NEW], [], [told(replace(NEW, value="192.0.2.8"), DAY)], ["new"]),
        ([NEW], [], [told(replace(NEW, kind="moved_site"), DAY)], ["new"]),
        ([NEW, NEW], [], [], ["new"]),
        # What lasts is told again after a week; what is overdue never again, but with another day.
        ([], [ALARM], [], ["reappeared_after_removal"]),
        ([ALARM], [ALARM], [], ["reappeared_after_removal"]),
        ([], [ALARM], [told(ALARM, 6 * DAY)], []),
        ([], [ALARM], [told(ALARM, 8 * DAY)], ["reappeared_after_removal"]),
        ([], [OVERDUE], [told(OVERDUE, 300 * DAY)], []),
        ([], [OVERDUE], [told(replace(OVERDUE, value="2025-02-28"), DAY)], ["overdue"]),
        # A clock that was wrong when something was told silences nothing.
        ([NEW], [], [told(NEW, -400 * DAY)], ["new"]),
        ([NEW], [], [told(NEW, -1 * DAY)], []),
        # An alarm stays one, however often.
        ([ALARM], [], [changed(ALARM, 27), changed(ALARM, 28), changed(ALARM, 29)], ["reappeared_after_removal"]),
        # There and back: restored is not told, and three changes in ten scans are flapping, told once.
        ([BACK], [], [], []),
        ([LOST], [], [changed(LOST, 10), told(LOST, 20 * DAY), changed(BACK, 12)], ["coverage_lost"]),
        ([LOST], [], [changed(LOST, 25), told(LOST, 5 * DAY), changed(BACK, 27)], ["coverage_flapping"]),
        ([BACK], [], [changed(BACK, 25), changed(LOST, 27)], ["coverage_flapping"]),
        (
            [LOST],
            [],
            [changed(LOST, 25), changed(BACK, 27), told(Item("coverage_flapping", LOST.subject), DAY)],
            [],
        ),
        ([MOVED], [], [changed(MOVED, 28), changed(replace(MOVED, value="Depot"), 29)], ["flapping"]),
        ([MOVED], [], [changed(MOVED, 18), changed(replace(MOVED, value="Depot"), 29)], ["moved_site"]),
        ([LOST], [], [changed(replace(LOST, subject="192.0.2.128/25"), n) for n in (25, 26, 27)], ["coverage_lost"]),
    ],
)
def test_what_is_told(happens: list[Item], lasts: list[Item], past: list[Note], wanted: list[str]) -> None:
    assert kinds(choose_items([Event(each, "scan-30") for each in happens], lasts, past, NOW, SCANS[-10:])) == wanted


def test_what_was_told_is_remembered_so_that_the_next_run_is_silent() -> None:
    first = choose_items([Event(NEW, "scan-30")], [ALARM, OVERDUE], [], NOW, SCANS)
    assert kinds(first) == ["new", "reappeared_after_removal", "overdue"]
    second = choose_items([Event(NEW, "scan-31")], [ALARM, OVERDUE], first.notes, NOW + DAY, [*SCANS, "scan-31"])
    assert second.items == ()
    assert kinds(choose_items([], [ALARM, OVERDUE], first.notes, NOW + 7 * DAY, SCANS)) == ["reappeared_after_removal"]


def test_a_subnet_that_comes_and_goes_every_night_is_told_of_twice_in_a_week() -> None:
    past: list[Note] = []
    seen = []
    for night in range(7):
        happens = Event(BACK if night % 2 else LOST, f"night-{night}")
        chosen = choose_items([happens], [], past, NOW + night * DAY, [f"night-{each}" for each in range(night + 1)])
        past += chosen.notes
        seen += kinds(chosen)
    assert seen == ["coverage_lost", "coverage_flapping"]


THINGS = [NEW, LOST, BACK, MOVED, replace(MOVED, value="Depot"), ALARM, OVERDUE]
NIGHTS = st.lists(
    st.tuples(st.sets(st.integers(0, 4)), st.sets(st.integers(5, 6)), st.integers(-30, 60)), min_size=1, max_size=25
)


@examples(60)
@given(NIGHTS)
def test_nothing_is_reported_twice_within_a_week_whatever_happens_and_whatever_the_clock_says(
    nights: list[tuple[set[int], set[int], int]],
) -> None:
    now, past, scans = NOW, list[Note](), list[str]()
    told_at = defaultdict[tuple[str, str, str], list[datetime]](list)
    for happens, lasts, hours in nights:
        now += timedelta(hours=hours)
        scans.append(f"scan-{len(scans)}")
        chosen = choose_items(
            [Event(THINGS[each], scans[-1]) for each in sorted(happens)],
            [THINGS[each] for each in sorted(lasts)],
            past,
            now,
            scans[-10:],
        )
        past += chosen.notes
        for item in chosen.items:
            before = told_at[item.kind, item.subject, item.value]
            assert not [at for at in before if abs(now - at) < QUIET]
            before.append(now)
        # Nothing that lasts and was not told within a week is passed over.
        for each in lasts:
            key = THINGS[each].kind, THINGS[each].subject, THINGS[each].value
            assert any(abs(now - at) < QUIET for at in told_at[key]) or THINGS[each].kind in ONCE


class TestMessages:
    def test_one_for_each_class_the_most_pressing_first(self) -> None:
        items = [OVERDUE, LOST, NEW, ALARM, replace(NEW, subject="A-2", asset_id="A-2")]
        found = {each.about: each for each in compose_messages(items, NOW, organisation="Example")}
        assert [*found] == ["alarm", "trouble", "news"]
        assert dict(found["news"].counts) == {"new": 2, "overdue": 1}
        assert subject_line(found["news"]) == "camscan: News: 2 new devices; 1 removal overdue (Example)"
        assert len({each.id for each in found.values()}) == 3

    def test_more_than_twenty_are_a_number(self) -> None:
        items = [replace(NEW, subject=f"A-{number}", asset_id=f"A-{number}") for number in range(332)]
        (found,) = compose_messages([*items, OVERDUE], NOW)
        assert (len(found.items), found.unnamed_count) == (MOST, 313)
        assert [(part.heading, len(part.lines)) for part in list_parts(found, "counts")] == [
            ("332 new devices", MOST),
            ("1 removal overdue", 0),
        ]

    def test_the_same_things_at_the_same_time_have_the_same_number_and_no_others(self) -> None:
        def numbers(*items: Item, salt: str = "") -> list[str]:
            return [each.id for each in compose_messages(items, NOW, salt=salt)]

        assert numbers(NEW) == numbers(NEW)
        assert numbers(NEW) != numbers(OVERDUE)
        assert numbers(NEW, salt="one.db") != numbers(NEW, salt="two.db")

    def test_nothing_is_not_a_message(self) -> None:
        assert list(compose_messages([], NOW)) == []

    @pytest.mark.parametrize(
        ("item", "counts", "full"),
        [
            (replace(NEW, detail="hikvision X at 192.0.2.7"), "A-1, Depot", "A-1, Depot: hikvision X at 192.0.2.7"),
            (replace(LOST, detail="192.0.2.0/24 fell silent"), "a subnet of Depot", "Depot: 192.0.2.0/24 fell silent"),
            (replace(NEW, site=""), "A-1", "A-1"),
            (Item("new", "x"), "no known site", "no known site"),
        ],
    )
    def test_addresses_only_where_they_are_asked_for(self, item: Item, counts: str, full: str) -> None:
        assert (item_line(item, "counts"), item_line(item, "full")) == (counts, full)

    def test_every_kind_is_of_a_class_and_has_words(self) -> None:
        assert all(kind.one and kind.several and kind.one != kind.several for kind in KINDS.values())
