"""Which devices can be connected to which: a recorder has channels, a camera has none. Pure."""

from __future__ import annotations

from camscan.asset import kinds


def why_no_recorder(kind: str | None, stated_type: str = "") -> str:
    """Why no device can be connected to a device of this kind; empty if one may, unless it is known to be a camera.

    A person's statement that it is a recorder counts more than a scan that takes it for a camera.
    """
    if not kinds.kind_of(kind).is_camera or kinds.kind_of(kinds.kind_of_type(stated_type)).takes_cameras:
        return ""
    return (
        "is a camera, and nothing can be behind a camera; name the recorder "
        "(if it is one, first enter its stated_device_type, such as recorder_nvr)"
    )


def why_no_channel(channel: int | None, channels: int | None) -> str:
    """Why a recorder with this number of channels cannot have this channel; empty if it may."""
    if channel is None or (channel >= 1 and (not channels or channel <= channels)):
        return ""
    has = f"; it says that it has {channels}" if channels else "; the first is 1"
    return f"has no channel {channel}{has}"
