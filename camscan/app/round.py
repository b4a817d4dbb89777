"""Scans several sites, one after another, each as a separate scan, with one result at the end."""

from __future__ import annotations

import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from camscan import fingerprints
from camscan.app.devices import device_site
from camscan.app.record import write_files
from camscan.app.request import PreparedScan, Request, prepare_request
from camscan.app.resume import Order, RecordedScan, options_of, scan_and_record
from camscan.app.scan import Interruption, Watcher
from camscan.app.scan_news import ScanNews, find_scan_news
from camscan.config import Config
from camscan.errors import NothingToAskError, ScopeError, TargetError
from camscan.headline import SURE
from camscan.model import Completion, Turn
from camscan.register import Register
from camscan.scan.journal import Head, interrupted_runs, path_of, remember_round
from camscan.scan.journal import key_of_run as journal_key

LIMIT = 65536
"""From this number of addresses on, a site's number must be confirmed, as for any scan."""


@dataclass(slots=True)
class Round:
    """The results of a round, by site."""

    names: Sequence[str]
    """The sites, in the order of the configuration."""
    before: Sequence[str] = ()
    """Sites that were recorded by the run that this one continues."""
    kept: dict[str, RecordedScan] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    """Site -> why it may not be scanned at this time."""
    late: dict[str, str] = field(default_factory=dict)
    """Site -> why it may no longer be scanned, although it might when the run began."""
    empty: dict[str, str] = field(default_factory=dict)
    """Site -> why none of it can ever be asked."""
    unwritten: list[str] = field(default_factory=list)
    """Files of recorded scans that could not be written: which, and why."""
    already: list[str] = field(default_factory=list)
    """Sites whose scan was to be continued, and was in the register already."""
    systems: defaultdict[str, Counter[tuple[str, bool]]] = field(default_factory=lambda: defaultdict(Counter))
    """Site -> maker, and whether it is more than possible -> camera systems that the round saw.

    Each counts once, at its own site, whichever scan saw it.
    """
    new: Counter[str] = field(default_factory=Counter)
    """Site -> devices that were seen for the first time, counted in the same way."""
    changed: Counter[str] = field(default_factory=Counter)
    """Site -> known devices with new facts."""

    news: dict[str, ScanNews] = field(default_factory=dict)
    """Site -> news of its scan that a person should hear."""

    def note_site(self, name: str, kept: RecordedScan) -> None:
        """Note the result of a scan. Its devices are in the register; a hundred sites need not stay in memory."""
        self.kept[name] = replace(kept, report=replace(kept.report, devices=(), attempts=()))

    def count_devices(self, book: Register) -> None:
        """Count what the round saw, from the register: scans may overlap, and devices have several addresses."""
        scans = {kept.report.scan_id for kept in self.kept.values()}
        new = {name for kept in self.kept.values() for name in kept.recorded.new}
        changed = {name for kept in self.kept.values() for name in kept.recorded.changed} - new
        for row in itertools.chain.from_iterable(book.in_batches(scans)):
            site = self._spell_site(device_site(row))
            found = row.identification
            if found.is_camera_system is True:
                self.systems[site][found.maker or "", found.confidence in SURE] += 1
            self.new[site] += row.asset_id in new
            self.changed[site] += row.asset_id in changed

    def _spell_site(self, site: str) -> str:
        return next((name for name in self.names if name.casefold() == site.casefold()), site)

    @property
    def sites_elsewhere(self) -> list[str]:
        """Other sites to which devices of this round belong; an empty text for no known site."""
        found = {*self.systems, *(+self.new), *(+self.changed)}
        return sorted(found - {*self.names})

    @property
    def recorded(self) -> tuple[str, ...]:
        """Sites with nothing left to do."""
        done = [*self.before, *self.already, *(name for name, one in self.kept.items() if not one.is_left)]
        return tuple(name for name in self.names if name in done)

    @property
    def is_over(self) -> bool:
        """Whether nothing is left that --resume could do."""
        return {*self.recorded, *self.refused, *self.empty} >= {*self.names}

    @property
    def is_complete(self) -> bool:
        """Whether every site was asked as far as it could be."""
        complete = (one.report.completion is Completion.COMPLETE for one in self.kept.values())
        return not self.late and not self.empty and all(complete)

    @property
    def sites_left(self) -> list[str]:
        """Sites that a continued run would ask."""
        return [name for name in self.names if name not in {*self.recorded, *self.refused, *self.empty}]


