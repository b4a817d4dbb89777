"""Which collectors are asked for a scan because their site is due, and which have fallen silent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from camscan.app.collectors import list_collector_states
from camscan.app.due_sites import SLACK, find_due_sites
from camscan.app.resume import journal_folder
from camscan.app.workspace import Workspace
from camscan.config import Config, Site
from camscan.report import scan_id_at
from camscan.store.collectors import Collector
from camscan.store.database import Store
from camscan.store.errands import OVER, Errand, Errands

LASTS = timedelta(days=7)
"""How long an errand may be begun: a site may allow scans on one day of the week only."""
_AGAIN = timedelta(days=1)
"""How long a site is not asked again after its collector refused or failed."""


def silent_collectors(store: Store, now: datetime) -> list[Collector]:
    """The collectors that have fallen silent, in the order in which they came."""
    return [state.collector for state in list_collector_states(store) if state.is_silent(now)]


def ask_for_due_scans(space: Workspace, store: Store, now: datetime) -> list[Errand]:
    """Ask the collector of every due site for a scan. Returns the new errands; a second call adds none.

    A site is due as for an unattended run, at any hour: the collector's own file says at which hours it scans. If a
    site has several collectors, the one that asked last is asked.
    """
    errands = Errands(store)
    errands.expire(now)
    by_site = _by_site(store, now)
    newest = errands.newest(now) if by_site else {}
    settings = space.settings
    free = [
        site for site in settings.sites if site.cidrs and site.name in by_site and _is_free(site, settings, newest, now)
    ]
    made = []
    for name in _due(space, free, now):
        errand = Errand(id=scan_id_at(now), key=by_site[name].key, site=name, made_at=now, ends_at=now + LASTS)
        errands.keep(errand)
        made.append(errand)
    return made


def _by_site(store: Store, now: datetime) -> Mapping[str, Collector]:
    """Site -> the collector that scans it: of those that ask, the one that asked last."""
    asking = [
        (state.collector.seen_at, state.collector)
        for state in list_collector_states(store)
        if state.collector.is_approved and state.collector.seen_at and not state.is_silent(now)
    ]
    asking.sort(key=lambda pair: pair[0])
    return {site: each for _, each in asking for site in each.sites}


def _is_free(site: Site, settings: Config, newest: Mapping[tuple[str, str], datetime], now: datetime) -> bool:
    """Whether a site has no recent errand: none in progress, and none that was just done."""
    made = {state: at for (name, state), at in newest.items() if name.casefold() == site.name.casefold()}
    if made.keys() - OVER or any(now - at < _AGAIN for at in made.values()):
        return False
    every = timedelta(days=site.every or settings.run.every)
    return "done" not in made or now - made["done"] >= every - SLACK


def _due(space: Workspace, sites: Sequence[Site], now: datetime) -> Sequence[str]:
    if not sites or not space.has_register:
        return ()
    with space.open(readonly=True, create=False) as book:
        scans = book.scans()
    settings = replace(space.settings, sites=tuple(sites))
    found = find_due_sites(settings, scans, journal_folder(str(space.where)), now)
    return (*found.sites, *found.waiting, *(name for name, _ in found.too_large))
