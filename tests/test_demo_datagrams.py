"""Datagram protocols of the estate, byte by byte, asked with plain sockets."""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
import struct
import uuid
from collections.abc import AsyncIterator
from xml.etree import ElementTree as ET

import pytest

from camscan import demo
from camscan.demo import Estate, Truth

BASE = f"127.{64 + os.getpid() % 128}.{os.getpid() // 128 % 256}.0/24"
INQUIRY = '<?xml version="1.0" encoding="utf-8"?><Probe><Uuid>{}</Uuid><Types>inquiry</Types></Probe>'
SEARCH = b'{"method":"DHDiscover.search","params":{"mac":"","uni":1}}'
LEGACY = bytes.fromhex("a3010001000000000000000000000000 02000000000000000000000000000000".replace(" ", ""))
PROBE = (
    '<?xml version="1.0" encoding="utf-8"?><Envelope xmlns:dn="http://www.onvif.org/ver10/network/wsdl"'
    ' xmlns:tds="http://www.onvif.org/ver10/device/wsdl" xmlns="http://www.w3.org/2003/05/soap-envelope"><Header>'
    '<wsa:MessageID xmlns:wsa="http://schemas.xmlsoap.org/ws/2004/08/addressing">uuid:{id}</wsa:MessageID>'
    '<wsa:To xmlns:wsa="http://schemas.xmlsoap.org/ws/2004/08/addressing">'
    "urn:schemas-xmlsoap-org:ws:2005:04:discovery</wsa:To>"
    '<wsa:Action xmlns:wsa="http://schemas.xmlsoap.org/ws/2004/08/addressing">'
    "http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</wsa:Action></Header><Body>"
    '<Probe xmlns="http://schemas.xmlsoap.org/ws/2005/04/discovery"><Types>{types}</Types><Scopes /></Probe>'
    "</Body></Envelope>"
)
ONVIF = "onvif://www.onvif.org/"


def framed(body: bytes) -> bytes:
    return bytes.fromhex("20000000 44484950 00000000 00000000") + struct.pack("<4I", len(body), 0, len(body), 0) + body


@pytest.fixture
async def estate() -> AsyncIterator[Estate]:
    async with demo.estate(BASE, delay_scale=0.0) as built:
        yield built


def unit(estate: Estate, name: str) -> Truth:
    return next(truth for truth in estate.truth if truth.device == name)


async def ask(address: str, port: int, payload: bytes, *, wait: float = 0.25, join: int = 0) -> dict[str, list[bytes]]:
    """Every answer by sender; ``join``: read on this port as a member of the group instead of on the asking socket."""
    asker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    asker.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 21)
    asker.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
    asker.bind(("127.0.0.1", 0))
    ear = asker
    if join:
        ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        ear.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        ear.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        ear.bind(("0.0.0.0", join))
        member = socket.inet_aton("239.255.255.250") + socket.inet_aton("127.0.0.1")
        ear.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
    answers: dict[str, list[bytes]] = {}
    network = BASE.rpartition(".")[0] + "."
    try:
        asker.sendto(payload, (address, port))
        await asyncio.sleep(wait)
        while True:
            try:
                data, sender = ear.recvfrom(65535)
            except BlockingIOError:
                return answers
            if sender[0].startswith(network):
                assert sender[1] == port
                answers.setdefault(sender[0], []).append(data)
    finally:
        asker.close()
        ear.close()


def elements(reply: bytes) -> dict[str, str]:
    text = re.sub(rb"&#[^;]*;", b"", reply.rstrip(b"\0"))  # half a character, which one unit sends on purpose
    return {child.tag: child.text or "" for child in ET.fromstring(text)}


# SADP


