"""The list of devices: searched, filtered and sorted by links and a form that work without a script."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from camscan import app
from camscan.app.device_list import DevicePage, Filter
from camscan.app.front import Choice, Front
from camscan.briefing.nouns import STANDINGS
from camscan.page.render import quote_for_address
from camscan.web.acts import acts_for
from camscan.web.keeper import KeptCounts
from camscan.web.list_filter import read_filter
from camscan.web.outgoing import views_of
from camscan.web.page import Answer, Page, PageContent, PageRequest, Redirect
from camscan.web.plain import plain_types
from camscan.web.trouble import ERRORS

_HEADS = (
    ("priority", "Priority", ""),
    ("tag", "Device", ""),
    ("site", "Site", ""),
    ("maker", "Maker and model", ""),
    ("address", "IP address", "ip_addresses"),
    ("standing", "Removal", ""),
    ("planned", "Planned removal", ""),
    ("last_seen", "Last seen", ""),
)
"""Sort key, heading, and the column that a visitor must be allowed to see."""
_FORMATS = (("ods", "ODS"), ("xlsx", "Excel"), ("csv", "CSV"))
_SCOPES = (("yes", "In scope"), ("no", "Not in scope"), ("unknown", "Not known"))
_NAMES = (
    *("q", "site", "maker", "kind", "standing", "scope", "priority", "presence", "answering", "costless"),
    *("reported", "everything"),
)


@dataclass(frozen=True, slots=True)
class Heading:
    """The heading of a column, which is a link that sorts by it."""

    title: str
    link: str
    order: str
    """The value of ``aria-sort``; empty if the list is not sorted by this column."""


def show(request: PageRequest) -> Answer:
    """Draw one page of the list. A search that finds exactly one device leads to that device."""
    visitor = request.visitor
    wanted = read_filter(request)
    if wanted.text and not request.desk.searches.allows(request.secret):
        trouble = ERRORS["often"]
        return PageContent(
            "trouble", trouble.title, {"says": trouble.says, "advice": trouble.advice, "typed": ()}, trouble.status
        )
    kept = request.desk.front()
    with request.desk.reading() as book:
        found = app.device_list.page_of_devices(
            book,
            wanted,
            apart=kept.front.apart,
            sites=visitor.sites,
            plain=not visitor.sees_identifiers,
            totals=request.desk.cached_totals(kept),
        )
        past = []
        if wanted.text and not found.total and visitor.sees_identifiers:
            past = app.device_list.find_by_past_address(book, wanted.text, visitor.sites)
    if request.has_query("find") and (found.total == 1 or len(past) == 1):
        return Redirect(f"/device/{quote_for_address(found.rows[0].number if found.total else past[0])}")
    return PageContent("devices", _page_title(found, wanted), _template_values(request, wanted, kept, found, past))


def _page_title(found: DevicePage, wanted: Filter) -> str:
    page = f" (page {found.page} of {found.pages})" if found.pages > 1 else ""
    return f"Devices{f': {wanted.text[:60]}' if wanted.text else ''}{page}"


def _template_values(
    request: PageRequest, wanted: Filter, kept: KeptCounts, found: DevicePage, past: list[str]
) -> Mapping[str, object]:
    acts = {} if request.desk.setting.is_read_only else acts_for(request.visitor)
    return {
        "kept": kept,
        "found": found,
        "past": past,
        "types": plain_types((row.type for row in found.rows), request.visitor),
        "heads": list(_headings(request, wanted)),
        "sees": {name: request.visitor.sees(name) for name in ("ip_addresses",)},
        "text": wanted.text,
        "filters": list(_filter_selects(request, wanted, kept.front)),
        "is_narrowed": any(request.query_value(name) for name in _NAMES),
        "everything": wanted.everything,
        "answering": wanted.answering,
        "costless": wanted.costless,
        "reported": wanted.among is not None,
        "links": list(_page_links(request, found)),
        "acts": acts,
        "downloads": [(_download_link(request, each), words) for each, words in _FORMATS],
        "asked_for": [(key, value) for key, value in request.query if key in _NAMES] if acts else [],
        "saved": request.query_number("saved", 0) if request.has_query("saved") else None,
        "earlier": request.link(page=found.page - 1, find=None) if found.page > 1 else "",
        "later": request.link(page=found.page + 1, find=None) if found.page < found.pages else "",
    }


def _download_link(request: PageRequest, suffix: str) -> str:
    """The address of the list as a file, with the same filter."""
    meant = [(key, value) for key, value in request.query if key in {*_NAMES, "sort", "order"}]
    view = [("view", "full")] if "full" in views_of(request.visitor) else []
    return f"/exchange/list?{urlencode([('format', suffix), *view, *meant], errors='replace')}"


def _headings(request: PageRequest, wanted: Filter) -> Iterator[Heading]:
    for name, title, column in _HEADS:
        if column and not request.visitor.sees(column):
            continue
        is_sorted = wanted.sort == name
        way = "desc" if is_sorted and not wanted.descending else None
        order = ("descending" if wanted.descending else "ascending") if is_sorted else ""
        yield Heading(title, f"{request.link(sort=name, order=way, page=None, find=None)}#results", order)


def _filter_selects(
    request: PageRequest, wanted: Filter, front: Front
) -> Iterator[tuple[str, str, list[tuple[str, str, bool]]]]:
    """Name, label and options of each select; an option has its value, its text, and whether it is chosen."""
    choices = front.choices
    sites = [choice for choice in choices["site"] if request.visitor.sees_site(choice.value)]
    is_all = request.visitor.sites is None  # a site manager may not see the numbers of other sites
    yield "site", "Site", _select_options(sites, wanted.site, numbers=True)
    yield "maker", "Maker", _select_options(choices["maker"], wanted.maker or None, numbers=is_all)
    yield "kind", "Type", _select_options(choices["kind"], wanted.kind, numbers=is_all)
    standings = [("remaining", "All that remain"), *STANDINGS.items()]
    yield "standing", "Removal", [(value, label, value == wanted.standing) for value, label in standings]
    yield "scope", "In scope", [(value, label, value == wanted.scope) for value, label in _SCOPES]
    yield "priority", "Priority", _select_options(choices["priority"], wanted.priority or None, numbers=is_all)


def _select_options(
    found: tuple[Choice, ...] | list[Choice], chosen: str | None, *, numbers: bool
) -> list[tuple[str, str, bool]]:
    return [
        (each.value or "-", f"{each.label} ({each.number:,})" if numbers else each.label, each.value == chosen)
        for each in found
    ]


def _page_links(request: PageRequest, found: DevicePage) -> Iterator[tuple[int, str, bool]]:
    """Links to the first page, the last, and those near this one: number, address, whether it is this page.

    A number of 0 is a gap.
    """
    near = {1, found.pages, *range(max(found.page - 1, 1), min(found.page + 1, found.pages) + 1)}
    before = 0
    for number in sorted(near):
        if number > before + 1:
            yield 0, "", False
        yield number, request.link(page=number, find=None), number == found.page
        before = number


PAGE = Page(path="/devices", title="Devices", show=show, place=2)
