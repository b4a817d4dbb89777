"""One device in words: what it is, where, how sure that is, and what is planned for it."""

from __future__ import annotations

from camscan.app import assess
from camscan.app.devices import Details, device_site
from camscan.asset import GONE, Asset, Judgement, Lifecycle
from camscan.dates import day_text, moment_text
from camscan.output import visible
from camscan.words import count_text

__all__ = [
    "describe_certainty",
    "describe_place",
    "describe_port",
    "describe_removal",
    "describe_scope",
    "describe_sightings",
    "describe_vulnerability",
    "device_title",
]

_NAMED = 3
"""How many known vulnerabilities a line names."""
_SUREST = 0.99
"""No certainty is shown as higher than this."""
_REASON = 160
"""The most characters of the reason for the scope; the evidence has the complete reason."""
_LONGEST = 4000


def device_title(known: Details) -> str:
    """The headline of a device: ``Hikvision DS-2CD2385G1-I, sold as Annke: an IP camera``."""
    found = known.row.identification
    badge = known.row.entries.get("brand_on_badge") or found.brand or ""
    name = " ".join(filter(None, (known.maker, found.model))) if known.maker else found.model or ""
    sold = f", sold as {badge}" if badge and badge.casefold() not in known.maker.casefold() else ""
    kind = f": {known.kind[:1].lower()}{known.kind[1:]}" if known.kind else ""
    if not known.maker:
        name = f"Maker not known{f', model {name}' if name else ''}"
    elif found.confidence == "possible":
        name = f"Possibly {name}"
    return f"{name}{sold}{kind}"


def describe_place(row: Asset) -> str:
    """The place of a device: its site, its place there, its addresses, the recorder that it is connected to."""
    site = device_site(row) or "site not known"
    place = ", ".join(filter(None, (site, row.entry("location_detail"))))
    behind = f"channel {row.channel or 'unknown'} of recorder {row.recorder_asset_id}" if row.recorder_asset_id else ""
    return "; ".join(filter(None, (place, ", ".join(row.ip_addresses), behind)))


def describe_certainty(known: Details) -> str:
    """How sure the maker of a device is."""
    found = known.row.identification
    if not known.maker:
        return "unknown: a person should inspect it" if found.is_camera_system is not False else found.confidence.value
    return f"{found.confidence.value} ({'over 99%' if found.certainty > _SUREST else f'{found.certainty:.0%}'})"


def describe_scope(found: Judgement) -> str:
    """Whether a device is in scope, and why."""
    reason = visible(found.in_scope_reason, _LONGEST)
    if len(reason) > _REASON:
        reason = f"{reason[:_REASON].rpartition(' ')[0]} …"
    if not reason:
        return found.in_scope
    if found.in_scope == "unknown":
        return reason
    return f"{found.in_scope}: {reason.replace('The ', 'the ', 1) if reason.startswith('The ') else reason}"


def describe_removal(row: Asset) -> str:
    """What is planned for a device, or what happened to it."""
    status = row.lifecycle
    if status in GONE:
        day = row.date_of("actual_removal_date")
        return f"{status.value}{f' on {day_text(day)}' if day else ''}"
    if status is Lifecycle.ACCEPTED_RISK:
        until = row.date_of("accepted_until")
        return f"none: the council decided to keep it{f' until {day_text(until)}' if until else ''}"
    if status in {Lifecycle.NOT_OURS, Lifecycle.FALSE_POSITIVE}:
        return "none: it is not the council's" if status is Lifecycle.NOT_OURS else "none: entered as a false alarm"
    planned = row.date_of("planned_removal_date")
    if planned is None:
        return "no date"
    late = " (overdue)" if planned < assess.today_utc() else ""
    phase = row.entries.get("removal_phase", "")
    return f"{day_text(planned)}{late}{f', {phase}' if phase else ''}"


def describe_vulnerability(known: Details) -> str:
    """Whether the build of a device has known vulnerabilities."""
    verdicts = known.weaknesses
    if not known.maker or not known.row.identification.model:
        return f"unknown: its {'model' if known.maker else 'maker'} is not known"
    open_ones = [verdict for verdict in verdicts if verdict.verdict == "affected"]
    unsure = sum(verdict.verdict == "unknown" for verdict in verdicts)
    if not open_ones:
        return (
            f"perhaps: {count_text(unsure, 'vulnerability', 'vulnerabilities')} of similar models"
            if unsure
            else "none known"
        )
    exploited = sum(verdict.is_exploited for verdict in open_ones)
    names = ", ".join(verdict.cve for verdict in open_ones[:_NAMED])
    more = f" and {len(open_ones) - _NAMED} more" if len(open_ones) > _NAMED else ""
    used = f", {exploited} of them exploited by attackers" if exploited else ""
    return f"yes: {count_text(len(open_ones), 'known vulnerability', 'known vulnerabilities')}{used} ({names}{more})"


def describe_port(row: Asset) -> str:
    """The switch and port that a device is connected to, and the list that says so; empty if it is not known."""
    text = row.entry("switch_port")
    return _with_basis(row, "switch_port", text) or text


def describe_listed_mac(row: Asset) -> str:
    """The MAC address from another system's list, and which list; empty if a scan has it, or if there is none."""
    listed = row.elsewhere.get("mac")
    return _with_basis(row, "mac", listed.value) if listed and row.hints.get("mac_source") == listed.basis else ""


def describe_listed_name(row: Asset) -> str:
    """The host name from another system's list, and which list; empty if there is none."""
    return _with_basis(row, "hostname", row.hints.get("hostname", ""))


def _with_basis(row: Asset, name: str, text: str) -> str:
    """A text with the list that it comes from and the date of that; empty if it comes from no list."""
    listed = row.elsewhere.get(name)
    return f"{text} ({listed.basis}, {day_text(listed.at.date())})" if listed and text == listed.value else ""


def _describe_lease(row: Asset) -> str:
    """The DHCP server and the day of a lease: ``; in the DHCP leases of srv-1, 12 May 2026``."""
    heard = row.elsewhere.get("heard")
    return f"; in the {heard.basis} as of {day_text(heard.at.date())}" if heard else ""


def describe_sightings(row: Asset) -> str:
    """When scans saw a device."""
    if row.last_seen is None:
        return f"no scan has seen it{_describe_lease(row)}"
    last = "scan" if row.scans_missed == 1 else f"{row.scans_missed:,} scans"
    missed = f"; the last {last} did not see it" if row.scans_missed else ""
    scans = count_text(row.sightings, "scan")
    return f"{moment_text(row.last_seen)}{missed}; {scans} saw it" + (
        f" since {day_text(row.first_seen.astimezone().date())}" if row.first_seen and row.sightings > 1 else ""
    )
