"""Hikvision SADP, UDP 37020.

The order of elements and their spellings (``flase`` too) are those of captured replies of 2018 to 2021.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from camscan.demo.device import Question, Reply, Udp, Unit

PORT = 37020
GIVES = ("maker", "model", "firmware", "serial", "mac")
Elements = list[tuple[str, str]]
_UUID = re.compile(rb"<Uuid>([^<]{1,64})</Uuid>")
_INQUIRY = re.compile(rb"<Types>(inquiry(?:_v32)?)</Types>")


def _address_elements(unit: Unit, ipv6: bool) -> Elements:
    extra = unit.device.extra
    lines = [
        ("CommandPort", extra.get("command_port", "8000")),
        ("HttpPort", str(unit.port(int(extra.get("http_port", "80"))))),
        ("MAC", unit.mac.replace(":", "-")),
        ("IPv4Address", {"neighbour": unit.neighbour}.get(extra.get("claims", ""), extra.get("claims", unit.ip))),
        ("IPv4SubnetMask", unit.netmask),
        ("IPv4Gateway", extra.get("gateway", unit.gateway)),
    ]
    if ipv6:
        lines += [("IPv6Address", "::"), ("IPv6Gateway", "::"), ("IPv6MaskLen", "64")]
    return [*lines, ("DHCP", extra.get("dhcp", "false"))]


def _channel_elements(unit: Unit) -> Elements:
    extra = unit.device.extra
    version = unit.firmware.replace(" build", "build")
    return [
        ("AnalogChannelNum", extra.get("analog", "0")),
        ("DigitalChannelNum", extra.get("digital", "1")),
        ("SoftwareVersion", version),
        ("DSPVersion", extra.get("dsp", "V7.3 build 190626")),
        ("BootTime", extra.get("boot", "1970-01-15 02:44:11")),
    ]


def _head_elements(unit: Unit) -> Elements:
    return [
        ("DeviceType", unit.device.extra.get("device_type", "141945")),
        ("DeviceDescription", unit.model),
        ("DeviceSN", unit.serial),
    ]


def _camera_elements(unit: Unit, ipv6: bool) -> Elements:
    """The elements in the order of a camera: Encrypt comes late."""
    activated = unit.device.extra.get("activated", "true")
    return [
        *_head_elements(unit),
        *_address_elements(unit, ipv6),
        *_channel_elements(unit),
        ("Encrypt", "true"),
        ("ResetAbility", "false"),
        ("DiskNumber", "0"),
        ("Activated", activated),
        ("PasswordResetAbility", "true"),
        ("PasswordResetModeSecond", "true"),
    ]


def _recorder_elements(unit: Unit, ipv6: bool) -> Elements:
    """The elements in the order of a recorder: Encrypt and Salt come first."""
    return [
        ("Encrypt", "true"),
        ("Salt", unit.hex_text("salt", 64)),
        *_head_elements(unit),
        *_address_elements(unit, ipv6),
        *_channel_elements(unit),
        ("OEMInfo", unit.device.extra.get("oem_info", "N/A")),
        ("Activated", unit.device.extra.get("activated", "true")),
        ("PasswordResetAbility", "true"),
        ("SyncIPCPassword", "true"),
        ("PasswordResetModeSecond", "true"),
        ("DeviceLock", "true"),
        ("SupportGUID", "true"),
        ("SupportSecurityQuestion", "true"),
        ("SupportHCPlatform", "true"),
    ]


CLOUD = (
    ("SupportSecurityQuestion", "true"),
    ("SupportHCPlatform", "true"),
    ("HCPlatformEnable", "flase"),
    ("IsModifyVerificationCode", "true"),
)
"""Elements that cameras have from V5.5.0 on."""
TLS = (
    ("DeviceLock", "flase"),
    ("SDKOverTLSPort", "8443"),
    ("SDKServerStatus", "true"),
    ("SDKOverTLSServerStatus", "true"),
    ("SupportMailBox", "true"),
)
"""Elements that cameras have from V5.6 on."""


def service(
    *,
    recorder: bool = False,
    ipv6: bool = True,
    more: tuple[tuple[str, str], ...] = (),
    newline: str = "",
    prolog: str = '<?xml version="1.0" encoding="UTF-8"?>',
    end: str = "",
    to: str = "sender",
    group: bool = True,
    unicast: bool = True,
    greets: bool = False,
    gives: tuple[str, ...] = GIVES,
) -> Udp:
    """A SADP responder. ``to``: ``sender``, ``group`` or ``both``; ``greets``: says hello to the group at boot."""

    def body(unit: Unit, uuid: str, kind: str) -> bytes:
        own = (_recorder_elements if recorder else _camera_elements)(unit, ipv6)
        elements = [("Uuid", uuid), ("Types", kind), *own, *more]
        text = newline.join(f"<{name}>{value}</{name}>" for name, value in elements)
        return f"{prolog}{newline}<ProbeMatch>{text}{newline}</ProbeMatch>{end}".encode()

    def answer(unit: Unit, question: Question) -> Iterator[Reply]:
        uuid, kind = _UUID.search(question.payload), _INQUIRY.search(question.payload)
        if b"<Probe>" not in question.payload or kind is None:
            return
        payload = body(unit, uuid[1].decode("latin-1") if uuid else "", kind[1].decode())
        pause = unit.rng("sadp").uniform(0.0, 0.05)
        if to in {"sender", "both"}:
            yield Reply(payload, pause)
        if to in {"group", "both"}:
            yield Reply(payload, pause, to_group=True)

    def hello(unit: Unit) -> bytes:
        elements = [("Types", "hello"), *_camera_elements(unit, ipv6)]
        return f"{prolog}<Hello>{''.join(f'<{name}>{value}</{name}>' for name, value in elements)}</Hello>".encode()

    return Udp(PORT, "sadp", answer, gives, group, unicast, hello if greets else None)
