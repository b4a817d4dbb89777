"""Writes a journal while a scan runs."""

from __future__ import annotations

import ipaddress
import json
import os
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any, BinaryIO, Self

from camscan import captures
from camscan.dataclass import dataclass
from camscan.model import Attempt
from camscan.net.span import Span, merge_spans
from camscan.output import create_file, explain_errors, make_folder, open_existing
from camscan.scan.engine import Scan
from camscan.scan.journal import Head, write_head
from camscan.scan.journal.read import JournalContent
from camscan.scan.state import KEPT


@dataclass(slots=True)
class Journal:
    """The file of a run that is in progress."""

    path: Path
    stream: BinaryIO
    head: Head
    number: int = 0
    """The number of the last reply."""
    halves: int = 0
    """How often it was recorded while incomplete."""
    trouble: str = ""
    """Why nothing more is written; empty while it is written."""
    _attempts: list[Attempt] = field(default_factory=list)
    _done: list[Span] = field(default_factory=list)
    _met: list[Span] = field(default_factory=list)
    _alive: set[str] = field(default_factory=set)
    _present: set[str] = field(default_factory=set)
    _proven: dict[str, tuple[object, ...]] = field(default_factory=dict)
    """Address -> the evidence for its proofs when they were written down."""
    _unreachable: dict[str, int] = field(default_factory=dict)
    _cut_off: dict[str, str] = field(default_factory=dict)
    _said: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def begin(cls, path: Path, head: Head) -> Self:
        """A new journal that replaces any file of its name. Raises OutputError."""
        with explain_errors(path):
            make_folder(path.parent)
            path.unlink(missing_ok=True)
            stream = os.fdopen(create_file(path), "wb", buffering=0)
            stream.write(write_head(head))
        return cls(path, stream, head)

    @classmethod
    def resume(cls, path: Path, past: JournalContent) -> Self:
        """The journal of a run that is continued; anything after its last complete line is removed.

        Raises OutputError.
        """
        with explain_errors(path):
            stream = open_existing(path, write=True)
            stream.truncate(past.size)
        journal = cls(path, stream, past.head, number=past.lines, halves=past.halves)
        journal._unreachable = dict(past.checkpoint.unreachable)
        return journal

    def attach(self, scan: Scan) -> None:
        """Record everything that the scan finds."""
        self._alive = {*scan.state.alive}
        scan.state.on_new = self._attempts.append
        scan.on_done = lambda ip: self._on_done(ip, is_alive=ip in scan.state.alive)

    def gather_lines(self, scan: Scan) -> bytes:
        """The lines for what happened since the last call."""
        attempts, self._attempts = self._attempts, []
        scan.state.on_new = self._attempts.append
        lines = []
        for attempt in attempts:
            self.number += 1
            (text,) = (
                captures.write_captures([attempt], first=self.number) if attempt.payload else (without_reply(attempt),)
            )
            lines.append(f"{text}\n".encode(errors="replace"))
        if mark := self._make_mark(scan):
            lines.append(_line({"mark": mark}))
        return b"".join(lines)

    def write(self, lines: bytes) -> None:
        """Append lines and flush them to the disk. A full disk costs the journal, never the scan."""
        if not lines or self.trouble:
            return
        try:
            self.stream.write(lines)
            os.fsync(self.stream.fileno())
        except OSError as error:
            self.trouble = error.strerror or str(error)

    def note_end(self, scan_id: str) -> None:
        """Write that nothing is left to ask: a scan of this id is about to be recorded."""
        self.write(_line({"ended": scan_id}))

    def scan_id(self, *, is_half: bool) -> str:
        """The id of the scan, or of its next part if it is incomplete. Empty in a journal of version 1."""
        return f"{self.head.scan}.{self.halves + 1}" if is_half and self.head.scan else self.head.scan

    def end_half(self) -> None:
        """Write that the part is recorded: what is found from now on belongs to another one."""
        self.halves += 1
        self.write(half_line(self.halves))

    def close(self, *, remove: bool) -> None:
        """Close it. Remove it if its run is recorded and nothing is left to continue."""
        self.stream.close()
        if remove:
            self.path.unlink(missing_ok=True)

    def _on_done(self, ip: str, *, is_alive: bool) -> None:
        span = _span(ip)
        if span:
            self._done.append(span)
            if is_alive:
                self._met.append(span)

    def _make_mark(self, scan: Scan) -> dict[str, Any]:
        """What changed since the last mark. Every mark has the counts, so that a lost mark loses none."""
        alive = scan.state.alive - self._alive
        self._alive |= alive
        silent = [span for ip in alive if ip not in scan.state.hosts and (span := _span(ip))]
        present = scan.state.present - self._present
        self._present |= present
        rumoured = [span for ip in present if (span := _span(ip))]
        unreachable = {
            subnet: bits for subnet, bits in scan.state.unreachable.items() if self._unreachable.get(subnet) != bits
        }
        self._unreachable.update(unreachable)
        counted = {
            "outcomes": {
                probe: kept
                for probe, counts in scan.state.outcomes.items()
                if (kept := {name: count for name, count in counts.items() if name not in KEPT})
            },
            "datagrams": dict(scan.tally.datagrams),
            "notes": list(scan.tally.notes),
        }
        mark: dict[str, Any] = {name: value for name, value in counted.items() if self._said.get(name) != value}
        self._said.update(mark)
        for name, spans in (("done", self._done), ("met", self._met), ("alive", silent), ("present", rumoured)):
            if spans:
                mark[name] = [[span.version, span.first, span.last] for span in merge_spans(spans)]
        self._done, self._met = [], []
        if proven := self._newly_proven(scan):
            mark["proven"] = proven
        if cut_off := dict(scan.state.cut_off.items() - self._cut_off.items()):
            self._cut_off |= cut_off
            mark["cut_off"] = cut_off
        if unreachable:
            mark["unreachable"] = {subnet: f"{bits:x}" for subnet, bits in unreachable.items()}
        return mark

    def _newly_proven(self, scan: Scan) -> dict[str, dict[str, list[str]]]:
        """Address -> replies that it has proved to be its own, if that changed since the last mark."""
        found = {}
        for ip, host in scan.state.hosts.items():
            rests_on = (len(host.attempts), host.observed, *host.proof.items())
            if host.proof and self._proven.get(ip) != rests_on:
                self._proven[ip] = rests_on
                if proven := scan.state.proven_digests(ip):
                    found[ip] = proven
        return found


def half_line(number: int) -> bytes:
    """The line after the part of an incomplete scan that was recorded or exported."""
    return _line({"half": number})


def _line(members: Mapping[str, Any]) -> bytes:
    return json.dumps(members, ensure_ascii=False).encode(errors="replace") + b"\n"


def _span(ip: str) -> Span | None:
    """The span of an address; None for an address with a zone, because no target has one."""
    if "%" in ip:
        return None
    address = ipaddress.ip_address(ip)
    return Span(address.version, int(address), int(address))


def without_reply(attempt: Attempt) -> str:
    """The line, without its line break, of an attempt without a reply."""
    members = {name: getattr(attempt, name) for name in ("probe", "ip", "port", "outcome", "detail")}
    return json.dumps({"attempt": members | {"seen_at": attempt.seen_at.isoformat()}}, ensure_ascii=False)
