"""How far a scan has come, on a terminal."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator

from camscan.scan.engine import Progress


@contextlib.contextmanager
def no_bar() -> Iterator[Callable[[Progress], None]]:
    """Silence."""
    yield lambda _progress: None


@contextlib.contextmanager
def bar(listen_for: float) -> Iterator[Callable[[Progress], None]]:
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
    with Bar(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task("scan", total=listen_for or None, answered=0, alive=0)

        def update(progress: Progress) -> None:
            shown.update(
                task,
                completed=time.monotonic() - started if listen_for else progress.done,
                total=listen_for or progress.total,
                answered=progress.answered,
                alive=progress.alive,
            )

        yield update
