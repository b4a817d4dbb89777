"""Devices as people name them on the command line, and the entries that they make about them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import click

from camscan.cli import _options
from camscan.errors import UsageError

if TYPE_CHECKING:
    from datetime import date

    from camscan.asset import Asset, Change
    from camscan.config import Config
    from camscan.register import Register

_CANDIDATES = 5
"""Devices that a message lists."""
_LONGEST_ROLE = 100
_SHOWN = 120
"""Characters of a cell that a line shows."""


def one(book: Register, text: str) -> Asset:
    """The device of that asset id, council tag, serial number (or its end), MAC or IP address.

    Raises UsageError where there is none, or where several may be meant; it names them.
    """
    found = book.find(text)
    if not found:
        raise UsageError(f"the register knows no device {text}; `camscan show` lists those it knows")
    exact = [row for row in found if _is_named(row, text)] or [row for row in found if text in row.ip_addresses]
    if len(exact) == 1 or len(found) == 1:
        return (exact or found)[0]
    names = "; ".join(map(described, found[:_CANDIDATES]))
    more = f" and {len(found) - _CANDIDATES} more" if len(found) > _CANDIDATES else ""
    raise UsageError(f"{text} may be {len(found)} devices; name one by its number: {names}{more}")


def _is_named(row: Asset, text: str) -> bool:
    wanted = text.strip().casefold()
    return wanted in {row.asset_id.casefold(), row.entries.get("council_asset_tag", "").casefold()}


def some(book: Register, texts: Sequence[str], site: str | None = None) -> list[Asset]:
    """The named devices, each once, or every device of a site. Raises UsageError where none is named."""
    if bool(texts) == (site is not None):
        raise UsageError("name devices (number, council tag, serial number, MAC or IP address), or a --site")
    if site is None:
        return list({row.asset_id: row for row in (one(book, text) for text in texts)}.values())
    rows = of_site(book.devices(), site)
    if not rows:
        raise UsageError(f"the register knows no device at the site {site}; `camscan show` lists devices and sites")
    return rows


def of_site(rows: Iterable[Asset], site: str) -> list[Asset]:
    """Those at a site, by its name in whatever case."""
    return [row for row in rows if site_of(row).casefold() == site.strip().casefold()]


def site_of(row: Asset) -> str:
    """Where a device is: a person's word, else the site map's, else the scan's."""
    return row.entry("site_name") or row.site


def described(row: Asset) -> str:
    """One device in a few words: its number and what a person may know it by."""
    from camscan.output import visible  # noqa: PLC0415 - keeps --help quick

    found = row.identification
    known = (row.entries.get("council_asset_tag"), *row.ip_addresses[:1], found.model or found.maker, site_of(row))
    words = ", ".join(visible(each, 40) for each in known if each)
    return f"{row.asset_id} ({words})" if words else row.asset_id


def entries_of(words: Sequence[str]) -> dict[str, str]:
    """COLUMN=VALUE words as entries; raises UsageError for a column or value that cannot be."""
    from camscan.asset.columns import BY_NAME, EDITABLE, STATED, nearest, normalise, plain_name  # noqa: PLC0415

    entries = {}
    for word in words:
        given, equals, value = word.partition("=")
        name = plain_name(given)
        column = BY_NAME.get(name)
        if not equals or column is None:
            near = nearest(name, [each.name for each in EDITABLE]) or "; `camscan set --columns` lists them"
            raise UsageError(f"there is no column '{given}'{near}" if equals else f"'{word}': write it as COLUMN=VALUE")
        if not column.is_editable:
            stated = f"; what you know better goes into {STATED[name]}" if name in STATED else ""
            raise UsageError(f"{name} is not for people to write: {column.what}{stated}")
        try:
            entries[name] = normalise(column, value)
        except ValueError as error:
            raise UsageError(f"{name}: {error}") from None
    return entries


def refuse_known(book: Register, entries: Mapping[str, str]) -> None:
    """Raise UsageError where a device with this council tag, serial number or MAC address is in the register."""
    for column in ("council_asset_tag", "stated_serial_number", "stated_mac_address"):
        found = book.find(entries[column]) if entries.get(column) else []
        if found:
            raise UsageError(f"{column} {entries[column]} is in the register already: {described(found[0])}")


