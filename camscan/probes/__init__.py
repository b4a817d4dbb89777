"""One protocol per file. Each has a ``PROBE`` and is found by its place; there is no registry.

A probe *sees*: it says which bytes may be sent, and turns one reply into facts. It names no maker and no model;
fingerprints do that. A protocol that camscan never asks (SNMP, DHCP, banners …) is a probe that sends nothing: its
parser serves captured replies.
"""

from __future__ import annotations

import enum
import functools
import importlib
import pkgutil
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import field, replace
from typing import Self
from uuid import UUID

from camscan.cache import ENTRY, Cache
from camscan.dataclass import dataclass
from camscan.errors import Malformed, NotSpoken
from camscan.model import Attempt, Fact, Observation, Outcome, Reply
from camscan.net.host import Answer, Host
from camscan.net.text import storable_text

Facts = list[Fact]

FACTS = 512
"""Values of one key that count in one reply. More are left out, and the attempt says so.

A recorder of 512 channels has as many; a camera has at most 60 of one key.
"""
UNSOLICITED = "reply.unsolicited"
"""The fact that marks a reply to no question of ours; its value is the protocol."""
_LONGEST_DETAIL = 200
"""Characters of the text of a fault: the text of an exception may hold what a device sent."""


class Stage(enum.IntEnum):
    """Gentlest first. A later stage runs for an address only if it can still add something."""

    NEVER = 0
    """Nothing is ever sent: the parser reads captured or passively heard replies."""
    DATAGRAM = 1
    """One UDP question, by multicast, broadcast and unicast."""
    CONNECT = 2
    """One TCP connection with one harmless request that draws no authentication event."""
    CHALLENGE = 3
    """At most one request that draws a 401, only for a device that is still unnamed."""


@dataclass(frozen=True, slots=True)
class Datagram:
    """One UDP question. A probe's questions are asked in their order, one per round, until the device has answered."""

    label: str
    """The name of this question among the probe's questions: ``inquiry``, ``inquiry_v32`` …"""
    payload: Callable[[UUID], bytes]
    """The bytes; the UUID is new for each scan and question, if the protocol has a place for one."""
    port: int
    groups: tuple[str, ...] = ()
    """Multicast groups, IPv4 and IPv6, to which it may also be sent."""
    broadcast: bool = False
    """Whether it may also be sent to the subnet's broadcast address."""
    unicast: bool = True


@dataclass(frozen=True, slots=True)
class Seen:
    """What the scan already knows about an address. A probe decides by it whether it may still add something."""

    facts: Mapping[str, tuple[str, ...]]
    """key -> values seen so far at this address."""
    maker: str | None = None
    """The maker, if it is "probable" or better."""
    confirmed: bool = False
    """The maker is confirmed."""
    complete: bool = False
    """Maker, model, firmware and serial are all known with confidence."""
    no_camera: bool = False
    """Identified, at "probable" or better, as something that is not part of a video system: a printer, a switch."""
    spoken: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """probe -> ports on which the device has answered in its protocol, in the order of the answers."""


def is_always_wanted(_seen: Seen) -> bool:
    """True: the probe may always add something."""
    return True