async def test_sadp_by_multicast_names_every_hikvision_unit_and_echoes_the_question(estate: Estate) -> None:
    fresh = str(uuid.uuid4()).upper()
    answers = await ask("239.255.255.250", 37020, INQUIRY.format(fresh).encode())
    expected = [
        truth
        for truth in estate.truth
        if any(g.protocol == "sadp" and g.way == "group" and "serial" in g.fields for g in truth.gives)
        and truth.device != "hikvision_ds_2cd5026efwd"
    ]
    assert len(expected) > 10
    for truth in expected:
        (reply,) = answers[truth.ip]
        said = elements(reply)
        assert said["Uuid"] == fresh
        assert said["Types"] == "inquiry"
        assert said["DeviceDescription"] == truth.model
        assert said["DeviceSN"] == truth.serial
        assert said["MAC"] == truth.mac.replace(":", "-")
        assert said["SoftwareVersion"] == (truth.firmware or "").replace(" build", "build")
        assert re.fullmatch(r"V\d+(\.\d+)+build \d{6}", said["SoftwareVersion"])
    assert {violation.rule for violation in estate.violations} == set()


async def test_sadp_by_unicast(estate: Estate) -> None:
    truth = unit(estate, "hikvision_ds_2cd2385g1")
    (reply,) = (await ask(truth.ip, 37020, INQUIRY.format(uuid.uuid4()).encode()))[truth.ip]
    assert reply.startswith(b'<?xml version="1.0" encoding="UTF-8"?><ProbeMatch><Uuid>')
    assert list(elements(reply))[2:5] == ["DeviceType", "DeviceDescription", "DeviceSN"]
    assert b"<HCPlatformEnable>flase</HCPlatformEnable>" in reply
    assert elements(reply)["HttpPort"] == "20080"


async def test_sadp_of_a_recorder_has_its_own_order_and_prolog(estate: Estate) -> None:
    truth = unit(estate, "hikvision_ds_7804hqh")
    (reply,) = (await ask(truth.ip, 37020, INQUIRY.format(uuid.uuid4()).encode()))[truth.ip]
    assert reply.startswith(b'<?xml version="1.0" encoding="UTF-8" ?>')
    assert list(elements(reply))[2:4] == ["Encrypt", "Salt"]
    assert elements(reply)["OEMInfo"] == "N/A"
    assert elements(reply)["AnalogChannelNum"] == "4"


async def test_sadp_may_have_crlf_or_end_in_nul(estate: Estate) -> None:
    inquiry = INQUIRY.format(uuid.uuid4()).encode()
    crlf, nul = unit(estate, "hikvision_ds_2cd2320d").ip, unit(estate, "hikvision_ds_2td2617").ip
    assert b"</Uuid>\r\n<Types>" in (await ask(crlf, 37020, inquiry))[crlf][0]
    assert (await ask(nul, 37020, inquiry))[nul][0].endswith(b"</ProbeMatch>\0")


async def test_some_units_answer_sadp_only_to_the_group(estate: Estate) -> None:
    inquiry = INQUIRY.format(uuid.uuid4()).encode()
    quiet, both = unit(estate, "hikvision_ds_2cd5026efwd").ip, unit(estate, "hikvision_ds_7616ni").ip
    to_asker = await ask("239.255.255.250", 37020, inquiry)
    to_group = await ask("239.255.255.250", 37020, inquiry, join=37020)
    assert (quiet in to_asker, both in to_asker) == (False, True)
    assert (quiet in to_group, both in to_group) == (True, True)
    assert await ask(quiet, 37020, inquiry) == {}


async def test_sadp_of_a_factory_new_unit_names_another_subnet(estate: Estate) -> None:
    truth = unit(estate, "hikvision_factory_new")
    said = elements((await ask("239.255.255.250", 37020, INQUIRY.format(uuid.uuid4()).encode()))[truth.ip][0])
    assert (said["Activated"], said["IPv4Address"]) == ("false", "192.168.1.64")


async def test_sadp_may_claim_the_address_of_a_neighbour(estate: Estate) -> None:
    truth = unit(estate, "hikvision_claims_neighbour")
    said = elements((await ask(truth.ip, 37020, INQUIRY.format(uuid.uuid4()).encode()))[truth.ip][0])
    assert said["IPv4Address"] == estate.units[0].ip != truth.ip


async def test_sadp_hears_only_inquiries(estate: Estate) -> None:
    truth = unit(estate, "hikvision_ds_2cd2385g1")
    reboot = INQUIRY.format(uuid.uuid4()).replace("inquiry", "reboot").encode()
    assert await ask(truth.ip, 37020, reboot) == {}
    assert [(v.ip, v.rule) for v in estate.violations] == [(truth.ip, "forbidden verb")]


