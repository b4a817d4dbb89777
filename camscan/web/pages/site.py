"""One site: its devices, its networks, its scans, and whom to ask. It is the front page of a site manager."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from camscan import app
from camscan.app.device_list import Filter
from camscan.app.front import Front, facts_of_place
from camscan.page.render import quote_for_address
from camscan.web.outgoing import views_of
from camscan.web.page import Answer, Asked, Drawn, Missing, Page
from camscan.web.plain import plain_types
from camscan.web.rights import Visitor

_SCANS = 5


def show(asked: Asked) -> Answer:
    """What is known about a site. A site of others does not exist for a site manager."""
    kept, visitor, name = asked.desk.front(), asked.visitor, asked.within["key"]
    line = next((each for each in kept.front.sites if each.name == name), None)
    if line is None or not visitor.sees_site(name):
        raise Missing
    with asked.desk.reading() as book:
        found = app.device_list.page_of_devices(
            book,
            Filter(site=name, everything=asked.one("everything") == "yes", page=asked.number("page")),
            apart=kept.front.apart,
            sites=visitor.sites,
            plain=not visitor.sees_identifiers,
        )
    values = {
        "kept": kept,
        "line": line,
        "found": found,
        "types": plain_types((each.type for each in found.rows), visitor),
        "facts": list(_site_facts(kept.front, name).items()),
        "networks": _site_networks(kept.front, name) if visitor.sees("vlan_or_subnet") else [],
        "scans": _scan_rows(kept.front, name, visitor),
        "earlier": asked.link(page=found.page - 1) if found.page > 1 else "",
        "later": asked.link(page=found.page + 1) if found.page < found.pages else "",
        "sees_addresses": visitor.sees("ip_addresses"),
        "is_own": visitor.sites is not None,
        "has_list": visitor.may("devices"),
        "asks": visitor.may("answers") and not asked.desk.setting.is_read_only,
        "answers_link": f"/answers/{quote_for_address(name)}",
        "sheet_link": f"/exchange/list?{urlencode({'view': 'short', 'format': 'ods', 'site': name})}",
        "labels_link": f"/labels?{urlencode({'all': 'yes', 'site': name})}",
        "has_sheet": "short" in views_of(visitor),
        "saved": asked.number("saved", 0) if asked.has("saved") else None,
    }
    return Drawn("site", name, values)


def _site_facts(front: Front, name: str) -> Mapping[str, str]:
    place = next((each for each in front.known.places if each.name == name and not each.subnet), None)
    return facts_of_place(place) if place else {}


def _site_networks(front: Front, name: str) -> Sequence[str]:
    return list(front.known.last_asked(name))


def _scan_rows(front: Front, name: str, visitor: Visitor) -> list[tuple[str, object, int, int, int, str]]:
    """Id (empty for those who may not see scans), time, devices, addresses that answered, addresses, how it ended."""
    found = front.known.scans[name][-_SCANS:][::-1] if name in front.known.scans else []
    return [
        (
            each.scan_id if visitor.may("scan") else "",
            each.finished_at,
            each.devices,
            each.coverage.answered,
            each.coverage.addresses,
            each.completion.value,
        )
        for each in found
    ]


PAGE = Page(path="/site/{key:path}", title="Site", show=show, under="sites")
