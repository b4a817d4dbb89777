"""Several sites, one after another: each a scan of its own, one word about all in the end."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import click

from camscan import fingerprints
from camscan.cli import EXIT_PARTIAL, _keep
from camscan.cli._run import Interruption, Prepared, Request, interruptible, prepare
from camscan.cli._summary import print_alarms, print_coverage
from camscan.cli._table import print_table
from camscan.cli._unfinished import Kept, Order, again_with, announce, options_of, place_of, scan_one
from camscan.cli._words import program
from camscan.config import Config
from camscan.errors import NothingToAskError, ScopeError, TargetError, UsageError
from camscan.model import Completion
from camscan.output import visible
from camscan.register import Register, open_register
from camscan.register.backends import masked
from camscan.scan.journal import Head, path_of, remember_round, unfinished
from camscan.scan.journal import key as journal_key

LIMIT = 65536
"""Addresses of one site from which on their number must be confirmed, as for any scan."""


@dataclass(slots=True)
class Round:
    """What became of each site."""

    names: Sequence[str]
    """In the order of the configuration."""
    before: Sequence[str] = ()
    """Recorded by the run that this one continues."""
    kept: dict[str, Kept] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    """May not be scanned at this time: why."""
    late: dict[str, str] = field(default_factory=dict)
    """Might have been when the run began: why not any more."""
    empty: dict[str, str] = field(default_factory=dict)
    """Nothing of it can be asked, whenever: why."""
    already: list[str] = field(default_factory=list)
    """Found to be in the register when they were to be continued."""
    systems: dict[str, Counter[str]] = field(default_factory=dict)
    """Site -> maker -> camera systems."""

    def take(self, name: str, kept: Kept) -> None:
        """Note what a scan found. Its devices are in the register; a hundred sites need not stay in memory."""
        self.systems[name] = Counter(
            device.identification.maker or "unknown maker"
            for device in kept.report.devices
            if device.identification.is_camera_system is True
        )
        self.kept[name] = replace(kept, report=replace(kept.report, devices=(), attempts=()))

    @property
    def recorded(self) -> tuple[str, ...]:
        """Sites of which nothing is left to do."""
        done = [*self.before, *self.already, *(name for name, one in self.kept.items() if not one.is_left)]
        return tuple(name for name in self.names if name in done)

    @property
    def is_over(self) -> bool:
        """Whether nothing is left that --resume could do."""
        return {*self.recorded, *self.refused, *self.empty} >= {*self.names}

    def exit_code(self, signal_number: int) -> int:
        """The worst of all: interrupted, then refused, then partial."""
        if signal_number:
            return _keep.SIGNAL_EXIT + signal_number
        if self.refused:
            return ScopeError.exit_code
        complete = (one.report.completion is Completion.COMPLETE for one in self.kept.values())
        return 0 if not self.late and not self.empty and all(complete) else EXIT_PARTIAL


def run(
    request: Request,
    config: Config,
    sites: Sequence[str],
    *,
    everything: bool,
    register: str,
    files: Mapping[str, str],
    resume: bool,
) -> int:
    """Scan the named sites, or every one; the exit code."""
    names = _every(config) if everything else _named(config, sites)
    _check_files(files, names, register)
    database = fingerprints.load([*config.overlays, *request.overlays])
    place = place_of(register)
    head = _head(names, request, everything=everything, place=place, resume=resume)
    going = Round(names, before=[name for name in names if name in head.recorded])
    requests = _possible(_requests(request, config, going), config, database, going)
    with open_register(register) as book, interruptible() as interruption:
        if not resume:
            announce(place, head.key, request)
        remember_round(place, head)
        tools = _Tools(config, database, book, interruption, files, place, head, resume=resume)
        for name, one in requests.items():
            if not interruption.number:
                _scan(name, one, going, tools)
        if going.is_over:
            path_of(place, head.key).unlink(missing_ok=True)
    tell(going, register, again_with(request), quiet=request.quiet)
    return going.exit_code(interruption.number)


@dataclass(frozen=True, slots=True)
class _Tools:
    config: Config
    database: fingerprints.Database
    book: Register
    interruption: Interruption
    files: Mapping[str, str]
    place: Path
    head: Head
    resume: bool


def _scan(name: str, request: Request, going: Round, tools: _Tools) -> None:
    """One site: it may have become too late for it meanwhile."""
    prepared = _try(name, request, tools.config, tools.database, going.late)
    if prepared is None:
        return
    if sys.stderr.isatty() and not request.quiet:
        click.echo(f"{visible(name)}, {going.names.index(name) + 1} of {len(going.names)}:", err=True)
    head = Head("", datetime.now(UTC), sites=(name,), options=options_of(request), round=tools.head.key)
    order = Order(tools.place, head, resume=tools.resume)
    kept = scan_one(prepared, tools.book, tools.interruption, files_of(tools.files, name), order)
    if kept is None:
        going.already.append(name)
    else:
        going.take(name, kept)
    remember_round(tools.place, replace(tools.head, recorded=going.recorded))


def _try(
    name: str, request: Request, config: Config, database: fingerprints.Database, refused: dict[str, str]
) -> Prepared | None:
    try:
        return prepare(request, config=config, database=database)
    except ScopeError as error:
        refused[name] = str(error)
        return None


def _possible(
    requests: Mapping[str, Request], config: Config, database: fingerprints.Database, going: Round
) -> dict[str, Request]:
    """Those that may be asked now; of the others, ``going`` has why not. Raises ScopeError where none may."""
    possible = {}
    for name, request in requests.items():
        try:
            if _try(name, request, config, database, going.refused):
                possible[name] = request
        except NothingToAskError as error:
            going.empty[name] = str(error)
    if requests and not possible:
        raise ScopeError(next(iter({**going.refused, **going.empty}.values())))
    return possible


def _every(config: Config) -> list[str]:
    """The sites that have networks. Raises UsageError where there is none."""
    names = [site.name for site in config.sites if site.cidrs]
    if not names:
        where = f"{config.path}: no site with networks is listed" if config.path else "there is no camscan.yaml"
        raise UsageError(
            f"{where}; list your sites in it: see `{program()} config init` and `{program()} sites import`"
        )
    return names


def _named(config: Config, sites: Iterable[str]) -> list[str]:
    """Those of them, in the order of the configuration. Raises ConfigError for one that it does not have."""
    wanted = {config.site(name).name for name in sites}
    return [site.name for site in config.sites if site.name in wanted]


def _head(names: Sequence[str], request: Request, *, everything: bool, place: Path, resume: bool) -> Head:
    """What the common run is remembered by; with what was recorded of it, where it is continued."""
    key = journal_key("round", "all" if everything else sorted(names))
    before = [each for each in unfinished(place) if each.head.key == key]
    if resume and before and not before[0].is_stale(datetime.now(UTC)):
        return before[0].head
    if resume and not request.quiet:
        click.echo("camscan: nothing of these sites is unfinished; all of them are scanned", err=True)
    sites = () if everything else tuple(names)
    return Head(key, datetime.now(UTC), sites=sites, everything=everything, options=options_of(request))


def _requests(request: Request, config: Config, going: Round) -> dict[str, Request]:
    """A request for each site that was not recorded before.

    Raises TargetError where one is so large that the number must be confirmed.
    """
    counts = {site.name: sum(one.num_addresses for one in site.cidrs if one.version == 4) for site in config.sites}  # noqa: PLR2004 - IP version; wide IPv6 networks are not swept
    total = sum(counts[name] for name in going.names)
    large = [name for name in going.names if counts[name] > LIMIT]
    if large and request.confirm_count != total:
        raise TargetError(
            f"{large[0]} has {counts[large[0]]:,} addresses, more than {LIMIT:,}: if that is meant, say so with "
            f"--confirm-count {total}, the number of all sites together"
        )
    left = (name for name in going.names if name not in going.before)
    return {name: replace(request, site=name, is_confirmed=True) for name in left}


def _check_files(files: Mapping[str, str], names: Sequence[str], register: str) -> None:
    if "-" in files.values():
        raise UsageError("several sites are several reports: name a file, such as devices.csv, not '-'")
    slugs: dict[str, str] = {}
    for name in names:
        if slugs.setdefault(slug(name), name) != name and files:
            raise UsageError(
                f"the files of {name} and {slugs[slug(name)]} would have one name; rename one of the sites"
            )
        _keep.check(files_of(files, name), register)


def files_of(files: Mapping[str, str], site: str) -> dict[str, str]:
    """``devices.csv`` is ``devices-town-hall.csv`` of the Town Hall."""
    return {
        kind: str(Path(file).with_name(f"{Path(file).stem}-{slug(site)}{Path(file).suffix}"))
        for kind, file in files.items()
    }


def slug(site: str) -> str:
    """The name of a site as part of a file's name."""
    return re.sub(r"[^\w]+", "-", site.casefold()).strip("-") or "site"


