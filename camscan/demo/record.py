"""What the estate saw: requests, broken rules, connections."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping

from camscan.demo.device import Request, Violation
from camscan.demo.inspector import inspect

KEPT = 100_000
"""The newest requests are kept, up to this number; violations are all kept."""


class Record:
    """The inspector of requests that all units share."""

    def __init__(self) -> None:
        self.violations: list[Violation] = []
        self.requests: deque[Request] = deque(maxlen=KEPT)
        self.challenges: dict[str, int] = {}
        self.peak: dict[str, int] = {}
        self.connections: dict[str, list[tuple[int, float, float]]] = {}

    def record_request(self, ip: str, port: int, protocol: str, payload: bytes, host: str = "") -> None:
        """Store one request, and check it against the rules.

        ``host`` is the name that the request should use for the unit; its address if empty.
        """
        now = asyncio.get_running_loop().time()
        self.requests.append(Request(ip, port, protocol, payload[:512], now))
        for rule, detail in inspect(protocol, payload, host or ip):
            self.record_violation(ip, port, protocol, rule, detail)

    def record_violation(self, ip: str, port: int, protocol: str, rule: str, detail: str) -> None:
        """Store one broken rule."""
        self.violations.append(Violation(ip, port, protocol, rule, detail))

    def record_opening(self, ip: str, port: int, others: int) -> None:
        """Note that a connection was opened while ``others`` were open to the same unit."""
        self.peak[ip] = max(self.peak.get(ip, 0), others + 1)
        if others:
            self.record_violation(ip, port, "tcp", "second connection", f"{others} already open")

    def record_closing(self, ip: str, port: int, opened_at: float) -> None:
        """Note how long a connection was open."""
        self.connections.setdefault(ip, []).append((port, opened_at, asyncio.get_running_loop().time()))

    def count_challenge(self, ip: str) -> None:
        """Count one HTTP 401."""
        self.challenges[ip] = self.challenges.get(ip, 0) + 1

    def clear(self) -> None:
        """Delete all records, for a second scan of the same estate."""
        self.violations.clear()
        self.requests.clear()
        for counts in (self.challenges, self.peak, self.connections):
            counts.clear()

    def summary(self) -> Mapping[str, object]:
        """Counts, for a process that runs the estate for another."""
        return {
            "requests": len(self.requests),
            "connections_peak": max(self.peak.values(), default=0),
            "challenges": dict(self.challenges),
        }
