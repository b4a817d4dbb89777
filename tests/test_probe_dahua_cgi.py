from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from promise import keeps_its_promise
from tcp_host import FUZZ, values

from camscan import captures, fingerprints
from camscan.errors import Malformed, NotSpoken
from camscan.identify import identify_box, merge_attempts
from camscan.model import Reply
from camscan.probes import FACTS, dahua_cgi, read_reply

SYSTEM = b"deviceType=31\r\nprocessor=ST7108\r\nserialNumber=4F07335PAZ90001\r\nupdateSerial=NVR2X-4KS3\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain;charset=utf-8\r\nConnection: close\r\n\r\n"


def test_a_recorder() -> None:
    assert dahua_cgi.parse_reply(OK + SYSTEM) == [
        ("dahua_cgi.device_type", "31"),
        ("dahua_cgi.field", "processor=ST7108"),
        ("dahua_cgi.serial", "4F07335PAZ90001"),
        ("dahua_cgi.update_serial", "NVR2X-4KS3"),
    ]
    assert dahua_cgi.parse_reply(SYSTEM) == dahua_cgi.parse_reply(OK + SYSTEM)


def test_the_single_answers() -> None:
    assert dahua_cgi.parse_reply(b"type=DH-XVR5108C-X \r\n") == [("dahua_cgi.type", "DH-XVR5108C-X")]
    assert dahua_cgi.parse_reply(b"sn=4F07335PAZ90001\r\n") == [("dahua_cgi.serial", "4F07335PAZ90001")]
    assert dahua_cgi.parse_reply(b"version=4.001.0000005.0,build:2020-11-17\r\n") == [
        ("dahua_cgi.firmware", "4.001.0000005.0,build:2020-11-17")
    ]


def test_answers_as_clients_keep_them() -> None:
    kept = (
        b"# getDeviceType\nHTTP/1.1 200 OK\nContent-Type: text/plain\n\ntype = DH-H4C-GE\n\nOK\n"
        b'version="2.622.0000000.27.R"\nBuildDate=2018-08-30\nSerialNo=4F07335PAZ90001\n'
    )
    assert dahua_cgi.parse_reply(kept) == [
        ("dahua_cgi.type", "DH-H4C-GE"),
        ("dahua_cgi.firmware", "2.622.0000000.27.R"),
        ("dahua_cgi.field", "BuildDate=2018-08-30"),
        ("dahua_cgi.serial", "4F07335PAZ90001"),
    ]


@pytest.mark.parametrize("probe", ["dahua_cgi", "http"])
@pytest.mark.parametrize(
    ("body", "model", "firmware", "serial", "build"),
    [
        ("type=DH-H4C-GE\r\n", "DH-H4C-GE", None, None, None),
        ("type=IPC-HDW5831R-ZE\r\n", "IPC-HDW5831R-ZE", None, None, None),
        ("type=DHI-VTO2202F-P-S2", "DHI-VTO2202F-P-S2", None, None, None),
        ("version=2.622.0000000.27.R\nBuildDate=2018-08-30\n", None, "2.622.0000000.27.R", None, "2018-08-30"),
        ("version=2.420.AC00.18.R,build:2017-06-29\r\n", None, None, None, "2017-06-29"),
        ("sn=4F07335PAZ90001\r\n", None, None, "4F07335PAZ90001", None),
        ("type=IPC-S7XE-10M0WED", "IPC-S7XE-10M0WED", None, None, None),
        ("version=3.11.0000000.1.R\nBuildDate=2026-04-09", None, "3.11.0000000.1.R", None, "2026-04-09"),
        (
            "type=AD410\nsn=Z17A6F900001\nversion=1.000.0000000.7.R\nBuildDate=2021-06-25",
            *("AD410", "1.000.0000000.7.R", "Z17A6F900001", "2021-06-25"),
        ),
        ("table.RemoteDevice.uuid:System_CONFIG_NETCAMERA_INFO_5.Enable=true\r\n", None, None, None, None),
        (
            "type=DH-SD22404T-GN\nsn=3K07335PAZ90001\nversion=2.640.0000000.4.R\nBuildDate=2019-01-14\n",
            "DH-SD22404T-GN",
            "2.640.0000000.4.R",
            "3K07335PAZ90001",
            "2019-01-14",
        ),
    ],
)
def test_what_an_answer_says_is_exact(
    probe: str, body: str, *, model: str | None, firmware: str | None, serial: str | None, build: str | None
) -> None:
    observed = captures.observe_reply(Reply(probe, OK + body.encode()))
    found = identify_box(observed.observations, fingerprints.load_database())
    assert (found.maker, found.model, found.serial, found.build) == ("dahua", model, serial, build)
    assert firmware is None or found.firmware == firmware


