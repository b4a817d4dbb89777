"""Running a scan from the command line: from arguments to a Report, with a progress bar and Ctrl-C."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from camscan import fingerprints, probes
from camscan.config import Config, find_config
from camscan.errors import UsageError
from camscan.model import Report
from camscan.net.door import Door
from camscan.net.interface import require_link
from camscan.net.pace import PACES, Pace
from camscan.net.scope import Scope
from camscan.net.target import parse_targets
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


@dataclass(slots=True)
class Prepared:
    """A scan that is ready to run: everything that can be wrong in the request has been found."""

    config: Config
    plan: Plan
    scope: Scope
    pace: Pace
    interface: str | None
    database: fingerprints.Database

    def run(self) -> tuple[Report, int]:
        """Run it; the report, and the number of the signal that ended it early (0 for none)."""
        return asyncio.run(self._run())

    async def _run(self) -> tuple[Report, int]:
        async with Door(self.scope, self.pace, interface=self.interface) as door:
            with _bar() as on_progress:
                scan = Scan(door, self.plan, self.database, on_progress)
                received: list[int] = []
                with _signals(scan, received):
                    report = await scan.run()
        return report, received[0] if received else 0


def prepare(request: Request) -> Prepared:
    """Check the whole request before anything is sent. Raises UsageError in one line that says what to do."""
    config = find_config(request.config)
    now = datetime.now(UTC)
    texts = list(request.targets) or list(config.targets_of(request.site))
    if not texts:
        raise UsageError("no target: name addresses to scan, such as 10.1.2.0/24, or a --site of camscan.yaml")
    targets = parse_targets(texts, confirm_count=request.confirm_count)
    interface = request.interface or config.interface
    require_link(targets.networks, interface)
    config.require_probes(probes.load())
    config.require_in_force(targets.networks, now.date())
    scope = Scope(targets.networks, excluded=config.exclusions, authorised=config.authorised(now.date()))
    scope.require(targets)
    pace = PACES[request.pace or config.pace or "gentle"]
    return Prepared(
        config=config,
        plan=Plan(
            targets=targets,
            site=request.site,
            pace=pace.name,
            ports={**config.ports, **request.ports},
            listen_for=request.listen_for,
        ),
        scope=scope,
        pace=pace.with_max_pps(request.max_pps) if request.max_pps else pace,
        interface=interface,
        database=fingerprints.load([*config.overlays, *request.overlays]),
    )


@contextlib.contextmanager
def _signals(scan: Scan, received: list[int]) -> Iterator[None]:
    """The first Ctrl-C or SIGTERM ends the scan and keeps what was found; the second ends the program."""
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGINT, signal.SIGTERM)

    def stop(number: int) -> None:
        received.append(number)
        scan.stop()
        for each in numbers:
            loop.remove_signal_handler(each)

    for number in numbers:
        loop.add_signal_handler(number, stop, number)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


@contextlib.contextmanager
def _bar() -> Iterator[Callable[[Progress], None]]:
    """A progress bar with counts and time left where standard error is a terminal; silence otherwise."""
    if not sys.stderr.isatty():
        yield lambda _progress: None
        return
    from rich.console import Console  # noqa: PLC0415 - only a terminal pays for it
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn  # noqa: PLC0415
    from rich.progress import Progress as Bar  # noqa: PLC0415

    columns = (
        TextColumn("asking"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[answered]} answered, {task.fields[alive]} alive,"),
        TimeRemainingColumn(),
        TextColumn("left"),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("scan", total=None, answered=0, alive=0)

        def update(progress: Progress) -> None:
            bar.update(
                task,
                completed=progress.done,
                total=progress.total,
                answered=progress.answered,
                alive=progress.alive,
            )

        yield update
