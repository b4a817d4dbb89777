"""Asks a switch or router over SNMP: it only reads, in scope, at the pace, and within bounds of rows, bytes and time.

pysnmp makes and reads the messages (docs/adr/0027-pysnmp.md); every datagram leaves through the door. Only GET, GETNEXT
and GETBULK can be sent: :class:`_ReadOnly` checks every message and refuses all others, above all SET.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pysnmp.carrier.asyncio.dgram import udp, udp6
from pysnmp.carrier.asyncio.dispatch import AsyncioDispatcher
from pysnmp.carrier.base import AbstractTransport
from pysnmp.entity.engine import SnmpEngine
from pysnmp.hlapi.transport import AbstractTransportTarget
from pysnmp.hlapi.v3arch.asyncio import (
    USM_AUTH_HMAC96_SHA,
    USM_AUTH_HMAC128_SHA224,
    USM_AUTH_HMAC192_SHA256,
    USM_AUTH_HMAC256_SHA384,
    USM_AUTH_HMAC384_SHA512,
    USM_PRIV_CFB128_AES,
    USM_PRIV_CFB192_AES,
    USM_PRIV_CFB192_AES_BLUMENTHAL,
    USM_PRIV_CFB256_AES,
    USM_PRIV_CFB256_AES_BLUMENTHAL,
    CommunityData,
    ContextData,
    UsmUserData,
    bulk_cmd,
)
from pysnmp.proto.api import v2c
from pysnmp.proto.rfc1905 import EndOfMibView, NoSuchInstance, NoSuchObject
from pysnmp.proto.rfc3412 import MsgAndPduDispatcher
from pysnmp.smi.rfc1902 import ObjectIdentity, ObjectType

from camscan import log
from camscan.ingest.mib import COLUMNS, MOST_ROWS, Oid, Value, Walk
from camscan.ingest.source import Problem
from camscan.model import Outcome
from camscan.net.datagram import DatagramPort
from camscan.net.door import Door
from camscan.net.text import clean_text
from camscan.probes import catch_fault

PORT = 161
ROWS_AT_ONCE = 20
"""Rows that one GETBULK asks for: with SNMPv3, this many still fit one packet."""
ANSWER, REPEATS = 3.0, 1
"""Seconds that one answer may take, and how often a question is repeated."""
OF_VLAN = ("dot1dBasePortIfIndex", "dot1dTpFdbPort", "dot1dTpFdbStatus")
"""The columns to ask once for each VLAN, if a switch keeps a table for each VLAN."""
MOST_BYTES = 64 * 1024 * 1024
"""The most bytes of one switch's answers."""
MOST_TIME = 300.0
"""The most seconds for all tables of one switch."""
_SHOWN = 60
_TOO_BIG = 1
"""errorStatus tooBig (RFC 3416)."""
_READS = frozenset(pdu.tagSet for pdu in (v2c.GetRequestPDU, v2c.GetNextRequestPDU, v2c.GetBulkRequestPDU))
_HASHES = {
    "SHA-1": USM_AUTH_HMAC96_SHA,
    "SHA-224": USM_AUTH_HMAC128_SHA224,
    "SHA-256": USM_AUTH_HMAC192_SHA256,
    "SHA-384": USM_AUTH_HMAC256_SHA384,
    "SHA-512": USM_AUTH_HMAC384_SHA512,
}
_CIPHERS = {
    "AES-128": USM_PRIV_CFB128_AES,
    "AES-192": USM_PRIV_CFB192_AES_BLUMENTHAL,
    "AES-256": USM_PRIV_CFB256_AES_BLUMENTHAL,
    "AES-192-C": USM_PRIV_CFB192_AES,
    "AES-256-C": USM_PRIV_CFB256_AES,
}
_WORDS = (
    ("No SNMP response", "no answer: it is not there, SNMP is off, or it does not know this machine or this login"),
    ("Unknown USM user", "it does not know this user"),
    ("Unknown SNMP security name", "it does not know this user"),
    ("Wrong SNMP PDU digest", "it does not know this password, or the hash is another"),
    ("Ciphering services", "the privacy password or the cipher is another"),
    ("Unsupported SNMP security level", "its user is not set up for encryption (authPriv)"),
)
"""The beginning of pysnmp's messages, and what to say instead."""


