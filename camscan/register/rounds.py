"""Finds which scans were one run over several sites, if an earlier camscan did not record it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

from camscan.model import Turn
from camscan.register.types import StoredScan

BETWEEN = timedelta(minutes=1)
"""A run over several sites begins the next scan as soon as the last one is recorded."""


def with_turns(scans: Sequence[StoredScan], without_turn: Iterable[StoredScan]) -> list[StoredScan]:
    """The same scans in their order; of the ``unsaid`` scans, those that followed each other at once become a round."""
    told: dict[str, Turn] = {}
    for group in _runs_of_scans(without_turn):
        for place, scan in enumerate(group):
            told[scan.scan_id] = Turn(group[0].scan_id, len(group) - 1 - place)
    return [replace(scan, turn=told[scan.scan_id]) if scan.scan_id in told else scan for scan in scans]


def _runs_of_scans(scans: Iterable[StoredScan]) -> Iterator[list[StoredScan]]:
    """Groups of scans of different sites, each begun as the one before had ended. Single scans are left out."""
    group: list[StoredScan] = []
    for scan in scans:
        follows = group and timedelta(0) <= scan.started_at - group[-1].finished_at <= BETWEEN
        is_next = follows and scan.site and scan.site not in {each.site for each in group}
        if not is_next:
            if len(group) > 1:
                yield group
            group = []
        if scan.site:
            group.append(scan)
    if len(group) > 1:
        yield group


def in_order(scans: Sequence[StoredScan]) -> list[StoredScan]:
    """Scans in the order in which they were recorded; a late scan comes before the scans that are newer than it."""
    ordered = [scan for scan in scans if not scan.is_late]
    for late in sorted((scan for scan in scans if scan.is_late), key=lambda each: each.finished_at):
        newer = (place for place, scan in enumerate(ordered) if scan.finished_at > late.finished_at)
        ordered.insert(next(newer, len(ordered)), late)
    return ordered
