"""What is said of sites, and how a table of them is taken."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import click

from camscan.asset import CLOSED, Place
from camscan.cli import _options
from camscan.cli._configuration import findings
from camscan.cli._table import print_table
from camscan.cli._words import program
from camscan.config import Config, Site, find_config
from camscan.config.check import Finding, Level
from camscan.config.read import find_file, read_config
from camscan.config.sites_file import load, write
from camscan.errors import UsageError
from camscan.model import Completion
from camscan.output import visible, write_atomically
from camscan.register import StoredScan, open_register
from camscan.register.backends import address_of

_MOST_LINES = 60
"""Lines of a difference that are printed; the rest is counted."""


# ── import ───────────────────────────────────────────────────────────────────────────────────────────────────────


def take(file: Path, config: Path | None, register: Path | None, *, is_applied: bool) -> int:
    """Say what a table of sites changes; with ``is_applied``, change it. The exit code."""
    found = find_file(config)
    if found is None:
        raise UsageError("there is no camscan.yaml to keep the sites beside: make one with `camscan config init`")
    table = load(file)
    before, _ = read_config(found)
    after, faults = read_config(found, table=table)
    for fault in faults:
        click.echo(f"{Level.ERROR}: {visible(str(fault))}", err=True)
    if faults:
        for note in table.notes:
            click.echo(f"{Level.WARNING}: {visible(note)}", err=True)
        click.echo(f"{len(faults)} error{'' if len(faults) == 1 else 's'}: nothing was changed")
        return UsageError.exit_code
    for each in _news(before, after):
        click.echo(f"{each.level}: {visible(each.text)}", err=True)
    _print_difference(before.places(), after.places())
    if not is_applied:
        click.echo("Nothing was changed; --apply does it")
        return 0
    assert after.sites_file is not None  # noqa: S101 - a configuration that was read has one
    if before.places() == after.places():
        return 0
    write_atomically(str(after.sites_file), lambda stream: stream.writelines([write(table.sites)]))
    click.echo(f"Written: {after.sites_file}")
    _remember(after, register)
    return 0


def _news(before: Config, after: Config) -> list[Finding]:
    """What looks wrong now and did not before; what the whole file lacks is for `camscan config check`."""
    known = {each.text for each in findings(before, [])}
    return [each for each in findings(after, []) if each.text not in known]


def _remember(config: Config, register: Path | None) -> None:
    """Let the register know, where there is one; the next scan does so too."""
    where = str(register or config.register or _options.REGISTER)
    if address_of(where) is None and not Path(where).exists():
        return
    with open_register(where, editing=True, create=False) as book:
        book.remember_sites(config.places())
    click.echo(f"Register {book.where}: the site map is up to date")


def _print_difference(before: Sequence[Place], after: Sequence[Place]) -> None:
    old, new = ({(place.name, place.subnet): place for place in places} for places in (before, after))
    lines = [*_differences(old, new)]
    for line in lines[:_MOST_LINES]:
        click.echo(visible(line))
    if len(lines) > _MOST_LINES:
        click.echo(f"… and {len(lines) - _MOST_LINES} more")
    sites = len({place.name for place in after})
    networks = sum(1 for place in after if place.subnet)
    click.echo(
        f"{sites} sites with {networks} networks; {len(lines) or 'no'} difference{'' if len(lines) == 1 else 's'}"
    )


def _differences(old: Mapping[tuple[str, str], Place], new: Mapping[tuple[str, str], Place]) -> Iterator[str]:
    for (name, subnet), place in new.items():
        was = old.get((name, subnet))
        what = f"{subnet} of {name}" if subnet else f"site {name}"
        said = [f"{key} {value}" for key, value in _said(place).items()]
        if was is None:
            yield f"+ {what}{': ' if said else ''}{', '.join(said)}"
        elif was != place:
            changed = [
                f"{key} {_said(was).get(key, '(nothing)')} -> {_said(place).get(key, '(nothing)')}"
                for key in {**_said(was), **_said(place)}
                if _said(was).get(key) != _said(place).get(key)
            ]
            yield f"* {what}: {', '.join(changed)}"
    yield from (
        f"- {subnet} of {name}" if subnet else f"- site {name}" for name, subnet in old if (name, subnet) not in new
    )


def _said(place: Place) -> dict[str, str]:
    """What is known of a place, without its name and subnet; of a subnet, what may differ from its site's."""
    words = {
        "uprn": place.ref,
        "type": place.type,
        "sensitivity": place.sensitivity,
        "controller": place.controller,
        "owner_service": place.owner_service,
        "network_zone": place.network_zone,
        "vlan": place.vlan,
    }
    own = ("controller", "network_zone", "vlan") if place.subnet else tuple(words)
    return {key: words[key] for key in own if words[key]}


# ── list and show ────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class _Known:
    """What the register knows of the sites."""

    places: Sequence[Place] = ()
    devices: Counter[str] = field(default_factory=Counter)
    """Site -> rows that are not closed."""
    scans: defaultdict[str, list[StoredScan]] = field(default_factory=lambda: defaultdict(list))
    """Site -> its scans, oldest first."""

    def last_complete(self, site: str) -> str:
        """Day of the last scan that asked everything."""
        complete = [scan for scan in self.scans[site] if scan.completion is Completion.COMPLETE]
        return f"{complete[-1].finished_at.astimezone():%Y-%m-%d}" if complete else "never"


