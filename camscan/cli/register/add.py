"""``camscan register add``: a device that no scan has seen."""

from __future__ import annotations

import click

from camscan.cli import _options


@click.command("add")
@click.argument("words", nargs=-1, metavar="COLUMN=VALUE…")
@click.option("--recorder", metavar="DEVICE", help="Of a camera behind a recorder: the recorder.")
@click.option("--channel", type=click.IntRange(min=1), metavar="N", help="Its channel there, from 1.")
@_options.acting()
def add(
    words: tuple[str, ...],
    recorder: str | None,
    channel: int | None,
    acting: _options.Acting,
) -> None:
    """Add a device that no scan has seen: switched off, on a network of its own, or behind a recorder.

    \b
    camscan register add manufacturer=Hikvision model=DS-2CD2042WD-I site_name=Depot
    camscan register add --recorder 10.1.20.9 --channel 3 location_detail="main gate"

    Make, model, serial number and MAC address are kept as stated. When a later scan finds a device with this serial
    number or MAC address, it is the same row. `camscan set --columns` lists the columns.
    """  # noqa: D301 - \b is click's mark for a block that is not wrapped
    from camscan.asset import RecordType  # noqa: PLC0415 - keeps --help quick
    from camscan.cli import _devices  # noqa: PLC0415
    from camscan.config import find_config  # noqa: PLC0415
    from camscan.register import NewRow, open_register  # noqa: PLC0415

    if channel is not None and recorder is None:
        raise click.UsageError("a --channel is of a --recorder; say which")
    entries = _devices.entries_of([_stated(word) for word in words])
    if not entries and channel is None:
        raise click.UsageError("say what it is, as COLUMN=VALUE; `camscan set --columns` lists the columns")
    settings = find_config(acting.config)
    role = _devices.role_of(acting.role, settings)
    with open_register(acting.register or settings.register or _options.REGISTER, editing=True) as book:
        behind = _devices.one(book, recorder).asset_id if recorder else ""
        _devices.refuse_known(book, entries)
        kind = RecordType.BEHIND_RECORDER if behind else RecordType.MANUAL
        row = NewRow(kind, entries, behind, channel)
        how = "camscan register add"
        (name,) = book.add([row], role=role, how=how, because=acting.because, dry_run=acting.dry_run)
        added = None if acting.dry_run else _devices.one(book, name)
    told = ", ".join(f"{column}={value}" for column, value in entries.items())
    where = f" behind {behind}, channel {channel or 'unknown'}" if behind else ""
    if added is None:
        click.echo(f"Would be added{where}: {told}; nothing was written.")
    else:
        click.echo(f"Added {_devices.described(added)}{where}")


def _stated(word: str) -> str:
    """``model=X`` of a row by hand is what somebody states."""
    from camscan.asset.columns import STATED, plain_name  # noqa: PLC0415 - keeps --help quick

    name, equals, value = word.partition("=")
    return f"{STATED.get(plain_name(name), name)}{equals}{value}"


COMMAND = add
