"""ONVIF with a login, for any maker: device information, MAC addresses, and the video inputs of a recorder.

onvif-zeep writes the questions and reads the answers with its WSDL files; the bytes travel through the session like all
others. Its ``ONVIFCamera`` is never used: it logs in at any address that the device names, and subscribes to events.
"""

from __future__ import annotations

import asyncio
import contextlib
import copy
import functools
import importlib.metadata
import logging
import sysconfig
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from lxml import etree

from camscan.enrich import REFUSED_LOGIN, Box, Exchange, Session, Source
from camscan.enrich._attempt import attempt_of
from camscan.errors import UsageError
from camscan.model import Attempt, Outcome
from camscan.net.span import canonical
from camscan.probes.onvif import PROBE
from camscan.words import count_text, how_to_add

DEVICE_PATH = "/onvif/device_service"
DEVICE, MEDIA = "devicemgmt.wsdl", "media.wsdl"
_BINDINGS = {
    DEVICE: "{http://www.onvif.org/ver10/device/wsdl}DeviceBinding",
    MEDIA: "{http://www.onvif.org/ver10/media/wsdl}MediaBinding",
}
CLOCK = "GetSystemDateAndTime"
QUESTIONS = (CLOCK, "GetDeviceInformation", "GetNetworkInterfaces", "GetCapabilities", "GetVideoSources")
"""ONVIF Core and Media Specification; access classes PRE_AUTH, READ_SYSTEM and READ_MEDIA."""
_DEVICE_QUESTIONS: tuple[tuple[str, dict[str, object]], ...] = (
    ("GetDeviceInformation", {}),
    ("GetNetworkInterfaces", {}),
    ("GetCapabilities", {"Category": ["Media"]}),
)
_REFUSALS = (b"NotAuthorized", b"FailedAuthentication", b"FailedCheck", b"InvalidSecurity")
_UNAUTHORISED = (401, 403)
MOST_SKEW = timedelta(minutes=5)
"""Maximum difference between a device's clock and ours. A token is valid on every device with this login whose clock is
near the token's date. A hostile device could otherwise get a token that is dated years ahead."""


def is_wanted(_box: Box) -> bool:
    """True for every device: for makers that no other source knows, and for units whose own interface is off."""
    return True


async def ask_device(session: Session) -> Sequence[Attempt]:
    """Ask for the clock without a login, then the questions that need one.

    Ends at the first question without an answer.
    """
    try:
        documents = await asyncio.to_thread(_load_documents)
    except UsageError as error:
        return [Attempt(PROBE.name, session.box.ip, session.port, Outcome.NOT_TRIED, detail=str(error))]
    clock = _Call(session, documents, path=DEVICE_PATH)
    answer = await clock.run(DEVICE, CLOCK)
    told = _make_attempt(session, clock)
    if session.is_over or not any(seen.key == "onvif.utc_time" for seen in told.observations):
        # No login goes to a device that does not speak ONVIF: the clock needs none (ONVIF Core Specification,
        # PRE_AUTH).
        silent = told.outcome is not Outcome.ANSWERED
        return [told if silent else replace(told, outcome=Outcome.NOT_SPOKEN, detail="it does not give its time")]
    found: list[Attempt] = []
    clock_told = _read_clock(answer)
    skew = clock_told - datetime.now(UTC) if clock_told else timedelta()
    if clock_told and abs(skew) > MOST_SKEW:
        return [replace(told, outcome=Outcome.NOT_TRIED, detail=_wrong_clock(clock_told, skew))]
    for operation, parameters in _DEVICE_QUESTIONS:
        call = _Call(session, documents, path=DEVICE_PATH, skew=skew, logged_in=True)
        answer = await call.run(DEVICE, operation, **parameters)
        found.append(_make_attempt(session, call))
        if session.is_over or found[0].outcome is not Outcome.ANSWERED:
            return found
    if path := _media_path(session.box.ip, session.port, answer):
        call = _Call(session, documents, path=path, skew=skew, logged_in=True)
        await call.run(MEDIA, "GetVideoSources")
        found.append(_make_attempt(session, call))
    return found