@dataclass(frozen=True, slots=True)
class PreparedRound:
    """A run over several sites that is ready: everything that can be wrong in the request has been found."""

    round: Round
    """What the interrupted run recorded, and what may not be asked now."""
    requests: Mapping[str, Request]
    """Site -> request, for the sites that are to be asked, in their order."""
    config: Config
    database: fingerprints.Database
    place: Path
    """The folder of the journals."""
    head: Head
    is_continued: bool
    """Whether there was an interrupted scan to continue."""


def round_sites(config: Config, sites: Iterable[str] | None, *, in_order: bool = False) -> list[str]:
    """The named sites, in the order of the configuration or (``in_order``) their own; for None, all that have networks.

    Raises ConfigError for an unknown site.
    """
    if sites is None:
        return [site.name for site in config.sites if site.cidrs]
    named = [config.site(name).name for name in sites]
    if in_order:
        return list(dict.fromkeys(named))
    wanted = set(named)
    return [site.name for site in config.sites if site.name in wanted]


def prepare_round(
    request: Request,
    config: Config,
    sites: Iterable[str] | None,
    *,
    place: Path,
    resume: bool = False,
    unattended: bool = False,
) -> PreparedRound:
    """Check the complete request before anything is sent. ``sites`` is as for :func:`round_sites`.

    ``request`` applies to every site; its targets and its site are ignored. ``place`` is the folder of the journals.
    ``unattended`` scans the sites in the order in which they are named. Raises UsageError if the request is wrong,
    ScopeError if no site may be asked now; if ``unattended``, the round says that instead.
    """
    names = round_sites(config, sites, in_order=unattended)
    database = fingerprints.load_database([*config.overlays, *request.overlays])
    head, is_continued = _make_head(names, request, everything=sites is None, place=place, resume=resume)
    going = Round(names, before=[name for name in names if name in head.recorded])
    wanted = _site_requests(request, config, going)
    requests = _possible_requests(wanted, config, database, going)
    if wanted and not requests and not unattended:
        raise ScopeError(next(iter({**going.refused, **going.empty}.values())))
    return PreparedRound(going, requests, config, database, place, head, is_continued)


def run_round(
    prepared: PreparedRound,
    book: Register,
    files: Mapping[str, str],
    *,
    resume: bool = False,
    on_site: Callable[[str], None] = lambda _name: None,
    watcher: Watcher | None = None,
    interruption: Interruption | None = None,
) -> Round:
    """Scan one site after another and record each at once. Returns the results.

    ``files`` (export -> path) are written for each site, under its name (:func:`site_files`); ``on_site`` is called
    before each; ``resume`` also continues the interrupted scan of a site.
    """
    interruption = interruption or Interruption()
    remember_round(prepared.place, prepared.head)
    id_ = f"{prepared.head.begun:%Y%m%dT%H%M%S.%fZ}-{prepared.head.key}"
    for left, (name, request) in zip(reversed(range(len(prepared.requests))), prepared.requests.items(), strict=True):
        if not interruption.is_wanted:
            _scan_site(name, request, prepared, book, files, resume, on_site, watcher, interruption, Turn(id_, left))
    prepared.round.count_devices(book)
    if prepared.round.is_over:
        path_of(prepared.place, prepared.head.key).unlink(missing_ok=True)
    return prepared.round


