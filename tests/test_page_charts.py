"""Charts: what is drawn is what is counted, and what is read aloud says it."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest

from camscan.page.charts import Bar, Bars, Column, Columns

MONTHS = (
    Column("March 2026", 200, 0, 200),
    Column("April 2026", 150, 30, 160),
    Column("May 2026", None, 0, 100),
    Column("June 2026", None, 0, 0),
)
BURN = Columns("Devices remaining", "200 in March 2026, 150 in April 2026.", MONTHS, ("counted", "not seen", "plan"))
BARS = Bars(
    "By site", "Two sites.", (Bar("Town Hall", 30, 10, "30 of 40"), Bar("Depot", 0, 5, "0 of 5")), ("left", "gone")
)


def drawn(svg: str) -> ET.Element:
    return ET.fromstring(svg)


def marked(root: ET.Element, mark: str) -> list[dict[str, str]]:
    return [each.attrib for each in root.iter() if each.attrib.get("class") == mark]


@pytest.mark.parametrize("chart", [BURN, BARS])
def test_it_is_an_image_with_a_title_and_a_description(chart: Columns | Bars) -> None:
    root = drawn(chart.svg("c"))
    assert root.attrib["role"] == "img"
    title, says = (next(each for each in root if each.tag == tag) for tag in ("title", "desc"))
    assert root.attrib["aria-labelledby"].split() == [title.attrib["id"], says.attrib["id"]]
    assert (title.text, says.text) == (chart.title, chart.description)


def test_columns_stand_as_high_as_their_numbers() -> None:
    root = drawn(BURN.svg("c"))
    full = [float(each["height"]) for each in marked(root, "full")]
    assert full == pytest.approx([220, 132])  # 200 and 120 of 200
    (hatch,) = marked(root, "hatch")
    assert float(hatch["height"]) == pytest.approx(33)  # 30 of 200
    assert hatch["fill"] == "url(#c-hatch)"
    assert float(hatch["y"]) + 33 == pytest.approx(float(marked(root, "full")[1]["y"]))


def test_the_plan_is_one_unbroken_line() -> None:
    lines = marked(drawn(BURN.svg("c")), "plan")
    level = [each for each in lines if each["y1"] == each["y2"]]
    assert [(each["x1"], each["x2"]) for each in level] == [(f"{25 * n}.00%", f"{25 * n + 25}.00%") for n in range(4)]
    upright = [each for each in lines if each["x1"] == each["x2"]]
    assert [(each["y1"], each["y2"]) for each in upright] == [
        (one["y2"], other["y1"]) for one, other in pairwise(level)
    ]


def test_the_last_that_was_counted_is_written_and_few_months_are_named() -> None:
    root = drawn(BURN.svg("c"))
    values = [each.text for each in root.iter() if each.attrib.get("class") == "value"]
    assert values == ["150"]
    many = Columns("t", "d", tuple(Column(f"month {n}", n, 0, None) for n in range(60)), ("a", "b", "c"))
    named = re.findall(r">(month \d+)<", str(many.svg("c")))
    assert named == ["month 0", "month 20", "month 39", "month 59"]


@pytest.mark.parametrize(
    ("most", "top"), [(0, 4), (1, 4), (5, 8), (40, 40), (41, 60), (180, 180), (1586, 1600), (19_999, 20_000)]
)
def test_the_axis_ends_at_a_round_number(most: int, top: int) -> None:
    chart = Columns("t", "d", (Column("x", most, 0, None),), ("a", "b", "c"))
    numbers = re.findall(r'class="quiet" x="100.00%" y="[\d.]+" text-anchor="end">([\d,]+)<', str(chart.svg("c")))
    assert numbers[-1] == f"{top:,}"
    assert len(numbers) == 4


def test_bars_share_one_scale_and_say_their_numbers() -> None:
    root = drawn(BARS.svg("c"))
    assert [each["width"] for each in marked(root, "full")] == ["49.50%"]
    assert [(each["x"], each["width"]) for each in marked(root, "hatch")] == [("49.50%", "16.50%"), ("0.00%", "8.25%")]
    texts = [each.text for each in root.iter("text")]
    assert [text.strip() for text in texts if text] == ["Town Hall", "30 of 40", "Depot", "0 of 5"]


@pytest.mark.parametrize("chart", [Columns("t", "d", (), ("a", "b", "c")), Bars("t", "d", (), ("a", ""))])
def test_nothing_to_draw_is_drawn(chart: Columns | Bars) -> None:
    assert drawn(chart.svg("c")).tag == "svg"


def test_the_key_names_only_what_is_there_and_nothing_where_that_is_one_thing() -> None:
    assert re.findall("sample ([a-z]+)", str(BURN.key())) == ["full", "hatch", "plan"]
    plain = Columns("t", "d", (Column("x", 1, 0, None),), ("a", "b", "c"))
    assert re.findall("sample ([a-z]+)", str(plain.key())) == []
    assert re.findall("sample ([a-z]+)", str(Bars("t", "d", (), ("a", "")).key())) == []


def test_text_of_devices_stays_text() -> None:
    wicked = "</text><script>alert(1)</script>\x1b\u202e"
    svg = str(Bars(wicked, wicked, (Bar(wicked, 1, 1, wicked),), (wicked, wicked)).svg("c"))
    assert "script" not in {each.tag for each in drawn(svg).iter()}
    assert not set("\x1b\u202e") & set(svg)