# DHIP and the older discovery


async def test_dhip_names_every_dahua_unit(estate: Estate) -> None:
    answers = await ask("239.255.255.251", 37810, framed(SEARCH))
    seen = 0
    for truth in estate.truth:
        if truth.hostile or not any(g.protocol == "dhip" and g.way == "group" for g in truth.gives):
            continue
        (reply,) = answers[truth.ip]
        assert reply[:8] == b"\x20\0\0\0DHIP"
        first, second = struct.unpack("<I4xI", reply[16:28])
        assert first == second == len(reply) - 32
        message = json.loads(reply[32:].rstrip(b"\0"))
        info = message["params"]["deviceInfo"]
        assert message["method"] == "client.notifyDevInfo"
        assert message["mac"] == truth.mac
        assert (info["DeviceType"], info["SerialNo"], info["Version"]) == (truth.model, truth.serial, truth.firmware)
        assert info["Init"] & 3 in {1, 2} if "Init" in info else True
        seen += 1
    assert seen > 10
    assert estate.violations == []


@pytest.mark.parametrize(
    "payload",
    [SEARCH, b"\0", b"A", framed(SEARCH)[:-1], framed(SEARCH) + b"x", b"\x20\0\0\0PIHD" + framed(SEARCH)[8:]],
    ids=["bare", "nul", "one byte", "cut", "longer than it says", "reversed magic"],
)
async def test_dhip_ignores_what_is_not_a_whole_framed_search(estate: Estate, payload: bytes) -> None:
    truth = unit(estate, "dahua_ipc_hdw1431")
    assert await ask(truth.ip, 37810, payload, wait=0.1) == {}
    assert [v.rule for v in estate.violations] == ["malformed request"]


async def test_dhip_of_old_firmware_answers_one_byte_and_no_bare_search(estate: Estate) -> None:
    for name in ("dahua_hcvr", "dahua_ipc_hdw5421"):
        ip = unit(estate, name).ip
        assert (await ask(ip, 37810, b"A"))[ip][0][:8] == b"\x20\0\0\0DHIP"
        for payload in (b"\0", SEARCH, b"AB"):
            assert await ask(ip, 37810, payload, wait=0.05) == {}
    assert {violation.rule for violation in estate.violations} == {"malformed request"}


async def test_dhip_of_a_door_station_takes_a_reversed_magic(estate: Estate) -> None:
    ip = unit(estate, "dahua_vto2000a").ip
    reversed_magic = framed(SEARCH).replace(b"DHIP", b"PIHD", 1)
    assert (await ask(ip, 37810, reversed_magic))[ip] == (await ask(ip, 37810, framed(SEARCH)))[ip]


async def test_dhip_spacing_end_and_escapes_differ(estate: Estate) -> None:
    old, new, nul = (unit(estate, n).ip for n in ("dahua_ipc_hdw5421", "dahua_ipc_hdw1431", "dahua_tpc_bf5421"))
    assert b'"DeviceClass" : "IPC"' in (await ask(old, 37810, framed(SEARCH)))[old][0]
    compact = (await ask(new, 37810, framed(SEARCH + b"\n")))[new][0]
    assert b'"DeviceClass":"IPC"' in compact
    assert b"\\/64" in compact
    assert compact.endswith(b"}\n")
    assert (await ask(nul, 37810, framed(SEARCH)))[nul][0].endswith(b"}\0")


async def test_dhip_of_rebrands(estate: Estate) -> None:
    said = {}
    for name in ("lorex_w461", "intelbras_mhdx", "bcs_tip3401", "dahua_xvr5108", "dahua_factory_new"):
        ip = unit(estate, name).ip
        said[name] = json.loads((await ask(ip, 37810, framed(SEARCH), wait=0.05))[ip][0][32:])["params"]["deviceInfo"]
    assert (said["lorex_w461"]["Vendor"], said["lorex_w461"]["Port"]) == ("Lorex", 35000)
    assert said["intelbras_mhdx"]["Vendor"] == said["intelbras_mhdx"]["Manufacturer"] == "Intelbras"
    assert said["bcs_tip3401"]["Vendor"] == "General"
    assert said["dahua_xvr5108"]["IPv4Address"]["IPAddress"] == "0.0.0.0"
    assert said["dahua_factory_new"]["Init"] & 3 == 1


