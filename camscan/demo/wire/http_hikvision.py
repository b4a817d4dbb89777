"""Hikvision web servers of several generations."""

from __future__ import annotations

from camscan.demo.device import Unit
from camscan.demo.wire import onvif
from camscan.demo.wire.http import Headers, HttpRequest, Site, make_reply

_DATE = ("Date", "Tue, 14 May 2024 09:30:01 GMT")
_KEEP: Headers = (("Connection", "keep-alive"), ("Keep-Alive", "timeout=10, max=99"))
_ERROR = (
    "<!DOCTYPE html>\n<html><head><title>Document Error: {what}</title></head>\n"
    "<body><h2>Access Error: {code} -- {what}</h2>\n<p>{why}</p>\n</body>\n</html>\n"
)
_GATE = (
    '<!DOCTYPE html>\n<html>\n<head>\n<title></title>\n<meta http-equiv="Pragma" content="no-cache" />\n'
    '<script type="text/javascript">\nwindow.location.href = "{target}?_" + (new Date()).getTime();\n</script>\n'
    "</head>\n<body>\n</body>\n</html>\n"
)
_LOGIN = (
    "<!DOCTYPE html>\n<html>\n<head>\n<title></title>\n"
    '<link rel="stylesheet" type="text/css" href="../css/login.css" />\n</head>\n<body>\n'
    '<label class="copyright">&copy;{owner}</label>\n</body>\n</html>\n'
)
OWNER = "Hikvision Digital Technology Co., Ltd. All Rights Reserved."
ISAPI = ("/ISAPI/", "/PSIA/", "/SDK/language")


def camera_realm(unit: Unit) -> str:
    """The realm of cameras: ``IP Camera(``, a letter and four digits, ``)``."""
    rng = unit.rng("realm")
    return f"IP Camera({rng.choice('CDEFGJK')}{rng.randrange(10000):04})"


def opaque_realm(unit: Unit) -> str:
    """The realm of recorders since about 2020: 24 hex digits."""
    return unit.hex_text("realm", 24)


def _challenge(realm: str, unit: Unit, purpose: str) -> str:
    return f'Digest qop="auth", realm="{realm}", nonce="{unit.hex_text(purpose, 48)}", stale="FALSE"'


def camera_site(
    *,
    server: str = "App-webs/",
    gate: str = "/doc/page/login.asp",
    basic: bool = False,
    digest: bool = True,
    onvif_on: bool = False,
    owner: str = OWNER,
) -> Site:
    """A camera: Appweb, gate page, ``qop`` first in the challenge. ``server`` may be empty, as on 2018 firmware."""

    def headers(unit: Unit) -> Headers:
        realm = camera_realm(unit)
        parts = [*([_challenge(realm, unit, "http")] if digest else []), *([f'Basic realm="{realm}"'] if basic else [])]
        kind = (("Content-Type", "text/html"),)
        return (
            _DATE,
            ("Server", server),
            ("Content-Length", ""),
            *kind,
            *_KEEP,
            ("WWW-Authenticate", ", ".join(parts)),
        )

    def site(unit: Unit, asked: HttpRequest) -> bytes:
        plain: Headers = (_DATE, ("Server", server), ("ETag", '"0-5e0-1e0"'), ("Content-Length", ""))
        html: Headers = (*plain, ("Content-Type", "text/html"), *_KEEP)
        if asked.path == "/":
            return make_reply("200 OK", html, _GATE.format(target=gate))
        if asked.path == gate:
            return make_reply("200 OK", html, _LOGIN.format(owner=owner))
        if asked.path == onvif.PATH and asked.method == "POST" and onvif_on:
            return onvif.answer_call(unit, asked, prefix="env", namespaces=_TNSHIK)
        if asked.path.startswith(ISAPI):
            why = "Authentication Error: Access Denied! Authorization required."
            return make_reply("401 Unauthorized", headers(unit), _ERROR.format(code=401, what="Unauthorized", why=why))
        lost = _ERROR.format(code=404, what="Not Found", why="Cannot open document")
        return make_reply("404 Not Found", (_DATE, ("Server", server), ("Content-Type", "text/html"), *_KEEP), lost)

    return site


_TNSHIK = ' xmlns:tnshik="http://www.hikvision.com/2011/event/topics"'
_USER_CHECK = (
    '<?xml version="1.0" encoding="UTF-8" ?>\r\n<userCheck>\r\n<statusValue>401</statusValue>\r\n'
    "<statusString>Unauthorized</statusString>\r\n</userCheck>"
)


