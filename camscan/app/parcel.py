"""Parcels: a scan out of one register's journals, signed, and into another register, as far as its key is trusted."""

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
from camscan.net.span import Network, spans, subtract_spans
from camscan.output import visible
from camscan.parcel.confine import ConfinedParcel, KeyLimits, allow_networks, confine, targets_of
from camscan.parcel.seal import SealedParcel, open_sealed
from camscan.parcel.unpack import Content, peek, unpack
from camscan.register import Recorded
from camscan.scan.decision import weigh_attempts
from camscan.scan.journal import Head
from camscan.store import open_store
from camscan.store.collectors import Collector, Collectors, State
from camscan.store.database import Store
from camscan.store.parcels import ArrivedParcel, Parcels

_FEW = 8
"""How many networks a question names."""


@dataclass(frozen=True, slots=True)
class OfferedParcel:
    """A parcel whose signature fits, and of which nothing was recorded yet."""

    name: str
    """The name of the parcel in messages."""
    sealed: SealedParcel
    head: Head
    known: Collector | None
    """The collector with its key; None if there is none."""
    sent_as: str = ""
    """The id of the scan that its sender announced; empty if it came as a file."""


@dataclass(frozen=True, slots=True)
class Approval:
    """The sites and networks that a key may speak for."""

    sites: tuple[str, ...]
    networks: tuple[Network, ...]
    addresses: int

    @property
    def what(self) -> str:
        """The sites and networks in words: ``Oak School``, ``10.1.2.0/24``."""
        texts = [*self.sites, *map(str, self.networks)]
        more = f" and {len(texts) - _FEW} more" if len(texts) > _FEW else ""
        return f"{', '.join(texts[:_FEW])}{more}"


@dataclass(frozen=True, slots=True)
class ParcelResult:
    """The result of recording a parcel."""

    content: Content
    confined: ConfinedParcel
    report: Report
    recorded: Recorded | None
    """What was recorded; None if the scan was in the register before."""
    is_late: bool = False
    """Whether the register had a newer scan of the same addresses."""


@contextlib.contextmanager
def _store_of(space: Workspace, store: Store | None) -> Iterator[Store]:
    """The store that is open already; or else another one, which is closed afterwards."""
    if store is not None:
        yield store
        return
    with open_store(space.where) as opened:
        yield opened


def open_parcel(file: Path, space: Workspace, store: Store | None = None) -> OfferedParcel:
    """Open a parcel: its signature, and its first line. ``store`` is that of the register, if it is open already.

    Raises UsageError in one line if it is not a parcel, or if its key was revoked or stopped here.
    """
    return offer_parcel(open_sealed(file), str(file), space, store)


def offer_parcel(sealed: SealedParcel, name: str, space: Workspace, store: Store | None = None) -> OfferedParcel:
    """Look up the key of a parcel that was read already, like :func:`open_parcel`; error messages call it ``name``."""
    with _store_of(space, store) as opened:
        known = Collectors(opened).find_key(sealed.key)
    if known and known.state in {State.REVOKED, State.STOPPED}:
        raise UsageError(f"{name}: its key ({known.name}) is {known.state} here; whoever sent it needs a new key")
    return OfferedParcel(name, sealed, peek(sealed.body, name), known)


def read_parcel(file: Path) -> tuple[SealedParcel, Content]:
    """Read everything in a parcel, whoever signed it, to show it."""
    sealed = open_sealed(file)
    return sealed, unpack(sealed.body, str(file), datetime.now(UTC))


def read_offered(parcel: OfferedParcel) -> Content:
    """Read everything in a parcel whose signature fits. Raises UsageError in one line if it cannot be read."""
    return unpack(parcel.sealed.body, parcel.name, datetime.now(UTC))


def is_trusted(parcel: OfferedParcel) -> bool:
    """Whether the parcel's key is approved, and for the site that the parcel names."""
    known = parcel.known
    if known is None or not known.is_approved:
        return False
    return not parcel.head.site or not known.sites or parcel.head.site.casefold() in map(str.casefold, known.sites)


def propose_approval(
    parcel: OfferedParcel, settings: Config, sites: Sequence[str] = (), networks: Sequence[Network] = ()
) -> Approval:
    """Work out what the parcel's key would speak for.

    That is what is named here, or else the site that the parcel names, or else the networks that its scan asked; never
    a network of another site. Raises UsageError if nothing is left.
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


def _asked_networks(parcel: OfferedParcel, settings: Config) -> tuple[Network, ...]:
    """The networks that the parcel's scan asked, without those of the sites of camscan.yaml."""
    targets = targets_of(parcel.head.asked)
    if targets is None:
        return ()
    mapped = spans(settings.scope_networks())
    covering = subtract_spans([*targets.covering, *targets.only_heard], mapped)
    return tuple(network for span in covering for network in span.networks())


def trust_key(parcel: OfferedParcel, space: Workspace, given: Approval, role: str, name: str = "") -> OfferedParcel:
    """Trust the parcel's key from now on, for these sites and networks."""
    own = name or (given.sites[0] if given.sites else given.what)
    with open_store(space.where) as store:
        known = Collectors(store).approve(
            parcel.sealed.key, name=visible(own, 200), sites=given.sites, networks=given.networks, role=role
        )
    return replace(parcel, known=known)


def decide_limits(parcel: OfferedParcel, settings: Config, once: Approval | None = None) -> KeyLimits:
    """What may be recorded from the parcel: what its key may speak for, or for this one time ``once``."""
    if once is not None:
        return allow_networks(settings, once.sites, once.networks)
    if parcel.known is None or not parcel.known.is_approved:
        raise UsageError(f"{parcel.name}: its key is not approved here; nothing was recorded")
    return allow_networks(settings, parcel.known.sites, parcel.known.networks)


def record_parcel(
    parcel: OfferedParcel,
    space: Workspace,
    limits: KeyLimits,
    warn: Callable[[str], None] = lambda _sentence: None,
    store: Store | None = None,
) -> ParcelResult:
    """Record the part of a parcel that its key may speak for. Raises UsageError in one line if it is refused.

    If it is recorded twice, the second time changes nothing.
    """
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
            return ParcelResult(content, confined, report, None)
        is_late = book.is_late(report)
        recorded = record_report(report, book, space.settings, warn, late=is_late, bounds=limits.bounds)
        took = max(1, round(1000 * (time.monotonic() - begun)))
        arrived.keep(replace(kept, dropped=confined.dropped, took_ms=took))
    return ParcelResult(content, confined, report, recorded, is_late)


def make_report(content: Content, confined: ConfinedParcel, settings: Config) -> Report:
    """The report of the remaining part of a parcel, by this fingerprint database."""
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


def describe_key(sealed: SealedParcel, space: Workspace) -> str:
    """The collector that has the parcel's key, and its sites; empty if there is none."""
    if not space.has_store:
        return ""
    with open_store(space.where) as store:
        known = Collectors(store).find_key(sealed.key)
    if known is None or not known.is_approved:
        return ""
    return f"{known.name}, for {Approval(known.sites, known.networks, 0).what}"


def describe_standing(content: Content, space: Workspace) -> str:
    """Whether the parcel's scan is in the register: ``yes``, ``no``."""
    if not space.has_register:
        return "no"
    with space.open(readonly=True, create=False) as book:
        return "yes" if book.has_scan(content.tail.scan_id) else "no"
