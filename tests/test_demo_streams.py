"""TCP side of the estate, byte by byte, asked with plain sockets."""

from __future__ import annotations

import asyncio
import os
import re
import ssl
import struct
import warnings
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest
from cryptography import x509

from camscan import demo
from camscan.demo import Estate, Truth
from camscan.demo.__main__ import ignore_lost_connections
from camscan.demo.device import Question, Udp

BASE = f"127.{64 + os.getpid() % 128}.{os.getpid() // 128 % 256}.0/24"
SOAP = (
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:tds="http://www.onvif.org/ver10/device/wsdl">'
    "<s:Body><tds:{}/></s:Body></s:Envelope>"
)


@pytest.fixture
async def estate() -> AsyncIterator[Estate]:
    async with demo.estate(BASE, multicast=False) as built:
        yield built


def unit(estate: Estate, name: str) -> Truth:
    return next(truth for truth in estate.truth if truth.device == name)


async def talk(
    truth: Truth,
    port: int,
    payload: bytes,
    *,
    context: ssl.SSLContext | None = None,
    limit: int = 1 << 20,
    wait: float = 2.0,
) -> bytes:
    """What comes back until the unit closes, falls silent for ``wait`` seconds, or ``limit`` bytes came."""
    reader, writer = await asyncio.open_connection(truth.ip, port, ssl=context)
    writer.write(payload)
    data = b""
    try:
        async with asyncio.timeout(wait):
            while len(data) < limit and (more := await reader.read(65536)):
                data += more
    except TimeoutError:
        pass
    finally:
        writer.transport.abort()
    return data


async def get(truth: Truth, path: str = "/", port: int = 20080, *, context: ssl.SSLContext | None = None) -> bytes:
    request = f"GET {path} HTTP/1.1\r\nHost: {truth.ip}:{port}\r\nConnection: close\r\n\r\n"
    return await talk(truth, port, request.encode(), context=context)


async def rtsp(truth: Truth, *methods: str, port: int = 20554) -> bytes:
    lines = [
        f"{method} rtsp://{truth.ip}:{port}/ RTSP/1.0\r\nCSeq: {number}\r\n\r\n"
        for number, method in enumerate(methods, start=1)
    ]
    return await talk(truth, port, "".join(lines).encode(), wait=0.2)


def any_tls(*, legacy: bool = False) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if legacy:
        context.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = ssl.TLSVersion.TLSv1
    return context


async def certificate(truth: Truth, port: int, *, legacy: bool = False) -> tuple[bytes, str | None]:
    _reader, writer = await asyncio.open_connection(truth.ip, port, ssl=any_tls(legacy=legacy))
    session = writer.get_extra_info("ssl_object")
    shown, version = session.getpeercert(binary_form=True), session.version()
    writer.close()
    return shown, version


# HTTP


async def test_hikvision_camera(estate: Estate) -> None:
    truth = unit(estate, "hikvision_ds_2cd2385g1")
    root = await get(truth)
    assert root.startswith(b"HTTP/1.1 200 OK\r\nDate: ")
    assert b"\r\nServer: App-webs/\r\n" in root
    assert b'window.location.href = "/doc/page/login.asp?_" + (new Date()).getTime();' in root
    assert b"Hikvision Digital Technology" in await get(truth, "/doc/page/login.asp")
    refused = await get(truth, "/ISAPI/System/deviceInfo")
    assert refused.startswith(b"HTTP/1.1 401 Unauthorized\r\n")
    challenge = (
        rb'WWW-Authenticate: Digest qop="auth", realm="IP Camera\([A-Z]\d{4}\)", nonce="[0-9a-f]{48}", stale="FALSE"'
    )
    assert re.search(challenge + rb"\r\n", refused)
    assert b"Access Error: 401 -- Unauthorized" in refused
    assert estate.challenges == {truth.ip: 1}
    assert estate.violations == []


