"""The colours of a page, by their purpose; their contrasts are tested (tests/test_page_palette.py). Pure.

No meaning depends on colour only: a word, a dash or a hatch has it too. WCAG 2.2, 1.4.3 and 1.4.11: text has a contrast
of 4.5 to 1 with its background, lines and areas with a meaning 3 to 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

LIGHT: Mapping[str, str] = MappingProxyType(
    {
        "paper": "#ffffff",
        "panel": "#f1f5f9",
        "ink": "#16202b",
        "quiet": "#4a5765",
        "rule": "#7d8a98",
        "faint": "#d5dde5",
        "strong": "#14467c",
        "second": "#b04f0b",
        "alarm": "#9b1c14",
        "alarm-panel": "#fdf1ef",
    }
)
"""Colours on a light screen and on paper. ``strong`` and ``second`` are the two colours of charts; ``faint`` only
decorates."""
DARK: Mapping[str, str] = MappingProxyType(
    {
        "paper": "#12171d",
        "panel": "#1d252e",
        "ink": "#edf1f5",
        "quiet": "#b3bfcb",
        "rule": "#7f8d9b",
        "faint": "#38434f",
        "strong": "#8fbff2",
        "second": "#f3a868",
        "alarm": "#ffa398",
        "alarm-panel": "#331b19",
    }
)
"""Colours on a dark screen."""
TEXT = (
    *(("ink", "paper"), ("ink", "panel"), ("ink", "alarm-panel"), ("quiet", "paper"), ("quiet", "panel")),
    *(("strong", "paper"), ("strong", "panel"), ("second", "paper"), ("alarm", "paper"), ("alarm", "alarm-panel")),
    *(("paper", "strong"), ("paper", "alarm")),
)
"""Pairs of text colour and background that are used."""
LINES = (
    *(("rule", "paper"), ("rule", "panel"), ("strong", "paper"), ("second", "paper"), ("alarm", "paper")),
    *(("strong", "panel"), ("second", "panel"), ("alarm", "alarm-panel")),
)
"""Pairs of line or area colour and background that are used with a meaning."""
