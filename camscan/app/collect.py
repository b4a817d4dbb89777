"""A collector: it enrols at one centre, asks what is to be done, scans what its own site allows, and sends it.

Two keys must agree before a packet is sent: the centre's, which signs an errand for one of the sites, and the site's,
whose collector.yaml says which networks that site has, at which hours and how long. An errand names no address.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from camscan import fingerprints
from camscan.app.request import Prepared, Request, prepare_request
from camscan.app.resume import decide_order, journal_folder, scan_and_record
from camscan.app.scan import Interruption, Watcher
from camscan.app.workspace import Workspace, workspace_of
from camscan.config import Config, find_config
from camscan.config.collector import CollectorFile, read_collector
from camscan.errors import CamscanError, OutputError, UsageError
from camscan.output import create_file, explain_errors, make_folder, open_existing, visible, write_bytes_atomically
from camscan.parcel import MOST_BYTES, errand
from camscan.parcel.client import Centre, CentreError
from camscan.parcel.keys import own_key, public_of, words_of
from camscan.parcel.seal import seal
from camscan.scan.journal import kept
from camscan.version import __version__

SPOOL = 2 << 30
"""Bytes that wait to be sent, at most: the oldest go first, and the centre is told."""
SENT = 5
"""Parcels that are kept after the centre has them."""
_LONGEST = 200
DONE, REFUSED, ACCEPTED, FAILED = "done", "refused", "accepted", "failed"
"""What becomes of an errand."""
_NO_MORE = frozenset({"recorded", "waiting"})


@dataclass(frozen=True, slots=True)
class Place:
    """Where a collector keeps what it needs: the folder of its collector.yaml."""

    file: CollectorFile

    @property
    def folder(self) -> Path:
        """Its key, state, register and spool are in here."""
        return self.file.path.parent / "collector"

    @property
    def register(self) -> Path:
        """Its own register, which stays useful at the site."""
        return self.folder / "camscan.db"

    @property
    def spool(self) -> Path:
        """Parcels that the centre does not have yet."""
        return self.folder / "spool"

    @property
    def sent(self) -> Path:
        """Parcels that the centre has."""
        return self.folder / "sent"

    def key(self) -> Any:
        """Its private key, made when it is first needed."""
        return own_key(self.folder / "key.pem")[0]

    def words(self) -> str:
        """Its key, for people."""
        return words_of(public_of(self.key()))

    def state(self) -> dict[str, Any]:
        """What it remembers. Raises OutputError where that cannot be read."""
        path = self.folder / "state.json"
        try:
            with open_existing(path) as stream:
                found = json.loads(stream.read(100_000))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise OutputError(f"{path}: cannot be read; remove it, and enrol this collector anew") from error
        return found if isinstance(found, dict) else {}

    def remember(self, **members: Any) -> None:
        """Remember it; on the disk when this returns."""
        with explain_errors(self.folder):
            make_folder(self.folder)
        text = json.dumps(self.state() | members).encode()
        write_bytes_atomically(self.folder / "state.json", lambda stream: stream.writelines([text]))

    def next_counter(self) -> int:
        """The number of the next request: higher than any before, and remembered before it is used."""
        number = int(self.state().get("counter", 0)) + 1
        self.remember(counter=number)
        return number

    def centre(self) -> Centre:
        """Its centre."""
        return Centre(self.file.centre, self.key(), self.next_counter, self.file.ca_file)


@dataclass(frozen=True, slots=True)
class Round:
    """What one round of a collector brought."""

    state: str
    next_seconds: int
    scanned: tuple[str, ...] = ()
    """Sites."""
    refused: tuple[tuple[str, str], ...] = ()
    """Site, and why it was not scanned."""
    sent: int = 0
    left: int = 0
    """Parcels that are still to be sent."""


def read_place(path: Path) -> Place:
    """The collector of this collector.yaml. Raises ConfigError."""
    return Place(read_collector(path))


def enrol_collector(own: Place, code: str) -> str:
    """Give the centre the public key; the name that it has there. Raises UsageError, CentreError."""
    said = own.centre().enrol(code)
    try:
        key = bytes.fromhex(said["errand_key"])
    except (KeyError, TypeError, ValueError) as error:
        raise CentreError(f"{own.file.centre}: does not answer as a centre does") from error
    own.remember(errand_key=key.hex(), name=str(said.get("name", ""))[:_LONGEST], centre=own.file.centre)
    return str(said.get("name", ""))


def do_round(
    own: Place,
    now: datetime,
    *,
    watcher: Watcher | None = None,
    interruption: Interruption | None = None,
    warn: Callable[[str], None] = lambda _sentence: None,
) -> Round:
    """Send what waits, ask the centre, do what it asks and the site allows, and send that too.

    Raises UsageError where it has not enrolled here, KeyRefusedError, CentreError where nothing could be asked.
    """
    state = own.state()
    if "errand_key" not in state or state.get("centre") != own.file.centre:
        raise UsageError(f"this collector has not enrolled at {own.file.centre}: `camscan collect enrol CODE`")
    _fill_spool(own)
    centre = own.centre()
    heard = centre.poll(_describe_self(own))
    scanned: list[str] = []
    refused: list[tuple[str, str]] = []
    for each in _read_errands(heard.get("errands")) if not heard.get("hold") else ():
        asked = errand.read(each, bytes.fromhex(state["errand_key"]), public_of(own.key()))
        if interruption and interruption.is_wanted:
            break
        outcome, why = _do_errand(own, asked, now, centre, watcher, interruption)
        centre.report(asked.id, outcome, why[:_LONGEST])
        if outcome == DONE:
            scanned.append(asked.site)
        else:
            refused.append((asked.site, why))
    sent = _send_spool(own, centre, warn) if heard.get("state") == "approved" else 0
    return Round(
        str(heard.get("state", "")),
        _wait(heard.get("next")),
        tuple(scanned),
        tuple(refused),
        sent,
        len(_list_spool(own)),
    )


def _wait(seconds: object) -> int:
    """Until the next round, as the centre says, within bounds."""
    said = seconds if isinstance(seconds, int) and not isinstance(seconds, bool) else 0
    return min(3600, max(30, said))


def _describe_self(own: Place) -> Mapping[str, str]:
    """What it says of itself; the spool is within its bounds then."""
    dropped = _drop_oldest(own)
    return {
        "version": __version__,
        "edition": fingerprints.load_database().version,
        "spool": str(_spool_size(own.spool)),
        "error": f"{dropped} parcels were dropped: the spool was full" if dropped else "",
    }


def _do_errand(  # noqa: PLR0917 - what do_round was told
    own: Place,
    asked: errand.Asked,
    now: datetime,
    centre: Centre,
    watcher: Watcher | None,
    interruption: Interruption | None,
) -> tuple[str, str]:
    """What became of an errand, in a word of the protocol, and why. Without the site's leave no packet is sent.

    One that waits for its hour, or was interrupted, comes again until its time is over, and is continued then.
    """
    wall = now.astimezone().replace(tzinfo=None)
    if why := "it came too late" if asked.ends_at <= now else own.file.why_not(asked.site, wall):
        return REFUSED, why
    if why := own.file.why_later(wall):
        return ACCEPTED, why
    try:
        space, prepared, request = prepared_for(own, asked.site, wall)
        order = decide_order(journal_folder(str(space.where)), prepared, request, resume=True)
    except CamscanError as error:
        return REFUSED, str(error)
    centre.report(asked.id, "begun")
    try:
        with space.open() as book:
            done = scan_and_record(prepared, book, {}, order, watcher=watcher, interruption=interruption)
        _fill_spool(own)
    except CamscanError as error:
        return FAILED, str(error)
    return (ACCEPTED, "it was interrupted, and is continued") if done and done.is_left else (DONE, "")


def prepared_for(own: Place, site: str, wall: datetime) -> tuple[Workspace, Prepared, Request]:
    """A scan of a site as its collector.yaml allows it. Raises UsageError where camscan.yaml or its size forbid it."""
    settings = find_config(None)
    file = own.file
    request = Request(
        targets=tuple(map(str, file.sites[site])),
        pace=file.pace,
        until=file.closes(wall),
        is_confirmed=True,
        keep_journal=True,
    )
    with explain_errors(own.folder):
        make_folder(own.folder)
    space = workspace_of(_own_settings(settings), own.register)
    prepared = prepare_request(request, config=space.settings)
    return space, replace(prepared, plan=replace(prepared.plan, site=site)), request


def _own_settings(settings: Config) -> Config:
    """camscan.yaml without its sites: what is asked, collector.yaml says. Authorisations and exclusions hold."""
    return replace(settings, sites=())


def _fill_spool(own: Place) -> None:
    """Put every finished scan that is kept into the spool, signed."""
    with explain_errors(own.spool):
        make_folder(own.spool)
    for path in kept(journal_folder(str(own.register))):
        with open_existing(path) as stream:
            body = stream.read(MOST_BYTES) or b""
        name = path.name.rpartition(".finished-")[2]
        sealed = seal(body, own.key())
        target = own.spool / f"{name}.camparcel"
        target.unlink(missing_ok=True)
        with explain_errors(target), os.fdopen(create_file(target), "wb") as stream:
            stream.write(sealed)
            os.fsync(stream.fileno())
        path.unlink(missing_ok=True)


def _send_spool(own: Place, centre: Centre, warn: Callable[[str], None]) -> int:
    """Send what waits, oldest first; how many the centre took. One that it does not take stays, and is said."""
    sent = 0
    for path in _list_spool(own):
        with open_existing(path) as stream:
            content = stream.read(MOST_BYTES + _LONGEST * 2) or b""
        try:
            state = centre.send(path.stem, content)
        except CentreError as error:
            warn(visible(str(error), 300))
            break
        if state in _NO_MORE:
            sent += 1
            make_folder(own.sent)
            path.replace(own.sent / path.name)
        else:
            warn(visible(f"the centre has refused the parcel {path.stem} ({state})", 300))
            make_folder(own.sent)
            path.replace(own.sent / path.name)
    for old in sorted(own.sent.glob("*.camparcel"))[:-SENT] if own.sent.exists() else ():
        old.unlink(missing_ok=True)
    return sent


def _list_spool(own: Place) -> list[Path]:
    return sorted(own.spool.glob("*.camparcel")) if own.spool.exists() else []


def _spool_size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob("*.camparcel")) if folder.exists() else 0


def _drop_oldest(own: Place) -> int:
    """Drop the oldest parcels where more wait than there is room for; how many."""
    dropped = 0
    while _spool_size(own.spool) > SPOOL and len(_list_spool(own)) > 1:
        _list_spool(own)[0].unlink(missing_ok=True)
        dropped += 1
    return dropped


def _read_errands(errands: object) -> Iterator[Mapping[str, Any]]:
    return (each for each in errands if isinstance(each, dict)) if isinstance(errands, list) else iter(())


def current_time() -> datetime:
    """What the clock says."""
    return datetime.now(UTC)
