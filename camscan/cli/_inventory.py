"""``camscan import inventory``: exports of other inventories, and NetBox over its own interface."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from camscan import app
from camscan.cli import _elsewhere, _later, _options


@click.command("inventory")
@click.argument("what", nargs=-1, required=True, metavar="FILE…|NAME…")
@click.option("--apply", "is_applied", is_flag=True, help="Write it into the register; without this, only print it.")
@click.option("--run", "is_asked", is_flag=True, help="Ask each NetBox, an entry under inventories in camscan.yaml.")
@click.option("--site", default="", metavar="NAME", help="The site in camscan.yaml that the devices belong to.")
@click.option("--as-of", metavar="TIME", help="When the files were written; by default, their own dates.")
@click.option("--form", default="", metavar="NAME", help="The format of the files, if it is not recognised.")
@click.option("--everything", is_flag=True, help="Also enter devices that show no sign of being a camera or recorder.")
@_options.register
@_options.overlay
@_options.config
@click.option("-q", "--quiet", is_flag=True, help="For unattended runs: only print what is new or wrong.")
def inventory(  # noqa: PLR0917 - one per option
    what: tuple[str, ...],
    is_applied: bool,
    is_asked: bool,
    site: str,
    as_of: str | None,
    form: str,
    everything: bool,
    register: Path | None,
    overlay: tuple[Path, ...],
    config: Path | None,
    quiet: bool,
) -> int:
    """Show what exports of other inventories would add to the register; with --apply, add it.

    \b
    camscan import inventory netbox_devices.csv
    camscan import inventory --run netbox --apply

    camscan knows NetBox (CSV, and its REST API), runZero, Shodan, Censys, and the list of Hikvision's SADP tool. It
    recognises the format by itself. NetBox is only read, over HTTPS.

    Exit code 3: some of it could not be read; the rest was used.
    """  # noqa: D301 - \b is click's mark for a block that is not wrapped
    space = app.workspace.find_workspace(config, register)
    site = space.settings.site(site).name if site else ""  # a register that does not exist is reported now
    database = _later.fingerprints.load_database([*space.settings.overlays, *overlay])
    if is_asked:
        evidence = app.netbox.ask_netbox(
            what, space.settings, site=site, database=database, started_at=datetime.now(UTC), everything=everything
        )
    else:
        source = app.elsewhere.find_source("inventory")
        evidence = _elsewhere.read_files(
            source, what, space, database, form=form, site=site, as_of=as_of, everything=everything
        )
    return _elsewhere.conclude(evidence, space, database, is_applied=is_applied, everything=everything, quiet=quiet)


COMMAND = inventory
