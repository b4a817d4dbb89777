"""``camscan accept-risk``: somebody decided to keep devices as they are."""

from __future__ import annotations

import click

from camscan.cli import _options


@click.command("accept-risk")
@click.argument("devices", nargs=-1, metavar="DEVICE…")
@click.option(
    "--ref", required=True, type=_options.WORDS, metavar="MINUTE", help="Where that was decided: minute and date."
)
@click.option("--until", metavar="DATE", help="Until when; then it is to be decided anew.")
@click.option("--site", metavar="SITE", help="Every device of this site, in place of DEVICE.")
@_options.acting()
def accept_risk(
    devices: tuple[str, ...],
    ref: str,
    until: str | None,
    site: str | None,
    acting: _options.Acting,
) -> None:
    """Enter that it was decided to keep devices, where that is written down, and until when.

    \b
    camscan accept-risk CCTV-0017 --ref "Cabinet 12 January 2027, minute 48" --until 2028-03-31
    """  # noqa: D301 - \b is click's mark for a block that is not wrapped
    from camscan.cli import _devices  # noqa: PLC0415 - keeps --help quick

    last = _devices.day(until) if until else None
    if last and last < _devices.day(None):
        raise click.UsageError(f"--until {last} has passed; name today or a later day")
    _devices.enter(
        devices,
        {
            "lifecycle_status": "accepted_risk",
            "scope_decision_ref": ref,
            "accepted_until": last.isoformat() if last else "",
        },
        command="camscan accept-risk",
        acting=acting,
        site=site,
    )


COMMAND = accept_risk
