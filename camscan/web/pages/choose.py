"""From the list of devices to a form about those that were ticked, or about all that fit."""

from __future__ import annotations

from urllib.parse import urlencode

from camscan.web.acts import acts_of
from camscan.web.page import Answer, Asked, Page, Redirect, Refused

_OTHERS = {"list": ("list_file", "/exchange/list"), "labels": ("labels", "/labels")}
"""What is made of devices and enters nothing: the page that somebody must be allowed to see, and its address."""


def show(asked: Asked) -> Answer:
    """The form that was chosen, about the devices that were."""
    act = asked.one("act")
    if act in _OTHERS and asked.visitor.may(_OTHERS[act][0]):
        meant = [(key, value) for key, value in asked.query if key != "act"]
        return Redirect(f"{_OTHERS[act][1]}?{urlencode(meant, errors='replace')}")
    if act not in acts_of(asked.visitor):
        raise Refused("Your role may not enter this")
    meant = [(key, value) for key, value in asked.query if key != "act" and (key != "n" or asked.one("all") != "yes")]
    return Redirect(f"/enter/{act}?{urlencode(meant, errors='replace')}")


PAGE = Page(path="/enter", title="Enter", show=show)
