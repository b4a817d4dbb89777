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
from camscan.parcel.errand import ErrandMessage, sign_errand
from camscan.parcel.keys import own_key, public_key_of
from camscan.parcel.signature import Call, SignedRequest, verify_head, verify_request
from camscan.store.collectors import Collector, Collectors, SignedRequestParts, State, Turn
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
"""Seconds after which a collector asks again: more if more parcels wait or there are more collectors."""
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
    """An answer to a collector: HTTP status, JSON members and headers."""

    status: int
    members: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


_NOTHING = Reply(404, {"error": "there is nothing here"})
_REPEATED = Reply(409, {"error": "repeated: use a higher counter"})


class _RefusedError(Exception):
    """A request that is refused, with the answer to it."""

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


def _check_signature(call: Call, headers: Mapping[str, str], now: datetime) -> SignedRequest:
    """Check the signature of a request. Raises _RefusedError if there is none, or if the signer's clock is wrong."""
    return _require_timely(verify_request(call, headers), now)


def _require_timely(said: SignedRequest | None, now: datetime) -> SignedRequest:
    if said is None:
        raise _RefusedError(401, "the request is not signed as it should be, or was changed on its way")
    if abs(now.timestamp() - said.created) > CLOCKS.total_seconds():
        raise _RefusedError(400, "clock", now=now.isoformat())
    return said


