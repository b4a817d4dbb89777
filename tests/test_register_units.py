"""A register of an earlier version recognises a unit whatever maker it is attributed to later."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from earlier import rewrite
from sample_report import NOON, camera, report

from camscan.register import open_register


def test_an_earlier_register_knows_its_devices_whatever_maker_they_get(tmp_path: Path) -> None:
    """Earlier versions kept serial numbers with their makers only."""
    path = tmp_path / "camscan.db"
    with open_register(path) as book:
        (asset,) = book.record(report(camera(1, mac=None))).new
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("DELETE FROM device_key WHERE kind = 'unit'")
        raw.commit()
    rewrite(path, "0002")
    with open_register(path) as book:
        later = report(camera(1, mac=None, maker="dahua"), scan_id="later", when=NOON + timedelta(days=1))
        assert book.record(later).new == ()
        (row,) = book.devices()
        assert (row.asset_id, row.sightings) == (asset, 2)
