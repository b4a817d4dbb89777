"""Checks whether the pages can be reached and people can sign in. Every finding is a line that says what to do."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from camscan.app.workspace import Workspace
from camscan.config.web import Oidc
from camscan.errors import CamscanError, ConfigError, UsageError
from camscan.store import open_store
from camscan.store.people import People
from camscan.web.oidc.journey import Journey
from camscan.web.oidc.provider import Provider, fetch_headers
from camscan.web.oidc.tokens import LEEWAY, SignInError
from camscan.web.rights import Role


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check: a line for a person, and whether something is wrong."""

    says: str
    is_wrong: bool = False


def check_sign_in(space: Workspace) -> Iterator[Finding]:
    """Check everything that can be checked from here. Raises UsageError if no sign-in is configured."""
    web = space.settings.web
    if not web.is_shared:
        raise UsageError(
            "camscan.yaml has no web: with auth:, so the pages are only for the person who starts camscan serve"
        )
    yield from _check_address(web.url)
    if web.oidc:
        yield from _check_service(web.oidc, web.url)
    else:
        yield Finding(f"Sign-in: by the proxy, which says in {web.proxy_header} who it is")
    yield from _check_people(space)


def _check_address(url: str) -> Iterator[Finding]:
    """Check that a server answers at this address, with a certificate that this machine trusts."""
    try:
        status, _ = fetch_headers(f"{url}/health")
    except SignInError as error:
        yield Finding(
            f"Address: {url} cannot be reached ({error}); check that the proxy is running, and its certificate", True
        )
        return
    if status == 200:  # noqa: PLR2004 - HTTP
        yield Finding(f"Address: {url} answers")
    else:
        yield Finding(f"Address: {url} answers {status}; is camscan serve running behind it?", is_wrong=True)


def _check_service(oidc: Oidc, url: str) -> Iterator[Finding]:
    try:
        oidc.secret.read()
    except ConfigError as error:
        yield Finding(f"Client secret: {error}", is_wrong=not oidc.secret.is_elsewhere)
    else:
        yield Finding(f"Client secret: in {oidc.secret.place}")
    provider = Provider(oidc, url)
    try:
        provider.sign_in_address(Journey(), "/")
        _, said = fetch_headers(oidc.issuer.rstrip("/") + "/.well-known/openid-configuration")
    except SignInError as error:
        yield Finding(f"Sign-in: {error}", is_wrong=True)
        return
    yield Finding(f"Sign-in: {oidc.issuer} answers; register {provider.redirect} there as the redirect address")
    yield from _check_clock(said.get("date", ""))
    if not oidc.roles:
        yield Finding("Roles: camscan.yaml maps none, so the page People says what each may do")
    else:
        known = ", ".join(f"{name} → {Role(rights).display_name}" for name, rights in oidc.roles.items())
        yield Finding(f"Roles: {known} (claim {oidc.roles_claim})")


def _check_clock(date: str) -> Iterator[Finding]:
    """Check the clock.

    Tokens are valid for minutes, so one that is wrong by more than ``LEEWAY`` shuts everybody out.
    """
    try:
        apart = abs(time.time() - parsedate_to_datetime(date).timestamp())
    except ValueError:
        return
    here = datetime.now(UTC).strftime("%H:%M:%S UTC")
    if apart > LEEWAY:
        yield Finding(
            f"Clock: it is {here} here, {apart:.0f} s away from the sign-in service; set the clock", is_wrong=True
        )
    else:
        yield Finding(f"Clock: it is {here} here, as at the sign-in service")


def _check_people(space: Workspace) -> Iterator[Finding]:
    oidc = space.settings.web.oidc
    try:
        with open_store(space.where) as store:
            people = People(store).all()
    except CamscanError as error:
        yield Finding(f"People: {error}", is_wrong=True)
        return
    owners = sum(person.allowed == Role.OWNER for person in people)
    waiting = sum(person.is_waiting for person in people)
    if owners or (oidc and Role.OWNER in oidc.roles.values()):
        yield Finding(f"People: {len(people)}, of whom {owners} may do everything, and {waiting} wait for a role")
    else:
        yield Finding(
            "People: nobody is an owner yet; sign in, and run `camscan serve owner CODE` with the code that you are "
            "shown",
            is_wrong=True,
        )
