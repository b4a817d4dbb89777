"""``camscan show``: what the register knows."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from camscan import app
from camscan.asset import Lifecycle, Presence
from camscan.asset.columns import EDITABLE
from camscan.cli import _devices, _options
from camscan.cli._table import by_address, print_table
from camscan.output import visible
from camscan.words import counted

if TYPE_CHECKING:
    from camscan.app.devices import Details
    from camscan.asset import Asset, Change, Judgement
    from camscan.vulnerabilities.assess import Verdict

_COLUMNS = (
    "Number",
    "IP",
    "Maker",
    "Model",
    "Serial",
    "Confidence",
    "Site",
    "Presence",
    "Lifecycle",
    "To be removed",
    "Last seen (UTC)",
)
_IMPORTANT = (
    "IP",
    "Maker",
    "Model",
    "Number",
    "Presence",
    "Lifecycle",
    "To be removed",
    "Site",
    "Confidence",
    "Serial",
    "Last seen (UTC)",
)
"""The columns of the list, those first that a narrow window must still show."""
_CHANGES = 5
"""Changes of people that are shown of one device; the rest is in the log."""
_NOT_LISTED = frozenset({"lifecycle_status"})
"""Entries that stand further up."""


@click.command("show")
@click.argument("device", required=False, metavar="[DEVICE]")
@click.option("--site", metavar="SITE", help="List only devices of this site.")
@click.option("--maker", metavar="MAKER", help="List only devices that this maker built; 'unknown' is one too.")
@click.option(
    "--lifecycle",
    type=click.Choice([each.value for each in Lifecycle]),
    metavar="STATUS",
    help=f"List only devices that stand there: {', '.join(Lifecycle)}.",
)
@click.option(
    "--presence",
    type=click.Choice([each.value for each in Presence]),
    metavar="STATE",
    help=f"List only devices that scans see so: {', '.join(Presence)}.",
)
@_options.register
@_options.config
def show(
    device: str | None,
    register: str | None,
    config: Path | None,
    **filters: str | None,
) -> int:
    """Show one device of the register with its evidence and history; without an argument, every device.

    The device is named by IP address (a past one too), serial number (or its end), MAC address, council tag or register
    number. Exit code 1 where the register knows no such device.
    """
    gc.disable()  # nothing here is cyclic, and the collector would walk through 20,000 rows again and again
    space = app.workspace.find_workspace(config, register)
    if device is not None and any(filters.values()):
        raise click.UsageError("name a device, or say which devices to list")
    if device is not None and not device.strip():
        raise click.UsageError("the name of a device is empty; `camscan show` lists the devices")
    with space.open(readonly=True) as book:
        if device is None:
            every = book.devices()
            rows = app.devices.pick_devices(every, **filters)
            _list(rows)
            click.echo(app.headline.of_register(book, space.settings, every).text)
            if not rows and any(filters.values()):
                click.echo(f"No device of the register fits{app.devices.why_none(every, **filters)}", err=True)
            return 0
        found = book.find(device)
        for number, row in enumerate(found):
            if number:
                click.echo()
            _show(app.devices.device_details(book, row, space.settings))
    if not found:
        click.echo(f"camscan: the register knows no device {device}; `camscan show` lists those it knows", err=True)
        return 1
    return 0


def _list(devices: list[Asset]) -> None:
    rows = [
        (
            row.asset_id,
            ", ".join(row.ip_addresses),
            row.identification.maker or "unknown",
            row.identification.model or "",
            row.identification.serial or "",
            row.identification.confidence.value,
            app.devices.site_of(row),
            _seen(row),
            row.entries.get("lifecycle_status", "found"),
            row.entries.get("planned_removal_date", ""),
            f"{row.last_seen:%Y-%m-%d %H:%M}" if row.last_seen else "",
        )
        for row in sorted(devices, key=lambda row: (not row.ip_addresses, by_address(row.ip_addresses)))
    ]
    print_table(_COLUMNS, rows, first=_IMPORTANT, cut={"IP": 15, "Model": 8, "Site": 8})


def _seen(row: Asset) -> str:
    """``missed (3)``: by how many scans in a row."""
    return f"missed ({row.scans_missed})" if row.presence == "missed" else row.presence.value


def _show(known: Details) -> None:
    row = known.row
    for name, value in _members(row).items():
        if value:
            click.echo(f"{name + ':':20}{visible(value)}")
    _entries(known)
    _judgement(known.judgement)
    _several("because", row.identification.because)
    _several("conflicts", (*row.identification.conflicts, *known.conflicts))
    _weaknesses(known.weaknesses)
    _changes(row, known.changes)
    if known.evidence:
        click.echo("evidence:")
    for stored in known.evidence:
        seen = stored.observation
        mark = " " if stored.current else "-"
        where = f"{seen.ip}:{seen.port}" if seen.port else seen.ip
        click.echo(f"{mark} {seen.seen_at:%Y-%m-%d %H:%M} {where:24} {seen.key} = {visible(seen.value, 120)}")


def _members(row: Asset) -> dict[str, str | None]:
    found = row.identification
    channels = "" if row.channels is None else f"up to {row.channels}, as it says"
    behind = f"{row.recorder_asset_id}, channel {row.channel or 'unknown'}" if row.recorder_asset_id else ""
    return {
        "register number": row.asset_id,
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
        "site": app.devices.site_of(row),
        "lifecycle": row.lifecycle.value,
        "presence": _seen(row),
        "first seen": f"{row.first_seen:%Y-%m-%d %H:%M:%S} UTC" if row.first_seen else "",
        "last seen": f"{row.last_seen:%Y-%m-%d %H:%M:%S} UTC, in {counted(row.sightings, 'scan')}"
        if row.last_seen
        else "",
    }


def _entries(known: Details) -> None:
    """What people entered, and what their columns show as long as nobody has."""
    row = known.row
    own = [
        f"{column.name} = {line}" if number == 0 else f"{'':{len(column.name)}}   {line}"
        for column in EDITABLE
        if column.name in row.entries and column.name not in _NOT_LISTED
        for number, line in enumerate(row.entries[column.name].split("\n"))
    ]
    _several("entered by people", tuple(own))
    said = known.inherited
    shown = [f"{name} = {value}" for name, value in said.items() if name not in row.entries and name not in _NOT_LISTED]
    _several("until they do", tuple(shown))


def _judgement(found: Judgement) -> None:
    reasons = tuple(ruling.reason for ruling in found.rulings if ruling.matches)
    told = f"; {found.in_scope_reason}" if found.in_scope_reason not in {"", *reasons} else ""
    _several("in scope", (f"{found.in_scope}{told}",))
    _several("policies", reasons)
    if found.priority:
        _several("priority", (f"{found.priority}: {found.priority_reason}",))


def _changes(row: Asset, changes: Sequence[Change]) -> None:
    lines = [f"{change.at:%Y-%m-%d %H:%M} {_devices.told(change)} [{change.role}]" for change in changes[-_CHANGES:]]
    if len(changes) > _CHANGES:
        lines.append(f"{len(changes) - _CHANGES} earlier: `camscan register log {row.asset_id}`")
    _several("last changes", tuple(lines))


def _weaknesses(verdicts: Sequence[Verdict]) -> None:
    """Known weaknesses, those that the unit's build leaves open first; repaired ones are only counted."""
    fixed = sum(verdict.is_fixed for verdict in verdicts)
    lines = [
        f"{verdict.cve} {verdict.verdict}{', EXPLOITED' if verdict.is_exploited else ''}: {verdict.weakness.what}"
        f" ({verdict.reason})"
        for verdict in verdicts
        if not verdict.is_fixed
    ]
    if fixed:
        lines.append(f"{fixed} more, repaired in this build")
    _several("known weaknesses", tuple(lines))


def _several(name: str, lines: tuple[str, ...]) -> None:
    for number, line in enumerate(lines):
        click.echo(f"{(name + ':') if not number else '':20}{visible(line)}")


GROUP = "register"
COMMAND = show
