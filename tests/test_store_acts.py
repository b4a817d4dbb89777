"""What people did, in the store: found again, and kept for as long as it is to be."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sample_report import NOON, camera, report

from camscan.register import Edit, collect_log_numbers, open_register
from camscan.store import open_store
from camscan.store.act import CHANGED, DONE, REFUSED, SEEN, TAKEN, Act, ActQuery
from camscan.store.acts import KEPT, Acts
from camscan.store.database import Store

DAY = timedelta(days=1)


@pytest.fixture
def store(register_at: str | Path) -> Iterator[Store]:
    with open_register(register_at):
        pass
    with open_store(register_at) as opened:
        yield opened


@pytest.fixture
def acts(store: Store) -> Acts:
    return Acts(store)


def act(number: int, outcome: str = SEEN, **more: object) -> Act:
    given = {
        "session": "s",
        "subject": f"person {number % 2}",
        "path": f"/device/{number}",
        "method": "GET",
        "role": "Auditor",
    }
    return Act(at=NOON + number * DAY, outcome=outcome, **{**given, **more})  # type: ignore[arg-type]


def test_they_are_found_the_latest_first(acts: Acts) -> None:
    given = [act(1), act(2, CHANGED, from_change=10, to_change=12), act(3, TAKEN), act(4, path="/device/100%_x")]
    acts.add(given)
    acts.add([])
    assert acts.page(ActQuery(), 0, 10) == (given[::-1], 4)
    assert acts.page(ActQuery(), 1, 1) == ([given[2]], 4)
    for wanted, found in (
        (ActQuery(subject="person 1"), [2, 0]),
        (ActQuery(outcome=TAKEN), [2]),
        (ActQuery(path="0%_"), [3]),
        (ActQuery(path="_"), [3]),
        (ActQuery(since=NOON + 2 * DAY, before=NOON + 4 * DAY), [2, 1]),
        (ActQuery(change=11), [1]),
        (ActQuery(change=13), []),
    ):
        assert acts.page(wanted, 0, 10)[0] == [given[each] for each in found], wanted


def test_who_looked_is_forgotten_after_13_months_and_who_changed_is_not(acts: Acts) -> None:
    kept = [act(1, CHANGED, from_change=1, to_change=1), act(2, DONE, method="POST")]
    acts.add([act(0), act(0, TAKEN), act(0, REFUSED), *kept, act(3)])
    now = NOON + KEPT + 2 * DAY
    assert acts.purge(now) == 3
    assert acts.page(ActQuery(), 0, 10)[0] == [act(3), *kept[::-1]]
    assert acts.purge(now) == 0


def test_long_texts_are_cut_and_cost_nothing_else(acts: Acts) -> None:
    acts.add([act(1, path="/" + "x" * 5000, role="y" * 500, subject="z" * 500, session="s" * 50, method="GET")])
    (found,), _ = acts.page(ActQuery(), 0, 1)
    assert (len(found.path), len(found.role), len(found.subject), len(found.session)) == (400, 100, 200, 16)


def test_what_was_written_is_heard_and_what_was_only_tried_is_not(register_at: str | Path) -> None:
    with open_register(register_at) as book:
        book.record(report(camera(1)))
    with open_register(register_at, editing=True) as book, collect_log_numbers() as heard:
        number = book.devices()[0].asset_id
        edits = [Edit(number, "notes", "x"), Edit(number, "location_detail", "Hall")]
        book.edit_entries(edits, role="r", how="h", dry_run=True)
        assert heard == []
        changes = book.edit_entries(edits, role="r", how="h")
        assert heard == [changes[0].number, changes[-1].number]
        book.edit_entries(edits, role="r", how="h")
        assert len(heard) == 2, "nothing was changed"
    with open_register(register_at, editing=True) as book:
        book.edit_entries([Edit(number, "notes", "y")], role="r", how="h")
    assert len(heard) == 2, "nobody listens any more"
