"""Prints one device: a dozen lines that answer what, where, why and when; or everything that is known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from camscan import app
from camscan.asset.columns import EDITABLE
from camscan.asset.spelling import SHOWN_AS
from camscan.cli import _devices
from camscan.cli._words import paragraph_width, program_name
from camscan.dates import moment_text
from camscan.identify.contradictions import describe_contradiction
from camscan.output import visible
from camscan.words import count_text

if TYPE_CHECKING:
    from camscan.app.devices import Details
    from camscan.asset import Asset, Change, Judgement
    from camscan.vulnerabilities.assess import Verdict

_LABEL = 15
_CHANGES = 5
"""Maximum changes by people that are shown for one device; the rest is in the log."""
_NAMED = 3
"""Maximum known vulnerabilities that a line names."""
_NOT_LISTED = frozenset({"lifecycle_status"})
"""Entries that are shown further up."""
_SUREST = 0.99
"""No certainty above this one is shown."""
_REASON = 160
"""Maximum characters of the reason why a device is in scope; --evidence shows all of it."""
_SHOWN = 400
"""Maximum characters of one text on the screen."""


# ── a dozen lines ────────────────────────────────────────────────────────────────────────────────────────────────


def print_device(known: Details, words: str) -> None:
    """Print what a person asks first.

    ``words`` are those after ``camscan show``, for the line that names the long form.
    """
    click.echo(visible(app.device_words.device_title(known), _SHOWN))
    width = paragraph_width()
    for label, text in _answer_rows(known):
        first, rest = f"  {label:{_LABEL}}", " " * (_LABEL + 2)
        click.echo(click.wrap_text(visible(text, _SHOWN), width, first, rest) if text else first.rstrip())
    click.echo(f"Everything known about it: {program_name()} show {words} --evidence")


def _answer_rows(known: Details) -> Iterator[tuple[str, str]]:
    row, found = known.row, known.row.identification
    yield "Number", ", ".join(filter(None, (row.asset_id, row.entries.get("council_asset_tag"))))
    yield "Where", app.device_words.describe_place(row)
    yield from _listed_rows(row)
    yield "How sure", app.device_words.describe_certainty(known)
    for place, reason in enumerate(known.reasons or ("Nothing that it said shows who built it.",)):
        yield ("" if place else "Because"), reason
    numbers = (("serial number", found.serial), ("firmware", found.firmware), ("built", found.build))
    if told := ", ".join(f"{name} {value}" for name, value in numbers if value):
        yield "Details", told
    if row.channels is not None:
        yield "Channels", f"up to {row.channels}"
    yield "In scope", app.device_words.describe_scope(known.judgement)
    yield "Removal", app.device_words.describe_removal(row)
    yield "Vulnerable", app.device_words.describe_vulnerability(known)
    yield "Last seen", app.device_words.describe_sightings(row)
    contradictions = len(found.conflicts) + len(known.conflicts)
    if contradictions:
        them = "it" if contradictions == 1 else "them"
        yield "Please check", f"{count_text(contradictions, 'contradiction')} about what it is; --evidence shows {them}"


def _listed_rows(row: Asset) -> Iterator[tuple[str, str]]:
    """The values that other systems list, each with its source."""
    listed = {
        "MAC address": app.device_words.describe_listed_mac(row),
        "Host name": app.device_words.describe_listed_name(row),
        "Switch port": app.device_words.describe_port(row),
    }
    yield from ((label, text) for label, text in listed.items() if text)


# ── everything ───────────────────────────────────────────────────────────────────────────────────────────────────


def print_evidence(known: Details) -> None:
    """Print every member, every mark, every reply, the entries and the changes."""
    row = known.row
    for name, value in _device_members(row).items():
        if value:
            click.echo(f"{name + ':':20}{visible(value)}")
    _print_entries(known)
    _print_judgement(known.judgement)
    _print_several("because", row.identification.because)
    _print_several("contradictions", (*map(describe_contradiction, row.identification.conflicts), *known.conflicts))
    _print_weaknesses(known.weaknesses)
    _print_changes(row, known.changes)
    if known.evidence:
        click.echo("evidence:")
    for stored in known.evidence:
        seen = stored.observation
        mark = " " if stored.current else "-"
        where = f"{seen.ip}:{seen.port}" if seen.port else seen.ip
        click.echo(f"{mark} {seen.seen_at:%Y-%m-%d %H:%M} {where:24} {seen.key} = {visible(seen.value, 120)}")


def _device_members(row: Asset) -> dict[str, str | None]:
    found = row.identification
    channels = "" if row.channels is None else f"up to {row.channels}"
    behind = f"{row.recorder_asset_id}, channel {row.channel or 'unknown'}" if row.recorder_asset_id else ""
    return {
        "asset number": row.asset_id,
        "maker": found.maker or "unknown",
        "brand": found.brand,
        "model": found.model,
        "firmware": found.firmware,
        "serial": found.serial,
        "kind": found.kind,
        "confidence": f"{found.confidence.value} ({found.certainty:.2f})",
        "capabilities": ", ".join(f"{name} ({what.confidence})" for name, what in found.capabilities.items()),
        "channels": channels,
        "behind recorder": behind,
        "addresses": ", ".join(row.ip_addresses),
        "earlier addresses": ", ".join(row.past_ip_addresses),
        "MAC addresses": ", ".join(row.mac_addresses),
        "open ports": ", ".join(row.open_ports),
        "site": app.devices.device_site(row),
        "lifecycle": SHOWN_AS.get(("lifecycle_status", row.lifecycle), row.lifecycle.value),
        "presence": _presence_text(row),
        "first seen": f"{moment_text(row.first_seen)}" if row.first_seen else "",
        "last seen": f"{moment_text(row.last_seen)}, in {count_text(row.sightings, 'scan')}" if row.last_seen else "",
    }


def _print_entries(known: Details) -> None:
    """Print people's entries, and what the site map or scans show in their columns as long as there is no entry."""
    row = known.row
    own = [
        f"{column.name} = {line}" if number == 0 else f"{'':{len(column.name)}}   {line}"
        for column in EDITABLE
        if column.name in row.entries and column.name not in _NOT_LISTED
        for number, line in enumerate(row.entries[column.name].split("\n"))
    ]
    _print_several("entered by people", tuple(own))
    said = known.inherited
    shown = [f"{name} = {value}" for name, value in said.items() if name not in row.entries and name not in _NOT_LISTED]
    _print_several("worked out", tuple(shown))


