"""``camscan diff``: what changed in the estate."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from camscan import app
from camscan.asset import Event
from camscan.cli import _options
from camscan.cli._words import print_text, with_program_name
from camscan.errors import CamscanError, UsageError
from camscan.output import visible, write_atomically
from camscan.words import list_text

if TYPE_CHECKING:
    from camscan.app.diff import Changes, Round
    from camscan.asset import Asset, Happening

_TITLES = {
    "reappeared_after_removal": "BACK after it was recorded as removed",
    "coverage_lost": "Coverage lost",
    "identity_conflict": "To be settled with `camscan review`",
    "new": "New",
    "returned": "Returned",
    "missed": "Missed",
    "offline": "Offline",
    "moved_site": "Moved to another site",
    "moved_ip": "Moved to another address",
    "maker_changed": "Another maker",
    "firmware_changed": "Other firmware",
    "capability_changed": "Other capabilities",
    "recorder_added_camera": "Newly listed by a recorder",
    "recorder_dropped_camera": "No longer listed by its recorder",
    "coverage_restored": "Coverage restored",
    "confirmed_removed": "Removal verified by a scan",
}
"""Every kind of change, in the order in which they are printed: the most urgent first."""
CHANGED = 1


@click.command("diff")
@click.option(
    "--since",
    metavar="DATE|SCAN",
    help="Changes from this day on (2027-03-31), or after the scan with this id. The default is the last complete "
    "round over several sites and everything after it, else the last scans of different sites.",
)
@click.option("--site", metavar="SITE", help="Only devices at this site.")
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    type=_options.OneOf([*_TITLES]),
    metavar="KIND",
    help=f"Only changes of this kind: {', '.join(_TITLES)}.",
)
@click.option("--all", "everything", is_flag=True, help="Also devices that are not part of video surveillance.")
@click.option(
    "--json",
    "json_path",
    is_flag=False,
    flag_value="-",
    metavar="[PATH]",
    help="Write JSON, to a file or to standard output.",
)
@_options.register
@_options.config
def diff(  # noqa: PLR0917 - one per option
    since: str | None,
    site: str | None,
    kinds: tuple[str, ...],
    everything: bool,
    json_path: str | None,
    register: Path | None,
    config: Path | None,
) -> int:
    """Show what changed between two scans. Changes that were reversed are left out, and so are times and scan ids.

    \b
    Exit code  0  nothing changed
               1  something changed
               2  not known: wrong arguments, no register, or an unwritable file
    """  # noqa: D301 - \b is click's mark for a block that is not wrapped
    with _errors_as_usage(), _options.explain_values():
        told = app.diff.changes_since(app.workspace.find_workspace(config, register), since, site)
    wanted = told.select_changes(site=site, kinds=kinds, everything=everything)
    order = {kind: place for place, kind in enumerate(_TITLES)}
    wanted.sort(key=lambda each: (order[each.event], each.asset_id))
    if json_path:
        with _errors_as_usage():
            _write_files(json_path, told, wanted)
    else:
        _print_round(told.round)
        _print_changes(wanted, told.rows)
    return CHANGED if wanted else 0


@contextlib.contextmanager
def _errors_as_usage() -> Iterator[None]:
    """Turn every error into a UsageError: exit code 1 means that something changed."""
    try:
        yield
    except UsageError:
        raise
    except CamscanError as error:
        raise UsageError(str(error)) from error.__cause__ or error


def _print_round(covered: Round | None) -> None:
    if covered:
        sites = list_text([visible(site) for site in covered.sites])
        print_text(f"Since the last complete round began, on {covered.began.astimezone():%d %B %Y at %H:%M}: {sites}")


def _print_changes(found: Sequence[Happening], rows: Mapping[str, Asset]) -> None:
    for kind, several in groupby(found, key=lambda each: each.event):
        of_kind = list(several)
        click.echo(f"{with_program_name(_TITLES[kind])} ({len(of_kind)}):")
        for each in of_kind:
            row = rows.get(each.asset_id)
            known_by = visible(_known_by_text(row, is_new=each.event == Event.NEW), 60) if row else ""
            where = f"{each.asset_id}{f' {known_by}' if known_by else ''}: " if row else ""
            print_text(f"  {where}{visible(each.detail)}")
    if not found:
        click.echo("Nothing changed")


def _known_by_text(row: Asset, *, is_new: bool) -> str:
    """Names by which a person may know a device; the sentence about a new one has its maker, model and address."""
    found = row.identification
    seen = () if is_new else (found.model or app.choice.maker_name(found.maker, ""), *row.ip_addresses[:1])
    words = (row.entries.get("council_asset_tag"), *seen, app.devices.device_site(row))
    return ", ".join(word for word in words if word)


def _write_files(path: str, told: Changes, found: Iterable[Happening]) -> None:
    start, covered = told.start, told.round
    said = {
        "since": start.isoformat() if isinstance(start, datetime) else start,
        "round": {"began": covered.began.isoformat(), "sites": list(covered.sites)} if covered else None,
        "changes": [_change_object(happening, told.rows.get(happening.asset_id)) for happening in found],
    }
    write_atomically(path, lambda stream: json.dump(said, stream, indent=2))


def _change_object(each: Happening, row: Asset | None) -> dict[str, Any]:
    return {
        "kind": each.event.value,
        "asset_id": each.asset_id or None,
        "old": each.old,
        "new": each.new,
        "detail": each.detail,
        "at": each.at.isoformat(),
        "scan_id": each.scan_id or None,
        "site": (app.devices.device_site(row) or None) if row else None,
        "ip_addresses": list(row.ip_addresses) if row else [],
        "maker": row.identification.maker if row else None,
        "model": row.identification.model if row else None,
        "serial": row.identification.serial if row else None,
    }


GROUP = "register"
COMMAND = diff
