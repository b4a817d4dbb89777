"""Certificates with subjects and issuers as published for real units. Vendors put one certificate into many units."""

from __future__ import annotations

from camscan.demo.device import Certificate, Session, Tcp
from camscan.demo.wire.http import read_request

HIKVISION_BAKED = Certificate("C=CN, ST=ZJ, L=HZ, O=HIKVISION, OU=HZ, CN=hikvision.com", years=(2020, 2037))
"""Certificate of door stations and cameras: the same in every unit of a firmware."""
HIKVISION_RECORDER = Certificate(
    "C=CN, ST=ZheJiang, L=HangZhou, O=HIKVISION, OU=DVRNVR, CN=www.hikvision.com", years=(2012, 2032), legacy=True
)
"""Certificate of old recorders, which support nothing newer than TLS 1.0."""
DAHUA_PRODUCT = Certificate(
    "CN={ip}, C=CN, ST=ZHEJIANG, L=HANGZHOU, O=DAHUA, OU=DAHUATECH",
    "CN=Product Root CA, C=CN, ST=ZheJiang, L=HangZhou, O=DahuaTech",
)
DAHUA_RECORDER = Certificate(
    "CN={ip}, C=CN",
    "CN=NVR, C=CN, ST=Zhejiang, L=Hangzhou, O=ZheJiang Dahua Technology CO.,LTD., OU=NVR",
    years=(2024, 2054),
)
PLAIN = Certificate("CN=localhost")
"""A certificate that says nothing about the maker."""


HTTPS = 443


def bare_tls_port(certificate: Certificate, *, port: int = HTTPS, gives: tuple[str, ...] = ()) -> Tcp:
    """A TLS port that sends nothing after the handshake: on 443 a web server that closes, otherwise Hikvision's SDK."""

    async def converse(session: Session) -> None:
        if port == HTTPS:
            await read_request(session, "http")
            return
        sent = await session.read_until_closed()
        if sent:
            session.record_request("sdk", sent)

    return Tcp(port, "http" if port == HTTPS else "sdk", converse, (), certificate, gives)
