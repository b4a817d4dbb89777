"""A collector: it enrols at one centre, asks what to do, scans what its own site allows, and sends the result.

Two keys must agree before a packet is sent: the centre's, which signs an errand for one of the sites, and the site's,
whose collector.yaml says which networks the site has, at which hours and for how long. An errand names no address.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from camscan import fingerprints
from camscan.app import spool
from camscan.app.collect_place import Place, read_place
from camscan.app.request import PreparedScan, Request, prepare_request
from camscan.app.resume import continues, decide_order, journal_folder, scan_and_record
from camscan.app.scan import Interruption, Watcher
from camscan.app.scan_rate import note_begun, refuse_too_often
from camscan.app.workspace import Workspace, workspace_of
from camscan.config import Config, find_config
from camscan.errors import CamscanError, ConfigError, UsageError
from camscan.output import explain_errors, make_folder, visible
from camscan.parcel import errand
from camscan.parcel.client import AlteredError, Centre, CentreError
from camscan.parcel.keys import public_key_of
from camscan.version import __version__

__all__ = [
    "CollectorRound",
    "Place",
    "current_time",
    "do_round",
    "enrol_collector",
    "prepare_site_scan",
    "put_off_seconds",
    "read_place",
]

_LONGEST = 200
_KEY = 32
_MOST = 5
"""The most errands of one round."""
_REMEMBERED = 100
"""How many errands are remembered, so that none is carried out twice, whatever the centre says."""
_ROOM = 2 << 20
"""Bytes that must be free on the disk for a scan."""
_ALARM = 5
"""After this many requests that were altered on the way, the centre gets a message once a request arrives unaltered."""
DONE, REFUSED, ACCEPTED, FAILED = "done", "refused", "accepted", "failed"
"""The states of an errand."""


def current_time() -> datetime:
    """The present time, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class CollectorRound:
    """The result of one round of a collector."""

    state: str
    next_seconds: int
    scanned: tuple[str, ...] = ()
    """The sites that were scanned."""
    refused: tuple[tuple[str, str], ...] = ()
    """Site, and why it was not scanned."""
    sent: int = 0
    left: int = 0
    """Parcels that are still to be sent."""


@dataclass(frozen=True, slots=True)
class _Work:
    """What every errand of a round needs."""

    own: Place
    centre: Centre
    clock: Callable[[], datetime]
    """Gives the time. It is asked again before every scan: a centre may answer late, and hours may end meanwhile."""
    watcher: Watcher | None
    interruption: Interruption | None
    warn: Callable[[str], None]
    read_again: Callable[[], Place]
    """Gives the collector as its file is now."""

    @property
    def is_over(self) -> bool:
        """Whether somebody wants the round to end."""
        return bool(self.interruption and self.interruption.is_wanted)


def enrol_collector(own: Place, code: str) -> str:
    """Send the public key to the centre. Returns the collector's name there. Raises UsageError, CentreError."""
    said = own.centre().enrol(code)
    try:
        key = bytes.fromhex(said["errand_key"])
    except (KeyError, TypeError, ValueError) as error:
        raise CentreError(f"{own.file.centre}: does not answer like a centre of camscan") from error
    if len(key) != _KEY:
        raise CentreError(f"{own.file.centre}: does not answer like a centre of camscan")
    own.remember(errand_key=key.hex(), name=str(said.get("name", ""))[:_LONGEST], centre=own.file.centre)
    own.keep_reserve()
    return str(said.get("name", ""))


def do_round(
    own: Place,
    clock: Callable[[], datetime] = current_time,
    *,
    watcher: Watcher | None = None,
    interruption: Interruption | None = None,
    warn: Callable[[str], None] = lambda _sentence: None,
    read_again: Callable[[], Place] | None = None,
) -> CollectorRound:
    """Ask the centre, do what it asks and the site allows, and send what waits.

    ``read_again`` reads collector.yaml once more before each scan: the site may allow less by then. Raises UsageError
    if this collector has not enrolled, KeyRefusedError, and CentreError if the centre could not be asked.
    """
    state = own.state()
    if "errand_key" not in state or state.get("centre") != own.file.centre:
        raise UsageError(f"this collector has not enrolled at {own.file.centre}: `camscan collect enrol CODE`")
    trouble = spool.fill_spool(own)
    if trouble:
        warn(visible(trouble, 300))
    work = _Work(own, own.centre(), clock, watcher, interruption, warn, read_again or (lambda: own))
    try:
        with work.centre.hold_connection():
            done = _do_round(work, work.centre.poll(_describe_self(own, state, trouble)), state)
    except AlteredError:
        own.remember(altered=_count_altered(state) + 1)
        raise
    if _count_altered(state):
        own.remember(altered=0)
    return done


def put_off_seconds(error: CamscanError) -> float:
    """Seconds for which the centre wants no request, as it said; 0 if it did not."""
    return float(error.after) if isinstance(error, CentreError) else 0.0


def _do_round(work: _Work, heard: Mapping[str, Any], state: Mapping[str, Any]) -> CollectorRound:
    own = work.own
    told = heard.get("state")
    if not isinstance(told, str):
        raise CentreError(f"{own.file.centre}: does not answer like a centre of camscan")
    scanned: list[str] = []
    refused: list[tuple[str, str]] = []
    asked = () if heard.get("hold") else _read_errands(work, heard.get("errands"), bytes.fromhex(state["errand_key"]))
    for message in asked:
        if message.id in _done_errands(own):  # the centre did not get the answer the first time
            work.centre.report(message.id, DONE)
            continue
        outcome, why = _do_errand_as_allowed(work, message)
        work.centre.report(message.id, outcome, why[:_LONGEST])
        if outcome == DONE:
            scanned.append(message.site)
        else:
            refused.append((message.site, why))
    spool.send_again(own, heard.get("wanted"))
    sent = spool.send_spool(own, work.centre, work.warn) if told == "approved" else 0
    left = len(spool.list_waiting(own))
    return CollectorRound(told, _seconds_to_wait(heard.get("next")), tuple(scanned), tuple(refused), sent, left)


