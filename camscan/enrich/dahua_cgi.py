"""Dahua's HTTP API: model, serial, firmware, and a recorder's channel names."""

from __future__ import annotations

from collections.abc import Sequence

from camscan.enrich import Box, Session, Source
from camscan.enrich._attempt import attempt_of
from camscan.model import Attempt, Outcome
from camscan.probes.dahua_cgi import PROBE

_BOX = "/cgi-bin/magicBox.cgi?action="
DEVICE = (_BOX + "getDeviceType", _BOX + "getSerialNo", _BOX + "getSoftwareVersion", _BOX + "getSystemInfo")
CHANNELS = "/cgi-bin/configManager.cgi?action=getConfig&name=ChannelTitle"


def is_wanted(box: Box) -> bool:
    """Whether the device is Dahua's: no other maker is known to use this interface."""
    return box.maker == "dahua"


async def ask_device(session: Session) -> Sequence[Attempt]:
    """Ask what the device is and, if it is a recorder, for its channels. Ends if the first question is not answered."""
    found: list[Attempt] = []
    for path in (*DEVICE, *((CHANNELS,) if session.box.is_recorder else ())):
        found.append(attempt_of(PROBE, session, await session.get(path)))
        if session.is_over or found[0].outcome is not Outcome.ANSWERED:
            break
    return found


SOURCE = Source(
    name="dahua_cgi",
    title="Dahua HTTP API: model, serial, firmware; a recorder's channel names",
    order=2,
    questions=(*DEVICE, CHANNELS),
    wants=is_wanted,
    ask=ask_device,
)
