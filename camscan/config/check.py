"""Finds mistakes, and possible mistakes, in a configuration that could be read."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from camscan import system
from camscan.config.authorisation import Authorisation
from camscan.config.settings import Config
from camscan.config.site import Site, Subnet
from camscan.config.value import Network, do_overlap, is_within, join_networks
from camscan.errors import ConfigError

STARTER = Path(__file__).with_name("starter.yaml")
"""An example of a camscan.yaml."""
SCHEMA = Path(__file__).with_name("camscan.schema.json")
"""The schema of camscan.yaml, for editors."""
SOON = timedelta(days=30)
"""An authorisation that ends within this time is mentioned."""


class Level(enum.StrEnum):
    """How serious a finding is."""

    ERROR = "error"
    """Something cannot be done as it is written."""
    WARNING = "warning"
    """It may be intended."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding: ``file:line: what to do``."""

    level: Level
    text: str


def check_config(config: Config, now: datetime, *, private: Sequence[Network], probes: Iterable[str]) -> list[Finding]:
    """Check everything that does not need the network: overlaps, authorisations, logins, probes, folders, gaps."""
    return [
        *_check_authorisations(config, config.clock(now).date()),
        *_check_sites_authorised(config, private),
        *_check_overlaps(config),
        *_check_gaps(config),
        *_check_credentials(config),
        *_check_snmp(config),
        *_check_secrets(config),
        *_check_rest(config, probes),
    ]


def _make_error(where: str, text: str) -> Finding:
    return Finding(Level.ERROR, f"{where}: {text}")


def _make_warning(where: str, text: str) -> Finding:
    return Finding(Level.WARNING, f"{where}: {text}")


def ending_authorisations(config: Config, today: date) -> list[Authorisation]:
    """Authorisations that have ended or end within ``SOON``, and whose networks no longer authorisation covers."""
    lasting = [
        authorisation
        for authorisation in config.authorisations
        if authorisation.begins <= today and authorisation.expires - today > SOON
    ]
    held = join_networks(cidr for authorisation in lasting for cidr in authorisation.cidrs)
    return [
        authorisation
        for authorisation in config.authorisations
        if authorisation.begins <= today
        and authorisation.expires - today <= SOON
        and not all(any(is_within(cidr, other) for other in held) for cidr in authorisation.cidrs)
    ]


_NOT_REMOVED = "if no entry were left, every private range could be scanned"


def _check_authorisations(config: Config, today: date) -> Iterator[Finding]:
    held = join_networks(
        cidr
        for authorisation in config.authorisations
        if authorisation.is_in_force(today)
        for cidr in authorisation.cidrs
    )
    for authorisation in config.authorisations:
        if authorisation.expires < today:
            is_replaced = all(any(is_within(cidr, other) for other in held) for cidr in authorisation.cidrs)
            expired = f"the authorisation by {authorisation.role} expired on {authorisation.expires}"
            if is_replaced:
                yield _make_warning(authorisation.where, f"{expired}; others cover its networks, so remove it")
            else:
                yield _make_error(authorisation.where, f"{expired}; renew it: {_NOT_REMOVED}")
        elif today < authorisation.begins:
            yield _make_warning(
                authorisation.where, f"the authorisation by {authorisation.role} begins only on {authorisation.begins}"
            )
        elif authorisation.expires - today <= SOON:
            yield _make_warning(
                authorisation.where,
                f"the authorisation by {authorisation.role} expires on {authorisation.expires}; renew it in time",
            )


def _check_sites_authorised(config: Config, private: Sequence[Network]) -> Iterator[Finding]:
    """Networks of sites that need an authorisation and have none."""
    written = join_networks(cidr for authorisation in config.authorisations for cidr in authorisation.cidrs)
    is_strict = any(do_overlap(cidr, one) for cidr in written for one in private)
    for site in config.sites:
        for subnet in site.subnets:
            if any(is_within(subnet.cidr, cidr) for cidr in written):
                continue
            if is_strict or not any(is_within(subnet.cidr, one) for one in private):
                why = "it cannot be scanned" if is_strict else "it is not private, so it cannot be scanned"
                yield _make_error(
                    subnet.where,
                    f"{subnet.cidr} of {site.name} is not covered by any authorisation: {why}; add one under "
                    f"authorisations in camscan.yaml, with who allows it and until when"
                    "",
                )


def _check_overlaps(config: Config) -> Iterator[Finding]:
    """Networks of two sites that share addresses, each with the nearest network around it."""
    listed = [(subnet, site) for site in config.sites for subnet in site.subnets]
    listed.sort(key=lambda one: (one[0].cidr.version, int(one[0].cidr.network_address), one[0].cidr.prefixlen))
    around: list[tuple[Subnet, Site]] = []
    for subnet, site in listed:
        while around and not do_overlap(around[-1][0].cidr, subnet.cidr):
            around.pop()
        if around and around[-1][1] is not site:
            outer, other = around[-1]
            if outer.cidr == subnet.cidr:
                yield _make_error(
                    subnet.where, f"{subnet.cidr} is a network of {site.name} and of {other.name}; keep one"
                )
            else:
                yield _make_warning(
                    subnet.where,
                    f"{subnet.cidr} of {site.name} lies within {outer.cidr} of {other.name}: its devices belong to "
                    f"{site.name}"
                    f"",
                )
        around.append((subnet, site))


def _check_gaps(config: Config) -> Iterator[Finding]:
    """Values that the removal priority needs and that nobody has recorded."""
    for what, member in (("type", "type"), ("sensitivity", "sensitivity")):
        missing = [site for site in config.sites if not getattr(site.place, member)]
        if missing:
            have = f"and {len(missing) - 1} more have" if len(missing) > 1 else "has"
            yield _make_warning(missing[0].where, f"{missing[0].name} {have} no {what}; the removal plan asks for it")


def _check_credentials(config: Config) -> Iterator[Finding]:
    for credential in config.credentials:
        if credential.secret.is_elsewhere:
            continue
        try:
            credential.password()
        except ConfigError as error:
            yield Finding(Level.WARNING if credential.password_env else Level.ERROR, str(error))


def _check_snmp(config: Config) -> Iterator[Finding]:
    for login in config.snmp:
        if any(secret.is_elsewhere for secret in login.secrets):
            continue
        try:
            login.passwords()
        except ConfigError as error:
            yield Finding(Level.WARNING if login.password_reference.env else Level.ERROR, str(error))
        if login.is_clear_text:
            yield _make_warning(login.where, f"'{login.name}' is SNMPv2c: everybody on the way can read its community")


def _check_secrets(config: Config) -> Iterator[Finding]:
    """Secrets of alerts, of other inventories and of the sign-in: each must exist, and only we may read it."""
    secrets = [secret for recipient in config.notify for secret in recipient.secrets.values()]
    secrets += [inventory.token for inventory in config.inventories]
    secrets += [config.web.oidc.secret] if config.web.oidc else []
    for secret in secrets:
        if secret.is_elsewhere:
            continue
        try:
            secret.read()
        except ConfigError as error:
            yield Finding(Level.WARNING if secret.env else Level.ERROR, str(error))


def _check_rest(config: Config, probes: Iterable[str]) -> Iterator[Finding]:
    try:
        config.require_probes(probes)
    except ConfigError as error:
        yield Finding(Level.ERROR, str(error))
    if config.register and "://" not in config.register and not Path(config.register).parent.is_dir():
        where = config.lines["register"]
        yield _make_error(where, system.missing_folder(Path(config.register).parent))
    yield from (Finding(Level.WARNING, note) for note in config.notes)
