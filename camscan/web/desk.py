"""What the pages of one ``camscan serve`` share: the register, the sessions, the counts, and the allowed origins."""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypedDict
from urllib.parse import urlsplit

from camscan import app
from camscan.app.workspace import Workspace
from camscan.config.web import Web
from camscan.store import open_store
from camscan.web.act_writer import ActWriter
from camscan.web.body import Gate
from camscan.web.holding import HeldFiles
from camscan.web.keeper import CountedValue, Keeper, KeptCounts
from camscan.web.keyring import Keyring
from camscan.web.readers import Readers
from camscan.web.rights import Role, Visitor, person_of, site_manager_of, subject_of
from camscan.web.security import Throttle
from camscan.web.watch import Watch

if TYPE_CHECKING:
    from camscan.register import Register
    from camscan.store.account import Account, Person
    from camscan.store.acts import Acts
    from camscan.store.database import Store
    from camscan.store.people import People
    from camscan.store.sessions import Sessions
    from camscan.web.oidc.provider import Provider
    from camscan.web.sender import Sender

LONGEST = timedelta(hours=8)
"""A session ends after this time, even if it is used."""
IDLE = timedelta(hours=1)
"""If people sign in, a session ends after this time without a request."""
PORT = 8377
SUBJECT = "local"
"""The subject of the person who started the program on this machine."""


_MOST_TOTALS = 1000
PROXY = "proxy"
"""The issuer for people whom a proxy has signed in."""