@pytest.mark.parametrize("body", ["type=submit\n", "version=1.2.3\nBuildDate=2018-08-30\n", "sn=12\n", "name=Dahua\n"])
def test_lines_of_others_name_nobody(body: str) -> None:
    observed = captures.observe_reply(Reply("http", OK + body.encode()))
    found = identify_box(observed.observations, fingerprints.load_database())
    assert (found.maker, found.model, found.firmware) == (None, None, None)


def test_channels_are_numbered_as_people_number_them() -> None:
    facts = dahua_cgi.parse_reply("table.ChannelTitle[0].Name=Tür\r\ntable.ChannelTitle[1].Name=\r\n".encode())
    assert facts == [("dahua_cgi.channel", "1: name=Tür")]


def test_a_recorder_is_named() -> None:
    replies = [b"type=DH-XVR5108C-X \r\n", SYSTEM, b"version=4.001.0000005.0,build:2020-11-17\r\n"]
    attempts = [read_reply(dahua_cgi.PROBE, Reply("dahua_cgi", OK + each, "10.1.2.3", 80)) for each in replies]
    (device,) = merge_attempts(attempts, fingerprints.load_database())
    found = device.identification
    assert (found.maker, found.model, found.serial) == ("dahua", "DH-XVR5108C-X", "4F07335PAZ90001")
    assert found.firmware == "4.001.0000005.0,build:2020-11-17"


@pytest.mark.parametrize(
    ("payload", "error"),
    [
        (b"", NotSpoken),
        (b"HTTP/1.1 401 Unauthorized\r\n\r\ntype=IPC", NotSpoken),
        (b"HTTP/1.1 400 Bad Request\r\n\r\nError\r\nBad Request!\r\n", NotSpoken),
        (OK + b"<html>a=b</html>", NotSpoken),
        (OK + b"Error\r\nNo Authority:check failure\r\n", NotSpoken),
        (b"RTSP/1.0 200 OK\r\n\r\ntype=IPC", NotSpoken),
        (OK + b"type=\r\n", Malformed),
    ],
)
def test_what_it_is_not(payload: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        dahua_cgi.parse_reply(payload)


def test_lines_without_end_hide_no_other() -> None:
    attempt = read_reply(dahua_cgi.PROBE, Reply("dahua_cgi", OK + b"a=1\r\n" * 600 + b"type=IPC-HFW4300S\r\n"))
    assert len(attempt.observations) == FACTS + 1
    assert attempt.observations[-1].value == "IPC-HFW4300S"
    assert attempt.detail == "more than 512 values of dahua_cgi.field: the others left out"


@FUZZ
@given(st.binary(max_size=400))
def test_any_bytes(payload: bytes) -> None:
    keeps_its_promise(dahua_cgi.parse_reply, payload)
    keeps_its_promise(dahua_cgi.parse_reply, OK + payload)


def test_values_of_a_key() -> None:
    assert values(dahua_cgi.parse_reply(SYSTEM), "dahua_cgi.serial") == ["4F07335PAZ90001"]


def test_nul_bytes_and_blanks_that_a_cut_leaves_are_dropped() -> None:
    assert values(dahua_cgi.parse_reply(OK + b"a=\x001\r\n"), "dahua_cgi.field") == ["a=1"]
    assert values(dahua_cgi.parse_reply(OK + b"a=" + b"1" * 399 + b" 2\r\n"), "dahua_cgi.field") == ["a=" + "1" * 399]
