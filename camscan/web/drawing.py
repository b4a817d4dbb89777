"""Draws a page as HTML: its template, in the frame that all pages share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from camscan.page import render_page
from camscan.version import __version__
from camscan.web.page import Asked, Drawn
from camscan.web.pages import pages
from camscan.web.static_files import static_files

MARKING = "OFFICIAL-SENSITIVE"
"""The marking of every page: it may say where security equipment is."""


@dataclass(frozen=True, slots=True)
class Link:
    """A link of the navigation."""

    path: str
    title: str
    is_here: bool


def draw(drawn: Drawn, asked: Asked) -> str:
    """The HTML of a page."""
    return render_page(f"web/{drawn.template}.html", **frame_values(asked, drawn.title), **drawn.values)


def frame_values(asked: Asked, title: str) -> Mapping[str, Any]:
    """The values that the template of every page may use."""
    return {
        "title": title,
        "organisation": asked.desk.space.settings.organisation,
        "marking": MARKING,
        "version": __version__,
        "navigation": tuple(_navigation_links(asked)) if asked.secret else (),
        "visitor": asked.visitor,
        "is_signed_in": bool(asked.secret),
        "is_read_only": asked.desk.setting.is_read_only,
        "token": asked.token,
        "asked": asked,
        "static": {name: each.path for name, each in static_files().items()},
    }


def _navigation_links(asked: Asked) -> Iterator[Link]:
    """The pages of the navigation that this visitor may see."""
    shown = [(name, page) for name, page in pages().items() if page.place and asked.visitor.may(name)]
    here = next((page.under or name for name, page in pages().items() if name == asked.name), "")
    for name, page in sorted(shown, key=lambda each: each[1].place):
        yield Link(page.path, page.title, name == here)