class CookieMarks(TypedDict):
    """The attributes of a cookie."""

    path: str
    secure: bool
    httponly: bool
    samesite: Literal["lax", "strict"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """The options with which the service was started."""

    port: int = PORT
    host: str = "127.0.0.1"
    """The host that it listens on. A host other than this machine requires people to sign in."""
    is_read_only: bool = False
    """Whether nothing is written: no entry, and no counts in the register."""
    is_local: bool = False
    """Whether only the person who started it may use it, even if camscan.yaml lets others sign in."""
    store: str | Path | None = None
    """The register beside which sessions are kept; the workspace's register if None."""


class Desk:
    """What the pages share. It is safe to use from several threads."""

    def __init__(self, space: Workspace, setting: Setting, tell: Callable[[str], None] = lambda _key: None) -> None:
        """``tell`` prints a one-time key where only the person who started the program sees it."""
        self.space = space
        self.setting = setting
        self.port = setting.port
        """The port on which the service is reached. It differs from the setting if port 0 was asked for."""
        self.keyring = Keyring(tell)
        self.readers = Readers(space)
        self.keeper = Keeper(space, self.readers, is_read_only=setting.is_read_only)
        self.policies = CountedValue(space, self.readers, app.policy_counts.count_policies)
        """The counts of what the policies say about the devices."""
        self.watch = Watch(space, lambda: self.store)
        """The state of the centre."""
        self.searches = Throttle(120, 60)
        """Limits the searches of one session in a minute."""
        self.sign_ins = Throttle(20, 60)
        """Limits the requests for another key in a minute."""
        self.holding = HeldFiles()
        """Files that somebody sent and has not applied yet."""
        self.gate = Gate()
        """Limits how many files come in at once."""
        self.journeys = Throttle(120, 60)
        """Limits the sign-ins from one address in a minute: a complete building may share an address."""
        self.act_writer = ActWriter(lambda: self.acts)
        """Records what people do."""
        self.unknown_acts = Throttle(10, 60)
        """Limits how many acts of people who have not signed in are recorded in a minute.

        They must not fill the table.
        """
        self._lock = threading.Lock()
        self._store: Store | None = None
        self._users: dict[str, str] = {}
        self._totals: tuple[object, dict[object, int]] = None, {}

    @property
    def hosts(self) -> frozenset[str]:
        """The host names that a request may use for this machine.

        Anybody may bind other names to it (DNS rebinding).
        """
        own = frozenset(f"{name}:{self.port}" for name in ("127.0.0.1", "localhost"))
        return own | {urlsplit(self.web.url).netloc} if self.web.is_shared else own

    @property
    def origins(self) -> frozenset[str]:
        """The origins whose forms are accepted."""
        return frozenset({self.web.url}) if self.web.is_shared else frozenset(f"http://{host}" for host in self.hosts)

    @property
    def address(self) -> str:
        """The address of the pages, as it is printed."""
        return self.web.url if self.web.is_shared else f"http://127.0.0.1:{self.port}"

    @property
    def web(self) -> Web:
        """The settings for signing in, from camscan.yaml."""
        return Web() if self.setting.is_local else self.space.settings.web

    @property
    def is_secure(self) -> bool:
        """Whether the pages are reached by HTTPS, through a proxy."""
        return self.web.is_shared and self.web.url.startswith("https:")

    @property
    def cookie(self) -> str:
        """The name of the session cookie. Cookies ignore ports: two services on one machine need two names."""
        return "__Host-camscan" if self.is_secure else f"camscan_{self.port}"

    @property
    def journey_cookie(self) -> str:
        """The name of the cookie of people who are signing in at the sign-in service."""
        return f"{self.cookie}-way" if self.is_secure else f"{self.cookie}_way"

    @property
    def cookie_marks(self) -> CookieMarks:
        """The attributes of the cookies. Lax, because the sign-in service and links in mails are other sites."""
        same: Literal["lax", "strict"] = "lax" if self.web.is_shared else "strict"
        return {"path": "/", "secure": self.is_secure, "httponly": True, "samesite": same}

    @property
    def store(self) -> Store:
        """The store of this service. It is opened on first use, after the address was printed."""
        with self._lock:
            if self._store is None:
                self._store = open_store(self.setting.store or self.space.where)
            return self._store

    @functools.cached_property
    def sessions(self) -> Sessions:
        """The table of sessions."""
        from camscan.store.sessions import Sessions  # noqa: PLC0415 - the database libraries: 0.4 s

        return Sessions(self.store, longest=LONGEST, idle=IDLE if self.web.is_shared else LONGEST)

    @functools.cached_property
    def people(self) -> People:
        """The table of accounts."""
        from camscan.store.people import People  # noqa: PLC0415 - as above

        return People(self.store)

    @functools.cached_property
    def acts(self) -> Acts:
        """The record of what people did."""
        from camscan.store.acts import Acts  # noqa: PLC0415 - as above

        return Acts(self.store)

    @property
    def issuer(self) -> str:
        """The issuer of the sign-in service; empty if there is none."""
        return self.web.oidc.issuer if self.web.oidc else PROXY if self.web.proxy_header else ""

    @functools.cached_property
    def provider(self) -> Provider:
        """The sign-in service that camscan.yaml names."""
        from camscan.web.oidc.provider import Provider  # noqa: PLC0415 - 0.2 s that only this way needs

        assert self.web.oidc  # noqa: S101 - else nobody is sent there
        return Provider(self.web.oidc, self.web.url)

    def close(self) -> None:
        """Close the store after everything that waits was written. It may be called again."""
        self.keeper.close()
        self.act_writer.close()
        self.readers.close()
        with self._lock:
            if self._store is not None:
                self._store.close()

    def begin_local_session(self) -> str:
        """Begin a session for the person who started the program, as the owner. Returns its secret."""
        from camscan.store.sessions import Session  # noqa: PLC0415 - as above

        role = self.space.settings.role
        return self.sessions.begin(Session(subject=SUBJECT, rights=Role.OWNER.value, role=role))

    def begin_session(self, account: Account, claimed: str, before: str = "") -> tuple[Person, str]:
        """Begin a session for somebody who has signed in. ``before`` is the secret of the earlier session, which ends.

        The secret is empty if nobody has given them a role, or an owner has ended their access.
        """
        from camscan.store.sessions import Session  # noqa: PLC0415 - as above

        if before:
            self.sessions.end(before)
        person = self.people.note_sign_in(account, claimed)
        if person.allowed not in set(Role):
            return person, ""
        rights = Role(person.allowed)
        sites = (person.sites or ()) if rights is Role.SITE_MANAGER else None
        session = Session(
            subject=subject_of(person.number),
            rights=rights.value,
            role=person.role or site_manager_of(sites) or rights.display_name,
            sites=sites,
        )
        return person, self.sessions.begin(session)

    def visitor(self, secret: str, sender: Sender | None = None) -> Visitor | None:
        """The visitor whose session has this secret.

        None if no session has it, or if the proxy names another person.
        """
        found = self.sessions.find(secret) if secret else None
        if found is None or found.rights not in set(Role):
            return None
        if self.web.proxy_header and (sender is None or not self._is_session_of(found.subject, sender.user)):
            return None
        sites = None if found.sites is None else frozenset(found.sites)
        rights = Role(found.rights)
        role = found.role or site_manager_of(found.sites)
        return Visitor(subject=found.subject, rights=rights, role=role, sites=sites)

    def _is_session_of(self, subject: str, user: str) -> bool:
        """Whether a session belongs to the person whom the proxy has signed in."""
        if subject not in self._users:
            number = person_of(subject)
            person = None if number is None else self.people.find(number)
            self._users[subject] = person.account.subject if person else ""  # never changes
        return bool(user) and self._users[subject] == user

    def reading(self) -> contextlib.AbstractContextManager[Register]:
        """Open the register for reading. It waits for nobody and changes nothing."""
        return self.readers.lend()

    def cached_totals(self, kept: KeptCounts) -> dict[object, int]:
        """How many devices fit each filter. The numbers are cached until the register changes."""
        if not kept.is_current:
            return {}
        with self._lock:
            mark, totals = self._totals
            if mark != kept.front.mark or len(totals) >= _MOST_TOTALS:
                self._totals = kept.front.mark, {}
            return self._totals[1]

    def front(self) -> KeptCounts:
        """The counts of the register for the front page."""
        return self.keeper.front()
