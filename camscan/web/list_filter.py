"""The filter of the list of devices, as it is written in an address."""

from __future__ import annotations

from camscan.app.device_list import Filter
from camscan.web.page import Asked


def read_filter(asked: Asked) -> Filter:
    """The filter in the query string. A column that the visitor may not see does not sort their list."""
    sort = asked.one("sort", "priority")
    return Filter(
        text=asked.one("q"),
        site=_text_or_none(asked, "site"),
        maker=asked.one("maker"),
        kind=_text_or_none(asked, "kind"),
        standing=asked.one("standing"),
        scope=asked.one("scope"),
        priority=asked.one("priority"),
        presence=asked.one("presence"),
        answering=asked.one("answering") == "yes",
        costless=asked.one("costless") == "yes",
        among=asked.desk.front().front.reported if asked.one("reported") == "yes" else None,
        everything=asked.one("everything") == "yes",
        sort=sort if asked.visitor.sees_identifiers or sort not in {"address", "serial", "firmware"} else "priority",
        descending=asked.one("order") == "desc",
        page=asked.number("page"),
    )


def _text_or_none(asked: Asked, name: str) -> str | None:
    """The value of a filter: ``-`` means devices without a value (""); a missing value means all (None)."""
    value = asked.one(name)
    return None if not value else "" if value == "-" else value
