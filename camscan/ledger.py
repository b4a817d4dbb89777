"""What one scan knows so far, address by address. Grows with the devices that answer, not with the addresses asked."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from camscan.fingerprints import Database
from camscan.identify import identify
from camscan.model import Attempt, Confidence, Identification, Observation, Outcome
from camscan.probes import Seen

#: Outcomes worth keeping one by one. The others are only counted: a silent /16 must not fill the memory.
KEPT = frozenset({Outcome.ANSWERED, Outcome.NOT_SPOKEN, Outcome.MALFORMED, Outcome.OUT_OF_SCOPE, Outcome.BUG})

#: Outcomes that prove that something lives at the address.
SIGNS_OF_LIFE = frozenset({Outcome.ANSWERED, Outcome.REFUSED, Outcome.CLOSED, Outcome.NOT_SPOKEN, Outcome.MALFORMED})


@dataclass(slots=True)
class Entry:
    """What is known of one address."""

    attempts: list[Attempt] = field(default_factory=list)
    facts: dict[str, list[str]] = field(default_factory=dict)
    identification: Identification = field(default_factory=Identification)
    payloads: set[tuple[str, bytes]] = field(default_factory=set)
    """Replies already recorded: a device answers once per question and per interface, with the same bytes."""


@dataclass(slots=True)
class Ledger:
    """Every address that gave a sign of life, and counts of everything else."""

    database: Database
    entries: dict[str, Entry] = field(default_factory=dict)
    alive: set[str] = field(default_factory=set)
    """Addresses where something lives, whether or not it spoke a protocol that was asked."""
    unreachable: set[str] = field(default_factory=set)
    outcomes: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def record(self, attempt: Attempt) -> bool:
        """Take note of an attempt; True where it brought something new."""
        if attempt.outcome in SIGNS_OF_LIFE:
            self.alive.add(attempt.ip)
        elif attempt.outcome is Outcome.UNREACHABLE:
            self.unreachable.add(attempt.ip)
        if attempt.outcome not in KEPT:
            self.outcomes[attempt.probe][attempt.outcome] += 1
            return False
        entry = self.entries.setdefault(attempt.ip, Entry())
        if attempt.payload and (attempt.probe, attempt.payload) in entry.payloads:
            return False
        entry.payloads.add((attempt.probe, attempt.payload))
        self.outcomes[attempt.probe][attempt.outcome] += 1
        entry.attempts.append(attempt)
        for seen in attempt.observations:
            values = entry.facts.setdefault(seen.key, [])
            if seen.value not in values:
                values.append(seen.value)
        if attempt.observations:
            entry.identification = identify(_observations(entry.attempts), self.database)
        return True

    def seen(self, ip: str) -> Seen:
        """What a probe may know of the address before it asks."""
        entry = self.entries.get(ip)
        if entry is None:
            return Seen(facts={})
        who = entry.identification
        sure = who.confidence in {Confidence.CONFIRMED, Confidence.PROBABLE}
        return Seen(
            facts={key: tuple(values) for key, values in entry.facts.items()},
            maker=who.maker if sure else None,
            complete=sure and None not in {who.maker, who.model, who.firmware, who.serial},
            spoken=_spoken(entry.attempts),
        )

    def answered(self, ip: str, probe: str) -> bool:
        """Whether the address has already answered in this protocol."""
        entry = self.entries.get(ip)
        return entry is not None and any(
            attempt.probe == probe and attempt.outcome is Outcome.ANSWERED for attempt in entry.attempts
        )

    def attempts(self) -> tuple[Attempt, ...]:
        """Every attempt that was kept, address by address, in the order of first reply."""
        return tuple(attempt for entry in self.entries.values() for attempt in entry.attempts)


def _spoken(attempts: Iterable[Attempt]) -> dict[str, tuple[int, ...]]:
    ports: defaultdict[str, dict[int, None]] = defaultdict(dict)
    for attempt in attempts:
        if attempt.outcome is Outcome.ANSWERED:
            ports[attempt.probe][attempt.port] = None
    return {probe: tuple(numbers) for probe, numbers in ports.items()}


def _observations(attempts: Iterable[Attempt]) -> list[Observation]:
    return [seen for attempt in attempts for seen in attempt.observations]
