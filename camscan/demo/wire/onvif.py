"""ONVIF device service: what is answered before authentication, and the ways of refusing the rest.

Prologs and prefixes are those of captured answers of Hikvision (``env``), Dahua (``s``) and Axis (``SOAP-ENV``). That a
unit of another maker refuses by a fault is not verified on real hardware; the standard allows it (Core, 5.9.4).
"""

from __future__ import annotations

import re

from camscan.demo.device import Unit
from camscan.demo.wire.http import Asked, Headers, Site, page

PATH = "/onvif/device_service"
_WEB = 80
_CALL = re.compile(rb"<(?:\w+:)?(Get\w+|System\w+|Set\w+)")
_TIME = (
    "<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:DateTimeType>Manual</tt:DateTimeType>"
    "<tt:DaylightSavings>false</tt:DaylightSavings><tt:TimeZone><tt:TZ>GMT+00:00:00</tt:TZ></tt:TimeZone>"
    "<tt:UTCDateTime><tt:Time><tt:Hour>9</tt:Hour><tt:Minute>30</tt:Minute><tt:Second>1</tt:Second></tt:Time>"
    "<tt:Date><tt:Year>2024</tt:Year><tt:Month>5</tt:Month><tt:Day>14</tt:Day></tt:Date></tt:UTCDateTime>"
    "</tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>"
)
_SOAP = (("Content-Type", "application/soap+xml; charset=utf-8"), ("Connection", "close"))


def address(unit: Unit) -> str:
    """URL of the unit's device service, as it announces it; ``onvif_port`` in ``extra`` says where that is not 80."""
    port = unit.port(int(unit.device.extra.get("onvif_port", "80")))
    return f"http://{unit.ip}{'' if port == _WEB else f':{port}'}{PATH}"


def _envelope(prefix: str, body: str, namespaces: str = "") -> str:
    prolog = 'encoding="utf-8" standalone="yes" ' if prefix == "s" else 'encoding="UTF-8"'
    return (
        f'<?xml version="1.0" {prolog}?>\n'
        f'<{prefix}:Envelope xmlns:{prefix}="http://www.w3.org/2003/05/soap-envelope"'
        ' xmlns:tt="http://www.onvif.org/ver10/schema" xmlns:tds="http://www.onvif.org/ver10/device/wsdl"'
        f' xmlns:ter="http://www.onvif.org/ver10/error"{namespaces}>'
        f"<{prefix}:Body>{body}</{prefix}:Body></{prefix}:Envelope>\n"
    )


def _refusal(prefix: str) -> str:
    return (
        f"<{prefix}:Fault><{prefix}:Code><{prefix}:Value>{prefix}:Sender</{prefix}:Value><{prefix}:Subcode>"
        f"<{prefix}:Value>ter:NotAuthorized</{prefix}:Value></{prefix}:Subcode></{prefix}:Code><{prefix}:Reason>"
        f'<{prefix}:Text xml:lang="en">Sender not authorized</{prefix}:Text></{prefix}:Reason></{prefix}:Fault>'
    )


def _information(unit: Unit) -> str:
    extra = unit.device.extra
    return (
        "<tds:GetDeviceInformationResponse>"
        f"<tds:Manufacturer>{extra.get('onvif_manufacturer', unit.device.brand or '')}</tds:Manufacturer>"
        f"<tds:Model>{unit.model}</tds:Model>"
        f"<tds:FirmwareVersion>{extra.get('onvif_firmware', unit.firmware)}</tds:FirmwareVersion>"
        f"<tds:SerialNumber>{unit.serial}</tds:SerialNumber><tds:HardwareId>1.00</tds:HardwareId>"
        "</tds:GetDeviceInformationResponse>"
    )


def answer(
    unit: Unit, asked: Asked, *, prefix: str, namespaces: str = "", challenge: str = "", open_: bool = False
) -> bytes:
    """Reply to a call. Anything beyond time and services is refused: by a 401 with ``challenge``, else by a fault."""
    call = _CALL.search(asked.body)
    name = call[1].decode() if call else ""
    capabilities = (
        f"<tds:GetCapabilitiesResponse><tds:Capabilities><tt:Device><tt:XAddr>{address(unit)}</tt:XAddr>"
        "</tt:Device></tds:Capabilities></tds:GetCapabilitiesResponse>"
    )
    services = (
        "<tds:GetServicesResponse><tds:Service><tds:Namespace>http://www.onvif.org/ver10/device/wsdl</tds:Namespace>"
        f"<tds:XAddr>{address(unit)}</tds:XAddr></tds:Service></tds:GetServicesResponse>"
    )
    known = {"GetSystemDateAndTime": _TIME, "GetCapabilities": capabilities, "GetServices": services}
    if open_:
        known["GetDeviceInformation"] = _information(unit)
    if name in known:
        return page("200 OK", _SOAP, _envelope(prefix, known[name], namespaces))
    if challenge:
        refused: Headers = (("WWW-Authenticate", challenge), ("Connection", "close"))
        return page("401 Unauthorized", refused)
    return page("400 Bad Request", _SOAP, _envelope(prefix, _refusal(prefix), namespaces))


def beside(site: Site, *, prefix: str = "SOAP-ENV", namespaces: str = "") -> Site:
    """A site that answers ONVIF too, and refuses by a fault what needs a password."""

    def both(unit: Unit, asked: Asked) -> bytes:
        if asked.path == PATH and asked.method == "POST":
            return answer(unit, asked, prefix=prefix, namespaces=namespaces)
        return site(unit, asked)

    return both


def only(*, server: str = "", prefix: str = "SOAP-ENV") -> Site:
    """A port that speaks nothing but ONVIF."""
    named = (("Server", server),) if server else ()
    lost = page("404 Not Found", (*named, ("Content-Type", "text/html"), ("Connection", "close")), "Not Found")
    return beside(lambda _unit, _asked: lost, prefix=prefix)
