"""``camscan scan``: ask an estate, identify every device, and record it in the register."""

from __future__ import annotations

import gc
from collections.abc import Container, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from camscan import app
from camscan.cli import _keep, _options, _unfinished
from camscan.cli._bar import make_watcher
from camscan.cli._signals import take_signals
from camscan.cli._unfinished import Invocation
from camscan.cli._words import program_name, warn
from camscan.errors import UsageError

if TYPE_CHECKING:
    from camscan.app.request import Request

PASSIVE_SECONDS = 60.0


@click.command("scan")
@click.argument("targets", nargs=-1, metavar="[TARGET]…")
@click.option(
    "--site",
    "sites",
    multiple=True,
    metavar="SITE",
    help="A site in camscan.yaml; without TARGET, all its networks. Can be repeated, for one site after another.",
)
@click.option("--all", "everything", is_flag=True, help="Every site in camscan.yaml, one after another.")
@click.option(
    "--resume", is_flag=True, help="Continue a scan that was interrupted, killed or stopped at the end of its window."
)
@click.option("--discard", is_flag=True, help="Discard interrupted scans; then scan TARGET, if one is named.")
@_options.register
@click.option("--json", "json_path", metavar="PATH", help="Write the report as JSON; '-' is standard output.")
@click.option("--csv", "csv_path", metavar="PATH", help="Write the devices as CSV; '-' is standard output.")
@click.option(
    "--export",
    "exports",
    multiple=True,
    metavar="FORMAT=PATH",
    help="Write the report in any scan format that `camscan export --help` lists; can be repeated.",
)
@_options.pace
@_options.max_pps
@_options.interface
@_options.ask_groups
@click.option(
    "--keep-strangers", is_flag=True, help="Also enter devices outside the targets that answer a question to a group."
)
@click.option("--passive", is_flag=True, help="Only listen; send nothing.")
@click.option(
    "--listen-for",
    type=click.FloatRange(min=1),
    metavar="SECONDS",
    help=f"How long to listen with --passive; {PASSIVE_SECONDS:g} by default.",
)
@click.option("--keep-journal", is_flag=True, help="Keep every answer in a file, for `camscan parcel export`.")
@_options.confirm_count
@_options.overlay
@_options.config
@_options.log_options
@click.option(
    "-q",
    "--quiet",
    is_flag=True,
    help="For unattended runs: print only what is new, wrong or left out, without the table.",
)
def scan(  # noqa: PLR0917 - one per option
    targets: tuple[str, ...],
    sites: tuple[str, ...],
    everything: bool,
    resume: bool,
    discard: bool,
    register: Path | None,
    json_path: str | None,
    csv_path: str | None,
    exports: tuple[str, ...],
    pace: str | None,
    max_pps: float | None,
    interface: str | None,
    ask_groups: bool,
    keep_strangers: bool,
    passive: bool,
    listen_for: float | None,
    keep_journal: bool,
    confirm_count: int | None,
    overlay: tuple[Path, ...],
    config: Path | None,
    quiet: bool,
) -> int:
    """Find every camera and recorder at TARGET: addresses, prefixes or ranges of your own estate.

    \b
    camscan scan 10.1.2.0/24
    camscan scan 10.1.2.10-50 10.1.3.7 --csv cameras.csv
    camscan scan --site "Town Hall"
    camscan scan --all --resume

    Every device is kept in the register, with the evidence for every claim. `camscan probes` prints what is sent.

    \b
    Exit code  0  all of it was scanned
               1  failed; the register is unchanged
               2  wrong request, or no authorisation allows it now; nothing sent
               3  some addresses could not be asked; what was found is kept
               4  another run is writing to the register
             130  interrupted; what was found is kept; --resume continues
    """  # noqa: D301 - \b is click's mark for a block that is not wrapped
    _require_sense(targets, sites, everything=everything, resume=resume, discard=discard, passive=passive)
    if listen_for is not None and not passive:
        raise click.UsageError("--listen-for needs --passive; add it")
    request = app.request.Request(
        targets=targets,
        site=sites[0] if len(sites) == 1 else "",
        pace=pace or "",
        max_pps=max_pps,
        interface=interface,
        listen_for=(listen_for or PASSIVE_SECONDS) if passive else 0.0,
        config=config,
        confirm_count=confirm_count,
        overlays=overlay,
        ask_groups=ask_groups,
        keep_strangers=keep_strangers,
        keep_journal=keep_journal,
    )
    call = Invocation(str(register or ""), config, quiet)
    files = {name: file for name, file in (("json", json_path), ("csv", csv_path)) if file}
    files |= _parse_exports(exports, files)
    return _scan_sites(request, sites, call, files, everything=everything, resume=resume, discard=discard)


