"""``camscan show``: what the register knows."""

from __future__ import annotations

import functools
import gc
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from camscan import app
from camscan.asset import Lifecycle, Presence
from camscan.asset.spelling import SHOWN_AS
from camscan.cli import _device, _keep, _later, _options
from camscan.cli._words import print_text, warn
from camscan.output import write_atomically
from camscan.words import count_text

if TYPE_CHECKING:
    from camscan.app.listing import ListFilter, Listing
    from camscan.app.screen_row import ScreenRow
    from camscan.app.streaming import Stream
    from camscan.app.workspace import Workspace
    from camscan.asset import Asset
    from camscan.config import Config
    from camscan.headline import Headline

_COLUMNS = (
    *("Number", "IP", "Maker", "Model", "Where", "Removal", "Seen"),
    *("Kind", "Sure", "Serial", "Firmware", "Last seen"),
)
_LEADING = 7
"""Columns that fit side by side into 80 characters: they answer where and when."""
_LEAST = {"Model": 10, "Where": 10, "Maker": 9, "IP": 13}
"""Minimum width of a column that may be cut; the first one gets the rest of the width."""
_STEPS: Mapping[str, str] = {SHOWN_AS.get(("lifecycle_status", each), each.value): each.value for each in Lifecycle}
_STATUS: Mapping[str, str] = {
    Lifecycle.ORDERED: "ordered",
    Lifecycle.REMOVED: "removed",
    Lifecycle.DISPOSED: "disposed",
    Lifecycle.ACCEPTED_RISK: "accepted risk",
    Lifecycle.NOT_OURS: "not ours",
    Lifecycle.FALSE_POSITIVE: "false alarm",
}
"""Text of the column Removal if there is no date."""
_PRESENCE: Mapping[str, str] = {
    Presence.SEEN: "yes",
    Presence.OFFLINE: "offline",
    Presence.UNREACHABLE_SCOPE: "no answer",
    Presence.NOT_SCANNED: "never",
}
"""Text of the column Seen; ``missed 3`` gives the number of scans in a row."""


def _filter_options(function: Any) -> Any:
    """The options that narrow the list."""
    for option in (
        click.option("--everything", is_flag=True, help="Also list what is not part of video surveillance."),
        click.option("--unknown", is_flag=True, help="Only unidentified devices that a person should inspect."),
        click.option(
            "--possible",
            is_flag=True,
            help="Only devices that are possibly, but not probably, by Hikvision or Dahua.",
        ),
        click.option(
            "--presence",
            type=_options.OneOf(each.value for each in Presence),
            metavar="STATE",
            help=f"Only devices with this presence: {', '.join(Presence)}.",
        ),
        click.option(
            "--lifecycle",
            type=_options.OneOf([*_STEPS, Lifecycle.CONFIRMED]),
            metavar="STATUS",
            callback=lambda _context, _parameter, word: _STEPS.get(word, word),
            help=f"Only devices at this step of the removal: {', '.join(_STEPS)}.",
        ),
        click.option("--new-since", metavar="DATE", help="Only devices first seen on this day or later."),
        click.option("--overdue", is_flag=True, help="Only devices in scope whose planned date has passed."),
        click.option("--in-scope", is_flag=True, help="Only devices in scope: the council's decision covers them."),
        click.option("--kind", metavar="KIND", help="Only this kind: camera, recorder, intercom, unknown …"),
        click.option("--brand", metavar="BADGE", help="Only devices with this badge."),
        click.option("--maker", metavar="MAKER", help="Only devices built by this maker, or 'unknown'."),
        click.option("--site", metavar="SITE", help="Only devices at this site."),
    ):
        function = option(function)
    return function


