"""``camscan fingerprints``: look into the database, and check it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from camscan import app
from camscan.cli import EXIT_PARTIAL, Group, _later, _options
from camscan.cli._replies import UnreadableLines, read_lines, require_readable
from camscan.cli._words import warn
from camscan.output import visible

if TYPE_CHECKING:
    from camscan.fingerprints import Database
    from camscan.model import Attempt


class _Group(Group):
    renamed = {"explain": "camscan explain"}  # noqa: RUF012 - never written to


@click.group("fingerprints", cls=_Group)
def fingerprints() -> None:
    """Check, list and show the fingerprints by which devices are recognised."""


@fingerprints.command("check")
@_options.overlay
def check(overlay: tuple[Path, ...]) -> int:
    """Check every fingerprint: vocabulary, examples, counterexamples, overlaps. Exit code 1: a check failed.

    Known vulnerabilities, rules for model numbers, names of organisations and policies are also checked by their
    examples. The last line gives the age of the table of MAC address blocks.
    """
    proof = app.database.check_database(overlay)
    for problem in proof.problems:
        click.echo(str(problem), err=True)
    if proof.database is None:
        warn(f"{len(proof.problems)} problem(s); each line above says where")
        return 1
    found = proof.database
    click.echo(
        f"{len(found.entries)} fingerprints, {proof.example_count} examples, database {found.version}: all is well"
    )
    click.echo(proof.describe_freshness)
    return 0


@fingerprints.command("list")
@click.option("--maker", metavar="MAKER", help="Only fingerprints that name this maker.")
@_options.overlay
def list_(maker: str | None, overlay: tuple[Path, ...]) -> None:
    """List every fingerprint: id, certainty, claims, file and line."""
    database = _later.fingerprints.load_database(overlay)
    maker = None if maker is None else app.choice.pick_maker(maker, overlay)
    for entry in database.entries:
        claims = dict(entry.rule.then)
        if maker in {None, claims.get("maker", app.choice.UNKNOWN)}:
            says = " ".join(f"{key}={value}" for key, value in claims.items())
            click.echo(f"{entry.id:44} {entry.rule.certainty:4.2f}  {says}")


@fingerprints.command("show")
@click.argument("fingerprint")
@_options.overlay
def show(fingerprint: str, overlay: tuple[Path, ...]) -> None:
    """Show one fingerprint as it is written, with file and line."""
    database = _later.fingerprints.load_database(overlay)
    entry = database.find_entry(fingerprint.strip().lower())
    if entry is None:
        near = app.choice.nearest_hint(fingerprint, [each.id for each in database.entries])
        raise click.UsageError(
            f"no fingerprint is called {fingerprint}{near or '; `camscan fingerprints list` names them'}"
        )
    click.echo(f"{entry.file}:{entry.line}")
    lines = Path(entry.file).read_text(encoding="utf-8").splitlines()[entry.line - 1 :]
    for number, line in enumerate(lines):
        if number and line.startswith("- "):
            break
        click.echo(line)


@fingerprints.command("test")
@click.argument("file", metavar="FILE")
@click.option(
    "--near",
    "limit",
    type=click.IntRange(min=0),
    default=5,
    metavar="N",
    help="Number of near misses to show for each reply; 5 by default.",
)
@_options.overlay
def test(file: str, limit: int, overlay: tuple[Path, ...]) -> int:
    """Show which fingerprints fit captured replies, which nearly fit, and which of their conditions failed.

    FILE holds captured replies as `camscan capture` writes them; '-' is standard input. Exit code 3: some lines
    could not be read.
    """
    require_readable([file])
    database = _later.fingerprints.load_database(overlay)
    unread = UnreadableLines(file)
    for item in _later.captures.read_captures(read_lines(file)):
        if isinstance(item, _later.captures.BadLine):
            unread.add(item)
        else:
            _print_tests(_later.captures.observe_reply(item), item.id, database, limit)
    unread.close()
    return EXIT_PARTIAL if unread.count else 0


def _print_tests(attempt: Attempt, name: str, database: Database, limit: int) -> None:
    detail = f": {visible(attempt.detail)}" if attempt.detail else ""
    click.echo(f"{visible(name)} ({attempt.probe}) {attempt.outcome}{detail}")
    for seen in attempt.observations:
        click.echo(f"  sees    {seen.key} = {visible(seen.value, 100)}")
    for match in sorted(database.match_facts(attempt.observations), key=lambda match: -match.certainty):
        claims = ", ".join(f"{key} {value}" for key, value in match.claims.items())
        click.echo(f"  fits    {match.fingerprint} {match.certainty:.2f}: {visible(claims)}")
    for near in _later.near.find_near_misses(database.rules, _later.values.group_values(attempt.observations))[:limit]:
        click.echo(f"  nearly  {near.rule.id}")
        for miss in near.misses:
            there = f"; seen: {visible(' | '.join(miss.seen), 100)}" if miss.seen else ""
            click.echo(f"            {miss.key} {miss.why}; wanted: {visible(miss.wanted, 200)}{there}")
    found = _later.identify.identify_box(attempt.observations, database)
    click.echo(
        f"  so      {found.maker or found.brand or 'unknown'} {visible(found.model or '')}".rstrip()
        + f", {found.confidence}"
    )


@fingerprints.command("new")
@click.argument("file", metavar="FILE")
@click.option("--reply", metavar="ID", help="Id of the reply to start from; the first by default.")
def new(file: str, reply: str | None) -> int:
    """Write the draft of a fingerprint from a captured reply; only its claims are missing.

    Exit code 1: nothing in the reply distinguishes one make from another.
    """
    require_readable([file])
    for item in _later.captures.read_captures(read_lines(file)):
        if isinstance(item, _later.captures.BadLine):
            raise click.UsageError(f"{file}:{item.number}: {item.why}")
        if reply in {None, item.id}:
            text = _later.skeleton.write_skeleton(_later.captures.observe_reply(item).observations, item.probe)
            if not text:
                click.echo(f"camscan: reply {item.id} says nothing that distinguishes one make from another", err=True)
                return 1
            click.echo(text, nl=False)
            return 0
    raise click.UsageError(f"{file}: has no reply {reply}" if reply else f"{file}: has no reply")


@fingerprints.command("supported")
@_options.overlay
def supported(overlay: tuple[Path, ...]) -> None:
    """Write docs/supported.md to standard output: makers, protocols, rebrands, kinds, vulnerabilities."""
    click.echo(app.supported.write_supported_page(overlay), nl=False)


GROUP = "experts"
COMMAND = fingerprints
