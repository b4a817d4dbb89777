"""``camscan removed``: devices were taken down."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from camscan.cli import _options

if TYPE_CHECKING:
    from camscan.asset import Asset


@click.command("removed")
@click.argument("devices", nargs=-1, required=True, metavar="DEVICE…")
@click.option("--on", metavar="DATE", help="The day; today by default.")
@click.option(
    "--evidence", required=True, type=_options.WORDS, metavar="REF", help="Works order or other proof of removal."
)
@_options.acting()
def removed(
    devices: tuple[str, ...],
    on: str | None,
    evidence: str,
    acting: _options.Acting,
) -> None:
    """Enter that devices were taken down, and the proof of it.

    \b
    camscan removed CCTV-0017 CCTV-0018 --on 2027-03-31 --evidence "works order 48213"

    Should one of them answer a scan again, `camscan diff` says so first of all. Only people say that a device is
    removed: one that is not seen is only not seen.
    """  # noqa: D301 - \b is click's mark for a block that is not wrapped
    from camscan.asset import GONE  # noqa: PLC0415 - keeps --help quick
    from camscan.cli import _devices  # noqa: PLC0415

    day = _devices.day(on).isoformat()

    def entries(row: Asset, _: str) -> Mapping[str, str]:
        made = {"removal_evidence_ref": evidence}
        if row.lifecycle not in GONE:
            made["lifecycle_status"] = "removed"
        if on or row.lifecycle not in GONE:
            made["actual_removal_date"] = day
        return made

    _devices.enter(
        devices,
        entries,
        command="camscan removed",
        acting=acting,
    )


COMMAND = removed
