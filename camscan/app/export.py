"""Writing a scan or the register in one of the formats of ``camscan/exports/``."""

from __future__ import annotations

from datetime import date

from camscan.app import assess
from camscan.app.assess import judged
from camscan.config import Config
from camscan.errors import UsageError
from camscan.exports import Inventory, load
from camscan.model import Report
from camscan.output import write_atomically
from camscan.register import Register


def export_scan(name: str, report: Report, path: str) -> None:
    """Write the report of a scan to a file; '-' is standard output.

    Raises UsageError for a format that is not of a scan, OutputError where the file cannot be written.
    """
    export = load().get(name)
    if export is None or export.of_scan is None:
        raise UsageError(f"there is no format '{name}' of a scan; there are: {', '.join(formats_of_scans())}")
    write = export.of_scan
    write_atomically(path, lambda stream: write(report, stream))


def formats_of_scans() -> list[str]:
    """The names of the formats in which a scan can be written."""
    return [name for name, export in load().items() if export.of_scan]


def export_register(
    name: str, book: Register, path: str, settings: Config, *, on: date | None = None, scan_id: str | None = None
) -> int:
    """Write what a register holds, in a format that is of the register, or of its newest scan; the number of devices.

    ``scan_id`` names another scan, in a format of a scan. Raises as :func:`export_scan` does.
    """
    export = load()[name]
    if export.of_register is None or (scan_id is not None and export.of_scan is not None):
        report = book.report(scan_id)
        export_scan(name, report, path)
        return len(report.devices)
    if scan_id is not None:
        raise UsageError(f"{name} is a format of the whole register; leave out --scan")
    assets, day = book.devices(), on or assess.today()
    inventory = Inventory(assets, judged(assets, settings, day), day, settings.organisation)
    write = export.of_register
    write_atomically(path, lambda stream: write(inventory, stream))
    return len(assets)
