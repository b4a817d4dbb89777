"""Scans several sites one after another, and prints the result of each and of all."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import click

from camscan import app
from camscan.cli import EXIT_PARTIAL, _keep, _later
from camscan.cli._bar import make_watcher
from camscan.cli._signals import take_signals
from camscan.cli._unfinished import Invocation, announce_interrupted
from camscan.cli._words import print_text, program_name, warn
from camscan.errors import OutputError, ScopeError, UsageError
from camscan.output import visible
from camscan.words import count_text

if TYPE_CHECKING:
    from camscan.app.request import Request
    from camscan.app.round import Round
    from camscan.app.workspace import Workspace
    from camscan.config import Config
    from camscan.headline import Headline


def run_sites(
    request: Request,
    space: Workspace,
    sites: Sequence[str],
    call: Invocation,
    *,
    everything: bool,
    files: Mapping[str, str],
    resume: bool,
) -> int:
    """Scan the named sites, or every one. Returns the exit code."""
    config = space.settings
    wanted = None if everything else sites
    names = _site_names(config, wanted)
    _check_files(files, names, space)
    place = app.resume.journal_folder(str(space.where))
    prepared = app.round.prepare_round(request, config, wanted, place=place, resume=resume)
    if resume and not prepared.is_continued and not call.quiet:
        warn("no scan of these sites was interrupted; all of them are scanned from the beginning")

    def print_site(name: str) -> None:
        if sys.stderr.isatty() and not call.quiet:
            click.echo(f"{visible(name)}, {names.index(name) + 1} of {len(names)}:", err=True)

    with space.open() as book, take_signals() as interruption:
        if not resume:
            announce_interrupted(prepared.place, prepared.head.key, call)
        going = app.round.run_round(
            prepared,
            book,
            files,
            resume=resume,
            on_site=print_site,
            watcher=make_watcher(quiet=call.quiet),
            interruption=interruption,
        )
        headline = app.headline.headline_of_register(book, config)
    print_round(going, space.name, headline, call)
    return exit_code(going, interruption.number)


def _site_names(config: Config, wanted: Sequence[str] | None) -> list[str]:
    """The names of the sites to scan. Raises UsageError if there is none."""
    if names := app.round.round_sites(config, wanted):
        return names
    where = f"{config.path}: it lists no site with networks" if config.path else "there is no camscan.yaml"
    raise UsageError(
        f"{where}; list your sites in it: see `{program_name()} config init` and `{program_name()} sites import`"
    )


def exit_code(going: Round, signal_number: int) -> int:
    """The worst exit code of all sites: interrupted, then refused, then a file that was not written, then partial."""
    if signal_number:
        return _keep.SIGNAL_EXIT + signal_number
    if going.refused:
        return ScopeError.exit_code
    if going.unwritten:
        return OutputError.exit_code
    return 0 if going.is_complete else EXIT_PARTIAL


def _check_files(files: Mapping[str, str], names: Sequence[str], space: Workspace) -> None:
    if "-" in files.values():
        raise UsageError("several sites make several reports: name a file, such as devices.csv, instead of '-'")
    slugs: dict[str, str] = {}
    for name in names:
        first = slugs.setdefault(app.round.site_slug(name), name)
        if first != name and files:
            raise UsageError(f"the files of {name} and {first} would have the same name; rename one of the sites")
        _keep.check_files(app.round.site_files(files, name), space)


def print_round(going: Round, register: str, headline: Headline, call: Invocation) -> None:
    """Print the result of each site and of all; if it is quiet, only what was not done, on standard error."""
    quiet = call.quiet
    for name, why in (*going.refused.items(), *going.late.items(), *going.empty.items()):
        warn(f"{visible(name)} was not scanned: {why}")
    for why in going.unwritten:
        warn(visible(why))
    for name, kept in going.kept.items():
        if kept.report.completion is not _later.model.Completion.COMPLETE:
            click.echo(f"{visible(name)}:", err=quiet)
            _later.summary.print_coverage(kept.report, err=quiet)
        _later.summary.print_alarms(kept.recorded, err=quiet)
        if quiet:
            _later.summary.print_new(going.news[name])
    if not quiet:
        _later.table.print_table(
            ("Site", "Addresses", "Answered", "Systems", "New", "Changed", "Result"), _site_rows(going)
        )
        _later.summary.print_headline(headline)
        _print_all(going, register)
    if going.sites_left:
        names = ", ".join(map(visible, going.sites_left))
        print_text(f"Left to do: {names}; continue with `{call} --resume`", err=quiet)


def _site_rows(going: Round) -> Iterable[tuple[str, ...]]:
    for name in going.names:
        kept = going.kept.get(name)
        if kept is None:
            is_done = name in going.recorded
            yield (name, "", "", "", "", "", "recorded before" if is_done else "not scanned")
            continue
        covered = kept.report.coverage
        counts = (covered.addresses, covered.answered, *_count_seen(going, name))
        yield (name, *(f"{count:,}" for count in counts), str(kept.report.completion))
    for name in going.sites_elsewhere:
        where = f"{name} (not part of this run)" if name else "no known site"
        yield (where, "", "", *(f"{count:,}" for count in _count_seen(going, name)), "")


def _count_seen(going: Round, site: str) -> tuple[int, int, int]:
    systems = going.systems[site].total() if site in going.systems else 0
    return systems, going.new[site], going.changed[site]


def _maker_text(going: Round) -> str:
    """Camera systems of every make; those whose maker is only possible are named separately."""
    found = sum(going.systems.values(), Counter[tuple[str, bool]]())

    def maker_list(*, is_sure: bool) -> str:
        of_kind = [(count, key) for (key, sure), count in found.items() if not key or sure is is_sure]
        names = [(count, app.choice.maker_name(key, "of unknown maker")) for count, key in of_kind if key or is_sure]
        return ", ".join(f"{count:,} {name}" for count, name in sorted(names, key=lambda each: (-each[0], each[1])))

    possible = maker_list(is_sure=False)
    return (maker_list(is_sure=True) or "none") + (f"; possible only: {possible}" if possible else "")


def _print_all(going: Round, register: str) -> None:
    print_text(f"{len(going.recorded)} of {len(going.names)} sites are recorded. Camera systems: {_maker_text(going)}")
    if noted := [conflict for kept in going.kept.values() for conflict in kept.recorded.conflicts]:
        questions = app.review.count_questions(noted)
        print_text(f"Settle {count_text(questions, 'contradiction')}: {program_name()} review")
    click.echo(f"Register {register}: {program_name()} show lists every device")
