"""One device: what it is and why, where it is, what is planned for it, and its history."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from camscan import app
from camscan.app.devices import Details, device_details, device_site
from camscan.app.timeline import device_timeline, value_in_words
from camscan.asset import Asset, Judgement
from camscan.asset.columns import EDITABLE, heading_of
from camscan.asset.spelling import choice_in_words
from camscan.dates import moment_text
from camscan.identify.contradictions import describe_contradiction
from camscan.page.render import quote_for_address
from camscan.plan.standing import answers_after_removal
from camscan.register import Register, StoredObservation
from camscan.vulnerabilities.assess import Verdict
from camscan.web.acts import acts_for
from camscan.web.page import Answer, NoSuchPage, Page, PageContent, PageRequest
from camscan.web.rights import Visitor

Rows = list[tuple[str, str | Sequence[str]]]
_MOST = 200
"""How many replies are shown; `camscan show NUMBER --evidence` has all."""
_NOTHING = "Nothing that it said shows who built it."
_ELSEWHERE = frozenset({"lifecycle_status", "council_asset_tag"})
"""Entries that are shown further up the page."""


def show(request: PageRequest) -> Answer:
    """Draw all that this visitor may see of the device. A device of another site does not exist for a site manager."""
    visitor = request.visitor
    with request.desk.reading() as book:
        found = book.devices_by_number([request.path_values["number"]])
        if not found:
            merged = book.merged_rows().get(request.path_values["number"])
            found = book.devices_by_number([merged]) if merged else []
        if not found or not visitor.sees_site(device_site(found[0])):
            raise NoSuchPage
        row = found[0]
        known = device_details(book, row, request.desk.space.settings)
        values = {
            "row": row,
            "name": app.device_words.device_title(known),
            "groups": list(_row_groups(known, visitor)),
            "answers": answers_after_removal(row),
            "reasons": (known.reasons or (_NOTHING,)) if visitor.sees("evidence") else (),
            "rulings": [ruling for ruling in known.judgement.rulings if ruling.matches],
            "judgement": known.judgement,
            "conflicts": [*map(describe_contradiction, row.identification.conflicts), *known.conflicts]
            if visitor.sees("evidence")
            else [],
            "moments": _timeline_rows(book, known, visitor),
            "evidence": _evidence_rows(known.evidence) if visitor.sees_evidence else [],
            "left_out": max(len(known.evidence) - _MOST, 0),
            "weaknesses": _vulnerability_rows(known.weaknesses) if visitor.sees_evidence else [],
            "site_link": _site_link(row, visitor),
            "site": device_site(row),
            "acts": {} if request.desk.setting.is_read_only else acts_for(visitor),
            "saved": request.query_number("saved", 0) if request.has_query("saved") else None,
        }
    return PageContent("device", row.entries.get("council_asset_tag") or row.asset_id, values)


def _site_link(row: Asset, visitor: Visitor) -> str:
    return f"/site/{quote_for_address(device_site(row))}" if device_site(row) and visitor.may("site") else ""


def _row_groups(known: Details, visitor: Visitor) -> Iterator[tuple[str, Rows]]:
    """The groups of facts on the page: name and rows of each. Empty rows are left out."""
    for title, rows in (
        ("What it is", _identity_rows(known, visitor)),
        ("Where it is", _place_rows(known, visitor)),
        ("On the network", _network_rows(known, visitor)),
        ("Status and removal", _plan_rows(known, visitor)),
        ("What people entered", _entry_rows(known, visitor)),
    ):
        shown = [(name, value) for name, value in rows if value]
        if shown:
            yield title, shown


def _place_rows(known: Details, visitor: Visitor) -> Rows:
    row = known.row
    behind = f"channel {row.channel or 'not known'} of {row.recorder_asset_id}" if row.recorder_asset_id else ""
    rows: Rows = [
        ("Site", device_site(row) or "Not known"),
        ("Location", row.entry("location_detail")),
        ("Behind a recorder", behind),
    ]
    if visitor.sees("location_hint"):
        rows.append(("What the device says about its place", row.hints.get("location_hint", "")))
    controller = choice_in_words("controller", row.entry("controller"))
    return [*rows, ("Controlled by", controller), ("Service", row.entry("owner_service"))]


def _identity_rows(known: Details, visitor: Visitor) -> Rows:
    found = known.row.identification
    rows: Rows = [
        ("Maker", known.maker or "Not known"),
        ("How sure", _capitalise(app.device_words.describe_certainty(known))),
        ("Badge", known.row.entries.get("brand_on_badge") or found.brand or ""),
        ("Model", found.model or ""),
        ("Type", known.kind),
    ]
    if visitor.sees("serial_number"):
        rows.append(("Serial number", found.serial or ""))
    if visitor.sees("firmware_version"):
        rows.append(
            ("Firmware", " ".join(filter(None, (found.firmware, f"built {found.build}" if found.build else ""))))
        )
    can = known.can
    channels = f"up to {known.row.channels}" if known.row.channels is not None else ""
    return [*rows, ("What it can do", can), ("Channels", channels)]


def _capitalise(text: str) -> str:
    """A text with a capital at its beginning."""
    return f"{text[:1].upper()}{text[1:]}"


def _network_rows(known: Details, visitor: Visitor) -> Rows:
    row = known.row
    columns: dict[str, tuple[str, Sequence[str]]] = {
        "ip_addresses": ("IP address", row.ip_addresses),
        "mac_addresses": ("MAC address", row.mac_addresses),
        "hostname": ("Host name", tuple(filter(None, [row.hints.get("hostname", "")]))),
        "switch_port": ("Switch port", tuple(filter(None, [app.device_words.describe_port(row)]))),
        "open_services": ("Open ports", row.open_ports),
    }
    rows: Rows = [value for column, value in columns.items() if visitor.sees(column)]
    if visitor.sees("ip_addresses"):
        rows.append(("Earlier addresses", (*row.past_ip_addresses, *row.past_mac_addresses)))
    return [*rows, ("Seen", _capitalise(app.device_words.describe_sightings(row)))]


def _plan_rows(known: Details, visitor: Visitor) -> Rows:
    """What is planned. Reasons for the priority are evidence: they show how weak a device is and how to reach it."""
    row, judgement = known.row, known.judgement
    return [
        ("Status", app.device_list.lifecycle_in_words(row.lifecycle)),
        ("In scope", _scope_lines(judgement)),
        ("Removal", _capitalise(app.device_words.describe_removal(row))),
        ("Priority", str(judgement.priority or "")),
        ("Why this priority", judgement.priority_reason if judgement.priority and visitor.sees_evidence else ""),
    ]


def _scope_lines(judgement: Judgement) -> list[str]:
    """The verdict about the scope, and the complete reason."""
    word = "Not known" if judgement.in_scope == "unknown" else _capitalise(judgement.in_scope)
    return [word, _capitalise(judgement.in_scope_reason)]


def _entry_rows(known: Details, visitor: Visitor) -> Rows:
    rows: Rows = []
    for column in EDITABLE:
        value = known.row.entries.get(column.name, "")
        if not value or column.name in _ELSEWHERE or not visitor.sees(column.name):
            continue
        text = value_in_words(column.name, value)
        rows.append((column.heading, text.split("\n") if "\n" in text else text))
    return rows


def _timeline_rows(book: Register, known: Details, visitor: Visitor) -> list[Mapping[str, object]]:
    """The device's history. A visitor does not see the past of columns that they may not see now."""
    found = device_timeline(book, known.row)
    hidden = {heading_of(column.name) for column in EDITABLE if not visitor.sees(column.name)}
    moments: list[Mapping[str, object]] = []
    for seen in found:
        titles = [line for line in seen.title.split("\n") if not seen.by or line.partition(":")[0] not in hidden]
        if titles and (seen.by or visitor.sees_identifiers):
            moments.append({"at": seen.at, "by": seen.by, "titles": titles, "says": seen.says})
    return moments


def _evidence_rows(found: Sequence[StoredObservation]) -> list[tuple[str, str, str, str, bool]]:
    """The observations: time, place, fact and value of each, and whether it is still current."""
    rows = []
    for each in found[:_MOST]:
        seen = each.observation
        where = f"{seen.ip}:{seen.port}" if seen.port else seen.ip
        rows.append((moment_text(seen.seen_at), where, seen.key, seen.value[:300], each.current))
    return rows


def _vulnerability_rows(found: Sequence[Verdict]) -> list[tuple[str, str, bool, str, str]]:
    """The vulnerabilities: CVE, verdict, whether it is exploited, title, and reason. Fixed ones are left out."""
    return [
        (
            seen.cve,
            _VERDICTS.get(seen.verdict.value, seen.verdict.value),
            seen.is_exploited,
            seen.weakness.what,
            seen.reason,
        )
        for seen in found
        if not seen.is_fixed
    ]


_VERDICTS = {"affected": "Affected", "unknown": "Not known", "fixed": "Repaired"}


PAGE = Page(path="/device/{number}", title="Device", show=show, under="devices")
