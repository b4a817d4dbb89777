"""Draws a QR code (ISO/IEC 18004) for a page, with segno (docs/adr/0020-segno.md)."""

from __future__ import annotations

import segno
from markupsafe import Markup, escape

_QUIET = 4
"""Width of the white border in modules, as the standard requires."""


def draw_qr_code(text: str) -> Markup:
    """The code of a short text as SVG: black on white, also on a dark screen, in the size of the page's class ``qr``.

    A screen reader reads the text. Raises ValueError for a text that is too long for a code.
    """
    code = segno.make_qr(text, error="m")
    svg = code.svg_inline(border=_QUIET, omitsize=True, dark="#000", light="#fff", svgclass=None, lineclass=None)
    return Markup(  # noqa: S704 - drawn by segno: digits and letters of paths; the text is escaped
        f'<span class="qr" role="img" aria-label="QR code: {escape(text)}">{svg}</span>'
    )
