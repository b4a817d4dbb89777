"""Parcels: a scan out of one register's journals, signed, and into another register, as far as its key is believed."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from camscan import fingerprints
from camscan.app.record import record_report, sites_of
from camscan.app.workspace import Workspace
from camscan.config import Config
from camscan.errors import UsageError
from camscan.model import Report
from camscan.net.span import Network, spans, without
from camscan.output import visible
from camscan.parcel.confine import Allowed, Confined, allow_networks, confine, targets_of
from camscan.parcel.seal import Sealed, open_file
from camscan.parcel.unpack import Content, peek, unpack
from camscan.register import Recorded
from camscan.scan.decision import weigh_attempts
from camscan.scan.journal import Head
from camscan.store import open_store
from camscan.store.collectors import Collector, Collectors, State
from camscan.store.database import Store
from camscan.store.parcels import ArrivedParcel, Parcels

_FEW = 8
"""Networks that a question names."""


@dataclass(frozen=True, slots=True)
class Offered:
    """A parcel whose signature fits, before anybody believes it."""

    name: str
    """As it was named."""
    sealed: Sealed
    head: Head
    known: Collector | None
    """Who has its key here; None if nobody does."""
    sent_as: str = ""
    """The id of the scan that its sender said it holds; empty if it was brought as a file."""


@dataclass(frozen=True, slots=True)
class Approval:
    """What a key is to speak for."""

    sites: tuple[str, ...]
    networks: tuple[Network, ...]
    addresses: int

    @property
    def what(self) -> str:
        """In words: ``Oak School``, ``10.1.2.0/24``."""
        texts = [*self.sites, *map(str, self.networks)]
        more = f" and {len(texts) - _FEW} more" if len(texts) > _FEW else ""
        return f"{', '.join(texts[:_FEW])}{more}"


@dataclass(frozen=True, slots=True)
class Brought:
    """The result of a parcel."""

    content: Content
    confined: Confined
    report: Report
    recorded: Recorded | None
    """None if it was in the register already."""
    is_late: bool = False
    """Whether the register had a newer scan of the same addresses."""


@contextlib.contextmanager
def _store_of(space: Workspace, store: Store | None) -> Iterator[Store]:
    """The one that is open already; else another, for so long."""
    if store is not None:
        yield store
        return
    with open_store(space.where) as opened:
        yield opened


def open_parcel(file: Path, space: Workspace, store: Store | None = None) -> Offered:
    """Open a parcel: its signature, and its first line. ``store`` is that of the register, where it is open already.

    Raises UsageError in one line if it is none, or where its key was revoked or stopped here.
    """
    return offer(open_file(file), str(file), space, store)


def offer(sealed: Sealed, name: str, space: Workspace, store: Store | None = None) -> Offered:
    """The same of a parcel that was read already; ``name`` is how errors call it."""
    with _store_of(space, store) as opened:
        known = Collectors(opened).of_key(sealed.key)
    if known and known.state in {State.REVOKED, State.STOPPED}:
        raise UsageError(f"{name}: its key ({known.name}) is {known.state} here; whoever sent it needs a new key")
    return Offered(name, sealed, peek(sealed.body, name), known)


def read_parcel(file: Path) -> tuple[Sealed, Content]:
    """Everything in a parcel, whoever signed it, for looking at."""
    sealed = open_file(file)
    return sealed, unpack(sealed.body, str(file), datetime.now(UTC))


def read_offered(parcel: Offered) -> Content:
    """Everything in a parcel whose signature fits. Raises UsageError in one line if it cannot be read."""
    return unpack(parcel.sealed.body, parcel.name, datetime.now(UTC))


def is_believed(parcel: Offered) -> bool:
    """Whether its key is approved, and for the site that it names."""
    known = parcel.known
    if known is None or not known.is_approved:
        return False
    return not parcel.head.site or not known.sites or parcel.head.site.casefold() in map(str.casefold, known.sites)


def propose_approval(
    parcel: Offered, settings: Config, sites: Sequence[str] = (), networks: Sequence[Network] = ()
) -> Approval:
    """What its key would speak for: what is named here, else the site that it names, else the networks that it asked.

    Never a network of another site. Raises UsageError if nothing is left.
    """
    own, nets = tuple(sites), tuple(networks)
    told = parcel.head.site
    is_mapped = told.casefold() in {site.name.casefold() for site in settings.sites}
    if not own and told and (is_mapped or not settings.sites):
        own = (settings.site(told).name if is_mapped else told,)
    if not nets and not (is_mapped or sites):
        nets = _asked_networks(parcel, settings)
    found = allow_networks(settings, own, nets)
    count = sum(span.last - span.first + 1 for span in found.spans)
    if not count:
        raise UsageError(
            f"{parcel.name}: its key may not speak for any of it, because its networks belong to your own sites, or it "
            f"names none; name a site or a network with --site or --network"
        )
    return Approval(own, nets, count)


def _asked_networks(parcel: Offered, settings: Config) -> tuple[Network, ...]:
    """The networks that it says were asked, without those of the sites of camscan.yaml."""
    targets = targets_of(parcel.head.asked)
    if targets is None:
        return ()
    mapped = spans(settings.scope_networks())
    covering = without([*targets.covering, *targets.only_heard], mapped)
    return tuple(network for span in covering for network in span.networks())


def trust_key(parcel: Offered, space: Workspace, given: Approval, role: str, name: str = "") -> Offered:
    """Let its key speak for that from now on."""
    own = name or (given.sites[0] if given.sites else given.what)
    with open_store(space.where) as store:
        known = Collectors(store).approve(
            parcel.sealed.key, name=visible(own, 200), sites=given.sites, networks=given.networks, role=role
        )
    return replace(parcel, known=known)


def decide_limits(parcel: Offered, settings: Config, once: Approval | None = None) -> Allowed:
    """What is believed of it: what its key may speak for, or for this one time ``once``."""
    if once is not None:
        return allow_networks(settings, once.sites, once.networks)
    if parcel.known is None or not parcel.known.is_approved:
        raise UsageError(f"{parcel.name}: its key is not approved here; nothing was recorded")
    return allow_networks(settings, parcel.known.sites, parcel.known.networks)


def record_parcel(
    parcel: Offered,
    space: Workspace,
    limits: Allowed,
    warn: Callable[[str], None] = lambda _sentence: None,
    store: Store | None = None,
) -> Brought:
    """Record a parcel, as far as it is believed. Twice is once. Raises UsageError in one line if it is refused."""
    now, begun, sealed = datetime.now(UTC), time.monotonic(), parcel.sealed
    content = unpack(sealed.body, parcel.name, now, limits.holds)
    scan_id = content.tail.scan_id
    if parcel.sent_as not in {"", scan_id}:
        raise UsageError(f"{parcel.name}: the scan in it is not the one that was announced; nothing was recorded")
    confined = confine(content, limits, parcel.name)
    report = make_report(content, confined, space.settings)
    with _store_of(space, store) as opened, space.open() as book:
        arrived = Parcels(opened)
        before = arrived.of_scan(scan_id)
        if before and before.digest != sealed.digest:
            raise UsageError(
                f"{parcel.name}: has the id of another parcel that arrived on {before.arrived_at:%d %B %Y}, but "
                f"other content; nothing was recorded. Ask whoever sent it"
            )
        kept = ArrivedParcel(scan_id=scan_id, digest=sealed.digest, key=sealed.key, arrived_at=now)
        if book.has_scan(scan_id):
            if before:  # it was recorded, and then the power failed
                arrived.keep(kept)
            return Brought(content, confined, report, None)
        is_late = book.is_late(report)
        recorded = record_report(report, book, space.settings, warn, late=is_late, bounds=limits.bounds)
        took = max(1, round(1000 * (time.monotonic() - begun)))
        arrived.keep(replace(kept, dropped=confined.dropped, took_ms=took))
    return Brought(content, confined, report, recorded, is_late)


def make_report(content: Content, confined: Confined, settings: Config) -> Report:
    """The report of what remains of a parcel, by this fingerprint database."""
    tail, database = content.tail, fingerprints.kept_database(settings.overlays)
    devices, notes = weigh_attempts(confined.attempts, database)
    if confined.dropped:
        notes.append(
            f"{confined.dropped:,} replies of the parcel were left out: its key may not speak for their senders"
        )
    if content.mistimed:
        notes.append(f"{content.mistimed:,} replies of the parcel were left out: their time lies outside the scan")
    if content.excess:
        notes.append(f"{content.excess:,} replies of the parcel were left out: a scan keeps less of one address")
    if content.unread:
        notes.append(f"{content.unread:,} replies of the parcel are of protocols that this camscan does not know")
    coverage = replace(confined.coverage, notes=(*confined.coverage.notes, *notes))
    report = Report(
        scan_id=tail.scan_id,
        started_at=tail.started_at,
        finished_at=tail.finished_at,
        completion=confined.completion,
        site=confined.site,
        targets=confined.targets,
        pace=tail.pace,
        version=tail.version,
        database=database.version,
        devices=tuple(devices),
        coverage=coverage,
        attempts=confined.attempts,
        turn=tail.turn,
    )
    return report if report.site else replace(report, sites=sites_of(report, settings))


def describe_key(sealed: Sealed, space: Workspace) -> str:
    """Who has its key here, and for what; empty if nobody does."""
    if not space.has_store:
        return ""
    with open_store(space.where) as store:
        known = Collectors(store).of_key(sealed.key)
    if known is None or not known.is_approved:
        return ""
    return f"{known.name}, for {Approval(known.sites, known.networks, 0).what}"


def describe_standing(content: Content, space: Workspace) -> str:
    """Whether its scan is in the register: ``yes``, ``no``."""
    if not space.has_register:
        return "no"
    with space.open(readonly=True, create=False) as book:
        return "yes" if book.has_scan(content.tail.scan_id) else "no"
