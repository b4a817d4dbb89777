"""Every setting, its value and its source, for a person. No secret is shown."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from camscan.config.authorisation import Authorisation
from camscan.config.credential import Credential
from camscan.config.recipient import Recipient
from camscan.config.settings import FILE_NAME, Config
from camscan.config.snmp import SnmpLogin
from camscan.output import mask_password
from camscan.words import count_text

DEFAULT = "default"


class Fact(NamedTuple):
    """One setting."""

    key: str
    value: str
    where: str
    """``file:line``, or ``default``."""


def list_facts(config: Config, now: datetime) -> Iterator[Fact]:
    """Every setting, in the order of ``docs/configuration.md``."""
    yield _make_fact(config, "organisation", config.organisation, "(none)")
    yield _make_fact(config, "role", config.role, "(none: --role or CAMSCAN_ROLE)")
    yield _make_fact(config, "timezone", str(config.timezone or ""), f"this machine's ({config.clock(now):%Z})")
    for authorisation in config.authorisations:
        yield Fact("authorisation", _describe_authorisation(authorisation, config.clock(now)), authorisation.where)
    if not config.authorisations:
        yield _make_fact(config, "authorisations", "", "(none: private ranges only)")
    yield from _site_facts(config)
    yield _make_fact(config, "exclusions", ", ".join(map(str, config.exclusions)), "(none)")
    yield _make_fact(config, "pace", config.pace, "gentle")
    for probe, ports in config.ports.items():
        yield Fact(f"ports of {probe}", ", ".join(map(str, ports)) or "(none)", config.port_lines[probe])
    if not config.ports:
        yield _make_fact(config, "ports", "", "each probe's own")
    yield _make_fact(config, "interface", config.interface or "", "those of the targets' subnets")
    register = mask_password(config.register or "")
    yield _make_fact(config, "register", register, "camscan.db in the current folder")
    yield _make_fact(config, "offline_after", str(config.offline_after), "")
    yield _make_fact(config, "overlays", ", ".join(map(str, config.overlays)), "(none)")
    yield from _logins(config)
    is_planned = "planning" in config.lines
    yield _make_fact(
        config, "planning", "as written there" if is_planned else "", "every policy, the formula of camscan"
    )
    for recipient in config.notify:
        yield Fact("notify", _describe_recipient(recipient), recipient.where)
    if not config.notify:
        yield _make_fact(config, "notify", "", "(nobody)")
    yield from _running_facts(config)
    nation = config.foi.nation.replace("_", " ")
    said = f"numbers below {config.foi.threshold} are small{f'; {nation}' if nation else ''}"
    yield _make_fact(config, "foi", said, "")
    yield _make_fact(config, "web", _web(config), "for the person who starts camscan serve, on this machine")
    yield from _centre_facts(config)


def _centre_facts(config: Config) -> Iterator[Fact]:
    """How much a collector may send, and whom people tell about pages that do not work."""
    limits, contact = config.centre, config.contact
    said = f"{limits.parts_per_second} parts a second and {limits.megabytes_per_day} MB a day from each collector"
    yield _make_fact(config, "centre", said, "")
    told = ", ".join(filter(None, (contact.team, contact.email, contact.phone, contact.post)))
    yield _make_fact(config, "contact", told, "(none)")


def _logins(config: Config) -> Iterator[Fact]:
    for credential in config.credentials:
        yield Fact("credential", _describe_credential(credential), credential.where)
    if not config.credentials:
        yield _make_fact(config, "credentials", "", "(none)")
    for login in config.snmp:
        yield Fact("snmp", _snmp_login(login), login.where)
    if not config.snmp:
        yield _make_fact(config, "snmp", "", "(none)")
    for inventory in config.inventories:
        yield Fact("inventory", f"{inventory.name}: NetBox at {inventory.url}", inventory.where)
    if not config.inventories:
        yield _make_fact(config, "inventories", "", "(none)")


def _make_fact(config: Config, key: str, value: str, default: str) -> Fact:
    return Fact(key, value or default, config.lines.get(key, DEFAULT))


def _site_facts(config: Config) -> Iterator[Fact]:
    for site in config.sites:
        networks = ", ".join(map(str, site.cidrs)) or "no networks"
        more = [f"{site.pace} pace"] if site.pace else []
        more += [f"every {count_text(site.every, 'day')}"] if site.every else []
        more += [f"never {', '.join(map(str, site.exclusions))}"] if site.exclusions else []
        yield Fact("site", f"{site.name}: {'; '.join([networks, *more])}", site.where)
    if not config.sites:
        yield _make_fact(config, "sites", "", "(none: any private range)")
    if config.sites_file:
        there = "" if config.sites_file.is_file() else " (does not exist)"
        yield _make_fact(config, "sites_file", f"{config.sites_file}{there}", "")


def describe_source(config: Config) -> str:
    """The path of the file, or a sentence that there is none."""
    return str(config.path) if config.path else f"no {FILE_NAME}: the defaults apply"


def _describe_authorisation(each: Authorisation, wall: datetime) -> str:
    window = f", {each.window}" if each.window else ""
    state = "in force now" if each.is_valid_now(wall) else each.describe_why_not(wall)
    networks = ", ".join(map(str, each.cidrs))
    return f"{each.role}, {each.begins} to {each.expires}{window}: {networks} ({state})"


def _describe_credential(each: Credential) -> str:
    where = each.password_file or each.password_env or each.systemd_credential
    kind = "file" if each.password_file else "environment variable" if each.password_env else "systemd credential"
    return f"{each.name}: user {each.user}, password in the {kind} {where}, for {', '.join(map(str, each.cidrs))}"


def _snmp_login(each: SnmpLogin) -> str:
    how = "SNMPv2c, in clear text" if each.is_clear_text else f"SNMPv3 as {each.user}, {each.hash}, {each.cipher}"
    return f"{each.name}: {how}, for {', '.join(map(str, each.cidrs))}"


def _describe_recipient(each: Recipient) -> str:
    """A recipient without the address of a webhook, which may be a secret itself."""
    to = f" to {', '.join(each.to)}" if each.to else ""
    kept = "".join(f", {name} in {secret.place}" for name, secret in each.secrets.items())
    return f"{each.name}: {each.channel}{to}, {', '.join(each.classes)}, detail {each.detail}{kept}"


def _web(config: Config) -> str:
    web = config.web
    if not web.url:
        return ""
    way = "nobody signs in"
    if web.oidc:
        way = f"sign-in by {web.oidc.issuer} as {web.oidc.client_id}, client secret in {web.oidc.secret.place}"
    elif web.proxy_header:
        way = f"signed in by the proxy, by its header {web.proxy_header}"
    behind = f", behind {', '.join(map(str, web.trusted_proxies))}" if web.trusted_proxies else ""
    return f"{web.url}{behind}; {way}"


def _running_facts(config: Config) -> Iterator[Fact]:
    run, where = config.run, config.lines.get("run", DEFAULT)
    hours = f", scanning {run.window} only" if run.window else ""
    yield Fact("run", f"every site each {count_text(run.every, 'day')}{hours}", where)
    place = run.backups or "backups, beside the register"
    yield Fact("run: backups", f"{place}: the newest {run.keep}" if run.keep else "none", where)
    for name, file in run.after.items():
        yield Fact(f"run: after, {name}", file, run.lines[name])
    if run.metrics:
        yield Fact("run: metrics", str(run.metrics), where)
