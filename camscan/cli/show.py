"""``camscan show``: what the register knows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from camscan.cli import _options

if TYPE_CHECKING:
    from camscan.asset import Asset
    from camscan.register import Register

_IMPORTANT = ("IP", "Maker", "Confidence", "Model", "Number", "Serial", "Last seen (UTC)")
"""The columns of the list, those first that a narrow window must still show."""


@click.command("show")
@click.argument("device", required=False, metavar="[IP|SERIAL|MAC]")
@_options.register
@_options.config
def show(device: str | None, register: Path | None, config: Path | None) -> int:
    """Show one device of the register with its evidence and history; without an argument, every device.

    The device is named by IP address (a past one too), serial number, MAC address or register number. Exit code 1
    where the register knows no such device.
    """
    from camscan.config import find_config  # noqa: PLC0415 - keeps --help quick
    from camscan.register import open_register  # noqa: PLC0415

    settings = find_config(config)
    with open_register(register or settings.register or _options.REGISTER, readonly=True) as book:
        if device is None:
            _list(book.devices())
            return 0
        found = book.find(device)
        for number, row in enumerate(found):
            if number:
                click.echo()
            _show(book, row, settings.overlays)
    if not found:
        click.echo(f"camscan: the register knows no device {device}; `camscan show` lists those it knows", err=True)
        return 1
    return 0


def _list(devices: list[Asset]) -> None:
    from camscan.cli._table import by_address, print_table  # noqa: PLC0415 - rich takes its time to load

    rows = [
        (
            row.asset_id,
            ", ".join(row.ip_addresses),
            row.identification.maker or "unknown",
            row.identification.model or "",
            row.identification.serial or "",
            row.identification.confidence.value,
            f"{row.last_seen:%Y-%m-%d %H:%M}",
        )
        for row in sorted(devices, key=lambda row: by_address(row.ip_addresses))
    ]
    columns = ("Number", "IP", "Maker", "Model", "Serial", "Confidence", "Last seen (UTC)")
    print_table(columns, rows, first=_IMPORTANT, cut={"IP": 15, "Model": 8})


def _show(register: Register, row: Asset, overlays: Sequence[Path]) -> None:
    from camscan.exports import visible  # noqa: PLC0415

    found = row.identification
    members = {
        "register number": row.asset_id,
        "maker": found.maker or "unknown",
        "brand": found.brand,
        "model": found.model,
        "firmware": found.firmware,
        "serial": found.serial,
        "kind": found.kind,
        "confidence": f"{found.confidence.value} ({found.certainty:.2f})",
        "capabilities": ", ".join(f"{name} ({what.confidence})" for name, what in found.capabilities.items()),
        "addresses": ", ".join(row.ip_addresses),
        "earlier addresses": ", ".join(row.past_ip_addresses),
        "MAC addresses": ", ".join(row.mac_addresses),
        "open ports": ", ".join(row.open_ports),
        "site": row.site,
        "first seen": f"{row.first_seen:%Y-%m-%d %H:%M:%S} UTC",
        "last seen": f"{row.last_seen:%Y-%m-%d %H:%M:%S} UTC, in {row.sightings} scan(s)",
    }
    for name, value in members.items():
        if value:
            click.echo(f"{name + ':':20}{visible(value)}")
    _several("because", found.because)
    _several("conflicts", (*found.conflicts, *(conflict.detail for conflict in register.conflicts(row.asset_id))))
    _weaknesses(row, overlays)
    click.echo("evidence:")
    for stored in register.evidence(row.asset_id):
        seen = stored.observation
        mark = " " if stored.current else "-"
        where = f"{seen.ip}:{seen.port}" if seen.port else seen.ip
        click.echo(f"{mark} {seen.seen_at:%Y-%m-%d %H:%M} {where:24} {seen.key} = {visible(seen.value, 120)}")


def _weaknesses(row: Asset, overlays: Sequence[Path]) -> None:
    """Known weaknesses, those that the unit's build leaves open first; repaired ones are only counted."""
    from camscan.fingerprints.weaknesses import load  # noqa: PLC0415
    from camscan.weakness import Standing, assess  # noqa: PLC0415

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
    from camscan.exports import visible  # noqa: PLC0415

    for number, line in enumerate(dict.fromkeys(lines)):
        click.echo(f"{(name + ':') if not number else '':20}{visible(line)}")


COMMAND = show
