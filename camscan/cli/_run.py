"""Running a scan from the command line: from arguments to a Report, with a progress bar and Ctrl-C."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

import click

from camscan import fingerprints
from camscan.cli._bar import bar, no_bar
from camscan.cli._estimate import sentences
from camscan.cli._words import duration
from camscan.config import Config, find_config
from camscan.errors import NothingToAskError, UsageError
from camscan.model import Completion, Report
from camscan.net.door import Door
from camscan.net.interface import find, interfaces, require_link
from camscan.net.pace import PACES, Pace
from camscan.net.scope import PRIVATE, Scope
from camscan.net.span import Network, common, spans, without
from camscan.net.target import NARROWEST_IPV6, Targets, parse_targets
from camscan.probes import Probe
from camscan.probes import load as load_probes
from camscan.scan.checkpoint import Checkpoint
from camscan.scan.engine import Plan, Scan
from camscan.scan.journal import key as journal_key
from camscan.scan.journal.write import Journal

JOURNAL_EVERY = 1.0
"""Seconds between two entries in the journal: what a kill may cost."""
EVERYTHING = -1
"""In place of a number of addresses: any is confirmed."""
IPV6 = 6
_LOOK_AT_CLOCK = 30.0
"""Seconds between two looks at the clock on the wall, which may be set, or go on while the machine sleeps."""


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
    is_confirmed: bool = False
    """Whether the number of addresses was confirmed in another way."""
    register: str = ""
    """As named on the command line, to be named again; empty where it was not."""
    is_alone: bool = False
    """Whether no camscan.yaml counts, as for the demo."""


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
    notes: tuple[str, ...] = ()
    """What the configuration keeps it from seeing."""
    until: datetime | None = None
    """When it must end; None where no authorisation says so."""
    closed: bool = False
    """Whether it had to."""

    @property
    def key(self) -> str:
        """Says whether two runs ask the same."""
        spans = [(span.version, span.first, span.last) for span in self.plan.targets.spans]
        return journal_key(spans, self.plan.site, sorted(self.plan.ports.items()), self.plan.listen_for)

    def run(
        self, interruption: Interruption, journal: Journal | None = None, earlier: Checkpoint | None = None
    ) -> Report:
        """Run it, with a word before and a progress bar where standard error is a terminal; silence otherwise.

        What is found goes into ``journal`` at once; ``earlier`` is where an unfinished run of the same got to.
        """
        if self._talks:
            click.echo(self._before(), err=True)
        return asyncio.run(self._run(interruption, journal, earlier or Checkpoint()))

    @property
    def _talks(self) -> bool:
        return sys.stderr.isatty() and not self.quiet

    def _before(self) -> str:
        if self.plan.listen_for:
            return f"Listening for {duration(self.plan.listen_for)}; nothing is sent."
        return sentences(self.plan.targets, self.pace, self.probes, self.plan.ports)

    async def _run(self, interruption: Interruption, journal: Journal | None, earlier: Checkpoint) -> Report:
        loop = asyncio.get_running_loop()
        async with Door(self.scope, self.pace, interface=self.interface) as door:
            with bar(self.plan.listen_for) if self._talks else no_bar() as on_progress:
                scan = Scan(door, self.plan, self.database, on_progress, self.probes, earlier)
                for note in self.notes:
                    scan.tally.note(note)

                def stop() -> None:
                    click.echo("\ncamscan: stopping, and keeping what was found; once more to stop at once", err=True)
                    scan.stop()

                interruption.on_first = lambda: loop.call_soon_threadsafe(stop)
                if interruption.number:
                    scan.stop()
                try:
                    async with _written(scan, journal), _stopped_at(scan, self.until):
                        report = await scan.run()
                finally:
                    interruption.on_first = lambda: None
        if self.until and self.until <= datetime.now(UTC) and report.completion is Completion.INTERRUPTED:
            return self._closed(report)
        return report

    def _closed(self, report: Report) -> Report:
        """What a scan is that had to end because nobody allows it any longer."""
        self.closed = True
        moment = self.config.clock(self.until or report.finished_at)
        note = f"the authorisation ended at {moment:%H:%M}: what was not asked by then is left to do"
        covered = replace(report.coverage, notes=(*report.coverage.notes, note))
        return replace(report, completion=Completion.PARTIAL, coverage=covered)


@contextlib.asynccontextmanager
async def _written(scan: Scan, journal: Journal | None) -> AsyncIterator[None]:
    """Write down what the scan finds while it runs, beside it."""
    if journal is None:
        yield
        return
    journal.attach(scan)
    over = asyncio.Event()

    async def write() -> None:
        while not over.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), JOURNAL_EVERY)
            await asyncio.to_thread(journal.write, journal.gather(scan))

    writing = asyncio.create_task(write())
    try:
        yield
    finally:
        over.set()
        await writing


@contextlib.asynccontextmanager
async def _stopped_at(scan: Scan, moment: datetime | None) -> AsyncIterator[None]:
    """Stop the scan at a moment by the clock on the wall."""

    async def watch() -> None:
        while moment and (left := (moment - datetime.now(UTC)).total_seconds()) > 0:  # noqa: ASYNC110 - the clock on the wall sets no Event
            await asyncio.sleep(min(left, _LOOK_AT_CLOCK))
        scan.stop()

    watching = asyncio.create_task(watch()) if moment else None
    try:
        yield
    finally:
        if watching:
            watching.cancel()
            await asyncio.wait({watching})


def prepare(
    request: Request, *, config: Config | None = None, database: fingerprints.Database | None = None
) -> Prepared:
    """Check the whole request before anything is sent. Raises UsageError in one line that says what to do.

    ``config`` and ``database`` stand for those that the request names, where they are loaded already.
    """
    config = config or (Config() if request.is_alone else find_config(request.config))
    probes = load_probes()
    config.require_probes(probes)
    confirmed = EVERYTHING if request.is_confirmed else request.confirm_count
    asked = targets_in_scope(request.targets, request.site, config, confirmed)
    site = config.site(request.site).name if request.site else _site_of(asked.targets, config)
    interface = request.interface or config.interface
    if interface:
        find(interface, interfaces())
    require_link(asked.targets.networks, interface)
    pace = PACES[request.pace or (config.site(site).pace if site else "") or config.pace or "gentle"]
    now = datetime.now(UTC)
    return Prepared(
        config=config,
        plan=Plan(
            targets=asked.targets,
            site=site,
            pace=pace.name,
            ports={**config.ports, **request.ports},
            listen_for=request.listen_for,
        ),
        scope=Scope(asked.targets.networks, excluded=config.exclusions_of(site), authorised=config.authorised(now)),
        pace=pace.with_max_pps(request.max_pps) if request.max_pps else pace,
        interface=interface,
        database=database or fingerprints.load([*config.overlays, *request.overlays]),
        probes=probes,
        quiet=request.quiet,
        notes=asked.notes,
        until=config.authorised_until(asked.targets.networks, now),
    )


@dataclass(frozen=True, slots=True)
class Asked:
    """Targets that may be scanned now."""

    targets: Targets
    """Without what is excluded."""
    notes: tuple[str, ...]
    """What that leaves unseen, one sentence each."""


def targets_in_scope(texts: Sequence[str], site: str, config: Config, confirm_count: int | None) -> Asked:
    """The targets, which may be scanned now: ScopeError where they may not; EVERYTHING confirms any number.

    Allowed are the networks of the named site, or of every site and authorisation where camscan.yaml has sites;
    without any, every private range and what is authorised. Without texts, the site's networks; what lies in them and
    belongs to another site is left to that.
    """
    chosen = config.site(site) if site else None  # refuses a site that does not exist
    wide = [one for one in chosen.cidrs if _is_wide(one)] if chosen and not texts else []
    named = list(texts) or [str(one) for one in (chosen.cidrs if chosen else ()) if one not in wide]
    if not named and chosen:
        raise NothingToAskError(
            f"the site {chosen.name} has no networks that can be swept in camscan.yaml; name addresses of it"
        )
    if not named:
        raise UsageError("no target: name addresses to scan, such as 10.1.2.0/24, or a --site of camscan.yaml")
    if confirm_count == EVERYTHING:
        targets = parse_targets(named, limit=sys.maxsize)
    else:
        targets = parse_targets(named, confirm_count=confirm_count)
    if chosen and not texts:
        targets = replace(targets, spans=tuple(without(targets.spans, spans(config.borrowed(chosen)))))
    now = datetime.now(UTC)
    config.require_authorised(targets.networks, now, private=PRIVATE)
    authorised = config.authorised(now)
    if chosen:
        estate = chosen.cidrs
    elif config.sites:
        estate = (*config.scope_networks(), *authorised)
    else:
        estate = targets.networks
    Scope(estate, authorised=authorised).require(targets)
    left = replace(targets, spans=tuple(without(targets.spans, spans(config.exclusions_of(site)))))
    if not left.spans:
        all_of_it = f"{', '.join(named)}: all of it"
        raise NothingToAskError(f"{all_of_it} is under exclusions in camscan.yaml; nothing is left to ask")
    notes = [f"{one} was not swept: it is too large to be tried address by address; list its addresses" for one in wide]
    if targets.count > left.count:
        notes.append(f"{targets.count - left.count:,} addresses were not asked: camscan.yaml excludes them")
    return Asked(left, tuple(notes))


def _is_wide(network: Network) -> bool:
    return network.version == IPV6 and network.prefixlen < NARROWEST_IPV6


def _site_of(targets: Targets, config: Config) -> str:
    """The one site that all targets belong to by the site map; empty where there is none, or several."""
    found = set()
    for span in targets.spans:
        inside = [site for site in config.sites if not list(without([span], spans(site.cidrs)))]
        deepest = [site for site in inside if not any(common([span], spans(config.borrowed(site))))]
        found.add(deepest[0].name if deepest else "")
    return found.pop() if len(found) == 1 else ""
