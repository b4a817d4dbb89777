"""Every HTTP and RTSP request that camscan can make without a credential. No other request can be built.

The probes build their requests here. So one table lists what is asked of a camera, and one test proves that no image,
no stream, no changing verb and no credential can be sent. Pure.
"""

from __future__ import annotations

import functools
import ipaddress
import re
from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import urlsplit

from camscan.errors import ScopeError

ONVIF_PATH = "/onvif/device_service"

PATHS: frozenset[tuple[str, str]] = frozenset(
    {
        ("GET", "/"),
        ("GET", "/favicon.ico"),
        # Login pages to which the start page of a Hikvision unit leads.
        ("GET", "/doc/index.html"),
        ("GET", "/doc/page/login.asp"),
        ("GET", "/index.asp"),
        # One of these two causes a 401 whose realm names the device. Neither carries a user name.
        ("GET", "/ISAPI/Security/userCheck"),
        ("GET", "/cgi-bin/magicBox.cgi?action=getDeviceType"),
        # UPnP descriptions of makers whose descriptions are known to be safe to read.
        ("GET", "/rootdesc1.xml"),
        ("GET", "/upnp_device_desc.xml"),
        ("GET", "/upnpdevicedesc.xml"),
        ("POST", ONVIF_PATH),
    }
)
"""Each (method, path) that may ever be requested. A path includes its query; nothing is added to it."""

# Access class PRE_AUTH of the ONVIF Core Specification: answered without a user by definition.
_CALLS = {
    "GetSystemDateAndTime": b'<GetSystemDateAndTime xmlns="http://www.onvif.org/ver10/device/wsdl"/>',
    "GetServices": (
        b'<GetServices xmlns="http://www.onvif.org/ver10/device/wsdl">'
        b"<IncludeCapability>false</IncludeCapability></GetServices>"
    ),
    "GetCapabilities": (
        b'<GetCapabilities xmlns="http://www.onvif.org/ver10/device/wsdl"><Category>All</Category></GetCapabilities>'
    ),
}
CALLS: Mapping[str, bytes] = MappingProxyType(
    {
        name: b'<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope">'
        b"<s:Body>" + body + b"</s:Body></s:Envelope>"
        for name, body in _CALLS.items()
    }
)
"""ONVIF calls that may be made: name -> the whole SOAP 1.2 envelope."""

VERBS = frozenset({"DESCRIBE", "OPTIONS"})
"""RTSP methods that may be sent. DESCRIBE asks for a description; no stream is set up."""

_AGENT = "camscan (asset inventory)"
_DEFAULT_PORTS = frozenset({80, 443})
_PORTS = range(1, 65536)
_JUMP = re.compile(
    r"""location(?:\.href)?\s{0,20}=\s{0,20}["']([^"'<>\s]{1,200})["']"""
    r"""|location\.(?:replace|assign)\s{0,20}\(\s{0,20}["']([^"'<>\s]{1,200})["']"""
    r"""|http-equiv=["']?refresh["']?\s{1,20}content=["']?\d{1,5}\s{0,20};\s{0,20}url=["']?([^"'<>\s]{1,200})""",
    re.IGNORECASE,
)


def build_request(method: str, path: str, ip: str, port: int = 80, *, call: str = "") -> bytes:
    """Build one HTTP/1.1 request to a literal address; ``call`` names the ONVIF call of a POST.

    Raises ScopeError for anything that is not in PATHS and CALLS.
    """
    if (method, path) not in PATHS or (method == "POST") != bool(call):
        raise ScopeError(f"camscan never requests {method} {path!r}")
    lines = [
        f"{method} {path} HTTP/1.1",
        f"Host: {_host_header(ip, port)}",
        f"User-Agent: {_AGENT}",
        "Accept: */*",
        "Accept-Encoding: identity",
        "Connection: close",
    ]
    body = b""
    if call:
        if call not in CALLS:
            raise ScopeError(f"camscan never makes the ONVIF call {call!r}")
        body = CALLS[call]
        lines += ["Content-Type: application/soap+xml; charset=utf-8", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode("ascii") + body


def build_rtsp(verb: str, ip: str, port: int = 554) -> bytes:
    """Build one RTSP/1.0 request (RFC 2326) for the root of a literal address, CSeq 1.

    ScopeError for any other verb.
    """
    if verb not in VERBS:
        raise ScopeError(f"camscan never sends RTSP {verb!r}")
    return f"{verb} rtsp://{_bracket_address(ip)}:{_checked_port(port)}/ RTSP/1.0\r\nCSeq: 1\r\n\r\n".encode("ascii")


def example_request(request: bytes, ip: str = "192.0.2.1") -> bytes:
    """The request as ``camscan probes`` prints it, with HOST for the address."""
    return request.replace(ip.encode("ascii"), b"HOST")


def page_jump(page: str) -> str | None:
    """The address to which a page leads by script or meta refresh, as written; None if it leads nowhere."""
    found = _JUMP.search(page)
    return next((target for target in found.groups() if target), None) if found else None


def same_device(target: str, ip: str, port: int) -> tuple[int, str] | None:
    """Port and allowed path to which a redirect on ``ip``:``port`` leads; None if it leaves the device or the table.

    Queries and fragments are dropped: ``/doc/page/login.asp?_1617919521`` is ``/doc/page/login.asp``.
    """
    try:
        parts = urlsplit(target.strip())
        named = parts.port
        if parts.hostname and _parse_address(parts.hostname) != _parse_address(ip):
            return None
    except (ValueError, ScopeError):
        return None
    if parts.scheme not in {"", "http", "https"}:
        return None
    path = "/" + parts.path.removeprefix("./").lstrip("/")
    if ("GET", path) not in PATHS:
        return None
    if named is None:
        named = {"http": 80, "https": 443}.get(parts.scheme, port) if parts.hostname else port
    return (named, path) if named in _PORTS else None


def port_numbers(values: tuple[str, ...]) -> tuple[int, ...]:
    """The texts that are TCP ports, 1…65535, each once, in their order."""
    numbers = (int(text) for text in values if text.isascii() and text.isdigit() and len(text) <= len("65535"))
    return tuple(dict.fromkeys(number for number in numbers if number in _PORTS))


def _parse_address(ip: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    # A host name could lead anywhere, and a line break in it would be a second header: addresses only.
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        raise ScopeError(f"{ip!r} is not an IP address") from None
    # The zone of fe80::1%eth0 has a meaning only on this machine, and Python lets it contain any character.
    return ipaddress.IPv6Address(int(address)) if isinstance(address, ipaddress.IPv6Address) else address


def _checked_port(port: int) -> int:
    if port not in _PORTS:
        raise ScopeError(f"{port} is not a TCP port")
    return port


def _host_header(ip: str, port: int) -> str:
    where = _bracket_address(ip)
    return where if _checked_port(port) in _DEFAULT_PORTS else f"{where}:{port}"


@functools.lru_cache(maxsize=4096)  # each address is asked a few times
def _bracket_address(ip: str) -> str:
    address = _parse_address(ip)
    return f"[{address}]" if isinstance(address, ipaddress.IPv6Address) else str(address)
