"""Running a scan from the command line: from arguments to a Report, with a progress bar and Ctrl-C."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

import click

from camscan import fingerprints
from camscan.cli._estimate import sentences
from camscan.cli._words import duration
from camscan.config import Config, find_config
from camscan.errors import UsageError
from camscan.model import Report
from camscan.net.door import Door
from camscan.net.interface import find, interfaces, require_link
from camscan.net.pace import PACES, Pace
from camscan.net.scope import PRIVATE, Scope
from camscan.net.target import Targets, parse_targets
from camscan.probes import Probe
from camscan.probes import load as load_probes
from camscan.scan import Plan, Progress, Scan


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asked for."""

    targets: Sequence[str]
    site: str = ""
    pace: str = ""
    max_pps: float | None = None
    interface: str | None = None
    listen_for: float = 0.0
    config: Path | None = None
    confirm_count: int | None = None
    overlays: Sequence[Path] = ()
    ports: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    quiet: bool = False


@dataclass(slots=True)
class Interruption:
    """Ctrl-C or SIGTERM: the first ends the scan and keeps what was found, the second ends the program."""

    number: int = 0
    """Of the signal that came first; 0 for none."""
    on_first: Callable[[], object] = lambda: None


@contextlib.contextmanager
def interruptible() -> Iterator[Interruption]:
    """Take signals for as long as there is something to keep: from the first packet until all is written."""
    interruption = Interruption()

    def handle(number: int, _frame: FrameType | None) -> None:
        if interruption.number:
            raise KeyboardInterrupt if number == signal.SIGINT else SystemExit(128 + number)
        interruption.number = number
        interruption.on_first()

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield interruption
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@dataclass(slots=True)
class Prepared:
    """A scan that is ready to run: everything that can be wrong in the request has been found."""

    config: Config
    plan: Plan
    scope: Scope
    pace: Pace
    interface: str | None
    database: fingerprints.Database
    probes: Mapping[str, Probe]
    quiet: bool

    def run(self, interruption: Interruption) -> Report:
        """Run it, with a word before and a progress bar where standard error is a terminal; silence otherwise."""
        if self._talks:
            click.echo(self._before(), err=True)
        return asyncio.run(self._run(interruption))

    @property
    def _talks(self) -> bool:
        return sys.stderr.isatty() and not self.quiet

    def _before(self) -> str:
        if self.plan.listen_for:
            return f"Listening for {duration(self.plan.listen_for)}; nothing is sent."
        return sentences(self.plan.targets, self.pace, self.probes, self.plan.ports)

    async def _run(self, interruption: Interruption) -> Report:
        loop = asyncio.get_running_loop()
        async with Door(self.scope, self.pace, interface=self.interface) as door:
            with _bar(self.plan.listen_for) if self._talks else _no_bar() as on_progress:
                scan = Scan(door, self.plan, self.database, on_progress, self.probes)

                def stop() -> None:
                    click.echo("\ncamscan: stopping, and keeping what was found; once more to stop at once", err=True)
                    scan.stop()

                interruption.on_first = lambda: loop.call_soon_threadsafe(stop)
                if interruption.number:
                    scan.stop()
                try:
                    return await scan.run()
                finally:
                    interruption.on_first = lambda: None


def prepare(request: Request) -> Prepared:
    """Check the whole request before anything is sent. Raises UsageError in one line that says what to do."""
    config = find_config(request.config)
    probes = load_probes()
    config.require_probes(probes)
    targets = targets_in_scope(request.targets, request.site, config, request.confirm_count)
    interface = request.interface or config.interface
    if interface:
        find(interface, interfaces())
    require_link(targets.networks, interface)
    pace = PACES[request.pace or config.pace or "gentle"]
    now = datetime.now(UTC)
    return Prepared(
        config=config,
        plan=Plan(
            targets=targets,
            site=request.site,
            pace=pace.name,
            ports={**config.ports, **request.ports},
            listen_for=request.listen_for,
        ),
        scope=Scope(targets.networks, excluded=config.exclusions, authorised=config.authorised(now)),
        pace=pace.with_max_pps(request.max_pps) if request.max_pps else pace,
        interface=interface,
        database=fingerprints.load([*config.overlays, *request.overlays]),
        probes=probes,
        quiet=request.quiet,
    )


def targets_in_scope(texts: Sequence[str], site: str, config: Config, confirm_count: int | None) -> Targets:
    """The targets, which may be scanned today: ScopeError where they may not.

    Allowed are the networks of the named site, or of every site and authorisation where camscan.yaml has sites;
    without any, every private range and what is authorised.
    """
    of_site = config.targets_of(site)  # refuses a site that does not exist
    texts = list(texts) or list(of_site)
    if not texts:
        raise UsageError("no target: name addresses to scan, such as 10.1.2.0/24, or a --site of camscan.yaml")
    targets = parse_targets(texts, confirm_count=confirm_count)
    now = datetime.now(UTC)
    config.require_authorised(targets.networks, now, private=PRIVATE)
    authorised = config.authorised(now)
    if site:
        estate = next(each.cidrs for each in config.sites if each.name.casefold() == site.casefold())
    elif config.sites:
        estate = (*config.scope_networks(), *authorised)
    else:
        estate = targets.networks
    Scope(estate, authorised=authorised).require(targets)
    return targets


@contextlib.contextmanager
def _no_bar() -> Iterator[Callable[[Progress], None]]:
    yield lambda _progress: None


@contextlib.contextmanager
def _bar(listen_for: float) -> Iterator[Callable[[Progress], None]]:
    """A progress bar with counts and time left; of a passive scan, one of time."""
    from rich.console import Console  # noqa: PLC0415 - only a terminal pays for it
    from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, TextColumn, TimeRemainingColumn  # noqa: PLC0415 - as above
    from rich.progress import Progress as Bar  # noqa: PLC0415

    columns: list[ProgressColumn] = [TextColumn("listening" if listen_for else "asking"), BarColumn()]
    if not listen_for:
        columns.append(MofNCompleteColumn())
    columns += [
        TextColumn("{task.fields[answered]} answered, {task.fields[alive]} alive,"),
        TimeRemainingColumn(),
        TextColumn("left"),
    ]
    started = time.monotonic()
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("scan", total=listen_for or None, answered=0, alive=0)

        def update(progress: Progress) -> None:
            bar.update(
                task,
                completed=time.monotonic() - started if listen_for else progress.done,
                total=listen_for or progress.total,
                answered=progress.answered,
                alive=progress.alive,
            )

        yield update
