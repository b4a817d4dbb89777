"""TLS for reading, not for trusting: a scan must also see old versions and weak certificates.

No secret is ever sent over the legacy context; ``enrich/`` logs in over the other two.
"""

from __future__ import annotations

import hashlib
import os
import socket
import ssl
import struct
import warnings
from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import TYPE_CHECKING

from camscan.dataclass import dataclass

if TYPE_CHECKING:
    from cryptography import x509

OP_LEGACY_SERVER_CONNECT = 0x4
"""ssl.OP_LEGACY_SERVER_CONNECT, for servers without RFC 5746; Python 3.11 does not name it."""
HANDSHAKE, ALERT = 22, 21
SERVER_HELLO, CERTIFICATE, HELLO_DONE = 2, 11, 14
_SUPPORTED_VERSIONS = 43
_VERSIONS = {0x0300: "SSLv3", 0x0301: "TLSv1", 0x0302: "TLSv1.1", 0x0303: "TLSv1.2", 0x0304: "TLSv1.3"}
# What old cameras still speak, strong first: ECDHE, DHE and static RSA with AES, then 3DES, RC4, NULL.
_SUITES = bytes.fromhex(
    "c02f c030 c02b c02c c013 c014 c009 c00a 009e 009f 0033 0039 009c 009d 003c 003d 002f 0035"
    "000a 0016 c012 0005 0004 0002 0001 00ff"  # the last signals RFC 5746
)
_FAULTS: Mapping[type[BaseException], str] = {
    socket.gaierror: "its name is not known here: check the address, and DNS",
    ConnectionRefusedError: "refused: check the address, and that it is running there",
    TimeoutError: "no answer in time: check that the firewall lets the connection out",
}
"""The usual causes, and what to check."""


def legacy_context() -> ssl.SSLContext:
    """A client context that accepts everything a camera offers, and verifies nothing."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.options |= OP_LEGACY_SERVER_CONNECT
    with warnings.catch_warnings():  # TLS 1.0 is deprecated, and that is why it is asked for
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
    return context


def verified_context() -> ssl.SSLContext:
    """For a login: present-day TLS, and a certificate that the system's authorities (or $SSL_CERT_FILE) confirm."""
    return ssl.create_default_context()


def trusting_context(ca_file: str = "") -> ssl.SSLContext:
    """For a message to a server: ``ca_file``, or the system's authorities, must confirm the certificate.

    Raises OSError or ValueError if no certificates can be read from the file.
    """
    return ssl.create_default_context(cafile=ca_file or None)


def describe_fault(error: BaseException) -> str:
    """Why a connection failed, and what to check: the first known cause, otherwise the name of the error."""
    cause: BaseException | None = error
    while cause:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate is not trusted: {cause.verify_message}; ca_file names an authority of your own"
        for kind, words in _FAULTS.items():
            if isinstance(cause, kind):
                return words
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
        cause = cause.__cause__ or cause.__context__
    return type(error).__name__