async def test_hikvision_camera_of_2018_has_an_empty_server_header(estate: Estate) -> None:
    assert b"\r\nServer: \r\n" in await get(unit(estate, "hikvision_ds_2cd2320d"))


async def test_newer_hikvision_offers_digest_and_basic_in_one_header(estate: Estate) -> None:
    refused = await get(unit(estate, "hikvision_ds_2cd2146g2"), "/ISAPI/System/deviceInfo")
    assert refused.count(b"WWW-Authenticate") == 1
    assert re.search(rb'stale="FALSE", Basic realm="IP Camera\([A-Z]\d{4}\)"\r\n', refused)


async def test_hikvision_recorders(estate: Estate) -> None:
    new, old = unit(estate, "hikvision_ds_7616ni"), unit(estate, "hikvision_ds_7208hghi")
    refused = await get(new, "/ISAPI/System/deviceInfo")
    assert b"\r\nServer: DNVRS-Webs\r\n" in refused
    assert re.search(rb'Digest realm="[0-9a-f]{24}", domain="::", qop="auth", nonce="[0-9a-f]{32}:\d{13}"', refused)
    assert b"<userCheck>\r\n<statusValue>401</statusValue>" in refused
    assert b'realm="DVRNVRDVS"' in await get(old, "/ISAPI/System/deviceInfo")


async def test_oldest_hikvision_redirects_to_its_own_address(estate: Estate) -> None:
    truth = unit(estate, "hikvision_ds_2cd2132")
    assert f"Location: http://{truth.ip}:20080/index.asp\r\n".encode() in await get(truth)
    assert b'WWW-Authenticate: Basic realm="hikvision"' in await get(truth, "/ISAPI/System/deviceInfo")


async def test_access_terminal_names_its_model_as_realm(estate: Estate) -> None:
    truth = unit(estate, "hikvision_ds_k1t341am")
    assert b'realm="DS-K1T341AM"' in await get(truth, "/ISAPI/System/deviceInfo")
    assert b"shepherd" in await get(truth, "/doc/index.html")


async def test_dahua_of_2016(estate: Estate) -> None:
    truth = unit(estate, "dahua_ipc_hdw5421")
    root = await get(truth)
    head, _, body = root.partition(b"\r\n\r\n")
    assert b"\r\nCONNECTION: close\r\n" in head
    assert b"\r\nP3P: CP=CAO PSA OUR\r\n" in head
    assert b"\r\nserver:" not in head.lower()
    assert body.startswith(b"\xef\xbb\xbf<!DOCTYPE html PUBLIC")
    assert b"<title>WEB SERVICE</title>" in body
    assert f"CONTENT-LENGTH: {len(body)}\r\n".encode() in head
    refused = await get(truth, "/cgi-bin/magicBox.cgi?action=getDeviceType")
    assert f'Digest realm="Login to {truth.serial}",qop="auth",nonce="'.encode() in refused


async def test_newer_dahua(estate: Estate) -> None:
    truth = unit(estate, "dahua_ipc_hdw1431")
    root = await get(truth)
    assert b"\r\nSet-Cookie:secure; HttpOnly\r\n" in root
    assert b"\r\nserver:" not in root.lower()
    refused = await get(truth, "/cgi-bin/magicBox.cgi?action=getDeviceType")
    assert re.search(rb'realm="Login to [0-9a-f]{32}"', refused)


async def test_dahua_of_2014_asks_for_basic(estate: Estate) -> None:
    refused = await get(unit(estate, "dahua_ipc_hfw4300"), "/cgi-bin/magicBox.cgi?action=getDeviceType")
    assert b'WWW-Authenticate: Basic realm="Device_CGI"\r\n' in refused


def onvif(truth: Truth, call: str, port: int = 20080) -> bytes:
    body = SOAP.format(call).encode()
    head = f"POST /onvif/device_service HTTP/1.1\r\nHost: {truth.ip}:{port}\r\nConnection: close\r\n"
    return f"{head}Content-Type: application/soap+xml\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