def _print_judgement(found: Judgement) -> None:
    reasons = tuple(ruling.reason for ruling in found.rulings if ruling.matches)
    why = f"; {found.in_scope_reason}" if found.in_scope_reason not in {"", *reasons} else ""
    _print_several("in scope", (f"{found.in_scope}{why}",))
    _print_several("policies", reasons)
    if found.priority:
        _print_several("priority", (f"{found.priority}: {found.priority_reason}",))


def _print_changes(row: Asset, changes: Sequence[Change]) -> None:
    lines = [
        f"{change.at:%Y-%m-%d %H:%M} {_devices.describe_change(change)} [{change.role}]"
        for change in changes[-_CHANGES:]
    ]
    if len(changes) > _CHANGES:
        lines.append(f"{len(changes) - _CHANGES} earlier: `camscan register log {row.asset_id}`")
    _print_several("last changes", tuple(lines))


def _print_weaknesses(verdicts: Sequence[Verdict]) -> None:
    """Print known vulnerabilities, those that the unit's build leaves open first; fixed ones are only counted."""
    fixed = sum(verdict.is_fixed for verdict in verdicts)
    lines = [
        f"{verdict.cve} {verdict.verdict}{', EXPLOITED' if verdict.is_exploited else ''}: {verdict.weakness.what}"
        f" ({verdict.reason})"
        for verdict in verdicts
        if not verdict.is_fixed
    ]
    if fixed:
        lines.append(f"{fixed} more, fixed in this build")
    _print_several("vulnerabilities", tuple(lines))


def _print_several(name: str, lines: tuple[str, ...]) -> None:
    for number, line in enumerate(lines):
        click.echo(f"{(name + ':') if not number else '':20}{visible(line)}")


def _presence_text(row: Asset) -> str:
    """The presence, with the number of scans in a row that missed the device: ``missed (3)``."""
    return f"missed ({row.scans_missed})" if row.presence == "missed" else row.presence.value