def tell(going: Round, register: str, again: str, *, quiet: bool) -> None:
    """What became of each site, and of all; where ``quiet``, only what was not done, on standard error."""
    for name, why in (*going.refused.items(), *going.late.items(), *going.empty.items()):
        click.echo(f"camscan: {visible(name)} was not scanned: {why}", err=True)
    for name, kept in going.kept.items():
        if kept.report.completion is not Completion.COMPLETE:
            click.echo(f"{visible(name)}:", err=quiet)
            print_coverage(kept.report, err=quiet)
        print_alarms(kept.recorded, err=quiet)
    if not quiet:
        print_table(("Site", "Addresses", "Answered", "Systems", "New", "Changed", "Result"), _rows(going))
        _print_all(going, masked(register))
    left = [name for name in going.names if name not in {*going.recorded, *going.refused, *going.empty}]
    if left:
        click.echo(f"Left to do: {', '.join(map(visible, left))}; continue with `{again} --resume`", err=quiet)


def _rows(going: Round) -> Iterable[tuple[str, ...]]:
    for name in going.names:
        kept = going.kept.get(name)
        if kept is None:
            is_done = name in going.recorded
            yield (name, "", "", "", "", "", "recorded before" if is_done else "not scanned")
            continue
        covered, recorded = kept.report.coverage, kept.recorded
        systems = going.systems[name].total()
        counts = (covered.addresses, covered.answered, systems, len(recorded.new), len(recorded.changed))
        yield (name, *(f"{count:,}" for count in counts), str(kept.report.completion))


def _print_all(going: Round, register: str) -> None:
    makers = sum(going.systems.values(), Counter[str]())
    counted = ", ".join(f"{count:,} {maker}" for maker, count in makers.most_common()) or "none"
    click.echo(f"{len(going.recorded)} of {len(going.names)} sites are recorded. Camera systems: {counted}")
    conflicts = sum(len(kept.recorded.conflicts) for kept in going.kept.values())
    if conflicts:
        click.echo(f"Settle {conflicts} contradiction{'' if conflicts == 1 else 's'}: {program()} review")
    click.echo(f"Register {register}: {program()} show lists every device")
