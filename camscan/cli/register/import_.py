"""``camscan register import``: what people edited in a spreadsheet, back into the register."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from camscan.cli import EXIT_PARTIAL, _options
from camscan.errors import UsageError

if TYPE_CHECKING:
    from camscan.asset import Asset
    from camscan.config import Config
    from camscan.register import Edit, NewRow, Register
    from camscan.sheets.compare import Comparison
    from camscan.sheets.heading import Found
    from camscan.sheets.new_rows import Sorted

_LARGEST = 200 * 1024 * 1024
"""Bytes of a file that is read."""


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--apply", "do", is_flag=True, help="Write it; without this, it is only said.")
@click.option("--overwrite", is_flag=True, help="Take also what somebody else changed since FILE was written.")
@click.option("--map", "pairs", multiple=True, metavar="'THEIRS=OURS'", help="A heading of FILE, and the column it is.")
@click.option("--map-file", type=click.Path(path_type=Path), metavar="PATH", help="Such pairs, one a line.")
@click.option("--add", is_flag=True, help="Add rows that name no device as devices that no scan has seen.")
@_options.because
@_options.role
@_options.register
@_options.config
def import_(  # noqa: PLR0917 - one per option
    file: Path,
    do: bool,
    overwrite: bool,
    pairs: tuple[str, ...],
    map_file: Path | None,
    add: bool,
    because: str,
    role: str | None,
    register: str | None,
    config: Path | None,
) -> int:
    """Say what an edited spreadsheet would change in the register; with --apply, change it.

    \b
    camscan register import register.ods
    camscan register import register.ods --apply
    camscan register import cctv-team.xlsx --add --map "Camera No=council_asset_tag"

    Only columns that people write are taken, and only cells that somebody edited. Rows are known by asset_id, else by
    council_asset_tag. Exit code 3: something was left out, and is said.
    """  # noqa: D301 - \b is click's mark for a block that is not wrapped
    from camscan.cli import _devices  # noqa: PLC0415 - keeps --help quick
    from camscan.config import find_config  # noqa: PLC0415
    from camscan.register import open_register  # noqa: PLC0415

    settings = find_config(config)
    acting = _devices.role_of(role, settings) if do else ""
    found = _read(file, pairs, map_file)
    where = register or settings.register or _options.REGISTER
    with open_register(where, readonly=not do, editing=do, create=False) as book:
        work = _work(book, found, settings, overwrite=overwrite)
        if do:
            edits, rows = work.wanted(add=add)
            how = f"import of {file.name}"
            _, work.added = book.take(edits, rows, seen=work.seen, role=acting, how=how, because=because)
    _tell(file, found, work, add=add, do=do)
    return EXIT_PARTIAL if work.is_partial(found, add=add) else 0


def _read(file: Path, pairs: Sequence[str], map_file: Path | None) -> Found:
    """The table of the file. Raises UsageError, with the file's name, for what cannot be used."""
    from camscan import sheets  # noqa: PLC0415 - keeps --help quick
    from camscan.sheets import heading  # noqa: PLC0415

    theirs = [*heading.mapping_lines(_content(map_file).decode("utf-8-sig", "replace")), *pairs] if map_file else pairs
    sheet = sheets.of(str(file))
    content = _content(file)
    try:
        return heading.find(sheet.read(content), heading.mapping(theirs))
    except UsageError as error:
        raise UsageError(f"{file}: {error}") from None


def _content(file: Path) -> bytes:
    try:
        if file.stat().st_size > _LARGEST:
            raise UsageError(f"{file}: larger than {_LARGEST // 1024 // 1024} MB; that is no register")
        return file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file}: cannot be read: {error.strerror or error}") from error


