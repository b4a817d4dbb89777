"""The devices that fit a filter, or that were ticked, as a spreadsheet of the columns that the visitor may see."""

from __future__ import annotations

from dataclasses import replace

from camscan import app
from camscan.app.devices import device_site
from camscan.app.list_file import csv_pieces, workbook
from camscan.web.list_filter import read_filter
from camscan.web.outgoing import hidden_from, views_of
from camscan.web.page import Answer, Asked, Download, Missing, Page, Refused

_MOST = 100_000
_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_OF_THE_PROGRAMME = frozenset({"short", "costs"})
"""Views that list what is in scope, once that was decided, unless somebody asks for a site or for other devices."""


def show(asked: Asked) -> Answer:
    """The file."""
    visitor, views = asked.visitor, views_of(asked.visitor)
    view, suffix = asked.one("view") or views[0], asked.one("format", "ods")
    if view not in views:
        raise Refused("Your role may not see this spreadsheet")
    if suffix not in _TYPES:
        raise Missing
    space, hidden, numbers = asked.desk.space, hidden_from(visitor), _wanted_numbers(asked, view)
    name = (
        f"{'costs' if view == 'costs' else 'register'}-{app.assess.today_utc().isoformat()}-OFFICIAL-SENSITIVE.{suffix}"
    )
    if suffix == "csv":
        return Download(name, csv_pieces(space, numbers, view=view, without=hidden), _TYPES[suffix])
    return Download(name, workbook(space, numbers, f".{suffix}", view=view, without=hidden), _TYPES[suffix])


def _wanted_numbers(asked: Asked, view: str) -> list[str]:
    """The asset numbers in the address, or those of the devices that fit the filter."""
    visitor, named = asked.visitor, [value for key, value in asked.query if key == "n"]
    wanted = read_filter(asked)
    with asked.desk.reading() as book:
        if named and asked.one("all") != "yes":
            rows = book.devices_by_number(list(dict.fromkeys(named)))
            if len(rows) < len({*named}) or not all(visitor.sees_site(device_site(row)) for row in rows):
                raise Missing
            return [row.asset_id for row in rows]
        is_narrowed = bool(wanted.scope or wanted.site is not None)
        if view in _OF_THE_PROGRAMME and not is_narrowed and asked.desk.front().front.facts.is_decided:
            wanted = replace(wanted, scope="yes")
        return app.device_list.numbers_of(
            book,
            wanted,
            most=_MOST,
            apart=asked.desk.front().front.apart,
            sites=visitor.sites,
            plain=not visitor.sees_identifiers,
        )


PAGE = Page(path="/exchange/list", title="List as a file", show=show, under="exports", seconds=120)
