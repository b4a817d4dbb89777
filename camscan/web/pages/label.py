"""The label of one device, for printing."""

from __future__ import annotations

from camscan.app.devices import device_site
from camscan.web.labels import label_of, reaches_telephones
from camscan.web.page import Answer, NoSuchPage, Page, PageContent, PageRequest


def show(request: PageRequest) -> Answer:
    """Draw the label of the device."""
    with request.desk.reading() as book:
        found = book.devices_by_number([request.path_values["number"]])
    if not found or not request.visitor.sees_site(device_site(found[0])):
        raise NoSuchPage
    label = label_of(request.desk, found[0])
    values = {"labels": [label], "back": f"/device/{label.number}", "name": label.tag or label.number}
    return PageContent(
        "labels", "Label", values | {"reaches": reaches_telephones(request.desk), "address": request.desk.address}
    )


PAGE = Page(path="/device/{number}/label", title="Label", show=show, under="devices")
