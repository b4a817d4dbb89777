"""Records a scan although a fault of camscan keeps some of its devices from being recorded: the others come first.

What a device says goes through parsers, where a fault costs one reply. A value that breaks the recording itself would
cost the whole scan, and `--resume` would fail in the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from camscan.errors import CamscanError
from camscan.model import Device, Identification, Report
from camscan.probes import catch_fault
from camscan.register import Recorded

__all__ = ["record_without_faults"]


def record_without_faults(
    report: Report,
    record: Callable[[Report], Recorded],
    rehearse: Callable[[Report], object],
    warn: Callable[[str], None],
) -> Recorded:
    """Record a report. If that fails by a fault of camscan, without what its devices said that causes the fault.

    Such a device is recorded without its observations, if need be as one of unknown maker. ``rehearse`` is ``record``
    without writing; ``warn`` gets a sentence about each such device. Raises CamscanError as ``record`` does, and the
    fault itself if no single device causes it.
    """
    with catch_fault() as fault:
        recorded = _record_or_refuse(report, record)
    if not fault.detail:
        if isinstance(recorded, CamscanError):
            raise recorded
        return recorded
    notes: list[str] = []
    devices = tuple(_recordable_device(report, device, rehearse, notes.append) for device in report.devices)
    for note in notes:
        warn(note)
    coverage = replace(report.coverage, notes=(*report.coverage.notes, *notes))
    return record(replace(report, devices=devices, coverage=coverage))


def _record_or_refuse(report: Report, record: Callable[[Report], Recorded]) -> Recorded | CamscanError:
    """Record it. An error that a person must see is returned: camscan has not failed then."""
    try:
        return record(report)
    except CamscanError as error:
        return error


def _recordable_device(
    report: Report, device: Device, rehearse: Callable[[Report], object], note: Callable[[str], None]
) -> Device:
    why = ""
    for form in _plainer_forms(device):
        with catch_fault() as fault:
            rehearse(replace(report, devices=(form,), attempts=()))
        if not fault.detail:
            if why:
                whose = next(iter((*device.ip_addresses, *device.mac_addresses)), "a device without an address")
                note(f"what {whose} said could not be recorded, which is a fault of camscan ({why})")
            return form
        why = why or fault.detail
    return device


def _plainer_forms(device: Device) -> Iterator[Device]:
    yield device
    yield replace(device, observations=())
    yield replace(device, observations=(), identification=Identification(), mac_addresses=())
