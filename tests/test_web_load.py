"""Many at once: entries in the browser while a scan is being recorded, none lost; what they say of each other.

``make load`` (tests/load.py) does the same with 200 readers at 20,000 devices.
"""

from __future__ import annotations

import contextlib
import os
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sample_report import NOON, camera, report
from web_estate import Client, desk_of

from camscan.app.workspace import workspace_of
from camscan.config import Config
from camscan.register import LogQuery, open_register
from camscan.web.desk import Desk

EDITS = int(os.environ.get("CAMSCAN_EDITS", "40"))
"""200 in the issue that asked for it; each costs a tenth of a second."""
EDITORS = 4
DEVICES = 8


@pytest.fixture
def desk(register_at: str | Path) -> Iterator[Desk]:
    with open_register(register_at) as book:
        book.record(report(*map(camera, range(1, DEVICES + 1))))
    with contextlib.closing(desk_of(workspace_of(Config(), register_at))) as opened:
        yield opened


def enter(client: Client, number: str, remark: str) -> int:
    """Add a note, as somebody does who is told that another was quicker: opens the form anew. How often that was."""
    for again in range(100):
        form = client.get(f"/enter/note?n={number}").text
        (device,) = re.findall(r'name="device" value="([^"]*)"', form)
        (token, *_) = re.findall(r'name="token" value="([^"]*)"', form)
        sent = {"token": token, "device": device, "remark": remark, "step": "save"}
        answer = client.post("/enter/note", sent)
        if answer.status_code == 303:
            return again
        assert answer.status_code == 422, answer.text
        assert "Somebody else has entered something" in answer.text
    raise AssertionError("it was never taken")


@pytest.mark.slow
def test_entries_during_a_scan_are_all_kept(desk: Desk) -> None:
    """Four editors on eight devices, so that some are told; a scan of all of them is recorded over and over."""
    with desk.reading() as book:
        numbers = [row.asset_id for row in book.devices()]
    errors: list[BaseException] = []
    over = threading.Event()

    def edit(who: int) -> None:
        client = Client(desk)
        try:
            for turn in range(EDITS // EDITORS):
                enter(client, numbers[(who + turn) % DEVICES], f"Remark {who}-{turn}.")
        except BaseException as error:  # noqa: BLE001 - it is raised below
            errors.append(error)

    def scan() -> None:
        try:
            with open_register(desk.space.where) as book:  # which holds its lock, as a scan does
                for turn in range(1000):
                    if over.wait(0.05):
                        return
                    found = map(camera, range(1, DEVICES + 1))
                    book.record(report(*found, scan_id=f"again-{turn}", when=NOON))
        except BaseException as error:  # noqa: BLE001 - as above
            errors.append(error)

    editors = [threading.Thread(target=edit, args=(who,)) for who in range(EDITORS)]
    scanning = threading.Thread(target=scan)
    scanning.start()
    for each in editors:
        each.start()
    for each in editors:
        each.join()
    over.set()
    scanning.join()
    assert errors == []
    with desk.reading() as book:
        lines, total = book.read_log(LogQuery(column="notes", most=10_000))
        notes = "\n".join(row.entries.get("notes", "") for row in book.devices())
    wanted = {f"Remark {who}-{turn}." for who in range(EDITORS) for turn in range(EDITS // EDITORS)}
    assert total == len(lines) == len(wanted)
    assert set(re.findall(r"Remark \d+-\d+\.", notes)) == wanted