async def test_a_filtered_unit_answers_the_group_and_not_its_own_address(estate: Estate) -> None:
    ip = unit(estate, "dahua_ipc_hfw5442").ip
    assert ip in await ask("239.255.255.251", 37810, framed(SEARCH))
    assert await ask(ip, 37810, framed(SEARCH)) == {}


async def test_dhip_may_fill_the_largest_datagram(estate: Estate) -> None:
    ip = unit(estate, "dahua_huge_json").ip
    assert len((await ask(ip, 37810, framed(SEARCH)))[ip][0]) > 50_000


@pytest.mark.parametrize("address", ["unicast", "broadcast"])
async def test_the_older_discovery(estate: Estate, address: str) -> None:
    truth = unit(estate, "dahua_dvr_5050")
    target = truth.ip if address == "unicast" else BASE.replace("0/24", "255")
    (reply,) = (await ask(target, 5050, LEGACY))[truth.ip]
    assert reply[0] == 0xB3
    assert struct.unpack_from("<I", reply, 4)[0] == 0x58
    assert len(reply) == 0x78 + reply[2] + struct.unpack_from("<H", reply, 0x14)[0]
    assert struct.unpack_from("<4H", reply, 0x20) == (2, 608, 0, 0)
    assert reply[0x38:0x3C] == socket.inet_aton(truth.ip)
    assert struct.unpack_from("<HHH", reply, 0x5E) == (20080, 0, 37777)
    assert reply[0x78 : 0x78 + 17].decode() == truth.mac
    assert reply[0x78 + 17 : 0x78 + reply[2]].decode() == truth.model
    assert f"SerialNo:{truth.serial}\r\n".encode() in reply[0x78 + reply[2] :]
    assert estate.violations == []


# WS-Discovery


def probe(types: str = "dn:NetworkVideoTransmitter") -> tuple[str, bytes]:
    number = str(uuid.uuid4())
    return number, PROBE.format(id=number, types=types).encode()


async def test_wsd_of_hikvision(estate: Estate) -> None:
    truth = unit(estate, "hikvision_ds_2cd2385g1")
    number, question = probe()
    reply = (await ask(truth.ip, 3702, question))[truth.ip][0].decode()
    assert reply.startswith('<?xml version="1.0" encoding="utf-8"?>\n<env:Envelope ')
    assert 'xmlns:tnshik="http://www.hikvision.com/2011/event/topics"' in reply
    assert f"<wsadis:RelatesTo>uuid:{number}</wsadis:RelatesTo>" in reply
    assert "/role/anonymous</wsadis:To>" in reply
    assert "<d:AppSequence " in reply
    address = re.search(r"<wsadis:Address>urn:uuid:([0-9a-f-]{36})<", reply)
    assert address
    assert address[1][-12:] == truth.mac.replace(":", "")
    scopes = re.search(r"<d:Scopes>(.*)</d:Scopes>", reply)
    assert scopes
    assert f"{ONVIF}name/HIKVISION%20DS-2CD2385G1-I" in scopes[1].split()
    assert f"{ONVIF}MAC/{truth.mac}" in scopes[1].split()
    assert f"<d:XAddrs>http://{truth.ip}:20080/onvif/device_service http://[fe80::" in reply
    ET.fromstring(reply)
    assert estate.violations == []


async def test_wsd_of_the_dahua_family(estate: Estate) -> None:
    for name, brand in (
        ("dahua_ipc_hdw1431", "Dahua"),
        ("amcrest_ip2m_841", "Amcrest"),
        ("honeywell_h4w2per3", "Honeywell"),
    ):
        truth = unit(estate, name)
        reply = (await ask(truth.ip, 3702, probe()[1], wait=0.05))[truth.ip][0].decode()
        assert reply.startswith('<?xml version="1.0" encoding="utf-8" standalone="yes" ?>\n<s:Envelope ')
        assert "<a:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To>" in reply
        assert "AppSequence" not in reply
        assert "<a:Address>uuid:" in reply
        assert f"{ONVIF}name/{brand} {ONVIF}hardware/{truth.model} " in reply
        assert f"{ONVIF}extension/unique_identifier" in reply
        ET.fromstring(reply)


