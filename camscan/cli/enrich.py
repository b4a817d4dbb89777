"""``camscan enrich``: log in to devices of the register, and record what they say of themselves."""

from __future__ import annotations

import ipaddress
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from camscan.cli import _options

if TYPE_CHECKING:
    from camscan.asset import Asset
    from camscan.config import Config, Credential
    from camscan.enrich import Known
    from camscan.net.scope import Scope
    from camscan.register import Register


@click.command("enrich")
@click.argument("devices", nargs=-1, metavar="[DEVICE]…")
@click.option("--site", metavar="SITE", help="Every device of this site that the credential is for.")
@click.option("--credential", "name", required=True, metavar="NAME", help="Entry under credentials in camscan.yaml.")
@click.option("--allow-unverified-tls", is_flag=True, help="Log in even where a certificate cannot be verified.")
@_options.register
@_options.pace
@click.option("--json", "json_path", metavar="PATH", help="Write the report as JSON; '-' is standard output.")
@_options.config
@click.option("-q", "--quiet", is_flag=True, help="Print no table and no summary; errors still appear.")
def enrich(  # noqa: PLR0917 - one per option
    devices: tuple[str, ...],
    site: str | None,
    name: str,
    allow_unverified_tls: bool,
    register: Path | None,
    pace: str | None,
    json_path: str | None,
    config: Path | None,
    quiet: bool,
) -> int:
    """Log in to devices that are in the register and ask what they are; of recorders, their channels too.

    \b
    camscan enrich 10.1.20.5 --credential recorders
    camscan enrich --site "Town Hall" --credential recorders

    A device is named by its number, council tag, serial number (or its end), MAC or IP address. Only reads. A device
    that refuses the login is asked nothing more in this run: most lock an account, or the address of this machine,
    after five to seven wrong tries. Exit code 3: not every device answered.
    """  # noqa: D301 - \b is click's mark for a block that is not wrapped
    from camscan import fingerprints  # noqa: PLC0415 - keeps --help quick
    from camscan.app.record import keep  # noqa: PLC0415
    from camscan.cli import _devices, _keep  # noqa: PLC0415
    from camscan.cli._words import warn  # noqa: PLC0415
    from camscan.config import find_config  # noqa: PLC0415
    from camscan.enrich import Login  # noqa: PLC0415
    from camscan.enrich import enrich as ask  # noqa: PLC0415
    from camscan.model import Completion  # noqa: PLC0415
    from camscan.net.pace import PACES  # noqa: PLC0415
    from camscan.register import open_register  # noqa: PLC0415

    settings = find_config(config)
    credential = settings.credential(name)
    login = Login(credential.user, credential.password())
    database = fingerprints.load(settings.overlays)
    path = str(register or settings.register or _options.REGISTER)
    files = {"json": json_path} if json_path else {}
    _keep.check(files, path)
    with open_register(path) as book:
        rows = _askable(book, _devices.some(book, devices, site), credential, settings, named=bool(devices))
        report = ask(
            [_known(book, row) for row in rows],
            login,
            _scope(settings, credential),
            PACES[pace or settings.pace or "gentle"],
            database,
            allow_unverified_tls=allow_unverified_tls,
        )
        recorded = keep(report, book, files, settings, warn)
    _keep.tell(report, recorded, path, quiet=quiet or json_path == "-")
    return _keep.exit_code(report, signal.SIGINT if report.completion is Completion.INTERRUPTED else 0)


def _scope(config: Config, credential: Credential) -> Scope:
    """The credential's networks, minus what is excluded, minus what is neither private nor authorised."""
    from camscan.net.scope import Scope  # noqa: PLC0415

    authorised = config.authorised(datetime.now(UTC))
    return Scope(credential.cidrs, excluded=config.exclusions_of(), authorised=authorised)


def _askable(
    book: Register, rows: list[Asset], credential: Credential, settings: Config, *, named: bool
) -> list[Asset]:
    """The devices that may be asked now. Those of a site that may not are left out; one that was ``named`` is an error.

    Raises ScopeError or UsageError.
    """
    from camscan.net.scope import PRIVATE  # noqa: PLC0415 - keeps --help quick

    if not named:
        rows = [row for row in rows if row.identification.is_camera_system is not False]
    rows = _within(rows, credential, _scope(settings, credential), named=named)
    networks = [ipaddress.ip_network(row.ip_addresses[0].partition("%")[0]) for row in rows]
    settings.require_authorised(networks, datetime.now(UTC), private=PRIVATE)
    return _unlocked(book, rows, named=named)


def _within(rows: list[Asset], credential: Credential, scope: Scope, *, named: bool) -> list[Asset]:
    """The devices whose present address the credential is for, and that may be asked."""
    from camscan.errors import ScopeError  # noqa: PLC0415

    kept: list[Asset] = []
    for row in rows:
        ip = row.ip_addresses[0] if row.ip_addresses else ""
        if scope.allows(ip):
            kept.append(row)
        elif named:
            raise ScopeError(
                f"{ip or row.asset_id}: the credential '{credential.name}' is not for this address, or it is excluded; "
                f"see {credential.where}"
            )
    if not kept:
        raise ScopeError(f"no device there has an address that the credential '{credential.name}' is for")
    return kept


def _unlocked(book: Register, rows: list[Asset], *, named: bool) -> list[Asset]:
    """The devices that have not refused several logins of late."""
    from camscan.enrich import LOCK_SECONDS, is_spared  # noqa: PLC0415
    from camscan.errors import UsageError  # noqa: PLC0415

    now = datetime.now(UTC)
    late = [scan for scan in book.scans() if scan.finished_at > now - timedelta(seconds=LOCK_SECONDS)]
    kept: list[Asset] = []
    for row in rows:
        ip = row.ip_addresses[0]
        if not is_spared((each for scan in late for each in book.attempts(scan.scan_id, ip)), now):
            kept.append(row)
        elif named:
            raise UsageError(f"{ip} has refused several logins in the last half hour: wait, or it may lock you out")
    if not kept:
        raise UsageError("every device there has refused several logins in the last half hour: wait, or they may lock")
    return kept


def _known(book: Register, row: Asset) -> Known:
    from camscan.enrich import Known  # noqa: PLC0415

    return Known(
        identification=row.identification,
        ip_addresses=row.ip_addresses,
        open_ports=row.open_ports,
        observations=tuple(each.observation for each in book.evidence(row.asset_id) if each.current),
    )


COMMAND = enrich
