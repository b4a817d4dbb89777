"""The nouns that every room shares. Standard library only, frozen, no behaviour beyond small derivations.

A reply becomes a report in this order: Reply (bytes), Fact, Observation, Match, Identification, Device, Report.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import field
from datetime import UTC, datetime
from typing import NamedTuple

from camscan.dataclass import dataclass

LISTED = "listed-"
"""How the ``probe`` of an observation begins that another system listed (in its ARP table, for example). No scan ends
it."""


class Fact(NamedTuple):
    """One fact in a reply: a key of ``fingerprints/vocabulary.yaml`` and its text."""

    key: str
    value: str


class Outcome(enum.StrEnum):
    """The result of one question. The list is closed: exceptions are for people, outcomes are for the network."""

    ANSWERED = "answered"
    """A reply in the protocol of the question was read."""
    REFUSED = "refused"
    """The address is in use and refused: TCP reset, or ICMP port unreachable."""
    TIMED_OUT = "timed-out"
    """Nothing came within the time allowed."""
    CLOSED = "closed"
    """The peer closed or reset an established connection before a usable reply."""
    UNREACHABLE = "unreachable"
    """No route, or no such neighbour on the link."""
    NOT_SPOKEN = "not-spoken"
    """Something answered, but not in this protocol."""
    MALFORMED = "malformed"
    """The protocol was recognised, but the reply could not be read."""
    OUT_OF_SCOPE = "out-of-scope"
    """The operator did not put the address in scope; nothing was sent."""
    NOT_TRIED = "not-tried"
    """The question was not asked, because of the pace, the budget for a device, or an interruption."""
    BUG = "bug"
    """camscan itself failed here. The failure is recorded against the probe, and the scan continues."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply as it arrived.

    ``device`` groups replies that are known to come from one box (``docs/captured-replies.md``); it is empty in a live
    scan.
    """

    probe: str
    """Name of the protocol, as in the captured-reply format: ``sadp``, ``http`` …"""
    payload: bytes
    ip: str = ""
    """The address that the reply came from; empty if a captured reply has none."""
    port: int = 0
    """The port that the reply came from; 0 if unknown."""
    seen_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    id: str = ""
    device: str = ""
    is_solicited: bool = True
    """Whether it answers a question of camscan. A device, or a forger, can send anything without a question, so that
    such a reply makes no maker certain."""


class Observation(NamedTuple):
    """A fact with the address, port, probe and UTC time at which it was seen."""

    ip: str
    port: int
    probe: str
    key: str
    value: str
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Attempt:
    """One question to one address, and the result."""

    probe: str
    ip: str
    port: int
    outcome: Outcome
    observations: tuple[Observation, ...] = ()
    detail: str = ""
    """One line for a person: why it was malformed, what the bug was."""
    payload: bytes = b""
    """The reply itself, cut to the byte limit of the probe; empty if there was none."""
    seen_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    is_solicited: bool = True
    """As in :class:`Reply`."""


class Confidence(enum.StrEnum):
    """The word for a certainty; the boundaries are documented in ``docs/certainty.md``."""

    CONFIRMED = "confirmed"
    PROBABLE = "probable"
    POSSIBLE = "possible"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Match:
    """One fingerprint that fits one group of observations."""

    fingerprint: str
    """Its id, e.g. ``hikvision.sadp``."""
    claims: Mapping[str, str]
    """What it claims: any of maker, brand, model, firmware, serial, mac, kind, camera ('true'/'false'), …"""
    certainty: float
    """0…1: the probability that the claims are right if this mark is the only one."""
    because: str
    """The observation that fits, for a person: ``sadp.model = DS-2CD2385G1-I (UDP 37020)``."""
    family: str
    """Marks of one family (usually a protocol) are one piece of evidence, however many of them fit."""
    keys: tuple[str, ...] = ()
    """The keys on which the claims are based: a model from ``sadp.model`` outranks one from ``http.title``."""

    _line: str = field(default="", init=False, repr=False, compare=False)

    @property
    def line(self) -> str:
        """The line of the match among the reasons of an identification. It is put together once."""
        if not self._line:
            claims = ", ".join(map(" ".join, self.claims.items()))
            line = f"{self.because}: {claims} [{self.fingerprint} {self.certainty:.2f}]"
            object.__setattr__(self, "_line", line)
        return self._line


@dataclass(frozen=True, slots=True)
class Capability:
    """Something that a device can do, such as ``thermal``, and how well it is known."""

    confidence: str
    """``solid``, ``fair``, ``weak`` or ``reported``: how good the rule behind it is."""
    because: str


@dataclass(frozen=True, slots=True)
class Identification:
    """What one box is, how sure that is, and why."""

    maker: str | None = None
    """The builder: a key of ``fingerprints/makers.yaml``, or None."""
    brand: str | None = None
    """The name on the badge."""
    model: str | None = None
    firmware: str | None = None
    """The firmware as the device writes it. Some devices add the build date, and some report it separately."""
    serial: str | None = None
    mac: str | None = None
    """Lower-case, colon-separated."""
    kind: str | None = None
    """``camera``, ``nvr``, ``dvr``, ``intercom``, ``access_control`` … or None."""
    is_camera_system: bool | None = None
    """Whether it is part of a video surveillance system; None if that is not known."""
    capabilities: Mapping[str, Capability] = field(default_factory=dict)
    confidence: Confidence = Confidence.UNKNOWN
    """The word for ``certainty``."""
    certainty: float = 0.0
    """0…1, of the maker. If the box is not a camera and has no maker: of ``is_camera_system`` being False."""
    because: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    build: str | None = None
    """Build date of the firmware, ``2024-06-06``, from its text or from a field beside it."""


@dataclass(frozen=True, slots=True)
class Device:
    """One box: its identification, every address at which it answered, and the observations behind both."""

    identification: Identification
    ip_addresses: tuple[str, ...]
    """The first one is primary."""
    mac_addresses: tuple[str, ...]
    open_ports: tuple[str, ...]
    """``tcp/80``, ``udp/37020`` …, sorted by number."""
    first_seen: datetime
    last_seen: datetime
    observations: tuple[Observation, ...]
    ids: tuple[str, ...] = ()
    """Ids of the captured replies from which it was made; empty in a live scan."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """What was asked, and what the result was: how complete a report is."""

    addresses: int
    """Addresses in the scope of this run."""
    answered: int
    """Addresses from which any reply came."""
    refused: int
    """Addresses in use (a reset came) that spoke none of the protocols."""
    silent: int
    """Addresses that were asked and did not answer."""
    unreachable: int
    """Addresses without a route."""
    not_tried: int
    """Addresses that were never asked, because the scan was interrupted or ran out of time."""
    outcomes: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """probe -> outcome -> count."""
    notes: tuple[str, ...] = ()
    """What this run could not see and why, one sentence each ("multicast not sent: …")."""
    living: Mapping[str, int] = field(default_factory=dict)
    """Subnet (/24, /64) -> addresses in scope that gave a sign of life; other subnets are absent."""
    is_search: bool = True
    """Whether the addresses were asked one by one, so that silence means something. It is False if camscan only
    listened, for evidence from elsewhere, and for logins to chosen devices."""
    is_listing: bool = False
    """Whether it is a list of devices from another system: no device answered, and none was looked for."""
    left_out: tuple[str, ...] = ()
    """Networks within the targets that were not asked on purpose: they are excluded, or belong to another site."""
    strangers: tuple[str, ...] = ()
    """Addresses outside the targets that answered a question to a group, for example unconfigured units."""
    unfinished: tuple[str, ...] = ()
    """Networks within the targets that were not asked, or not completely. Earlier versions kept only the counts."""
    unreached: tuple[str, ...] = ()
    """Networks within the targets without a route."""


class Completion(enum.StrEnum):
    """How a scan ended."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class Turn:
    """The place of a scan in a round: one run over several sites."""

    round: str
    """The id of the round, which all its scans share."""
    left: int
    """Sites that were still to be scanned after this one; 0 for the last."""


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Report:
    """One scan: the only noun that scan, register and exports share."""

    scan_id: str
    started_at: datetime
    finished_at: datetime
    completion: Completion
    site: str
    """The site; empty if none was named."""
    targets: tuple[str, ...]
    pace: str
    version: str
    """camscan's version."""
    database: str
    """The version of the fingerprint database."""
    # Not in the repr: asyncio.run() asks for the repr of its result at its end, which cost 100 MB for 1,300 devices.
    devices: tuple[Device, ...] = field(repr=False)
    coverage: Coverage
    attempts: tuple[Attempt, ...] = field(default=(), repr=False)
    """Every attempt that got a reply, or that failed in a way that a person should see; silence is only counted."""
    turn: Turn | None = None
    """The place of the scan in its round; None if it was a run of its own."""
    sites: Mapping[str, str] = field(default_factory=dict, repr=False, hash=False)
    """For a scan of several sites: address -> the site that the site map names for it."""
