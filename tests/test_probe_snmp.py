from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from promise import keeps_its_promise
from tcp_host import FUZZ, values

from camscan.errors import NotSpoken
from camscan.probes import snmp

RECORDS = b"""1.3.6.1.2.1.1.1.0|4|Hikvision company products
1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.50001
1.3.6.1.2.1.1.5.0|4|Car park
1.3.6.1.4.1.39165.1.6.0|4|Hikvision
"""
WALK = b"""sysObjectID = .1.3.6.1.4.1.1004849.3.2.10
sysDescr = "none"
.1.3.6.1.4.1.39165.1.1.0 = STRING: "DS-2DF8C832MX-ZDK"
iso.3.6.1.4.1.39165.1.3.0 = "V5.10.0 build 260519"
.1.3.6.1.4.1.50001.1.2.0 = INTEGER: 8000
"""


def test_records() -> None:
    facts = snmp.parse_reply(RECORDS)
    assert values(facts, "snmp.sysdescr") == ["Hikvision company products"]
    assert values(facts, "snmp.sysobjectid") == ["1.3.6.1.4.1.50001"]
    assert values(facts, "snmp.sysname") == ["Car park"]
    assert values(facts, "snmp.oid") == ["1.3.6.1.4.1.39165.1.6.0=Hikvision"]


def test_a_walk() -> None:
    facts = snmp.parse_reply(WALK)
    assert values(facts, "snmp.sysobjectid") == ["1.3.6.1.4.1.1004849.3.2.10"]
    assert values(facts, "snmp.sysdescr") == ["none"]
    assert values(facts, "snmp.oid") == [
        "1.3.6.1.4.1.39165.1.1.0=DS-2DF8C832MX-ZDK",
        "1.3.6.1.4.1.39165.1.3.0=V5.10.0 build 260519",
        "1.3.6.1.4.1.50001.1.2.0=8000",
    ]


def test_a_walk_with_names() -> None:
    facts = snmp.parse_reply(
        b"SNMPv2-MIB::sysDescr.0 = STRING: NVR\n"
        b"SNMPv2-MIB::sysObjectID.0 = OID: SNMPv2-SMI::enterprises.1004849.3.2.10\n"
        b"DISMAN-EVENT-MIB::sysUpTimeInstance = Timeticks: (2277290) 6:19:32.90\n"
        b"SNMPv2-MIB::sysName.0 = STRING: (none)\n"
        b"SNMPv2-MIB::sysLocation.0 = STRING: Unknown\n"
        b'SNMPv2-SMI::enterprises.39165.1.1.0 = STRING: "DS-2CD2185FWD-I"\n'
        b"SNMPv2-SMI::mib-2.47.1.1 = STRING: chassis\n"
    )
    assert values(facts, "snmp.sysdescr") == ["NVR"]
    assert values(facts, "snmp.sysobjectid") == ["1.3.6.1.4.1.1004849.3.2.10"]
    assert values(facts, "snmp.sysname") == ["(none)"]
    assert values(facts, "snmp.oid") == [
        "1.3.6.1.4.1.39165.1.1.0=DS-2CD2185FWD-I",
        "1.3.6.1.2.1.47.1.1=chassis",
    ]


def test_a_description_over_several_lines() -> None:
    facts = snmp.parse_reply(
        b"1.3.6.1.2.1.1.1.0|4|Cisco IOS Software\r\nTechnical Support\r\n1.3.6.1.2.1.1.5.0|4|sw1\r\n"
    )
    assert values(facts, "snmp.sysdescr") == ["Cisco IOS Software\nTechnical Support"]
    assert values(facts, "snmp.sysname") == ["sw1"]


def test_a_closed_text_does_not_go_on() -> None:
    facts = snmp.parse_reply(b'.1.3.6.1.4.1.39165.1.1.0 = STRING: "IPC7A27-ANPR"\n...\n')
    assert values(facts, "snmp.oid") == ["1.3.6.1.4.1.39165.1.1.0=IPC7A27-ANPR"]


def test_octets_in_hexadecimal() -> None:
    facts = snmp.parse_reply(
        b"1.3.6.1.2.1.1.1.0|4x|48696b\n1.3.6.1.4.1.39165.1.4.0|4x|5850ed000001\n1.3.6.1.2.1.1.5.0|4x|zz\n"
    )
    assert values(facts, "snmp.sysdescr") == ["Hik"]
    assert values(facts, "snmp.oid") == ["1.3.6.1.4.1.39165.1.4.0=5850ed000001"]
    assert values(facts, "snmp.sysname") == ["zz"]


@pytest.mark.parametrize("payload", [b"", b"hello", b"1.3.6.1.2.1.1.1.0|4|", b"1.2|4|x", b"\0" * 40])
def test_what_is_not_a_value(payload: bytes) -> None:
    with pytest.raises(NotSpoken):
        snmp.parse_reply(payload)


@FUZZ
@given(
    st.binary() | st.binary().map(lambda raw: b"1.3.6.1.2.1.1.1.0|4|" + raw) | st.text("1.36|=x4\n ").map(str.encode)
)
def test_any_bytes(payload: bytes) -> None:
    keeps_its_promise(snmp.parse_reply, payload)


@pytest.mark.parametrize("kind", ["4", "STRING", "OctetString", "octet-str"])
def test_types_are_numbers_or_words(kind: str) -> None:
    assert ("snmp.sysdescr", "UPS") in snmp.parse_reply(f"1.3.6.1.2.1.1.1.0|{kind}|UPS".encode())
    facts = snmp.parse_reply(f".1.3.6.1.4.1.39165.1.1.0|{kind}|DS-2CD2".encode())
    assert ("snmp.oid", "1.3.6.1.4.1.39165.1.1.0=DS-2CD2") in facts


def test_hexadecimal_text_is_read() -> None:
    assert ("snmp.sysdescr", "UPS") in snmp.parse_reply(b"1.3.6.1.2.1.1.1.0|Hex-STRING|55 50 53")
