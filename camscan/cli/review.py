"""``camscan review``: questions about the identity of devices that only a person can settle."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Self

import click

from camscan import app
from camscan.cli import Group, _options
from camscan.cli._words import print_text, program_name
from camscan.output import visible
from camscan.words import list_text

if TYPE_CHECKING:
    from camscan.app.review import MergeEffects, Question
    from camscan.asset import Asset
    from camscan.register import Register

_WIDE = 44
"""Width of one of two rows that are shown side by side."""
_NAMES = {
    "kept_apart_from": "are two devices; this question is settled",
    "conflict": "is unchanged; this question is settled",
}


class _Group(Group):
    renamed = {"apart": "camscan review separate"}  # noqa: RUF012 - never written to


@click.group("review", cls=_Group, invoke_without_command=True)
@_options.register
@_options.config
@click.pass_context
def review(context: click.Context, register: Path | None, config: Path | None) -> None:
    """List what only a person can settle: rows that may be the same device, contradicting identifiers, a changed maker.

    camscan itself merges two rows only if they are certainly the same device. Compare the two, then decide: `merge`,
    `separate` or `keep`.
    """
    if context.invoked_subcommand is not None:
        context.obj = (register, config)
        return
    found, _ = app.workspace.find_workspace(config, register).look(app.review.list_questions)
    for question in found:
        _print_question(question)
    click.echo(f"{len(found)} to settle" if found else "Nothing to settle")


@review.command("merge")
@click.argument("keep", metavar="KEEP")
@click.argument("gone", metavar="GONE")
@click.option("--force", is_flag=True, help="Merge them even though makers or serial numbers differ.")
@_options.because
@_options.role
@_options.register
@_options.config
@click.pass_context
def merge(  # noqa: PLR0917 - one per option
    context: click.Context,
    keep: str,
    gone: str,
    force: bool,
    because: str,
    role: str | None,
    register: Path | None,
    config: Path | None,
) -> None:
    """Merge two rows that are the same device: everything known about GONE moves to KEEP.

    People's entries for KEEP are kept; those for GONE fill its gaps. Differences are printed, and the log keeps what
    was dropped. A merge cannot be undone, but nothing is lost: see `camscan register log`. Rows with different
    makers or serial numbers are probably two devices: they are merged only with --force.
    """
    with _OpenRegister(context, register, config, role) as asked:
        one, other = asked.find_pair(keep, gone)
        if not force and (against := asked.why_two(one, other)):
            raise click.UsageError(
                f"{one.asset_id} and {other.asset_id} are not merged: {list_text(against)}; a merge cannot be undone. "
                f"If they are the same device, add --force"
            )
        changes = asked.book.merge_devices(one.asset_id, other.asset_id, role=asked.role, because=because)
        click.echo(f"{other.asset_id} is now part of {one.asset_id}")
        _print_entries(app.review.merge_effects(changes, one.asset_id, other.asset_id))


@review.command("separate")
@click.argument("one", metavar="DEVICE")
@click.argument("other", metavar="DEVICE")
@_options.because
@_options.role
@_options.register
@_options.config
@click.pass_context
def separate(  # noqa: PLR0917 - one per option
    context: click.Context,
    one: str,
    other: str,
    because: str,
    role: str | None,
    register: Path | None,
    config: Path | None,
) -> None:
    """Record that two rows are two devices. The question is not asked again."""
    with _OpenRegister(context, register, config, role) as asked:
        first, second = asked.find_pair(one, other)
        asked.book.keep_separate(first.asset_id, second.asset_id, role=asked.role, because=because)
        click.echo(f"{first.asset_id} and {second.asset_id} {_NAMES['kept_apart_from']}")


@review.command("keep")
@click.argument("numbers", nargs=-1, required=True, type=int, metavar="NUMBER…")
@_options.because
@_options.role
@_options.register
@_options.config
@click.pass_context
def keep(  # noqa: PLR0917 - one per option
    context: click.Context,
    numbers: tuple[int, ...],
    because: str,
    role: str | None,
    register: Path | None,
    config: Path | None,
) -> None:
    """Leave entries unchanged. The NUMBERs are those that `camscan review` prints."""
    with _OpenRegister(context, register, config, role) as asked:
        for change in asked.book.close_conflicts(numbers, role=asked.role, because=because):
            click.echo(f"{change.asset_id} {_NAMES['conflict']}")


class _OpenRegister:
    """The register, opened for a person's decision."""

    def __init__(self, context: click.Context, register: Path | None, config: Path | None, role: str | None) -> None:
        above: tuple[Path | None, Path | None] = context.obj  # as given before the word merge, separate or keep
        self._space = app.workspace.find_workspace(config or above[1], register or above[0])
        self.role = self._space.role(role)
        self.book: Register

    def __enter__(self) -> Self:
        self.book = self._space.open(editing=True, create=False)
        return self

    def __exit__(self, *_: object) -> None:
        self.book.close()

    def why_two(self, one: Asset, other: Asset) -> list[str]:
        """Why the two rows are probably two devices."""
        return app.devices.reasons_for_two(one, other, app.choice.ownership(self._space.settings.overlays))

    def find_pair(self, one: str, other: str) -> tuple[Asset, Asset]:
        """The two devices, each by any of its names."""
        return app.devices.find_device(self.book, one), app.devices.find_device(self.book, other)


def _print_question(question: Question) -> None:
    each = question.review
    for conflict, detail in zip(each.conflicts, question.says, strict=True):
        print_text(f"[{conflict.number}] {conflict.asset_id} {conflict.kind}: {visible(detail)}")
    for line in app.review.compare_facts(question.rows):
        cells = "  ".join(f"{visible(cell, _WIDE):{_WIDE}}" for cell in line.cells)
        click.echo(f"  {line.name + ':':14}{cells}".rstrip())
    if each.other:
        click.echo(f"  one device:   {program_name()} review merge {each.asset_id} {each.other}")
        click.echo("                keeps the first of the two")
        click.echo(f"  two devices:  {program_name()} review separate {each.asset_id} {each.other}")
    numbers = " ".join(str(conflict.number) for conflict in each.conflicts)
    click.echo(f"  unchanged:  {program_name()} review keep {numbers}\n")


def _print_entries(found: MergeEffects) -> None:
    for column, value in found.copied:
        click.echo(f"  {column}: copied: {visible(value, 80)}")
    for column, value, other in found.dropped:
        click.echo(f"  {column}: {visible(value, 60)} is dropped, {visible(other, 60) or 'nothing'} is kept")
    for name, column in found.renamed:
        click.echo(f"  {column} of {name}: names the device that is kept")


GROUP = "register"
COMMAND = review