def unless_complete(seen: Seen) -> bool:
    """Whether maker, model, firmware or serial is still unknown."""
    return not seen.complete


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One protocol: what is asked, when, and how a reply is read."""

    name: str
    """Protocol name, as in the captured-reply format."""
    title: str
    """One line for ``camscan probes``."""
    stage: Stage
    never: str
    """One line for ``camscan probes``: what this probe never sends or does."""
    parse: Callable[[bytes], Facts]
    """Pure: reply bytes to facts. Raises NotSpoken or Malformed, nothing else, on any input."""
    parse_from: Callable[[bytes, str], Facts] | None = None
    """As ``parse``, for a protocol in which the address of the sender matters: its replies may be about other hosts."""
    limit: int = 65536
    """Bytes of a reply that are read; the rest is left unread."""
    datagrams: tuple[Datagram, ...] = ()
    echo_of: Callable[[bytes], str] | None = None
    """Pure: the identifier of the question that a reply echoes, as it is written there; empty if none. None if the
    protocol has no place for one. It is compared by its hexadecimal digits."""
    essence: Callable[[bytes], bytes] | None = None
    """Pure: a reply without the identifiers of messages, which are new in each and say nothing about the device. Only
    that is parsed, so that the same answer to several questions is parsed once. None if replies hold no such thing."""
    listen_ports: tuple[int, ...] = ()
    """UDP ports on which to join the groups, for devices that answer to the group instead of the sender."""
    ports: tuple[int, ...] = ()
    """TCP ports tried by default; the operator may replace them (``ports:`` in camscan.yaml)."""
    learned_ports: Callable[[Seen], tuple[int, ...]] | None = None
    """TCP ports that earlier replies named (SADP HttpPort …); they are asked before the defaults."""
    ask: Callable[[Host, int, Seen], Awaitable[Sequence[Answer]]] | None = None
    """One polite TCP conversation on one port through the door; None if nothing is sent over TCP."""
    follow: Callable[[Host, Answer, Seen], Awaitable[Sequence[Answer]]] | None = None
    """The one further question to which the last answer of ``ask`` may lead. It is asked only while something is
    unknown."""
    examples: tuple[bytes, ...] = ()
    """For TCP probes: every request that ``ask`` can send, byte for byte, with ``HOST`` for the address."""
    wants: Callable[[Seen], bool] = is_always_wanted
    """Whether it can still add something for an address."""


@functools.cache
def load() -> Mapping[str, Probe]:
    """Every probe by name, gentlest stage first, then by name."""
    found = [importlib.import_module(f"{__name__}.{module.name}").PROBE for module in pkgutil.iter_modules(__path__)]
    return {probe.name: probe for probe in sorted(found, key=lambda probe: (probe.stage, probe.name))}


@functools.cache
def load_probe(name: str) -> Probe:
    """The probe of one protocol, without importing all others. Raises ModuleNotFoundError if there is none."""
    found: Probe = importlib.import_module(f"{__name__}.{name}").PROBE
    return found


class Fault:
    """An error of camscan itself inside a ``catch_fault`` block. Not a generator, because every reply needs one."""

    __slots__ = ("detail",)

    def __init__(self) -> None:
        self.detail = ""
        """One line for a person; empty if nothing went wrong."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _trace: object) -> bool:
        if not isinstance(error, Exception):
            return False
        text = f"{type(error).__name__}: {error}".encode("utf-8", "replace").decode()
        self.detail = "".join(one if one.isprintable() else " " for one in text[:_LONGEST_DETAIL])
        return True


def catch_fault() -> Fault:
    """The one safety net under all code that reads what a device sent: our own error is noted, and the run continues.

    Cancellation passes. The caller turns the fault into ``Outcome.BUG``, with the bytes that caused it.
    """
    return Fault()


_make = tuple.__new__
_WIDEST = 4
"""Bytes that a character takes at most."""


def read_reply(probe: Probe, reply: Reply) -> Attempt:
    """Parse one reply and stamp its facts with address, port, probe and time. Pure; the outcome says what was wrong.

    The first ``FACTS`` values of each key count, so that a reply that repeats itself keeps its other facts. Any
    exception of a parser except NotSpoken and Malformed is our own error: ``Outcome.BUG``, and the reply is kept.
    """
    payload = reply.payload[: probe.limit]
    facts: Facts = []
    outcome, detail = Outcome.ANSWERED, ""
    with catch_fault() as fault:
        try:
            facts, detail = _read_facts(probe, payload, reply.ip)
        except NotSpoken as error:
            outcome, detail = Outcome.NOT_SPOKEN, str(error)
        except Malformed as error:
            outcome, detail = Outcome.MALFORMED, str(error)
    if fault.detail:
        outcome, facts, detail = Outcome.BUG, [], fault.detail
    ip, port, name, seen_at = reply.ip, reply.port, probe.name, reply.seen_at
    # As ``Observation(…)``, without the call in between: there are thirty in a reply.
    observations = tuple([_make(Observation, (ip, port, name, key, value, seen_at)) for key, value in facts])
    attempt = Attempt(probe.name, reply.ip, reply.port, outcome, observations, detail, payload, reply.seen_at)
    return attempt if reply.is_solicited else as_unsolicited(attempt)


