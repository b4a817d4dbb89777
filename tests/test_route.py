"""The kernel's table of routes, as Linux writes it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from camscan.net.route import Route, routes
from camscan.net.span import Span

TABLE = """\
Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
lan0\t00000000\t01004E0A\t0003\t0\t0\t100\t00000000\t0\t0\t0
lan0\t00004E0A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
lan1\t00004D0A\tFE004E0A\t0003\t0\t0\t0\t0000FFFF\t0\t0\t0
*\t0000000B\t00000000\t0201\t0\t0\t0\t000000FF\t0\t0\t0
"""


@pytest.mark.skipif(sys.byteorder != "little", reason="the table is in the byte order of the machine")
def test_the_longest_prefix_comes_first(tmp_path: Path) -> None:
    path = tmp_path / "route"
    path.write_text(TABLE)
    assert routes(path) == [
        Route("lan0", "", Span(4, 0x0A4E0000, 0x0A4E00FF), 24, 0),
        Route("lan1", "10.78.0.254", Span(4, 0x0A4D0000, 0x0A4DFFFF), 16, 0),
        Route("lan0", "10.78.0.1", Span(4, 0, 0xFFFFFFFF), 0, 100),
    ]


def test_without_a_table_there_is_no_route(tmp_path: Path) -> None:
    assert routes(tmp_path / "missing") == []
