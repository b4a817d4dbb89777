"""ONVIF device service: what is answered before authentication, and the ways of refusing the rest.

Prolog and prefixes are those of captured answers of Hikvision (``env``), Dahua (``s``) and Axis (``SOAP-ENV``). It is
not verified on real hardware that a unit of another maker refuses by a fault; the standard allows it (Core, 5.9.4).
"""

from __future__ import annotations

import re

from camscan.demo.device import Unit
from camscan.demo.wire.http import Headers, HttpRequest, Site, make_reply

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


def service_url(unit: Unit) -> str:
    """URL of the unit's device service, as it announces it; ``onvif_port`` in ``extra`` names a port other than 80."""
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


def _refusal_fault(prefix: str) -> str:
    return (
        f"<{prefix}:Fault><{prefix}:Code><{prefix}:Value>{prefix}:Sender</{prefix}:Value><{prefix}:Subcode>"
        f"<{prefix}:Value>ter:NotAuthorized</{prefix}:Value></{prefix}:Subcode></{prefix}:Code><{prefix}:Reason>"
        f'<{prefix}:Text xml:lang="en">Sender not authorized</{prefix}:Text></{prefix}:Reason></{prefix}:Fault>'
    )


def _device_information(unit: Unit) -> str:
    extra = unit.device.extra
    return (
        "<tds:GetDeviceInformationResponse>"
        f"<tds:Manufacturer>{extra.get('onvif_manufacturer', unit.device.brand or '')}</tds:Manufacturer>"
        f"<tds:Model>{unit.model}</tds:Model>"
        f"<tds:FirmwareVersion>{extra.get('onvif_firmware', unit.firmware)}</tds:FirmwareVersion>"
        f"<tds:SerialNumber>{unit.serial}</tds:SerialNumber><tds:HardwareId>1.00</tds:HardwareId>"
        "</tds:GetDeviceInformationResponse>"
    )


def answer_call(
    unit: Unit, asked: HttpRequest, *, prefix: str, namespaces: str = "", challenge: str = "", open_: bool = False
) -> bytes:
    """The reply to a call. All but time and services is refused: by a 401 with ``challenge``, otherwise by a fault."""
    call = _CALL.search(asked.body)
    name = call[1].decode() if call else ""
    capabilities = (
        f"<tds:GetCapabilitiesResponse><tds:Capabilities><tt:Device><tt:XAddr>{service_url(unit)}</tt:XAddr>"
        "</tt:Device></tds:Capabilities></tds:GetCapabilitiesResponse>"
    )
    services = (
        "<tds:GetServicesResponse><tds:Service><tds:Namespace>http://www.onvif.org/ver10/device/wsdl</tds:Namespace>"
        f"<tds:XAddr>{service_url(unit)}</tds:XAddr></tds:Service></tds:GetServicesResponse>"
    )
    known = {"GetSystemDateAndTime": _TIME, "GetCapabilities": capabilities, "GetServices": services}
    if open_:
        known["GetDeviceInformation"] = _device_information(unit)
    if name in known:
        return make_reply("200 OK", _SOAP, _envelope(prefix, known[name], namespaces))
    if challenge:
        refused: Headers = (("WWW-Authenticate", challenge), ("Connection", "close"))
        return make_reply("401 Unauthorized", refused)
    return make_reply("400 Bad Request", _SOAP, _envelope(prefix, _refusal_fault(prefix), namespaces))


def with_onvif(site: Site, *, prefix: str = "SOAP-ENV", namespaces: str = "") -> Site:
    """A site that also answers ONVIF. A call that needs a password is refused by a fault."""

    def both(unit: Unit, asked: HttpRequest) -> bytes:
        if asked.path == PATH and asked.method == "POST":
            return answer_call(unit, asked, prefix=prefix, namespaces=namespaces)
        return site(unit, asked)

    return both


def onvif_only_site(*, server: str = "", prefix: str = "SOAP-ENV") -> Site:
    """A port with ONVIF only."""
    named = (("Server", server),) if server else ()
    lost = make_reply("404 Not Found", (*named, ("Content-Type", "text/html"), ("Connection", "close")), "Not Found")
    return with_onvif(lambda _unit, _asked: lost, prefix=prefix)
