"""Leads from the list of devices to a form about the devices that were ticked, or about all that fit the filter."""

from __future__ import annotations

from urllib.parse import urlencode

from camscan.web.acts import acts_for
from camscan.web.page import Answer, NotAllowed, Page, PageRequest, Redirect

_OTHERS = {"list": ("list_file", "/exchange/list"), "labels": ("labels", "/labels")}
"""Choices that enter nothing -> the page that the visitor must be allowed to see, and its address."""


def show(request: PageRequest) -> Answer:
    """Redirect to the form that was chosen, with the chosen devices."""
    act = request.query_value("act")
    if act in _OTHERS and request.visitor.may(_OTHERS[act][0]):
        meant = [(key, value) for key, value in request.query if key != "act"]
        return Redirect(f"{_OTHERS[act][1]}?{urlencode(meant, errors='replace')}")
    if act not in acts_for(request.visitor):
        raise NotAllowed("Your role may not enter this")
    meant = [
        (key, value)
        for key, value in request.query
        if key != "act" and (key != "n" or request.query_value("all") != "yes")
    ]
    return Redirect(f"/enter/{act}?{urlencode(meant, errors='replace')}")


PAGE = Page(path="/enter", title="Enter", show=show)
