"""``camscan import snmp``: what switches and routers list about the devices behind them, asked or from a saved walk."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from camscan import app
from camscan.cli import _elsewhere, _later, _options
from camscan.cli._words import warn
from camscan.words import list_text


@click.command("snmp")
@click.argument("what", nargs=-1, required=True, metavar="SWITCH…|FILE…")
@click.option("--apply", "is_applied", is_flag=True, help="Write it into the register; without this, only print it.")
@click.option("--run", "is_asked", is_flag=True, help="Ask each SWITCH instead of reading each FILE.")
@click.option(
    "--credential",
    default="",
    metavar="NAME",
    help="The entry under snmp in camscan.yaml, if several cover the switch.",
)
@click.option("--port", type=click.IntRange(1, 65535), default=161, metavar="PORT", help="UDP port; 161 by default.")
@click.option("--site", default="", metavar="NAME", help="The site in camscan.yaml that the devices belong to.")
@click.option("--as-of", metavar="TIME", help="When the files were written; by default, their own dates.")
@click.option("--form", default="", metavar="NAME", help="The format of the files, if it is not recognised.")
@click.option("--everything", is_flag=True, help="Also enter devices that show no sign of being a camera or recorder.")
@_options.register
@_options.overlay
@_options.config
@_options.log_options
@click.option("-q", "--quiet", is_flag=True, help="For unattended runs: only print what is new or wrong.")
def snmp(  # noqa: PLR0917 - one per option
    what: tuple[str, ...],
    is_applied: bool,
    is_asked: bool,
    credential: str,
    port: int,
    site: str,
    as_of: str | None,
    form: str,
    everything: bool,
    register: Path | None,
    overlay: tuple[Path, ...],
    config: Path | None,
    quiet: bool,
) -> int:
    """Show what switches and routers list by SNMP; with --apply, add it to the register.

    \b
    camscan import snmp --run 10.1.0.2 10.1.0.3 --apply
    camscan import snmp walk.txt                  (saved with snmpwalk -On)

    It gives the switch port of each MAC address, neighbours by LLDP, the power of ports, and the ARP tables of routers.
    camscan only reads. An entry under snmp in camscan.yaml says how a switch is asked: SNMPv3 with encryption, or
    SNMPv2c, which everybody on the way can read.

    Exit code 3: some of it could not be read, or a switch did not answer; the rest was used.
    """  # noqa: D301 - \b is click's mark for a block that is not wrapped
    space = app.workspace.find_workspace(config, register)
    site = space.settings.site(site).name if site else ""  # a register that does not exist is reported now
    database = _later.fingerprints.load_database([*space.settings.overlays, *overlay])
    if is_asked:
        prepared = app.snmp.prepare_switches(what, space.settings, credential)
        if prepared.clear:
            warn(
                f"{list_text(prepared.clear)}: SNMPv2c sends its community and all answers in clear text; everybody on "
                "the way can read them. Use SNMPv3 if the switch supports it."
            )
        evidence = app.snmp.ask_switches(
            prepared, site=site, database=database, started_at=datetime.now(UTC), port=port, everything=everything
        )
    else:
        source = app.elsewhere.find_source("snmp")
        evidence = _elsewhere.read_files(
            source, what, space, database, form=form, site=site, as_of=as_of, everything=everything
        )
    return _elsewhere.conclude(evidence, space, database, is_applied=is_applied, everything=everything, quiet=quiet)


COMMAND = snmp