def _known(config: Config, register: Path | None) -> _Known:
    where = str(register or config.register or _options.REGISTER)
    if register is None and address_of(where) is None and not Path(where).exists():
        return _Known()
    with open_register(where, readonly=True) as book:
        known = _Known(book.sites())
        for row in book.devices():
            if row.lifecycle not in CLOSED:
                known.devices[row.entry("site_name") or row.site] += 1
        for scan in book.scans():
            known.scans[scan.site].append(scan)
    return known


def print_list(config: Path | None, register: Path | None) -> None:
    """One line for each site."""
    settings = find_config(config)
    known = _known(settings, register)
    places = settings.places() or known.places
    if not places:
        where = settings.path or "camscan.yaml"
        raise UsageError(f"no site is listed in {where}; see `camscan config init` and `camscan sites import`")
    names = list(dict.fromkeys(place.name for place in places))
    subnets = defaultdict(list)
    for place in places:
        if place.subnet:
            subnets[place.name].append(place.subnet)
    until = {site.name: _until(settings, site) for site in settings.sites}
    heading = ("Site", "Networks", "Addresses", "Devices", "Last complete scan", "Authorised until")
    rows = [
        (
            name,
            ", ".join(subnets[name]),
            f"{sum(map(_size, subnets[name])):,}",
            f"{known.devices[name]:,}",
            known.last_complete(name),
            until.get(name, ""),
        )
        for name in names
    ]
    first = ("Site", "Addresses", "Devices", "Last complete scan", "Authorised until", "Networks")
    left_out = print_table(heading, rows, first=first, cut={"Site": 20, "Networks": 18})
    elsewhere = sum(count for name, count in known.devices.items() if name not in names)
    if elsewhere:
        click.echo(f"{elsewhere:,} device{'' if elsewhere == 1 else 's'} of the register at none of these sites")
    if left_out:
        click.echo(f"No room here for: {', '.join(left_out)}. A wider window shows them")


def _size(cidr: str) -> int:
    base, _, prefix = cidr.partition("/")
    bits = 128 if ":" in base else 32
    return 1 << (bits - int(prefix))


def _until(config: Config, site: Site) -> str:
    """The last day on which all of its networks are authorised; empty where it needs no authorisation."""
    today = config.clock(datetime.now(UTC)).date()
    named = [
        each
        for each in config.authorisations
        if any(one.version == cidr.version and one.overlaps(cidr) for one in site.cidrs for cidr in each.cidrs)
    ]
    held = [each.expires for each in named if each.in_force(today)]
    if held:
        return f"{max(held)}"
    return "expired" if any(each.expires < today for each in named) else f"{named[0].begins} on" if named else ""


def print_site(name: str, config: Path | None, register: Path | None) -> None:
    """All that is known of one site."""
    settings = find_config(config)
    known = _known(settings, register)
    if settings.sites or not known.places:
        site = settings.site(name)
        places = [*site.places()]
    else:
        site = None
        places = [place for place in known.places if place.name.casefold() == name.casefold()]
    if not places:
        raise UsageError(f"there is no site '{name}'; known are: {', '.join(_names(known.places))}")
    place = places[0]
    click.echo(visible(place.name))
    for key, value in _said(place).items():
        click.echo(f"  {key:14} {visible(value)}")
    for each in places[1:]:
        own = [f"{key} {value}" for key, value in _said(each).items() if _said(place).get(key) != value]
        click.echo(f"  {'network':14} {each.subnet}{'  ' if own else ''}{visible(', '.join(own))}")
    if len(places) == 1:
        click.echo(f"  {'network':14} none: no scan reaches it")
    if site is not None:
        _print_rules(settings, site)
    click.echo(f"  {'devices':14} {known.devices[place.name]:,}")
    for scan in known.scans[place.name][-5:][::-1]:
        click.echo(
            f"  {'scan':14} {scan.started_at.astimezone():%Y-%m-%d %H:%M}  {scan.completion}, {scan.devices:,} devices "
            f"at {scan.coverage.answered:,} of {scan.coverage.addresses:,} addresses"
        )
    if not known.scans[place.name]:
        click.echo(f'  {"scan":14} never; {program()} scan --site "{visible(place.name)}"')


def _print_rules(config: Config, site: Site) -> None:
    wall = config.clock(datetime.now(UTC))
    for each in config.borrowed(site):
        click.echo(f"  {'without':14} {each}, which belongs to another site")
    for each in site.exclusions:
        click.echo(f"  {'never asked':14} {each}")
    if site.pace:
        click.echo(f"  {'pace':14} {site.pace}")
    for authorisation in config.authorisations:
        if any(
            one.version == cidr.version and one.overlaps(cidr) for one in site.cidrs for cidr in authorisation.cidrs
        ):
            window = f", {authorisation.window}" if authorisation.window else ""
            state = "holds now" if authorisation.holds(wall) else authorisation.why_not(wall)
            click.echo(
                f"  {'authorised by':14} {visible(authorisation.role)}, until {authorisation.expires}{window} ({state})"
            )


def _names(places: Sequence[Place]) -> list[str]:
    return list(dict.fromkeys(place.name for place in places))
