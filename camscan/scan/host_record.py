"""What is known of one address: its replies, what they say, and how well they are proved to be its own."""

from __future__ import annotations

import enum
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from hashlib import blake2b
from itertools import combinations

from camscan.dataclass import dataclass
from camscan.model import Attempt, Identification, Observation, Outcome
from camscan.probes import Seen

MOST_FACTS = 2048
"""Facts kept of one address: each is weighed, a few times in a scan. A recorder with 256 channels tells a thousand."""
_NAMES = (".serial", ".mac", ".model", ".endpoint", ".device_type", ".hardware")
"""How the keys end that tell one unit from another."""


class Proof(enum.IntEnum):
    """What shows that a reply is of the unit whose address it bears."""

    NONE = 0
    GROUP = 1
    """It echoes what a group was asked: whoever is in the group can."""
    OWN = 2
    """It echoes what this address alone was asked, or came to a port that asked nobody else."""


@dataclass(slots=True)
class HostRecord:
    """What is known of one address."""

    attempts: list[Attempt] = field(default_factory=list)
    facts: dict[str, dict[str, None]] = field(default_factory=dict)
    """key -> values, in the order in which they were seen."""
    identification: Identification | None = None
    """What the facts say; None where it has to be found again."""
    seen: Seen | None = None
    """What a probe may know of it; None where that has to be put together again."""
    payloads: set[tuple[str, bytes]] = field(default_factory=set)
    """Replies already recorded: a device answers once per question and per interface, with the same bytes."""
    proof: dict[str, Proof] = field(default_factory=dict)
    """Protocol -> the best that any of its replies proves: those that prove less are not of this unit."""
    has_unsolicited: bool = False
    observed: int = 0
    """Facts kept, repetitions included."""
    size: int = 0
    """Bytes that all of it takes, about."""

    def add(self, attempt: Attempt) -> None:
        """Take in what an attempt says."""
        self.attempts.append(attempt)
        self.seen = None
        self.payloads.add((attempt.probe, attempt.payload))
        self.has_unsolicited |= not attempt.is_solicited
        self.observed += len(attempt.observations)
        for seen in attempt.observations:
            self.facts.setdefault(seen.key, {})[seen.value] = None
        if attempt.observations:
            self.identification = None

    @property
    def is_full(self) -> bool:
        """Whether nothing more that it says is read."""
        return self.observed >= MOST_FACTS


def reply_digest(payload: bytes) -> str:
    """By which a reply is known again."""
    return blake2b(payload, digest_size=8).hexdigest()


def rebuild_record(host: HostRecord, attempts: Iterable[Attempt]) -> HostRecord:
    """The record of these attempts alone; every reply that was ever recorded stays known."""
    fresh = HostRecord(payloads=host.payloads, proof=host.proof, size=host.size)
    for attempt in attempts:
        fresh.add(attempt)
    return fresh


def _unit_names(attempt: Attempt) -> Mapping[str, frozenset[str]]:
    """What a reply says that tells one unit from another: key -> values."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for _, _, _, key, value, _ in attempt.observations:
        if key.endswith(_NAMES):
            found[key].add(value)
    return {key: frozenset(values) for key, values in found.items()}


def _differ(one: Mapping[str, frozenset[str]], other: Mapping[str, frozenset[str]]) -> bool:
    """Whether two replies in one protocol, by their names, cannot be of one unit."""
    return any(values.isdisjoint(other[key]) for key, values in one.items() if key in other)


def of_others(same: Iterable[Attempt], attempt: Attempt) -> list[Attempt]:
    """Those attempts of the same protocol that name another unit than this one does."""
    names = _unit_names(attempt)
    return [one for one in same if _differ(_unit_names(one), names)]


def are_of_several(attempts: Iterable[Attempt]) -> bool:
    """Whether two replies in one protocol cannot be of one unit: they name different ones."""
    said: defaultdict[str, list[Mapping[str, frozenset[str]]]] = defaultdict(list)
    for attempt in attempts:
        if attempt.observations:
            said[attempt.probe].append(_unit_names(attempt))
    return any(_differ(*pair) for names in said.values() for pair in combinations(names, 2))


def without_facts(attempt: Attempt) -> Attempt:
    """The reply as one that says nothing: somebody else may have sent it."""
    return replace(attempt, observations=(), is_solicited=False)


def ports_by_protocol(attempts: Iterable[Attempt]) -> dict[str, tuple[int, ...]]:
    """Protocol -> ports on which it was answered."""
    ports: defaultdict[str, dict[int, None]] = defaultdict(dict)
    for attempt in attempts:
        if attempt.outcome is Outcome.ANSWERED:
            ports[attempt.probe][attempt.port] = None
    return {probe: tuple(numbers) for probe, numbers in ports.items()}


def is_answer(attempt: Attempt) -> bool:
    """Whether it answers a question, even if it could not be read; ARP does not."""
    read = attempt.outcome is Outcome.ANSWERED
    unread = bool(attempt.payload) and attempt.outcome in {Outcome.MALFORMED, Outcome.BUG}
    return (read or unread) and attempt.probe != "mac"


def observations_of(attempts: Iterable[Attempt]) -> list[Observation]:
    """All that they say, in order."""
    return [seen for attempt in attempts for seen in attempt.observations]