async def test_onvif_before_authentication(estate: Estate) -> None:
    hikvision, dahua = unit(estate, "hikvision_ds_2cd2385g1"), unit(estate, "dahua_ipc_hdw5421")
    answer = await talk(hikvision, 20080, onvif(hikvision, "GetSystemDateAndTime"))
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"<tt:UTCDateTime>" in answer
    assert b'xmlns:tnshik="http://www.hikvision.com/2011/event/topics"' in answer
    assert b"ter:NotAuthorized" in await talk(hikvision, 20080, onvif(hikvision, "GetDeviceInformation"))
    refused = await talk(dahua, 20080, onvif(dahua, "GetDeviceInformation"))
    assert refused.startswith(b"HTTP/1.1 401 ")
    assert f'realm="Login to {dahua.serial}"'.encode() in refused
    assert estate.violations == []


async def test_one_dahua_tells_its_device_information(estate: Estate) -> None:
    truth = unit(estate, "dahua_onvif_open")
    answer = await talk(truth, 20080, onvif(truth, "GetDeviceInformation"))
    assert b"<tds:FirmwareVersion>2.811.0000013.0.R, Build Date 2023-12-20</tds:FirmwareVersion>" in answer
    assert f"<tds:SerialNumber>{truth.serial}</tds:SerialNumber>".encode() in answer


async def test_onvif_switched_off(estate: Estate) -> None:
    truth = unit(estate, "hikvision_ds_2cd2320d")
    assert (await talk(truth, 20080, onvif(truth, "GetCapabilities"))).startswith(b"HTTP/1.1 404 ")


PROBE = (
    b'<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Header><a:MessageID'
    b' xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing">uuid:0</a:MessageID><a:Action'
    b' xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing">'
    b"http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</a:Action></e:Header><e:Body>"
    b'<d:Probe xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"/></e:Body></e:Envelope>'
)


async def test_whoever_announces_onvif_answers_it_at_that_address(estate: Estate) -> None:
    """A device service at a port where nothing listens, or a web page answers, is no device that exists."""
    asked = 0
    truths = {truth.ip: truth for truth in estate.truth}
    for one in estate.units:
        for service in one.device.services:
            if not isinstance(service, Udp) or service.protocol != "wsd" or one.device.hostile:
                continue
            for reply in service.answer(one, Question(PROBE, to_group=True)):
                found = re.search(rb"XAddrs>([^<]*)<", reply.payload)
                assert found, one.device.name
                own = [urlsplit(url) for url in found[1].decode().split() if f"//{one.ip}" in url]
                assert [url.path for url in own] == ["/onvif/device_service"], one.device.name
                port = own[0].port or 80
                answer = await talk(truths[one.ip], port, onvif(truths[one.ip], "GetCapabilities", port))
                assert answer.startswith(b"HTTP/1.1 200 OK\r\n"), one.device.name
                assert f"<tt:XAddr>{own[0].geturl()}</tt:XAddr>".encode() in answer, one.device.name
                asked += 1
    assert asked > 20
    assert estate.violations == []


async def test_look_alikes(estate: Estate) -> None:
    assert b"\r\nServer: webserver\r\n" in await get(unit(estate, "openipc"))
    assert b"Shanghai Dahua Scale Factory" in await get(unit(estate, "dahua_scale_terminal"))
    assert b"Server: GoAhead-Webs" in await get(unit(estate, "goahead_router"))
    printer = unit(estate, "printer")
    page = await get(printer)
    assert f"Xerox Color 570 - {printer.ip}".encode() in page
    head, _, body = page.partition(b"\r\n\r\n")
    assert f"Content-Length: {len(body)}\r\n".encode() in head + b"\r\n"


# RTSP and DVRIP


