"""Dahua web servers: no Server header, upper-case names, a byte order mark before the page."""

from __future__ import annotations

import base64
from collections.abc import Callable

from camscan.demo.device import Unit
from camscan.demo.wire import onvif
from camscan.demo.wire.http import Headers, HttpRequest, Site, make_reply

_BOM = b"\xef\xbb\xbf"
_DOCTYPE = (
    '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">\n'
    '<html xmlns="http://www.w3.org/1999/xhtml">\n<head>\n'
)
Realm = Callable[[Unit], str]


def serial_realm(unit: Unit) -> str:
    """The realm of older firmware: ``Login to`` and the serial."""
    return f"Login to {unit.serial}"


def hashed_realm(unit: Unit) -> str:
    """The realm of newer firmware: ``Login to`` and 32 hex digits."""
    return f"Login to {unit.hex_text('realm', 32)}"


def _challenge(realm: str, unit: Unit) -> str:
    nonce = base64.b64encode(f"onvif-digest:{unit.rng('nonce').randrange(10**11)}".encode()).decode()
    return f'Digest realm="{realm}",qop="auth",nonce="{nonce}",opaque="",stale="false"'


def older_site(
    *,
    title: str = "WEB SERVICE",
    body: str = '<div class="ui-dialog-content"></div>',
    realm: Realm = serial_realm,
    basic: str = "",
    onvif_on: bool = True,
    open_: bool = False,
) -> Site:
    """The site of cameras and recorders up to about 2018. ``basic``: a Basic realm instead of digest, as in 2014."""

    def site(unit: Unit, asked: HttpRequest) -> bytes:
        challenge = f'Basic realm="{basic}"' if basic else _challenge(realm(unit), unit)
        if asked.path == "/":
            head: Headers = (
                ("CONNECTION", "close"),
                ("Date", "Tue, 14 May 2024 09:30:01 GMT"),
                ("Last-Modified", "Mon, 21 Mar 2016 03:12:41 GMT"),
                ("Etag", '"1458529961:3f1"'),
                ("CONTENT-LENGTH", ""),
                ("CACHE-CONTROL", "max-age=0"),
                ("P3P", "CP=CAO PSA OUR"),
                ("CONTENT-TYPE", "text/html"),
            )
            html = f"{_DOCTYPE}<title>{title}</title>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
            return make_reply("200 OK", head, _BOM + html.encode(), length="CONTENT-LENGTH")
        return _answer_rest(unit, asked, challenge, onvif_on=onvif_on, open_=open_)

    return site


def _answer_rest(unit: Unit, asked: HttpRequest, challenge: str, *, onvif_on: bool, open_: bool) -> bytes:
    if asked.path == onvif.PATH and asked.method == "POST" and onvif_on:
        return onvif.answer_call(unit, asked, prefix="s", challenge=challenge, open_=open_)
    if asked.path.startswith("/cgi-bin/"):
        refused: Headers = (("CONNECTION", "close"), ("CONTENT-LENGTH", ""), ("WWW-Authenticate", challenge))
        return make_reply("401 Unauthorized", refused, "", length="CONTENT-LENGTH")
    lost: Headers = (("CONNECTION", "close"), ("CONTENT-LENGTH", ""), ("CONTENT-TYPE", "text/html"))
    return make_reply("404 Not Found", lost, "<h1>404 Not Found</h1>", length="CONTENT-LENGTH")


def newer_site(*, realm: Realm = hashed_realm, marker: str = "", onvif_on: bool = True, open_: bool = False) -> Site:
    """The site of newer units: security headers, the malformed ``Set-Cookie:secure``, a page full of script markers."""

    def site(unit: Unit, asked: HttpRequest) -> bytes:
        if asked.path == "/":
            head: Headers = (
                ("X-XSS-Protection", "1;mode=block"),
                ("X-Frame-Options", "SAMEORIGIN"),
                ("Content-Security-Policy", "script-src 'self' 'unsafe-inline' 'unsafe-eval'"),
                ("Strict-Transport-Security", "max-age=604800; includeSubDomains"),
                ("Content-type", "text/html;charset=utf-8"),
                ("CONNECTION", "close"),
                ("CONTENT-LENGTH", ""),
            )
            html = (
                f"{_DOCTYPE}<title></title>\n<script>var g_isDeviceInited = true;</script>\n{marker}</head>\n<body>\n"
                '<input id="t_username"/><a>com.ErrorAuthorizeReloginTip</a><i>@WebVersion@</i>\n</body>\n</html>\n'
            )
            reply = make_reply("200 OK", head, _BOM + html.encode(), length="CONTENT-LENGTH")
            return reply.replace(b"CONNECTION: close\r\n", b"CONNECTION: close\r\nSet-Cookie:secure; HttpOnly\r\n", 1)
        return _answer_rest(unit, asked, _challenge(realm(unit), unit), onvif_on=onvif_on, open_=open_)

    return site