def _scan_site(  # noqa: PLR0917 - what run_round was told
    name: str,
    request: Request,
    whole: PreparedRound,
    book: Register,
    files: Mapping[str, str],
    resume: bool,
    on_site: Callable[[str], None],
    watcher: Watcher | None,
    interruption: Interruption,
    turn: Turn,
) -> None:
    """Scan one site; it may have become too late for it meanwhile."""
    going = whole.round
    prepared = _try_site(name, request, whole.config, whole.database, going.late)
    if prepared is None:
        return
    on_site(name)
    head = Head("", datetime.now(UTC), sites=(name,), options=options_of(request), round=whole.head.key)
    order = Order(whole.place, head, resume=resume, turn=turn, is_kept=request.keep_journal)
    kept = scan_and_record(prepared, book, {}, order, watcher=watcher, interruption=interruption)
    if kept is None:
        going.already.append(name)
    else:
        # A file that cannot be written affects nothing else: the site is recorded, and the next ones are scanned.
        going.unwritten += map(str, write_files(kept.report, site_files(files, name)))
        going.news[name] = find_scan_news(book, kept.report, kept.recorded)
        going.note_site(name, kept)
    remember_round(whole.place, replace(whole.head, recorded=going.recorded))


def _try_site(
    name: str, request: Request, config: Config, database: fingerprints.Database, refused: dict[str, str]
) -> PreparedScan | None:
    try:
        return prepare_request(request, config=config, database=database)
    except ScopeError as error:
        refused[name] = str(error)
        return None


def _possible_requests(
    requests: Mapping[str, Request], config: Config, database: fingerprints.Database, going: Round
) -> dict[str, Request]:
    """The requests that may be asked now; ``going`` gets the reasons why others may not."""
    possible = {}
    for name, request in requests.items():
        try:
            if _try_site(name, request, config, database, going.refused):
                possible[name] = request
        except NothingToAskError as error:
            going.empty[name] = str(error)
    return possible


def _make_head(
    names: Sequence[str], request: Request, *, everything: bool, place: Path, resume: bool
) -> tuple[Head, bool]:
    """The head under which the common run is remembered; if it is continued, with what was recorded."""
    key = journal_key("round", "all" if everything else sorted(names))
    before = [run for run in interrupted_runs(place) if run.head.key == key]
    if resume and before and not before[0].is_stale(datetime.now(UTC)):
        return before[0].head, True
    sites = () if everything else tuple(names)
    head = Head(key, datetime.now(UTC), sites=sites, everything=everything, options=options_of(request))
    return head, False


def _site_requests(request: Request, config: Config, going: Round) -> dict[str, Request]:
    """A request for each site that was not recorded before.

    Raises TargetError if one is so large that the number must be confirmed.
    """
    counts = {site.name: sum(one.num_addresses for one in site.cidrs if one.version == 4) for site in config.sites}  # noqa: PLR2004 - IP version; wide IPv6 networks are not swept
    total = sum(counts[name] for name in going.names)
    large = [name for name in going.names if counts[name] > LIMIT]
    if large and request.confirm_count != total:
        raise TargetError(
            f"{large[0]} has {counts[large[0]]:,} addresses, more than {LIMIT:,}; if you mean that, add "
            f"--confirm-count {total}, the number for all sites together"
        )
    left = (name for name in going.names if name not in going.before)
    return {name: replace(request, site=name, is_confirmed=True) for name in left}


def site_files(files: Mapping[str, str], site: str) -> dict[str, str]:
    """The files of one site: ``devices.csv`` is ``devices-town-hall.csv`` for the Town Hall."""
    return {
        kind: str(Path(file).with_name(f"{Path(file).stem}-{site_slug(site)}{Path(file).suffix}"))
        for kind, file in files.items()
    }


def site_slug(site: str) -> str:
    """The name of a site as part of a file's name."""
    return re.sub(r"[^\w]+", "-", site.casefold()).strip("-") or "site"