async def test_wsd_answers_only_probes_for_its_types(estate: Estate) -> None:
    axis, dahua = unit(estate, "axis_m1034").ip, unit(estate, "dahua_ipc_hdw1431").ip
    assert axis not in await ask(axis, 3702, probe("tds:Device")[1], wait=0.05)
    assert dahua in await ask(dahua, 3702, probe("tds:Device")[1], wait=0.05)
    assert axis in await ask(axis, 3702, probe("")[1], wait=0.05)
    assert await ask(dahua, 3702, probe("dn:Printer")[1], wait=0.05) == {}
    undeclared = probe()[1].replace(b'xmlns:dn="http://www.onvif.org/ver10/network/wsdl"', b"")
    assert await ask(dahua, 3702, undeclared, wait=0.05) == {}


@pytest.mark.parametrize(
    ("scopes", "answered"),
    [
        (f">{ONVIF}hardware/IPC-HDW1431T1-S4</Scopes>", True),
        (f">{ONVIF}location</Scopes>", True),
        (f">{ONVIF}location/ {ONVIF}Profile/Streaming</Scopes>", True),
        (f">{ONVIF}loc</Scopes>", False),
        (f">{ONVIF}location/country/chile</Scopes>", False),
        (f">{ONVIF}location {ONVIF}Profile/G</Scopes>", False),
        (f' MatchBy="http://schemas.xmlsoap.org/ws/2005/04/discovery/strcmp0">{ONVIF}Profile/Streaming</Scopes>', True),
        (f' MatchBy="http://schemas.xmlsoap.org/ws/2005/04/discovery/strcmp0">{ONVIF}Profile</Scopes>', False),
        (f' MatchBy="http://schemas.xmlsoap.org/ws/2005/04/discovery/ldap">{ONVIF}Profile/Streaming</Scopes>', False),
    ],
)
async def test_wsd_answers_only_probes_for_its_scopes(estate: Estate, scopes: str, answered: bool) -> None:
    ip = unit(estate, "dahua_ipc_hdw1431").ip
    asked = probe()[1].replace(b"<Scopes />", f"<Scopes{scopes}".encode())
    assert (ip in await ask(ip, 3702, asked, wait=0.25 if answered else 0.05)) is answered
    assert estate.violations == []


async def test_wsd_of_foscam_has_its_own_prolog_and_message_id(estate: Estate) -> None:
    ip = unit(estate, "foscam_c1").ip
    reply = (await ask(ip, 3702, probe()[1]))[ip][0].decode()
    assert reply.startswith('<?xml version="1.0" encoding="utf-8" ?>\n<SOAP-ENV:Envelope ')
    assert "<wsa:MessageID>urn:uuid:" in reply
    assert f"<d:XAddrs>http://{ip}:20888/onvif/device_service</d:XAddrs>" in reply


async def test_wsd_may_answer_a_unicast_probe_with_a_fault(estate: Estate) -> None:
    ip = unit(estate, "hikvision_wsd_fault").ip
    reply = (await ask(ip, 3702, probe()[1]))[ip][0]
    assert b"d:MatchingRuleNotSupported" in reply
    assert b"the xml format error" in reply
    assert ip not in await ask("239.255.255.250", 3702, probe()[1])


async def test_wsd_takes_a_random_time_up_to_half_a_second() -> None:
    async with demo.estate(BASE) as built:
        early = await ask("239.255.255.250", 3702, probe()[1], wait=0.05)
        late = await ask("239.255.255.250", 3702, probe()[1], wait=0.8)
    delayed = {truth.ip for truth in built.truth if not truth.hostile}
    assert len(delayed & set(early)) < len(delayed & set(late)) / 2


