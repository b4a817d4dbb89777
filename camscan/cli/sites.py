"""``camscan sites``: list sites and their networks, or import them from a table."""

from __future__ import annotations

from pathlib import Path

import click

from camscan.cli import Group, _options
from camscan.cli._sites import print_list, print_site, take_table


@click.group("sites", cls=Group)
def sites() -> None:
    """List the sites in camscan.yaml, or import hundreds of networks from a table."""


@sites.command("import")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--apply", "is_applied", is_flag=True, help="Make the changes; without this, only print them.")
@_options.register
@_options.config
def import_(file: Path, is_applied: bool, register: Path | None, config: Path | None) -> int:
    """Import networks and sites from FILE, a CSV with one network on each line; they replace those of the last import.

    Columns: cidr and site, and if known uprn, type, sensitivity, controller, owner_service, network_zone,
    vlan. A site may have many lines. The table is kept beside camscan.yaml; sites in camscan.yaml itself are unchanged.

    Exit code 2: a line is wrong, and nothing was changed.
    """
    return take_table(file, config, register, is_applied=is_applied)


@sites.command("list")
@_options.register
@_options.config
def list_(register: Path | None, config: Path | None) -> None:
    """Print every site: networks, addresses, devices in the register, last complete scan, end of its authorisation.

    The sites come from camscan.yaml, else from the register's site map, else from the names that scans and people
    have used.
    """
    print_list(config, register)


@sites.command("show")
@click.argument("name", metavar="NAME")
@_options.register
@_options.config
def show(name: str, register: Path | None, config: Path | None) -> None:
    """Print everything known about one site: its networks, who controls it, its devices, its scans."""
    print_site(name, config, register)


GROUP = "find"
COMMAND = sites
