"""Prints sites, and the changes that a table of sites makes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from camscan import app
from camscan.asset import Place
from camscan.cli._table import print_table
from camscan.cli._words import print_text, program_name
from camscan.errors import UsageError
from camscan.output import visible
from camscan.words import count_text

if TYPE_CHECKING:
    from camscan.config import Config, Site

_MOST_LINES = 60
"""Maximum lines of a difference that are printed; the rest is counted."""


def take_table(file: Path, config: Path | None, register: Path | None, *, is_applied: bool) -> int:
    """Print what a table of sites changes; with ``is_applied``, change it. Returns the exit code."""
    table = app.sites.read_sites(file, config)
    wrong = [str(each) for each in table.faults] or [error.text for error in table.errors]
    for fault in wrong:
        click.echo(f"error: {visible(fault)}", err=True)
    if wrong:
        for note in table.table.notes:
            click.echo(f"warning: {visible(note)}", err=True)
        count = len(wrong)
        click.echo(f"{count_text(count, 'error')}: nothing was changed")
        return UsageError.exit_code
    for warning in table.warnings:
        click.echo(f"{warning.level}: {visible(warning.text)}", err=True)
    _print_difference(table.differences, table.after.places())
    if not is_applied:
        click.echo("Nothing was changed; --apply does it")
        return 0
    if table.changes_nothing:
        return 0
    click.echo(f"Written: {app.sites.apply_sites(table)}")
    if where := app.sites.remember_sites(app.workspace.workspace_of(table.after, register)):
        click.echo(f"Register {where}: the site map is up to date")
    return 0


def _print_difference(lines: Sequence[str], after: Sequence[Place]) -> None:
    for line in lines[:_MOST_LINES]:
        click.echo(visible(line))
    if len(lines) > _MOST_LINES:
        click.echo(f"… and {len(lines) - _MOST_LINES} more")
    sites = len({place.name for place in after})
    networks = sum(1 for place in after if place.subnet)
    told = count_text(len(lines), "difference") if lines else "no differences"
    click.echo(f"{count_text(sites, 'site')} with {count_text(networks, 'network')}; {told}")


def print_list(config: Path | None, register: Path | None) -> None:
    """Print one line for each site."""
    space = app.workspace.find_workspace(config, register)
    settings = space.settings
    known = app.sites.known_sites(space, is_named=register is not None)
    places = settings.places() or known.places or [Place(name) for name in sorted(known.devices) if name]
    if not places:
        where = settings.path or "camscan.yaml"
        raise UsageError(f"no site is listed in {where}; see `camscan config init` and `camscan sites import`")
    names = list(dict.fromkeys(place.name for place in places))
    subnets = defaultdict(list)
    for place in places:
        if place.subnet:
            subnets[place.name].append(place.subnet)
    until = {site.name: app.sites.authorisation_end(settings, site) for site in settings.sites}
    heading = ("Site", "Networks", "Addresses", "In place", "Last complete scan", "Authorised until")
    rows = [
        (
            name,
            ", ".join(subnets[name]),
            f"{sum(map(_address_count, subnets[name])):,}",
            f"{known.devices[name]:,}",
            known.last_complete(name),
            until.get(name, ""),
        )
        for name in names
    ]
    first = ("Site", "Addresses", "In place", "Last complete scan", "Authorised until", "Networks")
    left_out = print_table(heading, rows, first=first, cut={"Site": 20, "Networks": 18})
    elsewhere = sum(count for name, count in known.devices.items() if name not in names)
    if elsewhere:
        print_text(
            f"{count_text(elsewhere)} in the register at none of these sites. A scan of a site adds its devices."
        )
    if left_out:
        print_text(f"Columns left out for lack of room: {', '.join(left_out)}. A wider window shows them.")


def _address_count(cidr: str) -> int:
    base, _, prefix = cidr.partition("/")
    bits = 128 if ":" in base else 32
    return 1 << (bits - int(prefix))


def print_site(name: str, config: Path | None, register: Path | None) -> None:
    """Print everything that is known about one site."""
    space = app.workspace.find_workspace(config, register)
    settings = space.settings
    known = app.sites.known_sites(space, is_named=register is not None)
    if settings.sites or not known.places:
        site = settings.site(name)
        places = [*site.places()]
    else:
        site = None
        places = [place for place in known.places if place.name.casefold() == name.casefold()]
    if not places:
        raise UsageError(f"there is no site '{name}'; the sites are: {', '.join(_place_names(known.places))}")
    place = places[0]
    click.echo(visible(place.name))
    for key, value in app.sites.place_details(place).items():
        click.echo(f"  {key:14} {visible(value)}")
    for other in places[1:]:
        own = [
            f"{key} {value}"
            for key, value in app.sites.place_details(other).items()
            if app.sites.place_details(place).get(key) != value
        ]
        click.echo(f"  {'network':14} {other.subnet}{'  ' if own else ''}{visible(', '.join(own))}")
    if len(places) == 1:
        click.echo(f"  {'network':14} none: no scan reaches it")
    if site is not None:
        _print_rules(settings, site)
    for line in known.last_asked(place.name):
        click.echo(f"  {'asked':14} {line}")
    click.echo(f"  {'devices':14} {known.devices[place.name]:,}")
    for scan in known.scans[place.name][-5:][::-1]:
        print_text(
            f"  {'scan':14} {scan.started_at.astimezone():%Y-%m-%d %H:%M}  {scan.completion}, {scan.devices:,} devices "
            f"at {scan.coverage.answered:,} of {scan.coverage.addresses:,} addresses",
            hang=17,
        )
    if not known.scans[place.name]:
        click.echo(f'  {"scan":14} none of this site by its name; {program_name()} scan --site "{visible(place.name)}"')


def _print_rules(config: Config, site: Site) -> None:
    wall = config.clock(datetime.now(UTC))
    for network in config.networks_of_others(site):
        click.echo(f"  {'without':14} {network}, which belongs to another site")
    for network in site.exclusions:
        click.echo(f"  {'never asked':14} {network}")
    if site.pace:
        click.echo(f"  {'pace':14} {site.pace}")
    for authorisation in config.authorisations:
        if any(
            one.version == cidr.version and one.overlaps(cidr) for one in site.cidrs for cidr in authorisation.cidrs
        ):
            window = f", {authorisation.window}" if authorisation.window else ""
            state = "in force now" if authorisation.is_valid_now(wall) else authorisation.describe_why_not(wall)
            until = f"until {authorisation.expires}{window} ({state})"
            print_text(f"  {'authorised by':14} {visible(authorisation.role)}, {until}", hang=17)


def _place_names(places: Sequence[Place]) -> list[str]:
    return list(dict.fromkeys(place.name for place in places))
