"""A sheet of labels: of the devices that were ticked, or of all that fit a filter."""

from __future__ import annotations

from camscan import app
from camscan.app.devices import device_site
from camscan.errors import UsageError
from camscan.web.labels import label_of, reaches_telephones
from camscan.web.list_filter import read_filter
from camscan.web.page import Answer, Asked, Drawn, Missing, Page

_MOST = 210
"""Labels of a page: ten sheets of A4."""


def show(asked: Asked) -> Answer:
    """Twenty-one on each sheet of A4."""
    visitor, numbers = asked.visitor, [value for key, value in asked.query if key == "n"]
    with asked.desk.reading() as book:
        if asked.one("all") == "yes" or not numbers:
            numbers = app.device_list.numbers_of(
                *(book, read_filter(asked)),
                most=_MOST,
                apart=asked.desk.front().front.apart,
                sites=visitor.sites,
                plain=not visitor.sees_identifiers,
            )
        if len(numbers) > _MOST:
            raise UsageError(f"{len(numbers)} labels are more than the {_MOST} of ten sheets; choose fewer devices")
        rows = {row.asset_id: row for row in book.devices_by_number(list(dict.fromkeys(numbers)))}
    if len(rows) < len({*numbers}) or not all(visitor.sees_site(device_site(row)) for row in rows.values()):
        raise Missing
    labels = [label_of(asked.desk, rows[number]) for number in dict.fromkeys(numbers)]
    values = {"labels": labels, "back": "/devices", "name": "Devices", "address": asked.desk.address}
    return Drawn("labels", f"Labels ({len(labels)})", values | {"reaches": reaches_telephones(asked.desk)})


PAGE = Page(path="/labels", title="Labels", show=show, under="devices")
