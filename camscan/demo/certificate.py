"""Certificates of the emulated TLS units. They are made when the estate starts; the product stores no private key."""

from __future__ import annotations

import datetime as dt
import ssl
import tempfile
import warnings
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from camscan.demo.device import Certificate, Unit

_OIDS = {
    "C": NameOID.COUNTRY_NAME,
    "ST": NameOID.STATE_OR_PROVINCE_NAME,
    "L": NameOID.LOCALITY_NAME,
    "O": NameOID.ORGANIZATION_NAME,
    "OU": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "CN": NameOID.COMMON_NAME,
}


def _x509_name(text: str, unit: Unit) -> x509.Name:
    filled = text.format(ip=unit.ip, mac=unit.mac_tail.upper(), serial=unit.serial)
    pairs = [part.split("=", 1) for part in filled.split(", ")]
    return x509.Name([x509.NameAttribute(_OIDS[key], value) for key, value in pairs])


class Authority:
    """Makes the server side of TLS for units. Units with equal certificate texts show the same certificate."""

    def __init__(self) -> None:
        self._keys: dict[int, rsa.RSAPrivateKey] = {}
        self._contexts: dict[tuple[str, str, bool], ssl.SSLContext] = {}

    def context(self, certificate: Certificate, unit: Unit) -> ssl.SSLContext:
        """A server context with the unit's certificate."""
        subject, issuer = (
            _x509_name(text, unit) for text in (certificate.subject, certificate.issuer or certificate.subject)
        )
        known = (subject.rfc4514_string(), issuer.rfc4514_string(), certificate.legacy)
        if known not in self._contexts:
            self._contexts[known] = self._make_context(certificate, subject, issuer)
        return self._contexts[known]

    def _key(self, bits: int) -> rsa.RSAPrivateKey:
        if bits not in self._keys:
            self._keys[bits] = rsa.generate_private_key(public_exponent=65537, key_size=bits)
        return self._keys[bits]

    def _make_context(self, certificate: Certificate, subject: x509.Name, issuer: x509.Name) -> ssl.SSLContext:
        key = self._key(1024 if certificate.legacy else 2048)
        first, last = certificate.years
        made = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(dt.datetime(first, 1, 1, tzinfo=dt.UTC))
            .not_valid_after(dt.datetime(last, 12, 31, tzinfo=dt.UTC))
            .sign(key, hashes.SHA256())
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if certificate.legacy:
            context.set_ciphers("ALL:@SECLEVEL=0")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # old units support nothing newer
                context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "pair.pem")
            path.touch(mode=0o600)
            path.write_bytes(
                key.private_bytes(
                    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
                )
                + made.public_bytes(serialization.Encoding.PEM)
            )
            context.load_cert_chain(path)
        return context