@dataclass(frozen=True, slots=True)
class Login:
    """The credentials for SNMP."""

    user: str
    """The user; empty for SNMPv2c, which has only a community."""
    password: str = field(repr=False)
    """The password; for SNMPv2c, the community."""
    privacy: str = field(default="", repr=False)
    hash: str = "SHA-256"
    cipher: str = "AES-128"

    def auth_data(self, indexed: str = "") -> Any:
        """The object that pysnmp takes. SNMPv3 is always with authentication and encryption (authPriv).

        ``indexed`` is the text that Cisco's switches expect after the community for one VLAN (``@20``).
        """
        if not self.user:
            return CommunityData(self.password + indexed, mpModel=1)  # noqa: S508 - some switches know no better; who runs it is warned
        return UsmUserData(
            self.user,
            self.password,
            self.privacy,
            authProtocol=_HASHES[self.hash],
            privProtocol=_CIPHERS[self.cipher],
        )


@dataclass(slots=True)
class SwitchAnswers:
    """The answers of one switch, and the problems."""

    ip: str
    walk: Walk = field(default_factory=Walk)
    problems: list[Problem] = field(default_factory=list)


class _ReadOnly(MsgAndPduDispatcher):  # type: ignore[misc]  # pysnmp says no types
    """Lets only reading questions through, whichever part of the library sends them."""

    def send_pdu(self, *everything: Any, **named: Any) -> Any:
        """Send a message that reads. Raises PermissionError for any other."""
        pdu = named.get("PDU") or next(
            (each for each in everything if hasattr(each, "tagSet") and hasattr(each, "setComponentByPosition")), None
        )
        if pdu is None or pdu.tagSet not in _READS:
            raise PermissionError("camscan only reads: this message is not sent")
        return super().send_pdu(*everything, **named)


class _DoorTransport(AbstractTransport):  # type: ignore[misc]
    """The library's transport, which sends through the door."""

    PROTO_TRANSPORT_DISPATCHER = AsyncioDispatcher

    def __init__(self, ip: str, port: int) -> None:
        self.ADDRESS_TYPE = udp6.Udp6TransportAddress if ":" in ip else udp.UdpTransportAddress
        self.bytes = 0
        """The address from which answers are accepted."""
        self.door: DatagramPort | None = None
        self._ip, self._port = ip, port
        self._address: Any = None
        self._tasks: set[asyncio.Task[Outcome | None]] = set()

    def send_message(self, message: Any, address: Any) -> None:
        """Send to the one address of this transport; ``address`` is the library's form of it, which is kept."""
        self._address = address
        if self.door is None:
            return
        task = asyncio.ensure_future(self.door.send(bytes(message), self._ip, self._port))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def take_answer(self, payload: bytes, ip: str, port: int) -> None:
        """Hand on an answer if it comes from the address that was asked. Never raises, whatever the answer contains."""
        if (ip, port) != (self._ip, self._port) or self.bytes > MOST_BYTES or self._callback_function is None:
            return
        self.bytes += len(payload)
        with catch_fault() as fault:  # an exception of the library about a hostile answer is ignored
            self._callback_function(self, self._address, payload)
        if fault.detail:
            log.detail("not understood", ip, port=port, why=fault.detail)


class _Target(AbstractTransportTarget):  # type: ignore[misc]
    """One switch, as the library needs it."""

    PROTO_TRANSPORT = _DoorTransport

    def __init__(self, way: _DoorTransport, ip: str, port: int) -> None:
        self.TRANSPORT_DOMAIN = udp6.DOMAIN_NAME if ":" in ip else udp.DOMAIN_NAME
        self.transport_address = way.ADDRESS_TYPE((ip, port))
        super().__init__(ANSWER, REPEATS)
        self.transport = way

    def open_client_mode(self) -> _DoorTransport:
        """The transport that is already open."""
        return self.transport


async def ask_switch(door: Door, ip: str, login: Login, *, port: int = PORT) -> SwitchAnswers:
    """Ask the switch at an address in scope for everything in the columns of :data:`COLUMNS`. Never raises."""
    answers = SwitchAnswers(ip)
    if not door.scope.allows(ip):
        answers.problems.append(Problem("", f"{ip} is out of scope; nothing was sent"))
        return answers
    way = _DoorTransport(ip, port)
    async with door.datagrams(way.take_answer) as way.door:
        engine = SnmpEngine(msgAndPduDsp=_ReadOnly())
        try:
            async with asyncio.timeout(MOST_TIME):
                await _Questions(engine, login, _Target(way, ip, port), way, answers).ask_all()
        except TimeoutError:
            answers.problems.append(Problem("", f"it took more than {MOST_TIME:.0f} seconds; the rest was not asked"))
        finally:
            engine.close_dispatcher()
    log.event("asked by SNMP", ip, rows=answers.walk.count, bytes=way.bytes, problems=len(answers.problems))
    return answers


