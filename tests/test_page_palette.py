"""The contrast of every pair of colours that a page uses, as WCAG 2.2 computes it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from camscan.page.palette import DARK, LIGHT, LINES, TEXT

STYLE = (Path(__file__).parents[1] / "camscan/page/templates/style.css").read_text(encoding="utf-8")
PALETTES = pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])


def luminance(colour: str) -> float:
    """Relative luminance of ``#rrggbb`` (WCAG 2.2, Terms)."""
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """1 (none) to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_black_on_white_is_21() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@PALETTES
@pytest.mark.parametrize("pair", TEXT, ids="-".join)
def test_text_can_be_read(palette: Mapping[str, str], pair: tuple[str, str]) -> None:
    assert contrast(palette[pair[0]], palette[pair[1]]) >= 4.5


@PALETTES
@pytest.mark.parametrize("pair", LINES, ids="-".join)
def test_lines_and_areas_can_be_seen(palette: Mapping[str, str], pair: tuple[str, str]) -> None:
    assert contrast(palette[pair[0]], palette[pair[1]]) >= 3


def test_every_colour_of_the_style_sheet_is_of_the_palette() -> None:
    used = set(re.findall(r"var\(--([a-z-]+)\)", STYLE))
    assert used == LIGHT.keys() == DARK.keys()
    assert not re.search(r"#[0-9a-fA-F]{3,8}\b|rgb\(|hsl\(", STYLE)


def test_forced_colours_replace_every_colour() -> None:
    forced = STYLE[STYLE.index("forced-colors") :].partition("}")[0]
    assert set(re.findall(r"--([a-z-]+):", forced)) == LIGHT.keys()


def test_every_colour_is_in_a_pair() -> None:
    tested = {name for pair in (*TEXT, *LINES) for name in pair}
    assert LIGHT.keys() - tested == {"faint"}, "faint only decorates"