async def test_onvif_is_off_on_most_hikvision_units(estate: Estate) -> None:
    answers = await ask("239.255.255.250", 3702, probe()[1])
    makers = [truth.maker for truth in estate.truth if truth.ip in answers]
    assert makers.count("hikvision") < sum(truth.maker == "hikvision" for truth in estate.truth) / 3


# mDNS and SSDP


def question(name: str, kind: int = 12) -> bytes:
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
    return b"\x12\x34" + bytes.fromhex("00000001000000000000") + labels + b"\0" + struct.pack(">HH", kind, 1)


async def test_mdns_of_axis_and_hikvision(estate: Estate) -> None:
    axis, hikvision = unit(estate, "axis_m1034"), unit(estate, "hikvision_mdns")
    reply = (await ask("224.0.0.251", 5353, question("_axis-video._tcp.local")))[axis.ip][0]
    assert reply[:4] == b"\x12\x34\x84\x00"
    mac = axis.mac.replace(":", "").upper()
    assert f"AXIS M1034-W - {mac}".encode() in reply
    assert f"macaddress={mac}".encode() in reply
    assert reply.endswith(b"\x00\x04" + socket.inet_aton(axis.ip))
    reply = (await ask(hikvision.ip, 5353, question("_psia._tcp.local")))[hikvision.ip][0]
    assert (hikvision.serial or "?").encode() in reply
    assert f"{hikvision.model} - {(hikvision.serial or '')[-9:]}".encode() in reply
    assert await ask(axis.ip, 5353, question("_psia._tcp.local"), wait=0.05) == {}
    assert estate.violations == []


async def test_mdns_lists_its_services(estate: Estate) -> None:
    ip = unit(estate, "printer").ip
    reply = (await ask(ip, 5353, question("_services._dns-sd._udp.local")))[ip][0]
    assert struct.unpack(">4H", reply[4:12]) == (1, 3, 0, 1)
    assert b"\x04_ipp\x04_tcp\x05local" in reply


async def test_mdns_answers_about_a_service_and_a_host_by_name(estate: Estate) -> None:
    axis = unit(estate, "axis_m1034")
    mac = axis.mac.replace(":", "").upper()
    service, host = f"AXIS M1034-W - {mac}._axis-video._tcp.local", f"axis-{mac.lower()}.local"
    asked = ((service, 33, (1, 1)), (service, 16, (1, 0)), (service, 255, (2, 1)), (host, 1, (1, 0)))
    for name, kind, records in asked:
        reply = (await ask(axis.ip, 5353, question(name, kind)))[axis.ip][0]
        assert struct.unpack(">3H", reply[6:12]) == (records[0], 0, records[1]), (name, kind)
    assert await ask(axis.ip, 5353, question(host, 28), wait=0.05) == {}
    assert await ask(axis.ip, 5353, question("axis-000000000000.local", 1), wait=0.05) == {}


@pytest.mark.parametrize(("ttl", "silent"), [(4500, True), (2250, True), (2249, False)])
async def test_mdns_leaves_out_what_the_asker_knows(estate: Estate, ttl: int, silent: bool) -> None:
    axis = unit(estate, "axis_m1034")
    asked = question("_axis-video._tcp.local")
    label = f"AXIS M1034-W - {axis.mac.replace(':', '').upper()}".encode()
    data = bytes([len(label)]) + label + b"\xc0\x0c"
    known = b"\xc0\x0c" + struct.pack(">HHIH", 12, 1, ttl, len(data)) + data
    replies = await ask(axis.ip, 5353, asked[:6] + b"\0\1" + asked[8:] + known)
    assert (replies == {}) is silent
    assert estate.violations == []


async def test_ssdp_carries_the_serial_of_a_dahua_recorder(estate: Estate) -> None:
    search = b'M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: "ssdp:discover"\r\nMX: 1\r\nST: %s\r\n\r\n'
    truth = unit(estate, "dahua_ssdp_only")
    answers = await ask("239.255.255.250", 1900, search % b"ssdp:all")
    lines = answers[truth.ip][0].decode().split("\r\n")
    assert lines[0] == "HTTP/1.1 200 OK"
    assert f"USN: uuid:www.dahuatech.com.device_3_0-{truth.serial}" in lines
    assert "SERVER: Linux/3.8.8, UPnP/1.0, ZheJiang Dahua Technology CO.,LTD. Upnp SDK" in lines
    assert unit(estate, "tvt_nvr").ip in answers
    assert await ask(truth.ip, 1900, search % b"urn:other", wait=0.05) == {}
    assert estate.violations == []