def _parse_exports(given: Sequence[str], taken: Container[str]) -> dict[str, str]:
    """Parse ``FORMAT=PATH`` into format -> file.

    Raises UsageError for another form, an unknown format and one given twice.
    """
    if not given:
        return {}
    known, found = app.export.formats_of_scans(), dict[str, str]()
    for text in given:
        name, _, path = text.partition("=")
        if name not in known or not path:
            raise UsageError(
                f"--export {text}: write it as FORMAT=PATH; the formats for a scan are: {', '.join(known)}"
            )
        if name in taken or name in found:
            raise UsageError(f"--export {text}: {name} is given twice; name it once")
        found[name] = path
    return found


def _require_sense(targets: Sequence[str], sites: Sequence[str], *, passive: bool, **flags: bool) -> None:
    """Raise UsageError for options that contradict each other."""
    if flags["everything"] and (targets or sites):
        raise UsageError("--all means every site of camscan.yaml: leave out TARGET and --site, or leave out --all")
    if targets and len(sites) > 1:
        raise UsageError("TARGET with several sites: name one site, or leave out TARGET")
    if flags["resume"] and (flags["discard"] or passive):
        other = "--discard discards it" if flags["discard"] else "--passive leaves nothing to continue"
        raise UsageError(f"--resume continues an interrupted scan, but {other}; choose one")
    if passive and (flags["everything"] or len(sites) > 1):
        raise UsageError("--passive listens at one place: name one site, or TARGET")


def _scan_sites(
    request: Request,
    sites: Sequence[str],
    call: Invocation,
    files: dict[str, str],
    *,
    everything: bool,
    resume: bool,
    discard: bool,
) -> int:
    """Run one scan or several, after deciding what happens to interrupted ones. Returns the exit code."""
    space = app.workspace.find_workspace(request.config, call.register)
    where = str(space.where)
    place = app.resume.journal_folder(where)
    is_named = bool(request.targets or sites or everything)
    if discard:
        _unfinished.discard_runs(place, where)
        if not is_named:
            return 0
    if resume and not is_named:
        head = _unfinished.find_only_interrupted(place).head
        request = replace(app.resume.with_earlier_options(request, head.options), targets=head.targets)
        sites, everything = head.sites, head.everything
        request = replace(request, site=sites[0] if len(sites) == 1 else "")
    if everything or len(sites) > 1:
        from camscan.cli import _round  # noqa: PLC0415 - only for several sites

        return _round.run_sites(request, space, sites, call, everything=everything, files=files, resume=resume)
    return run_one_scan(request, call, files=files, resume=resume, is_kept=True)


def run_one_scan(
    request: Request, call: Invocation, *, files: dict[str, str], resume: bool = False, is_kept: bool = False
) -> int:
    """Scan, record, export, print. Returns the exit code. Mistakes are found before anything is sent.

    ``is_kept`` keeps a journal while the scan runs, so that a later run can continue it.
    """
    prepared = app.request.prepare_request(request)
    space = app.workspace.workspace_of(prepared.config, call.register)
    _keep.check_files(files, space)
    place = app.resume.journal_folder(str(space.where))
    order = _unfinished.decide_order(place, prepared, request, call, resume=resume) if is_kept else None
    gc.freeze()  # modules that are loaded by now stay: nothing needs to search them for garbage
    with space.open() as book, take_signals() as interruption:
        if order and not resume:
            _unfinished.announce_interrupted(place, prepared.key, call)
        kept = app.resume.scan_and_record(
            prepared, book, files, order, watcher=make_watcher(quiet=call.quiet), interruption=interruption
        )
        headline = app.headline.headline_of_register(book, prepared.config)
        news = app.scan_news.find_scan_news(book, kept.report, kept.recorded) if kept else None
    if kept is None:
        click.echo("The interrupted scan had finished and is in the register; nothing is left to do")
        return 0
    if kept.trouble:
        warn(f"{kept.trouble}; --resume will ask some addresses again")
    is_quiet = call.quiet or "-" in files.values()
    _keep.print_recorded(kept.report, kept.recorded, space.name, headline, news, quiet=is_quiet)
    if kept.kept:
        click.echo(f"Kept for `{program_name()} parcel export`: {kept.kept}", err=is_quiet)
    if kept.is_left:
        click.echo(f"Continue with: {call} --resume", err=is_quiet)
    return _keep.exit_code(kept.report, interruption.number)


GROUP = "find"
COMMAND = scan
