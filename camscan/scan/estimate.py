"""How long a scan of a number of addresses takes at a pace.

The estimate is for a scan in which every address must be tried and none answers: a routed range of silence. It is
calculated from the pace and from what the scan asks; the table in ``docs/scanning.md`` compares it with measurements.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from camscan.net.pace import Pace
from camscan.probes import Probe
from camscan.scan.questions import CORE, ROUNDS, SMALL

_START = 2.0
"""Seconds for loading, the first questions and the report."""
_MARGIN = 1.25
"""An estimate that is exceeded annoys more than one that is not reached: measured scans took 0.8 to 1.0 of it."""


def estimate_seconds(
    count: int, pace: Pace, probes: Mapping[str, Probe], ports: Mapping[str, tuple[int, ...]]
) -> float:
    """Estimated seconds to ask ``count`` addresses if none answers."""
    asked = len({port for probe in probes.values() if probe.ask for port in ports.get(probe.name, probe.ports)})
    secondary = [name for name, probe in probes.items() if name not in CORE and _is_unicast(probe)]
    datagrams = len(CORE) * ROUNDS + (len(secondary) if count <= SMALL else 0)
    turns = math.ceil(count / min(pace.in_flight, count))
    waiting = turns * (asked * (pace.connect_timeout + pace.gap * (1 + pace.jitter / 2)) + pace.settle)
    sending = max(
        count * asked / pace.connections,
        count * datagrams / pace.datagrams,
        count * (asked + datagrams) / pace.packets,
    )
    return _START + _MARGIN * (ROUNDS * pace.settle + max(waiting, sending))


def _is_unicast(probe: Probe) -> bool:
    return any(question.unicast for question in probe.datagrams)
