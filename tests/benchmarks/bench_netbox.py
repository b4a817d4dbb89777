"""The list of devices in camscan's pages and in NetBox's, with as many devices in each, turn by turn.

Both are asked in their own process, through the application itself: what a socket and a browser add is not counted.
NetBox is the one that ``make netbox`` installs; the case is left out, with the reason, where that cannot be had.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from measure import ROOT, Case, Row, duration

DEVICES = 20_000
TURNS = 60
AT_ONCE = 50
"""Devices on a page."""


def measure() -> Iterator[Row]:
    import load  # noqa: PLC0415 - the web libraries

    sys.path.append(str(ROOT / "tests" / "netbox"))
    import place  # noqa: PLC0415 - as above

    if reason := place.install():
        raise SystemExit(f"bench: no NetBox: {reason}")
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        load.make(folder, DEVICES)
        (folder / "netbox").mkdir()
        with place.running(folder / "netbox") as netbox:
            netbox("fill", devices=DEVICES)
            yield from beside(folder, lambda path: netbox("look", path=path)[0], f"NetBox {place.VERSION}")


def beside(folder: Path, look: Callable[[str], float], peer: str) -> Iterator[Row]:
    """A page of the list, and one that is searched, in turns; ``look`` gives the seconds that NetBox took."""
    from web_estate import Client, desk_of  # noqa: PLC0415 - the web libraries

    from camscan.app.workspace import workspace_of  # noqa: PLC0415 - as above
    from camscan.config import load_config  # noqa: PLC0415 - as above

    desk = desk_of(workspace_of(load_config(folder / "camscan.yaml"), folder / "camscan.db"))
    with closing(desk):
        client = Client(desk)
        while client.get("/").status_code != 200:
            pass  # it is counting
        for what, ours, theirs in (
            ("list", "/devices?page={page}", f"/dcim/devices/?per_page={AT_ONCE}&page={{page}}"),
            ("search", "/devices?q=CCTV-{page:04d}", f"/dcim/devices/?per_page={AT_ONCE}&q=BENCH-{{page:04d}}"),
        ):
            here, there = [], []
            for page in range(1, TURNS + 1):
                begun = time.perf_counter()
                answer = client.get(ours.format(page=page))
                here.append(time.perf_counter() - begun)
                if answer.status_code != 200:
                    raise SystemExit(f"bench: a page answered {answer.status_code}")
                there.append(look(theirs.format(page=page)))
            yield Row(
                f"page of {AT_ONCE} devices of {DEVICES:,}: {what}",
                f"median {duration(statistics.median(here))}, p95 {duration(late(here))}",
                beside=f"{peer}: median {duration(statistics.median(there))}, p95 {duration(late(there))}",
                ratio=f"{statistics.median(here) / statistics.median(there):.2f} × its time",
            )


def late(times: list[float]) -> float:
    """What 95 of 100 keep."""
    return sorted(times)[int(len(times) * 0.95)]


CASES = (Case("netbox", 8, measure, asked_for=True),)
