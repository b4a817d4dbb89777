"""Records a report in the register, and writes it into files."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from camscan.app.export import export_scan
from camscan.app.listing_lines import make_lister
from camscan.app.unrecordable import record_without_faults
from camscan.app.workspace import Workspace
from camscan.config import Config
from camscan.errors import CamscanError, ConfigError
from camscan.model import Report
from camscan.register import Recorded, Register, open_register
from camscan.register.types import Bounds

__all__ = ["record_and_write", "record_report", "rehearse_report", "sites_of", "write_files"]


def _say_nothing(_sentence: str) -> None:
    pass


def record_report(
    report: Report,
    book: Register,
    settings: Config | None = None,
    warn: Callable[[str], None] = _say_nothing,
    *,
    late: bool = False,
    bounds: Bounds | None = None,
) -> Recorded:
    """Record a report. The site map and the policies of ``settings`` decide where devices are and what counts.

    A mistake in the policies costs the counts of the burn-down, and not the scan: ``warn`` gets a line about it.
    ``late`` and ``bounds`` are those of :meth:`camscan.register.Register.record`.
    """
    if settings is None:
        return book.record(report, late=late, bounds=bounds)
    if settings.sites:  # a configuration without sites does not change the map
        book.remember_sites(settings.places())
    book.list_by(make_lister(settings))
    after = settings.offline_after
    try:
        return book.record(report, counted=True, offline_after=after, late=late, bounds=bounds)
    except ConfigError as error:
        warn(f"the scan was recorded, but not counted for the burn-down: {error}")
        return book.record(report, offline_after=after, late=late, bounds=bounds)


def rehearse_report(report: Report, space: Workspace) -> Recorded:
    """What recording a report would change in the register. Nothing is written, and a missing register is not made."""
    if space.has_register:
        with space.open(create=False) as book:
            return book.record(report, offline_after=space.settings.offline_after, dry_run=True)
    with tempfile.TemporaryDirectory() as folder, open_register(Path(folder) / "empty.db") as book:
        return book.record(report)


def record_and_write(
    report: Report,
    book: Register,
    files: Mapping[str, str],
    settings: Config | None = None,
    warn: Callable[[str], None] = _say_nothing,
) -> Recorded:
    """Record a report, and write the files (export -> path), as many as possible: a full disk must not affect others.

    Raises the first CamscanError at the end; ``warn`` is called for the others.
    """
    recorded: Recorded | None = None
    troubles: list[CamscanError] = []
    try:
        recorded = record_without_faults(
            report,
            lambda one: record_report(one, book, settings, warn),
            lambda one: book.record(one, dry_run=True),
            warn,
        )
    except CamscanError as error:
        troubles.append(error)
    troubles += write_files(report, files)
    for trouble in troubles[1:]:
        warn(str(trouble))
    if troubles or recorded is None:
        raise troubles[0]
    return recorded


def write_files(report: Report, files: Mapping[str, str]) -> Iterator[CamscanError]:
    """Write each file (export -> path) if possible. Yields the errors of the others."""
    for name, file in files.items():
        try:
            export_scan(name, report, file)
        except CamscanError as error:
            yield error


def sites_of(report: Report, settings: Config) -> Mapping[str, str]:
    """IP address -> site, by the site map, for a scan that was not of one site."""
    places = ((ip, settings.place_of(ip)) for device in report.devices for ip in device.ip_addresses)
    return {ip: place.name for ip, place in places if place}
