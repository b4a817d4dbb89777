"""Asks devices of the register with the operator's login, if they may be asked now."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from camscan import fingerprints, log
from camscan.app.devices import find_devices
from camscan.app.record import record_and_write
from camscan.app.workspace import Workspace
from camscan.asset import Asset
from camscan.config import Config, Credential
from camscan.enrich import LOCK_SECONDS, Known, Login, has_refused_often
from camscan.enrich import enrich as ask
from camscan.errors import ScopeError, UsageError
from camscan.fingerprints import Database
from camscan.model import LISTED, Report
from camscan.net.pace import PACES
from camscan.net.scope import PRIVATE, Scope
from camscan.register import Recorded, Register


@dataclass(frozen=True, slots=True)
class PreparedLogin:
    """A credential that can be used."""

    space: Workspace
    credential: Credential
    login: Login
    database: Database


def prepare_enrichment(space: Workspace, name: str) -> PreparedLogin:
    """Read the credential of that name in camscan.yaml, with its password. Raises ConfigError if there is none."""
    credential = space.settings.credential(name)
    login = Login(credential.user, credential.password())
    return PreparedLogin(space, credential, login, fingerprints.load_database(space.settings.overlays))


def enrich_devices(
    prepared: PreparedLogin,
    devices: Sequence[str] = (),
    site: str | None = None,
    *,
    pace: str | None = None,
    allow_unverified_tls: bool = False,
    files: Mapping[str, str],
    warn: Callable[[str], None],
) -> tuple[Report, Recorded]:
    """Log in to the named devices, or to those of a site that the credential is for, and record their answers.

    ``files`` are written as for a scan. Raises ScopeError or UsageError for a device that may not be asked.
    """
    settings, credential = prepared.space.settings, prepared.credential
    with prepared.space.open() as book:
        rows = _may_be_asked(book, find_devices(book, devices, site), credential, settings, named=bool(devices))
        report = ask(
            [_known_device(book, row) for row in rows],
            prepared.login,
            _credential_scope(settings, credential),
            PACES[pace or settings.pace or "gentle"],
            prepared.database,
            allow_unverified_tls=allow_unverified_tls,
        )
        for attempt in report.attempts:
            log.event(attempt.outcome, attempt.ip, probe=attempt.probe, port=attempt.port, detail=attempt.detail)
        return report, record_and_write(report, book, files, settings, warn)


def _credential_scope(config: Config, credential: Credential) -> Scope:
    """The credential's networks, without what is excluded, and without what is neither private nor authorised."""
    authorised = config.authorised(datetime.now(UTC))
    return Scope(credential.cidrs, excluded=config.exclusions_of(), authorised=authorised)


def _may_be_asked(
    book: Register, rows: list[Asset], credential: Credential, settings: Config, *, named: bool
) -> list[Asset]:
    """The devices that may be asked now. If a site was named, others are left out.

    If they were ``named``, that is an error.Raises ScopeError or UsageError.
    """
    if not named:
        rows = [row for row in rows if row.identification.is_camera_system is not False]
    rows = _within_scope(rows, credential, _credential_scope(settings, credential), named=named)
    networks = [ipaddress.ip_network(row.ip_addresses[0].partition("%")[0]) for row in rows]
    settings.require_authorised(networks, datetime.now(UTC), private=PRIVATE)
    return _not_locked_out(book, rows, named=named)


def _within_scope(rows: list[Asset], credential: Credential, scope: Scope, *, named: bool) -> list[Asset]:
    """The devices whose present address is in the credential's networks, and may be asked."""
    kept: list[Asset] = []
    for row in rows:
        ip = row.ip_addresses[0] if row.ip_addresses else ""
        if scope.allows(ip):
            kept.append(row)
        elif named:
            raise ScopeError(
                f"{ip or row.asset_id}: the credential '{credential.name}' does not cover this address, or the "
                f"address is excluded; see {credential.where}"
            )
    if not kept:
        raise ScopeError(f"no device there has an address that the credential '{credential.name}' covers")
    return kept


def _not_locked_out(book: Register, rows: list[Asset], *, named: bool) -> list[Asset]:
    """The devices that have not refused several logins recently."""
    now = datetime.now(UTC)
    late = [scan for scan in book.scans() if scan.finished_at > now - timedelta(seconds=LOCK_SECONDS)]
    kept: list[Asset] = []
    for row in rows:
        ip = row.ip_addresses[0]
        if not has_refused_often((attempt for scan in late for attempt in book.attempts(scan.scan_id, ip)), now):
            kept.append(row)
        elif named:
            raise UsageError(f"{ip} refused several logins in the last half hour; wait, or it may lock you out")
    if not kept:
        raise UsageError("every device there refused several logins in the last half hour; wait, or they may lock")
    return kept


def _known_device(book: Register, row: Asset) -> Known:
    return Known(
        identification=row.identification,
        ip_addresses=row.ip_addresses,
        open_ports=row.open_ports,
        observations=tuple(
            stored.observation
            for stored in book.evidence(row.asset_id)
            if stored.current and not stored.observation.probe.startswith(LISTED)
        ),
    )
