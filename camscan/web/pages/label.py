"""The label of one device, for printing."""

from __future__ import annotations

from camscan.app.devices import device_site
from camscan.web.labels import label_of, reaches_telephones
from camscan.web.page import Answer, Asked, Drawn, Missing, Page


def show(asked: Asked) -> Answer:
    """One label."""
    with asked.desk.reading() as book:
        found = book.devices_by_number([asked.within["number"]])
    if not found or not asked.visitor.sees_site(device_site(found[0])):
        raise Missing
    label = label_of(asked.desk, found[0])
    values = {"labels": [label], "back": f"/device/{label.number}", "name": label.tag or label.number}
    return Drawn("labels", "Label", values | {"reaches": reaches_telephones(asked.desk), "address": asked.desk.address})


PAGE = Page(path="/device/{number}/label", title="Label", show=show, under="devices")
