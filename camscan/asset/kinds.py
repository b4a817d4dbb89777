"""Kinds of device, as fingerprints name them, and the device types of the register's column. Pure."""

from __future__ import annotations

from collections.abc import Container, Mapping

from camscan.dataclass import dataclass
from camscan.model import Capability


@dataclass(frozen=True, slots=True)
class Kind:
    """The properties of a kind of device."""

    name: str
    """A word of ``fingerprints/vocabulary.yaml``."""
    device_type: str
    """The value of the register's column ``device_type``."""
    has_channels: bool = False
    """Whether it can report the cameras that are connected to it, one channel each."""
    takes_cameras: bool = False
    """Whether cameras may be connected to it: it has channels, or is software that keeps a list of cameras."""
    holds_recordings: bool = False
    """Whether recorded pictures of people may be on its disks."""
    is_camera: bool = False
    """Whether it gives one picture, and no other device is connected to it."""


_RECORDER = {"has_channels": True, "takes_cameras": True}
KINDS: Mapping[str, Kind] = {
    each.name: each
    for each in (
        Kind("access_control", "access_control"),
        Kind("analogue_camera", "analogue_camera", is_camera=True),
        Kind("bodycam", "body_worn_dock"),
        Kind("camera", "ip_camera", is_camera=True),
        Kind("dvr", "recorder_dvr", **_RECORDER, holds_recordings=True),
        Kind("encoder", "encoder", **_RECORDER),
        Kind("intercom", "intercom"),
        Kind("mobile_recorder", "recorder_dvr", **_RECORDER, holds_recordings=True),
        Kind("nvr", "recorder_nvr", **_RECORDER, holds_recordings=True),
        Kind("storage", "other", holds_recordings=True),
        Kind("switch", "poe_switch"),
        Kind("turnstile", "access_control"),
        Kind("vms", "vms_server", takes_cameras=True, holds_recordings=True),
    )
}
"""Kinds with properties; every other word of the vocabulary is a device of type ``other``."""

_OTHER = Kind("", "other")
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
"""Device type that a person stated -> the kind that it means."""


CAPABILITY_COLUMNS: Mapping[str, frozenset[str]] = {
    "cap_ptz": frozenset({"ptz"}),
    "cap_audio": frozenset({"audio", "speaker"}),
    "cap_thermal": frozenset({"thermal", "body_temperature"}),
    "cap_face": frozenset({"face"}),
    "cap_anpr": frozenset({"anpr"}),
    "cap_people_count": frozenset({"people_counting"}),
    "cap_analytics_other": frozenset({"attributes", "ethnicity", "perimeter"}),
}
"""Column of the register -> the capabilities of the vocabulary that it represents."""
_GUESSED = "weak"
"""The grade of a capability whose evidence is too weak to show it."""


def founded_capabilities(known: Mapping[str, Capability]) -> set[str]:
    """Names of the capabilities that are more than a guess."""
    return {name for name, what in known.items() if what.confidence != _GUESSED}


def kind_of(name: str | None) -> Kind:
    """The properties of a kind; an unknown kind has none."""
    return KINDS.get(name or "", _OTHER)


def device_type(kind: str | None, capabilities: Container[str] = ()) -> str:
    """The device type of a kind. A camera is named by its special capability: thermal, number plates, movement."""
    if kind is None:
        return "unknown"
    if kind == "camera":
        return next((name for name in ("thermal", "anpr", "ptz") if name in capabilities), "ip_camera")
    return kind_of(kind).device_type


def kind_of_type(type_: str) -> str | None:
    """The kind that a stated device type means; None if it means none."""
    return _KINDS.get(type_)


def is_camera_system(type_: str) -> bool | None:
    """Whether a device of a stated type is part of a video surveillance system; None if the type does not say."""
    if type_ in {"", "unknown", "other"}:
        return None
    return type_ != "poe_switch"
