"""Two programs with one register, and one store: what either writes, the other sees and does not lose.

A program that closes a descriptor of a file loses its locks on it (POSIX), and SQLite of the other program then takes
away the log to which this one still writes: sqlite.org/howtocorrupt.html, 2.2.
"""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

from sample_report import camera, report

from camscan.register import Edit, open_register
from camscan.store import open_store
from camscan.store.sessions import Session, Sessions

_HOURS = timedelta(hours=8)


def elsewhere(program: str, *arguments: str) -> str:
    """Run something in another program; what it prints."""
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_an_edit_of_another_program_and_one_of_ours_are_both_kept(tmp_path: Path) -> None:
    where = tmp_path / "camscan.db"
    with open_register(where) as book:
        book.record(report(camera(1)))
        (row,) = book.devices()
    edit = """
import sys
from camscan.register import Edit, open_register
with open_register(sys.argv[1], editing=True) as book:
    book.edit_entries([Edit(sys.argv[2], "supplier", sys.argv[3])], role="Other", how="test")
"""
    with open_register(where, editing=True) as held:
        held.edit_entries([Edit(row.asset_id, "notes", "before")], role="Officer", how="test")
        with open_register(where, readonly=True) as another:  # as another request of a server does
            assert another.devices()
        for supplier in ("First Ltd", "Second Ltd"):
            elsewhere(edit, str(where), row.asset_id, supplier)
            assert held.devices()[0].entries["supplier"] == supplier
        held.edit_entries([Edit(row.asset_id, "notes", "after")], role="Officer", how="test")
        elsewhere(edit, str(where), row.asset_id, "Third Ltd")
    with open_register(where, readonly=True) as book:
        assert book.devices()[0].entries == {"notes": "after", "supplier": "Third Ltd"}


def test_a_session_that_another_program_begins_is_found(tmp_path: Path) -> None:
    where = tmp_path / "camscan.db"
    begin = """
import sys
from datetime import timedelta
from camscan.store import open_store
from camscan.store.sessions import Session, Sessions
hours = timedelta(hours=8)
with open_store(sys.argv[1]) as store:
    print(Sessions(store, longest=hours, idle=hours).begin(Session(subject="other", rights="foi")))
"""
    with open_store(where) as held:
        ours = Sessions(held, longest=_HOURS, idle=_HOURS)
        own = ours.begin(Session(subject="own", rights="owner"))
        with open_store(where):  # as `camscan foi` of the same program does
            pass
        for _ in range(2):
            found = ours.find(elsewhere(begin, str(where)))
            assert found is not None
            assert found.subject == "other"
        last = ours.begin(Session(subject="last", rights="owner"))
    with open_store(where) as again:
        kept = Sessions(again, longest=_HOURS, idle=_HOURS)
        assert kept.find(own)
        assert kept.find(last)
