"""From replies to devices: what the scan decided, and what an error of camscan kept it from deciding."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from camscan import log
from camscan.fingerprints import Database
from camscan.identify import make_device, merge_attempts
from camscan.model import Attempt, Device
from camscan.probes import catch_fault


def log_decisions(devices: Iterable[Device]) -> None:
    """Log for every device what it is and why, if a log is wanted."""
    if log.is_on():
        for device in devices:
            who = device.identification
            log.event(
                "decided",
                ", ".join(device.ip_addresses),
                maker=who.maker or "unknown",
                model=who.model,
                firmware=who.firmware,
                serial=who.serial,
                confidence=who.confidence,
                because="; ".join(who.because),
                conflicts="; ".join(who.conflicts),
            )


def weigh_attempts(attempts: Sequence[Attempt], database: Database) -> tuple[list[Device], list[str]]:
    """The devices behind the attempts, and notes about them.

    If an error of camscan prevents the weighing of an address, it becomes a device of unknown make.
    """
    devices: list[Device] = []
    with catch_fault() as fault:
        devices = merge_attempts(attempts, database)
    if not fault.detail:
        return devices, []
    addresses: dict[str, list[Attempt]] = {}
    for attempt in attempts:
        addresses.setdefault(attempt.ip, []).append(attempt)
    notes = []
    for ip, own in addresses.items():
        with catch_fault() as fault:
            devices += merge_attempts(own, database)
        if fault.detail:
            notes.append(f"what {ip} said could not be evaluated, which is a fault of camscan ({fault.detail})")
            devices.append(make_device([replace(attempt, observations=()) for attempt in own], database))
    return devices, notes
