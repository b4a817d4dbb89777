"""Hikvision's ISAPI over HTTP: device information, and a recorder's network channels."""

from __future__ import annotations

from collections.abc import Sequence

from camscan.enrich import Box, Session, Source
from camscan.enrich._attempt import attempt_of
from camscan.model import Attempt, Outcome
from camscan.probes.isapi import PROBE

DEVICE = "/ISAPI/System/deviceInfo"
CHANNELS = "/ISAPI/ContentMgmt/InputProxy/channels"
_RECORDER_TYPES = ("nvr", "dvr")
"""What a recorder's own ``deviceType`` contains, in upper or lower case."""


def is_wanted(box: Box) -> bool:
    """Whether the device is Hikvision's: a login is not tried on other devices."""
    return box.maker == "hikvision"


async def ask_device(session: Session) -> Sequence[Attempt]:
    """Ask for device information, and for channels if the device says that it is a recorder."""
    found = [attempt_of(PROBE, session, await session.get(DEVICE))]
    types = [seen.value.lower() for seen in found[0].observations if seen.key == "isapi.device_type"]
    recorder = session.box.is_recorder or any(word in text for text in types for word in _RECORDER_TYPES)
    if found[0].outcome is Outcome.ANSWERED and recorder and not session.is_over:
        found.append(attempt_of(PROBE, session, await session.get(CHANNELS)))
    return found


SOURCE = Source(
    name="isapi",
    title="Hikvision ISAPI: model, serial, firmware, MAC; a recorder's channels",
    order=1,
    questions=(DEVICE, CHANNELS),
    wants=is_wanted,
    ask=ask_device,
)
