"""``camscan collect check``: what this collector may do, on one page to be signed."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from camscan import app
from camscan.cli._words import warn
from camscan.cli.collect import _options
from camscan.output import visible
from camscan.words import count_text


@click.command("check")
@_options.file
def check(file: Path) -> None:
    """Print what this collector may do, as one page that the site's own manager can sign."""
    own = app.collect.read_place(file)
    allowed = own.file
    click.echo("What this camera scanner may do at this site\n")
    lines = [
        ("Sends results to", allowed.centre),
        ("Its six words", own.words()),
        ("Allowed by", allowed.allowed_by),
        ("Until", f"{allowed.until:%d %B %Y}"),
        ("At these hours", str(allowed.window) if allowed.window else "at any hour"),
        ("Pace", allowed.pace),
        ("At most", f"{count_text(allowed.scans_a_day, 'scan')} of a site in 24 hours"),
    ]
    lines += [(f"Scans for {name}", ", ".join(map(str, networks))) for name, networks in allowed.sites.items()]
    width = max(len(visible(name, 60)) for name, _ in lines)
    for name, text in lines:
        click.echo(f"{visible(name, 60):<{width}}  {visible(text, 300)}")
    click.echo(
        "\nIt asks the addresses above a few read-only questions, to find cameras and recorders, and sends the\n"
        "answers to that one place. It never sends a password or looks at a picture, and takes no connection from\n"
        "outside. Nobody can change this page from elsewhere.\n"
    )
    click.echo("Signed: ______________________________   Date: ______________")
    if date.today() > allowed.until:  # noqa: DTZ011 - the day at the site
        warn(f"the last day of {file.name} is over, so nothing is scanned: the site must agree to a later `until`")
    if allowed.ca_file and not Path(allowed.ca_file).is_file():
        warn(f"{allowed.ca_file}: there is no such file; ca_file in {file.name} names it")


COMMAND = check
