"""Every site: how many devices are there, how many remain, and how much of it was scanned."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from camscan.app.front import Front, SiteLine
from camscan.briefing.nouns import Exhibit
from camscan.page.render import quote_for_address
from camscan.web.page import Answer, Page, PageContent, PageRequest, Redirect

_SORTS: Mapping[str, Callable[[SiteLine], Any]] = {
    "name": lambda line: line.name.casefold(),
    "devices": lambda line: -line.devices,
    "remaining": lambda line: -line.remaining,
    "overdue": lambda line: -line.overdue,
    "priority": lambda line: line.highest or 9,
}


def show(request: PageRequest) -> Answer:
    """Draw the sites that the visitor may see."""
    kept = request.desk.front()
    sites = [line for line in kept.front.sites if request.visitor.sees_site(line.name)]
    if len(sites) == 1 and request.visitor.sites is not None:
        return Redirect(f"/site/{quote_for_address(sites[0].name)}")
    sort = request.query_value("sort", "name")
    sites.sort(key=_SORTS.get(sort, _SORTS["name"]))
    heads = [
        (title, request.link(sort=name), "ascending" if name == "name" else "descending", sort == name)
        for name, title in (
            ("name", "Site"),
            ("devices", "In place"),
            ("remaining", "Remaining"),
            ("overdue", "Overdue"),
            ("priority", "Highest priority"),
        )
    ]
    elsewhere = kept.front.known.devices.get("", 0) if request.visitor.sites is None else 0
    values = {
        "kept": kept,
        "sites": sites,
        "heads": heads,
        "elsewhere": elsewhere,
        "pictures": _site_charts(kept.front) if request.visitor.sites is None else [],
    }
    return PageContent("sites", "Sites", values)


def _site_charts(front: Front) -> list[Exhibit]:
    """Charts of what remains and what was removed, by site."""
    section = next(section for section in front.report.sections if section.anchor == "groups")
    return [exhibit for exhibit in section.exhibits if exhibit.name == "By site" and exhibit.chart]


PAGE = Page(path="/sites", title="Sites", show=show, place=3)