@dataclass(slots=True)
class _Work:
    """One import: what the file says, against the register as it is."""

    assets: Mapping[str, Asset]
    seen: int
    compared: Comparison
    sorted: Sorted
    added: Sequence[str] = ()

    def wanted(self, *, add: bool) -> tuple[list[Edit], list[NewRow]]:
        from camscan.asset import RecordType  # noqa: PLC0415 - keeps --help quick
        from camscan.register import Edit, NewRow  # noqa: PLC0415

        entries = [*self.compared.entries, *(self.sorted.filled if add else ())]
        edits = [Edit(entry.asset_id, entry.column, entry.new) for entry in entries]
        rows = []
        for each in self.sorted.new if add else ():
            own = dict(each.entries)
            recorder, channel = own.pop("recorder_asset_id", ""), own.pop("recorder_channel", "")
            kind = RecordType.BEHIND_RECORDER if recorder else RecordType.IMPORTED
            rows.append(NewRow(kind, own, recorder, int(channel) if recorder and channel else None))
        return edits, rows

    def is_partial(self, found: Found, *, add: bool) -> bool:
        strangers = not add and bool(self.compared.strangers)
        unknown = bool(found.unknown) and not add
        return bool(self.compared.left_out or (add and self.sorted.left_out) or strangers or unknown)


def _work(book: Register, found: Found, settings: Config, *, overwrite: bool) -> _Work:
    from camscan.app import assess  # noqa: PLC0415 - keeps --help quick
    from camscan.sheets import compare, new_rows  # noqa: PLC0415

    # The log before the devices: an entry that somebody makes in between was then not seen, and `take` says so.
    has_revisions = "revision" in found.places
    since = compare.first_revision(found) if has_revisions else 0
    changes = book.changes(since=since)
    assets = book.devices()
    newest = max((asset.revision for asset in assets), default=0)
    seen = max((change.number for change in changes), default=min(since, newest))
    known = compare.known(assets, changes, assess.judged(assets, settings), book.merged())
    compared = compare.compare(found, known, assess.today(), overwrite=overwrite)
    if compared.strangers and has_revisions:
        changes = book.changes()
    strangers = new_rows.sort(found, compared, assets, changes, assess.today(), overwrite)
    return _Work(known.assets, seen, compared, strangers)


def _tell(file: Path, found: Found, work: _Work, *, add: bool, do: bool) -> None:
    from camscan.cli import _devices  # noqa: PLC0415 - keeps --help quick
    from camscan.output import visible  # noqa: PLC0415

    page = f", sheet {visible(found.page)}" if found.page else ""
    click.echo(f"{file}{page}: {work.compared.rows:,} rows below the headings in row {found.header}")
    entries = sorted([*work.compared.entries, *(work.sorted.filled if add else ())], key=lambda each: each.row)
    last = 0
    for entry in entries:
        if entry.row != last:
            click.echo(f"row {entry.row}: {_devices.described(work.assets[entry.asset_id])}")
        last = entry.row
        click.echo(f"    {_devices.changed(entry.column, entry.old, entry.new)}")
    new = work.sorted.new if add else ()
    for number, each in enumerate(new):
        name = f" as {work.added[number]}" if work.added else ""
        told = ", ".join(f"{column}={visible(value, 60)}" for column, value in each.entries.items())
        click.echo(f"row {each.row}: new{name}: {told}")
    left_out = [*work.compared.left_out, *(work.sorted.left_out if add else ())]
    _lines("In the register already:", work.sorted.known if add else ())
    _lines("Kept as it was:", work.compared.kept)
    _lines("Left out:", sorted(left_out))
    for sentence in (*found.notes, *found.unknown):
        click.echo(visible(sentence))
    if work.compared.strangers and not add:
        count = _devices.count(len(work.compared.strangers), "row names", "rows name")
        click.echo(f"{count} no device of the register; --add adds them as devices that no scan has seen")
    devices = _devices.count(len({entry.asset_id for entry in entries}), "device", "devices")
    click.echo(
        f"{_devices.count(len(entries), 'entry', 'entries')} of {devices} {'changed' if do else 'would change'}, "
        f"{_devices.count(len(new), 'device', 'devices')} {'added' if do else 'would be added'}."
        + ("" if do else " Nothing was written; --apply writes it.")
    )


def _lines(heading: str, lines: Sequence[tuple[int, str]]) -> None:
    from camscan.output import visible  # noqa: PLC0415 - keeps --help quick

    if lines:
        click.echo(heading)
    for number, sentence in lines:
        click.echo(f"    row {number}: {visible(sentence, 400)}")


COMMAND = import_
