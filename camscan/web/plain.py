"""Types of device for people who do not know the terms of the field: a head teacher need not know what PTZ means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from camscan.asset.spelling import choice_in_words
from camscan.web.rights import Visitor

_TYPES: Mapping[str, str] = {
    "ip_camera": "Camera",
    "analogue_camera": "Camera",
    "ptz": "Camera that turns",
    "thermal": "Camera that sees heat",
    "anpr": "Camera for number plates",
    "recorder_nvr": "Recorder",
    "recorder_dvr": "Recorder",
}
_SPELLED = {choice_in_words("device_type", name): words for name, words in _TYPES.items()}


def plain_type(name: str) -> str:
    """The plain word for a type: ``recorder_nvr`` as in the register, or ``Network recorder (NVR)`` as in lists."""
    return _TYPES.get(name) or _SPELLED.get(name) or choice_in_words("device_type", name)


def plain_types(spelled: Iterable[str], visitor: Visitor) -> Mapping[str, str]:
    """Type as a list spells it -> plain word, for a visitor who sees their own sites only; empty for all others."""
    return {} if visitor.sites is None else {name: plain_type(name) for name in spelled if name}