def _seconds_to_wait(seconds: object) -> int:
    """The seconds until the next round, as the centre says, within bounds."""
    said = seconds if isinstance(seconds, int) and not isinstance(seconds, bool) else 0
    return min(3600, max(30, said))


def _describe_self(own: Place, state: Mapping[str, Any], trouble: str) -> Mapping[str, Any]:
    """What the collector says about itself. The spool is within its bounds by then."""
    dropped, altered = spool.drop_oldest(own), _count_altered(state)
    own.keep_reserve()
    if dropped:
        trouble = f"{dropped} parcels were dropped: the spool was full"
    elif altered >= _ALARM:
        trouble = f"something on the way changes what is sent ({altered} times so far)"
    return {
        "version": __version__,
        "edition": fingerprints.load_database().version,
        "spool": str(spool.spool_size(own)),
        "sent": spool.list_sent(own),
        "error": trouble[:_LONGEST],
    }


def _count_altered(state: Mapping[str, Any]) -> int:
    """How many requests in a row were altered on the way."""
    said = state.get("altered", 0)
    return said if isinstance(said, int) else 0


def _read_errands(work: _Work, errands: object, key: bytes) -> Iterator[errand.ErrandMessage]:
    """The errands that the centre's key signed for this collector, one for each site.

    Any other only causes a warning.
    """
    sites: set[str] = set()
    given = errands if isinstance(errands, list) else []
    for each in islice(given, _MOST):
        if work.is_over:
            return
        try:
            asked = errand.read_errand(each if isinstance(each, dict) else {}, key, public_key_of(work.own.key()))
        except UsageError as error:
            work.warn(f"{error}; it was not carried out")
            continue
        if asked.site not in sites:
            sites.add(asked.site)
            yield asked


def _do_errand_as_allowed(work: _Work, asked: errand.ErrandMessage) -> tuple[str, str]:
    """Carry out an errand by collector.yaml as it is now: the scans before it may have taken hours."""
    try:
        own = work.read_again()
    except ConfigError as error:
        return FAILED, str(error)
    return _do_errand(replace(work, own=own), asked)


def _do_errand(work: _Work, asked: errand.ErrandMessage) -> tuple[str, str]:
    """Carry out an errand. Returns its state, in a word of the protocol, and why.

    Without the site's permission no packet is sent. An errand that waits for its hour, or was interrupted, comes again
    until its time is over, and is continued then.
    """
    own = work.own
    if against := _why_not_now(work, asked):
        return against
    try:
        space, prepared, request = prepare_site_scan(own, asked.site, _local_time(work.clock()))
        order = decide_order(journal_folder(str(space.where)), prepared, request, resume=True)
        is_new = not continues(order, prepared)
        if is_new:
            refuse_too_often(own, asked.site, work.clock())
    except CamscanError as error:
        return REFUSED, str(error)
    work.centre.report(asked.id, "begun")
    if against := _why_not_now(work, asked):
        return against
    try:
        with space.open() as book:
            if is_new:  # not earlier: while another program uses the register, nothing is begun
                note_begun(own, asked.site, work.clock())
            kept = scan_and_record(prepared, book, {}, order, watcher=work.watcher, interruption=work.interruption)
    except CamscanError as error:
        return FAILED, str(error)
    trouble = spool.fill_spool(own)
    if kept and kept.is_left:
        return ACCEPTED, "it was interrupted, and is continued"
    own.remember(done=[*_done_errands(own), asked.id][-_REMEMBERED:])
    return DONE, trouble


def _done_errands(own: Place) -> list[str]:
    """The ids of the errands that were carried out, the latest last."""
    return [done for done in own.state().get("done", ()) if isinstance(done, str)]


def _why_not_now(work: _Work, asked: errand.ErrandMessage) -> tuple[str, str] | None:
    """The state of an errand that the site does not allow now, and why; None if it does."""
    now = work.clock()
    file, wall = work.own.file, _local_time(now)
    if why := "it came too late" if asked.ends_at <= now else file.why_not(asked.site, wall):
        return REFUSED, why
    if why := file.why_later(wall):
        return ACCEPTED, why
    if (free := shutil.disk_usage(work.own.folder).free) < _ROOM:
        return FAILED, f"the disk is full: {free >> 10:,} KB are free, and a scan needs {_ROOM >> 10:,}"
    return None


def _local_time(now: datetime) -> datetime:
    """The time by the clock of this machine."""
    return now.astimezone().replace(tzinfo=None)


def prepare_site_scan(own: Place, site: str, wall: datetime) -> tuple[Workspace, PreparedScan, Request]:
    """Prepare a scan of a site as its collector.yaml allows it.

    Raises UsageError if camscan.yaml or its size forbid it.
    """
    settings = find_config(None)
    file = own.file
    request = Request(
        targets=tuple(map(str, file.sites[site])),
        pace=file.pace,
        until=file.closing_time(wall),
        is_confirmed=True,
        keep_journal=True,
    )
    with explain_errors(own.folder):
        make_folder(own.folder)
    space = workspace_of(_own_settings(settings), own.register)
    prepared = prepare_request(request, config=space.settings)
    return space, replace(prepared, plan=replace(prepared.plan, site=site)), request


def _own_settings(settings: Config) -> Config:
    """camscan.yaml without its sites, because collector.yaml says what is asked.

    Authorisations apply, and all exclusions, those of its sites too.
    """
    return replace(settings, sites=(), exclusions=settings.exclusions_of())
