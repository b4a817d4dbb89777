"""From the list of devices to a form about those that were ticked, or about all that fit."""

from __future__ import annotations

from urllib.parse import urlencode

from camscan.web.acts import acts_of
from camscan.web.page import Answer, Asked, Page, Redirect, Refused


def show(asked: Asked) -> Answer:
    """The form that was chosen, about the devices that were."""
    act = asked.one("act")
    if act not in acts_of(asked.visitor):
        raise Refused("This is not among what your role may enter")
    meant = [(key, value) for key, value in asked.query if key != "act" and (key != "n" or asked.one("all") != "yes")]
    return Redirect(f"/enter/{act}?{urlencode(meant, errors='replace')}")


PAGE = Page(path="/enter", title="Enter", show=show)
