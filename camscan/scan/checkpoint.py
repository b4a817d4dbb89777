"""How far an unfinished scan had come: what the run that continues it starts from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from camscan.model import Attempt
from camscan.net.span import Span, common
from camscan.net.target import Targets, addresses
from camscan.scan.coverage import Tally
from camscan.scan.state import Ledger

_NONE: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What was found, and which addresses need not be asked again."""

    attempts: tuple[Attempt, ...] = field(default=(), repr=False)
    """Every reply, through today's parsers."""
    finished: tuple[Span, ...] = ()
    """Addresses that were finished with; merged and sorted, as all spans here."""
    met: tuple[Span, ...] = ()
    """Of these, those that lived and had their interview."""
    alive: tuple[Span, ...] = ()
    """Addresses that gave a sign of life, also those that said nothing worth keeping."""
    unreachable: Mapping[str, int] = field(default_factory=lambda: _NONE)
    """As in the ledger."""
    outcomes: Mapping[str, Mapping[str, int]] = field(default_factory=lambda: MappingProxyType({}))
    """probe -> outcome -> count, of the outcomes that are only counted."""
    datagrams: Mapping[str, int] = field(default_factory=lambda: _NONE)
    """protocol -> addresses that were asked in it by datagram."""
    notes: tuple[str, ...] = ()

    def restore(self, ledger: Ledger, tally: Tally, targets: Targets) -> set[str]:
        """Bring ledger and tally of a new scan to where the old one was; who has had an interview."""
        for attempt in self.attempts:
            if attempt.probe != "mac" or ledger.owns(attempt.ip, attempt.payload.decode("ascii", "replace")):
                ledger.record(attempt)
        ledger.alive.update(addresses(self.alive))
        for subnet, bits in self.unreachable.items():
            ledger.unreachable[subnet] = ledger.unreachable.get(subnet, 0) | bits
        for probe, counts in self.outcomes.items():
            ledger.outcomes[probe].update(counts)
        tally.datagrams.update(self.datagrams)
        for note in self.notes:
            tally.note(note)
        asked = common(self.finished, list(targets.spans))
        tally.asked = tally.done = sum(span.last - span.first + 1 for span in asked)
        return {*addresses(self.met)}
