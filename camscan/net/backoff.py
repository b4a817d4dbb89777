"""Slows a run down when the network, a firewall or this machine cannot keep up, and speeds it up again afterwards.

Additive increase, multiplicative decrease (RFC 5681), on all rates of a run together and never above them. If the share
of lost packets stays the same at any pace, the pace is not the cause: then the pace is kept, and the loss is reported.
"""

from __future__ import annotations

import enum
import time
from collections.abc import Callable
from dataclasses import field

from camscan.dataclass import dataclass
from camscan.net.system import tracked_share

LEAST = 1 / 16
"""The lowest fraction of the pace, so that a scan always comes to an end."""
ENOUGH = 40
"""How many packets must be judged before the pace changes."""
_WINDOW = 1.0
"""Seconds between two checks."""
_BLIND = 1.5
"""Seconds after a slow-down in which results still come from the faster pace: a lost SYN is known after one second."""
_SHARE = 0.1
"""Share of packets in trouble that is accepted: TCP itself would hardly notice it."""
_HELPED = 1.4
"""Factor by which the share of good packets must grow when the pace is halved; it doubles if the pace was the cause."""
_STEP = 1 / 16
_LITTLE = 0.01
_CALM = 3.0
"""Seconds without a refusal that show that refusals have ended: a router may report one a second."""
_FULL, _EASED = 0.9, 0.8


class Strain(enum.Enum):
    """What can go wrong at too fast a pace; the value is the text for people."""

    LOSS = "packets to active devices were lost"
    PROHIBITED = "a firewall or router on the way refused packets"
    LOCAL = "this machine could not send so fast"
    TABLE = "this machine's own firewall had hardly any room for more connections"


_TRIALS = {Strain.LOSS: 2, Strain.LOCAL: 2, Strain.TABLE: 2, Strain.PROHIBITED: 4}
"""Number of slow-downs without effect after which the pace counts as not the cause. One may be chance. Routers report
few of the packets that they refuse (RFC 1812, section 4.3.2.8), so only an end of refusals shows that a slower pace
helps."""


@dataclass(slots=True)
class _Watch:
    """The results of packets since the last check, and of the slow-downs so far."""

    troubled: int = 0
    of: int = 0
    tolerated: float = 0.0
    """A share of lost packets that no pace reduces."""
    good: float = 0.0
    """Share of good packets before the slow-down."""
    before: float = 1.0
    """The factor before the first slow-down that did not help."""
    useless: int = 0
    last: float = 0.0
    """Time of the last check."""


@dataclass(slots=True)
class Backoff:
    """The fraction of its pace that a run may use; ``apply`` is called whenever it changes."""

    apply: Callable[[float], None]
    clock: Callable[[], float] = time.monotonic
    tracked: Callable[[], float] = tracked_share
    """How full this machine's table of tracked connections is, from 0 to 1."""
    factor: float = 1.0
    lowest: dict[Strain, float] = field(default_factory=dict)
    """Kind of trouble -> the lowest factor that it caused."""
    _watches: dict[Strain, _Watch] = field(default_factory=lambda: {strain: _Watch() for strain in Strain})
    _look_at: float = 0.0

    def note(self, strain: Strain, troubled: int, of: int = 1) -> None:
        """Note that ``troubled`` of ``of`` packets were in trouble.

        Refusals are known only if a router reports them.
        """
        if strain is Strain.PROHIBITED:
            troubled = of = troubled * ENOUGH
        watch = self._watches[strain]
        watch.troubled += troubled
        watch.of += of
        now = self.clock()
        if now >= self._look_at:
            self._look(now)

    @property
    def tolerated(self) -> float:
        """Share of packets to living devices that were lost at any pace; 0 if none, or few."""
        return self._watches[Strain.LOSS].tolerated

    @property
    def doubtful(self) -> bool:
        """Whether many questions of this run were lost on the way."""
        return bool(self.lowest) or self.tolerated > 0

    def _look(self, now: float) -> None:
        """Judge each kind of trouble with enough results, and speed up again if all is well."""
        self._look_at = now + _WINDOW
        full = self.tracked()
        strained = False
        if full >= _FULL:
            strained = True
            self._cut(Strain.TABLE, now)
        for strain, watch in self._watches.items():
            if watch.of >= ENOUGH:
                share = watch.troubled / watch.of
                watch.troubled = watch.of = 0
                watch.last = now
                strained = self._judge(strain, watch, share, now) or strained
            elif strain is Strain.PROHIBITED and watch.useless and now - watch.last < _CALM:
                strained = True
            elif strain is Strain.PROHIBITED:
                watch.good, watch.useless = 0.0, 0
        if not strained and self.factor < 1 and full < _EASED:
            self._set(min(1.0, self.factor + _STEP))

    def _judge(self, strain: Strain, watch: _Watch, share: float, now: float) -> bool:
        """Return whether a slower pace may cure this trouble, and slow down if it may."""
        if share <= max(_SHARE, watch.tolerated * _HELPED):
            watch.good, watch.useless = 0.0, 0
            return False
        good = max(1 - share, _LITTLE)
        if watch.good and good < watch.good * _HELPED:
            watch.useless += 1
            if watch.useless == _TRIALS[strain]:
                watch.tolerated, watch.good, watch.useless = share, 0.0, 0
                self.lowest.pop(strain, None)
                self._set(watch.before)
                return False
        else:
            watch.before, watch.useless = self.factor, 0
        watch.good = good
        self._cut(strain, now)
        return True

    def _cut(self, strain: Strain, now: float) -> None:
        self._set(max(LEAST, self.factor / 2))
        self.lowest[strain] = min(self.factor, self.lowest.get(strain, 1.0))
        self._look_at = now + _BLIND
        for watch in self._watches.values():
            watch.troubled = watch.of = 0

    def _set(self, factor: float) -> None:
        self.factor = factor
        self.apply(factor)
