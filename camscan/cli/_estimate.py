"""Estimates how long a scan of so many addresses takes, before it starts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from camscan import app
from camscan.cli._words import duration_text

if TYPE_CHECKING:
    from camscan.net.pace import Pace
    from camscan.net.target import Targets
    from camscan.probes import Probe

_LONG = 300.0
"""Seconds from which the estimate names the other paces too."""


def describe_scan(
    targets: Targets, pace: Pace, probes: Mapping[str, Probe], ports: Mapping[str, tuple[int, ...]]
) -> str:
    """What is about to be done, for a person who waits for it."""

    def about_probes(which: Pace) -> str:
        return duration_text(app.scan.estimate_seconds(targets.count, which, probes, ports))

    several = "es" if targets.count > 1 else ""
    text = (
        f"Asking {targets.count:,} address{several} at {pace.name} pace: at most {pace.packets:,g} packets and "
        f"{pace.connections:,g} connections a second in total; one connection at a time to any device, "
        f"{pace.gap:g} s apart.\n"
        f"It takes up to about {about_probes(pace)}, or less if this machine is on the same subnet."
    )
    if app.scan.estimate_seconds(targets.count, pace, probes, ports) > _LONG:
        faster = [other for other in app.scan.PACES.values() if other.packets > pace.packets]
        text += "".join(f"\n  --pace {other.name}: up to about {about_probes(other)}" for other in faster)
    return text
