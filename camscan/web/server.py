"""The server: uvicorn on loopback. It reports when it is ready, and stops on a signal."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from camscan.app.worker import StandIn
from camscan.app.workspace import Workspace
from camscan.config.web import Web
from camscan.errors import CamscanError, UsageError
from camscan.memory import keep_memory_flat
from camscan.web.application import make_application
from camscan.web.desk import Desk, Setting

_LARGEST_HEADERS = 16 * 1024
_AT_ONCE = 1000
"""The most requests at once; more are answered with 503."""
HEAD_SECONDS = 15.0
"""Seconds within which the head of a request must arrive."""
_BETWEEN = 5.0
"""Seconds between two checks for parcels that collectors have sent."""
_TURN = 0.001
"""Seconds for which one thread may compute before another has its turn: a page waits for its turn at every query."""
_GRACE = 3
"""Seconds that requests have to finish when the server stops."""


def setting_of(*, port: int, host: str, is_read_only: bool, is_local: bool) -> Setting:
    """The setting for the options of the command line."""
    return Setting(port=port, host=host, is_read_only=is_read_only, is_local=is_local)


def serve(
    space: Workspace,
    setting: Setting,
    *,
    tell: Callable[[str], None],
    tell_cookie: Callable[[str], None] | None = None,
) -> None:
    """Serve the pages of a register until SIGINT or SIGTERM.

    ``tell`` gets the address with a one-time key, once the server is ready and whenever somebody asks for another; if
    people sign in, it gets the address of the pages, once. ``tell_cookie`` gets the header line of a session for
    scripts. Port 0 takes any free port. Raises UsageError if there is no register, if the port is taken, or if others
    could come in without signing in.
    """
    if not space.has_register and (setting.is_read_only or not space.has_store):  # a new centre has no register yet
        raise UsageError(
            f"there is no register {space.name} yet: scan first, or name another with --register; "
            "for a new centre, first run `camscan collector add`"
        )
    _check_who_may_come(space, setting, is_for_scripts=tell_cookie is not None)
    keep_memory_flat()
    with _place_of_sessions(setting.is_read_only) as place:
        desk = Desk(space, replace(setting, store=place), lambda key: tell(f"{desk.address}/sign-in?key={key}"))

        def ready(taken: int) -> None:
            desk.port = taken
            if desk.web.is_shared:
                tell(desk.address)
            else:
                desk.keyring.renew()
            threading.Thread(target=_warm_up, args=(desk, tell_cookie), name="warming", daemon=True).start()

        with contextlib.closing(desk), _recording_arrivals(desk):
            _run_server(desk, ready)


def _check_who_may_come(space: Workspace, setting: Setting, *, is_for_scripts: bool) -> None:
    web = Web() if setting.is_local else space.settings.web
    try:
        is_here = setting.host == "localhost" or ipaddress.ip_address(setting.host).is_loopback
    except ValueError:
        raise UsageError(f"--listen {setting.host[:100]}: name an address of this machine, such as 127.0.0.1") from None
    if not is_here and not web.url.startswith("https:"):
        raise UsageError(
            f"--listen {setting.host}: others on the network could read the register; let people sign in first, with "
            f"web: in camscan.yaml (docs/web-admin.md)"
        )
    if is_for_scripts and web.is_shared:
        raise UsageError("--print-cookie is only for the person who starts it: add --local")


@contextlib.contextmanager
def _place_of_sessions(is_read_only: bool) -> Iterator[Path | None]:
    """The file for sessions if nothing may be written beside the register; otherwise None."""
    if not is_read_only:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="camscan-") as folder:
        yield Path(folder) / "camscan.db"


@contextlib.contextmanager
def _recording_arrivals(desk: Desk) -> Iterator[None]:
    """Do the jobs of a worker in a thread beside the pages while no worker is running."""
    over = threading.Event()

    def work() -> None:
        stand_in = StandIn(desk.space, lambda: desk.store)
        while not over.wait(_BETWEEN):
            with contextlib.suppress(CamscanError):  # it tries again in a moment
                stand_in.look(datetime.now(UTC))

    thread = threading.Thread(target=work, name="parcels", daemon=True)
    if not desk.setting.is_read_only:
        thread.start()
    try:
        yield
    finally:
        over.set()
        if thread.ident:
            thread.join(_GRACE)


def _warm_up(desk: Desk, tell_cookie: Callable[[str], None] | None) -> None:
    """Load what takes half a second, once the address is printed: the database libraries, and the first counts.

    If the database on a server has no register yet, an empty one is made, because a new centre begins like that.
    """
    if tell_cookie:
        tell_cookie(f"Cookie: {desk.cookie}={desk.begin_local_session()}")
    if not desk.setting.is_read_only:
        with contextlib.suppress(CamscanError):  # the pages say what is wrong
            desk.space.open(editing=True).close()
    desk.keeper.start()


def _run_server(desk: Desk, ready: Callable[[int], None]) -> None:
    config = uvicorn.Config(
        make_application(desk),
        host=desk.setting.host,
        port=desk.setting.port,
        loop="asyncio",
        http=Connection,
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        log_level="error",
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=_GRACE,
        limit_concurrency=_AT_ONCE,
        h11_max_incomplete_event_size=_LARGEST_HEADERS,
    )
    server = _Server(config, ready)
    sys.setswitchinterval(_TURN)
    try:
        asyncio.run(server.serve())
    except KeyboardInterrupt:
        return  # uvicorn has finished the requests, and passes the signal on
    except SystemExit:  # uvicorn exits if it cannot have the port
        if server.started:
            raise
        where = desk.setting
        raise UsageError(
            f"port {where.port} is taken on this machine; name another with --port"
            if where.host == Setting().host
            else f"it cannot listen on {where.host}, port {where.port}: check that it is an address of this "
            "machine, and that nothing else uses the port"
        ) from None


class Connection(H11Protocol):
    """Closes a connection that sends no complete head of a request: a thousand of them would shut everybody out.

    uvicorn 0.54 waits for ever for the first head. The application bounds what comes after it.
    """

    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's
        """A new connection: start its timer."""
        super().connection_made(transport)
        self._start_timer()

    def data_received(self, data: bytes) -> None:
        """Bytes have arrived: start the timer, or stop it while a request is answered."""
        super().data_received(data)
        self._start_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection was closed: stop its timer."""
        super().connection_lost(exc)
        self._stop_timer()

    def _start_timer(self) -> None:
        """Start the timer if no request is being answered. Further bytes do not restart it."""
        if self.cycle is not None and not self.cycle.response_complete:
            self._stop_timer()
        elif self._timer is None:
            self._timer = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class _Server(uvicorn.Server):
    """uvicorn's server, which also reports when it is ready, and on which port."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[int], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: Any = None) -> None:
        """Start as uvicorn does, and then report the port."""
        await super().startup(sockets)
        if self.started:
            self._ready(int(self.servers[0].sockets[0].getsockname()[1]))