async def test_rtsp_of_hikvision(estate: Estate) -> None:
    truth = unit(estate, "hikvision_rtsp_only")
    answer = await rtsp(truth, "OPTIONS", "DESCRIBE")
    assert answer.startswith(
        b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nPublic: OPTIONS, DESCRIBE, PLAY, PAUSE, SETUP, TEARDOWN, SET_PARAMETER,"
        b" GET_PARAMETER\r\nDate:  Tue, May 14 2024 09:30:01 GMT\r\n\r\n"
    )
    assert re.search(
        rb'401 Unauthorized\r\nCSeq: 2\r\nWWW-Authenticate: Digest realm="IP Camera\([A-Z]\d{4}\)"', answer
    )
    assert b'WWW-Authenticate: Basic realm="IP Camera(' in answer
    assert [given.protocol for given in truth.gives] == ["rtsp"]
    assert estate.violations == []


async def test_rtsp_of_dahua_refuses_options(estate: Estate) -> None:
    clear, hashed = unit(estate, "dahua_ipc_hdw5421"), unit(estate, "dahua_ipc_hdw1431")
    start = f'RTSP/1.0 401 Unauthorized\r\nCSeq: 1\r\nWWW-Authenticate: Digest realm="Login to {clear.serial}", nonce="'
    assert (await rtsp(clear, "OPTIONS")).startswith(start.encode())
    assert re.search(rb'Digest realm="Login to [0-9a-f]{32}", nonce="[0-9a-f]{32}"\r\n', await rtsp(hashed, "OPTIONS"))
    assert b'Basic realm="MediaServer3.0"' in await rtsp(unit(estate, "dahua_itc413"), "OPTIONS")
    assert b"Server: Rtsp Server/3.0" in await rtsp(unit(estate, "dahua_hcvr"), "OPTIONS")


async def test_rtsp_of_others(estate: Estate) -> None:
    axis, tapo = unit(estate, "axis_m1034"), unit(estate, "tapo_c210")
    assert f'realm="AXIS_{axis.mac.replace(":", "").upper()}"'.encode() in await rtsp(axis, "DESCRIBE")
    assert b"\r\nDate: Tue, May 14 2024 09:30:01 GMT\r\n" in await rtsp(tapo, "OPTIONS")
    assert b"Server: H264DVR 1.0" in await rtsp(unit(estate, "xiongmai_h264dvr"), "OPTIONS")
    nothing = await rtsp(unit(estate, "xiongmai_h264dvr"), "DESCRIBE")
    assert nothing == b"RTSP/1.0 404 Not Found\r\nCSeq: 1\r\nServer: H264DVR 1.0\r\n\r\n"


@pytest.mark.parametrize(("name", "port", "hashed"), [("dahua_dvrip_only", 37777, False), ("lorex_w461", 35000, True)])
async def test_dvrip(estate: Estate, name: str, port: int, hashed: bool) -> None:
    truth = unit(estate, name)
    request = bytes.fromhex("a0010000000000000000000000000000000000000000000005020101 0000a1aa".replace(" ", ""))
    answer = await talk(truth, port, request, wait=0.2)
    assert answer[:4] == b"\xb0\x01\x00\x78"
    assert struct.unpack("<I", answer[4:8])[0] == len(answer) - 32
    realm = rb"[0-9a-f]{32}" if hashed else (truth.serial or "?").encode()
    assert re.fullmatch(rb"Realm:Login to " + realm + rb"\r\nRandom:\d+\r\n\r\n", answer[32:])
    assert estate.violations == []
    assert await talk(truth, port, b"\xa0\x05" + request[2:], wait=0.2) == b""
    assert [violation.rule for violation in estate.violations] == ["malformed request"]


async def test_private_ports_are_for_connecting_only(estate: Estate) -> None:
    truth = unit(estate, "hikvision_ds_2cd2385g1")
    assert await talk(truth, 8000, b"", wait=0.1) == b""
    assert estate.violations == []
    _reader, writer = await asyncio.open_connection(truth.ip, 8000)
    writer.write(b"hello")
    writer.close()
    await asyncio.sleep(0.1)
    assert [violation.rule for violation in estate.violations] == ["bytes sent where none are expected"]


