"""Records the parcels that collectors sent: in the order of their scans, each once, whatever one of them contains."""

from __future__ import annotations

import contextlib
import math
import time
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from camscan.app import parcel, uploads
from camscan.app.workspace import Workspace
from camscan.errors import BusyError, CamscanError, UsageError
from camscan.output import visible
from camscan.parcel.seal import open_sealed
from camscan.parcel.unpack import measure, unpack
from camscan.probes import catch_fault
from camscan.store.collectors import Collectors
from camscan.store.database import Store
from camscan.store.parcels import LOST, RECORDED, REFUSED, WAITING, ArrivedParcel, Parcels

KEPT_DAYS = 35
"""How long files of parcels are kept: a register that is restored to an earlier day can record them again."""
_BEGUN_DAYS = 2
"""How long a parcel is kept that its collector began and does not continue: after that, all of it is sent again."""
_TRIES = 3
"""After this many failures a parcel is left for a person."""
_PATIENCE = timedelta(days=1)
"""How long after its arrival a parcel is tried again if the register fails: a full disk, a server that is away."""
_TROUBLES = 3
"""After this many failures of the register in a row, the rest waits for the next turn."""
_UNPACKED = 4
"""How many times the daily quota of a collector may be recorded in a day, unpacked. The rest waits."""
_LONGEST = 500
"""How many characters of a reason are kept; it may quote a parcel."""


class Failures:
    """Decides which parcels are left for the next turn, after the register failed with others.

    Parcels of one key never delay those of another: a stolen collector may have found out how to make the register
    fail.
    """

    def __init__(self) -> None:
        self._of_key: Counter[bytes] = Counter()
        self._in_a_row: set[bytes] = set()

    def stops(self, key: bytes) -> bool:
        """Whether a parcel of this key is left for the next turn."""
        return self._of_key[key] >= _TROUBLES or len(self._in_a_row) >= _TROUBLES

    def note(self, key: bytes, state: str, *, is_ours: bool) -> None:
        """Note the state of a parcel after an attempt to record it; ``is_ours`` if the register failed.

        If reading the parcel failed, that says nothing about the parcels of other keys.
        """
        if state == WAITING:
            self._of_key[key] += 1
        if is_ours:
            self._in_a_row.add(key)
        elif state != WAITING:
            self._in_a_row.clear()

    def end(self) -> None:
        """Let every parcel be tried again."""
        self._of_key.clear()
        self._in_a_row.clear()


@dataclass(frozen=True, slots=True)
class ArrivalCounts:
    """The counts of the parcels that waited: recorded, refused and left."""

    recorded: int = 0
    refused: int = 0
    left: int = 0
    """Parcels that still wait: the key is not approved, or the register was busy."""


def record_arrivals(space: Workspace, store: Store, seconds: float = math.inf) -> ArrivalCounts:
    """Record every parcel that waits and whose key is approved. One that cannot be read harms no other.

    In every round, each collector has one turn: so one that sends much does not hold up the others. No round begins
    after ``seconds``. It also ends early if another program writes to the register; the next call continues. Running
    it twice changes nothing.
    """
    begun, states = time.monotonic(), dict[str, str]()
    failures = Failures()
    while turn := next_turns(recordable_parcels(space, store), states):
        for each in turn:
            if failures.stops(each.key):
                states[each.scan_id] = ""
                continue
            try:
                states[each.scan_id], is_ours = _record_one(space, store, each)
            except BusyError:
                return _taken_in(store, states)
            failures.note(each.key, states[each.scan_id], is_ours=is_ours)
        if time.monotonic() - begun >= seconds:
            break
    return _taken_in(store, states)


def _taken_in(store: Store, states: Mapping[str, str]) -> ArrivalCounts:
    counts = Counter(states.values())
    return ArrivalCounts(counts[RECORDED], counts[REFUSED], len(Parcels(store).waiting()))


def next_turns(waiting: Sequence[ArrivedParcel], done: Collection[str] = ()) -> list[ArrivedParcel]:
    """For each collector, the first of these parcels whose scan is not in ``done``."""
    found: dict[bytes, ArrivedParcel] = {}
    for each in waiting:
        if each.scan_id not in done:
            found.setdefault(each.key, each)
    return list(found.values())


def approved_parcels(store: Store) -> list[ArrivedParcel]:
    """The parcels that wait and whose key is approved, in the order of their scans."""
    waiting = Parcels(store).waiting()
    if not waiting:
        return []
    approved = Collectors(store).approved_of({waiting_parcel.key for waiting_parcel in waiting})
    return [waiting_parcel for waiting_parcel in waiting if waiting_parcel.key in approved]


def recordable_parcels(space: Workspace, store: Store) -> list[ArrivedParcel]:
    """The parcels of :func:`approved_parcels` whose key has not used up its quota for today."""
    waiting = approved_parcels(store)
    full = (
        keys_of_full_days(space, store, {waiting_parcel.key for waiting_parcel in waiting}) if waiting else frozenset()
    )
    return [waiting_parcel for waiting_parcel in waiting if waiting_parcel.key not in full]


