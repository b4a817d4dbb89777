"""``camscan import``: evidence that other tools gathered, into the same register."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from camscan.cli import Group, _options

if TYPE_CHECKING:
    from camscan.config import Config
    from camscan.fingerprints import Database
    from camscan.model import Report
    from camscan.net.target import Targets


@click.group("import", cls=Group)
def import_() -> None:
    """Read what other tools found into the register."""


@import_.command("nmap")
@click.argument("what", nargs=-1, required=True, metavar="FILE…|TARGET…")
@click.option("--run", is_flag=True, help="Run nmap, gently, on each TARGET, instead of reading each FILE.")
@click.option("--site", default="", metavar="SITE", help="Site of camscan.yaml that the addresses belong to.")
@_options.register
@click.option("--json", "json_path", metavar="PATH", help="Write the report as JSON; '-' is standard output.")
@_options.confirm_count
@_options.overlay
@_options.config
@click.option("-q", "--quiet", is_flag=True, help="Print no table and no summary; errors still appear.")
def nmap(  # noqa: PLR0917 - one per option
    what: tuple[str, ...],
    run: bool,
    site: str,
    register: Path | None,
    json_path: str | None,
    confirm_count: int | None,
    overlay: tuple[Path, ...],
    config: Path | None,
    quiet: bool,
) -> int:
    """Read nmap's XML (nmap -oX FILE), or run an installed nmap, and record what it found as a scan of its own.

    \b
    camscan import nmap estate.xml
    camscan import nmap --run 10.1.2.0/24

    Exit code 3: a file ends too early; what could be read was recorded.
    """  # noqa: D301 - \b is click's mark for a block that is not wrapped
    from camscan import fingerprints  # noqa: PLC0415 - keeps --help quick
    from camscan.app.record import keep  # noqa: PLC0415
    from camscan.app.request import targets_in_scope  # noqa: PLC0415
    from camscan.cli import _keep  # noqa: PLC0415
    from camscan.cli._words import warn  # noqa: PLC0415
    from camscan.config import find_config  # noqa: PLC0415
    from camscan.register import open_register  # noqa: PLC0415

    settings = find_config(config)
    site = settings.site(site).name if site else ""  # one that does not exist is said now
    targets = targets_in_scope(what, site, settings, confirm_count).targets if run else None
    database = fingerprints.load([*settings.overlays, *overlay])
    path = str(register or settings.register or _options.REGISTER)
    files = {"json": json_path} if json_path else {}
    _keep.check(files, path)
    with open_register(path) as book:
        report = _report(_ask(targets, settings) if targets else _open(what), what, site, database)
        recorded = keep(report, book, files, settings, warn)
    _keep.tell(report, recorded, path, quiet=quiet or json_path == "-")
    return _keep.exit_code(report, 0)


def _report(documents: Iterator[tuple[str, BinaryIO]], what: tuple[str, ...], site: str, database: Database) -> Report:
    """One report of all documents; what was asked of nmap, or the files' names, are its targets."""
    from camscan.ingest import imported  # noqa: PLC0415
    from camscan.ingest.nmap_xml import Gathered  # noqa: PLC0415

    now = datetime.now(UTC)
    gathered = Gathered()
    for name, stream in documents:
        with stream:
            gathered.add(name, stream, now)
    started = gathered.started_at or now
    return imported(
        gathered.attempts,
        database,
        gathered.coverage(),
        sources=what,
        started_at=started,
        finished_at=max(gathered.finished_at or started, started),
        site=site,
        complete=gathered.whole,
    )


def _open(files: tuple[str, ...]) -> Iterator[tuple[str, BinaryIO]]:
    for name in files:
        if name == "-":
            yield "standard input", sys.stdin.buffer
            continue
        try:
            stream = Path(name).open("rb")  # noqa: SIM115 - closed by who reads it
        except OSError as error:
            raise click.UsageError(f"{name}: cannot be read: {error.strerror}") from error
        yield name, stream


def _ask(found: Targets, config: Config) -> Iterator[tuple[str, BinaryIO]]:
    from camscan.ingest import nmap_engine  # noqa: PLC0415 - GPL-3 behind it: only where it was asked for
    from camscan.net.scope import Scope  # noqa: PLC0415

    authorised = config.authorised(datetime.now(UTC))
    scope = Scope(found.networks, excluded=config.exclusions_of(), authorised=authorised)
    for document in nmap_engine.run(found, scope):
        yield "nmap", BytesIO(document)


COMMAND = import_
