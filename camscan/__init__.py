"""camscan finds Hikvision and Dahua equipment on your own estate and keeps the register of it.

``__all__`` lists the names on which a program may rely; docs/library.md shows how to use them. ``import camscan`` is
cheap: each name is loaded on first use.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping

TYPE_CHECKING = False  # typing takes a millisecond to load, and camscan-link does not need it
if TYPE_CHECKING:
    from camscan.app.assess import judge_assets
    from camscan.app.devices import Details, device_details, find_device, find_devices, pick_devices
    from camscan.app.diff import Changes, changes_since
    from camscan.app.edit import (
        AddedDevice,
        EntryContext,
        EntryResult,
        add_device,
        enter_accepted_risk,
        enter_entries,
        enter_not_ours,
        enter_note,
        enter_removal,
        enter_visit,
    )
    from camscan.app.enrich import enrich_devices, prepare_enrichment
    from camscan.app.evidence import read_nmap, run_nmap
    from camscan.app.log import logging_to
    from camscan.app.plan import Draft, enter_plan, plan_progress, propose_plan, write_plan
    from camscan.app.record import record_report
    from camscan.app.request import PreparedScan, Request, prepare_request, targets_in_scope
    from camscan.app.resume import Order, RecordedScan, decide_order, journal_folder, list_resumable, scan_and_record
    from camscan.app.round import PreparedRound, Round, prepare_round, run_round
    from camscan.app.scan import Interruption, ScanResult, Watcher, run_scan
    from camscan.app.sites import SitesImport, apply_sites, read_sites
    from camscan.app.spreadsheet import Import, compare_sheet, read_sheet, take_sheet
    from camscan.app.workspace import Workspace, find_workspace
    from camscan.asset import Asset, Change, Event, Happening, Judgement, Lifecycle, Presence
    from camscan.config import Config, find_config
    from camscan.errors import (
        BusyError,
        CamscanError,
        ConfigError,
        OutputError,
        RegisterError,
        ScopeError,
        TargetError,
        UsageError,
    )
    from camscan.log import Layout
    from camscan.model import Completion, Confidence, Coverage, Device, Identification, Report
    from camscan.register import Recorded, Register, open_register
    from camscan.version import __version__

__all__ = [
    "AddedDevice",
    "Asset",
    "BusyError",
    "CamscanError",
    "Change",
    "Changes",
    "Completion",
    "Confidence",
    "Config",
    "ConfigError",
    "Coverage",
    "Details",
    "Device",
    "Draft",
    "EntryContext",
    "EntryResult",
    "Event",
    "Happening",
    "Identification",
    "Import",
    "Interruption",
    "Judgement",
    "Layout",
    "Lifecycle",
    "Order",
    "OutputError",
    "PreparedRound",
    "PreparedScan",
    "Presence",
    "Recorded",
    "RecordedScan",
    "Register",
    "RegisterError",
    "Report",
    "Request",
    "Round",
    "ScanResult",
    "ScopeError",
    "SitesImport",
    "TargetError",
    "UsageError",
    "Watcher",
    "Workspace",
    "__version__",
    "add_device",
    "apply_sites",
    "changes_since",
    "compare_sheet",
    "decide_order",
    "device_details",
    "enrich_devices",
    "enter_accepted_risk",
    "enter_entries",
    "enter_not_ours",
    "enter_note",
    "enter_plan",
    "enter_removal",
    "enter_visit",
    "find_config",
    "find_device",
    "find_devices",
    "find_workspace",
    "journal_folder",
    "judge_assets",
    "list_resumable",
    "logging_to",
    "open_register",
    "pick_devices",
    "plan_progress",
    "prepare_enrichment",
    "prepare_request",
    "prepare_round",
    "propose_plan",
    "read_nmap",
    "read_sheet",
    "read_sites",
    "record_report",
    "run_nmap",
    "run_round",
    "run_scan",
    "scan_and_record",
    "take_sheet",
    "targets_in_scope",
    "write_plan",
]
_HOMES: Mapping[str, str] = {
    "camscan.app.assess": "judge_assets",
    "camscan.app.devices": "Details device_details find_device find_devices pick_devices",
    "camscan.app.diff": "Changes changes_since",
    "camscan.app.edit": "AddedDevice EntryContext EntryResult add_device enter_entries enter_accepted_risk "
    "enter_not_ours enter_note enter_removal enter_visit",
    "camscan.app.enrich": "enrich_devices prepare_enrichment",
    "camscan.app.evidence": "run_nmap read_nmap",
    "camscan.app.log": "logging_to",
    "camscan.app.plan": "Draft enter_plan plan_progress propose_plan write_plan",
    "camscan.app.record": "record_report",
    "camscan.app.request": "PreparedScan Request prepare_request targets_in_scope",
    "camscan.app.resume": "RecordedScan Order decide_order journal_folder list_resumable scan_and_record",
    "camscan.app.round": "PreparedRound Round prepare_round run_round",
    "camscan.app.scan": "Interruption ScanResult Watcher run_scan",
    "camscan.app.sites": "SitesImport apply_sites read_sites",
    "camscan.app.spreadsheet": "Import compare_sheet read_sheet take_sheet",
    "camscan.app.workspace": "Workspace find_workspace",
    "camscan.asset": "Asset Change Event Happening Judgement Lifecycle Presence",
    "camscan.config": "Config find_config",
    "camscan.errors": "BusyError CamscanError ConfigError OutputError RegisterError ScopeError TargetError UsageError",
    "camscan.log": "Layout",
    "camscan.model": "Completion Confidence Coverage Device Identification Report",
    "camscan.register": "Recorded Register open_register",
    "camscan.version": "__version__",
}
"""Module -> the public names that it defines, separated by blanks."""


def __getattr__(name: str) -> object:
    """A name of the public API, loaded on first use."""
    for module, names in _HOMES.items():
        if name in names.split():
            return getattr(importlib.import_module(module), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """The names of the public API."""
    return __all__
