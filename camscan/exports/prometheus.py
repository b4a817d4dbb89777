"""Counts of the register for Prometheus: the text format 0.0.4, for a textfile collector or a page.

Labels come from small closed sets: never a site, an address, a serial number or a role. The samples have no times; the
program that collects the file adds its own. Names are a promise: new ones are only added.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product
from types import MappingProxyType

from camscan.asset import Presence
from camscan.exports import Export, Figures

_STANDINGS = ("planned", "overdue", "no_date", "blocked", "accepted_risk", "removed")
_NONE: Mapping[str, tuple[str, ...]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric of the file."""

    help_text: str
    """What it counts, in one line: the HELP of the metric."""
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: _NONE)
    """Name of a label -> every value that it may have."""
    kind: str = "gauge"


METRICS: Mapping[str, Metric] = {
    "camscan_devices": Metric(
        "Installed devices of video surveillance, as the headline counts them. possible: by Hikvision or Dahua, but "
        "only possibly."
        "",
        {
            "maker": ("hikvision", "dahua", "possible", "other", "unknown"),
            "presence": tuple(presence.value for presence in Presence),
        },
    ),
    "camscan_programme": Metric("Devices in scope, by their state in the programme.", {"standing": _STANDINGS}),
    "camscan_answers_after_removal": Metric("Devices that were entered as removed and answered a scan afterwards."),
    "camscan_scope_unknown": Metric("Devices whose scope is not known."),
    "camscan_conflicts_open": Metric("Questions about the identity of devices that a person has to settle."),
    "camscan_addresses": Metric(
        "Distinct addresses in scope of any scan, by whether they were asked.", {"result": ("asked", "not_asked")}
    ),
    "camscan_sites": Metric(
        "Sites in camscan.yaml with networks, by the age of their last complete scan.",
        {"state": ("scanned_90d", "stale", "never")},
    ),
    "camscan_last_complete_scan_timestamp_seconds": Metric("When the newest complete scan ended."),
    "camscan_authorisation_expires_timestamp_seconds": Metric(
        "When the next authorisation to scan ends, without counting those that a later one replaces."
    ),
    "camscan_register_bytes": Metric("Size of the register, if it is a file."),
    "camscan_register_backup_timestamp_seconds": Metric("When the register was backed up last."),
    "camscan_last_success_timestamp_seconds": Metric("When the newest unattended run that succeeded ended."),
    "camscan_last_run_exit_code": Metric("Exit code of the newest unattended run (docs/exit-codes.md)."),
    "camscan_run_duration_seconds": Metric("How long the newest unattended run took."),
    "camscan_collectors": Metric(
        "Collectors of a centre, by state.",
        {"state": ("invited", "waiting", "approved", "stopped", "revoked")},
    ),
    "camscan_collector_silent": Metric("Collectors that asked before, but have stopped asking."),
    "camscan_collectors_behind": Metric("Approved collectors with an older camscan than the centre."),
    "camscan_parcels": Metric(
        "Parcels that arrived. held: their key is not approved, and a person must look.",
        {"state": ("waiting", "held", "recorded", "refused", "lost")},
    ),
    "camscan_parcel_age_seconds": Metric("For how long the oldest parcel has waited to be recorded; 0 if none waits."),
    "camscan_parcel_disk_free_ratio": Metric("Share of the disk of the parcels that is free."),
    "camscan_ingest_seconds": Metric("Seconds that recording a parcel took, on average, in the last day."),
    "camscan_errands": Metric(
        "Scans that collectors were asked for, by result.",
        {"state": ("waiting", "accepted", "begun", "refused", "failed", "done", "expired")},
    ),
    "camscan_queue_jobs": Metric(
        "Jobs of the queue; those by the clock are not counted.",
        {"status": ("todo", "doing", "succeeded", "failed", "cancelled", "aborting", "aborted")},
    ),
    "camscan_queue_stalled": Metric("Jobs of a worker that has stopped, which no other worker has taken over yet."),
    "camscan_queue_worker": Metric("Whether a worker was seen within two minutes: 1 or 0."),
    "camscan_alert_failures_total": Metric("Alerts that could not be delivered.", kind="counter"),
}
"""Name -> metric, in the order of the file. A metric without figures is not written."""


def metrics_text(figures: Figures) -> str:
    """The text of the file. A metric with labels has every combination of their values: 0 if nothing was counted.

    Raises ValueError for a metric or a label value that is not declared here.
    """
    if unknown := sorted(figures.keys() - METRICS.keys()):
        raise ValueError(f"no such metric: {', '.join(unknown)}")
    return "".join(_metric_lines(name, metric, figures[name]) for name, metric in METRICS.items() if name in figures)


def _metric_lines(name: str, metric: Metric, values: Mapping[tuple[str, ...], float]) -> str:
    combinations = list(product(*metric.labels.values()))
    if wrong := sorted(values.keys() - set(combinations)):
        raise ValueError(f"{name}: no such labels: {wrong}")
    lines = [f"# HELP {name} {metric.help_text}", f"# TYPE {name} {metric.kind}"]
    for combination in combinations:
        pairs = ",".join(f'{label}="{value}"' for label, value in zip(metric.labels, combination, strict=True))
        lines.append(f"{name}{f'{{{pairs}}}' if pairs else ''} {_number_text(values.get(combination, 0))}")
    return "\n".join(lines) + "\n"


def _number_text(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(float(value))


EXPORT = Export("prometheus", ".prom", "counts for Prometheus, without sites and addresses", of_figures=metrics_text)
