"""One run of enrichment: which device is asked which questions, on which port, and the report."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from camscan.enrich import Box, Known, Login, load_sources
from camscan.enrich._box import make_box
from camscan.enrich._web import Way, Web
from camscan.fingerprints import Database
from camscan.identify import merge_attempts
from camscan.model import Attempt, Completion, Coverage, Device, Outcome, Report
from camscan.net.pace import Pace
from camscan.net.scope import Scope
from camscan.net.tls import unverified_context, verified_context
from camscan.probes import catch_fault
from camscan.report import make_report
from camscan.words import count_text

AT_ONCE = 8
"""Devices that are asked at the same time, once one of them has accepted the login."""
REFUSALS = 3
"""If so many devices refuse a login that none has accepted, the login is wrong, and no other device is asked."""


@dataclass(slots=True)
class AskedDevice:
    """One device, and the result of asking it."""

    known: Known
    box: Box
    attempts: list[Attempt] = field(default_factory=list)
    refused: bool = False
    tried: bool = False
    sent_openly: bool = False

    @property
    def was_accepted(self) -> bool:
        """Whether the device answered a question that needs the login."""
        return any(attempt.outcome is Outcome.ANSWERED for attempt in self.attempts)


def run_enrichment(
    devices: Sequence[Known],
    login: Login,
    scope: Scope,
    pace: Pace,
    database: Database,
    *,
    allow_unverified_tls: bool,
) -> Report:
    """Ask all devices, and report what they said; see :func:`camscan.enrich.enrich`."""
    started = datetime.now(UTC)
    asked = [AskedDevice(known, make_box(known)) for known in devices]
    completion = Completion.INTERRUPTED
    with contextlib.suppress(KeyboardInterrupt):  # what was asked is recorded, above all failed logins
        asyncio.run(_Run(login, scope, pace, allow_unverified_tls).ask_all(asked))
        completion = Completion.COMPLETE if all(each.was_accepted for each in asked) else Completion.PARTIAL
    return make_report(
        (attempt for each in asked for attempt in each.attempts),
        (device for each in asked if each.was_accepted for device in _merge_devices(each, database)),
        database,
        _make_coverage(asked),
        started_at=started,
        finished_at=datetime.now(UTC),
        completion=completion,
        targets=tuple(each.box.ip for each in asked),  # without a site, rows keep theirs: this was not a scan of a site
        pace=pace.name,
    )


@dataclass
class _Run:
    login: Login
    scope: Scope
    pace: Pace
    allow_unverified_tls: bool

    @cached_property
    def verified_context(self) -> Any:
        """The TLS context with the system's authorities.

        It is made when a device offers TLS, because reading them takes long.
        """
        return verified_context()

    @cached_property
    def unverified_context(self) -> Any:
        """The TLS context without verification. It is made if that is allowed, and a device offers TLS."""
        return unverified_context()

    async def ask_all(self, asked: Sequence[AskedDevice]) -> None:
        """Ask one device after another until the login is known to be right, then several at once."""
        left = iter(asked)
        refusals = 0
        for each in left:
            await self._ask_device(each)
            refusals += each.refused
            if each.was_accepted:
                break
            if refusals >= REFUSALS:
                return
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(self._ask_in_turn(left))

    async def _ask_in_turn(self, left: Iterator[AskedDevice]) -> None:
        for each in left:
            await self._ask_device(each)

    async def _ask_device(self, asked: AskedDevice) -> None:
        """Try each way to a device in turn, until one leads to it."""
        asked.tried = True
        for way in self._list_ways(asked.box):
            if not await self._ask_sources(asked, way):
                return

    async def _ask_sources(self, asked: AskedDevice, way: Way) -> bool:
        """Ask each source in turn, until one is answered. Returns True if another way may be tried."""
        questions = frozenset(
            path for source in load_sources().values() for path in source.questions if path[:1] == "/"
        )
        wanted = [source for source in load_sources().values() if source.wants(asked.box)]
        async with Web(asked.box, way, login=self.login, scope=self.scope, pace=self.pace, questions=questions) as web:
            for source in wanted:
                with catch_fault() as fault:
                    asked.attempts += await source.ask(web)
                if fault.detail:
                    asked.attempts.append(
                        Attempt(source.name, asked.box.ip, way.port, Outcome.BUG, detail=fault.detail)
                    )
                if asked.was_accepted or web.is_over:
                    break
            asked.refused = asked.refused or web.refused
            asked.sent_openly = asked.sent_openly or web.sent_openly
        return web.shut and not asked.was_accepted

    def _list_ways(self, box: Box) -> Iterator[Way]:
        """The ways to a device: TLS with a trusted certificate first, then plain HTTP without the password itself."""
        for port in box.https_ports:
            yield Way(port, self.verified_context, private=True)
        if self.allow_unverified_tls:
            for port in box.https_ports:
                yield Way(port, self.unverified_context)
        for port in box.http_ports:
            yield Way(port)


def _merge_devices(asked: AskedDevice, database: Database) -> list[Device]:
    """The devices of a reply, with what was known before, so that a login adds facts and removes none."""
    fresh = {(attempt.probe, attempt.ip) for attempt in asked.attempts if attempt.outcome is Outcome.ANSWERED}
    earlier: dict[tuple[str, str, int], list[Attempt]] = {}
    for seen in asked.known.observations:
        if (seen.probe, seen.ip) not in fresh:
            place = (seen.probe, seen.ip, seen.port)
            told = Attempt(*place, Outcome.ANSWERED, (seen,), seen_at=seen.seen_at)
            earlier.setdefault(place, []).append(told)
    before = [attempt for attempts in earlier.values() for attempt in attempts]
    return merge_attempts([*before, *asked.attempts], database)


def _make_coverage(asked: Sequence[AskedDevice]) -> Coverage:
    outcomes: dict[str, Counter[str]] = {}
    for each in asked:
        for attempt in each.attempts:
            outcomes.setdefault(attempt.probe, Counter())[attempt.outcome] += 1
    accepted = sum(each.was_accepted for each in asked)
    refused = sum(each.refused and not each.was_accepted for each in asked)
    tried = sum(each.tried for each in asked)
    return Coverage(
        addresses=len(asked),
        answered=accepted,
        refused=refused,
        silent=tried - accepted - refused,
        unreachable=0,
        not_tried=len(asked) - tried,
        outcomes={name: dict(sorted(counts.items())) for name, counts in sorted(outcomes.items())},
        notes=tuple(_list_notes(asked)),
        is_search=False,
    )


def _list_notes(asked: Sequence[AskedDevice]) -> Iterator[str]:
    if left := sum(not each.tried for each in asked):
        yield (
            f"{REFUSALS} devices refused the login and none accepted it: {left} were not tried; correct the "
            f"credential first, because more failures would lock it out"
        )
    if openly := sum(each.sent_openly for each in asked):
        yield (
            f"the login went to {count_text(openly)} over a connection that others may read: not the password itself, "
            f"but anybody who records it can try passwords offline; use a long password that is used nowhere else"
        )
    for each in asked:
        if not each.was_accepted and each.attempts:
            yield f"{_device_name(each)}: {each.attempts[-1].detail or each.attempts[-1].outcome.value}"


def _device_name(asked: AskedDevice) -> str:
    """The address of a device, with its model if known: ``10.1.2.3 (DS-2CD2385G1-I)``."""
    model = asked.known.identification.model
    return f"{asked.box.ip} ({model})" if model else asked.box.ip
