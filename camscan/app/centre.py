"""The centre: what collectors ask of it over HTTPS, and its answers. Nothing of the register is ever among them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from camscan.app import uploads
from camscan.app.resume import journal_folder
from camscan.app.workspace import Workspace
from camscan.parcel import MOST_BYTES
from camscan.parcel.errand import Asked, signed
from camscan.parcel.keys import own_key, public_of
from camscan.parcel.signature import Call, Signed, verified
from camscan.store.collectors import Collector, Collectors, State, Turn
from camscan.store.database import Store
from camscan.store.errands import ANSWERS, Errand, Errands
from camscan.store.parcels import Parcels

__all__ = [
    "MOST_BYTES",
    "Call",
    "Centre",
    "Reply",
    "errand_key_place",
]

CLOCKS = timedelta(minutes=10)
"""So far the clock of a collector may be from ours."""
MOST = 1_000_000
"""Bytes of a request that is no part of a parcel."""
POLL_SECONDS = 300
_ID = r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?:\.[1-9][0-9]{0,5})?)"
_WAYS = (
    ("POST", re.compile(r"/poll"), "poll"),
    ("POST", re.compile(rf"/errand/{_ID}"), "errand"),
    ("HEAD", re.compile(rf"/parcel/{_ID}"), "held"),
    ("GET", re.compile(rf"/parcel/{_ID}/result"), "result"),
    ("PUT", re.compile(rf"/parcel/{_ID}"), "part"),
    ("POST", re.compile(rf"/parcel/{_ID}/end"), "end"),
)
_SAID = ("version", "edition", "spool", "running", "error")
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer."""

    status: int
    members: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


_NOTHING = Reply(404, {"error": "there is nothing here"})


class _RefusedError(Exception):
    """Why a request gets no answer."""

    def __init__(self, status: int, why: str, **more: str) -> None:
        super().__init__(why)
        self.reply = Reply(status, {"error": why, **more})


@dataclass(frozen=True, slots=True)
class _Asking:
    """A request of a collector that is known."""

    collector: Collector
    call: Call
    now: datetime
    id: str
    """Of the scan, or the errand."""
    at: int | None


def _signed(call: Call, headers: Mapping[str, str], now: datetime) -> Signed:
    """Who signed it. Raises where nobody did, or by a clock that is wrong."""
    said = verified(call, headers)
    if said is None:
        raise _RefusedError(401, "the request is not signed as it should be, or was changed on its way")
    if abs(now.timestamp() - said.created) > CLOCKS.total_seconds():
        raise _RefusedError(400, "clock", now=now.isoformat())
    return said


def errand_key_place(space: Workspace) -> Path:
    """Where the key is that signs errands: beside the register, or in the state directory where that is on a server."""
    place = journal_folder(str(space.where))
    return place.with_name(f"{place.name}.errand-key")


class Centre:
    """Answers collectors. Several threads may ask."""

    def __init__(self, space: Workspace, store: Store) -> None:
        self._space, self._store = space, store
        self._folder = uploads.folder_of(space)

    def answer(self, call: Call, headers: Mapping[str, str], path: str, at: int | None) -> Reply:
        """The answer to one request; ``path`` is what follows ``/api/collector/v1``, ``at`` the place of a part.

        Every request is signed; its clock and its counter are judged before anything is done for it.
        """
        now = datetime.now(UTC)
        try:
            said = _signed(call, headers, now)
            if path == "/enrol" and call.method == "POST":
                return self._enrol(call, said, now)
            collector = self._admitted(said, now)
            for method, pattern, way in _WAYS:
                found = pattern.fullmatch(path)
                if found and method == call.method:
                    return self._go(way, _Asking(collector, call, now, found.group(1) if found.groups() else "", at))
        except _RefusedError as error:
            return error.reply
        return _NOTHING

    def _admitted(self, said: Signed, now: datetime) -> Collector:
        """Who asks. Raises where nobody known does, or the counter of the request shows that it is no new one."""
        collectors = Collectors(self._store)
        collector = collectors.of_key(said.key)
        if collector is None or collector.state in {State.REVOKED, State.STOPPED}:
            raise _RefusedError(403, "this key is not known here, or was stopped: ask whoever runs the centre")
        turn = collectors.turn(said.key, said.counter, said.digest, now)
        if turn is Turn.REPEATED:
            raise _RefusedError(409, "repeated: use a higher counter")
        if turn is Turn.FORKED:
            raise _RefusedError(403, "two programs use this key; it was stopped, and a person must look")
        return collector

    def _enrol(self, call: Call, said: Signed, now: datetime) -> Reply:
        members = _members(call.body)
        code = members.get("code")
        known = Collectors(self._store).of_key(said.key)
        if known is None and isinstance(code, str):
            known = Collectors(self._store).enrol(code.replace("-", "").strip().lower(), said.key, now)
        if known is None:
            return Reply(403, {"error": "this code is not known, was used before, or is older than seven days"})
        key = public_of(own_key(errand_key_place(self._space))[0])
        return Reply(200, {"state": known.state.value, "name": known.name, "errand_key": key.hex()})

    def _go(self, way: str, asking: _Asking) -> Reply:
        if way == "poll":
            return self._poll(asking.collector, asking.call, asking.now)
        if not asking.collector.is_approved:
            raise _RefusedError(403, "waiting: whoever runs the centre has not approved this key yet")
        if way == "errand":
            return self._errand(asking.collector, asking.call, asking.id)
        return self._upload(way, asking)

    def _upload(self, way: str, asking: _Asking) -> Reply:
        parcel = uploads.Upload(self._folder, self._store, asking.collector.key, asking.id)
        if way == "held":
            return Reply(200, headers={"camscan-held": str(parcel.held())})
        if way == "part":
            done, held = parcel.add(asking.call.body, asking.at)
            return Reply(200 if done else 409, {"held": held})
        if way == "end":
            status, members = parcel.end(_members(asking.call.body), asking.now)
            return Reply(status, members)
        result = parcel.result()
        return Reply(200, result) if result else _NOTHING

    def _poll(self, collector: Collector, call: Call, now: datetime) -> Reply:
        members = _members(call.body)
        said = {name: str(members[name])[:_LONGEST] for name in _SAID if name in members}
        Collectors(self._store).hear(collector.key, said)
        errands: list[Mapping[str, str]] = []
        if collector.is_approved:
            due = Errands(self._store).due(collector.key, now)
            key = own_key(errand_key_place(self._space))[0] if due else None
            errands = [_sealed(each, key) for each in due if key]
        waiting = len(Parcels(self._store).waiting())
        return Reply(
            200,
            {
                "state": collector.state.value,
                "errands": errands,
                "next": min(3 * POLL_SECONDS, max(POLL_SECONDS, 10 * waiting)),
                "hold": not uploads.has_room(self._folder),
                "now": now.isoformat(),
            },
        )

    def _errand(self, collector: Collector, call: Call, errand: str) -> Reply:
        members = _members(call.body)
        state, why = members.get("state"), str(members.get("why", ""))[:_LONGEST]
        if state not in ANSWERS:
            return Reply(400, {"error": "the state of an errand is one of: " + ", ".join(sorted(ANSWERS))})
        if not Errands(self._store).answer(errand, collector.key, state, why):
            return _NOTHING
        return Reply(200)


def _sealed(errand: Errand, key: Any) -> Mapping[str, str]:
    asked = Asked(id=errand.id, site=errand.site, ends_at=errand.ends_at, collector=errand.key.hex())
    return signed(asked, key)


def _members(body: bytes) -> Mapping[str, Any]:
    """What a body says; nothing where it is no JSON object."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
