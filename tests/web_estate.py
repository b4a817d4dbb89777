"""A council's register behind the pages of camscan serve, for their tests: sites, plans, one hostile unit.

A test looks at pages through :class:`Client`, without a socket: one for each role, signed in.

With ``CAMSCAN_WEB_STORE=postgresql`` the register of every test is on a server (``make web-server``).
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pg_server
import reported
import web_collectors
from sample_report import camera, nameless, report
from starlette.testclient import TestClient

from camscan.app.workspace import Workspace, workspace_of
from camscan.register import Edit, Register, open_register, restore_register
from camscan.store.sessions import Session
from camscan.web.application import make_application
from camscan.web.desk import Desk, Setting
from camscan.web.rights import Role

ADDRESS = "http://127.0.0.1:8377"
SITE = "Town Hall"
"""The one site of the site manager."""
HOSTILE = "<script>alert(1)</script>\"onmouseover='x' {{7*7}} {% raw %} =cmd|'/C calc'!A0 \u202egpj.exe\u2066\x1b[2J"
"""In every text of one device."""
HOSTILE_IP = "10.0.15.254"
DOUBTFUL_IP = "10.0.15.253"
"""Of a camera, and then of something that does not say what it is: the same device?"""
FILES = frozenset({"list_file", "log_file"})
"""Pages that answer with a file, whatever they are asked for."""
SECOND_SITE = "Castle Street Car Park"
SERVER: pg_server.Server | None = None
"""The server for the registers of this run; None if they are files."""
_PLACES: dict[Path, str] = {}


def make(folder: Path, devices: int = 60) -> Workspace:
    """The register of ``reported``, and a unit that lies in wait; ``assess.today`` must say ``reported.TODAY``."""
    settings = reported.fill(folder, devices, scans=4)
    with open_register(folder / "camscan.db") as book:
        when = reported.TODAY
        doubt(book, when - timedelta(days=1))
        unit = camera(
            7777,
            ip=HOSTILE_IP,
            when=when,
            model=HOSTILE,
            firmware=HOSTILE,
            brand=HOSTILE,
            serial="HOSTILE" + HOSTILE,
            because=(HOSTILE,),
        )
        book.record(report(unit, scan_id="hostile", when=when, targets=("10.0.15.254/32",)))
        (row,) = book.find_devices(HOSTILE_IP)
        texts = {"location_detail": "<img src=x onerror=alert(2)>", "notes": "{{7*7}}\n</textarea><b>bold</b>"}
        edits = [Edit(row.asset_id, column, text) for column, text in texts.items()]
        book.edit_entries(edits, role="<i>role</i>", how="camscan set", because="'\"><script>alert(3)</script>")
    space = workspace_of(settings, register_of(folder))
    web_collectors.add(space, HOSTILE, SITE)
    return space


def register_of(folder: Path) -> Path | str:
    """Where the register of a folder is: its camscan.db, or a place on the server that begins with what is in that."""
    seed = folder / "camscan.db"
    if SERVER is None:
        return seed
    if folder not in _PLACES:
        _PLACES[folder] = SERVER.place()
        if seed.exists():
            restore_register(_PLACES[folder], seed).close()
    return _PLACES[folder]


def copy_of(space: Workspace, folder: Path) -> Workspace:
    """A register and what is beside it once more, in a folder that is not there yet: for a test that changes it."""
    shutil.copytree(_home(space), folder)
    if SERVER:
        (folder / "camscan.db").unlink(missing_ok=True)
        with open_register(space.where) as book:
            book.write_backup(folder / "camscan.db")
    copied = workspace_of(space.settings, register_of(folder))
    if SERVER:
        web_collectors.add(copied, HOSTILE, SITE)
    return copied


def _home(space: Workspace) -> Path:
    """The folder for which a register was made."""
    homes = {place: home for home, place in _PLACES.items()}
    return homes.get(str(space.where)) or Path(space.where).parent


def doubt(book: Register, when: datetime, number: int = 7778, ip: str = DOUBTFUL_IP) -> None:
    """Leave a question that a person has to settle: a camera, and what answers at its address without a name."""
    for turn, device in enumerate((camera(number, ip=ip, when=when), nameless(ip, when=when))):
        at = when + timedelta(hours=turn)
        book.record(report(device, scan_id=f"doubt-{number}-{turn}", when=at, targets=(f"{ip}/32",)))


def on_server(space: Workspace, address: str) -> Workspace:
    """The same register on a server of PostgreSQL."""
    made = workspace_of(space.settings, address)
    made.restore(_home(space) / "camscan.db").close()
    web_collectors.add(made, HOSTILE, SITE)
    return made


class Client:
    """A browser of somebody in one role; without a role, nobody has signed in."""

    def __init__(
        self,
        desk: Desk,
        role: Role | None = Role.OWNER,
        *,
        sites: Sequence[str] | None = None,
        peer: str = "testclient",
    ) -> None:
        """``peer`` is the address from which it connects."""
        self.desk = desk
        made, client = make_application(desk), (peer, 50000)
        self._client = TestClient(made, base_url=desk.address, follow_redirects=False, client=client)
        if role is not None:
            given = (SITE,) if role is Role.SITE_MANAGER and sites is None else None if sites is None else tuple(sites)
            session = Session(subject=f"test-{role}", rights=role.value, role="CCTV officer", sites=given)
            self.secret = desk.sessions.begin(session)
            self._client.cookies.set(desk.cookie, self.secret, domain="127.0.0.1")

    def get(self, path: str, **headers: str) -> Any:
        """Get a page as a browser does."""
        return self._client.get(path, headers=headers)

    def post(self, path: str, form: Mapping[str, Any] | None = None, **headers: str) -> Any:
        """As a browser sends a form of ours; a header that is empty is left out."""
        sent = {
            "Origin": self.desk.address,
            "Sec-Fetch-Site": "same-origin",
            **{k.replace("_", "-"): v for k, v in headers.items()},
        }
        return self._client.post(
            path, data=dict(form or {}), headers={key: value for key, value in sent.items() if value}
        )

    def request(self, method: str, path: str, **more: Any) -> Any:
        """Send any other request."""
        return self._client.request(method, path, **more)

    def token(self) -> str:
        """A token for a form of this session."""
        return next(value for name, value in Page(self.get("/about").text).fields if name == "token")


class Page(HTMLParser):
    """What a browser sees of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self._texts: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self._texts.append(data)

    @property
    def text(self) -> str:
        """Its text, on one line."""
        return " ".join(" ".join(self._texts).split())

    @property
    def fields(self) -> list[tuple[str, str]]:
        """Names and values of its inputs."""
        return [(found.get("name") or "", found.get("value") or "") for tag, found in self.elements if tag == "input"]

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of every element of that kind."""
        return [found for name, found in self.elements if name == tag]

    @property
    def links(self) -> list[str]:
        """The addresses of its links."""
        return [found["href"] or "" for found in self.all("a") if found.get("href")]


def desk_of(space: Workspace, **setting: Any) -> Desk:
    """A desk on that register."""
    return Desk(space, Setting(**setting))