@dataclass(slots=True)
class _Call:
    """One operation: zeep writes it in a thread, the session sends it in the event loop, and zeep reads the answer."""

    session: Session
    documents: _Documents
    path: str
    skew: timedelta = timedelta()
    logged_in: bool = False
    exchange: Exchange | None = None
    refused: bool = False

    async def run(self, wsdl: str, operation: str, **parameters: object) -> Any:
        """What zeep read from the answer; None if it could not (``exchange`` has the bytes)."""
        if operation not in QUESTIONS:
            raise ValueError(f"{operation} is not an allowed question")
        loop = asyncio.get_running_loop()
        return await asyncio.to_thread(self._speak, loop, wsdl, operation, parameters)

    def _speak(self, loop: asyncio.AbstractEventLoop, wsdl: str, operation: str, parameters: dict[str, object]) -> Any:
        client = copy.copy(self.documents.clients[wsdl])
        client.transport = _Pipe(loop, self)
        client.wsse = self.documents.token(*self.session.login, self.skew) if self.logged_in else None
        service = self.documents.service(
            self.session.base + self.path, "", "", str(self.documents.folder / wsdl),
            zeep_client=client, binding_name=_BINDINGS[wsdl],
        )  # fmt: skip
        try:
            return getattr(service, operation)(parameters)
        except self.documents.error:
            return None  # a fault, or an answer that zeep cannot read; our own parser is not so strict

    async def send(self, body: bytes, content_type: str) -> Exchange:
        """Send zeep's text once to the path that *we* chose, whatever address zeep uses."""
        if self.exchange is not None:
            raise ValueError("zeep tried to send a second message")
        self.exchange = await self.session.post(self.path, body, content_type)
        said_no = self.exchange.status in _UNAUTHORISED or any(word in self.exchange.body for word in _REFUSALS)
        if self.logged_in and said_no:
            self.refused = True
            self.session.refuse()
        return self.exchange


@dataclass(slots=True)
class _Pipe:
    """The transport for zeep: it opens no connection itself."""

    loop: asyncio.AbstractEventLoop
    call: _Call

    def post_xml(self, _address: str, envelope: Any, headers: dict[str, str]) -> _Reply:
        """Send an envelope; zeep calls this in its thread."""
        body = etree.tostring(envelope, xml_declaration=True, encoding="utf-8")
        content_type = headers.get("Content-Type", "application/soap+xml; charset=utf-8")
        sent = asyncio.run_coroutine_threadsafe(self.call.send(body, content_type), self.loop).result()
        return _Reply(sent.status, sent.body, {"Content-Type": sent.content_type or "application/soap+xml"})

    def load(self, url: str) -> bytes:
        """Refuse to load anything: nothing that an answer names is fetched."""
        raise ValueError(f"{url}: nothing is fetched")


@dataclass(frozen=True, slots=True)
class _Reply:
    """A reply as zeep expects it."""

    status_code: int
    content: bytes
    headers: dict[str, str]
    encoding: str = "utf-8"


class _Folder:
    """Loads WSDL files of one folder for zeep, and nothing from anywhere else."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self, url: str) -> bytes:
        path = Path(url.removeprefix("file://")).resolve()
        if not path.is_relative_to(self._folder):
            raise ValueError(f"{url}: lies outside the WSDL files of onvif-zeep")
        return path.read_bytes()


@dataclass(frozen=True, slots=True)
class _Documents:
    """The parsed WSDL files, shared by all devices, and zeep's parts behind them."""

    folder: Path
    clients: dict[str, Any]
    service: Any
    error: type[Exception]
    username_token: Any = field(repr=False)

    def token(self, user: str, password: str, skew: timedelta) -> Any:
        """A WS-UsernameToken with a digest, dated by the device's clock, which is near ours."""
        created = datetime.now(UTC) + skew
        return self.username_token(user, password, use_digest=True, created=created, zulu_timestamp=True)