# TLS


async def test_two_hikvision_units_show_one_certificate(estate: Estate) -> None:
    shown = [await certificate(unit(estate, name), 20443) for name in ("hikvision_ds_kv6113", "hikvision_tls_only")]
    assert shown[0][0] == shown[1][0]
    parsed = x509.load_der_x509_certificate(shown[0][0])
    assert parsed.subject.rfc4514_string() == "CN=hikvision.com,OU=HZ,O=HIKVISION,L=HZ,ST=ZJ,C=CN"
    assert parsed.issuer == parsed.subject
    assert estate.violations == []


async def test_dahua_certificates_name_the_maker_as_issuer(estate: Estate) -> None:
    recorder, camera = unit(estate, "dahua_nvr5216"), unit(estate, "dahua_tls_only")
    parsed = x509.load_der_x509_certificate((await certificate(recorder, 20443))[0])
    assert parsed.subject.rfc4514_string() == f"C=CN,CN={recorder.ip}"
    assert "O=ZheJiang Dahua Technology CO.\\,LTD." in parsed.issuer.rfc4514_string()
    parsed = x509.load_der_x509_certificate((await certificate(camera, 20443))[0])
    assert "OU=DAHUATECH" in parsed.subject.rfc4514_string()
    assert "CN=Product Root CA" in parsed.issuer.rfc4514_string()


async def test_an_old_recorder_speaks_only_tls_1_0(estate: Estate) -> None:
    truth = unit(estate, "hikvision_ds_7208hghi")
    with pytest.raises(OSError, match=r"\[|^$"):  # an alert or a reset
        await certificate(truth, 20443)
    shown, version = await certificate(truth, 20443, legacy=True)
    assert version == "TLSv1"
    assert "OU=DVRNVR,O=HIKVISION" in x509.load_der_x509_certificate(shown).subject.rfc4514_string()
    assert b"DNVRS-Webs" in await get(truth, port=20443, context=any_tls(legacy=True))


# Hostile units


