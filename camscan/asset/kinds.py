"""Kinds of device, as fingerprints say them, and the device types of the register's column. Pure."""

from __future__ import annotations

from collections.abc import Container

_TYPES = {
    "access_control": "access_control",
    "analogue_camera": "analogue_camera",
    "bodycam": "body_worn_dock",
    "camera": "ip_camera",
    "dvr": "recorder_dvr",
    "encoder": "encoder",
    "intercom": "intercom",
    "mobile_recorder": "recorder_dvr",
    "nvr": "recorder_nvr",
    "switch": "poe_switch",
    "turnstile": "access_control",
    "vms": "vms_server",
}
"""Kind of ``fingerprints/vocabulary.yaml`` -> device type; every other kind is ``other``."""
_KINDS = {
    "access_control": "access_control",
    "analogue_camera": "analogue_camera",
    "anpr": "camera",
    "body_worn_dock": "bodycam",
    "encoder": "encoder",
    "intercom": "intercom",
    "ip_camera": "camera",
    "poe_switch": "switch",
    "ptz": "camera",
    "recorder_dvr": "dvr",
    "recorder_nvr": "nvr",
    "thermal": "camera",
    "vms_server": "vms",
}


def device_type(kind: str | None, capabilities: Container[str] = ()) -> str:
    """The device type of a kind; a camera is named for what is special about it: thermal, number plates, movement."""
    if kind is None:
        return "unknown"
    if kind == "camera":
        return next((name for name in ("thermal", "anpr", "ptz") if name in capabilities), "ip_camera")
    return _TYPES.get(kind, "other")


def kind(type_: str) -> str | None:
    """The kind that a stated device type means; None where it says none."""
    return _KINDS.get(type_)


def is_camera_system(type_: str) -> bool | None:
    """Whether a device of a stated type is part of a video surveillance system; None where the type does not say."""
    if type_ in {"", "unknown", "other"}:
        return None
    return type_ != "poe_switch"