def _read_facts(probe: Probe, payload: bytes, ip: str) -> tuple[Facts, str]:
    """The facts of a reply, in a form that can be stored, and what was left out.

    Units of one model send the same bytes, and one unit sends them to every question.
    """
    payload = probe.essence(payload) if probe.essence else payload
    asked = (probe.parse_from, payload, ip) if probe.parse_from else (probe.parse, payload)
    known = _reply_cache().get(asked)
    if known is None:
        found, detail = _cap_facts(probe.parse_from(payload, ip) if probe.parse_from else probe.parse(payload))
        told = "".join([value for _, value in found])
        if not told.isprintable():
            found = [Fact(key, storable_text(value)) for key, value in found]
        known = found, detail
        _reply_cache().keep(asked, known, ENTRY * (1 + len(found)) + len(payload) + _WIDEST * len(told))
    return known


@functools.cache
def _reply_cache() -> Cache[tuple[object, ...], tuple[Facts, str]]:
    """Earlier replies and their facts: parsers are pure."""
    return Cache(4 << 20)


def forget_replies() -> None:
    """Empty the cache: after a scan, few of these replies come again."""
    _reply_cache().clear()


def as_unsolicited(attempt: Attempt) -> Attempt:
    """The attempt, marked as a reply to no question of ours. Its facts say so wherever they are kept."""
    mark = Observation(attempt.ip, attempt.port, attempt.probe, UNSOLICITED, attempt.probe, attempt.seen_at)
    told = (*attempt.observations, mark) if attempt.observations else ()
    return replace(attempt, observations=told, is_solicited=False)


def _cap_facts(facts: Facts) -> tuple[Facts, str]:
    """The first ``FACTS`` of each key, and a line about what was left out; empty if nothing was."""
    if len(facts) <= FACTS:
        return facts, ""
    count: Counter[str] = Counter()
    kept = []
    for fact in facts:
        count[fact.key] += 1
        if count[fact.key] <= FACTS:
            kept.append(fact)
    beyond = [key for key, number in count.items() if number > FACTS]
    return kept, f"more than {FACTS} values of {', '.join(beyond)}: the others left out" if beyond else ""


def read_datagram(probes: Iterable[Probe], payload: bytes, ip: str, port: int) -> Attempt | None:
    """Read a datagram with the protocol of the port that it came from, else with any protocol that clearly reads it.

    Some devices answer from another port than the one that was asked. If nothing reads it: the result of the port's own
    protocol, or our own error that kept another from reading it; None if there is neither.
    """
    own: Attempt | None = None
    fault: Attempt | None = None
    for probe in sorted((each for each in probes if each.datagrams), key=lambda each: not _uses_port(each, port)):
        attempt = read_reply(probe, Reply(probe.name, payload, ip, port))
        said = any(not seen.key.endswith(".unreadable") for seen in attempt.observations)
        if attempt.outcome is Outcome.ANSWERED and (said or _uses_port(probe, port)):
            return attempt
        if _uses_port(probe, port) and (own is None or attempt.outcome in _RECOGNISED):
            own = attempt
        elif attempt.outcome is Outcome.BUG:
            fault = fault or attempt
    return own if own and own.outcome in _RECOGNISED else fault or own


_RECOGNISED = frozenset({Outcome.MALFORMED, Outcome.BUG})
"""Recognised by the port's own protocol, and not read."""


def _uses_port(probe: Probe, port: int) -> bool:
    return any(question.port == port for question in probe.datagrams)