async def test_mute_and_reset(estate: Estate) -> None:
    assert await talk(unit(estate, "hostile_mute"), 20080, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", wait=0.2) == b""
    with pytest.raises(ConnectionResetError):
        await get(unit(estate, "hostile_reset"))


async def test_tarpit_gives_a_byte_a_second(estate: Estate) -> None:
    truth = unit(estate, "hostile_tarpit")
    request = f"GET / HTTP/1.1\r\nHost: {truth.ip}\r\n\r\n".encode()
    assert await talk(truth, 20080, request, wait=2.5) == b"HT"


async def test_headers_chunks_and_bodies_without_end(estate: Estate) -> None:
    for name in ("hostile_endless_header", "hostile_huge_body", "hostile_chunks"):
        assert len(await get(unit(estate, name))) >= 1 << 20, name


async def test_lying_length_and_gzip_bomb(estate: Estate) -> None:
    answer = await get(unit(estate, "hostile_lying_length"))
    assert answer.endswith(b"Content-Length: 1000000000\r\n\r\nten bytes!")
    bomb = await get(unit(estate, "hostile_gzip_bomb"))
    assert b"\r\nContent-Encoding: gzip\r\n" in bomb
    assert len(bomb) < 1 << 20


async def test_redirects(estate: Estate) -> None:
    assert b"\r\nLocation: http://192.0.2.80/\r\n" in await get(unit(estate, "hostile_redirect"))
    loop = unit(estate, "hostile_redirect_loop")
    assert f"Location: http://{loop.ip}:20080/aa\r\n".encode() in await get(loop, "/a")


async def test_asking_a_zosi_for_its_description_is_recorded_as_a_crash(estate: Estate) -> None:
    truth = unit(estate, "zosi_recorder")
    with pytest.raises(ConnectionResetError):
        await get(truth, "/upnp_eth0.xml", 49152)
    assert [violation.rule for violation in estate.violations] == ["crashed a recorder"]


# Connections


async def test_one_connection_after_another_is_polite(estate: Estate) -> None:
    truth = unit(estate, "dahua_ipc_hdw5421")
    for _ in range(6):
        await get(truth)
        await rtsp(truth, "OPTIONS")
    assert estate.violations == []
    assert estate.connections_peak == {truth.ip: 1}


async def test_closing_and_connecting_at_once_is_one_connection_at_a_time(estate: Estate) -> None:
    truth = unit(estate, "hikvision_ds_2cd2385g1")
    for port in (8000, 20554, 8000, 20080) * 5:
        _reader, writer = await asyncio.open_connection(truth.ip, port)
        writer.transport.abort()
    await asyncio.sleep(0.1)
    assert [violation for violation in estate.violations if violation.rule == "second connection"] == []


async def test_a_second_connection_is_recorded(estate: Estate) -> None:
    truth = unit(estate, "hikvision_ds_2cd2385g1")
    _reader, first = await asyncio.open_connection(truth.ip, 8000)
    await rtsp(truth, "OPTIONS")
    first.close()
    assert [(violation.ip, violation.rule) for violation in estate.violations] == [(truth.ip, "second connection")]
    assert estate.connections_peak == {truth.ip: 2}


async def test_a_second_connection_counts_before_its_tls_handshake(estate: Estate) -> None:
    truth = unit(estate, "hikvision_ds_kv6113")
    _reader, first = await asyncio.open_connection(truth.ip, 20443)
    await get(truth)
    first.transport.abort()
    assert estate.connections_peak == {truth.ip: 2}


async def test_a_full_device_says_so_with_a_401(estate: Estate) -> None:
    truth = unit(estate, "dahua_one_connection")
    _reader, first = await asyncio.open_connection(truth.ip, 20554)
    refused = await get(truth)
    first.close()
    assert refused.startswith(b"HTTP/1.1 401 ")
    assert b"Exceeded maximum number of connections" in refused
    assert b"<title>WEB SERVICE</title>" in await get(truth)


async def test_the_watchdog_records_every_kind_of_rudeness(estate: Estate) -> None:
    truth = unit(estate, "watchdog")
    await get(truth, "/snap.jpg")
    await get(truth, "/?user=admin&pwd=12345")
    await talk(
        truth, 20080, f"PUT / HTTP/1.1\r\nHost: {truth.ip}\r\nAuthorization: Basic YQ==\r\n\r\n".encode(), wait=0.2
    )
    await talk(truth, 20080, b"nonsense\r\n\r\n", wait=0.2)
    await rtsp(truth, "SETUP")
    rules = {violation.rule for violation in estate.violations}
    assert rules == {"image or stream asked for", "credential", "forbidden method", "malformed request"}
    assert {violation.ip for violation in estate.violations} == {truth.ip}


async def test_requests_are_kept_as_they_came(estate: Estate) -> None:
    truth = unit(estate, "dahua_ipc_hdw5421")
    await rtsp(truth, "OPTIONS")
    (request,) = estate.requests
    assert (request.ip, request.port, request.protocol) == (truth.ip, 20554, "rtsp")
    assert request.payload == f"OPTIONS rtsp://{truth.ip}:20554/ RTSP/1.0\r\nCSeq: 1\r\n\r\n".encode()
    await asyncio.sleep(0.05)
    ((port, opened, closed),) = estate.connections[truth.ip]
    assert port == 20554
    assert 0 < closed - opened < 5


def test_a_client_that_went_away_is_not_a_fault_of_the_estate(caplog: pytest.LogCaptureFixture) -> None:
    with asyncio.Runner() as runner:
        loop = runner.get_loop()
        ignore_lost_connections(loop, {"message": "never retrieved", "exception": BrokenPipeError()})
        assert caplog.text == ""
        ignore_lost_connections(loop, {"message": "never retrieved", "exception": ValueError()})
        assert "never retrieved" in caplog.text