def unverified_context() -> ssl.SSLContext:
    """For a login if the operator accepts an unverified certificate: still no obsolete TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # without the authorities, which take long to read
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def client_hello() -> bytes:
    """A TLS 1.2 ClientHello without server name, for servers that OpenSSL refuses (RFC 5246, 7.4.1.2)."""
    extensions = b"".join(
        struct.pack(">HH", kind, len(data)) + data
        for kind, data in (
            (0x000A, b"\x00\x08\x00\x17\x00\x18\x00\x19\x00\x1d"),  # groups: P-256, P-384, P-521, X25519
            (0x000B, b"\x01\x00"),  # uncompressed points
            (0x000D, b"\x00\x12" + bytes.fromhex("040105010601020104030503060302030101")),  # SHA-2, SHA-1 and MD5
        )
    )
    body = b"\x03\x03" + os.urandom(32) + b"\x00" + struct.pack(">H", len(_SUITES)) + _SUITES + b"\x01\x00"
    body += struct.pack(">H", len(extensions)) + extensions
    message = b"\x01" + len(body).to_bytes(3) + body
    return b"\x16\x03\x01" + struct.pack(">H", len(message)) + message


@dataclass(slots=True)
class Hello:
    """A server's first flight as it arrives (RFC 5246, 6.2.1 and 7.4); each byte is looked at once."""

    version: str = ""
    certificate: bytes = b""
    """The first certificate, DER; empty if none has come yet."""
    _records: bytearray = field(default_factory=bytearray)
    """Bytes that have come and are not parsed yet."""
    _left: int = 0
    """Bytes of the current record that are still to come."""
    _messages: bytearray = field(default_factory=bytearray)
    """Messages from the records that are not complete yet."""
    _other: bool = False
    """Whether something other than a handshake has come."""

    def feed(self, data: bytes) -> bool:
        """Add bytes. Returns True at the certificate, an alert, ServerHelloDone, or bytes that are not TLS."""
        self._records += data
        position = 0
        while not self._other:
            if self._left:
                piece = self._records[position : position + self._left]
                self._messages += piece
                self._left -= len(piece)
                position += len(piece)
            if self._left or position + 5 > len(self._records):
                break
            kind, major = self._records[position], self._records[position + 1]
            length = int.from_bytes(self._records[position + 3 : position + 5])
            if kind != HANDSHAKE or major != 3 or length > 0x4800:  # noqa: PLR2004 - version byte of SSLv3 to TLS 1.3
                self._other = True
            self._left = length
            position += 5
        del self._records[:position]
        return self._is_finished() or self._other

    def _is_finished(self) -> bool:
        """Read the complete messages. Returns True if no more is needed."""
        position = 0
        while position + 4 <= len(self._messages):
            kind, length = self._messages[position], int.from_bytes(self._messages[position + 1 : position + 4])
            body = self._messages[position + 4 : position + 4 + length]
            if len(body) < length:
                break
            if kind == SERVER_HELLO and length >= 2:  # noqa: PLR2004 - the version
                number = _chosen_version(body)
                self.version = _VERSIONS.get(number, f"0x{number:04x}")
            elif kind == CERTIFICATE:
                self.certificate = bytes(body[6 : 6 + int.from_bytes(body[3:6])])
                return True
            elif kind == HELLO_DONE:
                return True
            position += 4 + length
        del self._messages[:position]
        return False


def _chosen_version(hello: bytes | bytearray) -> int:
    """The version in a ServerHello: TLS 1.3 has it in an extension, and 1.2 in its old place (RFC 8446, 4.2.1)."""
    at = 35 + int.from_bytes(hello[34:35]) + 5  # version, random, session, suite, compression, length of extensions
    while at + 4 <= len(hello):
        kind, length = int.from_bytes(hello[at : at + 2]), int.from_bytes(hello[at + 2 : at + 4])
        if kind == _SUPPORTED_VERSIONS:
            return int.from_bytes(hello[at + 4 : at + 6])
        at += 4 + length
    return int.from_bytes(hello[:2])


def describe_certificate(der: bytes, version: str) -> bytes:
    """Lines ``name=value`` of a certificate: subject and issuer (RFC 4514), TLS version, sha256, serial, dates, names.

    A certificate that cannot be parsed still has its ``sha256=`` and ``version=``.
    """
    from cryptography import x509  # noqa: PLC0415 - 25 ms, and few estates have certificates
    from cryptography.utils import CryptographyDeprecationWarning  # noqa: PLC0415 - as above

    lines = [f"sha256={hashlib.sha256(der).hexdigest()}", f"version={version}"]
    with warnings.catch_warnings():  # negative serial numbers and naive encodings exist; they are not for us to correct
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        warnings.simplefilter("ignore", UserWarning)
        try:
            certificate = x509.load_der_x509_certificate(der)
            lines = [
                f"subject={_name_text(certificate.subject)}",
                f"issuer={_name_text(certificate.issuer)}",
                *lines,
                f"serial={_serial_text(certificate.serial_number)}",
                f"not_before={_date_text(certificate.not_valid_before_utc)}",
                f"not_after={_date_text(certificate.not_valid_after_utc)}",
            ]
        except (ValueError, TypeError, x509.InvalidVersion, NotImplementedError):
            return "\n".join(lines).encode()
        lines += [f"san={name}" for name in _alternative_names(certificate)]
    return "\n".join(lines).encode()


def _name_text(name: x509.Name) -> str:
    return name.rfc4514_string().replace("\r", "\\0D").replace("\n", "\\0A").replace("\x00", "\\00")


def _serial_text(number: int) -> str:
    digits = f"{abs(number):x}"
    digits = digits.zfill(len(digits) + len(digits) % 2)
    return ("-" if number < 0 else "") + ":".join(digits[at : at + 2] for at in range(0, len(digits), 2))


def _date_text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _alternative_names(certificate: x509.Certificate) -> list[str]:
    from cryptography import x509  # noqa: PLC0415 - loaded by now

    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, TypeError, x509.ExtensionNotFound, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return []
    return [" ".join(str(name.value).split()) for name in names]
