"""Certificates and TLS servers that the tests of the door make for themselves."""

from __future__ import annotations

import ssl
import tempfile
import warnings
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

# The order in which a Hikvision recorder's certificate names its maker.
SUBJECT = x509.Name(
    [
        x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
        x509.NameAttribute(NameOID.STATE_OR_PROVINCE_NAME, "ZheJiang"),
        x509.NameAttribute(NameOID.LOCALITY_NAME, "HangZhou"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "HIKVISION"),
        x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "DVRNVR"),
        x509.NameAttribute(NameOID.COMMON_NAME, "www.hikvision.com"),
    ]
)


def make(subject: x509.Name = SUBJECT, bits: int = 2048, hosts: tuple[str, ...] = ()) -> tuple[bytes, bytes]:
    """A self-signed certificate (DER), and certificate with key (PEM); for these hosts, or for a made-up camera."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    named: list[x509.GeneralName] = [x509.DNSName("camera.example"), x509.IPAddress(ip_address("10.1.2.3"))]
    if hosts:
        named = [x509.IPAddress(ip_address(host)) if host[0].isdigit() else x509.DNSName(host) for host in hosts]
    names = x509.SubjectAlternativeName(named)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(0x8AB4231700000001)
        .not_valid_before(datetime(2019, 12, 17, tzinfo=UTC))
        .not_valid_after(datetime(2037, 12, 31, tzinfo=UTC))
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    return certificate.public_bytes(serialization.Encoding.DER), pem


def server_context(pem: bytes, version: ssl.TLSVersion | None = None, ciphers: str = "") -> ssl.SSLContext:
    """A server's context for that certificate, held to one TLS version where one is named."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "both.pem"
        path.write_bytes(pem)
        context.set_ciphers(ciphers or "DEFAULT:@SECLEVEL=0")
        context.load_cert_chain(path)
    if version is not None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = version
            context.maximum_version = version
    return context
