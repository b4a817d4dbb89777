"""The filter of the list of devices, as it is written in an address."""

from __future__ import annotations

from camscan.app.device_list import Filter
from camscan.web.page import PageRequest


def read_filter(request: PageRequest) -> Filter:
    """The filter in the query string. A column that the visitor may not see does not sort their list."""
    sort = request.query_value("sort", "priority")
    return Filter(
        text=request.query_value("q"),
        site=_text_or_none(request, "site"),
        maker=request.query_value("maker"),
        kind=_text_or_none(request, "kind"),
        standing=request.query_value("standing"),
        scope=request.query_value("scope"),
        priority=request.query_value("priority"),
        presence=request.query_value("presence"),
        answering=request.query_value("answering") == "yes",
        costless=request.query_value("costless") == "yes",
        among=request.desk.front().front.reported if request.query_value("reported") == "yes" else None,
        everything=request.query_value("everything") == "yes",
        sort=sort if request.visitor.sees_identifiers or sort not in {"address", "serial", "firmware"} else "priority",
        descending=request.query_value("order") == "desc",
        page=request.query_number("page"),
    )


def _text_or_none(request: PageRequest, name: str) -> str | None:
    """The value of a filter: ``-`` means devices without a value (""); a missing value means all (None)."""
    value = request.query_value(name)
    return None if not value else "" if value == "-" else value
