from __future__ import annotations

from uuid import UUID

import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from promise import keeps_its_promise
from udp_replies import SSDP, SSDP_DAHUA, SSDP_NOTIFY, facts_of, mutated

from camscan.errors import NotSpoken
from camscan.probes.ssdp import PROBE, parse_reply


def test_a_search_answer_is_read_whole() -> None:
    facts = facts_of(parse_reply, SSDP_DAHUA)
    assert facts["ssdp.server"] == ["Linux/3.8.8, UPnP/1.0, ZheJiang Dahua Technology CO.,LTD. Upnp SDK"]
    assert facts["ssdp.usn"] == facts["ssdp.st"] == ["uuid:www.dahuatech.com.device_3_0-1L0A1B2PAWC3D4E"]
    assert facts["ssdp.location"] == ["http://192.0.2.55:49152/upnp_device_desc.xml"]
    assert "x-user-agent: redsonic" in facts["ssdp.header"]
    assert "ext: " in facts["ssdp.header"]


def test_what_changes_with_every_answer_is_left_out() -> None:
    assert not [header for header in facts_of(parse_reply, SSDP_DAHUA)["ssdp.header"] if header.startswith("date:")]


def test_a_notify_is_read() -> None:
    facts = facts_of(parse_reply, SSDP_NOTIFY)
    assert facts["ssdp.nt"] == ["uuid:www.dahuatech.com.device_3_0-1L0A1B2PAWC3D4E"]
    assert "nts: ssdp:alive" in facts["ssdp.header"]


def test_headers_from_a_log_without_start_line_are_read() -> None:
    assert facts_of(parse_reply, SSDP_DAHUA.partition(b"\r\n")[2]) == facts_of(parse_reply, SSDP_DAHUA)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nServer: webserver\r\n\r\n",
        b"HTTP/1.1 404 Not Found\r\nST: upnp:rootdevice\r\n\r\n",
        b"RTSP/1.0 200 OK\r\nST: x\r\nUSN: y\r\n\r\n",
        b"NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\n\r\n",
        b"Server: webserver\r\n\r\n",
        PROBE.datagrams[0].payload(UUID(int=1)),
    ],
)
def test_other_messages_and_our_own_question_are_not_spoken(payload: bytes) -> None:
    with pytest.raises(NotSpoken):
        parse_reply(payload)


def test_the_question_byte_for_byte() -> None:
    (search,) = PROBE.datagrams
    assert search.payload(UUID(int=1)) == (
        b"M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\n"
        b'MAN: "ssdp:discover"\r\nMX: 1\r\nST: upnp:rootdevice\r\n\r\n'
    )


@examples(100)
@given(st.one_of(st.binary(), st.binary().map(b"HTTP/1.1 200 OK\r\nST: ".__add__), mutated(SSDP)))
def test_any_bytes(payload: bytes) -> None:
    keeps_its_promise(parse_reply, payload)
