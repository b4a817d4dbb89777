"""``camscan register import``: take people's edits from a spreadsheet into the register."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from camscan import app
from camscan.cli import EXIT_PARTIAL, _devices, _options
from camscan.cli._words import print_text
from camscan.output import visible
from camscan.words import count_text

if TYPE_CHECKING:
    from camscan.app.spreadsheet import Import


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--apply", "do", is_flag=True, help="Write the changes; without this, only print them.")
@click.option("--overwrite", is_flag=True, help="Also overwrite what somebody else changed since FILE was written.")
@click.option(
    "--map",
    "pairs",
    multiple=True,
    metavar="'THEIRS=OURS'",
    help="A heading in FILE and the column that it stands for.",
)
@click.option(
    "--map-file", type=click.Path(path_type=Path), metavar="PATH", help="A file of such pairs, one on each line."
)
@click.option("--add", is_flag=True, help="Add rows without a known device as new devices.")
@click.option(
    "--by-address",
    is_flag=True,
    help="With --add: match rows to devices by IP address, if the list is as new as the last scan.",
)
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
    by_address: bool,
    because: str,
    role: str | None,
    register: str | None,
    config: Path | None,
) -> int:
    """Show what an edited spreadsheet would change in the register; with --apply, change it.

    \b
    camscan register import register.ods
    camscan register import register.ods --apply
    camscan register import team.xlsx --add --map "Camera No=council_asset_tag"

    FILE is an .ods, .xlsx or .csv; '-' is standard input. Common headings of other people's lists (Make, Serial No,
    Location …) are guessed, and the guesses are printed. `camscan register undo` undoes an import.

    `camscan import sheet` is the same. Only edited cells in columns that people may write are taken. Rows are
    matched by asset_id, else by council_asset_tag. Exit code 3: something was left out, and is listed.
    """  # noqa: D301 - \b is click's mark for a block that is not wrapped
    if by_address and not add:
        raise click.UsageError("--by-address needs --add")
    space = app.workspace.find_workspace(config, register)
    if do:
        space.role(role)
    found = app.spreadsheet.read_sheet(file, pairs, map_file, piped=sys.stdin.buffer)
    if do:
        work = app.spreadsheet.take_sheet(
            *(space, file, found),
            role=role,
            because=because,
            overwrite=overwrite,
            add=add,
            by_address=by_address,
        )
    else:
        with space.open(readonly=True, create=False) as book:
            work = app.spreadsheet.compare_sheet(
                book, found, space.settings, overwrite=overwrite, add=add, by_address=by_address
            )
    _tell(file, work, do=do)
    return EXIT_PARTIAL if work.is_partial else 0


def _tell(file: Path, work: Import, *, do: bool) -> None:
    found, add = work.found, work.add
    page = f", sheet {visible(found.page)}" if found.page else ""
    name = visible(app.spreadsheet.file_name(file))
    click.echo(f"{name}{page}: {count_text(work.compared.rows, 'row')} below the headings in row {found.header}")
    entries = sorted([*work.compared.entries, *(work.sorted.filled if add else ())], key=lambda each: each.row)
    last = 0
    for entry in entries:
        if entry.row != last:
            click.echo(f"row {entry.row}: {app.devices.describe_briefly(work.assets[entry.asset_id])}")
        last = entry.row
        print_text(f"    {_devices.describe_entry(entry.column, entry.old, entry.new)}")
    new = work.sorted.new if add else ()
    for number, each in enumerate(new):
        name = f" as {work.added[number]}" if work.added else ""
        told = ", ".join(f"{column}={visible(value, 60)}" for column, value in each.entries.items())
        print_text(f"row {each.row}: new{name}: {told}")
    left_out = [*work.compared.left_out, *(work.sorted.left_out if add else ())]
    _print_lines("In the register already:", work.sorted.known if add else ())
    _print_lines("Unchanged:", work.compared.kept)
    _print_lines("Left out:", sorted(left_out))
    if add and work.sorted.by_address:
        rows = count_text(work.sorted.by_address, "row is", "rows are")
        print_text(
            f"{rows} left out because only the address matches; if the list is as new as the last scan, add "
            f"--by-address"
        )
    for sentence in (*found.notes, *found.unknown, *found.unread):
        print_text(visible(sentence))
    if work.compared.strangers and not add and not found.lacks_numbers:
        count = count_text(len(work.compared.strangers), "row names", "rows name")
        print_text(f"{count} no device in the register; --add adds them as new devices")
    devices = count_text(len({entry.asset_id for entry in entries}), "device", "devices")
    print_text(
        f"{count_text(len(entries), 'entry', 'entries')} of {devices} {'changed' if do else 'would change'}, "
        f"{count_text(len(new), 'device', 'devices')} {'added' if do else 'would be added'}."
        + ("" if do else " Nothing was written; --apply writes it.")
    )


def _print_lines(heading: str, lines: Sequence[tuple[int, str]]) -> None:
    """Print the sentences; one that is true of several rows once."""
    if lines:
        click.echo(heading)
    rows: dict[str, list[int]] = {}
    for number, sentence in lines:
        rows.setdefault(sentence, []).append(number)
    for sentence, numbers in rows.items():
        print_text(f"    {_rows_text(numbers)}: {visible(sentence, 400)}")


def _rows_text(numbers: Sequence[int]) -> str:
    """The rows that a sentence is about: ``row 2``, ``rows 2, 3 and 5``, ``rows 2, 3, 5, 8, 9 and 40 more``."""
    if len(numbers) == 1:
        return f"row {numbers[0]}"
    shown = [str(number) for number in numbers[:_ROWS]]
    more = len(numbers) - len(shown)
    return f"rows {', '.join(shown)} and {more:,} more" if more else f"rows {', '.join(shown[:-1])} and {shown[-1]}"


_ROWS = 5
"""How many rows of one sentence are named."""

COMMAND = import_
