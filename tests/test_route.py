"""The kernel's table of routes, as Linux writes it."""

from __future__ import annotations

import ipaddress
import sys
from pathlib import Path

import pytest

from camscan.net.route import Route, diverted_spans
from camscan.net.span import Span
from camscan.net.system.linux.links import routes

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


def test_a_longer_prefix_leads_out_of_an_attached_subnet() -> None:
    attached = ipaddress.IPv4Network("10.0.0.0/8")
    table = [
        Route("lan0", "10.0.0.1", Span(4, 0x0A320000, 0x0A32FFFF), 16, 0),  # by a router on it
        Route("tun0", "", Span(4, 0x0A330000, 0x0A33FFFF), 16, 0),  # by a tunnel
        Route("lan0", "", Span(4, 0x0A000000, 0x0AFFFFFF), 8, 0),
        Route("lan0", "", Span(4, 0x0A000001, 0x0A000001), 32, 0),  # the same link
        Route("lan1", "", Span(4, 0xC0A80000, 0xC0A8FFFF), 16, 0),
        Route("lan0", "10.0.0.1", Span(4, 0, 0xFFFFFFFF), 0, 0),
    ]
    assert diverted_spans(attached, "lan0", table, only=False) == [Span(4, 0x0A320000, 0x0A33FFFF)]
    assert diverted_spans(attached, "lan0", table, only=True) == [Span(4, 0x0A320000, 0x0A32FFFF)]
