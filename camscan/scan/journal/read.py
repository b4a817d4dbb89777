"""Reads the journal of an interrupted run. Nothing in it is trusted."""

from __future__ import annotations

import ipaddress
import itertools
import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from camscan import captures
from camscan.dataclass import dataclass
from camscan.errors import OutputError
from camscan.model import Attempt, Outcome, Reply
from camscan.net.span import Span, common_spans, merge_spans
from camscan.output import open_existing
from camscan.scan.checkpoint import Checkpoint
from camscan.scan.journal import LONGEST_LINE, Head, read_head

_SPANS = ("done", "met", "alive", "present")


@dataclass(frozen=True, slots=True)
class JournalContent:
    """The contents of a journal."""

    head: Head
    checkpoint: Checkpoint
    ended: str
    """The id of the scan that was about to be recorded when it was complete; empty if it was not complete."""
    halves: int
    """How often it was recorded, or exported, while incomplete."""
    is_moved_on: bool
    """Whether it found something after the last of these parts."""
    size: int
    """Bytes up to the end of the last complete line."""
    lines: int


def load_journal(path: Path, targets: Sequence[Span] = ()) -> JournalContent:
    """Read a journal; ``targets`` are the addresses that may count as finished, merged and sorted.

    Raises OutputError if it cannot be read, or is not a journal.
    """
    try:
        with open_existing(path) as stream:
            return _load(stream, targets)
    except OSError as error:
        raise OutputError(f"{path}: cannot be read: {error.strerror or error}; start again with --discard") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise OutputError(f"{path}: is not the journal of an interrupted scan; start again with --discard") from error


def _load(stream: BinaryIO, targets: Sequence[Span]) -> JournalContent:
    first = stream.readline(LONGEST_LINE)
    head = read_head(first)
    reading = _Reading()
    size, number = len(first), 0
    for number in itertools.count(1):  # noqa: B007 - used after the loop
        line = stream.readline(LONGEST_LINE)
        if not line.endswith(b"\n"):
            break
        try:
            reading.read_line(line.decode())
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
            break  # torn by a power cut: everything after it is asked again
        size += len(line)
    return JournalContent(
        *(head, reading.make_checkpoint(targets), reading.ended, reading.halves),
        is_moved_on=reading.is_moved_on,
        size=size,
        lines=number,
    )


@dataclass(slots=True)
class _Reading:
    """The result of the lines so far."""

    attempts: list[Attempt] = field(default_factory=list)
    spans: defaultdict[str, list[Span]] = field(default_factory=lambda: defaultdict(list))
    unreachable: dict[str, int] = field(default_factory=dict)
    outcomes: dict[str, Counter[str]] = field(default_factory=dict)
    datagrams: dict[str, int] = field(default_factory=dict)
    notes: dict[str, None] = field(default_factory=dict)
    proven: dict[str, dict[str, frozenset[str]]] = field(default_factory=dict)
    cut_off: dict[str, str] = field(default_factory=dict)
    ended: str = ""
    halves: int = 0
    is_moved_on: bool = True

    def read_line(self, line: str) -> None:
        members = json.loads(line)
        if "half" in members:
            self.halves, self.is_moved_on = int(members["half"]), False
            return
        self.is_moved_on = True
        if "mark" in members:
            self._read_mark(members["mark"])
        elif "attempt" in members:
            self.attempts.append(read_attempt(members["attempt"]))
        elif "ended" in members:
            self.ended = str(members["ended"])
        else:
            (reply,) = captures.read_captures([line])
            if not isinstance(reply, Reply):
                raise ValueError(reply.why)
            self.attempts.append(captures.observe_reply(reply))
            self.ended = ""

    def _read_mark(self, members: Mapping[str, Any]) -> None:
        spans = {name: [_read_span(*each) for each in members.get(name, ())] for name in _SPANS}
        unreachable = {str(subnet): int(bits, 16) for subnet, bits in members.get("unreachable", {}).items()}
        outcomes = {
            str(probe): Counter({Outcome(name).value: int(count) for name, count in counts.items()})
            for probe, counts in members.get("outcomes", {}).items()
        }
        datagrams = {str(name): int(count) for name, count in members.get("datagrams", {}).items()}
        notes = dict.fromkeys(map(str, members.get("notes", ())))
        proven = {
            str(ip): {str(name): frozenset(map(str, digests)) for name, digests in each.items()}
            for ip, each in members.get("proven", {}).items()
        }
        cut_off = {str(ip): str(why) for ip, why in members.get("cut_off", {}).items()}
        self.proven |= proven
        self.cut_off |= cut_off
        for name, found in spans.items():
            self.spans[name] += found
        self.unreachable |= unreachable
        self.outcomes |= outcomes
        self.datagrams |= datagrams
        self.notes |= notes

    def make_checkpoint(self, targets: Sequence[Span]) -> Checkpoint:
        """The checkpoint. Addresses that are not targets are ignored."""

        def inside(name: str) -> tuple[Span, ...]:
            return tuple(merge_spans(common_spans(merge_spans(self.spans[name]), list(targets))))

        return Checkpoint(
            attempts=tuple(self.attempts),
            finished=inside("done"),
            met=inside("met"),
            alive=inside("alive"),
            present=inside("present"),
            proven=self.proven,
            cut_off=self.cut_off,
            unreachable=self.unreachable,
            outcomes=self.outcomes,
            datagrams=self.datagrams,
            notes=tuple(self.notes),
        )


def _read_span(version: int, first: int, last: int) -> Span:
    make = {4: ipaddress.IPv4Address, 6: ipaddress.IPv6Address}[version]
    if int(make(first)) > int(make(last)):
        raise ValueError("reversed")
    return Span(version, first, last)


def read_attempt(members: Mapping[str, Any]) -> Attempt:
    """What ``without_reply`` wrote. Raises ValueError, KeyError or TypeError for anything else."""
    return Attempt(
        probe=str(members["probe"]),
        ip=str(ipaddress.ip_address(members["ip"])),
        port=int(members["port"]),
        outcome=Outcome(members["outcome"]),
        detail=str(members["detail"]),
        seen_at=datetime.fromisoformat(members["seen_at"]),
    )
