"""``camscan parcel trust``: let a key speak for a site."""

from __future__ import annotations

from pathlib import Path

import click

from camscan import app
from camscan.cli import _options
from camscan.cli.parcel import _say
from camscan.errors import UsageError


@click.command("trust")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@_say.sites
@_say.networks
@click.option(
    "--words",
    metavar="WORDS",
    help="The key's six words, if you have compared them already: camscan then does not ask.",
)
@_options.role
@_options.register
@_options.config
def trust(  # noqa: PLR0917 - one per option
    file: Path,
    sites: tuple[str, ...],
    texts: tuple[str, ...],
    words: str | None,
    role: str | None,
    register: str | Path | None,
    config: Path | None,
) -> int:
    """Let the key that signed FILE speak for a site from now on.

    Without --site and --network, that is the site that FILE names, if camscan.yaml has it; else the networks that it
    asked. A key never speaks for the network of another site. What is outside is left out of every parcel of this key.
    """
    space = app.workspace.find_workspace(config, register)
    parcel = app.parcel.open_parcel(file, space)
    given = app.parcel.propose_approval(parcel, space.settings, sites, _say.networks_of(texts))
    if words is not None and words.casefold().split() != parcel.sealed.words.split():
        raise UsageError(f"{file}: these are not the words of the key that signed it; nothing was trusted")
    if words is None and not _say.ask_for_trust(parcel, given):
        click.echo("Not trusted", err=True)
        return 1
    _say.approve_key(parcel, space, given, role)
    return 0


COMMAND = trust
