"""The kernel's neighbour table as it is printed."""

from __future__ import annotations

from pathlib import Path

from camscan.net.neighbour import neighbours

TABLE = """IP address       HW type     Flags       HW address            Mask     Device
10.0.5.7         0x1         0x2         44:19:B6:0A:0B:0C     *        eth0
10.0.5.8         0x1         0x0         00:00:00:00:00:00     *        eth0
10.0.5.9         0x1         0x6         3c:ef:8c:01:02:03     *        eth0
torn line
"""


def test_only_complete_entries_count(tmp_path: Path) -> None:
    table = tmp_path / "arp"
    table.write_text(TABLE)
    assert neighbours(table) == {"10.0.5.7": "44:19:b6:0a:0b:0c", "10.0.5.9": "3c:ef:8c:01:02:03"}


def test_no_table_is_no_neighbours(tmp_path: Path) -> None:
    assert neighbours(tmp_path / "absent") == {}
