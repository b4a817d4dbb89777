"""Pages that are complete in one file, for people who do not use camscan.

A page is one HTML file. It has no script, no picture from elsewhere, and needs no network. A room has its templates in
a folder ``templates/`` beside its modules, and :func:`render_page` draws them: ``exports/letter.html`` is
``camscan/exports/templates/letter.html``. A template begins with ``{% extends "page/base.html" %}``, which has the
style sheet, the marking, the frame and the print layout. docs/pages.md explains the blocks and the values.
"""

from __future__ import annotations

from camscan.page.render import page_pieces, render_page
from camscan.page.table import Figure, Head, Kind, Table

__all__ = ["Figure", "Head", "Kind", "Table", "page_pieces", "render_page"]
