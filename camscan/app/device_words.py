"""One device in words: what it is, where, how sure that is, and what is planned for it."""

from __future__ import annotations

from camscan.app import assess
from camscan.app.devices import Details, device_site
from camscan.asset import GONE, Asset, Judgement, Lifecycle
from camscan.dates import spoken, spoken_moment
from camscan.output import visible
from camscan.words import counted

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
"""Known weaknesses that a line names."""
_SUREST = 0.99
"""No certainty is given as higher than this."""
_REASON = 160
"""Characters of why a device is in scope; its evidence has the whole."""
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
    """Where it is: its site, its place there, its addresses, the recorder that it is connected to."""
    site = device_site(row) or "site not known"
    place = ", ".join(filter(None, (site, row.entry("location_detail"))))
    behind = f"channel {row.channel or 'unknown'} of recorder {row.recorder_asset_id}" if row.recorder_asset_id else ""
    return "; ".join(filter(None, (place, ", ".join(row.ip_addresses), behind)))


def describe_certainty(known: Details) -> str:
    """How sure its maker is."""
    found = known.row.identification
    if not known.maker:
        return "unknown: a person should inspect it" if found.is_camera_system is not False else found.confidence.value
    return f"{found.confidence.value} ({'over 99%' if found.certainty > _SUREST else f'{found.certainty:.0%}'})"


def describe_scope(found: Judgement) -> str:
    """Whether it is in scope, and why."""
    reason = visible(found.in_scope_reason, _LONGEST)
    if len(reason) > _REASON:
        reason = f"{reason[:_REASON].rpartition(' ')[0]} …"
    if not reason:
        return found.in_scope
    return reason if found.in_scope == "unknown" else f"{found.in_scope}: {reason}"


def describe_removal(row: Asset) -> str:
    """What is planned for it, or what happened to it."""
    status = row.lifecycle
    if status in GONE:
        day = row.day("actual_removal_date")
        return f"{status.value}{f' on {spoken(day)}' if day else ''}"
    if status is Lifecycle.ACCEPTED_RISK:
        until = row.day("accepted_until")
        return f"none: the council decided to keep it{f' until {spoken(until)}' if until else ''}"
    if status in {Lifecycle.NOT_OURS, Lifecycle.FALSE_POSITIVE}:
        return "none: it is not the council's" if status is Lifecycle.NOT_OURS else "none: entered as a false alarm"
    planned = row.day("planned_removal_date")
    if planned is None:
        return "no date"
    late = " (overdue)" if planned < assess.today_utc() else ""
    phase = row.entries.get("removal_phase", "")
    return f"{spoken(planned)}{late}{f', {phase}' if phase else ''}"


def describe_vulnerability(known: Details) -> str:
    """Whether its build has known weaknesses."""
    verdicts = known.weaknesses
    if not known.maker or not known.row.identification.model:
        return f"unknown: its {'model' if known.maker else 'maker'} is not known"
    open_ones = [each for each in verdicts if each.verdict == "affected"]
    unsure = sum(each.verdict == "unknown" for each in verdicts)
    if not open_ones:
        return (
            f"perhaps: {counted(unsure, 'vulnerability', 'vulnerabilities')} of similar models"
            if unsure
            else "none known"
        )
    exploited = sum(each.is_exploited for each in open_ones)
    names = ", ".join(each.cve for each in open_ones[:_NAMED])
    more = f" and {len(open_ones) - _NAMED} more" if len(open_ones) > _NAMED else ""
    used = f", {exploited} of them exploited by attackers" if exploited else ""
    return f"yes: {counted(len(open_ones), 'known vulnerability', 'known vulnerabilities')}{used} ({names}{more})"


def describe_port(row: Asset) -> str:
    """The switch and port that it is connected to, and which list says so; empty if nobody knows it."""
    text = row.entry("switch_port")
    return _with_basis(row, "switch_port", text) or text


def describe_listed_mac(row: Asset) -> str:
    """The MAC address that another system lists, and which list says so; empty if a scan has it, or nobody."""
    listed = row.elsewhere.get("mac")
    return _with_basis(row, "mac", listed.value) if listed and row.hints.get("mac_source") == listed.basis else ""


def describe_listed_name(row: Asset) -> str:
    """The host name that another system lists, and which list says so; empty if none does."""
    return _with_basis(row, "hostname", row.hints.get("hostname", ""))


def _with_basis(row: Asset, name: str, text: str) -> str:
    """What is known, with the list that says so and its date; empty if no list says this."""
    listed = row.elsewhere.get(name)
    return f"{text} ({listed.basis}, {spoken(listed.at.date())})" if listed and text == listed.value else ""


def _describe_lease(row: Asset) -> str:
    """``; in the DHCP leases of srv-1, 12 May 2026``."""
    heard = row.elsewhere.get("heard")
    return f"; in the {heard.basis} as of {spoken(heard.at.date())}" if heard else ""


def describe_sightings(row: Asset) -> str:
    """When scans saw it."""
    if row.last_seen is None:
        return f"no scan has seen it{_describe_lease(row)}"
    missed = f"; the last {counted(row.scans_missed, 'scan')} did not see it" if row.scans_missed else ""
    scans = counted(row.sightings, "scan")
    return f"{spoken_moment(row.last_seen)}{missed}; {scans} saw it" + (
        f" since {spoken(row.first_seen.astimezone().date())}" if row.first_seen and row.sightings > 1 else ""
    )
