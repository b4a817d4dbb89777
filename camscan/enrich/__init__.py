"""Questions with the operator's login to devices that are in the register; only if a person asks. One source per file.

A login is sent only to the device that it is for, at the address in the register. After one refusal, the device is not
asked anything more. Every question only reads, and is on its source's list of allowed questions.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from camscan.asset.kinds import kind_of
from camscan.errors import UsageError
from camscan.fingerprints import Database
from camscan.model import Attempt, Identification, Observation, Report
from camscan.net.host import Answer
from camscan.net.pace import Pace
from camscan.net.scope import Scope
from camscan.words import how_to_add

REFUSED_LOGIN = "it refused the login and is not asked anything more"
"""The detail of an attempt whose login failed."""
LOCK_SECONDS = 30 * 60
"""How long makers lock a user or an address out, in seconds (Hikvision's and Dahua's manuals)."""
TRIES = 2
"""Failed logins within that time after which a device is not asked again: makers lock at five failures of all users."""


@dataclass(frozen=True, slots=True)
class Known:
    """A device as the register holds it."""

    identification: Identification
    ip_addresses: tuple[str, ...]
    open_ports: tuple[str, ...]
    observations: tuple[Observation, ...]
    """The observations of its last sighting."""


@dataclass(frozen=True, slots=True)
class Login:
    """A user name and its password."""

    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Box:
    """What the register knows about a device that is asked."""

    ip: str
    maker: str | None = None
    kind: str | None = None
    http_ports: tuple[int, ...] = (80,)
    https_ports: tuple[int, ...] = ()

    @property
    def is_recorder(self) -> bool:
        """Whether it may have channels."""
        return kind_of(self.kind).has_channels


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its result."""

    answer: Answer
    """The answer; its payload is status line, header and body, without the secrets in them."""
    status: int = 0
    body: bytes = b""
    content_type: str = ""


class Session(Protocol):
    """A device behind its login. No method raises an exception for what the network or the device does."""

    box: Box
    base: str
    """The beginning of every URL: ``http://10.1.2.3:80``."""
    port: int

    @property
    def is_over(self) -> bool:
        """Whether nothing more may be asked: the login was refused, or the device is too slow."""
        ...

    async def get(self, path: str) -> Exchange:
        """Send one GET with the login, by digest if the device asks for it."""
        ...

    async def post(self, path: str, body: bytes, content_type: str) -> Exchange:
        """Send one POST without an HTTP login: the login is inside the body."""
        ...

    def refuse(self) -> None:
        """Note that the device refused a login that was inside a body."""
        ...

    @property
    def login(self) -> tuple[str, str]:
        """User name and password, for a body."""
        ...


@dataclass(frozen=True, slots=True)
class Source:
    """One interface of the makers that needs a login."""

    name: str
    title: str
    """One line for a person."""
    order: int
    """Sources of a device are asked from the lowest order upwards."""
    questions: tuple[str, ...]
    """Every path or operation that it may ask; nothing else is sent."""
    wants: Callable[[Box], bool]
    ask: Callable[[Session], Awaitable[Sequence[Attempt]]]
    """Asks the device. If no attempt is answered, the next source is asked."""


@functools.cache
def load_sources() -> Mapping[str, Source]:
    """Every source by name, in the order in which they are asked."""
    names = [module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_")]
    found = [importlib.import_module(f"{__name__}.{name}").SOURCE for name in names]
    return {source.name: source for source in sorted(found, key=lambda source: source.order)}


def has_refused_often(attempts: Iterable[Attempt], now: datetime) -> bool:
    """Whether a device has refused so many recent logins that one more could lock it."""
    since = now - timedelta(seconds=LOCK_SECONDS)
    return sum(attempt.detail == REFUSED_LOGIN and attempt.seen_at > since for attempt in attempts) >= TRIES


def enrich(
    devices: Sequence[Known],
    login: Login,
    scope: Scope,
    pace: Pace,
    database: Database,
    *,
    allow_unverified_tls: bool = False,
) -> Report:
    """Log in to each device once, ask what it is, and report the answers together with what was known.

    Raises UsageError if httpx is not installed.
    """
    try:
        from camscan.enrich._run import run_enrichment  # noqa: PLC0415 - what needs the extra is imported where it is used
    except ModuleNotFoundError as error:
        raise UsageError(f"camscan enrich needs {error.name}: {how_to_add('enrich')}") from error
    return run_enrichment(devices, login, scope, pace, database, allow_unverified_tls=allow_unverified_tls)