def errand_key_place(space: Workspace) -> Path:
    """The file of the key that signs errands: beside the register; in the state directory if that is on a server."""
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
        """When the pause between requests was last worked out, and its seconds."""

    def answer(self, call: Call, headers: Mapping[str, str], path: str, at: int | None) -> Reply:
        """Answer one request; ``path`` is what follows ``/api/collector/v1``, ``at`` the position of a part.

        Every request is signed; its clock and its counter are checked before anything is done for it.
        """
        now = datetime.now(UTC)
        try:
            said = _check_signature(call, headers, now)
            if path == "/enrol" and call.method == "POST":
                return self._enrol(call, said, now)
            way, wanted = _way_of(call.method, path)
            admitted = self._admit(said, call, way, now)
            if way:
                return self._dispatch(way, _Request(admitted, call, now, wanted, at))
        except _RefusedError as error:
            return error.reply
        return _NOTHING

    def judge_head(self, call: Call, headers: Mapping[str, str]) -> str | Reply:
        """The key that signed the head of a request, in hexadecimal; a reply if the body must not be read.

        The head is judged before anything large is read: a public key is not a secret, and anybody who knows one could
        otherwise send in its name, and keep its collector waiting.
        """
        now = datetime.now(UTC)
        try:
            said = _require_timely(verify_head(call, headers), now)
        except _RefusedError as error:
            return error.reply
        found = Collectors(self._store).find_key(said.key)
        if found is None or not found.is_approved:
            return Reply(403, {"error": "this is more than a known collector sends"})
        return said.key.hex() if said.counter > found.counter else _REPEATED

    def _admit(self, said: SignedRequest, call: Call, way: str, now: datetime) -> Collector:
        """Find the collector that asks, and note its request.

        Raises _RefusedError if it is not known, if the counter shows a repeated request, or if it sends too much.
        """
        asking = SignedRequestParts(
            key=said.key,
            counter=said.counter,
            digest=said.digest,
            created=said.created,
            part=len(call.body) if way == "part" else 0,
            said=_read_statement(call.body) if way == "poll" else None,
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

    def _enrol(self, call: Call, said: SignedRequest, now: datetime) -> Reply:
        members = _json_members(call.body)
        code = members.get("code")
        known = Collectors(self._store).find_key(said.key)
        if known is None and isinstance(code, str):
            known = Collectors(self._store).enrol(code.replace("-", "").strip().lower(), said.key, now)
        if known is None:
            return Reply(403, {"error": _UNKNOWN_CODE})
        if known.state in {State.REVOKED, State.STOPPED}:
            return Reply(403, {"error": _OLD_KEY.format(state=known.state.value)})
        key = public_key_of(own_key(errand_key_place(self._space))[0])
        return Reply(200, {"state": known.state.value, "name": known.name, "errand_key": key.hex()})

    def _dispatch(self, way: str, asking: _Request) -> Reply:
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
            return Reply(200, headers={"camscan-held": str(parcel.held_bytes())})
        if way == "part":
            if not uploads.has_room(self._folder, uploads.LEAST):
                raise _RefusedError(_FULL, "the disk of the centre is almost full", after=_FULL_SECONDS)
            if why := parcel.why_not_begun():
                raise _RefusedError(_BUSY, why, after=_LATER_SECONDS)
            done, held = parcel.add(asking.call.body, asking.at)
            return Reply(200 if done else 409, {"held": held})
        if way == "end":
            status, members = parcel.end(_json_members(asking.call.body), asking.now)
            # The others of this collector that wait bring this one with them, each in its turn.
            if members.get("state") == WAITING and Parcels(self._store).count_waiting(asking.collector.key) == 1:
                queueing.hand_to_worker(self._space, asking.id)
            return Reply(status, members)
        result = parcel.result()
        return Reply(200, result) if result else _NOTHING

    def _poll(self, collector: Collector, call: Call, now: datetime) -> Reply:
        is_held = not uploads.has_room(self._folder)
        errands: list[Mapping[str, str]] = []
        if collector.is_approved and not is_held:
            due = Errands(self._store).due(collector.key, now)
            key = own_key(errand_key_place(self._space))[0] if due else None
            errands = [_sign_errand(each, key) for each in due if key]
        return Reply(
            200,
            {
                "state": collector.state.value,
                "errands": errands,
                "wanted": self._lost_scans(collector, _json_members(call.body).get("sent")),
                "next": self._pause_seconds(),
                "hold": is_held,
                "now": now.isoformat(),
            },
        )

    def _pause_seconds(self) -> int:
        """Seconds after which a collector should ask again."""
        counted_at, seconds = self._next
        if time.monotonic() - counted_at > _LOOK:
            waiting, known = Parcels(self._store).backlog().waiting, Collectors(self._store).count_approved()
            seconds = min(LATEST, max(SOONEST + waiting, known // _AT_ONCE))
            self._next = time.monotonic(), seconds
        return seconds

    def _lost_scans(self, collector: Collector, sent: object) -> list[str]:
        """The ids of a collector's last parcels that are lost here, for example after restoring an older backup."""
        listed = sent[:_SENT] if isinstance(sent, list) and collector.is_approved else []
        names = [each for each in listed if isinstance(each, str) and _SCAN.fullmatch(each)]
        return Parcels(self._store).lost_of(collector.key, names) if names else []

    def _errand(self, collector: Collector, call: Call, errand: str) -> Reply:
        members = _json_members(call.body)
        state, why = members.get("state"), _short_line(members.get("why"))
        if not isinstance(state, str) or state not in ANSWERS:
            return Reply(400, {"error": "the state of an errand is one of: " + ", ".join(sorted(ANSWERS))})
        if not Errands(self._store).answer(errand, collector.key, state, why):
            return _NOTHING
        return Reply(200)


def _sign_errand(errand: Errand, key: Any) -> Mapping[str, str]:
    asked = ErrandMessage(id=errand.id, site=errand.site, ends_at=errand.ends_at, collector=errand.key.hex())
    return sign_errand(asked, key)


def _way_of(method: str, path: str) -> tuple[str, str]:
    """The kind of request, and the id of the scan or errand; empty if there is no such path."""
    for wanted, pattern, way in _WAYS:
        if wanted == method and (found := pattern.fullmatch(path)):
            return way, found[1]
    return "", ""


def _read_statement(body: bytes) -> Mapping[str, str]:
    """What a collector says about itself: name -> short text."""
    members = _json_members(body)
    return {name: _short_line(members[name]) for name in _SAID if name in members}


def _short_line(value: object) -> str:
    """A text or a number as a short line that every database and every page can hold; empty for anything else."""
    text = str(value) if isinstance(value, str | int) else ""
    return "".join(each if each.isprintable() else " " for each in text[:_LONGEST])


def _json_members(body: bytes) -> Mapping[str, Any]:
    """The members of a body; empty if it is not a JSON object."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