@click.command("show")
@click.argument("device", required=False, metavar="[DEVICE]")
@_filter_options
@click.option("--evidence", "with_evidence", is_flag=True, help="For one device: also every mark, reply and change.")
@click.option("--csv", "csv_path", is_flag=False, flag_value="-", metavar="[PATH]", help="Write the list as CSV.")
@click.option(
    "--json",
    "json_path",
    is_flag=False,
    flag_value="-",
    metavar="[PATH]",
    help="Write the list, or the one device, as JSON.",
)
@_options.register
@_options.config
def show(  # noqa: PLR0917 - one per option
    device: str | None,
    with_evidence: bool,
    csv_path: str | None,
    json_path: str | None,
    register: str | None,
    config: Path | None,
    **filters: Any,
) -> int:
    """Show one device in the register: what it is, where, why, and its removal; without DEVICE, list the devices.

    \b
    camscan show                          every camera and recorder
    camscan show --site "Town Hall" --in-scope
    camscan show 10.1.2.34                one device, in a dozen lines
    camscan show 10.1.2.34 --evidence     the same with all the evidence

    A device is named by IP address (a past one too), serial number (or its end), MAC address, council tag or asset
    number. Exit code 1: there is no such device in the register, or a row is damaged; the others are listed.
    """  # noqa: D301 - \b is click's mark for a block that is not wrapped
    gc.disable()  # objects here have no cycles, and the collector would walk through 20,000 rows again and again
    if all(given in {None, False} for given in (device, with_evidence, csv_path, json_path, *filters.values())):
        everything = app.screen_rows.screen_list(app.workspace.find_workspace(config, register), _OnScreen)
        if everything is not None:
            _print_list(everything.rows, everything.others, everything.headline, asks=False)
            return 0
    _require_sense(device, is_list=bool(csv_path or any(filters.values())), with_evidence=with_evidence)
    space = app.workspace.find_workspace(config, register)
    paths = {name: path for name, path in (("csv", csv_path), ("json", json_path)) if path}
    _keep.check_files(paths, space)
    if device is not None:
        words = device if register is None else f"{device} --register {register}"
        return _print_one(space, device, json_path, words, with_evidence=with_evidence)
    wanted = app.listing.ListFilter(**filters)
    headline = app.streaming.headline_of(space)
    with space.open(readonly=True) as book:
        if headline is not None:
            found = app.streaming.Stream(book, space.settings, wanted, headline, judged=bool(paths))
            return _print_stream(found, paths, space)
        every = app.listing.list_devices(book, space.settings, wanted, judge=bool(paths))
    _write_list(every, wanted, csv_path, json_path)
    return _explain_list(len(every.rows), every.damage, wanted, space.settings)


def _require_sense(device: str | None, *, is_list: bool, with_evidence: bool) -> None:
    """Raise UsageError for options that contradict each other; ``is_list`` for an option that only a list has."""
    if device is not None and not device.strip():
        raise click.UsageError("the name of the device is empty; `camscan show` lists the devices")
    if device is not None and is_list:
        raise click.UsageError("name a device, or say which devices to list")
    if device is None and with_evidence:
        raise click.UsageError("--evidence needs a device; name one")


def _explain_list(fitting: int, damage: str, wanted: ListFilter, settings: Config) -> int:
    """Print why a list is empty or lacks rows. Returns the exit code."""
    if (wanted.in_scope or wanted.overdue) and not fitting and not app.assess.load_rules(settings).is_decided:
        warn(
            "no decision of the council is recorded, so nothing is in scope yet: write the decision into camscan.yaml "
            "(planning: local_decision)"
        )
    if damage:
        warn(damage)
    return int(bool(damage))


def _print_stream(found: Stream, paths: Mapping[str, str], space: Workspace) -> int:
    """Print the list like `_write_list`, but device by device: only the cells for the screen are held in memory."""
    gc.enable()  # little is held at a time, and each piece of JSON leaves a cycle behind
    if "json" in paths:
        write_atomically(paths["json"], lambda stream: app.streaming.write_json(found, stream))
    if "csv" in paths:
        write_atomically(paths["csv"], lambda stream: app.streaming.write_csv(found, stream))
    if "-" not in paths.values():
        is_whole = paths and not (
            found.wanted.is_narrowed or found.wanted.everything
        )  # with paths, every name was examined
        every = app.screen_rows.screen_list(space, _OnScreen) if is_whole else None
        found.judged = False
        on_screen = every.rows if every else _put_on_screen((row for row, _ in found), found.maker)
        _print_list(on_screen, found.others, found.headline, asks=found.wanted.is_narrowed)
    return _explain_list(found.fitting, found.describe_damage, found.wanted, found.settings)


def _write_list(found: Listing, wanted: ListFilter, csv_path: str | None, json_path: str | None) -> None:
    rows = sorted(found.rows, key=lambda row: (not row.ip_addresses, _later.table.address_order(row.ip_addresses)))
    if json_path:
        _write_json(json_path, app.listing.listing_document(found, rows))
    if csv_path:
        write_atomically(csv_path, lambda stream: app.listing.write_csv(found, rows, stream))
    if "-" in {csv_path, json_path}:
        return
    on_screen = _put_on_screen(rows, found.maker)
    _print_list(on_screen, found.others, found.headline, asks=wanted.is_narrowed)


