"""The devices that fit a filter, or that were ticked, as a spreadsheet of the columns that the visitor may see."""

from __future__ import annotations

from dataclasses import replace

from camscan import app
from camscan.app.devices import device_site
from camscan.app.list_file import csv_pieces, make_workbook
from camscan.web.list_filter import read_filter
from camscan.web.outgoing import hidden_from, views_of
from camscan.web.page import Answer, Download, NoSuchPage, NotAllowed, Page, PageRequest

_MOST = 100_000
_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_OF_THE_PROGRAMME = frozenset({"short", "costs"})
"""Views that list only what is in scope, once the scope was decided, unless the address names a site or devices."""


def show(request: PageRequest) -> Answer:
    """Return the list as a file."""
    visitor, views = request.visitor, views_of(request.visitor)
    view, suffix = request.query_value("view") or views[0], request.query_value("format", "ods")
    if view not in views:
        raise NotAllowed("Your role may not see this spreadsheet")
    if suffix not in _TYPES:
        raise NoSuchPage
    space, hidden, numbers = request.desk.space, hidden_from(visitor), _wanted_numbers(request, view)
    name = (
        f"{'costs' if view == 'costs' else 'register'}-{app.assess.today_utc().isoformat()}-OFFICIAL-SENSITIVE.{suffix}"
    )
    if suffix == "csv":
        return Download(name, csv_pieces(space, numbers, view=view, without=hidden), _TYPES[suffix])
    return Download(name, make_workbook(space, numbers, f".{suffix}", view=view, without=hidden), _TYPES[suffix])


def _wanted_numbers(request: PageRequest, view: str) -> list[str]:
    """The asset numbers in the address, or those of the devices that fit the filter."""
    visitor, named = request.visitor, [value for key, value in request.query if key == "n"]
    wanted = read_filter(request)
    with request.desk.reading() as book:
        if named and request.query_value("all") != "yes":
            rows = book.devices_by_number(list(dict.fromkeys(named)))
            if len(rows) < len({*named}) or not all(visitor.sees_site(device_site(row)) for row in rows):
                raise NoSuchPage
            return [row.asset_id for row in rows]
        is_narrowed = bool(wanted.scope or wanted.site is not None)
        if view in _OF_THE_PROGRAMME and not is_narrowed and request.desk.front().front.facts.is_decided:
            wanted = replace(wanted, scope="yes")
        return app.device_list.numbers_of(
            book,
            wanted,
            most=_MOST,
            apart=request.desk.front().front.apart,
            sites=visitor.sites,
            plain=not visitor.sees_identifiers,
        )


PAGE = Page(path="/exchange/list", title="List as a file", show=show, under="exports", seconds=120)
