"""Certificates read from any handshake, and their description."""

import hashlib
import struct

import pytest
from certificates import SUBJECT, make
from cryptography import x509
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from camscan.net.tls import Hello, client_hello, describe_certificate

DER, _PEM = make(bits=1024)


def record(kind: int, data: bytes) -> bytes:
    return bytes((kind, 3, 3)) + struct.pack(">H", len(data)) + data


def handshake(kind: int, data: bytes) -> bytes:
    return bytes((kind,)) + len(data).to_bytes(3) + data


SERVER_HELLO = handshake(2, b"\x03\x02" + bytes(32) + b"\x00" + b"\x00\x05" + b"\x00")
CERTIFICATE = handshake(11, (len(DER) + 3).to_bytes(3) + len(DER).to_bytes(3) + DER)


def test_description_of_a_certificate() -> None:
    assert describe_certificate(DER, "TLSv1.2").decode().splitlines() == [
        "subject=CN=www.hikvision.com,OU=DVRNVR,O=HIKVISION,L=HangZhou,ST=ZheJiang,C=CN",
        "issuer=CN=www.hikvision.com,OU=DVRNVR,O=HIKVISION,L=HangZhou,ST=ZheJiang,C=CN",
        f"sha256={hashlib.sha256(DER).hexdigest()}",
        "version=TLSv1.2",
        "serial=8a:b4:23:17:00:00:00:01",
        "not_before=2019-12-17T00:00:00Z",
        "not_after=2037-12-31T00:00:00Z",
        "san=camera.example",
        "san=10.1.2.3",
    ]


def test_a_name_cannot_start_a_line_of_its_own() -> None:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x\nsubject=O=HIKVISION\r\x00")])
    lines = describe_certificate(make(name, bits=1024)[0], "").decode().split("\n")
    assert sum(line.startswith("subject=") for line in lines) == 1
    assert "\r" not in "".join(lines)
    assert len(SUBJECT.rdns) == 6


def test_what_cannot_be_parsed_still_has_its_hash() -> None:
    assert (
        describe_certificate(b"not DER", "TLSv1")
        == b"sha256=" + hashlib.sha256(b"not DER").hexdigest().encode() + b"\nversion=TLSv1"
    )


def read_hello(data: bytes) -> tuple[str, bytes, bool]:
    """Version, certificate, and whether to stop: the same whether it comes at once or byte by byte."""
    hello, slow = Hello(), Hello()
    stop = hello.feed(data)
    dripped = any(slow.feed(data[at : at + 1]) for at in range(len(data)))
    assert (slow.version, slow.certificate, dripped) == (hello.version, hello.certificate, stop)
    return hello.version, hello.certificate, stop


@pytest.mark.parametrize(
    "flight",
    [
        record(22, SERVER_HELLO) + record(22, CERTIFICATE),
        record(22, SERVER_HELLO + CERTIFICATE),
        record(22, (SERVER_HELLO + CERTIFICATE)[:60]) + record(22, (SERVER_HELLO + CERTIFICATE)[60:]),
    ],
)
def test_certificate_of_a_first_flight_in_any_records_and_pieces(flight: bytes) -> None:
    assert read_hello(flight) == ("TLSv1.1", DER, True)
    assert [read_hello(flight[:cut])[2] for cut in range(len(flight) - 1)] == [False] * (len(flight) - 1)


@pytest.mark.parametrize(
    ("data", "version"),
    [
        (record(21, b"\x02\x28"), ""),
        (record(22, SERVER_HELLO) + record(21, b"\x02\x28"), "TLSv1.1"),
        (record(22, SERVER_HELLO + handshake(14, b"")), "TLSv1.1"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", ""),
    ],
)
def test_reading_stops_where_no_certificate_will_come(data: bytes, version: str) -> None:
    assert read_hello(data) == (version, b"", True)


def test_client_hello_is_well_formed_and_names_no_server() -> None:
    hello = client_hello()
    assert hello[:3] == b"\x16\x03\x01"
    assert int.from_bytes(hello[3:5]) == len(hello) - 5
    assert int.from_bytes(hello[6:9]) == len(hello) - 9
    suites = int.from_bytes(hello[44:46])
    assert suites % 2 == 0
    assert hello[46 + suites : 48 + suites] == b"\x01\x00"
    position = 50 + suites
    kinds = []
    while position < len(hello):
        kinds.append(int.from_bytes(hello[position : position + 2]))
        position += 4 + int.from_bytes(hello[position + 2 : position + 4])
    assert position == len(hello)
    assert kinds == [10, 11, 13]  # 0 would be a server name


@given(
    st.one_of(
        st.binary(),
        st.binary().map(lambda data: record(22, data)),
        st.binary().map(lambda data: record(22, SERVER_HELLO + data)),
    )
)
def test_any_bytes_are_read_as_a_flight(data: bytes) -> None:
    version, der, stop = read_hello(data)
    assert stop or not der
    assert len(version) < 10


@given(
    st.one_of(
        st.binary(), st.integers(0, len(DER) - 1).map(lambda at: DER[:at] + bytes([DER[at] ^ 0xFF]) + DER[at + 1 :])
    )
)
def test_any_certificate_is_described(der: bytes) -> None:
    assert b"sha256=" + hashlib.sha256(der).hexdigest().encode() in describe_certificate(der, "").split(b"\n")
