"""What the pages of one ``camscan serve`` share: the register, the sessions, the counts, and whose requests count."""

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
from camscan.web.body import Gate
from camscan.web.holding import Holding
from camscan.web.keeper import Counted, Keeper, Kept
from camscan.web.keyring import Keyring
from camscan.web.readers import Readers
from camscan.web.recorder import Recorder
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
"""A session ends then, whatever is done in it."""
IDLE = timedelta(hours=1)
"""Where people sign in, a session ends when nothing was asked in it for so long."""
PORT = 8377
SUBJECT = "local"
"""Who started the program on this machine."""


_MOST_TOTALS = 1000
PROXY = "proxy"
"""The issuer of those whom a proxy has signed in."""


class CookieMarks(TypedDict):
    """How a cookie is kept."""

    path: str
    secure: bool
    httponly: bool
    samesite: Literal["lax", "strict"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """How it was started."""

    port: int = PORT
    host: str = "127.0.0.1"
    """On which it listens; others than this machine's own need people to sign in."""
    is_read_only: bool = False
    """Nothing is written: no entry, and no count into the register."""
    is_local: bool = False
    """It is for whoever started it, whatever camscan.yaml says of others."""
    store: str | Path | None = None
    """The register beside which sessions are kept; the workspace's where none is named."""


class Desk:
    """See above. Threads share it."""

    def __init__(self, space: Workspace, setting: Setting, tell: Callable[[str], None] = lambda _key: None) -> None:
        """``tell`` prints a one-time key where only whoever started the program sees it."""
        self.space = space
        self.setting = setting
        self.port = setting.port
        """On which it is reached: another one where port 0 was asked for."""
        self.keyring = Keyring(tell)
        self.readers = Readers(space)
        self.keeper = Keeper(space, self.readers, is_read_only=setting.is_read_only)
        self.policies = Counted(space, self.readers, app.policy_counts.count_policies)
        """What the policies say of the estate."""
        self.watch = Watch(space, lambda: self.store)
        """How the centre stands."""
        self.searches = Throttle(120, 60)
        """Searches of a session in a minute."""
        self.sign_ins = Throttle(20, 60)
        """Requests for another key in a minute."""
        self.holding = Holding()
        """Files that somebody sent and has not applied yet."""
        self.gate = Gate()
        """Through which files come in."""
        self.journeys = Throttle(120, 60)
        """Ways to the sign-in service and back of one address in a minute: it may be that of a whole building."""
        self.recorder = Recorder(lambda: self.acts)
        """Notes what people do."""
        self.unknown_acts = Throttle(10, 60)
        """Acts of those who have not signed in that are noted in a minute: strangers must not fill the table."""
        self._lock = threading.Lock()
        self._store: Store | None = None
        self._users: dict[str, str] = {}
        self._totals: tuple[object, dict[object, int]] = None, {}

    @property
    def hosts(self) -> frozenset[str]:
        """What a request may call this machine: a stranger may bind other names to it (DNS rebinding)."""
        own = frozenset(f"{name}:{self.port}" for name in ("127.0.0.1", "localhost"))
        return own | {urlsplit(self.web.url).netloc} if self.web.is_shared else own

    @property
    def origins(self) -> frozenset[str]:
        """Whose forms are taken."""
        return frozenset({self.web.url}) if self.web.is_shared else frozenset(f"http://{host}" for host in self.hosts)

    @property
    def address(self) -> str:
        """Its address, as it is printed."""
        return self.web.url if self.web.is_shared else f"http://127.0.0.1:{self.port}"

    @property
    def web(self) -> Web:
        """How others come in."""
        return Web() if self.setting.is_local else self.space.settings.web

    @property
    def is_secure(self) -> bool:
        """Whether it is reached by HTTPS, by its proxy."""
        return self.web.is_shared and self.web.url.startswith("https:")

    @property
    def cookie(self) -> str:
        """Its name: cookies do not know ports, so two of these on one machine would take each other's."""
        return "__Host-camscan" if self.is_secure else f"camscan_{self.port}"

    @property
    def journey_cookie(self) -> str:
        """The name of the cookie of those who are on their way to the sign-in service."""
        return f"{self.cookie}-way" if self.is_secure else f"{self.cookie}_way"

    @property
    def cookie_marks(self) -> CookieMarks:
        """Whoever comes back from the sign-in service, or by a link in a mail, comes from another site: Lax."""
        same: Literal["lax", "strict"] = "lax" if self.web.is_shared else "strict"
        return {"path": "/", "secure": self.is_secure, "httponly": True, "samesite": same}

    @property
    def store(self) -> Store:
        """What this service keeps beside the register. Opened when first needed: not before the address is printed."""
        with self._lock:
            if self._store is None:
                self._store = open_store(self.setting.store or self.space.where)
            return self._store

    @functools.cached_property
    def sessions(self) -> Sessions:
        """Who is signed in."""
        from camscan.store.sessions import Sessions  # noqa: PLC0415 - the database libraries: 0.4 s

        return Sessions(self.store, longest=LONGEST, idle=IDLE if self.web.is_shared else LONGEST)

    @functools.cached_property
    def people(self) -> People:
        """Who may come in."""
        from camscan.store.people import People  # noqa: PLC0415 - as above

        return People(self.store)

    @functools.cached_property
    def acts(self) -> Acts:
        """What people did."""
        from camscan.store.acts import Acts  # noqa: PLC0415 - as above

        return Acts(self.store)

    @property
    def issuer(self) -> str:
        """The service that signs people in; empty where there is none."""
        return self.web.oidc.issuer if self.web.oidc else PROXY if self.web.proxy_header else ""

    @functools.cached_property
    def provider(self) -> Provider:
        """The service that signs people in, where camscan.yaml names one."""
        from camscan.web.oidc.provider import Provider  # noqa: PLC0415 - 0.2 s that only this way needs

        assert self.web.oidc  # noqa: S101 - else nobody is sent there
        return Provider(self.web.oidc, self.web.url)

    def close(self) -> None:
        """Let go of the store, once it has taken what waits. Harmless when repeated."""
        self.keeper.close()
        self.recorder.close()
        self.readers.close()
        with self._lock:
            if self._store is not None:
                self._store.close()

    def begin_local(self) -> str:
        """Let in whoever started the program, as the owner; the secret of the session."""
        from camscan.store.sessions import Session  # noqa: PLC0415 - as above

        role = self.space.settings.role
        return self.sessions.begin(Session(subject=SUBJECT, rights=Role.OWNER.value, role=role))

    def let_in(self, account: Account, claimed: str, before: str = "") -> tuple[Person, str]:
        """Begin a session of somebody who has signed in; ``before`` is the one that they had, which ends.

        The secret is empty where nobody has given them a role, or an owner has ended their access.
        """
        from camscan.store.sessions import Session  # noqa: PLC0415 - as above

        if before:
            self.sessions.end(before)
        person = self.people.arrive(account, claimed)
        if person.allowed not in set(Role):
            return person, ""
        rights = Role(person.allowed)
        sites = (person.sites or ()) if rights is Role.SITE_MANAGER else None
        session = Session(
            subject=subject_of(person.number),
            rights=rights.value,
            role=person.role or site_manager_of(sites) or rights.words,
            sites=sites,
        )
        return person, self.sessions.begin(session)

    def visitor(self, secret: str, sender: Sender | None = None) -> Visitor | None:
        """Who comes with this secret; None where nobody is signed in with it, or the proxy says that it is another."""
        found = self.sessions.find(secret) if secret else None
        if found is None or found.rights not in set(Role):
            return None
        if self.web.proxy_header and (sender is None or not self._is_of(found.subject, sender.user)):
            return None
        sites = None if found.sites is None else frozenset(found.sites)
        rights = Role(found.rights)
        role = found.role or site_manager_of(found.sites)
        return Visitor(subject=found.subject, rights=rights, role=role, sites=sites)

    def _is_of(self, subject: str, user: str) -> bool:
        """Whether a session is that of the one whom the proxy has signed in."""
        if subject not in self._users:
            number = person_of(subject)
            person = None if number is None else self.people.find(number)
            self._users[subject] = person.account.subject if person else ""  # which never changes
        return bool(user) and self._users[subject] == user

    def reading(self) -> contextlib.AbstractContextManager[Register]:
        """The register, to be read: it waits for nobody and changes nothing."""
        return self.readers.lend()

    def totals(self, kept: Kept) -> dict[object, int]:
        """How many devices fit what was asked for, for as long as the register stays as it was counted."""
        if not kept.is_current:
            return {}
        with self._lock:
            mark, totals = self._totals
            if mark != kept.front.mark or len(totals) >= _MOST_TOTALS:
                self._totals = kept.front.mark, {}
            return self._totals[1]

    def front(self) -> Kept:
        """What was counted of it."""
        return self.keeper.front()
