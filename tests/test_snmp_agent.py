"""Asking switches over SNMP: net-snmp's own agent, and hostile ones. Nothing but loopback."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pyasn1.codec.ber import decoder, encoder
from pysnmp.entity.engine import SnmpEngine
from pysnmp.hlapi.v3arch.asyncio import ContextData, OctetString, set_cmd
from pysnmp.proto.api import v2c
from pysnmp.smi.rfc1902 import ObjectIdentity, ObjectType
from snmp_agents import BRIDGE, CAMERA, PASSWORD, PHONE, PRIVACY, USER, Table, octets, raw, snmpd

from camscan.ingest import mib, snmp_agent
from camscan.ingest.snmp_agent import Login, SwitchAnswers
from camscan.ingest.source import Entry, Problem
from camscan.net.door import Door
from camscan.net.pace import PACES
from camscan.net.scope import Scope

V3, V2C = Login(USER, PASSWORD, PRIVACY), Login("", "community")
SETS = (1, 3, 6, 1, 2, 1, 11, 17)
"""snmpInSetRequests (RFC 3418): how many SETs an agent has had, by its own count."""
LOOPBACK = Scope((ipaddress.ip_network("127.0.0.0/8"),))


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with snmpd(tmp_path_factory.mktemp("snmpd")) as found:
        yield found


@contextlib.asynccontextmanager
async def door(scope: Scope = LOOPBACK) -> AsyncIterator[Door]:
    async with Door(scope, PACES["fast"]) as opened:
        yield opened


async def ask(port: int, login: Login = V2C, scope: Scope = LOOPBACK) -> SwitchAnswers:
    async with door(scope) as opened:
        return await snmp_agent.ask_switch(opened, "127.0.0.1", login, port=port)


def whys(answers: SwitchAnswers) -> list[str]:
    return [f"{each.place}: {each.why}" for each in answers.problems]


@pytest.mark.parametrize("login", [V3, V2C], ids=["SNMPv3 authPriv", "SNMPv2c"])
async def test_a_real_agent_is_read(port: int, login: Login) -> None:
    answers = await ask(port, login)
    assert answers.problems == []
    entries = [each for each in mib.walk_items(answers.walk, "127.0.0.1") if isinstance(each, Entry)]
    told = {(each.place, each.mac): {fact.key: fact.value for fact in each.facts} for each in entries}
    assert told["dot1qTpFdbTable", CAMERA] == {"listed.vlan": "20", "listed.port": "Gi1/0/1", "listed.poe": "6.2"}
    assert told["dot1qTpFdbTable", PHONE] == {"listed.vlan": "20", "listed.port": "Gi1/0/2", "listed.poe_class": "2"}
    assert told["lldpRemTable", PHONE]["listed.host_name"] == "phone-17"
    assert [each.ip for each in entries if each.place == "ipNetToPhysicalTable"] == ["192.0.2.7"]
    assert told["sysDescr", ""] == {"listed.host_name": "CT-2", "listed.product": "A switch of the tests"}


@pytest.mark.parametrize("login", [V3, V2C], ids=["SNMPv3 authPriv", "SNMPv2c"])
async def test_over_ipv6(tmp_path: Path, login: Login) -> None:
    scope = Scope((ipaddress.ip_network("::1/128"),))
    with snmpd(tmp_path, ip="::1") as port:
        async with door(scope) as opened:
            answers = await snmp_agent.ask_switch(opened, "::1", login, port=port)
    assert (answers.problems, answers.walk.text_of("sysName", (0,))) == ([], "CT-2")


@pytest.mark.parametrize(
    ("login", "why"),
    [
        (Login(USER, "wrongpassword", PRIVACY), "it does not know this password, or the hash is another"),
        (Login("nobody", PASSWORD, PRIVACY), "it does not know this user"),
    ],
    ids=["password", "user"],
)
async def test_a_login_that_is_refused_is_one_line(port: int, login: Login, why: str) -> None:
    answers = await ask(port, login)
    assert whys(answers) == [f"sysDescr: {why}"]


async def test_who_is_silent_costs_one_line(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snmp_agent, "ANSWER", 0.2)
    (why,) = whys(await ask(port, Login("", "another community")))
    assert why.startswith("sysDescr: no answer")


async def test_nothing_is_sent_out_of_scope() -> None:
    async with listener(lambda *_: None) as (port, heard):
        answers = await ask(port, scope=Scope((ipaddress.ip_network("192.0.2.0/24"),)))
    assert heard == []
    assert whys(answers) == [": 127.0.0.1 is out of scope; nothing was sent"]


# ── Reads only ───────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_real_agent_has_counted_no_set(port: int) -> None:
    for login in (V3, V2C):
        await ask(port, login)
    assert await _count(port, SETS) == 0


@pytest.mark.parametrize("login", [V3, V2C], ids=["SNMPv3 authPriv", "SNMPv2c"])
async def test_no_set_can_be_sent(port: int, login: Login) -> None:
    """Not even by who calls the library with our engine: the user of the agent may write."""
    name = ObjectType(ObjectIdentity("1.3.6.1.2.1.1.5.0"), OctetString("owned"))
    async with door() as opened, questions(opened, port, login) as asked:
        assert not (await asked._ask_next((1, 3, 6, 1, 2, 1, 1, 4)))[1]  # the login is good, and known
        sent = opened.sent["datagrams"]
        with pytest.raises(PermissionError, match="only reads"):
            await set_cmd(asked.engine, asked.auth, asked.target, ContextData(), name, lookupMib=False)
        assert opened.sent["datagrams"] == sent
        (_, value), *_ = (await asked._ask_next((1, 3, 6, 1, 2, 1, 1, 5)))[0]
    assert value == b"CT-2"
    assert await _count(port, SETS) == 0


async def test_the_wire_has_reads_only() -> None:
    async with listener(lambda request: answer(request, [])) as (port, heard):
        await ask(port)
    kinds = {type(v2c.apiMessage.get_pdu(message(each))).__name__ for each in heard}
    assert kinds == {"GetBulkRequestPDU"}


@contextlib.asynccontextmanager
async def questions(opened: Door, port: int, login: Login) -> AsyncIterator[Any]:
    way = snmp_agent._DoorTransport("127.0.0.1", port)
    async with opened.datagrams(way.take_answer) as way.door:
        engine = SnmpEngine(msgAndPduDsp=snmp_agent._ReadOnly())
        target = snmp_agent._Target(way, "127.0.0.1", port)
        yield snmp_agent._Questions(engine, login, target, way, SwitchAnswers("127.0.0.1"))
        engine.close_dispatcher()


async def _count(port: int, oid: tuple[int, ...]) -> int:
    async with door() as opened, questions(opened, port, V2C) as asked:
        ((found, value), *_), why = await asked._ask_next(oid)
    assert (found[:-1], why) == (oid, "")
    assert isinstance(value, int)
    return value


# ── Hostile agents ───────────────────────────────────────────────────────────────────────────────────────────────

Rows = list[tuple[tuple[int, ...], Any]]


def message(payload: bytes) -> Any:
    return decoder.decode(payload, asn1Spec=v2c.Message())[0]


def asked_for(request: bytes) -> tuple[int, ...]:
    return tuple(v2c.apiPDU.get_varbinds(v2c.apiMessage.get_pdu(message(request)))[0][0])


def answer(request: bytes, rows: Rows, *, error: int = 0) -> bytes:
    asked = message(request)
    said = v2c.apiMessage.get_response(asked)
    pdu = v2c.apiMessage.get_pdu(said)
    v2c.apiPDU.set_varbinds(pdu, rows)
    v2c.apiPDU.set_error_status(pdu, error)
    return bytes(encoder.encode(said))


@contextlib.asynccontextmanager
async def listener(reply: Callable[[bytes], bytes | None]) -> AsyncIterator[tuple[int, list[bytes]]]:
    """An agent on loopback, and what it has heard."""
    heard: list[bytes] = []

    class Agent(asyncio.DatagramProtocol):
        def connection_made(self, transport: Any) -> None:
            self.transport = transport

        def datagram_received(self, data: bytes, addr: Any) -> None:
            heard.append(data)
            if said := reply(data):
                self.transport.sendto(said, addr)

    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Agent, local_addr=("127.0.0.1", 0))
    try:
        yield transport.get_extra_info("sockname")[1], heard
    finally:
        transport.close()


def next_of(oid: tuple[int, ...], value: Any) -> Callable[[bytes], bytes]:
    """Whatever is asked, the same answer."""
    return lambda request: answer(request, [(oid, value)])


def endless(request: bytes) -> bytes:
    """One row more, for ever."""
    oid = asked_for(request)
    following = (*oid[:-1], oid[-1] + 1) if len(oid) > 9 else (*oid, 1)
    return answer(request, [(following, v2c.OctetString("x"))])


def giant(request: bytes) -> bytes:
    oid = asked_for(request)
    following = (*oid[:-1], oid[-1] + 1) if len(oid) > 9 else (*oid, 1)
    return answer(request, [(following, v2c.OctetString("A" * 60_000))])


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (endless, "it has more than 50 rows; the rest is left out"),
        (giant, "it answers more than 0 MB; the rest is left out"),
        (
            lambda request: answer(request, [((*asked_for(request), *range(1, 60)), v2c.Integer(1))]),
            "its OIDs are longer than in any table; the rest is left out",
        ),
        (
            lambda request: answer(request, [(asked_for(request), v2c.OctetString("x"))]),
            "its answers repeat themselves",
        ),
        (
            lambda request: answer(
                request, [((*asked_for(request), 9), v2c.Integer(1)), ((*asked_for(request), 3), v2c.Integer(1))]
            ),
            "its answers repeat themselves",
        ),
        (lambda request: answer(request, [], error=5), "it says error 5"),
        (lambda request: answer(request, [], error=1), "it says error 1"),
        (lambda _: b"\x30" * 2000, "no answer"),
        (lambda _: b"\x30\x84\xff\xff\xff\xff", "no answer"),
        (lambda _: b"\x30\x80" * 20_000, "no answer"),
        (lambda request: request, "no answer"),
        (lambda request: answer(request, [])[:-2], "no answer"),
    ],
    ids=[
        "endless",
        "giant",
        "longer",
        "loop",
        "back",
        "error",
        "too big",
        "nested",
        "length",
        "indefinite",
        "echo",
        "cut",
    ],
)
async def test_a_hostile_agent_costs_a_line(
    reply: Callable[[bytes], bytes], why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snmp_agent, "ANSWER", 0.2)
    for room in (mib, snmp_agent):
        monkeypatch.setattr(room, "MOST_ROWS", 50)
    monkeypatch.setattr(snmp_agent, "MOST_BYTES", 500_000)
    async with listener(reply) as (port, heard):
        answers = await ask(port)
    assert any(why in each.why for each in answers.problems), whys(answers)
    assert answers.walk.count <= 50
    assert len(heard) < 200
    assert all(len(each.why) < 120 for each in answers.problems)
    assert [*mib.walk_items(answers.walk, "127.0.0.1")]


async def test_an_oid_that_the_library_cannot_write_costs_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mib, "LONGEST_INDEX", 10_000)
    monkeypatch.setattr(snmp_agent, "ANSWER", 0.2)
    async with listener(lambda request: answer(request, [((*asked_for(request), *([7] * 3000)), v2c.Integer(1))])) as (
        port,
        _,
    ):
        answers = await ask(port)
    assert any("its answers cannot be used" in each for each in whys(answers))


async def test_who_drips_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snmp_agent, "MOST_TIME", 0.5)
    async with listener(endless) as (port, _):
        answers = await ask(port)
    assert whys(answers) == [": it took more than 0 seconds; the rest was not asked"]
    assert answers.walk.count > 0


async def test_texts_of_a_switch_are_harmless() -> None:
    said = {
        mib.COLUMNS["sysDescr"]: ((0,), v2c.OctetString(b"\x1b]0;owned\x07=cmd\r\nA" * 400)),
        mib.COLUMNS["sysName"]: ((0,), v2c.OctetString(b"CT\x1b[2J\x00-2")),
        mib.COLUMNS["lldpRemChassisId"]: ((0, 2, 1), v2c.OctetString(raw(PHONE))),
        mib.COLUMNS["lldpRemChassisIdSubtype"]: ((0, 2, 1), v2c.Integer(4)),
        mib.COLUMNS["ipNetToPhysicalPhysAddress"]: ((3, 1, 4, 999, 0, 2, 7), v2c.OctetString(raw(CAMERA))),
        mib.COLUMNS["dot1qTpFdbPort"]: ((20, 0, 0, 94, 0, 83, 256), v2c.Integer(-7)),
    }

    def reply(request: bytes) -> bytes:
        oid = asked_for(request)
        index, value = said.get(oid, ((), None))
        return answer(request, [((*oid, *index), value)] if index else [])

    async with listener(reply) as (port, _):
        answers = await ask(port)
    items = [*mib.walk_items(answers.walk, "127.0.0.1")]
    assert not any("\x1b" in repr(each) or "\\x1b" in repr(each) for each in items)
    assert [each.why for each in items if isinstance(each, Problem)] == ["not an IP address: 1.4.999.0.2.7"]
    assert all(len(fact.value) <= 255 for each in items if isinstance(each, Entry) for fact in each.facts)


# ── A switch that keeps each VLAN by itself ──────────────────────────────────────────────────────────────────────

VLANS: Table = {"1.3.6.1.4.1.9.9.46.1.3.1.1.2.1.1": 1, "1.3.6.1.4.1.9.9.46.1.3.1.1.2.1.20": 1}
NAMES: Table = {"1.3.6.1.2.1.31.1.1.1.1.10101": "Fa0/1", "1.3.6.1.2.1.31.1.1.1.1.10102": "Fa0/2"}


def of_vlan(mac: str, bridge: int, interface: int) -> dict[str, int | str | bytes]:
    return {
        f"{BRIDGE}.1.4.1.2.{bridge}": interface,
        f"{BRIDGE}.4.3.1.2.{octets(mac)}": bridge,
        f"{BRIDGE}.4.3.1.3.{octets(mac)}": 3,
    }


def ports(answers: SwitchAnswers) -> dict[str, dict[str, str]]:
    items = mib.walk_items(answers.walk, "")
    return {each.mac: {fact.key: fact.value for fact in each.facts} for each in items if isinstance(each, Entry)}


async def test_an_older_cisco_is_asked_vlan_by_vlan_by_its_community() -> None:
    tables: dict[str, Table] = {
        "community": {**VLANS, **NAMES},
        "community@1": of_vlan(PHONE, 7, 10102),
        "community@20": of_vlan(CAMERA, 7, 10101),
    }

    def reply(request: bytes) -> bytes:
        community = bytes(v2c.apiMessage.get_community(message(request))).decode()
        rows = sorted((tuple(map(int, oid.split("."))), value) for oid, value in tables[community].items())
        (oid, value), *_ = [*(row for row in rows if row[0] > asked_for(request)), ((2, 9), 0)]
        return answer(request, [(oid, v2c.Integer(value) if isinstance(value, int) else v2c.OctetString(value))])

    async with listener(reply) as (port, _):
        answers = await ask(port)
    assert answers.problems == []
    assert ports(answers) == {
        PHONE: {"listed.vlan": "1", "listed.port": "Fa0/2"},
        CAMERA: {"listed.vlan": "20", "listed.port": "Fa0/1"},
    }


async def test_an_older_cisco_is_asked_vlan_by_vlan_in_contexts(tmp_path: Path) -> None:
    """By SNMPv3: net-snmp answers in the context vlan-20 what another of its kind says."""
    served = ("1.3.6.1.2.1.31.1.1.1.1", "1.3.6.1.4.1.9.9.46", BRIDGE)
    with contextlib.ExitStack() as both:
        proxies = ""
        for vlan, table in ((1, of_vlan(PHONE, 7, 10102)), (20, of_vlan(CAMERA, 7, 10101))):
            behind = both.enter_context(snmpd(tmp_path / str(vlan), table, served=(BRIDGE,)))
            proxies += f"proxy -Cn vlan-{vlan} -v 2c -c community 127.0.0.1:{behind} .{BRIDGE}\n"
        rights = (
            'group readers usm camscan\nview all included .1\naccess readers "vlan-" usm priv prefix all none none\n'
        )
        more = proxies + rights
        port = both.enter_context(snmpd(tmp_path / "cisco", {**VLANS, **NAMES}, served=served, more=more))
        answers = await ask(port, V3)
    assert answers.problems == []
    told = ports(answers)
    assert told[PHONE] == {"listed.vlan": "1", "listed.port": "Fa0/2"}
    assert told[CAMERA] == {"listed.vlan": "20", "listed.port": "Fa0/1"}