def keys_of_full_days(space: Workspace, store: Store, keys: Collection[bytes]) -> frozenset[bytes]:
    """The keys among these of which no more parcels are recorded before midnight (UTC).

    A stolen key must not fill the disk.
    """
    most = (space.settings.centre.megabytes_per_day * _UNPACKED) << 20
    used = Collectors(store).unpacked_today(keys, datetime.now(UTC))
    return frozenset(key for key, size in used.items() if size >= most)


def record_arrival(space: Workspace, store: Store, scan_id: str, failures: Failures) -> str:
    """Record the parcel of one scan. Returns its state afterwards.

    Empty if it does not wait, if its key is not approved, or if ``failures`` stops it: then nothing was done. Raises
    BusyError if another program writes to the register; nothing was done then either.
    """
    found = Parcels(store).of_scan(scan_id)
    if found is None or found.state != WAITING or failures.stops(found.key):
        return ""
    collector = Collectors(store).find_key(found.key)
    if collector is None or not collector.is_approved or keys_of_full_days(space, store, [found.key]):
        return ""
    state, is_ours = _record_one(space, store, found)
    failures.note(found.key, state, is_ours=is_ours)
    return state


def note_broken_off(store: Store, scan_id: str) -> bool:
    """Note that the program that recorded a parcel was killed. Returns whether it is to be tried again."""
    found = Parcels(store).of_scan(scan_id)
    if found is None or found.state != WAITING:
        return False
    why = "the program that recorded it was killed in the middle"
    return _note_failure(store, found, why, is_final=False) == WAITING


def _record_one(space: Workspace, store: Store, each: ArrivedParcel) -> tuple[str, bool]:
    """Record one parcel, if possible. Returns its state, and whether the register failed."""
    if not uploads.blob_path(uploads.folder_of(space), each.blob).exists():
        Parcels(store).note_failure(each.scan_id, "its file was lost at the centre; send it again", LOST)
        return LOST, False
    why, is_final, is_ours, busy = "", False, False, None
    with catch_fault() as fault:
        try:
            _record_parcel(each, space, store)
        except BusyError as error:
            busy = error
        except UsageError as error:
            why, is_final = str(error), True
        except CamscanError as error:
            why, is_ours = str(error), True
    if busy:
        raise busy
    why = why or fault.detail
    if is_ours and datetime.now(UTC) - each.arrived_at < _PATIENCE:
        return WAITING, True  # the fault is the register's, not the parcel's
    return (_note_failure(store, each, why, is_final=is_final) if why else RECORDED), is_ours


def _note_failure(store: Store, each: ArrivedParcel, why: str, *, is_final: bool) -> str:
    state = REFUSED if is_final or each.tries + 1 >= _TRIES else WAITING
    Parcels(store).note_failure(each.scan_id, visible(why, _LONGEST), state)
    return state


def replay_files(space: Workspace, store: Store, now: datetime) -> int:
    """Let every parcel wait again whose file is kept and whose scan the register does not have. Returns how many.

    For a register that was restored to an earlier day. Files that cannot be read are skipped.
    """
    with space.open(readonly=True, create=False) as book:
        known = {scan.scan_id for scan in book.scans()}
    count = 0
    for path in sorted(uploads.folder_of(space).glob("*.camparcel")):
        try:
            sealed = open_sealed(path)
            scan_id = unpack(sealed.body, "the parcel", now).tail.scan_id
        except CamscanError:
            continue
        if scan_id not in known:
            waiting = ArrivedParcel(
                scan_id=scan_id, digest=sealed.digest, key=sealed.key, arrived_at=now, state=WAITING, blob=path.stem
            )
            Parcels(store).wait_again(waiting)
            count += 1
    return count


def remove_old_files(space: Workspace, store: Store, now: datetime) -> int:
    """Remove files of parcels that are no longer needed, and of uploads that nobody continues. Returns how many."""
    waiting = {waiting_parcel.blob for waiting_parcel in Parcels(store).waiting()}
    folder, count = uploads.folder_of(space), 0
    for pattern, days in (("*.camparcel", KEPT_DAYS), ("*.part", _BEGUN_DAYS)):
        oldest = (now - timedelta(days=days)).timestamp()
        for path in folder.glob(pattern):
            with contextlib.suppress(FileNotFoundError):
                if path.stem not in waiting and path.stat().st_mtime < oldest:
                    path.unlink()
                    count += 1
    return count


def _record_parcel(arrived: ArrivedParcel, space: Workspace, store: Store) -> None:
    sealed = open_sealed(uploads.blob_path(uploads.folder_of(space), arrived.blob))
    offered = parcel.offer_parcel(sealed, "the parcel", space, store)  # the sender learns what was wrong, not where
    offered = replace(offered, sent_as=arrived.scan_id)
    size = 0
    try:
        parcel.record_parcel(offered, space, parcel.decide_limits(offered, space.settings), store=store)
        size = int.from_bytes(sealed.body[-4:], "little")  # RFC 1952, ISIZE; unpacking has checked it
    except UsageError:
        size = measure(sealed.body)  # a refused parcel costs as much
        raise
    finally:
        Collectors(store).add_unpacked(arrived.key, size, datetime.now(UTC))
