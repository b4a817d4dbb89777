"""How far an interrupted scan had come: the run that continues it starts from here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from types import MappingProxyType

from camscan.dataclass import dataclass
from camscan.model import Attempt
from camscan.net.span import Span, common_spans
from camscan.net.target import Targets, addresses
from camscan.scan.coverage import Tally
from camscan.scan.host_record import Proof, reply_digest
from camscan.scan.state import ScanState

_NONE: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What was found, and which addresses need not be asked again."""

    attempts: tuple[Attempt, ...] = field(default=(), repr=False)
    """Every reply, read by today's parsers."""
    finished: tuple[Span, ...] = ()
    """Addresses that were finished; merged and sorted, as all spans here."""
    met: tuple[Span, ...] = ()
    """Those of them that were alive and had their conversations."""
    alive: tuple[Span, ...] = ()
    """Addresses that gave a sign of life, including those that said nothing worth keeping."""
    present: tuple[Span, ...] = ()
    """Addresses for which only ICMP said that something is there."""
    proven: Mapping[str, Mapping[str, frozenset[str]]] = field(default_factory=lambda: MappingProxyType({}))
    """Address -> protocol -> digests of the replies that it had proved to be its own."""
    cut_off: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """As in the state."""
    unreachable: Mapping[str, int] = field(default_factory=lambda: _NONE)
    """As in the state."""
    outcomes: Mapping[str, Mapping[str, int]] = field(default_factory=lambda: MappingProxyType({}))
    """probe -> outcome -> count, of the outcomes that are only counted."""
    datagrams: Mapping[str, int] = field(default_factory=lambda: _NONE)
    """Protocol -> number of addresses that were asked in it by datagram."""
    notes: tuple[str, ...] = ()

    def restore(
        self,
        state: ScanState,
        tally: Tally,
        targets: Targets,
        proves_life: Callable[[Attempt], bool] = lambda attempt: attempt.is_solicited,
    ) -> set[str]:
        """Bring state and tally of a new scan to where the old one was.

        Returns the addresses that have had conversations.
        """
        for attempt in self.attempts:
            is_of_router = attempt.probe == "mac" and not state.is_own_mac(
                attempt.ip, attempt.payload.decode("ascii", "replace")
            )
            if is_of_router:
                continue
            proven = self.proven.get(attempt.ip, {}).get(attempt.probe, ())
            proof = Proof.OWN if reply_digest(attempt.payload) in proven else Proof.NONE
            state.record(attempt, proof=proof, is_sign_of_life=bool(proof) or proves_life(attempt))
        state.alive.update(addresses(self.alive))
        state.present.update(addresses(self.present))
        state.cut_off.update({ip: why for ip, why in self.cut_off.items() if ip in targets})
        for subnet, bits in self.unreachable.items():
            state.unreachable[subnet] = state.unreachable.get(subnet, 0) | bits
        for probe, counts in self.outcomes.items():
            state.outcomes[probe].update(counts)
        tally.datagrams.update(self.datagrams)
        for note in self.notes:
            tally.add_note(note)
        asked = list(common_spans(self.finished, list(targets.spans)))
        for span in asked:
            tally.begin(span)
        tally.asked = tally.done = sum(span.last - span.first + 1 for span in asked)
        return {*addresses(self.met)}
