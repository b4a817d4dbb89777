"""Counts of a register and of the runs over it, for programs that watch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from camscan.app.by_site import has_lines
from camscan.app.centre_state import centre_state
from camscan.app.listing_lines import read_estate
from camscan.app.overview import load_overview
from camscan.app.plan import plan_progress
from camscan.app.workspace import Workspace
from camscan.config import Config
from camscan.config.authorisation import Authorisation
from camscan.errors import CamscanError
from camscan.exports import Figures
from camscan.model import Completion
from camscan.plan.entered_twice import entered_twice
from camscan.plan.estate_count import count_by_maker
from camscan.plan.scan_coverage import ScannedNetworks
from camscan.plan.status import Status
from camscan.policies import companies
from camscan.register import Register
from camscan.register.address import address_of

__all__ = ["Run", "count_figures", "figures_of_run"]

_Values = Mapping[tuple[str, ...], float]


@dataclass(frozen=True, slots=True)
class Run:
    """What is known about the unattended runs; values of None are left out."""

    last_success: datetime | None = None
    """When the newest successful run ended."""
    exit_code: int | None = None
    """The exit code of the newest run."""
    seconds: float | None = None
    """The seconds that the newest run took."""
    backup: datetime | None = None
    """When the register was last backed up."""
    alert_failures: int | None = None
    """How many alerts could not be delivered, in all."""


def count_figures(space: Workspace, run: Run | None = None) -> Figures:
    """Count the register as of today; ``run`` adds what only the caller knows."""
    found = load_overview(space) or plan_progress(space)
    with space.open(readonly=True) as book:
        devices = _of_devices(book, space.settings)
        ended = [scan.finished_at for scan in book.scans() if scan.completion is Completion.COMPLETE]
        reviews = len(book.reviews())
    return {
        "camscan_devices": devices,
        **_of_programme(found.status),
        **_of_coverage(found.looked),
        "camscan_conflicts_open": {(): reviews},
        **_time_figure("camscan_last_complete_scan_timestamp_seconds", max(ended, default=None)),
        **_time_figure("camscan_authorisation_expires_timestamp_seconds", _first_end(space.settings)),
        **_register_size(space),
        **_of_centre(space),
        **figures_of_run(run or Run()),
    }


def _of_devices(book: Register, settings: Config) -> _Values:
    known = companies.load_ownership(settings.overlays)
    if has_lines(book, settings):
        estate = read_estate(book)
        counts = count_by_maker((device.asset for device in estate.devices), known, estate.twice)
    else:
        rows = book.devices()
        counts = count_by_maker(rows, known, entered_twice(rows))
    return {labels: float(number) for labels, number in counts.items()}


def _of_programme(status: Status) -> dict[str, _Values]:
    standings = {(name.value,): float(number) for name, number in status.total.standings.items()}
    return {
        "camscan_programme": {labels: number for labels, number in standings.items() if labels != ("closed",)},
        "camscan_answers_after_removal": {(): len(status.answers_after_removal)},
        "camscan_scope_unknown": {(): status.scope_unknown},
    }


def _of_coverage(looked: ScannedNetworks) -> dict[str, _Values]:
    return {
        "camscan_addresses": {("asked",): looked.addresses - looked.unasked, ("not_asked",): looked.unasked},
        "camscan_sites": {
            ("scanned_90d",): looked.fresh_sites,
            ("stale",): len(looked.stale_sites),
            ("never",): len(looked.never_asked),
        },
    }


def _time_figure(name: str, when: datetime | None) -> dict[str, _Values]:
    return {} if when is None else {name: {(): int(when.timestamp())}}


def _first_end(settings: Config) -> datetime | None:
    """When the first authorisation ends that no later one replaces."""
    known = settings.authorisations
    ends = [each.expires for each in known if not any(_is_replaced_by(other, each) for other in known)]
    return _end_of_day(min(ends), settings) if ends else None


def _is_replaced_by(later: Authorisation, earlier: Authorisation) -> bool:
    return later.expires > earlier.expires and all(
        any(net.version == wide.version and net.subnet_of(wide) for wide in later.cidrs)  # type: ignore[arg-type]
        for net in earlier.cidrs
    )


def _end_of_day(day: date, settings: Config) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), settings.timezone or UTC)


def _of_centre(space: Workspace) -> dict[str, _Values]:
    """The counts of the centre; empty if no collector was ever known, or if the user may not see them."""
    try:
        state = centre_state(space, datetime.now(UTC))
    except CamscanError:
        return {}
    if state is None:
        return {}
    found: dict[str, _Values] = {
        "camscan_collectors": _by_name(state.collectors),
        "camscan_collector_silent": {(): len(state.silent)},
        "camscan_collectors_behind": {(): state.behind},
        "camscan_parcels": _by_name(state.parcels),
        "camscan_parcel_age_seconds": {(): round(state.oldest.total_seconds())},
        "camscan_errands": _by_name(state.errands),
    }
    if state.free is not None:
        found["camscan_parcel_disk_free_ratio"] = {(): round(state.free, 3)}
    if state.ingest_seconds is not None:
        found["camscan_ingest_seconds"] = {(): round(state.ingest_seconds, 3)}
    if state.queue is not None:
        found["camscan_queue_jobs"] = _by_name(state.queue.jobs)
        found["camscan_queue_stalled"] = {(): state.queue.stalled}
        found["camscan_queue_worker"] = {(): float(state.has_worker)}
    return found


def _by_name(counts: Mapping[str, int]) -> _Values:
    return {(name,): number for name, number in counts.items()}


def _register_size(space: Workspace) -> dict[str, _Values]:
    if address_of(space.where) is not None:
        return {}
    return {"camscan_register_bytes": {(): Path(space.where).stat().st_size}}


def figures_of_run(run: Run) -> Figures:
    """The figures of the runs alone, for use if the register cannot be read."""
    numbers = {
        "camscan_last_run_exit_code": run.exit_code,
        "camscan_run_duration_seconds": run.seconds,
        "camscan_alert_failures_total": run.alert_failures,
    }
    return {
        **_time_figure("camscan_last_success_timestamp_seconds", run.last_success),
        **_time_figure("camscan_register_backup_timestamp_seconds", run.backup),
        **{name: {(): number} for name, number in numbers.items() if number is not None},
    }
