"""One site: its devices, its networks, its scans, and whom to ask. It is the front page of a site manager."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from camscan import app
from camscan.app.device_list import Filter
from camscan.app.front import Front, facts_of_place
from camscan.page.render import quote_for_address
from camscan.web.outgoing import views_of
from camscan.web.page import Answer, NoSuchPage, Page, PageContent, PageRequest
from camscan.web.plain import plain_types
from camscan.web.rights import Visitor

_SCANS = 5


def show(request: PageRequest) -> Answer:
    """Draw the facts about a site. Another site does not exist for a site manager."""
    kept, visitor, name = request.desk.front(), request.visitor, request.path_values["key"]
    line = next((site for site in kept.front.sites if site.name == name), None)
    if line is None or not visitor.sees_site(name):
        raise NoSuchPage
    with request.desk.reading() as book:
        found = app.device_list.page_of_devices(
            book,
            Filter(site=name, everything=request.query_value("everything") == "yes", page=request.query_number("page")),
            apart=kept.front.apart,
            sites=visitor.sites,
            plain=not visitor.sees_identifiers,
        )
    values = {
        "kept": kept,
        "line": line,
        "found": found,
        "types": plain_types((row.type for row in found.rows), visitor),
        "facts": list(_site_facts(kept.front, name).items()),
        "networks": _site_networks(kept.front, name) if visitor.sees("vlan_or_subnet") else [],
        "scans": _scan_rows(kept.front, name, visitor),
        "earlier": request.link(page=found.page - 1) if found.page > 1 else "",
        "later": request.link(page=found.page + 1) if found.page < found.pages else "",
        "sees_addresses": visitor.sees("ip_addresses"),
        "is_own": visitor.sites is not None,
        "has_list": visitor.may("devices"),
        "asks": visitor.may("answers") and not request.desk.setting.is_read_only,
        "answers_link": f"/answers/{quote_for_address(name)}",
        "sheet_link": f"/exchange/list?{urlencode({'view': 'short', 'format': 'ods', 'site': name})}",
        "labels_link": f"/labels?{urlencode({'all': 'yes', 'site': name})}",
        "has_sheet": "short" in views_of(visitor),
        "saved": request.query_number("saved", 0) if request.has_query("saved") else None,
    }
    return PageContent("site", name, values)


def _site_facts(front: Front, name: str) -> Mapping[str, str]:
    place = next((place for place in front.known.places if place.name == name and not place.subnet), None)
    return facts_of_place(place) if place else {}


def _site_networks(front: Front, name: str) -> Sequence[str]:
    return list(front.known.last_asked(name))


def _scan_rows(front: Front, name: str, visitor: Visitor) -> list[tuple[str, object, int, int, int, str]]:
    """The scans of a site.

    Id (empty for those who may not see scans), time, devices, addresses that answered, addresses, how it ended.
    """
    found = front.known.scans[name][-_SCANS:][::-1] if name in front.known.scans else []
    return [
        (
            row.scan_id if visitor.may("scan") else "",
            row.finished_at,
            row.devices,
            row.coverage.answered,
            row.coverage.addresses,
            row.completion.value,
        )
        for row in found
    ]


PAGE = Page(path="/site/{key:path}", title="Site", show=show, under="sites")