@dataclass(slots=True)
class _Questions:
    engine: Any
    login: Login
    target: _Target
    way: _DoorTransport
    answers: SwitchAnswers
    at_once: int = ROWS_AT_ONCE
    auth: Any = None
    context: Any = None

    def __post_init__(self) -> None:
        self.auth, self.context = self.login.auth_data(), ContextData()

    async def ask_all(self) -> None:
        """Ask for one column after the other, until all are read, or until it is useless to continue."""
        for name, base in COLUMNS.items():
            if why := await self._ask_column(base, self.answers.walk):
                self.answers.problems.append(Problem(name, why))
                if not self.answers.walk.count or self._is_full() or why.startswith(_WORDS[0][1]):
                    return
        for vlan in self.answers.walk.separate_vlans():
            if why := await self._ask_vlan(vlan):
                self.answers.problems.append(Problem(f"VLAN {vlan}", why))
                return

    async def _ask_vlan(self, vlan: int) -> str:
        """Ask for the MAC table of one VLAN, in its own context. Returns why there is none; empty if there is one."""
        walk, before = Walk(), (self.auth, self.context)
        self.context = ContextData(contextName=f"vlan-{vlan}".encode()) if self.login.user else ContextData()
        self.auth = self.login.auth_data(f"@{vlan}")
        try:
            for name in OF_VLAN:
                if why := await self._ask_column(COLUMNS[name], walk):
                    return why
        finally:
            self.auth, self.context = before
        self.answers.walk.add_vlan(vlan, walk)
        return ""

    def _is_full(self) -> bool:
        return self.answers.walk.count >= MOST_ROWS or self.way.bytes > MOST_BYTES

    async def _ask_column(self, base: Oid, walk: Walk) -> str:
        """Ask for every row of one column. Returns why it stopped early; empty if it did not."""
        last = base
        while True:
            found: list[tuple[Oid, Value | None]] = []
            why = ""
            with catch_fault() as fault:  # the library may fail at an OID that a hostile answer named
                found, why = await self._ask_next(last)
            if why or fault.detail:
                return why or f"its answers cannot be used ({fault.detail[:_SHOWN]})"
            for oid, value in found:
                if value is None or oid[: len(base)] != base:
                    return ""
                if oid <= last:
                    return "its answers repeat themselves"
                last = oid
                if not walk.take(oid, value):
                    is_full = walk.count >= MOST_ROWS
                    what = (
                        f"it has more than {MOST_ROWS:,} rows" if is_full else "its OIDs are longer than in any table"
                    )
                    return f"{what}; the rest is left out"
            if not found:
                return ""
            if self.way.bytes > MOST_BYTES:
                return f"it answers more than {MOST_BYTES // 1024 // 1024} MB; the rest is left out"

    async def _ask_next(self, oid: Oid) -> tuple[list[tuple[Oid, Value | None]], str]:
        """The rows after an OID, as many as fit one answer; or why there are none."""
        while True:
            asked = ObjectType(ObjectIdentity(oid))
            began = time.monotonic()
            error, status, _, found = await bulk_cmd(
                self.engine, self.auth, self.target, self.context, 0, self.at_once, asked, lookupMib=False
            )
            log.detail("asked by SNMP", self.answers.ip, seconds=round(time.monotonic() - began, 3))
            if int(status or 0) == _TOO_BIG and self.at_once > 1:
                self.at_once //= 2
                continue
            if error:
                return [], _plain_error(str(error))
            return ([], f"it says error {int(status)}") if int(status or 0) else (list(_read_values(found)), "")


def _read_values(found: Any) -> Iterator[tuple[Oid, Value | None]]:
    """OIDs and values; a value of None marks the end."""
    for oid, value in found:
        if isinstance(value, EndOfMibView | NoSuchObject | NoSuchInstance):
            yield tuple(oid), None
        elif hasattr(value, "asOctets"):
            yield tuple(oid), bytes(value.asOctets())
        else:
            yield tuple(oid), _read_number(value)


def _read_number(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):  # an OID, or nothing
        return 0


def _plain_error(error: str) -> str:
    told = next((words for begins, words in _WORDS if error.startswith(begins)), "")
    return told or clean_text(error)[:_SHOWN]