def role_of(given: str | None, settings: Config) -> str:
    """The role in which somebody acts: as given, else as the configuration says. Raises UsageError without one."""
    role = (given or settings.role).strip()
    if not role:
        raise UsageError(
            "in which role do you act? Say --role 'CCTV manager', or set CAMSCAN_ROLE, or role: in camscan.yaml"
        )
    if "@" in role or len(role) > _LONGEST_ROLE or not role.isprintable():
        raise UsageError(f"'{role[:40]}' is no role; the log holds roles, such as 'CCTV manager', and no persons")
    return role


def day(text: str | None) -> date:
    """A day that somebody gave, in the ways that dates are written; today where none was given."""
    from datetime import UTC, datetime  # noqa: PLC0415 - keeps --help quick

    from camscan.dates import read_day  # noqa: PLC0415

    if not text:
        return datetime.now(UTC).astimezone().date()
    try:
        return read_day(text)
    except ValueError as error:
        raise UsageError(str(error)) from None


def enter(
    names: Sequence[str],
    entries: Mapping[str, str] | Callable[[Asset, str], Mapping[str, str]],
    *,
    command: str,
    acting: _options.Acting,
    site: str | None = None,
    closed_too: bool = False,
) -> list[Asset]:
    """Make entries about the named devices, or those of a site, and say what changed; the devices as they were.

    ``entries`` are the same for all, or follow from the device and the role. Of a whole site, devices that are gone or
    not ours are left out unless they are meant too.
    """
    from camscan.asset import CLOSED  # noqa: PLC0415 - keeps --help quick
    from camscan.config import find_config  # noqa: PLC0415 - keeps --help quick
    from camscan.register import Edit, open_register  # noqa: PLC0415

    settings = find_config(acting.config)
    role = role_of(acting.role, settings)
    where = acting.register or settings.register or _options.REGISTER
    with open_register(where, editing=True, create=False) as book:
        rows = some(book, names, site)
        closed = [] if site is None or closed_too else [row for row in rows if row.lifecycle in CLOSED]
        rows = [row for row in rows if row not in closed]
        edits = [
            Edit(row.asset_id, column, value)
            for row in rows
            for column, value in (entries(row, role) if callable(entries) else entries).items()
        ]
        changes = book.edit(edits, role=role, how=command, because=acting.because, dry_run=acting.dry_run)
    tell(changes, rows, dry_run=acting.dry_run)
    if closed:
        click.echo(f"Left as they are: {count(len(closed), 'device', 'devices')} there, gone or not ours.")
    return rows


def tell(changes: Sequence[Change], rows: Sequence[Asset], *, dry_run: bool = False) -> None:
    """Say what changed, a line for each entry."""
    by_id = {row.asset_id: row for row in rows}
    for change in changes:
        row = by_id.get(change.asset_id)
        click.echo(f"{described(row) if row else change.asset_id}: {told(change)}")
    if not changes:
        click.echo("Nothing to change: it stands so already.")
        return
    devices = len({change.asset_id for change in changes})
    would = "would change; nothing was written" if dry_run else "changed"
    click.echo(f"{count(len(changes), 'entry', 'entries')} of {count(devices, 'device', 'devices')} {would}.")


def told(change: Change) -> str:
    """One change in words: ``notes: (empty) → by the stair``."""
    return changed(change.column, change.old, change.new)


def changed(column: str, old: str, new: str) -> str:
    """One entry before and after."""
    return f"{column}: {_value(old)} → {_value(new)}"


def _value(text: str) -> str:
    from camscan.output import visible  # noqa: PLC0415 - keeps --help quick

    return visible(re.sub(r"\n", " ⏎ ", text), _SHOWN) if text else "(empty)"


def count(number: int, one_: str, several: str) -> str:
    """``1 device``, ``2 devices``."""
    return f"{number:,} {one_ if number == 1 else several}"
