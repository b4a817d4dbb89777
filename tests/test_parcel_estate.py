"""A whole estate in a parcel: another register that takes it in says of every device what the scan itself says."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from command_line import Camscan
from estate_truth import standing
from parcels import rows

from camscan.cli.demo import PORTS
from camscan.register import open_register
from camscan.scan.journal import interrupted_runs

ROOT = Path(__file__).parents[1]
NETWORK = "127.48.7.0/27"
SETTINGS = "pace: fast\nports:\n" + "".join(f"  {probe}: {list(ports)}\n" for probe, ports in PORTS.items())
SITE = f"sites:\n- name: Depot\n  cidrs: [{NETWORK}]\n"


@pytest.fixture(scope="module")
def estate() -> Iterator[list[dict[str, Any]]]:
    with standing(NETWORK, 24, 48) as truth:
        yield truth


@pytest.fixture(autouse=True)
def home(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (workplace / "camscan.yaml").write_text(SETTINGS + SITE)
    monkeypatch.setenv("XDG_STATE_HOME", str(workplace / "state"))
    return workplace


@pytest.mark.usefixtures("estate")
def test_a_parcel_gives_the_rows_that_the_scan_gave(camscan: Camscan) -> None:
    code, out, _ = camscan("scan", "--site", "Depot", "--keep-journal")
    assert code == 0
    assert "Kept for `camscan parcel export`: camscan.db.finished-" in out
    assert camscan("parcel", "export", "depot.camparcel")[0] == 0
    code, out, err = camscan("parcel", "import", "depot.camparcel", "--trust-once", "--register", "centre.db")
    assert (code, err) == (0, "")
    here, there = rows(), rows("centre.db")
    assert len(here["device"]) > 10
    for table, told in here.items():
        assert there[table] == told, table
    code, out, _ = camscan("parcel", "import", "depot.camparcel", "--register", "centre.db", "--trust-once")
    assert "nothing was changed" in out
    assert rows("centre.db") == there
    with open_register("centre.db") as book:
        assert book.find_faults() == []


@pytest.mark.usefixtures("estate")
def test_an_interrupted_scan_goes_out_and_the_whole_follows(camscan: Camscan) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "camscan", "scan", "--site", "Depot", "--pace", "gentle", "--keep-journal"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        while not (left := interrupted_runs(Path("camscan.db"))) or b'"payload' not in left[0].path.read_bytes():
            time.sleep(0.05)
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        process.communicate()
    scan_id = left[0].head.scan
    with open_register("camscan.db", readonly=True) as book:
        assert [scan.scan_id for scan in book.scans()] == [f"{scan_id}.1"]
    assert f"{scan_id}.1, which was interrupted" in camscan("parcel", "export", "half.camparcel")[1]
    centre = ("--trust-once", "--register", "centre.db")
    assert camscan("parcel", "import", "half.camparcel", *centre)[0] == 0
    assert camscan("scan", "--resume", "--pace", "fast")[0] == 0
    with open_register("camscan.db", readonly=True) as book:
        assert [scan.scan_id for scan in book.scans()] == [f"{scan_id}.1", scan_id]
    assert f"Scan {scan_id} is in" in camscan("parcel", "export", "whole.camparcel")[1]
    assert camscan("parcel", "import", "whole.camparcel", *centre)[0] == 0
    with open_register("centre.db") as book, open_register("camscan.db", readonly=True) as own:
        assert [scan.completion for scan in book.scans()] == ["interrupted", "complete"]
        assert {ip for row in book.devices() for ip in row.ip_addresses} >= {
            ip for row in own.devices() for ip in row.ip_addresses
        }
        assert book.find_faults() == []