def _recorder_refuses(unit: Unit, server: str, realm: str) -> bytes:
    nonce = f"{unit.hex_text('nonce', 32)}:1715678901234"
    challenge = (
        f'Digest realm="{realm}", nonce="{nonce}", qop="auth"'
        if realm
        else f'Digest realm="{opaque_realm(unit)}", domain="::", qop="auth", nonce="{nonce}", opaque="",'
        ' algorithm="MD5", stale="FALSE"'
    )
    refused: Headers = (
        _DATE,
        ("Server", server),
        ("Cache-Control", "no-cache"),
        ("Content-Length", ""),
        ("Content-Type", 'application/xml; charset="UTF-8"'),
        ("Connection", "keep-alive"),
        ("Keep-Alive", "timeout=60, max=99"),
        ("WWW-Authenticate", challenge),
    )
    return make_reply("401 Unauthorized", refused, _USER_CHECK)


def recorder_site(
    *, server: str = "DNVRS-Webs", realm: str = "", gate: str = "/doc/page/login.asp", onvif_on: bool = False
) -> Site:
    """The site of a recorder: DNVRS-Webs, XML in the 401, ``domain="::"`` in its challenge.

    Old ones have a fixed ``realm``.
    """

    def site(unit: Unit, asked: HttpRequest) -> bytes:
        html: Headers = (
            _DATE,
            ("Server", server),
            ("ETag", '"0-5e0-1e0"'),
            ("Content-Length", ""),
            ("Content-Type", "text/html"),
        )
        if asked.path == "/":
            return make_reply("200 OK", html, _GATE.format(target=gate))
        if asked.path == gate:
            return make_reply("200 OK", html, _LOGIN.format(owner=OWNER))
        if asked.path == onvif.PATH and asked.method == "POST" and onvif_on:
            return onvif.answer_call(unit, asked, prefix="env", namespaces=_TNSHIK)
        if asked.path.startswith(ISAPI):
            return _recorder_refuses(unit, server, realm)
        lost: Headers = (_DATE, ("Server", server), ("Content-Type", "text/html"))
        return make_reply("404 Not Found", lost, _ERROR.format(code=404, what="Not Found", why="Cannot open document"))

    return site


def oldest_site(server: str = "Hikvision-Webs", *, onvif_on: bool = False) -> Site:
    """The site of the first generation: a redirect to an absolute URL, Basic only."""

    def site(unit: Unit, asked: HttpRequest) -> bytes:
        base: Headers = (("Server", server), _DATE)
        if asked.path == "/":
            target = f"http://{unit.ip}:{unit.port(80)}/index.asp"
            return make_reply(
                "302 Redirect", (*base, ("Location", target)), f'<html><a href="{target}">here</a></html>'
            )
        if asked.path == "/index.asp":
            return make_reply(
                "200 OK", (*base, ("Content-Type", "text/html")), "<html><head><title>index</title></head></html>"
            )
        if asked.path.startswith(ISAPI):
            refused: Headers = (*base, ("WWW-Authenticate", 'Basic realm="hikvision"'), ("Content-Type", "text/html"))
            return make_reply("401 Unauthorized", refused, _ERROR.format(code=401, what="Unauthorized", why=""))
        return make_reply("404 Site or Page Not Found", (*base, ("Content-Type", "text/html")), "")

    return onvif.with_onvif(site, prefix="env", namespaces=_TNSHIK) if onvif_on else site


_SHEPHERD = '<!doctype html><html><head><title></title><script src="./shepherd.js"></script></head></html>'


def terminal_site() -> Site:
    """The site of access terminals and door stations: the realm is the model."""

    def site(unit: Unit, asked: HttpRequest) -> bytes:
        base: Headers = (_DATE, ("Server", "webserver"), ("X-Frame-Options", "SAMEORIGIN"), ("Content-Length", ""))
        if asked.path == "/":
            return make_reply("200 OK", (*base, ("Content-Type", "text/html")), _GATE.format(target="/doc/index.html"))
        if asked.path == "/doc/index.html":
            return make_reply("200 OK", (*base, ("Content-Type", "text/html")), _SHEPHERD)
        if asked.path.startswith(ISAPI):
            challenge = f'Digest qop="auth", realm="{unit.model}", nonce="{unit.hex_text("nonce", 48)}", stale="FALSE"'
            return make_reply("401 Unauthorized", (*base, ("WWW-Authenticate", challenge)), _USER_CHECK)
        return make_reply("404 Not Found", base, "")

    return site
