"""What is known about one address: its replies, their facts, and the proof that they are its own."""

from __future__ import annotations

import enum
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from hashlib import blake2b
from itertools import combinations

from camscan.dataclass import dataclass
from camscan.fingerprints import Database
from camscan.identify import identify_box
from camscan.model import Attempt, Identification, Observation, Outcome
from camscan.probes import Seen, catch_fault

MOST_FACTS = 2048
"""Facts that are kept of one address; all of them are weighed a few times in a scan. A recorder with 256 channels has a
thousand."""
FACT = 400
"""Bytes that one fact takes besides its text, as measured."""
_NAMES = (".serial", ".mac", ".model", ".endpoint", ".device_type", ".hardware")
"""The ends of keys that distinguish one unit from another."""


class Proof(enum.IntEnum):
    """What shows that a reply comes from the unit whose address it has."""

    NONE = 0
    GROUP = 1
    """It echoes a question to a group: everybody in the group knows it."""
    OWN = 2
    """It echoes a question to this address alone, or came to a port from which nobody else was asked."""


@dataclass(slots=True)
class HostRecord:
    """What is known about one address."""

    attempts: list[Attempt] = field(default_factory=list)
    facts: dict[str, dict[str, None]] = field(default_factory=dict)
    """Key -> values, in the order in which they were seen."""
    identification: Identification | None = None
    """The identification by the facts; None if it must be computed again."""
    seen: Seen | None = None
    """What a probe may know about it; None if it must be put together again."""
    payloads: set[tuple[str, bytes]] = field(default_factory=set)
    """Replies that are recorded already: a device sends the same bytes once per question and per interface."""
    proof: dict[str, Proof] = field(default_factory=dict)
    """Protocol -> the best proof of any of its replies; replies with less proof are not of this unit."""
    has_unsolicited: bool = False
    observed: int = 0
    """Facts that are kept, including repetitions."""
    size: int = 0
    """About how many bytes all of it takes."""
    _is_of_several: bool | None = None
    """Whether its replies cannot all be of one unit; None if it must be looked at again."""

    def add(self, attempt: Attempt) -> None:
        """Add the facts of an attempt."""
        self.attempts.append(attempt)
        self.seen = None
        self.payloads.add((attempt.probe, attempt.payload))
        self.has_unsolicited |= not attempt.is_solicited
        self.observed += len(attempt.observations)
        for seen in attempt.observations:
            self.facts.setdefault(seen.key, {})[seen.value] = None
        if attempt.observations:
            self.identification = self._is_of_several = None

    def said_before(self, attempt: Attempt) -> Attempt | None:
        """An earlier attempt that said all that this one says, in the same protocol on the same port.

        A unit answers a group, and then the question to it alone: the two replies differ in nothing but the identifiers
        of the messages.
        """
        if not attempt.observations:
            return None
        told = {(seen.key, seen.value) for seen in attempt.observations}
        for one in self.attempts:
            if (
                (one.probe, one.port) == (attempt.probe, attempt.port)
                and (one.is_solicited or not attempt.is_solicited)
                and len(one.observations) >= len(told)
                and told <= {(seen.key, seen.value) for seen in one.observations}
            ):
                return one
        return None

    @property
    def is_of_several(self) -> bool:
        """Whether two replies in one protocol cannot be of one unit: they name different ones."""
        if self._is_of_several is None:
            self._is_of_several = _are_of_several(self.attempts)
        return self._is_of_several

    @property
    def is_full(self) -> bool:
        """Whether nothing more from it is read."""
        return self.observed >= MOST_FACTS


def size_of_attempt(attempt: Attempt) -> int:
    """About how many bytes it takes."""
    return len(attempt.payload) + sum([FACT + len(seen.value) for seen in attempt.observations])


def reply_digest(payload: bytes) -> str:
    """The digest by which a reply is recognised."""
    return blake2b(payload, digest_size=8).hexdigest()


def rebuild_record(host: HostRecord, attempts: Iterable[Attempt]) -> HostRecord:
    """The record of these attempts only. Every reply that was ever recorded is still recognised."""
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


def _are_of_several(attempts: Iterable[Attempt]) -> bool:
    said: defaultdict[str, list[Mapping[str, frozenset[str]]]] = defaultdict(list)
    for attempt in attempts:
        if attempt.observations:
            said[attempt.probe].append(_unit_names(attempt))
    return any(_differ(*pair) for names in said.values() for pair in combinations(names, 2))


def without_facts(attempt: Attempt) -> Attempt:
    """The reply without its facts: somebody else may have sent it."""
    return replace(attempt, observations=(), is_solicited=False)


def ports_by_protocol(attempts: Iterable[Attempt]) -> dict[str, tuple[int, ...]]:
    """Protocol -> the ports on which it was answered."""
    ports: defaultdict[str, dict[int, None]] = defaultdict(dict)
    for attempt in attempts:
        if attempt.outcome is Outcome.ANSWERED:
            ports[attempt.probe][attempt.port] = None
    return {probe: tuple(numbers) for probe, numbers in ports.items()}


def is_answer(attempt: Attempt) -> bool:
    """Whether it answers a question, even if it could not be read; an ARP answer does not."""
    read = attempt.outcome is Outcome.ANSWERED
    unread = bool(attempt.payload) and attempt.outcome in {Outcome.MALFORMED, Outcome.BUG}
    return (read or unread) and attempt.probe != "mac"


def observations_of(attempts: Iterable[Attempt]) -> list[Observation]:
    """All their facts, in order."""
    return [seen for attempt in attempts for seen in attempt.observations]


def identify_attempts(attempts: Iterable[Attempt], database: Database) -> Identification:
    """Who their facts say that it is; nobody if an error of camscan keeps it from finding out."""
    with catch_fault():  # the report weighs it again, and says so
        return identify_box(observations_of(attempts), database)
    return Identification()
