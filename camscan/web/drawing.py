"""Draws a page as HTML: its template, in the frame that all pages share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from camscan.page import render_page
from camscan.version import __version__
from camscan.web.page import PageContent, PageRequest
from camscan.web.pages import pages
from camscan.web.static_files import static_files

MARKING = "OFFICIAL-SENSITIVE"
"""The marking of every page: a page may show where security equipment is."""


@dataclass(frozen=True, slots=True)
class Link:
    """A link of the navigation."""

    path: str
    title: str
    is_here: bool


def draw(content: PageContent, request: PageRequest) -> str:
    """The HTML of a page."""
    return render_page(f"web/{content.template}.html", **frame_values(request, content.title), **content.values)


def frame_values(request: PageRequest, title: str) -> Mapping[str, Any]:
    """The values that the template of every page may use."""
    return {
        "title": title,
        "organisation": request.desk.space.settings.organisation,
        "marking": MARKING,
        "version": __version__,
        "navigation": tuple(_navigation_links(request)) if request.secret else (),
        "visitor": request.visitor,
        "is_signed_in": bool(request.secret),
        "is_read_only": request.desk.setting.is_read_only,
        "token": request.token,
        "request": request,
        "static": {name: each.path for name, each in static_files().items()},
    }


def _navigation_links(request: PageRequest) -> Iterator[Link]:
    """The pages of the navigation that this visitor may see."""
    shown = [(name, page) for name, page in pages().items() if page.place and request.visitor.may(name)]
    here = next((page.under or name for name, page in pages().items() if name == request.name), "")
    for name, page in sorted(shown, key=lambda each: each[1].place):
        yield Link(page.path, page.title, name == here)
