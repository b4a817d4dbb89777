"""Runs that did not come to their end: found, continued, forgotten; and one scan with its journal."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from camscan.cli import _keep
from camscan.cli._run import Interruption, Prepared, Request
from camscan.cli._words import program
from camscan.config import PACES
from camscan.errors import CamscanError, OutputError, UsageError
from camscan.model import Completion, Report
from camscan.output import visible
from camscan.register import Recorded, Register, open_register
from camscan.register.backends import address_of, masked
from camscan.scan.journal import Head, Unfinished, beside, path_of, unfinished
from camscan.scan.journal.read import Past, load
from camscan.scan.journal.write import Journal

_OPTIONS = ("pace", "max_pps", "interface", "confirm_count")
"""What a run that is continued is told again, unless the command line says otherwise now."""


@dataclass(frozen=True, slots=True)
class Order:
    """How a scan stands to those that did not come to their end."""

    place: Path
    """Of the journals."""
    head: Head
    """Its key is left to be filled in."""
    resume: bool = False


@dataclass(frozen=True, slots=True)
class Kept:
    """One scan that was recorded."""

    report: Report
    recorded: Recorded
    is_left: bool
    """Whether something of it is left to be asked by --resume."""


def place_of(register: str) -> Path:
    """Where the journals of a register are."""
    address = address_of(register)
    return beside(masked(address) if address else register)


def candidates(place: Path) -> list[Unfinished]:
    """Every run that can be continued by itself: of a site among several, the common run can."""
    found = unfinished(place)
    keys = {each.head.key for each in found}
    return [each for each in found if each.head.round not in keys]


def forget(place: Path) -> int:
    """Remove every journal; how many runs that were."""
    found = candidates(place)
    for each in unfinished(place):
        try:
            each.path.unlink(missing_ok=True)
        except OSError as error:
            raise OutputError(f"{each.path}: cannot be removed: {error.strerror or error}") from error
    return len(found)


def discard(place: Path, register: str) -> None:
    """Forget every unfinished run of a register, unless one is under way; say how many those were."""
    if not unfinished(place):
        click.echo("Nothing is unfinished")
        return
    with open_register(register):
        count = forget(place)
    click.echo(
        f"Forgotten: {count} unfinished run{'' if count == 1 else 's'}. What they recorded stays in the register"
    )


def only_one(place: Path) -> Unfinished:
    """The run that ``--resume`` alone means. Raises UsageError where there is none, or several."""
    now = datetime.now(UTC)
    found = [each for each in candidates(place) if not each.is_stale(now)]
    if len(found) == 1:
        return found[0]
    if not found:
        raise UsageError("there is no unfinished run to continue; name addresses to scan, such as 10.1.2.0/24")
    runs = "; ".join(map(described, found))
    raise UsageError(f"several runs are unfinished: name the targets or the site of one of them ({runs})")


def described(run: Unfinished) -> str:
    """``10.1.2.0/24 of 23 November 2026, 13:40``."""
    begun = run.head.begun.astimezone()
    return f"{visible(run.head.what, 72)} of {begun.day} {begun:%B %Y, %H:%M}"


def again_with(request: Request) -> str:
    """How to call scan again for the same register: without what is to be done."""
    named = [("--register", request.register), ("--config", str(request.config or ""))]
    return " ".join((f"{program()} scan", *(f"{option} {shlex.quote(text)}" for option, text in named if text)))


def announce(place: Path, key: str, request: Request) -> None:
    """One line on standard error about what was left, for somebody who starts a run of this key anew."""
    now = datetime.now(UTC)
    found = candidates(place)
    for each in found:
        if each.head.key == key:
            kept = "" if each.is_stale(now) else "; --resume would have continued it"
            click.echo(f"camscan: the unfinished run ({described(each)}) starts over{kept}", err=True)
    others = [each for each in found if each.head.key != key]
    if others:
        how = f"forget with `{again_with(request)} --discard`"
        if not all(each.is_stale(now) for each in others):
            how = f"continue with `{again_with(request)} --resume`, {how}"
        click.echo(f"camscan: unfinished: {'; '.join(map(described, others))}; {how}", err=True)


def order(register: str, prepared: Prepared, request: Request, *, resume: bool) -> Order:
    """How this scan stands to the unfinished ones: it continues one, or starts beside them.

    Raises UsageError where it is to continue one that is another.
    """
    place = place_of(register)
    is_left = resume and require_same(place, prepared.key, request)
    if resume and not is_left and not request.quiet:
        click.echo("camscan: nothing of this is unfinished; it is scanned from the beginning", err=True)
    sites = (prepared.plan.site,) if request.site else ()
    head = Head("", datetime.now(UTC), targets=tuple(request.targets), sites=sites, options=options_of(request))
    return Order(place, head, resume=is_left)


def options_of(request: Request) -> dict[str, Any]:
    """What the command line said, to be said again when the run is continued."""
    said = {name: getattr(request, name) for name in _OPTIONS}
    return said | {"overlays": [str(path) for path in request.overlays]}


def again(request: Request, options: Mapping[str, Any]) -> Request:
    """The request with what an unfinished run was told, where nothing else is said now.

    A member that is not of its kind was not written by camscan, and says nothing.
    """
    pace, pps, interface, count = (options.get(name) for name in _OPTIONS)
    overlays = options.get("overlays")
    return replace(
        request,
        pace=request.pace or (pace if pace in PACES else ""),
        max_pps=request.max_pps or (float(pps) if isinstance(pps, int | float) and pps >= 1 else None),
        interface=request.interface or (interface if isinstance(interface, str) else None),
        confirm_count=request.confirm_count or (count if isinstance(count, int) else None),
        overlays=request.overlays or tuple(map(Path, overlays if isinstance(overlays, list) else ())),
    )


def require_same(place: Path, key: str, request: Request) -> bool:
    """Whether there is an unfinished run of this key to continue.

    Raises UsageError where the unfinished ones are of something else: then the wrong thing was probably named.
    """
    now = datetime.now(UTC)
    found = [each for each in candidates(place) if not each.is_stale(now)]
    if any(each.head.key == key for each in unfinished(place) if not each.is_stale(now)):
        return True
    same = [each for each in found if _texts(each.head) == (tuple(request.targets), request.site)]
    if same:
        raise UsageError(
            f"the unfinished run ({described(same[0])}) asked something else: camscan.yaml or the options have changed "
            "since; start anew without --resume, or with --discard"
        )
    if found:
        runs = "; ".join(map(described, found))
        raise UsageError(
            f"the unfinished run is another one: {runs}; continue it with `{again_with(request)} --resume`"
        )
    return False


def _texts(head: Head) -> tuple[tuple[str, ...], str]:
    return head.targets, head.sites[0] if len(head.sites) == 1 else ""


def scan_one(
    prepared: Prepared, book: Register, interruption: Interruption, files: Mapping[str, str], order: Order | None
) -> Kept | None:
    """Scan, record, write the files. None where the run to be continued was in the register already."""
    past, journal = _journal(prepared, book, order)
    if past and past.ended and journal is None:
        return None
    report = prepared.run(interruption, journal, past.checkpoint if past else None)
    if past:
        report = replace(report, started_at=min(past.head.begun, report.started_at))
    is_left = report.completion is Completion.INTERRUPTED or prepared.closed
    if journal and not is_left:
        journal.end(report.scan_id)
    recorded = _keep.keep(report, book, files, prepared.config)
    if journal:
        journal.close(remove=not is_left)
        if journal.trouble and is_left:
            click.echo(f"camscan: {journal.path}: {journal.trouble}; --resume will ask some of it again", err=True)
    return Kept(report, recorded, is_left=is_left and journal is not None)


def _journal(prepared: Prepared, book: Register, order: Order | None) -> tuple[Past | None, Journal | None]:
    """The journal to write, and what it says already; no journal where nothing of the run is left to do."""
    if order is None or prepared.plan.listen_for:
        return None, None
    path = path_of(order.place, prepared.key)
    now = datetime.now(UTC)
    is_left = order.resume and any(each.path == path and not each.is_stale(now) for each in unfinished(order.place))
    past = load(path, prepared.plan.targets.spans) if is_left else None
    if past and past.ended and past.ended in _ids(book):
        path.unlink()
        return past, None
    try:
        if past:
            return past, Journal.resume(path, past)
        return None, Journal.begin(path, replace(order.head, key=prepared.key))
    except CamscanError as error:
        click.echo(f"camscan: {error}; a run that is killed cannot be continued", err=True)
        return past, None


def _ids(book: Register) -> Sequence[str]:
    return [scan.scan_id for scan in book.scans()]