@functools.cache
def _load_documents() -> _Documents:
    """Parse the WSDL files: 0.1 s, once. Raises UsageError if onvif-zeep or its files are missing."""
    with _quiet_import():
        try:
            from onvif import ONVIFError, ONVIFService  # noqa: PLC0415 - 35 MB that only this needs
            from zeep import Client, Settings  # noqa: PLC0415
            from zeep.wsse.username import UsernameToken  # noqa: PLC0415
        except ImportError as error:
            raise UsageError(f"ONVIF with a login needs onvif-zeep: {how_to_add('enrich')}") from error
    folder = wsdl_folder()
    settings = Settings(strict=False, xml_huge_tree=False, forbid_dtd=True)
    make: Any = Client
    clients = {name: make(str(folder / name), transport=_Folder(folder), settings=settings) for name in (DEVICE, MEDIA)}
    return _Documents(folder, clients, ONVIFService, ONVIFError, UsernameToken)


def wsdl_folder() -> Path:
    """Where pip put onvif-zeep's WSDL files, which is not always where the library looks for them.

    Raises UsageError in one line if they are nowhere (``pip install --target`` leaves them out).
    """
    found: list[Path] = []
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        files = importlib.metadata.files("onvif-zeep") or []
        found += [Path(str(each.locate())).parent for each in files if each.name == DEVICE]
    scheme = sysconfig.get_paths()
    found += [Path(scheme[name]) / "wsdl" for name in ("purelib", "platlib")]
    found += sorted(Path(scheme["data"]).glob("lib/python3*/site-packages/wsdl"))
    for folder in found:
        if all((folder / name).is_file() for name in (DEVICE, MEDIA, "onvif.xsd")):
            return folder.resolve()
    raise UsageError(f"onvif-zeep is installed without its WSDL files; {how_to_add('enrich')}")


@contextlib.contextmanager
def _quiet_import() -> Iterator[None]:
    """Import onvif, and undo the logging that it sets up for the whole program."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)


def _make_attempt(session: Session, call: _Call) -> Attempt:
    if call.exchange is None:
        return Attempt(PROBE.name, session.box.ip, session.port, Outcome.NOT_TRIED, detail="zeep wrote no message")
    if call.refused:
        return Attempt(PROBE.name, session.box.ip, session.port, Outcome.REFUSED, detail=REFUSED_LOGIN)
    return attempt_of(PROBE, session, call.exchange)


def _read_clock(answer: Any) -> datetime | None:
    """The device's clock; None if it cannot be read: tokens are then dated by our clock."""
    try:
        moment = answer.UTCDateTime
        return datetime(
            moment.Date.Year, moment.Date.Month, moment.Date.Day,
            moment.Time.Hour, moment.Time.Minute, min(moment.Time.Second, 59), tzinfo=UTC,
        )  # fmt: skip
    except (AttributeError, TypeError, ValueError, OverflowError):
        return None


def _wrong_clock(told: datetime, skew: timedelta) -> str:
    way = "ahead of" if skew > timedelta() else "behind"
    moment = f"{told.day} {told:%B %Y, %H:%M} UTC, {_length_text(abs(skew))} {way} this machine"
    why = "no login is sent, because it would carry that date"
    return f"its clock says {moment}: {why}; set the device's time, then run it again"


def _length_text(span: timedelta) -> str:
    """A span of time in words: ``5 minutes``, ``3 hours``, ``400 days``."""
    minutes = int(span.total_seconds()) // 60
    for size, name in ((1440, "day"), (60, "hour"), (1, "minute")):
        if minutes >= size:
            count = minutes // size
            return count_text(count, name)
    return "less than a minute"


def _media_path(ip: str, port: int, capabilities: Any) -> str:
    """The path of the media service, if it is on the same device; an address elsewhere is dropped."""
    try:
        parts = urlsplit(str(capabilities.Media.XAddr))
        same = canonical(parts.hostname or "") == canonical(ip)
        own_port = (parts.port or (443 if parts.scheme == "https" else 80)) == port
    except (AttributeError, TypeError, ValueError):
        return ""
    return parts.path if same and own_port and parts.path.startswith("/") else ""


SOURCE = Source(
    name="onvif",
    title="ONVIF: model, serial, firmware, MAC; video inputs",
    order=3,
    questions=QUESTIONS,
    wants=is_wanted,
    ask=ask_device,
)
