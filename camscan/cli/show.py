"""``camscan show``: what the register knows."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from camscan.cli import _options

if TYPE_CHECKING:
    from camscan.asset import Asset
    from camscan.config import Config
    from camscan.register import Register

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
_LIFECYCLES = (
    *("found", "confirmed", "planned", "ordered", "removed", "disposed", "accepted_risk", "not_ours"),
    "false_positive",
)
_PRESENCES = ("seen", "missed", "offline", "unreachable_scope", "not_scanned")
"""The words of ``Lifecycle`` and ``Presence``, which would be slow to import for --help (a test compares them)."""
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
    type=click.Choice(_LIFECYCLES),
    metavar="STATUS",
    help=f"List only devices that stand there: {', '.join(_LIFECYCLES)}.",
)
@click.option(
    "--presence",
    type=click.Choice(_PRESENCES),
    metavar="STATE",
    help=f"List only devices that scans see so: {', '.join(_PRESENCES)}.",
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
    from camscan.config import find_config  # noqa: PLC0415 - keeps --help quick
    from camscan.register import open_register  # noqa: PLC0415

    gc.disable()  # nothing here is cyclic, and the collector would walk through 20,000 rows again and again
    settings = find_config(config)
    if device is not None and any(filters.values()):
        raise click.UsageError("name a device, or say which devices to list")
    with open_register(register or settings.register or _options.REGISTER, readonly=True) as book:
        if device is None:
            rows = _picked(book.devices(), filters)
            _list(rows)
            if not rows and any(filters.values()):
                click.echo("No device of the register fits", err=True)
            return 0
        found = book.find(device)
        for number, row in enumerate(found):
            if number:
                click.echo()
            _show(book, row, settings)
    if not found:
        click.echo(f"camscan: the register knows no device {device}; `camscan show` lists those it knows", err=True)
        return 1
    return 0


def _picked(rows: list[Asset], filters: dict[str, str | None]) -> list[Asset]:
    from camscan.cli._devices import of_site  # noqa: PLC0415 - keeps --help quick

    if site := filters["site"]:
        rows = of_site(rows, site)
    if maker := filters["maker"]:
        key = _maker(maker)
        rows = [row for row in rows if (row.identification.maker or "unknown") == key]
    if lifecycle := filters["lifecycle"]:
        rows = [row for row in rows if row.lifecycle == lifecycle]
    if presence := filters["presence"]:
        rows = [row for row in rows if row.presence == presence]
    return rows


def _maker(text: str) -> str:
    """The key of a maker, as people call it."""
    from camscan.policies.companies import load  # noqa: PLC0415 - only where a maker is asked for

    return load().of_name(text) or text.strip().casefold()


def _list(devices: list[Asset]) -> None:
    from camscan.cli._devices import site_of  # noqa: PLC0415 - keeps --help quick
    from camscan.cli._table import by_address, print_table  # noqa: PLC0415 - rich takes its time to load

    rows = [
        (
            row.asset_id,
            ", ".join(row.ip_addresses),
            row.identification.maker or "unknown",
            row.identification.model or "",
            row.identification.serial or "",
            row.identification.confidence.value,
            site_of(row),
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


def _show(register: Register, row: Asset, settings: Config) -> None:
    from camscan.output import visible  # noqa: PLC0415

    for name, value in _members(row).items():
        if value:
            click.echo(f"{name + ':':20}{visible(value)}")
    found = row.identification
    _entries(row)
    _judgement(row, settings)
    _several("because", found.because)
    _several("conflicts", (*found.conflicts, *(conflict.detail for conflict in register.conflicts(row.asset_id))))
    _weaknesses(row, settings.overlays)
    _changes(register, row)
    evidence = register.evidence(row.asset_id)
    if evidence:
        click.echo("evidence:")
    for stored in evidence:
        seen = stored.observation
        mark = " " if stored.current else "-"
        where = f"{seen.ip}:{seen.port}" if seen.port else seen.ip
        click.echo(f"{mark} {seen.seen_at:%Y-%m-%d %H:%M} {where:24} {seen.key} = {visible(seen.value, 120)}")


def _members(row: Asset) -> dict[str, str | None]:
    from camscan.cli._devices import site_of  # noqa: PLC0415 - keeps --help quick

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
        "site": site_of(row),
        "lifecycle": row.lifecycle.value,
        "presence": _seen(row),
        "first seen": f"{row.first_seen:%Y-%m-%d %H:%M:%S} UTC" if row.first_seen else "",
        "last seen": f"{row.last_seen:%Y-%m-%d %H:%M:%S} UTC, in {row.sightings} scan(s)" if row.last_seen else "",
    }


def _entries(row: Asset) -> None:
    """What people entered, and what their columns show as long as nobody has."""
    from camscan.asset.columns import EDITABLE  # noqa: PLC0415 - keeps --help quick
    from camscan.sheets.row import inherited  # noqa: PLC0415

    own = [
        f"{column.name} = {line}" if number == 0 else f"{'':{len(column.name)}}   {line}"
        for column in EDITABLE
        if column.name in row.entries and column.name not in _NOT_LISTED
        for number, line in enumerate(row.entries[column.name].split("\n"))
    ]
    _several("entered by people", tuple(own))
    said = inherited(row)
    shown = [f"{name} = {value}" for name, value in said.items() if name not in row.entries and name not in _NOT_LISTED]
    _several("until they do", tuple(shown))


def _judgement(row: Asset, settings: Config) -> None:
    from camscan.app.assess import judged  # noqa: PLC0415 - keeps --help quick

    found = judged([row], settings)[row.asset_id]
    reasons = tuple(ruling.reason for ruling in found.rulings if ruling.matches)
    told = f"; {found.in_scope_reason}" if found.in_scope_reason not in {"", *reasons} else ""
    _several("in scope", (f"{found.in_scope}{told}",))
    _several("policies", reasons)
    if found.priority:
        _several("priority", (f"{found.priority}: {found.priority_reason}",))


def _changes(register: Register, row: Asset) -> None:
    from camscan.cli._devices import told  # noqa: PLC0415 - keeps --help quick

    changes = register.changes(row.asset_id)
    lines = [f"{change.at:%Y-%m-%d %H:%M} {told(change)} [{change.role}]" for change in changes[-_CHANGES:]]
    if len(changes) > _CHANGES:
        lines.append(f"{len(changes) - _CHANGES} earlier: `camscan register log {row.asset_id}`")
    _several("last changes", tuple(lines))


def _weaknesses(row: Asset, overlays: Sequence[Path]) -> None:
    """Known weaknesses, those that the unit's build leaves open first; repaired ones are only counted."""
    from camscan.vulnerabilities.assess import Standing, assess  # noqa: PLC0415
    from camscan.vulnerabilities.read import load  # noqa: PLC0415

    verdicts = assess(row.identification, load(overlays))
    fixed = sum(verdict.verdict is Standing.FIXED for verdict in verdicts)
    lines = [
        f"{verdict.cve} {verdict.verdict}{', EXPLOITED' if verdict.is_exploited else ''}: {verdict.weakness.what}"
        f" ({verdict.reason})"
        for verdict in verdicts
        if verdict.verdict is not Standing.FIXED
    ]
    if fixed:
        lines.append(f"{fixed} more, repaired in this build")
    _several("known weaknesses", tuple(lines))


def _several(name: str, lines: tuple[str, ...]) -> None:
    from camscan.output import visible  # noqa: PLC0415

    for number, line in enumerate(lines):
        click.echo(f"{(name + ':') if not number else '':20}{visible(line)}")


COMMAND = show
