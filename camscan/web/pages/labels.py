"""A sheet of labels: of the devices that were ticked, or of all that fit a filter."""

from __future__ import annotations

from camscan import app
from camscan.app.devices import device_site
from camscan.errors import UsageError
from camscan.web.labels import label_of, reaches_telephones
from camscan.web.list_filter import read_filter
from camscan.web.page import Answer, NoSuchPage, Page, PageContent, PageRequest

_MOST = 210
"""The most labels of one page: ten sheets of A4."""


def show(request: PageRequest) -> Answer:
    """Draw the labels, twenty-one on each sheet of A4."""
    visitor, numbers = request.visitor, [value for key, value in request.query if key == "n"]
    with request.desk.reading() as book:
        if request.query_value("all") == "yes" or not numbers:
            numbers = app.device_list.numbers_of(
                *(book, read_filter(request)),
                most=_MOST,
                apart=request.desk.front().front.apart,
                sites=visitor.sites,
                plain=not visitor.sees_identifiers,
            )
        if len(numbers) > _MOST:
            raise UsageError(f"{len(numbers)} labels are more than the {_MOST} of ten sheets; choose fewer devices")
        rows = {row.asset_id: row for row in book.devices_by_number(list(dict.fromkeys(numbers)))}
    if len(rows) < len({*numbers}) or not all(visitor.sees_site(device_site(row)) for row in rows.values()):
        raise NoSuchPage
    labels = [label_of(request.desk, rows[number]) for number in dict.fromkeys(numbers)]
    values = {"labels": labels, "back": "/devices", "name": "Devices", "address": request.desk.address}
    return PageContent("labels", f"Labels ({len(labels)})", values | {"reaches": reaches_telephones(request.desk)})


PAGE = Page(path="/labels", title="Labels", show=show, under="devices")
