"""The centre: answers the requests of collectors over HTTPS. No answer ever contains anything from the register."""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from camscan.app import queueing, uploads
from camscan.app.resume import journal_folder
from camscan.app.workspace import Workspace
from camscan.parcel import MOST_BYTES
from camscan.parcel.errand import Asked, signed
from camscan.parcel.keys import own_key, public_of
from camscan.parcel.signature import Call, Signed, verified, verified_head
from camscan.store.collectors import Asking, Collector, Collectors, State, Turn
from camscan.store.database import Store
from camscan.store.errands import ANSWERS, Errand, Errands
from camscan.store.parcels import WAITING, Parcels
from camscan.store.quota import Quota

__all__ = [
    "MOST_BYTES",
    "Call",
    "Centre",
    "Reply",
    "errand_key_place",
]

CLOCKS = timedelta(minutes=10)
"""How far the clock of a collector may differ from ours."""
SOONEST, LATEST = 60, 900
"""Seconds after which a collector asks again: later, the more parcels wait and the more collectors there are."""
_AT_ONCE = 30
"""The most collectors that ask in one second, if all of them follow the answers."""
_LOOK = 5.0
"""Seconds for which the length of the queue is remembered: it is counted for all collectors together."""
_BUSY, _FULL = 429, 503
_FULL_SECONDS, _LATER_SECONDS = 600, 3600
_UNKNOWN_CODE = (
    "this code is not known, was used before, or is older than seven days: check it, or ask whoever runs the centre "
    "for another"
)
_OLD_KEY = "the key of this collector was {state}: move its folder `collector` away, and enrol with a new code"
_ID = r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?:\.[1-9][0-9]{0,5})?)"
_WAYS = (
    ("POST", re.compile(r"/poll()"), "poll"),
    ("POST", re.compile(rf"/errand/{_ID}"), "errand"),
    ("HEAD", re.compile(rf"/parcel/{_ID}"), "held"),
    ("GET", re.compile(rf"/parcel/{_ID}/result"), "result"),
    ("PUT", re.compile(rf"/parcel/{_ID}"), "part"),
    ("POST", re.compile(rf"/parcel/{_ID}/end"), "end"),
)
_SCAN = re.compile(_ID)
_SENT = 5
_SAID = ("version", "edition", "spool", "running", "error")
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer."""

    status: int
    members: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


_NOTHING = Reply(404, {"error": "there is nothing here"})
_REPEATED = Reply(409, {"error": "repeated: use a higher counter"})


class _RefusedError(Exception):
    """Why a request gets no answer."""

    def __init__(self, status: int, why: str, *, after: int = 0, **more: str) -> None:
        super().__init__(why)
        self.reply = Reply(status, {"error": why, **more}, {"retry-after": str(after)} if after else {})


@dataclass(frozen=True, slots=True)
class _Request:
    """A request of a known collector."""

    collector: Collector
    call: Call
    now: datetime
    id: str
    """The id of the scan, or the errand."""
    at: int | None


def _signed(call: Call, headers: Mapping[str, str], now: datetime) -> Signed:
    """Who signed it. Raises if nobody did, or by a clock that is wrong."""
    return _timely(verified(call, headers), now)


def _timely(said: Signed | None, now: datetime) -> Signed:
    if said is None:
        raise _RefusedError(401, "the request is not signed as it should be, or was changed on its way")
    if abs(now.timestamp() - said.created) > CLOCKS.total_seconds():
        raise _RefusedError(400, "clock", now=now.isoformat())
    return said


def errand_key_place(space: Workspace) -> Path:
    """The place of the key that signs errands: beside the register; in the state directory for one on a server."""
    place = journal_folder(str(space.where))
    return place.with_name(f"{place.name}.errand-key")


class Centre:
    """Answers collectors. It is safe to use from several threads."""

    def __init__(self, space: Workspace, store: Store) -> None:
        self._space, self._store = space, store
        self._folder = uploads.folder_of(space)
        limits = space.settings.centre
        self._quota = Quota(parts=limits.parts_per_second, day=limits.megabytes_per_day << 20)
        self._next = (-math.inf, SOONEST)
        """When it was counted how soon a collector is to ask again, and what came of it."""

    def answer(self, call: Call, headers: Mapping[str, str], path: str, at: int | None) -> Reply:
        """The answer to one request; ``path`` is what follows ``/api/collector/v1``, ``at`` the position of a part.

        Every request is signed; its clock and its counter are checked before anything is done for it.
        """
        now = datetime.now(UTC)
        try:
            said = _signed(call, headers, now)
            if path == "/enrol" and call.method == "POST":
                return self._enrol(call, said, now)
            way, wanted = _way_of(call.method, path)
            admitted = self._admit(said, call, way, now)
            if way:
                return self._go(way, _Request(admitted, call, now, wanted, at))
        except _RefusedError as error:
            return error.reply
        return _NOTHING

    def judge_head(self, call: Call, headers: Mapping[str, str]) -> str | Reply:
        """The key that signed the head of a request, in hexadecimal; a reply if the body is not to be read.

        The head is judged before anything large is read: a public key is not a secret, and whoever knows one could
        otherwise send in its name, and keep its collector waiting.
        """
        now = datetime.now(UTC)
        try:
            said = _timely(verified_head(call, headers), now)
        except _RefusedError as error:
            return error.reply
        found = Collectors(self._store).of_key(said.key)
        if found is None or not found.is_approved:
            return Reply(403, {"error": "this is more than a known collector sends"})
        return said.key.hex() if said.counter > found.counter else _REPEATED

    def _admit(self, said: Signed, call: Call, way: str, now: datetime) -> Collector:
        """The collector that asks.

        Raises if it is not known, if the counter shows a repeated request, or if it is too much.
        """
        asking = Asking(
            key=said.key,
            counter=said.counter,
            digest=said.digest,
            created=said.created,
            part=len(call.body) if way == "part" else 0,
            said=_told(call.body) if way == "poll" else None,
        )
        found = Collectors(self._store).admit(asking, now, self._quota)
        collector = found.collector
        if collector is None or collector.state in {State.REVOKED, State.STOPPED}:
            raise _RefusedError(403, "this key is not known here, or was stopped: ask whoever runs the centre")
        if found.turn is Turn.REPEATED:
            raise _RefusedError(_REPEATED.status, str(_REPEATED.members["error"]))
        if found.turn is Turn.FORKED:
            raise _RefusedError(403, "two programs use this key; it was stopped, and a person must look")
        if found.wait:
            raise _RefusedError(_BUSY, "this collector has sent as much as it may for now", after=found.wait)
        return collector

    def _enrol(self, call: Call, said: Signed, now: datetime) -> Reply:
        members = _members(call.body)
        code = members.get("code")
        known = Collectors(self._store).of_key(said.key)
        if known is None and isinstance(code, str):
            known = Collectors(self._store).enrol(code.replace("-", "").strip().lower(), said.key, now)
        if known is None:
            return Reply(403, {"error": _UNKNOWN_CODE})
        if known.state in {State.REVOKED, State.STOPPED}:
            return Reply(403, {"error": _OLD_KEY.format(state=known.state.value)})
        key = public_of(own_key(errand_key_place(self._space))[0])
        return Reply(200, {"state": known.state.value, "name": known.name, "errand_key": key.hex()})

    def _go(self, way: str, asking: _Request) -> Reply:
        if way == "poll":
            return self._poll(asking.collector, asking.call, asking.now)
        if not asking.collector.is_approved:
            raise _RefusedError(403, "waiting: whoever runs the centre has not approved this key yet")
        if way == "errand":
            return self._errand(asking.collector, asking.call, asking.id)
        return self._upload(way, asking)

    def _upload(self, way: str, asking: _Request) -> Reply:
        parcel = uploads.Upload(self._folder, self._store, asking.collector.key, asking.id)
        if way == "held":
            return Reply(200, headers={"camscan-held": str(parcel.held())})
        if way == "part":
            if not uploads.has_room(self._folder, uploads.LEAST):
                raise _RefusedError(_FULL, "the disk of the centre is almost full", after=_FULL_SECONDS)
            if why := parcel.why_not_begun():
                raise _RefusedError(_BUSY, why, after=_LATER_SECONDS)
            done, held = parcel.add(asking.call.body, asking.at)
            return Reply(200 if done else 409, {"held": held})
        if way == "end":
            status, members = parcel.end(_members(asking.call.body), asking.now)
            # The others of this collector that wait bring this one with them, each in its turn.
            if members.get("state") == WAITING and Parcels(self._store).count_waiting(asking.collector.key) == 1:
                queueing.hand_over(self._space, asking.id)
            return Reply(status, members)
        result = parcel.result()
        return Reply(200, result) if result else _NOTHING

    def _poll(self, collector: Collector, call: Call, now: datetime) -> Reply:
        is_held = not uploads.has_room(self._folder)
        errands: list[Mapping[str, str]] = []
        if collector.is_approved and not is_held:
            due = Errands(self._store).due(collector.key, now)
            key = own_key(errand_key_place(self._space))[0] if due else None
            errands = [_sealed(each, key) for each in due if key]
        return Reply(
            200,
            {
                "state": collector.state.value,
                "errands": errands,
                "wanted": self._wanted(collector, _members(call.body).get("sent")),
                "next": self._seconds(),
                "hold": is_held,
                "now": now.isoformat(),
            },
        )

    def _seconds(self) -> int:
        """Seconds after which a collector is to ask again."""
        counted_at, seconds = self._next
        if time.monotonic() - counted_at > _LOOK:
            waiting, known = Parcels(self._store).backlog().waiting, Collectors(self._store).count_approved()
            seconds = min(LATEST, max(SOONEST + waiting, known // _AT_ONCE))
            self._next = time.monotonic(), seconds
        return seconds

    def _wanted(self, collector: Collector, sent: object) -> list[str]:
        """Those of the last parcels of a collector that are lost here, as after restoring an older backup."""
        listed = sent[:_SENT] if isinstance(sent, list) and collector.is_approved else []
        names = [each for each in listed if isinstance(each, str) and _SCAN.fullmatch(each)]
        return Parcels(self._store).lost_of(collector.key, names) if names else []

    def _errand(self, collector: Collector, call: Call, errand: str) -> Reply:
        members = _members(call.body)
        state, why = members.get("state"), _line(members.get("why"))
        if not isinstance(state, str) or state not in ANSWERS:
            return Reply(400, {"error": "the state of an errand is one of: " + ", ".join(sorted(ANSWERS))})
        if not Errands(self._store).answer(errand, collector.key, state, why):
            return _NOTHING
        return Reply(200)


def _sealed(errand: Errand, key: Any) -> Mapping[str, str]:
    asked = Asked(id=errand.id, site=errand.site, ends_at=errand.ends_at, collector=errand.key.hex())
    return signed(asked, key)


def _way_of(method: str, path: str) -> tuple[str, str]:
    """What is asked for, and the id of the scan or errand; empty if there is no such path."""
    for wanted, pattern, way in _WAYS:
        if wanted == method and (found := pattern.fullmatch(path)):
            return way, found[1]
    return "", ""


def _told(body: bytes) -> Mapping[str, str]:
    """What a collector says about itself."""
    members = _members(body)
    return {name: _line(members[name]) for name in _SAID if name in members}


def _line(value: object) -> str:
    """A text or a number as a short line that every database and every page can hold; empty for anything else."""
    text = str(value) if isinstance(value, str | int) else ""
    return "".join(each if each.isprintable() else " " for each in text[:_LONGEST])


def _members(body: bytes) -> Mapping[str, Any]:
    """The members of a body; none if it is not a JSON object."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
