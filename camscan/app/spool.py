"""The parcels of a collector: those that wait to be sent, and the last ones that the centre has."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from camscan.app.collect_place import Place, is_full
from camscan.app.resume import journal_folder
from camscan.errors import CamscanError, OutputError
from camscan.output import create_file, explain_errors, make_folder, open_existing, read_at_most, visible
from camscan.parcel import MOST_BYTES
from camscan.parcel.client import DAY, AlteredError, Centre, CentreError, ParcelRefusedError
from camscan.parcel.seal import seal
from camscan.scan.journal import kept_scans

SPOOL = 2 << 30
"""The most bytes that may wait: the oldest parcels are dropped first, and the centre gets a message."""
SENT = 5
"""How many parcels are kept that the centre has, and how many that it refused."""
_HEAD = 400
"""The most bytes before the contents of a parcel."""
_ROUND = 60
"""Seconds that pass until the next round in any case."""
_TAKEN = frozenset({"recorded", "waiting"})
_ENDING = "*.camparcel"


def fill_spool(own: Place) -> str:
    """Put every finished scan that is kept into the spool, signed. Returns why one could not be; empty if all could.

    A scan that could not be stays in its place for the next time.
    """
    trouble = ""
    for path in kept_scans(journal_folder(str(own.register))):
        try:
            _move_in_or_make_room(own, path)
        except (CamscanError, OSError) as error:
            trouble = f"a scan could not be made ready to be sent: {error}"
    return trouble


def _move_in_or_make_room(own: Place, path: Path) -> None:
    try:
        _move_in(own, path)
    except OutputError as error:
        if not (is_full(error) and own.make_room()):
            raise
        _move_in(own, path)


def _move_in(own: Place, path: Path) -> None:
    with open_existing(path) as stream:
        sealed = seal(read_at_most(stream, MOST_BYTES + 1), own.key())
    target = own.spool / f"{path.name.rpartition('.finished-')[2]}.camparcel"
    with explain_errors(target):
        make_folder(own.spool)
        target.unlink(missing_ok=True)
        try:
            with os.fdopen(create_file(target), "wb") as stream:
                stream.write(sealed)
                stream.flush()
                os.fsync(stream.fileno())
        except OSError:
            target.unlink(missing_ok=True)
            raise
    path.unlink(missing_ok=True)


def send_spool(own: Place, centre: Centre, warn: Callable[[str], None]) -> int:
    """Send what waits, oldest first. Returns how many the centre took. One that it refuses does not hold up others.

    Raises AlteredError if something on the way rewrites what is sent.
    """
    sent = 0
    for path in list_waiting(own) if may_send(own) else ():
        with open_existing(path) as stream:
            content = read_at_most(stream, MOST_BYTES + _HEAD)
        try:
            state = centre.send(path.stem, content)
        except ParcelRefusedError as error:
            state = str(error)
        except AlteredError:
            raise
        except CentreError as error:
            warn(visible(str(error), 300))
            if error.after > _ROUND:
                own.remember(send_after=int(time.time()) + error.after)
            break
        sent += state in _TAKEN
        if state not in _TAKEN:
            warn(visible(f"the centre has refused the parcel {path.stem} ({state})", 300))
        _put_away(path, own.sent if state in _TAKEN else own.refused)
    return sent


def may_send(own: Place) -> bool:
    """Whether the time for which the centre wanted no parcels is over; it also is if the clock was set back."""
    said = own.state().get("send_after", 0)
    left = said - time.time() if isinstance(said, int) else 0
    return not 0 < left <= DAY


def _put_away(path: Path, folder: Path) -> None:
    make_folder(folder)
    path.replace(folder / path.name)
    for old in sorted(folder.glob(_ENDING))[:-SENT]:
        old.unlink(missing_ok=True)


def send_again(own: Place, wanted: object) -> int:
    """Let those of the last parcels wait again that the centre has lost. Returns how many."""
    names = {each for each in wanted if isinstance(each, str)} if isinstance(wanted, list) else set()
    found = [path for path in sorted(own.sent.glob(_ENDING)) if path.stem in names]
    for path in found:
        make_folder(own.spool)
        path.replace(own.spool / path.name)
    return len(found)


def list_waiting(own: Place) -> list[Path]:
    """The files that wait to be sent, oldest first: names sort by time."""
    return sorted(own.spool.glob(_ENDING))


def list_sent(own: Place) -> list[str]:
    """The ids of the last parcels that the centre has."""
    return [path.stem for path in sorted(own.sent.glob(_ENDING))[-SENT:]]


def spool_size(own: Place) -> int:
    """Bytes that wait to be sent."""
    return sum(path.stat().st_size for path in list_waiting(own))


def drop_oldest(own: Place) -> int:
    """Drop the oldest parcels if there is not enough room for all. Returns how many."""
    dropped = 0
    while spool_size(own) > SPOOL and len(list_waiting(own)) > 1:
        list_waiting(own)[0].unlink(missing_ok=True)
        dropped += 1
    return dropped
