"""The report in a browser: axe-core finds nothing wrong, it fits a telephone, and it prints as a tagged PDF."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from briefed import DAY, facts
from browser import print_to_pdf, run_axe

from camscan.briefing import Level, compose_report, render_report
from camscan.briefing.nouns import Device

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def page() -> str:
    """A report with 50 devices; axe-core takes half a minute for 2,000."""
    devices = [
        Device(
            number=f"1MW790G-6MJY5V{number:02}",
            site=f"Castle Street Car Park {number // 10}",
            place=f"Floor {number % 4}, corridor {number % 9}",
            tag=f"CCTV-{number:04}",
            maker="Hikvision",
            model="DS-2CD2T47G2-LSU/SL",
            type="IP camera",
            priority=number % 4 + 1,
            standing="Accepted risk",
            planned=DAY,
            seen=DAY,
        )
        for number in range(50)
    ]
    return render_report(compose_report(facts(devices=devices)))


@pytest.mark.parametrize("width", [320, 1280])
def test_axe_finds_nothing_wrong_and_nothing_but_tables_scrolls(page: str, tmp_path: Path, width: int) -> None:
    found = run_axe(page, tmp_path, width)
    assert found["width"] == width
    assert found["violations"] == []
    assert found["passes"] > 30
    # What it leaves to people: the contrast of text in SVG (tests/test_page_palette.py), and the headings of sites
    # within the list of devices, which have rows below them and no cells of their own.
    assert {name for name, *_ in found["incomplete"]} <= {"color-contrast", "th-has-data-cells"}
    assert found["overflow"] <= 0


def test_axe_finds_nothing_wrong_with_a_summary(tmp_path: Path) -> None:
    assert run_axe(render_report(compose_report(facts(), Level.SUMMARY)), tmp_path, 800)["violations"] == []


def test_axe_would_find_something(page: str, tmp_path: Path) -> None:
    wrong = page.replace('<html lang="en-GB">', "<html>").replace("<h1>", '<h1 style="color: #ddd">')
    assert {"html-has-lang", "color-contrast"} <= {name for name, *_ in run_axe(wrong, tmp_path, 800)["violations"]}


def test_it_prints_as_a_tagged_pdf_with_a_title_and_open_tables(page: str, tmp_path: Path) -> None:
    content = print_to_pdf(page, tmp_path)
    assert content.startswith(b"%PDF")
    assert b"/StructTreeRoot" in content
    assert re.search(rb"/Marked\s+true", content)
    assert b"/Lang (en-GB)" in content
    title = "Removal of cameras and recorders: progress report – Exampleshire Council"
    assert title.encode("utf-16-be").hex().upper().encode() in content.upper() or title.encode("utf-16-be") in content