class _OnScreen:
    """The table of a list, and what is said below it."""

    def __init__(self) -> None:
        self.table = _later.table.Table(_COLUMNS)
        self.number = 0
        """How many rows."""
        self.has_possible = False
        """Whether the maker of one of them is only possible."""

    def add(self, row: ScreenRow) -> None:
        self.table.add(_row_cells(row))
        self.number += 1
        self.has_possible |= row.is_possible


def _put_on_screen(rows: Iterable[Asset], maker: Callable[[Asset], str]) -> _OnScreen:
    on_screen = _OnScreen()
    for row in rows:
        on_screen.add(app.screen_row.screen_row(row, maker(row)))
    return on_screen


def _print_list(rows: _OnScreen, others: int, headline: Headline, *, asks: bool) -> None:
    left_out: Sequence[str] = ()
    if rows.number:
        left_out = rows.table.print(cut=_LEAST, share=_LEADING)
    elif asks:
        click.echo("No device in the register matches.")
    if rows.number and asks:
        click.echo(
            f"{count_text(rows.number)} in the register match."
            if rows.number > 1
            else "1 device in the register matches."
        )
    print_text(headline.text)
    if rows.has_possible:
        click.echo("A ? after a maker means that it is only possible.")
    if others:
        several = others > 1
        left = f"{count_text(others)} that {'are' if several else 'is'} not part of video surveillance"
        print_text(f"{left} {'are' if several else 'is'} left out; --everything lists {'them' if several else 'it'}.")
    if left_out:
        print_text(
            f"Columns left out for lack of room: {', '.join(left_out)}. A wider window, --csv and --json show them."
        )


def _row_cells(row: ScreenRow) -> tuple[str, ...]:
    return (
        row.tag or row.asset_id.rpartition("-")[2],
        row.ip_addresses,
        _make_text(row),
        row.model,
        row.where,
        _removal_text(row),
        _seen_text(row),
        row.kind.replace("_", " "),
        row.confidence,
        row.serial,
        row.firmware,
        _minute_text(row.last_seen) if row.last_seen else "",
    )


def _make_text(row: ScreenRow) -> str:
    """Maker and badge: ``Hikvision``, ``Dahua (Amcrest)``, ``Dahua ?``, ``unknown``."""
    sold = f" ({row.badge})" if row.badge and row.badge.casefold() not in row.maker.casefold() else ""
    return f"{row.maker or 'unknown'}{sold}{' ?' if row.is_possible else ''}"


def _removal_text(row: ScreenRow) -> str:
    if status := _STATUS.get(row.lifecycle):
        return status
    return _short_day(row.planned) if row.planned else "no date"


@functools.lru_cache(maxsize=10_000)
def _short_day(day: str) -> str:
    return short_day(date.fromisoformat(day))


@functools.lru_cache(maxsize=10_000)
def _minute_text(moment: datetime) -> str:
    """A moment in the local time of this machine: ``2027-03-31 12:00``."""
    return f"{moment.astimezone():%Y-%m-%d %H:%M}"


def short_day(day: date) -> str:
    """A short date: ``31 Mar 27``."""
    return f"{day.day} {day:%b %y}"


def _seen_text(row: ScreenRow) -> str:
    """Whether the last scan that looked for the device saw it."""
    return f"missed {row.missed}" if row.presence == "missed" else _PRESENCE[row.presence]


def _print_one(space: Workspace, device: str, json_path: str | None, words: str, *, with_evidence: bool) -> int:
    found = app.devices.find_details(space, device)
    if json_path:
        objects = [app.device_members.details_object(known, with_evidence=with_evidence) for known in found]
        _write_json(json_path, {"devices": objects})
    if json_path != "-":
        for number, known in enumerate(found):
            if number:
                click.echo()
            if with_evidence:
                _device.print_evidence(known)
            else:
                _device.print_device(known, words)
    if not found:
        warn(app.devices.say_not_found(device))
        return 1
    return 0


def _write_json(path: str, told: Any) -> None:
    write_atomically(path, lambda stream: json.dump(told, stream, indent=2))


GROUP = "register"
COMMAND = show