async def test_ssdp_names_the_target_that_was_asked_for(estate: Estate) -> None:
    search = b'M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: "ssdp:discover"\r\nMX: 1\r\nST: %s\r\n\r\n'
    truth = unit(estate, "dahua_nvr5216")
    own = f"uuid:www.dahuatech.com.device_3_0-{truth.serial}"
    for asked, named in (
        ("upnp:rootdevice", [("upnp:rootdevice", f"{own}::upnp:rootdevice")]),
        (own, [(own, own)]),
        ("ssdp:all", [(own, own), ("upnp:rootdevice", f"{own}::upnp:rootdevice")]),
    ):
        replies = (await ask(truth.ip, 1900, search % asked.encode()))[truth.ip]
        lines = [dict(re.findall(r"^(ST|USN): (.*)\r$", reply.decode(), re.MULTILINE)) for reply in replies]
        assert [(line["ST"], line["USN"]) for line in lines] == named
    zosi = unit(estate, "zosi_recorder").ip
    assert len((await ask(zosi, 1900, search % b"ssdp:all"))[zosi]) == 1
    assert estate.violations == []


async def test_some_units_greet_unasked() -> None:
    ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    ear.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    ear.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    ear.bind(("0.0.0.0", 37020))
    member = socket.inet_aton("239.255.255.250") + socket.inet_aton("127.0.0.1")
    ear.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
    with ear:
        async with demo.estate(BASE, 3) as built:
            await asyncio.sleep(0.1)
            heard = {}
            for _ in range(50):
                try:
                    data, sender = ear.recvfrom(65535)
                except BlockingIOError:
                    break
                heard[sender[0]] = data
    assert heard[built.units[0].ip].startswith(b'<?xml version="1.0" encoding="UTF-8"?><Hello><Types>hello</Types>')


# Hostile and foreign ones


async def test_a_flood_is_bounded(estate: Estate) -> None:
    ip = unit(estate, "hostile_flood").ip
    replies = (await ask(ip, 37020, INQUIRY.format(uuid.uuid4()).encode(), wait=0.5))[ip]
    assert 100 < len(replies) <= 500
    assert len(set(replies)) == len(replies)


@pytest.mark.parametrize(
    ("name", "mark"),
    [
        ("hostile_entity_bomb", b"<!ENTITY j "),
        ("hostile_external_entity", b'SYSTEM "file:///etc/hostname"'),
        ("hostile_deep_nesting", b"<a><a><a><a>"),
    ],
)
async def test_hostile_xml(estate: Estate, name: str, mark: bytes) -> None:
    ip = unit(estate, name).ip
    assert mark in (await ask(ip, 37020, INQUIRY.format(uuid.uuid4()).encode()))[ip][0]
    assert await ask(ip, 3702, probe()[1])


async def test_addresses_outside_the_estate_are_offered(estate: Estate) -> None:
    ip = unit(estate, "hostile_xaddr").ip
    assert b"<d:XAddrs>http://192.0.2.81/onvif/device_service" in (await ask(ip, 3702, probe()[1]))[ip][0]


async def test_the_letters_dh_of_vstarcam(estate: Estate) -> None:
    truth = unit(estate, "vstarcam_c7824")
    (reply,) = (await ask(truth.ip, 8600, b"DH\x01\x01"))[truth.ip]
    assert reply[:4] == b"DH\x01\x08"
    assert bytes.fromhex(truth.mac.replace(":", "")) in reply


async def test_the_watchdog_judges_and_says_nothing(estate: Estate) -> None:
    ip = unit(estate, "watchdog").ip
    for port, payload in ((37020, b"<Probe><Types>reboot</Types></Probe>"), (37810, b"\0"), (5050, b"x"), (1900, b"x")):
        assert await ask(ip, port, payload, wait=0.05) == {}
    assert {violation.port for violation in estate.violations} == {37020, 37810, 5050, 1900}
