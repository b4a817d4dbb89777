"""Prints a parcel, and asks whether its key is trusted."""

from __future__ import annotations

import ipaddress
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from camscan import app
from camscan.cli._words import print_text, program_name
from camscan.errors import OptionError, UsageError
from camscan.output import visible

if TYPE_CHECKING:
    from camscan.app.parcel import Approval, OfferedParcel
    from camscan.app.workspace import Workspace

    Network = ipaddress.IPv4Network | ipaddress.IPv6Network

sites = click.option("--site", "sites", multiple=True, metavar="SITE", help="A site whose scans the key may sign.")
networks = click.option(
    "--network",
    "texts",
    multiple=True,
    metavar="NETWORK",
    help="A network whose scans it may sign, such as 10.1.2.0/24.",
)


def networks_of(texts: Sequence[str]) -> tuple[Network, ...]:
    """The networks of ``--network``. Raises OptionError for a text that is not a network."""
    found = []
    for text in texts:
        try:
            found.append(ipaddress.ip_network(text))
        except ValueError:
            raise OptionError(f"--network {text} is not a network, such as 10.1.2.0/24") from None
    return tuple(found)


def ask_for_trust(parcel: OfferedParcel, given: Approval) -> bool:
    """Show who signed a parcel and what the key would speak for. Returns whether a person trusts the key from now on.

    Raises UsageError if nobody can be asked.
    """
    words = parcel.sealed.words
    if not sys.stdin.isatty():
        file = Path(parcel.name)
        raise UsageError(
            f"{file}: is signed by a key that is not approved here for this site ({words}); compare the words with "
            f"whoever sent it, then `{program_name()} parcel trust {file}`, or add --trust-once"
        )
    known = f", known here as {visible(parcel.known.name, 72)}" if parcel.known else ""
    print_text(f"Signed by: {words}{known}", err=True)
    print_text("Compare these words with whoever sent it, by telephone: theirs must be the same.", err=True)
    print_text(f"It would speak for: {visible(given.what, 300)} ({given.addresses:,} addresses)", err=True)
    return click.confirm("Trust this key from now on?", default=False, err=True)


def approve_key(parcel: OfferedParcel, space: Workspace, given: Approval, role: str | None) -> OfferedParcel:
    """Approve the key, and print that."""
    who = (role or space.settings.role).strip()
    found = app.parcel.trust_key(parcel, space, given, who)
    name = visible(found.known.name, 72) if found.known else ""
    print_text(f"Trusted from now on, as {name}: {visible(given.what, 300)}", err=True)
    return found
