"""What the pages of one ``camscan serve`` share: the register, the sessions, the counts, and whose requests count."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from camscan.app.workspace import Workspace
from camscan.store import open_store
from camscan.web.holding import Holding
from camscan.web.keeper import Keeper, Kept
from camscan.web.keyring import Keyring
from camscan.web.rights import Role, Visitor
from camscan.web.security import Throttle

if TYPE_CHECKING:
    from camscan.register import Register
    from camscan.store.database import Store
    from camscan.store.people import People
    from camscan.store.sessions import Sessions

LONGEST = timedelta(hours=8)
"""A session ends then, whatever is done in it."""
PORT = 8377
SUBJECT = "local"
"""Who started the program on this machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """How it was started."""

    port: int = PORT
    is_read_only: bool = False
    """Nothing is written: no entry, and no count into the register."""
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
        self.keeper = Keeper(space, is_read_only=setting.is_read_only)
        self.searches = Throttle(120, 60)
        """Searches of a session in a minute."""
        self.sign_ins = Throttle(20, 60)
        """Requests for another key in a minute."""
        self.holding = Holding()
        """Files that somebody sent and has not applied yet."""
        self._lock = threading.Lock()
        self._store: Store | None = None

    @property
    def hosts(self) -> frozenset[str]:
        """What a request may call this machine: a stranger may bind other names to it (DNS rebinding)."""
        return frozenset(f"{name}:{self.port}" for name in ("127.0.0.1", "localhost"))

    @property
    def origins(self) -> frozenset[str]:
        """Whose forms are taken."""
        return frozenset(f"http://{host}" for host in self.hosts)

    @property
    def address(self) -> str:
        """Its address, as it is printed."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def cookie(self) -> str:
        """Its name: cookies do not know ports, so two of these on one machine would take each other's."""
        return f"camscan_{self.port}"

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

        return Sessions(self.store, longest=LONGEST, idle=LONGEST)

    @functools.cached_property
    def people(self) -> People:
        """Who may come in."""
        from camscan.store.people import People  # noqa: PLC0415 - as above

        return People(self.store)

    @property
    def issuer(self) -> str:
        """The service that signs people in; empty where there is none."""
        return ""

    def close(self) -> None:
        """Let go of the store. Harmless when repeated."""
        with self._lock:
            if self._store is not None:
                self._store.close()

    def begin_local(self) -> str:
        """Let in whoever started the program, as the owner; the secret of the session."""
        from camscan.store.sessions import Session  # noqa: PLC0415 - as above

        role = self.space.settings.role
        return self.sessions.begin(Session(subject=SUBJECT, rights=Role.OWNER.value, role=role))

    def visitor(self, secret: str) -> Visitor | None:
        """Who comes with this secret; None where nobody is signed in with it."""
        found = self.sessions.find(secret) if secret else None
        if found is None or found.rights not in set(Role):
            return None
        sites = None if found.sites is None else frozenset(found.sites)
        return Visitor(subject=found.subject, rights=Role(found.rights), role=found.role, sites=sites)

    def reading(self) -> Register:
        """The register, to be read: it waits for nobody and changes nothing."""
        return self.space.open(readonly=True)

    def front(self) -> Kept:
        """What was counted of it."""
        return self.keeper.front()
